"""Where a case stands, for the buyer: where is it, what now, until when, what if nobody acts."""

from dataclasses import replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftersales.display import deadline, money
from aftersales.enums import (
    ENDED,
    AnswerState,
    CaseType,
    Party,
    PlanState,
    Remedy,
    Reopening,
    RoundState,
    Stage,
    Status,
)
from aftersales.models import Case, CaseRequest, Event, Evidence, Offer, Supplement
from aftersales.rules import deadlines
from aftersales.rules.conditions import within_grace
from buyers.showing.otherwise import if_unanswered, if_unhandled
from buyers.showing.reviewed import after_denial, reviewed
from buyers.showing.sentence import Standing, given_back, lost, supported

MY_TURN = (
    Status.REJECTED,
    Status.RETURN_REFUSED,
    Status.AWAITING_BUYER_RETURN,
    Status.AWAITING_BUYER_RECEIPT,
)
_ASKED = Supplement.objects.filter(
    case=OuterRef("pk"), due_at=OuterRef("evidence_due_at"), of__in=["", Party.BUYER]
)
_WANTED = CaseRequest.objects.filter(
    case=OuterRef("pk"), party=Party.MERCHANT, state=AnswerState.OPEN
)
_AT_DESK = Offer.objects.filter(
    case=OuterRef("pk"), round=None, party=Party.MERCHANT, state=PlanState.OPEN
)
_FILED = Evidence.objects.filter(
    case=OuterRef("pk"), party=Party.BUYER, at__gte=OuterRef("evidence_from")
)
_TO_PROVE = (Q(stage=Stage.EVIDENCE) | Q(Exists(_ASKED), stage=Stage.SUPPLEMENT)) & ~Exists(_FILED)
_TURNED_AWAY = Event.objects.filter(case=OuterRef("pk"), step="report_refusal")
# What waits for the buyer: one question for the list, its counter and the badge.
WAITING_FOR_BUYER = (
    Q(status__in=MY_TURN)
    | Q(~Exists(_TURNED_AWAY), status=Status.AWAITING_DELIVERY_REFUSAL)
    | Q(round_state=RoundState.WAITING)
    | Q(agreement_claimed=True)
    | Q(status=Status.AWAITING_MERCHANT_SHIP, remedy=Remedy.REPAIR, unrepairable_at__isnull=False)
    | Exists(_WANTED)
    | Q(Exists(_AT_DESK), status=Status.AWAITING_MERCHANT_RECEIPT)
    | Q(_TO_PROVE, status=Status.PLATFORM_REVIEW, suspended=False)
) & ~Q(status__in=ENDED)
# The clock that a page shows of it: that of the open round, of the evidence or of what the shop asks
# for before its own.
FIRST_DUE = Coalesce(
    "reply_due_at",
    "evidence_due_at",
    Subquery(_WANTED.order_by("due_at").values("due_at")[:1]),
    "due_at",
)


def standing(case: Case, now: datetime) -> Standing:
    """Copy deck 3.3: one sentence per status, with the open round before the status."""
    status = Status(case.status)
    if status in ENDED:
        return _ended(case, status, now)
    if case.agreement_claimed:
        return _asked_to_confirm(case, now)
    if case.round_state == RoundState.WAITING and status in (
        Status.PENDING_MERCHANT,
        Status.AWAITING_MERCHANT_RECEIPT,
    ):
        return _offered(case, now)
    stands = _STANDS[status](case, now)
    wanted = [asked for asked in case.open_requests() if asked.party == Party.MERCHANT]
    return _wanted(case, stands, wanted, now) if wanted and not stands.mine else stands


# While it is open ---------------------------------------------------------------------------------


def _pending(case: Case, now: datetime) -> Standing:
    answered = case.round_state == RoundState.ANSWERED
    if answered:
        headline = _("已答复，等商家处理")
    elif case.round_state == RoundState.EXPIRED and case.acceptable_offers():
        headline = _("商家的方案还可以接受，等商家处理")
    else:
        headline = _("等商家处理")
    return Standing(
        headline,
        _("等商家"),
        "them",
        what_now=_meanwhile(case, _("现在不用做什么；可以随时联系商家、补充凭证。")),
        until=case.due_at,
        until_for=_("内商家必须处理"),
        otherwise=if_unhandled(case),
    )


