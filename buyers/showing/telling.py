"""An event in one line, as the buyer would say it."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftersales import clock, platform
from aftersales.bids import as_kept
from aftersales.display import dated, kept_money, moved_to
from aftersales.enums import (
    WANTS_GOODS,
    CaseType,
    Party,
    Remedy,
    RequestKind,
)
from aftersales.models import Complaint, Event
from aftersales.steps import STEPS

Telling = Callable[[dict[str, Any], bool], str]
TELLING: dict[str, Telling] = {}


def tells(*steps: str) -> Callable[[Telling], Telling]:
    def decorate(function: Telling) -> Telling:
        for name in steps:
            TELLING[name] = function
        return function

    return decorate


def told(event: Event) -> str:
    """An event in one line, as the buyer would say it."""
    mine = event.party == Party.BUYER
    if event.step == "send_message":
        return _("{who}发了消息").format(who=side_of(event.party))
    if telling := TELLING.get(event.step):
        return telling(event.told, mine)
    known = STEPS.get(event.step)
    return str(known.label) if known else event.step


@tells("apply")
def _applied(details: dict[str, Any], mine: bool) -> str:
    if details.get("type") in WANTS_GOODS:
        return _("你申请了{what}").format(what=CaseType(details["type"]).label)
    return _("你申请了退款 {amount}").format(amount=kept_money(details.get("amount")))


@tells("cancel")
def _cancelled(details: dict[str, Any], mine: bool) -> str:
    return _("你撤销了申请")


@tells("take_back")
def _came_back(details: dict[str, Any], mine: bool) -> str:
    return _("拒收的包裹已退回，退款 {amount}").format(amount=kept_money(details.get("amount")))


@tells("confirm_receipt")
def _received(details: dict[str, Any], mine: bool) -> str:
    if details.get("remedy"):
        return _("商家收到了你寄回的商品")
    return _("商家确认收货，退款 {amount}").format(amount=kept_money(details.get("amount")))


@tells("agree")
def _agreed(details: dict[str, Any], mine: bool) -> str:
    return _("商家同意退款 {amount}").format(amount=kept_money(details.get("amount")))


@tells("agree_return")
def _agreed_to_return(details: dict[str, Any], mine: bool) -> str:
    remedy = details.get("remedy", Remedy.REFUND)
    if remedy in Remedy.values and remedy != Remedy.REFUND:
        return _("商家同意{what}，请先寄回").format(what=Remedy(remedy).label)
    return _("商家同意退货")


@tells("agree_resend")
def _agreed_to_resend(details: dict[str, Any], mine: bool) -> str:
    return _("商家同意补寄")


@tells("ship_replacement")
def _shipped(details: dict[str, Any], mine: bool) -> str:
    return _("商家发出了商品")


@tells("note_arrival")
def _arrived_here(details: dict[str, Any], mine: bool) -> str:
    return _("商品已签收")


@tells("note_signing")
def _signed_after_all(details: dict[str, Any], mine: bool) -> str:
    return _("物流显示包裹已签收")


@tells("confirm_arrival")
def _confirmed_arrival(details: dict[str, Any], mine: bool) -> str:
    return _("你确认收到，没有问题")


@tells("choose_exchange")
def _chose_exchange(details: dict[str, Any], mine: bool) -> str:
    return _("你选择了换货")


@tells("choose_refund", "refund_instead", "refund_unshipped_remedy")
def _money_instead(details: dict[str, Any], mine: bool) -> str:
    amount = kept_money(details.get("amount"))
    if mine:
        return _("你选择了退款 {amount}").format(amount=amount)
    if details.get("unchosen"):
        return _("逾期没有选择，改为退款 {amount}").format(amount=amount)
    return _("商家没有发出商品，改为退款 {amount}").format(amount=amount)


@tells("dispute_arrival")
def _disputed(details: dict[str, Any], mine: bool) -> str:
    return _("你说收到的商品仍有问题，申请了平台介入")


@tells("agree_refusal")
def _agreed_to_refusal(details: dict[str, Any], mine: bool) -> str:
    return _("商家同意拒收后退款")


@tells("agree_by_default", "confirm_receipt_by_default")
def _by_default(details: dict[str, Any], mine: bool) -> str:
    return _("商家逾期未处理，按你的要求达成协议")


@tells("report_refusal")
def _refused_parcel(details: dict[str, Any], mine: bool) -> str:
    return _("你记录了包裹已拒签退回")


@tells("negotiate")
def _negotiated(details: dict[str, Any], mine: bool) -> str:
    number = int(details.get("round", 1))
    return _("商家开始协商") if number == 1 else _("商家发来第 {n} 轮协商").format(n=number)


@tells("improve_offer")
def _improved(details: dict[str, Any], mine: bool) -> str:
    return _("商家把方案提高到 {amount}").format(amount=kept_money(details.get("amount")))


@tells("reply")
def _replied(details: dict[str, Any], mine: bool) -> str:
    if details.get("counter"):
        wanted = as_kept(details, clock.now(), "counter")
        return _("你提出了方案：{plan}").format(plan=wanted)
    if details.get("round") == 0:
        return _("你没有接受商家验收后的提议")
    return _("你没有接受商家的方案")


@tells("accept_plan")
def _accepted(details: dict[str, Any], mine: bool) -> str:
    return _("你接受了方案：{plan}").format(plan=as_kept(details, clock.now()))


@tells("accept_counter")
def _accepted_mine(details: dict[str, Any], mine: bool) -> str:
    return _("商家接受了你的方案：{plan}").format(plan=as_kept(details, clock.now()))


def _request(details: dict[str, Any]) -> str:
    kind = details.get("kind", "")
    return str(RequestKind(kind).label) if kind in RequestKind.values else str(kind)


@tells("ask_for")
def _asked_for(details: dict[str, Any], mine: bool) -> str:
    told = _("你提出请求：{what}") if mine else _("商家提出请求：{what}")
    return told.format(what=_request(details))


@tells("answer_request")
def _answered_request(details: dict[str, Any], mine: bool) -> str:
    if mine:
        told = _("你照办了：{what}") if details.get("done") else _("你答复做不到：{what}")
    else:
        told = _("商家照办了：{what}") if details.get("done") else _("商家答复做不到：{what}")
    return told.format(what=_request(details))


@tells("lapse_request")
def _lapsed_request(details: dict[str, Any], mine: bool) -> str:
    what = _("、").join(_request({"kind": kind}) for kind in details.get("kinds", []))
    return _("请求逾期未答复：{what}").format(what=what)


@tells("confirm_agreed")
def _confirmed(details: dict[str, Any], mine: bool) -> str:
    return _("你确认了已协商一致")


@tells("stop_waiting")
def _stopped(details: dict[str, Any], mine: bool) -> str:
    return _("协商等待时间结束，你没有答复")


@tells("add_evidence")
def _added(details: dict[str, Any], mine: bool) -> str:
    count = len(details.get("evidence", []))
    who = _("你") if mine else _("商家")
    return ngettext("{who}补充了 {n} 份凭证", "{who}补充了 {n} 份凭证", count).format(
        who=who, n=count
    )


@tells("reject")
def _rejected(details: dict[str, Any], mine: bool) -> str:
    return _("商家驳回了申请")


@tells("refuse_receipt")
def _refused(details: dict[str, Any], mine: bool) -> str:
    return _("商家拒绝收货")


@tells("send_back")
def _sent_back(details: dict[str, Any], mine: bool) -> str:
    return _("你寄回了商品")


@tells("correct_tracking")
def _corrected(details: dict[str, Any], mine: bool) -> str:
    return _("你更正了快递单号")


@tells("receive_part")
def _received_part(details: dict[str, Any], mine: bool) -> str:
    if details.get("amount"):
        return _("商家登记了收货问题，提议退款 {amount}").format(
            amount=kept_money(details["amount"])
        )
    return _("商家登记了收货问题")


@tells("ask_platform")
def _asked(details: dict[str, Any], mine: bool) -> str:
    return _("你申请了平台介入") if mine else _("商家申请了平台介入")


@tells("take_over")
def _taken_over(details: dict[str, Any], mine: bool) -> str:
    return _("平台主动介入")


@tells("ask_supplement")
def _supplement_asked(details: dict[str, Any], mine: bool) -> str:
    if details.get("of") == Party.BUYER:
        return _("平台请你补充凭证")
    side = _("商家") if details.get("of") else _("双方")
    return _("平台请{side}补充凭证").format(side=side)


@tells("propose_suspension")
def _suspension_proposed(details: dict[str, Any], mine: bool) -> str:
    told = _("你提议中止 {n} 天") if mine else _("收到中止 {n} 天的提议")
    return told.format(n=details.get("days", ""))


@tells("answer_suspension")
def _suspension_answered(details: dict[str, Any], mine: bool) -> str:
    if not details.get("agreed"):
        return _("你没有同意中止") if mine else _("商家没有同意中止")
    if details.get("until"):
        return _("双方同意，平台中止了处理")
    return _("你同意中止") if mine else _("商家同意中止")


@tells("prove_suspension")
def _suspension_proven(details: dict[str, Any], mine: bool) -> str:
    return _("受理凭证已提交：{number}").format(number=details.get("number", ""))


@tells("suspend")
def _suspended(details: dict[str, Any], mine: bool) -> str:
    return _("平台中止了处理")


@tells("resume", "resume_by_default")
def _resumed(details: dict[str, Any], mine: bool) -> str:
    return _("平台恢复了处理")


@tells("decline")
def _declined(details: dict[str, Any], mine: bool) -> str:
    return _("平台不予受理：{reason}").format(reason=details.get("reason", ""))


@tells("give_address")
def _address_given(details: dict[str, Any], mine: bool) -> str:
    return _("商家按判定提供了退货地址")


@tells("execute_ruling")
def _executed(details: dict[str, Any], mine: bool) -> str:
    if details.get("amount"):
        return _("商家逾期未执行，平台退款 {amount}").format(amount=kept_money(details["amount"]))
    return _("商家逾期未执行，平台使用店铺的默认退货地址")


@tells("appeal")
def _appealed(details: dict[str, Any], mine: bool) -> str:
    return _("你对判定提出了申诉") if mine else _("商家对判定提出了申诉")


@tells("uphold_appeal")
def _upheld(details: dict[str, Any], mine: bool) -> str:
    return _("申诉不成立，维持原判")


@tells("reverse_ruling")
def _reversed(details: dict[str, Any], mine: bool) -> str:
    if details.get("amount"):
        return _("申诉成立，改判退款 {amount}").format(amount=kept_money(details["amount"]))
    return _("申诉成立，已改判；不影响已付的退款")


@tells("withdraw")
def _withdrawn(details: dict[str, Any], mine: bool) -> str:
    return _("你撤回了平台介入") if mine else _("商家撤回了平台介入")


@tells("rule")
def _ruled(details: dict[str, Any], mine: bool) -> str:
    told, who = platform.found(details)
    return _("平台判定：{ruling}，责任方：{side}").format(ruling=told, side=who)


@tells("finish_refund", "settle_offline")
def _arrived(details: dict[str, Any], mine: bool) -> str:
    return _("退款到账 {amount}").format(amount=kept_money(details.get("amount"))).strip()


@tells("fail_refund")
def _failed(details: dict[str, Any], mine: bool) -> str:
    return _("退款遇到问题，平台正在处理")


@tells("close_unreturned", "close_unrefused", "lapse_rejection")
def _lapsed(details: dict[str, Any], mine: bool) -> str:
    return _("超过时限，售后已关闭")


@tells("extend")
def _extended(details: dict[str, Any], mine: bool) -> str:
    until = dated(moved_to(details), clock.now())
    return _("时限延后到 {until}：{why}").format(until=until, why=details.get("why", ""))


@tells("excuse")
def _excused(details: dict[str, Any], mine: bool) -> str:
    return _("自动处理发生在平台故障期间，不计为任何一方的责任")


@tells("allow_again")
def _allowed_again(details: dict[str, Any], mine: bool) -> str:
    return _("商家同意你因同样的原因再次申请")


@tells("ask_reopen")
def _asked_again(details: dict[str, Any], mine: bool) -> str:
    return _("你申请了重新处理") if mine else _("商家申请了重新处理")


@tells("reopen")
def _reopened(details: dict[str, Any], mine: bool) -> str:
    return _("平台已重新处理，时限重新计算")


@tells("decline_reopen")
def _not_reopened(details: dict[str, Any], mine: bool) -> str:
    return _("平台维持自动结果：{note}").format(note=details.get("note", ""))


@tells("record_complaint")
def _complained(details: dict[str, Any], mine: bool) -> str:
    channels = dict(Complaint.Channel.choices)
    channel = channels.get(details.get("channel", ""), "")
    return _("登记了外部投诉：{channel}").format(channel=channel)


@tells("update_complaint")
def _complaint_went_on(details: dict[str, Any], mine: bool) -> str:
    states = dict(Complaint.State.choices)
    state = str(states.get(details.get("complaint", ""), ""))
    return _("外部投诉：{state}").format(state=state)


def side_of(party: str) -> str:
    return _("你") if party == Party.BUYER else str(Party(party).label)
