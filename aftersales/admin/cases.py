"""售后单 for staff: searched, filtered, read with the whole history, and moved by steps only."""

from collections.abc import Sequence
from typing import Any

import structlog
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from aftersales import centre, clock, display
from aftersales.admin import deciding, stepping
from aftersales.admin.looking import (
    MOST_MEANT,
    OfCase,
    OwnPage,
    claim_of,
    column,
    may_rule,
    meant,
    moment,
    sides_of,
    status_of,
)
from aftersales.admin.record import Record
from aftersales.admin.refunds import WAYS_OUT, best_first
from aftersales.admin.stepping import step_url
from aftersales.dossier.views import DossierView
from aftersales.enums import Party, Scan, Turn
from aftersales.logistics.carriers import guess_carrier
from aftersales.models import Case, Complaint, DossierCopy, Order, Parcel, Shop, Upload, User
from aftersales.views import ABOUT, CaseView

log = structlog.get_logger(__name__)

PAGES = {**stepping.VIEWS, **deciding.VIEWS}  # the steps that staff have, each by its own page


class StaffDossier(CaseView, DossierView):
    """卷宗 for who may rule: nothing in it is masked."""

    party = Party.STAFF

    def found(self, code: str) -> Sequence[Case]:
        mine = Case.objects.for_staff(self.request.user)
        return list(mine.filter(code=code).select_related(*ABOUT))


class Whose(admin.SimpleListFilter):
    """The tabs of a shop's queue, from the chair of staff: neither side is "me"."""

    title = _("轮到谁")
    parameter_name = "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        said = {
            Turn.MINE: _("待商家处理"),
            Turn.REPLY: _("待买家回复"),
            Turn.RETURN: _("待买家退货"),
            Turn.RECEIVE: _("待商家验收"),
        }
        return [(str(turn), said.get(turn, turn.label)) for turn in Turn]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(turn=self.value()) if self.value() else queryset