def _meanwhile(case: Case, nothing: str) -> str:
    """What he may do while the shop is at work: an offer outlives the wait for its answer."""
    if case.round_state and case.acceptable_offers():
        return _("商家的方案还可以接受；也可以等商家处理。")
    return nothing


def _offered(case: Case, now: datetime) -> Standing:
    offers = case.open_offers()
    inviting = [offer for offer in offers if offer.plan.code == "invite_evidence"]
    real = len(offers) - len(inviting)
    if real:
        headline = ngettext(
            "商家提出了 {n} 个方案，等你答复", "商家提出了 {n} 个方案，等你答复", real
        ).format(n=real)
        what_now = (
            _("你可以选一个接受，也可以都不接受。") if real > 1 else _("你可以接受，也可以不接受。")
        )
    elif inviting:
        headline, what_now = (
            _("商家请你补充凭证"),
            _("补充之后，商家会继续处理；也可以直接答复商家。"),
        )
    else:
        headline, what_now = _("商家发来消息，等你答复"), _("看一看商家说了什么，再答复。")
    tail = if_unhandled(case, now)
    return Standing(
        headline,
        _("等你答复"),
        "mine",
        what_now=what_now,
        until=case.reply_due_at,
        until_for=_("内答复"),
        otherwise=if_unanswered(case) + tail,
    )


def _asked_to_confirm(case: Case, now: datetime) -> Standing:
    return Standing(
        _("商家说已与你协商一致，请确认"),
        _("等你确认"),
        "mine",
        what_now=_("确认后售后关闭，{lost}。没有谈妥就不要确认。").format(lost=lost(case)),
        until=case.reply_due_at or case.due_at,
        until_for=_("内答复"),
        otherwise=_("没确认也没关系：售后不会因此关闭。") + if_unhandled(case, now),
    )


def _wanted(case: Case, stands: Standing, wanted: list[CaseRequest], now: datetime) -> Standing:
    """A formal request has a clock of its own, and leaves the others as they are."""
    at_shop = (Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT)
    return replace(
        stands,
        headline=_("商家有请求，等你答复"),
        badge=_("等你答复"),
        kind="mine",
        what_now=_("请答复下面的请求。"),
        until=min(asked.due_at for asked in wanted),
        until_for=_("内答复"),
        otherwise=_("没答复也不影响其他时限。")
        + (if_unhandled(case, now) if case.status in at_shop else ""),
    )


def _rejected(case: Case, now: datetime) -> Standing:
    goods_back = case.status == Status.RETURN_REFUSED
    what_now = (
        _("可以接受之前的方案、补充凭证，或申请平台介入。")
        if case.acceptable_offers()
        else _("可以补充凭证，或申请平台介入。")
    )
    if case.stage == Stage.DECLINED:
        what_now = _("平台没有受理上一次介入申请，理由见下面；有新的凭证可以再次申请。")
    return Standing(
        _("商家拒绝收货") if goods_back else _("商家驳回了你的申请"),
        _("等你决定"),
        "mine",
        what_now=what_now,
        until=case.due_at,
        until_for=_("内决定"),
        otherwise=_("这之前可申请平台介入；逾期售后关闭。"),
    )


def _to_return(case: Case, now: datetime) -> Standing:
    headline = _("商家同意退货，请寄回")
    if case.remedy != Remedy.REFUND:
        told = _("商家同意{what}，请先寄回")
        if supported(case):
            told = _("平台判定{what}，请先寄回")
        elif case.auto_agreed:
            told = _("商家逾期未处理，已按你的要求同意{what}，请先寄回")
        headline = told.format(what=case.get_remedy_display())
    elif supported(case):
        headline = _("平台判定退货退款，请寄回")
    elif case.auto_agreed:
        headline = _("商家逾期未处理，已按你的要求同意退货，请寄回")
    return Standing(
        headline,
        _("等你寄回"),
        "mine",
        what_now=_("按下面的地址寄回，再填写快递单号。"),
        until=case.due_at,
        until_for=_("内填写快递单号"),
        otherwise=_("逾期未填单号，售后关闭。"),
    )


