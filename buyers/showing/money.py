"""钱款去向: each payout by its route, from submitting to arriving (S-37)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from aftersales.display import Stop, money, tail, when
from aftersales.enums import Purpose, RefundState
from aftersales.models import Case, Refund


@dataclass(frozen=True)
class Shown:
    route: str
    amount: Decimal  # yuan; nothing where it is paid in kind
    told: str
    number: str
    reference: str
    purpose: str
    stops: list[Stop]
    note: str


def shown_refunds(case: Case, now: datetime) -> list[Shown]:
    return [_shown(refund, now) for refund in case.refunds.all()]


def _shown(refund: Refund, now: datetime) -> Shown:
    state = RefundState(refund.state)
    done = {
        RefundState.OWED: 0,
        RefundState.SENT: 1,
        RefundState.PAID: 3,
        RefundState.FAILED: 1,
    }[state]
    names = [
        (_("提交"), refund.sent_at or (refund.paid_at if done == 3 else None)),
        (_("银行处理"), None),
        (_("到账"), refund.paid_at),
    ]
    stops = [
        Stop(
            name,
            when(at, now) if at and number < done else "",
            "done" if number < done else ("on" if number == done else ""),
        )
        for number, (name, at) in enumerate(names)
    ]
    notes = {
        RefundState.OWED: _("正在提交给支付渠道"),
        RefundState.SENT: _("已提交，到账时间以银行为准"),
        RefundState.PAID: _("已到账"),
        RefundState.FAILED: _("渠道没有受理，平台正在处理，无需操作"),
    }
    note = notes[state]
    if state == RefundState.PAID and refund.proof:
        note = _("已由平台线下退款：{proof}").format(proof=refund.proof)
    return Shown(
        route=refund.route,
        amount=Decimal() if refund.in_kind else refund.amount,
        told=_told(refund),
        number=refund.number,
        reference=tail(refund.reference) if refund.reference else "",
        purpose="" if refund.purpose == Purpose.REFUND else refund.get_purpose_display(),
        stops=stops,
        note=note,
    )


def _told(refund: Refund) -> str:
    if refund.purpose == Purpose.POINTS:
        return _("{n} 积分").format(n=int(refund.amount))
    return money(refund.amount)
