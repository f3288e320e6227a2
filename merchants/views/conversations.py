"""买家咨询: what buyers ask before any case, the unread first, and the way to what is agreed (S-46, S-47)."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from aftersales import clock
from aftersales.display import mask
from aftersales.drafting import Sending
from aftersales.enums import Party, Permission
from aftersales.models import Case, Conversation, Message, OrderLine
from aftersales.threads import thread_of
from merchants.forms.conversations import AnswerForm, ProposeForm
from merchants.views.base import ShopView, must_be_able

A_PAGE = 30


def buyer_of(line: OrderLine) -> str:
    """The buyer's name, masked."""
    return mask(line.order.buyer_nick or str(line.order.buyer))


class Conversations(ShopView, TemplateView):
    """The lines that buyers ask about: those with unread words first, then the newest."""

    template_name = "merchants/conversations/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = OrderLine.objects.filter(order__shop=self.shop, messages__isnull=False)
        fresh = Q(messages__party=Party.BUYER, messages__read_at=None)
        lines = lines.annotate(
            unread=Count("messages", filter=fresh),
            last_at=Max("messages__at"),
            applied=Exists(Case.objects.filter(line=OuterRef("pk"))),
        )
        rows = lines.select_related("order__buyer").order_by(
            F("unread").desc(), F("last_at").desc()
        )
        page = Paginator(rows, A_PAGE).get_page(self.request.GET.get("page"))
        last = {
            message.line_id: message
            for message in Message.objects.filter(line__in=[row.pk for row in page]).order_by("pk")
        }
        return super().get_context_data(
            now=clock.now(),
            page_obj=page,
            rows=[(row, last[row.pk], buyer_of(row)) for row in page],
            shops=self.request.shops,  # type: ignore[attr-defined]
            **kwargs,
        )


class Thread(ShopView, Sending):
    """One conversation: the thread, an answer, and a plan that fits the order as it stands."""

    @cached_property
    def line(self) -> OrderLine:
        lines = OrderLine.objects.filter(order__shop=self.shop, messages__isnull=False).distinct()
        lines = lines.select_related("order__shop", "order__buyer")
        return get_object_or_404(lines, pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        talk = Conversation(self.line)
        if case := talk.case:
            return redirect("merchants:send_message", code=case.code)
        talk.read(Party.MERCHANT)
        return self.show()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        must_be_able(self.member, Permission.NEGOTIATE)
        return super().post(request, **kwargs)

    def take(self, form: AnswerForm | ProposeForm) -> str:
        form.take()
        proposed = isinstance(form, ProposeForm)
        self.done = _("方案已发给买家") if proposed else _("消息已发送")
        return reverse("merchants:conversation", args=[self.line.pk]) + "#last"

    # Two forms, each with its draft.

    def part_of(self, given: QueryDict) -> str:
        return "propose" if "propose" in given else ""

    def already_sent(self, key: str) -> bool:
        return Message.objects.filter(line=self.kwargs["pk"], key=key).exists()

    def get_form(self) -> AnswerForm | ProposeForm:
        request, talk = self.request, Conversation(self.line)
        kind = ProposeForm if self.part_of(request.POST) else AnswerForm
        return kind(request.POST, request.FILES, talk=talk, user=self.member.user)

    def show(self, form: Any = None, status: int = 200) -> HttpResponse:
        now, user, talk = clock.now(), self.member.user, Conversation(self.line)
        answer = (
            form
            if isinstance(form, AnswerForm)
            else self.begun(lambda given: AnswerForm(given, talk=talk, user=user))
        )
        propose = (
            form
            if isinstance(form, ProposeForm)
            else self.begun(lambda given: ProposeForm(given, talk=talk, user=user), "propose")
        )
        context = {
            "now": now,
            "line": self.line,
            "order": self.line.order,
            "buyer": buyer_of(self.line),
            "thread": thread_of(talk.messages(), Party.MERCHANT, now),
            "answer": answer,
            "propose": propose,
            "proposing": form is propose,
            "form": form,
            "case": talk.case,
            "may": self.member.can(Permission.NEGOTIATE),
            "shops": self.request.shops,  # type: ignore[attr-defined]
        }
        return render(self.request, "merchants/conversations/thread.html", context, status=status)
