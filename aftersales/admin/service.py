"""客服工单 for staff: the queue by deadline, and the page on which one is answered (S-50)."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock, display
from aftersales.admin.looking import OwnPage, lines, moment
from aftersales.drafting import Sending
from aftersales.enums import Party, RequestState
from aftersales.models import Case, ServiceRequest
from aftersales.service import asking
from aftersales.service.forms import AnswerForm

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
class ServiceRequestAdmin(OwnPage):
    """What waits longest for an answer comes first; what is answered or closed comes last."""

    answers = ("GET", "HEAD", "POST")

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

    def record(self, request: HttpRequest, pk: int) -> HttpResponse:
        page: Any = AnswerPage.as_view(frame=self.admin_site.each_context(request))
        answer: HttpResponse = page(request, pk=pk)
        return answer


class AnswerPage(Sending):
    """The request with everything said, and the field of the answer for who may give one."""

    done = gettext_lazy("已答复买家")
    frame: dict[str, Any] = {}  # what every page of the admin knows
    asked: ServiceRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        known = ServiceRequest.objects.select_related("line__order__shop", "buyer")
        self.asked = get_object_or_404(known, pk=kwargs["pk"])
        user: Any = request.user
        self.may = user.has_perm(ANSWERS)
        if request.method == "POST" and not self.may:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        if not self.may or self.asked.state == RequestState.CLOSED:
            return self.show(None)
        user: Any = request.user
        return self.show(self.begun(lambda given: AnswerForm(given, user=user)))

    def get_form(self) -> AnswerForm:
        user: Any = self.request.user
        return AnswerForm(self.request.POST, self.request.FILES, user=user)

    def already_sent(self, key: str) -> bool:
        user: Any = self.request.user
        return asking.said(key, user)

    def take(self, form: AnswerForm) -> str:
        asking.answer(self.asked, by=self.request.user, **form.given())
        return reverse("admin:aftersales_servicerequest_changelist")

    def show(self, form: AnswerForm | None, status: int = 200) -> HttpResponse:
        asked = self.asked
        context = {
            **self.frame,
            "title": asked.number,
            "opts": ServiceRequest._meta,
            "asked": asked,
            "badge": badge_of(asked),
            "thread": asked.messages.prefetch_related("files"),
            "cases": Case.objects.filter(line=asked.line),
            "why_not": Case.why_not(asked.line),
            "me": Party.STAFF,
            "form": form,
        }
        template = "admin/aftersales/servicerequest/answer.html"
        return TemplateResponse(self.request, template, context, status=status)


def badge_of(asked: ServiceRequest) -> SafeString:
    return display.badge(asked.get_state_display(), BADGES[RequestState(asked.state)])
