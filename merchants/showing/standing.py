"""Where a case stands, for the merchant: the badge, the clock and what happens otherwise."""

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from aftersales.display import deadline, money, when
from aftersales.enums import CaseType, Party, Remedy, RoundState, ScanKind, Stage, Status
from aftersales.models import Case, Parcel
from aftersales.platform import asked_of, filed
from aftersales.rules import facts
from aftersales.rules.deadlines import beyond_repair, executing


class Standing(NamedTuple):
    """A badge: its words, its colour, and a line under it; ``fresh`` where something is new."""

    text: str
    kind: str
    hint: str = ""
    fresh: bool = False


ENDS = {
    Status.REFUNDED: "ok",
    Status.COMPLETED: "ok",
    Status.CLOSED_AGREED: "ok",
    Status.CANCELLED: "off",
    Status.CLOSED_BUYER_TIMEOUT: "off",
    Status.CLOSED_PLATFORM_DENIED: "off",
}


def standing(case: Case, now: datetime, proved: int | None = None) -> Standing:
    """Whose turn it is in this case and why (copy deck 3.3); ``proved``: how many proofs we have
    filed since the platform asked for them, where that is known already."""
    status = Status(case.status)
    if status in ENDS:
        return Standing(str(status.label), ENDS[status])
    if status in (Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT):
        return _in_hand(case, now)
    if status in (Status.REJECTED, Status.RETURN_REFUSED):
        return Standing(_("已驳回，等买家"), "them")
    if status == Status.AWAITING_BUYER_RETURN:
        return Standing(_("等买家退货"), "them")
    if status == Status.AWAITING_DELIVERY_REFUSAL:
        return Standing(_("等买家拒收"), "them")
    if status == Status.AWAITING_MERCHANT_SHIP:
        return _to_ship(case)
    if status == Status.AWAITING_BUYER_RECEIPT:
        hint = _("已签收") if case.replacement_signed_at else _("运输中")
        return Standing(_("等买家收货"), "them", hint)
    if status == Status.PLATFORM_REVIEW:
        return _with_platform(case, now, proved)
    if status == Status.REFUND_FAILED:
        return Standing(_("退款失败，平台处理中"), "platform")
    return Standing(_("退款中"), "off")


def proving(case: Case) -> bool:
    """Whether the platform takes evidence from the shop now."""
    return case.stage == Stage.EVIDENCE or asked_of(case, Party.MERCHANT) is not None


def _with_platform(case: Case, now: datetime, proved: int | None) -> Standing:
    if case.suspended:
        return Standing(_("平台已中止处理"), "platform")
    if executing(case):
        return Standing(_("待我执行判定"), "mine", _("提供退货地址"))
    if not proving(case):
        return Standing(_("平台处理中"), "platform", _("等待判定"))
    until = {"until": when(case.evidence_due_at, now)}
    if filed(case, Party.MERCHANT) if proved is None else proved:
        return Standing(_("平台处理中"), "platform", _("已举证，%(until)s 前可补充") % until)
    due = _("待我举证") if case.stage == Stage.EVIDENCE else _("平台请我方补充凭证")
    return Standing(due, "mine", _("%(until)s 前可举证") % until)


def _to_ship(case: Case) -> Standing:
    if beyond_repair(case):
        return Standing(_("等买家选择"), "them", _("已报告修不好"))
    hint = {
        Remedy.EXCHANGE: _("发出换货"),
        Remedy.RESEND: _("补寄"),
        Remedy.REPAIR: _("修好寄回"),
        Remedy.GIVE_BACK: _("寄还原商品"),
    }.get(Remedy(case.remedy), "")
    return Standing(_("待发出"), "mine", hint)


def _in_hand(case: Case, now: datetime) -> Standing:
    back = case.status == Status.AWAITING_MERCHANT_RECEIPT
    if case.round_state == RoundState.WAITING:
        until = when(case.reply_due_at, now)
        return Standing(
            _("等买家回复"),
            "them",
            _("%(round)s · 到 %(until)s") % {"round": _round(case), "until": until},
        )
    if case.round_state == RoundState.ANSWERED:
        return Standing(_("买家已回复"), "mine", _next_in_tool(case), fresh=True)
    if case.round_state == RoundState.EXPIRED:
        return Standing(_("等待已结束"), "mine", _next_in_tool(case), fresh=True)
    if back:
        signed = _("退货已签收") if case.return_signed_at else _("退货在途")
        return Standing(_("待验收"), "mine", signed)
    if case.round_state == RoundState.ACCEPTED:
        return Standing(_("待我处理"), "mine", _("买家已接受方案"))
    return Standing(_("待我处理"), "mine", _("已核实风险") if case.prechecked_at else "")


def _next_in_tool(case: Case) -> str:
    if case.round_number >= int(case.policy["min_rounds"]):
        return _("%(round)s · 可驳回") % {"round": _round(case)}
    return _("%(round)s · 可再谈") % {"round": _round(case)}


def _round(case: Case) -> str:
    if case.round_number == 1:
        return _("第一轮")
    return _("第二轮") if case.round_number == 2 else _("第 %(n)s 轮") % {"n": case.round_number}


def clock_title(case: Case) -> str:
    """What the clock of the present status counts down to."""
    if case.suspended:
        return _("中止剩余时间")
    if executing(case):
        return _("执行判定剩余时间")
    if case.status == Status.AWAITING_MERCHANT_SHIP and beyond_repair(case):
        return _("买家选择剩余时间")
    return {
        Status.PENDING_MERCHANT: _("处理剩余时间"),
        Status.REJECTED: _("买家回应剩余时间"),
        Status.RETURN_REFUSED: _("买家回应剩余时间"),
        Status.AWAITING_BUYER_RETURN: _("买家寄回剩余时间"),
        Status.AWAITING_DELIVERY_REFUSAL: _("拒收退回剩余时间"),
        Status.AWAITING_MERCHANT_RECEIPT: _("验收剩余时间"),
        Status.AWAITING_MERCHANT_SHIP: _("发出剩余时间"),
        Status.AWAITING_BUYER_RECEIPT: _("买家收货剩余时间"),
        Status.PLATFORM_REVIEW: _("平台处理剩余时间"),
    }.get(Status(case.status), _("剩余时间"))


