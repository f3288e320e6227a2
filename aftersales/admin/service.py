"""客服工单 for staff: the queue by deadline, and the page on which one is answered (S-50)."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock, display
from aftersales.admin.looking import ReadOnly, lines, moment
from aftersales.enums import Party, RequestState
from aftersales.models import Case, ServiceRequest
from aftersales.service import asking
from aftersales.service.forms import AnswerForm
from aftersales.steps import Refused

BADGES = {
    RequestState.WAITING: "mine",
    RequestState.ANSWERED: "them",
    RequestState.CLOSED: "off",
}
ANSWERS = "aftersales.answer_servicerequest"


class Overdue(admin.SimpleListFilter):
    title = gettext_lazy("答复时限")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("已逾期")), ("no", _("未逾期"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(due_at__lte=clock.now())
        if self.value() == "no":
            return queryset.filter(due_at__gt=clock.now())
        return queryset


@admin.register(ServiceRequest)
class ServiceRequestAdmin(ReadOnly):
    """What waits longest for an answer comes first; what is answered or closed comes last."""

    list_display = ["left", "number", "phase", "goods", "wants", "asked"]
    list_display_links = ["number"]
    list_filter = ["state", Overdue]
    list_select_related = ["line__order__shop", "buyer"]
    search_fields = ["number", "line__order__number", "case__code"]
    search_help_text = gettext_lazy("工单号、订单号或售后单号")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return [F("due_at").asc(nulls_last=True), "-at"]

    @admin.display(description=gettext_lazy("答复时限"), ordering="due_at")
    def left(self, asked: ServiceRequest) -> SafeString:
        return display.due(asked.due_at, clock.now(), over=_("已逾期"))

    @admin.display(description=gettext_lazy("状态"), ordering="state")
    def phase(self, asked: ServiceRequest) -> SafeString:
        return badge_of(asked)

    @admin.display(description=gettext_lazy("商品与买家"))
    def goods(self, asked: ServiceRequest) -> SafeString:
        sides = f"{asked.line.order.shop} · {display.mask(str(asked.buyer))}"
        return lines(asked.line.title, sides)

    @admin.display(description=gettext_lazy("提交时间"), ordering="at")
    def asked(self, asked: ServiceRequest) -> SafeString:
        return moment(asked.at)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The request with everything said, and the field of the answer for who may give one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        known = ServiceRequest.objects.select_related("line__order__shop", "buyer")
        asked = get_object_or_404(known, pk=object_id if object_id.isdigit() else 0)
        user: Any = request.user
        answers = user.has_perm(ANSWERS) and asked.state != RequestState.CLOSED
        form = AnswerForm(user=user) if answers else None
        status = 200
        if request.method == "POST":
            if not user.has_perm(ANSWERS):
                raise PermissionDenied
            form = AnswerForm(request.POST, request.FILES, user=user)
            status = 422
            if form.is_valid():
                try:
                    asking.answer(asked, by=user, **form.given())
                    messages.success(request, _("已答复买家"))
                    return redirect("admin:aftersales_servicerequest_changelist")
                except Refused as refused:
                    form.refuse(refused)
                    status = 409 if refused.conflict else 422
        context = {
            **self.admin_site.each_context(request),
            "title": asked.number,
            "opts": self.opts,
            "asked": asked,
            "badge": badge_of(asked),
            "thread": asked.messages.prefetch_related("files"),
            "cases": Case.objects.filter(line=asked.line),
            "why_not": Case.why_not(asked.line),
            "me": Party.STAFF,
            "form": form,
            **(extra_context or {}),
        }
        template = "admin/aftersales/servicerequest/answer.html"
        return TemplateResponse(request, template, context, status=status)


def badge_of(asked: ServiceRequest) -> SafeString:
    return display.badge(asked.get_state_display(), BADGES[RequestState(asked.state)])
