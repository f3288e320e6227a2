"""The buyer's steps: answering, sending back, proving, asking the platform, leaving (B10 to B15)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock, platform
from aftersales.asked import title_of
from aftersales.display import deadline
from aftersales.enums import GATHERING, RULED, AnswerState, Clock, Party, Remedy, RoundState, Status
from aftersales.models import Case, Channel, Complaint
from aftersales.rules import deadlines
from aftersales.suspensions import card_of
from aftersales.threads import thread_of
from aftersales.views import AnswersRequest
from buyers.forms import AcceptForm
from buyers.showing.freight import who_pays
from buyers.showing.offers import after_accepting, bearer_words, ends_here, lost_by, shown, verb_of
from buyers.showing.otherwise import if_unhandled
from buyers.showing.progress import hours, visible
from buyers.showing.sentence import lost, lost_by_leaving
from buyers.views.base import BuyerStep


class Accept(BuyerStep):
    """接受方案 (B10): what it comes to, before it is done."""

    step = "accept_plan"
    form_class = AcceptForm
    done = ""

    def get_initial(self) -> dict[str, Any]:
        wanted = self.request.GET.get("offer")
        return {"offer": wanted} if wanted else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form: AcceptForm = context["form"]
        offer = form.chosen()
        if offer is None:
            # sent by the case page's button with nothing chosen
            every = [shown(each, self.case, clock.now()) for each in self.case.open_offers()]
            return {
                **context,
                "choosing": self.request.method == "GET",
                "open_offers": [each for each in every if each.by_click],
                "unchosen": "choose" in self.request.GET,
            }
        return {
            **context,
            "offer": shown(offer, self.case, clock.now()),
            "rows": after_accepting(offer, self.case),
            "ends": ends_here(offer, self.case),
            "lost": lost_by(offer, self.case, clock.now()),
            "verb": verb_of(offer, self.case),
        }

    def success_message(self) -> str:
        return _("已接受方案：{status}").format(status=self.case.get_status_display())


class Reply(BuyerStep):
    """都不接受, perhaps with a counter-offer (B10)."""

    step = "reply"
    done = gettext_lazy("已答复商家")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offers = [shown(each, self.case, clock.now()) for each in self.case.open_offers()]
        return super().get_context_data(offers=offers, **kwargs)


class SendBack(BuyerStep):
    """填写退货单号, and 更正 once (B11). Before the return is agreed there is no address (S-35)."""

    done = gettext_lazy("单号已提交，商家收货后退款")

    def get_initial(self) -> dict[str, Any]:
        return {"carrier": self.case.return_carrier, "tracking": self.case.return_tracking}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = self.case.return_address or {}
        parts = [address.get(name, "") for name in ("name", "phone", "region", "detail")]
        return super().get_context_data(
            address=address,
            address_text=" ".join(parts),
            freight=bearer_words(self.case.freight),
            who_pays=who_pays(self.case),
            **kwargs,
        )

    def success_message(self) -> str:
        if self.case.remedy == Remedy.REFUND:
            return super().success_message()
        return _("单号已提交，商家收货后{what}").format(what=self.case.get_remedy_display())


class AnswerAddress(BuyerStep):
    """答复更换退货地址: the shop asks, the buyer says yes or no."""

    step = "answer_address"
    done = gettext_lazy("已答复商家，请按页面上的退货地址寄回")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            asked=self.case.address_asked or {}, agreed=self.case.return_address or {}, **kwargs
        )


class ClaimFreight(BuyerStep):
    """申报退货运费 (§1.5): what was paid, and by whom it is made good."""

    step = "claim_freight"
    done = gettext_lazy("退货运费已申报")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        again = self.case.freight_claims.count() > 1
        return super().get_context_data(claim=self.case.unclaimed_freight, again=again, **kwargs)


def ends_wait(case: Case) -> bool:
    """Whether any word of the buyer's answers the open round now; he is told so before he writes."""
    return case.round_state == RoundState.WAITING and case.any_word_answers()


