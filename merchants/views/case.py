"""售后单: the case page, the answers in the buyer's favour, and talking with the buyer."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from aftersales import calls, centre, clock, platform, undoing
from aftersales.asked import title_of
from aftersales.display import money
from aftersales.drafting import drafts_of
from aftersales.enums import AnswerState, Clock, Party, Remedy, Status
from aftersales.forms import StepForm
from aftersales.models import Case
from aftersales.rules import amounts, deadlines, plans, visibility
from aftersales.threads import thread_of
from aftersales.views import AnswersRequest
from merchants.showing import tool
from merchants.showing.page import assignee_of
from merchants.showing.standing import standing
from merchants.views.base import AT_THE_SCANNER, MerchantCase, MerchantStep
from merchants.views.tool import waiting

ALIKE = 3  # other cases of the same goods in the quick view
BESIDE = (
    "agree",
    "agree_return",
    "agree_resend",
    "agree_refusal",
)  # taken in the quick view itself


class CasePage(MerchantCase, TemplateView):
    """M2: where the case stands, until when, what can be done, and everything about it."""

    template_name = "merchants/cases/case.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        self.case.mark_read(Party.MERCHANT)  # the record shows every word
        if self.news:
            centre.seen(self.request.user, self.case)
            del self.request.unread  # type: ignore[attr-defined]  # counted anew
        context["drafts"] = drafts_of(self.case, self.request.user, self.drafts.values())
        if tool.stage(self.case) == tool.WAIT:
            context |= waiting(self.case, clock.now())
        tool_url = tool.stage_url(self.case) + self.way.trail
        context |= {"tool": tool.stage(self.case), "tool_url": tool_url}
        if self.case.may("accept_counter", self.request.user):
            context |= {"answer": tool.answer_of(self.case, clock.now())}
        if self.case.status == Status.PENDING_MERCHANT:
            context |= self.agreed()
        return context

    def agreed(self) -> dict[str, Any]:
        """What was agreed in conversation before the claim (S-47), and whether this is it."""
        agreed, user = self.case.agreed_before(), self.request.user
        if agreed is None:
            return {}
        same = self.case.as_agreed()
        at_once = same and self.case.may("agree", user)
        return {"agreed": agreed, "as_agreed": same, "agree_at_once": at_once}


class Peek(MerchantCase, TemplateView):
    """M2p: the quick view beside the queue."""

    template_name = "merchants/cases/_peek.html"
    enters = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        case = self.case
        same = Case.objects.filter(shop=case.shop_id, line__goods_id=case.line.goods_id)
        same = same.exclude(pk=case.pk).select_related("reason").order_by("-applied_at")
        alike = same[:ALIKE] if case.line.goods_id else ()
        context = super().get_context_data(alike=alike, beside=BESIDE, **kwargs)
        return context | {"drafts": drafts_of(case, self.request.user, self.drafts.values())}


class Answer(MerchantStep):
    """A step that asks nothing: its page says in words what it will do; the button says for how much."""

    template_name = "merchants/cases/answer.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        texts = WORDS[self.step](self.case)
        return super().get_context_data(heading=texts[0], told=texts[1], button=texts[2], **kwargs)

    def take(self, form: StepForm) -> None:
        self.asked = WORDS[self.step](self.case)[0].rstrip("？")  # as it stood before the step
        super().take(form)

    def success_message(self) -> str:
        now = standing(self.case, clock.now()).text
        if self.request.POST.get("stay") == AT_THE_SCANNER:
            return _("%(number)s：%(what)s，%(now)s") % {
                "number": self.case.return_tracking or self.case.code,
                "what": self.asked,
                "now": now,
            }
        return _("%(what)s：%(now)s") % {"what": self.asked, "now": now}


def _agree(case: Any) -> tuple[str, str, str]:
    amount = money(case.worth)
    return (
        _("同意退款 %(amount)s？") % {"amount": amount},
        _("退款将原路退回买家，商品不退回，正在进行的协商同时结束。同意后 %(n)s 秒内可以撤销。")
        % {"n": int(case.undo_window.total_seconds())},
        _("同意退款 %(amount)s") % {"amount": amount},
    )


def _allow_again(case: Any) -> tuple[str, str, str]:
    return (
        _("同意买家再次申请？"),
        _("这一单因买家逾期没有退回商品而关闭。同意后，买家可以因“%(reason)s”再申请一次。")
        % {"reason": case.reason.label},
        _("同意买家再次申请"),
    )


def _agree_resend(case: Any) -> tuple[str, str, str]:
    told = _("、").join(f"{row['item']} × {row['count']}" for row in case.demand.get("missing", []))
    return (
        _("同意补寄？"),
        _(
            "买家缺少：%(what)s。同意后请在时限内发出并填写单号；到期没有发出，将自动退款 %(amount)s。"
        )
        % {"what": told or _("见买家说明"), "amount": money(case.worth_unsent)},
        _("同意补寄"),
    )


def _refund_instead(case: Any) -> tuple[str, str, str]:
    amount = money(case.worth_unsent)
    return (
        _("无法发出，改为退款 %(amount)s？") % {"amount": amount},
        _("确认后 %(amount)s 立即原路退回买家，不用再发出商品，不能撤回。") % {"amount": amount},
        _("改为退款 %(amount)s") % {"amount": amount},
    )


def _agree_refusal(case: Any) -> tuple[str, str, str]:
    return (
        _("同意拒收后退款？"),
        _("请买家在派送时拒收。包裹退回后，%(amount)s 自动原路退回；买家仍然签收的，售后关闭。")
        % {"amount": money(case.worth)},
        _("同意拒收后退款 %(amount)s") % {"amount": money(case.worth)},
    )


def _take_back(case: Any) -> tuple[str, str, str]:
    amount = money(case.worth)
    return (
        _("确认拒收的包裹已退回？"),
        _("确认后 %(amount)s 立即原路退回买家，不能撤回。") % {"amount": amount},
        _("包裹已退回，退款 %(amount)s") % {"amount": amount},
    )


def _confirm_receipt(case: Any) -> tuple[str, str, str]:
    if case.remedy != Remedy.REFUND:
        return (
            _("确认收到寄回的商品？"),
            _(
                "请先核对寄回的商品：数量 %(count)s 件。确认后请在时限内把%(remedy)s的商品发给买家。"
                "寄回的商品有问题，请返回后选择“拒绝收货”。"
            )
            % {"count": case.quantity, "remedy": case.get_remedy_display()},
            _("确认收货"),
        )
    amount = money(case.whole)
    return (
        _("确认收货并退款 %(amount)s？") % {"amount": amount},
        _(
            "请先核对退回的商品：数量 %(count)s 件，完好、配件齐全。确认后 %(amount)s 立即原路退回买家，"
            "不能撤回。退回的商品有问题，请返回后选择“拒绝收货”。"
        )
        % {"count": case.quantity, "amount": amount},
        _("确认收货并退款 %(amount)s") % {"amount": amount},
    )


def _refuse_collect(case: Any) -> tuple[str, str, str]:
    return (
        _("拒收到付件？"),
        _(
            "买家没有征得同意就用到付寄回，可以拒收。售后回到“待买家退货”，买家可以自付运费重新寄回。"
        ),
        _("拒收到付件"),
    )


def _accept_counter(case: Any) -> tuple[str, str, str]:
    counter = case.open_counter()
    line = tool.counter_line(case) or _("买家方案")
    amount = money(counter.amount) if counter and counter.amount is not None else ""
    told = _("接受后立即生效，按买家提出的方案处理，正在进行的协商同时结束。")
    if counter and counter.plan.code in plans.SENT_BACK:
        bearer = amounts.unsaid(case.freight_under(counter.plan.code))
        told += _("退货运费：%(bearer)s。") % {"bearer": bearer.label}
    return (
        _("接受买家方案：%(plan)s？") % {"plan": line},
        told,
        _("接受买家方案，退款 %(amount)s") % {"amount": amount} if amount else _("接受买家方案"),
    )


def _withdraw(case: Any) -> tuple[str, str, str]:
    least = deadlines.length(case, Clock.RESTORED) // timedelta(hours=1)
    return (
        _("撤回平台介入申请？"),
        _("撤回后售后单回到介入前的状态，剩余处理时间恢复，至少保留 %(n)s 小时。") % {"n": least},
        _("撤回介入申请"),
    )


def _undo(case: Any) -> tuple[str, str, str]:
    return (
        _("撤销同意？"),
        _("撤销后售后单恢复到同意之前，处理时限照原来计算；不退款，也不通知买家。"),
        _("撤销同意"),
    )


WORDS = {
    "undo": _undo,
    "agree": _agree,
    "agree_resend": _agree_resend,
    "refund_instead": _refund_instead,
    "agree_refusal": _agree_refusal,
    "take_back": _take_back,
    "confirm_receipt": _confirm_receipt,
    "refuse_collect": _refuse_collect,
    "accept_counter": _accept_counter,
    "withdraw": _withdraw,
    "allow_again": _allow_again,
}


class Undo(Answer):
    """撤销同意: as if nothing had been agreed, within seconds."""

    def form_valid(self, form: StepForm) -> HttpResponse:
        answer = super().form_valid(form)
        undoing.drop(answer)
        return answer

    def success_message(self) -> str:
        return _("已撤销，售后单恢复待处理")


class Chat(MerchantStep):
    """M14: the thread; a message never ends or lengthens a wait (NEG-22)."""

    template_name = "merchants/cases/send_message.html"
    done = gettext_lazy("消息已发送")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.case.mark_read(Party.MERCHANT)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown: dict[int, list[Any]] = {}
        for each in self.case.evidence.select_related("upload"):
            if visibility.sees_content(each, self.case, Party.MERCHANT):
                shown.setdefault(each.version, []).append(each)
        thread = thread_of(self.case.thread(), Party.MERCHANT, clock.now(), shown)
        return super().get_context_data(thread=thread, **kwargs)

    def get_success_url(self) -> str:
        return self.request.get_full_path()


class AskPlatform(MerchantStep):
    """申请平台介入 (T-17): what follows, and that it counts, before it is asked for."""

    done = gettext_lazy("已申请平台介入，请在举证时间内提交凭证")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**platform.course(self.case, clock.now()), **kwargs)


class Appeal(MerchantStep):
    """申诉 (T-25, D13): what it takes, and that a reversal takes nothing back from the buyer."""

    done = gettext_lazy("申诉已提交，由另一位平台客服复核")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(appeal_until=platform.appeal_until(self.case), **kwargs)


class Call(MerchantStep):
    """M13: POST hands out a virtual number and logs it; the real one is nowhere (NEG-23)."""

    http_method_names = ["post"]
    template_name = "merchants/cases/call.html"
    done = gettext_lazy("虚拟号码已显示在“联系买家”里，查看已留痕")

    def take(self, form: StepForm) -> None:
        calls.reveal(self.case, by=self.request.user, key=form.cleaned_data.get("key", ""))


class Assign(MerchantStep):
    """分配: from the select on the case page; a page of its own where it is refused (NEG-54)."""

    def success_message(self) -> str:
        name = assignee_of(self.case)
        return _("已分配给 %(name)s") % {"name": name} if name else _("已取消分配")


class Wait(MerchantCase, TemplateView):
    """M7: nothing to do but wait; polled every 15 s, it leads on as soon as there is an answer."""

    template_name = "merchants/cases/wait.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if tool.stage(self.case) == tool.WAIT:
            return super().get(request, *args, **kwargs)
        url = tool.stage_url(self.case) + self.way.trail
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": url})
        return redirect(url)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | waiting(self.case, clock.now())


class AnswerRequest(AnswersRequest, MerchantStep):
    """答复正式请求: what the buyer asks the shop to do."""

    template_name = "merchants/cases/answer_request.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        asked = context["form"].asked
        over = asked.state != AnswerState.OPEN
        sentence = _("这个请求已经答复或已结束") if over else ""
        return context | {
            "asked": asked,
            "title": title_of(asked.kind),
            "refusal": context["refusal"] or sentence,
        }
