"""先联系商家 (B4): talking about an order line before any case, and taking up what was agreed."""

from typing import Any
from urllib.parse import unquote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock
from aftersales.display import money
from aftersales.drafting import Sending
from aftersales.enums import CaseType, Party, PlanState
from aftersales.models import Conversation, Proposal
from aftersales.rules.demands import AGREED
from aftersales.steps import Refused
from aftersales.threads import thread_of
from buyers.demand import DemandForm
from buyers.forms import AskForm
from buyers.views.applying import ApplyPage


class Ask(ApplyPage, Sending):
    """The thread and one field; once there is a case, the talk goes on there (S-06, S-46)."""

    done = gettext_lazy("已发送，商家回复后会通知你")

    @property
    def url(self) -> str:
        return reverse("buyers:ask", args=self.base)

    def path_of(self, part: str = "") -> str:
        return unquote(self.url)  # whichever of the pages shows the field

    def already_sent(self, key: str) -> bool:
        return self.line.messages.filter(key=key).exists()

    def get_form(self) -> AskForm:
        return AskForm(self.request.POST, self.request.FILES, user=self.user)

    def first(self) -> AskForm:
        return self.begun(lambda given: AskForm(given, user=self.user))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        talk = Conversation(self.line)
        if case := talk.case:
            return redirect("buyers:send_message", code=case.code)
        talk.read(Party.BUYER)
        return self.show(self.first())

    def take(self, form: AskForm) -> str:
        Conversation(self.line).say(
            by=self.user,
            party=Party.BUYER,
            text=form.cleaned_data["text"],
            uploads=form.evidence().get("chat", []),
            key=form.cleaned_data["key"],
        )
        return f"{self.url}#last"

    def show(self, form: AskForm, status: int = 200, sentence: str = "") -> HttpResponse:
        now = clock.now()
        talk = Conversation(self.line)
        said = talk.messages()
        last = self.line.proposals.select_related("plan").last()
        standing = last if last and last.state in (PlanState.OPEN, PlanState.ACCEPTED) else None
        context = self.context(
            form=form,
            here=self.url,
            thread=thread_of(said, Party.BUYER, now),
            proposal=standing,
            offered=talk.line_of(standing.plan, standing.amount) if standing else "",
            continue_url=self.next_url(standing) if standing else "",
            case=talk.case,
            sentence=sentence,
        )
        return render(self.request, "buyers/orders/ask.html", context, status=status)

    def next_url(self, proposal: Proposal) -> str:
        """Where an accepted plan is applied for."""
        if proposal.state != PlanState.ACCEPTED:
            return ""
        return reverse("buyers:apply_form", args=[*self.base, proposal.type])


class AnswerProposal(Ask):
    """接受 leads on to the application form, filled in with what was agreed (S-47)."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return redirect(self.url)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        proposal = get_object_or_404(self.line.proposals, pk=kwargs["pk"])
        accept = "accept" in request.POST
        key = request.POST.get("key", "")[:64]
        try:
            answered = Conversation(self.line).answer(
                proposal, by=self.user, accept=accept, key=key
            )
        except Refused as refused:
            return self.show(self.first(), sentence=refused.sentence, status=409)
        if answered.state != PlanState.ACCEPTED:
            messages.success(request, _("已告诉商家你不接受"))
            return redirect(f"{self.url}#last")
        kind = CaseType(answered.type)
        self.put_down(kind, self.filled(kind, answered))
        messages.success(request, _("已接受，核对后提交申请，商家会看到是聊天里谈妥的"))
        return redirect(self.next_url(answered))

    def filled(self, kind: CaseType, agreed: Proposal) -> DemandForm:
        """The form of the demand with what was agreed; the buyer still checks and submits it."""
        blank = DemandForm(line=self.line, kind=kind, user=self.user)
        known = {reason.code for reason in blank.reasons}
        given = {
            "reason": AGREED if AGREED in known else "",
            "amount": str(agreed.amount or ""),
            "quantity": str(blank.left),
            "description": _("与商家在聊天里谈妥：%(plan)s %(amount)s")
            % {"plan": agreed.plan.label, "amount": money(agreed.amount)},
        }
        proposed = {
            name: str(field.initial) for name, field in blank.fields.items() if field.initial
        }
        data = proposed | {name: value for name, value in given.items() if name in blank.fields}
        return DemandForm(as_query(data), line=self.line, kind=kind, user=self.user)


def as_query(data: dict[str, str]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, value in data.items():
        query[name] = value
    return query
