"""平台介入 for staff: the queue by time left, claiming, and the way to the ruling page."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case as When
from django.db.models import F, IntegerField, Q, QuerySet, Value
from django.db.models import When as If
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aftersales import clock, display
from aftersales.admin.looking import BADGES, OfCase, claim_of, lines, may_rule, moment
from aftersales.admin.ruling import Rule
from aftersales.enums import GATHERING, UNRULED, AppealState, Stage
from aftersales.models import Appeal, Intervention, Shop

OPEN = sorted(UNRULED)
OWN_SIDE = gettext_lazy("你是本单的买家或商家，不能认领")


class Overdue(admin.SimpleListFilter):
    title = gettext_lazy("判定时限")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("已逾期")), ("no", _("未逾期"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        late = Q(decide_by__lte=clock.now(), case__suspended=False)
        if self.value() == "yes":
            return queryset.filter(late, stage__in=OPEN)
        if self.value() == "no":
            return queryset.filter(~late, stage__in=OPEN)
        return queryset


class Suspended(admin.SimpleListFilter):
    title = gettext_lazy("中止")
    parameter_name = "suspended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("已中止")), ("no", _("未中止"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("yes", "no"):
            return queryset.filter(stage__in=OPEN, case__suspended=self.value() == "yes")
        return queryset


class Mine(admin.SimpleListFilter):
    title = gettext_lazy("审理人")
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("我认领的")), ("none", _("无人认领"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(assignee=request.user.pk)
        if self.value() == "none":
            return queryset.filter(assignee=None)
        return queryset


class Queue(ChangeList):
    """Rows lead to the ruling page, for those who may rule."""

    may_rule = False

    def url_for_result(self, result: Any) -> str:
        if self.may_rule:
            return reverse("admin:rule", args=[result.pk])
        return str(super().url_for_result(result))


@admin.register(Intervention)
class InterventionAdmin(OfCase):
    change_list_template = "admin/aftersales/intervention/list.html"
    list_display = [
        "left",
        "number",
        "phase",
        "claim_made",
        "yuan",
        "sides",
        "asked",
        "assignee",
    ]
    list_display_links = ["number"]
    list_filter = ["stage", Overdue, Suspended, Mine]
    list_select_related = ["case__shop", "case__buyer", "case__reason", "assignee"]
    search_fields = ["case__code__startswith", "case__order__number__startswith"]
    search_help_text = gettext_lazy("售后单号或订单号")
    actions = ["claim", "let_go"]

    @admin.display(description=gettext_lazy("判定时限"), ordering="decide_by")
    def left(self, asked: Intervention) -> SafeString:
        if asked.stage in OPEN:
            due_at = asked.case.due_at if asked.case.suspended else asked.decide_by
            return display.due(due_at, clock.now())
        return moment(asked.ruled_at)

    @admin.display(description=gettext_lazy("售后单"), ordering="case__code")
    def number(self, asked: Intervention) -> str:
        return asked.case.code

    @admin.display(description=gettext_lazy("阶段"), ordering="stage")
    def phase(self, asked: Intervention) -> SafeString:
        if asked.case.suspended:
            return display.badge(_("已中止"), "off")
        return display.badge(asked.get_stage_display(), BADGES[Stage(asked.stage)])

    @admin.display(description=gettext_lazy("类型与原因"))
    def claim_made(self, asked: Intervention) -> SafeString:
        return claim_of(asked.case)

    @admin.display(description=gettext_lazy("申请金额（元）"), ordering="case__amount")
    def yuan(self, asked: Intervention) -> str:
        return display.plain_money(asked.case.worth)

    @admin.display(description=gettext_lazy("申请方"), ordering="asked_by")
    def asked(self, asked: Intervention) -> str:
        return asked.get_asked_by_display()

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What can be decided comes first, the least time left on top; what stands still, after all
        that is open."""
        return [_rank(), F("decide_by").asc()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Queue

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        queue: Any = super().get_changelist_instance(request)
        queue.may_rule = may_rule(request)
        return queue

    def has_rule_permission(self, request: HttpRequest) -> bool:
        return may_rule(request)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/rule/", wrap(Rule.as_view()), name="rule"),
            path("<int:pk>/claim/", wrap(self.claim_one), name="claim"),
            path("next/", wrap(self.claim_next), name="claim_next"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Who may rule goes on to the ruling page, who may only look to the record."""
        if request.method == "GET" and may_rule(request) and object_id.isdecimal():
            return redirect("admin:rule", int(object_id))
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.action(description=gettext_lazy("认领（分配给我）"), permissions=["rule"])
    def claim(self, request: HttpRequest, queryset: QuerySet[Intervention]) -> None:
        """Only what nobody has yet: two reviewers never work on one case unawares."""
        free = queryset.filter(stage__in=OPEN, assignee=None).order_by()
        fair = _of_others(free, request)
        if free.count() > fair.count():
            self.message_user(request, OWN_SIDE, messages.ERROR)
        taken = fair.update(assignee=request.user)
        said = ngettext("已认领 {n} 件", "已认领 {n} 件", taken).format(n=taken)
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description=gettext_lazy("放弃认领"), permissions=["rule"])
    def let_go(self, request: HttpRequest, queryset: QuerySet[Intervention]) -> None:
        mine = queryset.filter(stage__in=OPEN, assignee=request.user.pk).order_by()
        freed = mine.update(assignee=None)
        said = ngettext("已放弃 {n} 件", "已放弃 {n} 件", freed).format(n=freed)
        self.message_user(request, said, messages.SUCCESS)

    def claim_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The button on the ruling page: take it over, also from a colleague."""
        if not may_rule(request) or request.method != "POST":
            raise PermissionDenied
        asked = get_object_or_404(Intervention, pk=pk, stage__in=OPEN)
        taken = _of_others(Intervention.objects.filter(pk=asked.pk), request)
        if not taken.update(assignee=request.user):
            self.message_user(request, OWN_SIDE, messages.ERROR)
        return redirect("admin:rule", asked.pk)

    def claim_next(self, request: HttpRequest) -> HttpResponse:
        """认领下一件: what can be decided and nobody has, the least time left first; two reviewers
        at the same moment get two."""
        if not may_rule(request) or request.method != "POST":
            raise PermissionDenied
        waiting = Intervention.objects.filter(
            stage=Stage.DECIDING, assignee=None, case__suspended=False
        )
        with transaction.atomic():
            rows = _of_others(waiting, request).select_for_update(of=("self",), skip_locked=True)
            asked = rows.order_by("decide_by", "pk").first()
            if asked is not None:
                Intervention.objects.filter(pk=asked.pk).update(assignee=request.user)
        if asked is None:
            self.message_user(request, _("没有待认领的介入"), messages.INFO)
            return redirect("admin:aftersales_intervention_changelist")
        return redirect("admin:rule", asked.pk)


class OverdueAppeals(admin.SimpleListFilter):
    title = gettext_lazy("复核时限")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("已逾期"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        late = Appeal.objects.overdue(clock.now()).order_by()
        return queryset.filter(pk__in=late) if self.value() == "yes" else queryset


@admin.register(Appeal)
class AppealAdmin(OfCase):
    """申诉, the least time left first; a row leads to the page of the ruling it is against."""

    list_display = ["left", "case_code", "state", "party", "ruled", "decided_by", "confirmed_by"]
    list_display_links = None
    list_filter = ["state", "party", OverdueAppeals]
    list_select_related = [
        "case__shop",
        "case__buyer",
        "intervention__ruled_by",
        "decided_by",
        "confirmed_by",
    ]
    search_fields = ["case__code__startswith"]
    search_help_text = gettext_lazy("售后单号")

    @admin.display(description=gettext_lazy("复核时限"), ordering="decide_by")
    def left(self, appeal: Appeal) -> SafeString:
        if appeal.state in (AppealState.OPEN, AppealState.PROPOSED):
            return display.due(appeal.decide_by, clock.now())
        return moment(appeal.confirmed_at or appeal.decided_at)

    @admin.display(description=gettext_lazy("售后单"), ordering="case__code")
    def case_code(self, appeal: Appeal) -> SafeString:
        """The page that shows the appeal, and why this reviewer may not decide it."""
        url = reverse("admin:rule", args=[appeal.intervention_id])
        link = format_html('<a href="{}">{}</a>', url, appeal.case.code)
        return lines(link, f"{appeal.case.shop} · {display.mask(str(appeal.case.buyer))}")

    @admin.display(description=gettext_lazy("原判定"))
    def ruled(self, appeal: Appeal) -> SafeString:
        return lines(appeal.intervention.get_ruling_display(), appeal.intervention.ruled_by)

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        undecided = If(state__in=[AppealState.OPEN, AppealState.PROPOSED], then=Value(0))
        return [
            When(undecided, default=Value(1), output_field=IntegerField()),
            F("decide_by").asc(),
        ]


def _of_others(asked: QuerySet[Intervention], request: HttpRequest) -> QuerySet[Intervention]:
    """Without those on a side of which this reviewer stands, for he may not rule in them (T-20)."""
    others = asked.exclude(case__buyer=request.user.pk)
    return others.exclude(case__shop__in=Shop.objects.of(request.user))


def _rank() -> When:
    return When(
        If(stage__in=OPEN, case__suspended=True, then=Value(2)),
        If(stage=Stage.DECIDING, then=Value(0)),
        If(stage__in=GATHERING, then=Value(1)),
        default=Value(3),
        output_field=IntegerField(),
    )