def otherwise(case: Case, now: datetime) -> str:
    """What time does if nobody acts, and for how much."""
    status, amount = Status(case.status), money(case.worth)
    if status == Status.PENDING_MERCHANT:
        return _if_unhandled(case, amount)
    if status == Status.AWAITING_MERCHANT_RECEIPT:
        if case.remedy != Remedy.REFUND:
            return _("到期未确认，视为已收货，请随即发出；协商不会暂停这个时限。")
        return _("到期未确认，将自动退款 %(amount)s；协商不会暂停这个时限。") % {
            "amount": money(case.whole)
        }
    if status in (Status.REJECTED, Status.RETURN_REFUSED):
        return _("在此之前买家可以接受方案、补充凭证或申请平台介入；逾期未回应，售后关闭。")
    if status == Status.AWAITING_BUYER_RETURN:
        return _("买家逾期未填写退货单号，售后关闭。")
    if status == Status.AWAITING_DELIVERY_REFUSAL:
        return _("包裹退回后自动退款 %(amount)s；到期仍显示签收的，售后关闭。") % {"amount": amount}
    if status == Status.AWAITING_MERCHANT_SHIP:
        told = _("到期未发出，将自动退款 %(amount)s。")
        if beyond_repair(case):
            told = _("买家到期没有选择换货或退款，将自动退款 %(amount)s。")
        return told % {"amount": money(case.worth_unsent)}
    if status == Status.AWAITING_BUYER_RECEIPT:
        return _("到期买家没有提出问题，售后完成。")
    if status == Status.PLATFORM_REVIEW and case.suspended:
        return _("到期自动恢复，举证和判定的时限从剩余的时间继续；中止期间只能留言。")
    if executing(case):
        return _(
            "平台判定需要寄回，请提供退货地址；逾期由平台执行：用本店默认地址，没有地址的直接退款 %(amount)s。"
        ) % {"amount": money(case.to_refund or case.worth)}
    if status == Status.PLATFORM_REVIEW and proving(case) and filed(case, Party.MERCHANT):
        return _("我方凭证已提交，%(until)s 前还可以补充，之后不再接收；平台在此之前给出结果。") % {
            "until": deadline(case.evidence_due_at, now)
        }
    if status == Status.PLATFORM_REVIEW and case.stage == Stage.SUPPLEMENT:
        return _supplement(case, now)
    if status == Status.PLATFORM_REVIEW and case.stage == Stage.EVIDENCE:
        return _("请在 %(until)s 前提交凭证，逾期不再接收；平台在此之前给出结果。") % {
            "until": deadline(case.evidence_due_at, now)
        }
    if status == Status.PLATFORM_REVIEW:
        return _("举证已结束，平台在此之前给出结果，无需操作。")
    return ""


def _supplement(case: Case, now: datetime) -> str:
    until = deadline(case.evidence_due_at, now)
    if asked_of(case, Party.MERCHANT) is None:
        return _("平台请买家在 %(until)s 前补充凭证，之后判定；我方无需操作。") % {"until": until}
    return _("请在 %(until)s 前按平台的要求补充凭证，逾期不再接收，没有补充的后果由我方承担。") % {
        "until": until
    }


def _if_unhandled(case: Case, amount: str) -> str:
    pauses = case.policy["negotiation_pauses_deadline"]
    tail = "" if pauses else _("；协商不会暂停这个时限")
    if case.type == CaseType.RESEND:
        return _("到期未处理，将自动同意补寄%(tail)s。") % {"tail": tail}
    if not case.needs_return:
        return _("到期未处理，将按买家要求自动退款 %(amount)s%(tail)s。") % {
            "amount": amount,
            "tail": tail,
        }
    if case.default_address() is None:
        return _(
            "到期未处理，且本店没有有效的退货地址，将直接退款 %(amount)s，无需退货%(tail)s。"
        ) % {
            "amount": amount,
            "tail": tail,
        }
    if case.wants_goods:
        return _("到期未处理，将自动同意买家寄回，收到后请%(remedy)s%(tail)s。") % {
            "remedy": case.get_type_display(),
            "tail": tail,
        }
    return _("到期未处理，将自动同意退货，收到退货后退款 %(amount)s%(tail)s。") % {
        "amount": amount,
        "tail": tail,
    }


def shipping(case: Case, parcel: Parcel | None, now: datetime) -> tuple[str, str]:
    """The outbound parcel in two lines: its state, and since when or why it is odd."""
    if case.return_tracking and case.status == Status.AWAITING_MERCHANT_RECEIPT:
        at = case.return_signed_at or case.return_filed_at
        return (_("退货已签收") if case.return_signed_at else _("退货在途"), when(at, now))
    if parcel is None:
        return (_("未发货"), "")
    at = parcel.signed_at or parcel.last_scan_at or parcel.shipped_at
    if facts.idle(parcel, now) and parcel.last_scan_at:
        days = (now - parcel.last_scan_at).days
        return (_("断更 %(days)s 天") % {"days": days}, when(parcel.last_scan_at, now))
    if not parcel.state:
        return (_("未揽收"), when(at, now))
    return (str(ScanKind(parcel.state).label), when(at, now))