@admin.register(Case)
class CaseAdmin(OwnPage):
    list_display = ["code", "state", "due", "claim", "yuan", "sides", "applied"]
    list_filter = [
        "status",
        "type",
        Whose,
        "stage",
        "needs_staff",
        "auto_agreed",
        "dispute_refund",
    ]
    list_select_related = ["shop", "buyer", "reason"]
    search_fields = ["code"]
    search_help_text = _(
        "售后单号、订单号、买家昵称、账号，都从头输入；或完整的快递单号，或店铺名称"
    )
    ordering = ["-applied_at"]

    @admin.display(description=_("状态"), ordering="status")
    def state(self, case: Case) -> SafeString:
        return status_of(case)

    @admin.display(description=_("截止时间"), ordering="due_at")
    def due(self, case: Case) -> SafeString:
        return display.due(case.due_at, clock.now())

    @admin.display(description=_("申请金额（元）"), ordering="amount")
    def yuan(self, case: Case) -> str:
        return display.plain_money(case.worth)

    @admin.display(description=_("类型与原因"))
    def claim(self, case: Case) -> SafeString:
        return claim_of(case)

    @admin.display(description=_("店铺与买家"))
    def sides(self, case: Case) -> SafeString:
        return sides_of(case)

    @admin.display(description=_("申请时间"), ordering="applied_at")
    def applied(self, case: Case) -> SafeString:
        return moment(case.applied_at)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """Numbers and people by their beginning, parcels whole, shops by any part.

        What is meant is looked up first, by an index each: cases are then found by its keys, where
        to ask for all of it at once would read through every case there is.
        """
        whole = "".join(search_term.split()).upper()
        for term in [whole] if guess_carrier(whole) else search_term.split():
            orders = meant(Order.objects.filter(number__startswith=term))
            orders += meant(Order.objects.filter(buyer_nick=term))
            sent = Parcel.objects.filter(tracking__in={term, term.upper()})
            orders += sent.values_list("order", flat=True)[:MOST_MEANT]
            buyers = meant(User.objects.filter(nick__startswith=term))
            buyers += meant(User.objects.filter(username__startswith=term))
            shops = meant(Shop.objects.filter(Q(name__icontains=term) | Q(code__iexact=term)))
            if max(map(len, (orders, buyers, shops))) >= MOST_MEANT:
                self.message_user(
                    request,
                    _("“%(term)s”对应的太多，只列出一部分，请输得更完整") % {"term": term},
                    messages.WARNING,
                )
            queryset = queryset.filter(
                Q(code__startswith=term.upper())
                | Q(order__in=orders)
                | Q(buyer__in=buyers)
                | Q(shop__in=shops)
            )
        return queryset, False

    def get_urls(self) -> list[URLPattern]:
        """The steps that staff have, through the same StepView as everyone else."""
        steps = [
            path(f"<str:code>/{name}/", self.admin_site.admin_view(view.as_view()), name=name)
            for name, view in PAGES.items()
        ]
        found = path(
            "of/<str:code>/", self.admin_site.admin_view(self.by_code), name="case_by_code"
        )
        papers = [
            path(
                f"<str:code>/dossier.{form}",
                self.admin_site.admin_view(StaffDossier.as_view()),
                {"form": form},
                name=f"dossier_{form}",
            )
            for form in ("pdf", "zip")
        ]
        original = self.admin_site.admin_view(self.original)
        sealed = path("original/<str:token>/", original, name="original")
        return [found, sealed, *steps, *papers, *super().get_urls()]

    def original(self, request: HttpRequest, token: str) -> FileResponse:
        """A piece of evidence as it came in, with whatever was in it; who opens it is logged."""
        if not may_rule(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        filed = Upload.objects.exclude(original="").filter(scan=Scan.CLEAR)
        upload = get_object_or_404(filed, token=token)
        log.info("original opened", user=request.user.pk, upload=upload.pk)
        answer = FileResponse(
            upload.original.open("rb"),
            as_attachment=True,
            filename=f"evidence-{upload.pk}-original.bin",
            content_type="application/octet-stream",
        )
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer

    def by_code(self, request: HttpRequest, code: str) -> HttpResponse:
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return redirect("admin:aftersales_case_change", get_object_or_404(Case, code=code).pk)

    def record(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The record of a case; there is nothing to post here."""
        known = Case.objects.select_related(
            "order", "line", "reason", "shop", "buyer", "edition"
        ).defer("edition__content", "edition__changes")
        case = get_object_or_404(known, pk=pk)
        case.catch_up()
        centre.seen(request.user, case)
        rules = Party.STAFF in case.parties_of(request.user)
        moves = case.moves(request.user, Party.STAFF) if rules else []
        moves = [move for move in moves if move.name not in WAYS_OUT or not move.refusal]
        ways_out = best_first(case.refunds.all())
        moves.sort(key=lambda move: (*ways_out, move.name).index(move.name))
        context = {
            **self.admin_site.each_context(request),
            "title": case.code,
            "opts": self.opts,
            "case": case,
            "badge": status_of(case),
            "record": Record(case, shows_files=rules),
            "main": ("rule", ways_out[0]),
            "moves": [
                (move, step_url(case, move.name))
                for move in moves
                if move.name == "rule" or move.name in PAGES
            ],
        }
        return TemplateResponse(request, "admin/aftersales/case/record.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """The admin's own log knows nothing of steps; the record does."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:aftersales_case_change", object_id)


@admin.register(Complaint)
class ComplaintAdmin(OfCase):
    list_display = ["case_code", "channel", "number", "state", "filed_on", "wants"]
    list_display_links = None
    list_filter = ["channel", "state"]
    list_select_related = ["case__shop", "case__buyer"]
    search_fields = ["number", "case__code"]
    search_help_text = _("受理编号或售后单号")


@admin.register(DossierCopy)
class DossierCopyAdmin(OfCase):
    list_display = ["time", "case_code", "party", "form", column(_("下载人"), "user"), "sha256"]
    list_display_links = None
    list_filter = ["party", "form"]
    list_select_related = ["case__shop", "case__buyer", "user"]
    search_fields = ["case__code", "sha256"]
    search_help_text = _("售后单号或哈希")

    @admin.display(description=_("时间"), ordering="at")
    def time(self, copy: DossierCopy) -> SafeString:
        return moment(copy.at)