class AddEvidence(BuyerStep):
    """补充凭证 (B12), with the request it answers."""

    step = "add_evidence"
    done = gettext_lazy("凭证已提交")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        inviting = [each for each in self.case.open_offers() if each.plan.code == "invite_evidence"]
        return super().get_context_data(
            asked=self.case.last_round.text if inviting and self.case.last_round else "",
            ends_wait=not inviting and ends_wait(self.case),
            during=self.case.stage in GATHERING,
            supplement=platform.asked_of(self.case, Party.BUYER),
            **kwargs,
        )


class Cancel(BuyerStep):
    """撤销申请 (B13): its consequence, and the way back as the main button."""

    step = "cancel"
    done = gettext_lazy("你撤销了申请")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            consequence=lost_by_leaving(self.case), ends=self._ends(), **kwargs
        )

    def _ends(self) -> str:
        """What else ends with it."""
        if self.case.status == Status.PLATFORM_REVIEW:
            return _("平台不再判定这一单。")
        talking = (RoundState.WAITING, RoundState.ANSWERED, RoundState.EXPIRED)
        if self.case.status == Status.PENDING_MERCHANT and self.case.round_state in talking:
            return _("正在进行的协商同时结束。")
        return ""


class AskPlatform(BuyerStep):
    """申请平台介入 (B14)."""

    step = "ask_platform"
    done = gettext_lazy("已申请平台介入，请在举证时间内提交凭证")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        unanswered = self.case.status == Status.PENDING_MERCHANT
        return super().get_context_data(
            otherwise=if_unhandled(self.case, now) if unanswered else "",
            **platform.course(self.case, now),
            **kwargs,
        )


class Appeal(BuyerStep):
    """申诉 (T-25, D13)."""

    step = "appeal"
    done = gettext_lazy("申诉已提交，由另一位平台客服复核")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.case.last_intervention
        return super().get_context_data(
            asked=asked,
            appeal_until=platform.appeal_until(self.case),
            decision_hours=hours(deadlines.length(self.case, Clock.DECISION)),
            **kwargs,
        )


# Where a case goes back to, and what happens there at the end of the time that was left (T-19).
_AFTER_WITHDRAWING = {
    Status.REJECTED: gettext_lazy(
        "售后单回到商家驳回之后，等你决定：至少到 {until}，这之前可以再申请平台介入；逾期售后关闭。"
    ),
    Status.RETURN_REFUSED: gettext_lazy(
        "售后单回到商家拒绝收货之后，等你决定：至少到 {until}，这之前可以再申请平台介入；逾期售后关闭。"
    ),
    Status.AWAITING_BUYER_RECEIPT: gettext_lazy(
        "售后单回到等你确认收货：至少到 {until}，这之前可以再申请平台介入；逾期视为没有问题，售后自动完成。"
    ),
    Status.PENDING_MERCHANT: gettext_lazy(
        "售后单回到等商家处理：至少到 {until}；到期商家仍未处理，将自动按你的要求处理。"
    ),
}


class Withdraw(BuyerStep):
    """撤回平台介入."""

    step = "withdraw"
    done = gettext_lazy("已撤回平台介入")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked, now = self.case.last_intervention, clock.now()
        until = deadlines.put_back_until(self.case, asked, now) if asked else now
        goes_on = _AFTER_WITHDRAWING.get(Status(asked.came_from), "") if asked else ""
        return super().get_context_data(
            goes_on=goes_on.format(until=deadline(until, now)), until=until, **kwargs
        )


class ProposeSuspension(BuyerStep):
    """提议中止: both settle it themselves for a while (T-23)."""

    step = "propose_suspension"
    done = gettext_lazy("已提议中止，等商家答复")


class AnswerSuspension(BuyerStep):
    """答复中止提议, of the shop or of the platform."""

    step = "answer_suspension"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(suspension=card_of(self.case, Party.BUYER), **kwargs)

    def success_message(self) -> str:
        if self.case.suspended:
            return _("双方都已同意，平台处理已中止")
        return _("已答复中止提议")


class ProveSuspension(BuyerStep):
    """提交受理凭证 of a court or the police."""

    step = "prove_suspension"
    done = gettext_lazy("受理凭证已提交")


class AskReopen(BuyerStep):
    """申请重新处理: a case that time closed, within the grace time."""

    step = "ask_reopen"
    done = gettext_lazy("已提交，请等待平台答复")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(until=self.case.reopen_by, **kwargs)