def _to_refuse(case: Case, now: datetime) -> Standing:
    said = case.last_event("report_refusal") is not None
    return Standing(
        _("已记录拒收，等包裹退回") if said else _("商家同意拒收后退款，派送时请拒收"),
        _("等包裹退回") if said else _("等你拒收"),
        "them" if said else "mine",
        what_now=_("现在不用做什么；请保留拒收的凭据。")
        if said
        else _("不要签收：派送时当面拒收，包裹会退回商家。"),
        until=case.due_at,
        until_for=_("内退回"),
        otherwise=_("包裹退回后自动退款 {amount}；如果签收了，售后会关闭。").format(
            amount=money(given_back(case))
        ),
    )


def _receiving(case: Case, now: datetime) -> Standing:
    offered = [offer for offer in case.open_offers() if offer.round_id is None]
    if offered:  # by the receiving desk (M18)
        return Standing(
            _("商家验收后提议退款 {amount}，等你答复").format(amount=money(offered[-1].amount)),
            _("等你答复"),
            "mine",
            what_now=_("可以接受、不接受，或提出你的方案；没答复也不影响你的申请。"),
            until=case.due_at,
            until_for=_("内商家必须确认"),
            otherwise=if_unhandled(case),
        )
    headline = _("商家收货后退款")
    if case.return_signed_at:
        headline = _("退货已签收，等商家确认")
    elif case.remedy != Remedy.REFUND:
        headline = _("商家收货后{what}").format(what=case.get_remedy_display())
    return Standing(
        headline,
        _("等商家收货"),
        "them",
        what_now=_meanwhile(case, _("现在不用做什么；请保留寄件底单。")),
        until=case.due_at,
        until_for=_("内商家必须确认"),
        otherwise=if_unhandled(case),
    )


def _to_ship(case: Case, now: datetime) -> Standing:
    amount = money(case.worth_unsent)
    if deadlines.beyond_repair(case):
        return Standing(
            _("商家说修不好，请选择换货或退款"),
            _("等你选择"),
            "mine",
            what_now=_("选换货，商家寄一件新的；选退款，立即退回 {amount}。").format(amount=amount),
            until=case.due_at,
            until_for=_("内选择"),
            otherwise=_("逾期没有选择，自动退款 {amount}。").format(amount=amount),
        )
    by_time = case.auto_agreed and case.remedy == Remedy.RESEND  # nothing else says so
    headline = {
        Remedy.EXCHANGE: _("等商家发出换货"),
        Remedy.RESEND: _("等商家补寄"),
        Remedy.REPAIR: _("商家维修中，修好后寄回"),
        Remedy.GIVE_BACK: _("等商家寄还你的商品"),
    }.get(Remedy(case.remedy), _("等商家发出"))
    return Standing(
        headline,
        _("等商家发出"),
        "them",
        what_now=(_("商家逾期未处理，按你的要求达成协议。") if by_time else "")
        + _("现在不用做什么；发出后这里会显示快递单号。"),
        until=case.due_at,
        until_for=_("内商家必须发出"),
        otherwise=_("到期商家仍未发出，自动退款 {amount}。").format(amount=amount),
    )


def _arriving(case: Case, now: datetime) -> Standing:
    signed = case.replacement_signed_at is not None
    return Standing(
        _("商品已签收，请确认有没有问题") if signed else _("商家已发出，请留意收货"),
        _("等你确认收货"),
        "mine",
        what_now=_("收到后当面检查；没有问题就确认，有问题可以申请平台介入。"),
        until=case.due_at,
        until_for=_("内确认"),
        otherwise=_("到期没有提出问题，售后自动完成。"),
    )


def _refunding(case: Case, now: datetime) -> Standing:
    if not given_back(case):
        return Standing(_("商品已退回，正在结算"), _("结算中"), "off", what_now=_nothing_back())
    headline = _("退款中，{amount} 原路退回").format(amount=money(given_back(case)))
    if supported(case):
        what_now = _("平台判定给你退款。")
    elif case.auto_agreed:
        what_now = _("商家逾期未处理，按你的要求达成协议。")
    else:
        what_now = _("现在不用做什么。")
    return Standing(
        headline, _("退款中"), "off", what_now=what_now, otherwise=_("到账时间以银行为准。")
    )


def _nothing_back() -> str:
    return _("按购买时的单价结算，没有应退的钱；还差的不会自动扣款。")


