"""平台客服: asking where after-sales can't help, one's requests, and each with its answers (S-50)."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from aftersales import clock
from aftersales.drafting import Sending
from aftersales.enums import Clock, Party, RequestState
from aftersales.models import ServiceRequest, Window
from aftersales.service import asking
from aftersales.service.asking import url_of
from aftersales.service.forms import AskForm, TalkForm
from aftersales.steps import Refused
from buyers.views.applying import ApplyPage
from buyers.views.base import BuyerPage

A_PAGE = 20


class Requests(BuyerPage, TemplateView):
    """我的工单, the open ones first."""

    template_name = "buyers/service/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = ServiceRequest.objects.for_buyer(self.user).select_related("line")
        rows = sorted(mine, key=lambda each: each.state == RequestState.CLOSED)
        page = Paginator(rows, A_PAGE).get_page(self.request.GET.get("page"))
        shown = [(each, badge_of(each)) for each in page]
        return super().get_context_data(page_obj=page, requests=shown, now=clock.now(), **kwargs)


class Ask(ApplyPage, Sending):
    """联系平台客服 about one line; where a request is open already, that one is shown."""

    done = gettext_lazy("工单已提交，平台客服会在时限内答复")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if standing := asking.open_for(self.line):
            return redirect("buyers:service_request", number=standing.number)
        return self.show(self.begun(lambda given: AskForm(given, user=self.user)))

    def get_form(self) -> AskForm:
        return AskForm(self.request.POST, self.request.FILES, user=self.user)

    def already_sent(self, key: str) -> bool:
        return asking.said(key, self.user)

    def take(self, form: AskForm) -> str:
        return url_of(asking.ask(self.line, by=self.user, **form.given()), Party.BUYER)

    def show(self, form: AskForm, status: int = 200) -> HttpResponse:
        now = clock.now()
        minutes = Window.in_force("", now)[str(Clock.SERVICE)]
        context = self.context(form=form, refusal=asking.refusal(self.line), hours=minutes // 60)
        return render(self.request, "buyers/service/ask.html", context, status=status)


class OneRequest(BuyerPage, View):
    """A page about one of the buyer's own requests."""

    asked: ServiceRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            mine = ServiceRequest.objects.for_buyer(request.user)
            known = mine.select_related("line__order__shop", "case")
            self.asked = get_object_or_404(known, number=kwargs["number"])
        return super().dispatch(request, *args, **kwargs)


class RequestPage(OneRequest, Sending):
    """工单: state, deadline, what was said; and a field to say more."""

    done = gettext_lazy("消息已发送")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(self.begun(lambda given: TalkForm(given, user=self.user)))

    def get_form(self) -> TalkForm:
        return TalkForm(self.request.POST, self.request.FILES, user=self.user)

    def already_sent(self, key: str) -> bool:
        return asking.said(key, self.user)

    def take(self, form: TalkForm) -> str:
        try:
            asking.reply(self.asked, by=self.user, **form.given())
        except Refused:
            self.asked.refresh_from_db()  # closed meanwhile, say: the page shows how it stands
            raise
        return url_of(self.asked, Party.BUYER)

    def show(self, form: TalkForm, status: int = 200) -> HttpResponse:
        context = {
            "asked": self.asked,
            "badge": badge_of(self.asked),
            "thread": self.asked.messages.prefetch_related("files"),
            "closed": self.asked.state == RequestState.CLOSED,
            "form": form,
            "now": clock.now(),
            "me": Party.BUYER,
            "mine": _("我"),
        }
        return render(self.request, "buyers/service/request.html", context, status=status)


class Close(OneRequest):
    """问题已解决: what that means, and then it is closed."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.asked.state == RequestState.CLOSED:
            return redirect("buyers:service_request", number=self.asked.number)
        context = {"asked": self.asked, "now": clock.now()}
        return render(request, "buyers/service/close.html", context)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            asking.close(self.asked, by=self.user)
            messages.success(request, _("工单已关闭"))
        except Refused as refused:
            messages.error(request, refused.sentence)
        return redirect("buyers:service_request", number=self.asked.number)


def badge_of(asked: ServiceRequest) -> tuple[str, str]:
    """Whose turn it is, as the list and the page show it."""
    kinds = {
        RequestState.WAITING: "platform",
        RequestState.ANSWERED: "mine",
        RequestState.CLOSED: "off",
    }
    return str(asked.get_state_display()), kinds[RequestState(asked.state)]
