"""售后工作台: the cases by whose turn it is, those with the least time first (M1)."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from aftersales import clock
from aftersales.enums import Party, Turn
from aftersales.models import Case, CaseQuerySet, Evidence, Reason, Shop
from merchants.forms.queue import QueueFilter
from merchants.showing.rows import rows_of
from merchants.views.base import ShopView

PAGE = 20
NO_CLOCK = (Turn.REFUND, Turn.DONE)  # tabs whose cases have no deadline to sort by


class Queue(ShopView, TemplateView):
    template_name = "merchants/queue.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, query = clock.now(), self.request.GET
        tab = query.get("tab", "mine")
        if tab not in (*Turn.values, "all"):
            tab = "mine"
        reasons = list(Reason.objects.filter(active=True))
        team = self.request.team  # type: ignore[attr-defined]
        form = QueueFilter(query, reasons=reasons, me=self.member, team=team)
        cases = form.narrow(self.in_tab(tab))
        order = form.order()
        if order[0] == "due_at" and tab in (*NO_CLOCK, "all"):
            order = ("-applied_at", "-pk")
        found = list(after(cases, order, query.get("after", "")).order_by(*order)[: PAGE + 1])
        rows = found[:PAGE]
        more = query.copy()
        if len(found) > PAGE:
            more["after"] = cursor(rows[-1], order)
        first = query.copy()
        first.pop("after", None)
        counts = self.request.counts  # type: ignore[attr-defined]
        return super().get_context_data(
            now=now,
            shops=self.request.shops,  # type: ignore[attr-defined]
            tab=tab,
            tabs=tabs(tab, counts),
            form=form,
            filters=[form[name] for name in ("type", "reason", "ship", "stage", "who")],
            rows=rows_of(rows, now, self.member),
            order=order[0],
            next_url=f"?{more.urlencode()}" if len(found) > PAGE else "",
            first_url=f"?{first.urlencode()}" if query.get("after") else "",
            mine=counts.get("mine", 0),
            urgent=counts.get("urgent", 0),
            narrowed=form.narrowed,
            empty=None if rows else self.why_empty(tab, form.narrowed),
            **kwargs,
        )

    def in_tab(self, tab: str) -> CaseQuerySet:
        """The rows with what they show, in one query and one more for their parcels."""
        shown = Evidence.objects.filter(case=OuterRef("pk"), party=Party.BUYER).order_by()
        counted = shown.values("case").annotate(n=Count("pk")).values("n")
        unseen = (
            shown.filter(Q(case__merchant_seen_at=None) | Q(at__gt=F("case__merchant_seen_at")))
            .values("case")
            .annotate(n=Count("pk"))
            .values("n")
        )
        cases = Case.objects.filter(shop=self.shop).annotate(
            proof_count=Coalesce(Subquery(counted), 0),
            unseen_count=Coalesce(Subquery(unseen), 0),
        )
        if tab != "all":
            cases = cases.filter(turn=tab)
        shown_with = ("line", "reason", "order", "assignee__user")
        return cases.select_related(*shown_with).prefetch_related("order__parcels")

    def why_empty(self, tab: str, narrowed: bool) -> dict[str, str]:
        if narrowed or self.request.GET.get("after"):
            return {
                "text": _("没有符合条件的售后单"),
                "action": _("清除筛选"),
                "action_url": f"?tab={tab}",
            }
        if tab == Turn.MINE:
            return {"text": _("都处理完了，没有等你处理的售后单"), "action": "", "action_url": ""}
        return {"text": _("这里还没有售后单"), "action": "", "action_url": ""}


def tabs(here: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    shown = [(str(turn), turn.label, counts.get(turn, 0)) for turn in Turn]
    return [
        {"tab": tab, "name": name, "n": n if tab != Turn.DONE else "", "here": tab == here}
        for tab, name, n in [*shown, ("all", _("全部"), "")]
    ]


def cursor(case: Case, order: tuple[str, str]) -> str:
    value = getattr(case, order[0].lstrip("-"))
    told = value.isoformat() if isinstance(value, datetime) else str(value or "")
    return f"{told}~{case.pk}"


def after(cases: CaseQuerySet, order: tuple[str, str], text: str) -> CaseQuerySet:
    """The rows behind the one that ``text`` names; a broken text starts from the beginning."""
    told, parted, pk = text.rpartition("~")
    if not parted or not pk.isdecimal() or len(pk) > 18:
        return cases
    name = order[0].lstrip("-")
    value: Any
    if name == "amount":
        try:
            value = Decimal(told)
        except InvalidOperation:
            return cases
    else:
        value = _moment(told)
    if value is None:
        return cases
    past = TupleLessThan if order[0].startswith("-") else TupleGreaterThan
    return cases.filter(past((F(name), F("pk")), (value, int(pk))))


def _moment(told: str) -> datetime | None:
    try:
        moment = parse_datetime(told)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


class ChooseShop(ShopView, View):
    """Another of one's shops; remembered in the session."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        mine = Shop.objects.of(request.user)
        chosen = request.POST.get("shop", "")
        shop = get_object_or_404(mine, pk=int(chosen) if chosen.isdecimal() else 0)
        request.session["shop"] = shop.code
        return redirect("merchants:queue")