def _refund_failed(case: Case, now: datetime) -> Standing:
    return Standing(
        _("退款遇到问题，平台正在处理，无需操作"),
        _("平台处理中"),
        "platform",
        what_now=_("金额不变，仍会原路退回；处理好后会通知你。"),
    )


_STANDS = {
    Status.PENDING_MERCHANT: _pending,
    Status.REJECTED: _rejected,
    Status.RETURN_REFUSED: _rejected,
    Status.AWAITING_BUYER_RETURN: _to_return,
    Status.AWAITING_DELIVERY_REFUSAL: _to_refuse,
    Status.AWAITING_MERCHANT_RECEIPT: _receiving,
    Status.AWAITING_MERCHANT_SHIP: _to_ship,
    Status.AWAITING_BUYER_RECEIPT: _arriving,
    Status.PLATFORM_REVIEW: reviewed,
    Status.REFUNDING: _refunding,
    Status.REFUND_FAILED: _refund_failed,
}


# Once it has ended --------------------------------------------------------------------------------


def _ended(case: Case, status: Status, now: datetime) -> Standing:
    """S-49: plainly success or failure, with the reason."""
    if status == Status.REFUNDED and not given_back(case):
        return Standing(_("商品已退回，结算完成"), _("售后成功"), "ok", what_now=_nothing_back())
    if status == Status.REFUNDED:
        return Standing(
            _("退款成功 {amount}").format(amount=money(given_back(case))),
            _("售后成功"),
            "ok",
            what_now=_("已原路退回，去向见“钱款去向”。"),
            paid=True,
        )
    if status == Status.COMPLETED:
        what = case.get_remedy_display()
        renewed = case.remedy in (Remedy.EXCHANGE, Remedy.REPAIR)
        return Standing(
            _("{what}成功").format(what=what),
            _("售后成功"),
            "ok",
            what_now=_("保修期从现在起重新计算。") if renewed else _("少的部分已经补上。"),
        )
    if status == Status.CLOSED_AGREED:
        return Standing(
            _("已与商家协商一致"),
            _("售后成功"),
            "ok",
            what_now=_("售后已按双方的约定结束。"),
        )
    if status == Status.CANCELLED:
        return Standing(
            _("你撤销了申请"),
            _("售后失败"),
            "off",
            what_now=_("这件商品不能再次申请退差价。")
            if case.type == CaseType.PRICE_DIFFERENCE
            else _("这件商品不能再次申请售后。"),
        )
    if status == Status.CLOSED_PLATFORM_DENIED:
        asked = case.last_intervention
        grounds = asked.grounds if asked else ""
        declined = case.stage == Stage.DECLINED
        return Standing(
            _("平台不予受理，售后关闭") if declined else _("平台未支持你的申请"),
            _("售后失败"),
            "off",
            what_now=_("依据：{grounds}").format(grounds=grounds) if grounds else "",
            otherwise=after_denial(case, now),
        )
    return Standing(
        _("超过时限，售后已关闭"),
        _("售后失败"),
        "off",
        what_now=why_timed_out(case),
        otherwise=_once_more(case, now),
    )


def _once_more(case: Case, now: datetime) -> str:
    """Whether he may have it looked at again, and until when."""
    if case.reopening == Reopening.ASKED:
        return _("你申请了重新处理：平台正在看你的理由，有结果会通知你。")
    if case.reopening == Reopening.DECLINED:
        return _("平台没有同意重新处理。仍有问题，可以联系平台客服或走其他投诉渠道。")
    if within_grace(case):
        return _(
            "确有原因没能按时操作的，{until} 前可以申请重新处理一次；也可以走其他投诉渠道。"
        ).format(until=deadline(case.reopen_by, now))
    return _("仍有问题，可以联系平台客服或走其他投诉渠道。")


def why_timed_out(case: Case) -> str:
    """The buyer's own omission that let the time run out, whatever was noted since."""
    why = {
        "close_unreturned": _("你没有在时限内填写退货单号。"),
        "lapse_rejection": _("商家驳回后，你没有在时限内申请平台介入。"),
        "close_unrefused": _("包裹已签收，没有拒收退回。"),
    }
    closed = case.last_event(*why)
    return why[closed.step] if closed else _("时限内没有操作。")