class RecordComplaint(BuyerStep):
    """其他投诉渠道 and 登记 (B15, S-24, S-41): told always, recorded whenever it was done."""

    step = "record_complaint"
    done = gettext_lazy("外部投诉已登记")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(
            channels=Channel.objects.filter(active=True), complaints=recorded(self.case), **kwargs
        )
        over = self.case.stage in RULED or self.case.ended
        begun = self.request.method == "POST" or context["draft_said"]
        return {**context, "unfold": over or begun}

    def get_success_url(self) -> str:
        return f"{reverse('buyers:record_complaint', args=[self.case.code])}#recorded"


class UpdateComplaint(BuyerStep):
    """更新外部投诉: accepted, mediated, settled."""

    step = "update_complaint"
    done = gettext_lazy("外部投诉已更新")

    def get_initial(self) -> dict[str, Any]:
        wanted = self.request.GET.get("complaint")
        return {"complaint": int(wanted)} if wanted and wanted.isdecimal() else {}

    def get_success_url(self) -> str:
        return f"{reverse('buyers:record_complaint', args=[self.case.code])}#recorded"


def recorded(case: Case) -> list[tuple[Complaint, list[Any]]]:
    """The complaints of a case, each with the papers that the buyer may see."""
    papers: dict[str, list[Any]] = {}
    for each in visible(case.load_along("evidence").evidence.all(), case):
        papers.setdefault(each.slot, []).append(each)
    return [(each, papers.get(each.slot, [])) for each in case.complaints.all()]


class Chat(BuyerStep):
    """联系商家 (B17): the thread, oldest first, and one field."""

    step = "send_message"
    done = gettext_lazy("消息已发送")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.case.mark_read(Party.BUYER)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown_: dict[int, list[Any]] = {}
        for each in visible(self.case.load_along("evidence").evidence.all(), self.case):
            shown_.setdefault(each.version, []).append(each)
        thread = thread_of(self.case.thread(), Party.BUYER, clock.now(), shown_)
        return super().get_context_data(thread=thread, ends_wait=ends_wait(self.case), **kwargs)

    def get_success_url(self) -> str:
        return f"{self.request.path}#last"


class AskFor(BuyerStep):
    """请商家拦截包裹: a formal request of the buyer's own."""

    step = "ask_for"
    done = gettext_lazy("请求已发给商家")


class AnswerRequest(AnswersRequest, BuyerStep):
    """答复正式请求: what the shop asks for, and 拍不了 as an answer of its own."""

    step = "answer_request"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        asked = context["form"].asked
        over = asked.state != AnswerState.OPEN
        sentence = _("这个请求已经答复或已结束") if over else ""
        return {
            **context,
            "asked": asked,
            "title": title_of(asked.kind),
            "lost": lost(self.case),
            "refusal": context["refusal"] or sentence,
        }


class ConfirmAgreed(BuyerStep):
    """确认已协商一致 (NEG-46)."""

    step = "confirm_agreed"
    done = gettext_lazy("已确认协商一致，售后结束")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        current = self.case.last_round
        return super().get_context_data(
            agreed=current.explanation or current.text if current else "",
            lost=lost(self.case),
            **kwargs,
        )


class ConfirmArrival(BuyerStep):
    """确认收到换货、补寄或修好的商品 (B18, T-16)."""

    step = "confirm_arrival"
    done = gettext_lazy("已确认，售后完成")


class Choose(BuyerStep):
    """修不好以后: the buyer's choice between new goods and the money (walk 7 of §1.7)."""

    template_name = "buyers/cases/choose.html"
    done = gettext_lazy("已告诉商家你的选择")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        hours_ = hours(deadlines.length(self.case, Clock.SHIP))
        return super().get_context_data(
            amount=self.case.worth_unsent,
            money_back=self.step == "choose_refund",
            ship_hours=hours_,
            **kwargs,
        )


class ReportRefusal(BuyerStep):
    """已拒签退回 (S-03)."""

    step = "report_refusal"
    done = gettext_lazy("已记录，商家会看到包裹正在退回")
