"""申请条件: which demands an order line allows now, and the sentence where it does not (G1 to G5)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext

from aftersales.enums import CaseType, Clock, GoodsState, OrderState, Phase
from aftersales.rules.deadlines import no_reason_until

if TYPE_CHECKING:
    from aftersales.models import Order, OrderLine, Policy, Reason


class Past(NamedTuple):
    """What is known of earlier applications for the line."""

    ever: int
    active: bool
    cancelled: int
    quantity: int  # pieces already refunded or returned


class Option(NamedTuple):
    """A demand, and why it can't be chosen (empty: it can)."""

    type: CaseType
    refusal: str


def barred(order: "Order", line: "OrderLine", past: Past, policy: "Policy") -> str:
    """Why no demand at all can be made for this line now; empty when one can (G1, G2, G5)."""
    if order.state in (OrderState.UNPAID, OrderState.CLOSED):
        return gettext("订单未付款或已关闭，不能申请售后")
    if line.gift_of_id is not None:
        return gettext("赠品随主商品一起处理，请在主商品上申请")
    if past.active:
        return gettext("这件商品正在售后中")
    counted = past.ever if policy.cancel_is_final else past.ever - past.cancelled
    if counted >= policy.max_applications_per_line:
        if past.cancelled and policy.cancel_is_final:
            return gettext("你撤销过这件商品的售后，不能再次申请")
        return gettext("每件商品只能申请一次售后")
    if past.quantity >= line.quantity:
        return gettext("这件商品已全部退款或退货")
    return ""


def options(order: "Order", at: datetime, windows: dict[str, int]) -> list[Option]:
    """Every demand with the reason why it can't be chosen, for the order's real state (G3, G4)."""
    return [Option(kind, _unfit(kind, order, at, windows)) for kind in CaseType]


def _unfit(kind: CaseType, order: "Order", at: datetime, windows: dict[str, int]) -> str:
    if kind == CaseType.REFUND_UNSHIPPED:
        return gettext("商品已发货") if order.shipped else ""
    if not order.shipped:
        return gettext("商品还没有发货，请选择未发货仅退款")
    over = after_sale_over(order, at, windows)
    if kind == CaseType.REFUND_NOT_RECEIVED:
        return gettext("已超过售后期") if over else ""
    if not order.signed:
        return gettext("还没有签收，签收后才能选择")
    if over:
        return gettext("已超过售后期")
    if kind == CaseType.RETURN_REFUND and return_over(order, at, windows):
        return gettext("签收已超过 7 天，不能申请普通退货退款")
    return ""


def return_over(order: "Order", at: datetime, windows: dict[str, int]) -> bool:
    """Whether the seven days of an ordinary return are past (S-05, D17)."""
    if order.signed_at is None:
        return False
    return at >= no_reason_until(order.signed_at, windows[str(Clock.NO_REASON)])


def after_sale_over(order: "Order", at: datetime, windows: dict[str, int]) -> bool:
    """Whether the period after the trade's success is past (D18)."""
    if order.finished_at is None:
        return False
    return at >= order.finished_at + timedelta(minutes=windows[str(Clock.AFTER_SALE)])


def goods_states(kind: str, order: "Order") -> list[GoodsState]:
    """What the buyer may say of the goods for a demand, by the order's real state."""
    if kind == CaseType.REFUND_UNSHIPPED:
        return [GoodsState.NONE]
    if kind == CaseType.REFUND_NOT_RECEIVED:
        if order.signed:
            return [GoodsState.SIGNED_NOT_RECEIVED]
        return [GoodsState.NEVER_CAME, GoodsState.SIGNED_NOT_RECEIVED, GoodsState.REFUSED]
    return [GoodsState.RECEIVED]


def reason_refusal(
    reason: "Reason",
    kind: str,
    goods: str,
    line: "OrderLine",
    at: datetime,
    windows: dict[str, int],
) -> str:
    """Why a reason can't be given for this demand; empty when it can (G4, G7)."""
    if not reason.active or kind not in reason.types:
        return gettext("这个原因不适用于所选的售后类型")
    if reason.goods_states and goods not in reason.goods_states:
        return gettext("这个原因与收货情况不符")
    if reason.no_reason:
        if not line.no_reason and line.exception_confirmed:
            return gettext("这件商品不支持七天无理由，购买时已确认")
        signed = line.order.signed_at
        if signed and at >= no_reason_until(signed, windows[str(Clock.NO_REASON)]):
            return gettext("已超过七天无理由期限")
    return ""


def phase_of(order: "Order") -> Phase:
    """售中 until the trade has succeeded, 售后 from then on; stored on the case."""
    return Phase.AFTERSALE if order.state == OrderState.FINISHED else Phase.ONSALE
