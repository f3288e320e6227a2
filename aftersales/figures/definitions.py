"""What each figure is (metrics.md 4.2): what is counted, by what it is divided, and how that is said."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.models.figures import Measure

HUNDREDTH = Decimal("0.01")
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1) // MICROSECOND


@dataclass(frozen=True)
class Tally:
    """What a measure adds up to in a window: how many, and how long they took together."""

    number: int = 0
    took: timedelta = timedelta()

    @property
    def hours(self) -> Decimal:
        return (Decimal(self.took // MICROSECOND) / HOUR).quantize(HUNDREDTH, ROUND_HALF_UP)


@dataclass(frozen=True)
class Figure:
    """A rate (``of`` is what it is divided by), a mean in hours (``hours``), or a number.

    ``better`` says which way is good for the shop: 1 up, -1 down, 0 neither.
    """

    key: str
    label: Any
    count: Measure
    says: Any
    of: Measure | None = None
    hours: bool = False
    better: int = 0

    @property
    def measures(self) -> dict[str, Measure]:
        """What it is made from, by the name under which an address asks for it."""
        return {"count": self.count} | ({"of": self.of} if self.of else {})

    @property
    def unit(self) -> Any:
        return _("小时") if self.hours else "%" if self.of else ""

    def value(self, count: Tally, of: Tally) -> Decimal | None:
        """Percent or hours with two decimals, rounded half up; none where nothing divides it."""
        if self.hours:
            return _divided(count.took // MICROSECOND, count.number * HOUR)
        if self.of:
            return _divided(count.number * 100, of.number)
        return Decimal(count.number)


def _divided(top: int, bottom: int) -> Decimal | None:
    if not bottom:
        return None
    return (Decimal(top) / Decimal(bottom)).quantize(HUNDREDTH, ROUND_HALF_UP)


FIGURES = [
    Figure(
        "intervention_rate",
        _("平台介入率"),
        Measure.INTERVENED,
        _("30 天内进入平台处理的订单 ÷ 付款订单。每个订单只算一次，撤回的介入也算。"),
        of=Measure.PAID,
        better=-1,
    ),
    Figure(
        "dispute_refund_rate",
        _("纠纷退款率"),
        Measure.DISPUTE_REFUNDED,
        _("30 天内经平台判定支持买家、责任在商家并已退款的订单 ÷ 付款订单。申诉改判后不再计入。"),
        of=Measure.PAID,
        better=-1,
    ),
    Figure(
        "quality_refund_rate",
        _("品质退款率"),
        Measure.QUALITY_REFUNDED,
        _("30 天内以品质原因退款成功的订单 ÷ 付款订单。平台故障期间自动同意的不计。"),
        of=Measure.PAID,
        better=-1,
    ),
    Figure(
        "refund_rate",
        _("成功退款率"),
        Measure.REFUNDED,
        _("30 天内退款成功的订单 ÷ 付款订单。每个订单只算一次。"),
        of=Measure.PAID,
    ),
    Figure(
        "avg_refund_hours",
        _("平均退款时长"),
        Measure.REFUND_TIME,
        _("30 天内退款成功的售后单，从买家申请到退款成功的平均时间。"),
        hours=True,
        better=-1,
    ),
    Figure(
        "self_refund_hours",
        _("自主完结时长 · 仅退款"),
        Measure.SELF_REFUND,
        _(
            "自主完结：平台从未介入、由买卖双方自己了结。30 天内这样退款成功的仅退款售后单，从申请到退款成功的平均时间。"
        ),
        hours=True,
        better=-1,
    ),
    Figure(
        "self_return_hours",
        _("自主完结时长 · 退货退款"),
        Measure.SELF_RETURN,
        _(
            "自主完结：平台从未介入、由买卖双方自己了结。30 天内这样退款成功的退货退款售后单，从申请到退款成功的平均时间。"
        ),
        hours=True,
        better=-1,
    ),
    Figure(
        "self_signed_hours",
        _("商家签收后平均退款时长"),
        Measure.SELF_SIGNED,
        _("同“自主完结时长 · 退货退款”，但从承运商显示商家签收退货算起；没有签收记录的不计。"),
        hours=True,
        better=-1,
    ),
    Figure(
        "first_response_hours",
        _("首次响应时长"),
        Measure.RESPONDED,
        _("30 天内商家首次处理（同意、发起协商或驳回）的售后单，从申请到首次处理的平均时间。"),
        hours=True,
        better=-1,
    ),
    Figure(
        "overdue_rate",
        _("超时率"),
        Measure.OVERDUE,
        _(
            "30 天内商家逾期、系统自动同意的售后单 ÷ 应由商家处理的售后单（已答复的和逾期的，买家撤销的除外）。平台故障期间的不计。"
        ),
        of=Measure.DUE,
        better=-1,
    ),
    Figure(
        "rejection_rate",
        _("驳回率"),
        Measure.REJECTED,
        _("30 天内商家驳回或拒绝收货的售后单 ÷ 商家作出决定的售后单。"),
        of=Measure.HANDLED,
    ),
    Figure(
        "rejection_intervention_rate",
        _("驳回后介入率"),
        Measure.REJECTED_INTERVENED,
        _("30 天内驳回的售后单中，之后在这 30 天内进入平台处理的占比。"),
        of=Measure.REJECTED,
        better=-1,
    ),
    Figure(
        "rejection_loss_rate",
        _("驳回后判责率"),
        Measure.REJECTED_LOST,
        _(
            "30 天内驳回的售后单中，之后在这 30 天内经平台判定支持买家、责任在商家的占比。申诉改判后不再计入。"
        ),
        of=Measure.REJECTED,
        better=-1,
    ),
    Figure(
        "negotiation_success_rate",
        _("协商成功率"),
        Measure.SETTLED,
        _(
            "30 天内发起过协商的售后单中，之后在这 30 天内由买家接受方案、确认协商一致，或商家同意而了结的占比。"
        ),
        of=Measure.NEGOTIATED,
        better=1,
    ),
    Figure(
        "orders_30",
        _("付款订单"),
        Measure.PAID,
        _(
            "30 天内付款的订单数。付款后在规则设定的宽限时间内申请未发货退款、未发货就全部退完的不计。"
        ),
        better=1,
    ),
    Figure(
        "cases_30",
        pgettext_lazy("figures", "申请售后"),
        Measure.APPLIED,
        _("30 天内买家提交的售后申请数。"),
    ),
]
BY_KEY = {figure.key: figure for figure in FIGURES}
