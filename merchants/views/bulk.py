"""批量同意, 批量分配, 批量加标签: from the ticked rows of the queue to a job (M1, M16).

Rejecting is not here: whoever rejects looks at one case and negotiates (S-60).
"""

import uuid
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from aftersales import clock
from aftersales.bids import value_of, with_terms
from aftersales.display import money
from aftersales.enums import CaseType, JobKind, Permission
from aftersales.jobs import bulk, running
from aftersales.models import Case, Policy, Tag, User
from merchants.forms.bulk import AssignManyForm, BulkForm, TagManyForm
from merchants.showing.page import agree_label
from merchants.views.base import ShopView
from merchants.worklist import LONGEST

MOST_CASES = 500  # of which one job is made, where no rule says less


class Row(NamedTuple):
    """A case with what would be done to it, or why nothing is."""

    case: Case
    version: int
    refusal: str

    @property
    def told(self) -> str:
        case = self.case
        if case.needs_return:
            return agree_label(case)
        return _("同意补寄") if case.type == CaseType.RESEND else _("同意退款")

    @property
    def talks(self) -> str:
        """What else lies on the table, for whoever agrees grants the whole demand."""
        case, offer = self.case, self.case.open_counter()
        if offer:
            wish = with_terms(offer, clock.now(), value_of(offer, case))
            return _("买家愿意接受：%(plan)s") % {"plan": wish}
        return _("协商中，第 %(n)s 轮") % {"n": case.round_number} if case.round_number else ""

    @property
    def value(self) -> str:
        return f"{self.case.code}:{self.version}"


class Bulk(ShopView, TemplateView):
    """Posted from the queue it asks; posted again with ``confirm`` it makes a job.

    ``case`` is given as number and version, as they were looked at. What is not a case of the
    shop in hand is left out.
    """

    http_method_names = ["post"]
    template_name = "merchants/jobs/begin.html"
    kind: JobKind
    form_class: type[BulkForm] = BulkForm
    title: Any
    request: HttpRequest

    @cached_property
    def rows(self) -> list[Row]:
        seen: dict[str, str] = {}
        for told in self.request.POST.getlist("case"):
            code, _colon, version = told.partition(":")
            seen[code] = version
        cases = Case.objects.filter(shop=self.shop, code__in=seen)
        cases = cases.select_related("order", "line", "reason").order_by("due_at", "pk")
        found = list(cases[: MOST_CASES + 1])
        Case.preload(found)
        prefetch_related_objects([each for case in found if (each := case.open_counter())], "plan")
        rows = []
        for case in found:
            case.seen_by(self.member)
            version = seen[case.code]
            known = int(version) if version.isdecimal() and len(version) < 9 else case.version
            rows.append(Row(case, known, self.why_not(case, known)))
        return rows

    def why_not(self, case: Case, version: int) -> str:
        return ""

    @property
    def chosen(self) -> list[Row]:
        return [row for row in self.rows if not row.refusal]

    @property
    def back_url(self) -> str:
        query = self.request.POST.get("list", "")[:LONGEST]
        return reverse("merchants:queue") + (f"?{query}" if query else "")

    def problem(self) -> str:
        """Why these can't be done at once, taken together; empty when they can."""
        if len(self.rows) > MOST_CASES:
            return _("一次最多选择 %(most)s 单") % {"most": MOST_CASES}
        return ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.rows:
            messages.warning(request, _("请先勾选售后单"))
            return redirect(self.back_url)
        asked = "confirm" in request.POST
        team = request.team  # type: ignore[attr-defined]
        form = self.form_class(request.POST if asked else None, team=team, initial=self.initial())
        problem, gone = self.problem(), len(self.rows) - len(self.chosen)
        if asked and form.is_valid() and not problem and not gone:
            job = running.start(
                self.shop,
                self.user,
                self.kind,
                key=request.POST.get("confirm", "")[:64] or uuid.uuid4().hex,
                cases=[(row.case, row.version) for row in self.chosen],
                **form.told(),
            )
            return redirect("merchants:job", job.code)
        context = self.get_context_data(form=form, problem=problem, gone=asked and gone)
        if asked and gone:
            return self.render_to_response(context, status=409)
        return self.render_to_response(context, status=422 if asked or problem else 200)

    def initial(self) -> dict[str, Any]:
        """What a job that is tried again had been told."""
        return {name: self.request.POST.get(name, "") for name in self.form_class.base_fields}

    @property
    def user(self) -> User:
        return self.member.user

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title=self.title,
            button=self.button(),
            back_url=self.back_url,
            list=self.request.POST.get("list", "")[:LONGEST],
            rows=self.rows,
            chosen=self.chosen,
            click=uuid.uuid4().hex,
            shops=self.request.shops,  # type: ignore[attr-defined]
            **kwargs,
        )

    def button(self) -> str:
        raise NotImplementedError


class BulkAgree(Bulk):
    """What each comes to and whether it can be agreed to, before anything is."""

    permission = Permission.AGREE
    template_name = "merchants/jobs/agree.html"
    kind = JobKind.AGREE
    title = gettext_lazy("批量同意")

    @cached_property
    def policy(self) -> Policy:
        return Policy.current()

    def why_not(self, case: Case, version: int) -> str:
        if version != case.version:
            return _("你查看后有更新，请打开核对")
        return bulk.why_not(case, self.user)

    @property
    def sum(self) -> Decimal:
        return bulk.money_of(row.case for row in self.chosen)

    def problem(self) -> str:
        most, yuan = self.policy.bulk_most_cases, Decimal(self.policy.bulk_most_yuan)
        if len(self.chosen) > most:
            return _("一次最多同意 %(most)s 单，现在是 %(now)s 单，请少选一些") % {
                "most": most,
                "now": len(self.chosen),
            }
        if self.sum > yuan:
            return _("一次最多同意退款 %(most)s，现在合计 %(now)s，请少选一些") % {
                "most": money(yuan),
                "now": money(self.sum),
            }
        return super().problem()

    def button(self) -> str:
        return _("同意 %(n)s 单，退款合计 %(sum)s") % {
            "n": len(self.chosen),
            "sum": money(self.sum),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            policy=self.policy, sum=self.sum, kinds=self.by_kind(), **kwargs
        )

    def by_kind(self) -> list[tuple[str, int, Decimal]]:
        """Per way of agreeing: how many, and what they come to."""
        kinds: dict[str, list[Case]] = {}
        for row in self.chosen:
            kinds.setdefault(row.told, []).append(row.case)
        return [(told, len(cases), bulk.money_of(cases)) for told, cases in kinds.items()]


class BulkAssign(Bulk):
    permission = Permission.NEGOTIATE
    kind = JobKind.ASSIGN
    form_class = AssignManyForm
    title = gettext_lazy("批量分配")

    def button(self) -> str:
        return _("分配 %(n)s 单") % {"n": len(self.chosen)}


class BulkTag(Bulk):
    kind = JobKind.TAG
    form_class = TagManyForm
    title = gettext_lazy("批量加标签")

    def button(self) -> str:
        return _("给 %(n)s 单加标签") % {"n": len(self.chosen)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tags = Tag.objects.filter(shop=self.shop)
        return super().get_context_data(shop_tags=tags, **kwargs)
