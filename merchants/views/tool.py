"""驳回协商: the tool page by page — risks, rounds, the decision, 驳回, and its end (M5 to M9)."""

from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from aftersales import clock, errors
from aftersales.display import deadline
from aftersales.enums import Permission, RoundState
from aftersales.figures import advice
from aftersales.forms import StepForm
from aftersales.models import Case
from aftersales.steps import STEPS, Refused
from merchants.forms.negotiating import RoundForm
from merchants.forms.rejecting import RejectForm
from merchants.forms.risks import RisksForm
from merchants.showing import tool
from merchants.showing.page import improvable
from merchants.views.base import GuardedStep, MerchantCase


def waiting(case: Case, now: datetime) -> dict[str, Any]:
    """What the wait panel shows (M7)."""
    sent = tool.rounds_of(case)[-1]
    total = sent.due_at - sent.sent_at
    return {
        "sent": sent,
        "sent_chips": tool.chips(case.open_offers(), case),
        "wait_total": int(total.total_seconds() // 60),
        "wait_gone": max(0, int((now - sent.sent_at).total_seconds() // 60)),
        "improvable": improvable(case),
        "stops": tool.stops(case, now),
    }


class ToolStep(GuardedStep):
    """A step of the tool, on its own page; who comes too early or too late is led to the right one."""

    page_of_tool = ""
    redrawing: tuple[str, ...] = ("refresh", "remove", "edit")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Refused as refused:  # no scenario fits: the catalogue has a gap
            return errors.page(request, 409, reason=refused.sentence)

    def get_form_kwargs(self) -> dict[str, Any]:
        self.case.load_to_judge()  # the form asks what the step will ask
        return super().get_form_kwargs()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.belongs():
            return redirect(self.stage_url())
        return super().get(request, *args, **kwargs)

    def stage_url(self) -> str:
        return tool.stage_url(self.case) + self.way.trail

    def belongs(self) -> bool:
        return tool.stage(self.case) == self.page_of_tool

    def may_talk_on(self) -> bool:
        """Whether another round may be held, also where the rules ask for no more of them."""
        return not self.case.refusal("negotiate", self.request.user)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = next((name for name in self.redrawing if name in request.POST), "")
        if not asked:
            return super().post(request, *args, **kwargs)
        if self.case.refusal(self.step, request.user):
            form = self.get_form()
            form.is_valid()
            if request.headers.get("HX-Request"):
                return self.stale_part(form)
            return self.form_invalid(form, conflict=True)
        return self.redraw(asked)

    def redraw(self, asked: str) -> HttpResponse:
        """The page again with what is filled in so far; files are kept, nothing is complained of."""
        form = self.filled()
        form.errors.clear()
        return self.render_to_response(self.get_context_data(form=form))

    def filled(self) -> StepForm:
        """The form, looked through; what it holds is a draft, should the whole page now shown be closed."""
        form: StepForm = self.get_form()
        form.is_valid()
        if not self.request.headers.get("HX-Request"):
            self.remember(form)
        return form

    def form_invalid(self, form: StepForm, *, conflict: bool = False) -> HttpResponse:
        if conflict and self.case.round_state == RoundState.WAITING:
            self.remember(form)
            told = self.conflict(form)
            return self.wait_page(" ".join(str(text) for text in form.non_field_errors()), **told)
        return super().form_invalid(form, conflict=conflict)

    def wait_page(self, sentence: str, **told: Any) -> HttpResponse:
        """NEG-20: 请耐心等待消费者回复, in answer to any attempt."""
        context = MerchantCase.get_context_data(self, refused=sentence, **told)
        context |= waiting(self.case, clock.now())
        self.template_name = "merchants/cases/wait.html"
        return self.render_to_response(context, status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        kwargs.setdefault("stops", tool.stops(self.case, now, self.page_of_tool))
        return super().get_context_data(minutes=tool.wait_minutes(self.case), **kwargs)

    def get_success_url(self) -> str:
        return self.stage_url()


class RiskCheck(ToolStep):
    """M5, and the button 驳回退款 itself: a click looks, stores what it saw, and leads on (NEG-02)."""

    step = "confirm_risks"
    form_class = RisksForm
    template_name = "merchants/cases/confirm_risks.html"
    page_of_tool = tool.RISKS
    done = gettext_lazy("风险已核实，可以开始协商")

    def belongs(self) -> bool:
        return tool.stage(self.case) in (tool.RISKS, tool.NEGOTIATE, tool.REJECT)

    def may_enter(self) -> None:
        """The button is for whoever may do what comes next: another than who checks may negotiate."""
        if "look" in self.request.POST:
            self.step = tool.entry(self.case)
        super().may_enter()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "look" not in request.POST:
            return super().post(request, *args, **kwargs)
        if self.case.refusal(self.step, request.user):
            return super().post(request, *args, **kwargs)
        if self.member.can(Permission.REJECT):
            self.case.look_before_rejecting(by=request.user)
        return redirect(self.stage_url())

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"label": str(STEPS["confirm_risks"].label)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = cast(RisksForm, kwargs.get("form") or self.get_form())
        asked = form.open_ticks
        nothing = _("没有待核实的风险") if form.warnings else _("没有风险")
        stops = tool.stops(
            self.case,
            clock.now(),
            tool.RISKS,
            _("%(n)s 项待核实") % {"n": asked} if asked else nothing,
        )
        kwargs["form"] = form
        return super().get_context_data(
            scenario=self.case.scenario(),
            passed=form.passed(),
            short=next((each for each in form.warnings if each.code == "RW-16"), None),
            stops=stops,
            **kwargs,
        )


class Negotiate(ToolStep):
    """M6 and M8: what is offered, in which words; sent at once and verbatim (NEG-15)."""

    step = "negotiate"
    form_class = RoundForm
    template_name = "merchants/cases/negotiate.html"
    page_of_tool = tool.NEGOTIATE

    def belongs(self) -> bool:
        at = tool.stage(self.case)
        return at == tool.NEGOTIATE or (at == tool.REJECT and self.may_talk_on())

    def redraw(self, asked: str) -> HttpResponse:
        form = cast(RoundForm, self.filled())
        form.errors.clear()
        if asked == "refresh":
            form.refresh()
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = cast(RoundForm, kwargs.get("form") or self.get_form())
        kwargs["form"] = form
        return super().get_context_data(
            answer=tool.answer_of(self.case, clock.now()),
            preview=form.preview(),
            second=form.second,
            **kwargs,
        )

    def success_message(self) -> str:
        now = clock.now()
        return _("已发送给买家，%(until)s 前等待回复") % {
            "until": deadline(self.case.reply_due_at, now)
        }


class Reject(ToolStep):
    """M9: both results, the reason, its answers and proofs, a look at all of it, then 驳回."""

    form_class = RejectForm
    template_name = "merchants/cases/reject.html"
    page_of_tool = tool.REJECT
    redrawing: tuple[str, ...] = ("refresh", "remove", "edit", "review")
    done = gettext_lazy("驳回退款提交完成")

    def belongs(self) -> bool:
        return tool.stage(self.case) == tool.REJECT and tool.verb(self.case) == self.step

    def redraw(self, asked: str) -> HttpResponse:
        form = cast(RejectForm, self.filled())
        if asked == "review" and not form.is_valid():
            return self.form_invalid(form)
        if asked == "review":
            self.template_name = "merchants/cases/reject_review.html"
        else:
            form.errors.clear()
            form.show_earlier()
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = cast(RejectForm, kwargs.get("form") or self.get_form())
        kwargs["form"] = form
        return super().get_context_data(
            results=tool.results(self.case),
            similar=advice.similar_rejections(self.case),
            answer=tool.answer_of(self.case, clock.now()),
            days=self.case.windows["D6"] // 1440,
            chosen=form.reason(),
            carried=form.carried(),
            farewell=self.case.farewell(),
            may_talk_on=self.may_talk_on(),
            **kwargs,
        )

    def get_success_url(self) -> str:
        return self.url_of("rejected")


class Rejected(MerchantCase, TemplateView):
    """驳回退款提交完成: what the buyer can do until when, and the next case."""

    template_name = "merchants/cases/rejected.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if tool.stage(self.case) != tool.DONE:
            return redirect(self.url_of("case"))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event = self.case.last_event("reject", "refuse_receipt")
        stops = tool.stops(self.case, clock.now())
        return super().get_context_data(event=event, stops=stops, **kwargs)
