"""申请条件: which demands an order line allows now, and the sentence where it does not (G1 to G5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext

from aftersales.enums import (
    SENDS_BACK,
    CaseType,
    Clock,
    GoodsState,
    OrderState,
    Phase,
    Remedy,
)
from aftersales.rules import warranty
from aftersales.rules.deadlines import no_reason_until

if TYPE_CHECKING:
    from aftersales.models import Order, OrderLine, Policy, Reason

SPOILS = frozenset({"R11"})
MOST_PRICE_DIFFERENCES = 1  # a line, besides the ordinary case (walk 8 of §1.7)


class Past(NamedTuple):
    """What is known of earlier applications for the line; price differences count by themselves."""

    ever: int
    active: bool
    cancelled: int
    quantity: int  # pieces already refunded or returned
    price_ever: int = 0
    price_cancelled: int = 0


class Option(NamedTuple):
    """A demand, and why it can't be chosen (empty: it can)."""

    type: CaseType
    refusal: str


def barred(kind: str, order: "Order", line: "OrderLine", past: Past, policy: "Policy") -> str:
    """Why this demand can't be made again, or at all, for this line (G1, G2, G5)."""
    if order.state in (OrderState.UNPAID, OrderState.CLOSED):
        return gettext("订单未付款或已关闭，不能申请售后")
    if line.gift_of_id is not None:
        return gettext("赠品随主商品一起处理，请在主商品上申请")
    if kind == CaseType.PRICE_DIFFERENCE:
        counted = (
            past.price_ever if policy.cancel_is_final else past.price_ever - past.price_cancelled
        )
        return gettext("每件商品只能申请一次退差价") if counted >= MOST_PRICE_DIFFERENCES else ""
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


def options(
    line: "OrderLine",
    past: Past,
    policy: "Policy",
    at: datetime,
    windows: Mapping[str, Mapping[str, int]],
) -> list[Option]:
    """Every demand with the reason why it can't be chosen, for the order's real state (G1 to G5).

    ``windows`` are those of each demand: one may have a longer window than another.
    """
    return [
        Option(
            kind,
            barred(kind, line.order, line, past, policy) or unfit(kind, line, at, windows[kind]),
        )
        for kind in CaseType
    ]


def chief_refusal(choices: Sequence[Option]) -> str:
    """Why none of the ordinary demands can be made; empty when one can."""
    refusals = {
        each.type: each.refusal for each in choices if each.type != CaseType.PRICE_DIFFERENCE
    }
    return refusals[CaseType.RETURN_REFUND] if all(refusals.values()) else ""


def unfit(kind: str, line: "OrderLine", at: datetime, windows: Mapping[str, int]) -> str:
    """Why a demand does not fit the order's real state and time (G3, G4); empty when it does."""
    order = line.order
    if kind == CaseType.PRICE_DIFFERENCE:
        return gettext("已超过价格保护期") if price_over(order, at, windows) else ""
    if kind == CaseType.REFUND_UNSHIPPED:
        return gettext("商品已发货") if line.shipped else ""
    if kind == CaseType.RESEND and order.state == OrderState.PART:
        return ""  # shipped in part: what is missing of it may be sent after (§1.1)
    if not line.shipped:
        return gettext("商品还没有发货，请选择未发货仅退款")
    over = after_sale_over(order, at, windows)
    if kind == CaseType.REFUND_NOT_RECEIVED:
        return gettext("已超过售后期") if over else ""
    if not line.signed:
        return gettext("还没有签收，签收后才能选择")
    covered = claimable(line, at, windows)
    if kind == CaseType.REPAIR:
        if order.state != OrderState.FINISHED:
            return gettext("交易成功后才能申请维修，现在可以换货或退货")
        return "" if covered else gettext("已过保修期")
    if over and not (covered and kind in SENDS_BACK):
        return gettext("已超过售后期和保修期") if kind in SENDS_BACK else gettext("已超过售后期")
    if kind == CaseType.RETURN_REFUND and return_over(line, at, windows) and not covered:
        days = timedelta(minutes=windows[str(Clock.NO_REASON)]).days
        return gettext("签收已超过 %(n)s 天，不能申请普通退货退款") % {"n": days}
    return ""


def over(
    kind: str, line: "OrderLine", at: datetime, windows: Mapping[str, int], quality: bool
) -> bool:
    """Whether a demand was made after its time (G4): files that tell of a signature or of a trade's
    end may come later than the claim."""
    order = line.order
    if kind == CaseType.PRICE_DIFFERENCE:
        return price_over(order, at, windows)
    if kind == CaseType.REFUND_UNSHIPPED:
        return False
    if kind == CaseType.REPAIR:
        return not warranty.runs(line, order, windows, at)
    if quality and kind in SENDS_BACK and claimable(line, at, windows):
        return False
    returns = kind == CaseType.RETURN_REFUND and return_over(line, at, windows)
    return returns or after_sale_over(order, at, windows)


def claimable(line: "OrderLine", at: datetime, windows: Mapping[str, int]) -> bool:
    """售后保障维权 (S-08): the trade has succeeded, and the warranty still runs (D19)."""
    order = line.order
    return order.state == OrderState.FINISHED and warranty.runs(line, order, windows, at)


def return_over(line: "OrderLine", at: datetime, windows: Mapping[str, int]) -> bool:
    """Whether the seven days of an ordinary return are past (S-05, D17)."""
    if line.signed_at is None:
        return False
    return at >= no_reason_until(line.signed_at, windows[str(Clock.NO_REASON)])


def after_sale_over(order: "Order", at: datetime, windows: Mapping[str, int]) -> bool:
    """Whether the period after the trade's success is past (D18)."""
    if order.finished_at is None:
        return False
    return at >= order.finished_at + timedelta(minutes=windows[str(Clock.AFTER_SALE)])


def spoiled_over(line: "OrderLine", at: datetime, windows: Mapping[str, int]) -> bool:
    """Whether it is too late to say that fresh goods were spoiled, where their category has a
    row for it (R11)."""
    minutes = windows.get(str(Clock.SPOILED))
    if minutes is None or line.signed_at is None:
        return False
    return at >= line.signed_at + timedelta(minutes=minutes)


def price_over(order: "Order", at: datetime, windows: Mapping[str, int]) -> bool:
    """Whether the price is protected no more, counted from paying."""
    if order.paid_at is None:
        return False
    return at >= order.paid_at + timedelta(minutes=windows[str(Clock.PRICE)])


def goods_states(kind: str, line: "OrderLine") -> list[GoodsState]:
    """What the buyer may say of the goods for a demand, by where the line really stands."""
    if kind in (CaseType.REFUND_UNSHIPPED, CaseType.PRICE_DIFFERENCE):
        return [GoodsState.NONE]
    if kind == CaseType.REFUND_NOT_RECEIVED:
        if line.signed:
            return [GoodsState.SIGNED_NOT_RECEIVED]
        return [GoodsState.NEVER_CAME, GoodsState.SIGNED_NOT_RECEIVED, GoodsState.REFUSED]
    if kind == CaseType.RESEND and not line.signed:
        return [GoodsState.NEVER_CAME]
    return [GoodsState.RECEIVED]


def told_anyway(kind: str, line: "OrderLine") -> str:
    """What the demand itself says of the goods; nothing where the buyer must say it."""
    asks = (CaseType.REFUND_UNSHIPPED, CaseType.REFUND_NOT_RECEIVED, CaseType.PRICE_DIFFERENCE)
    return "" if kind in asks else str(goods_states(kind, line)[0])


def remedy_of(kind: str) -> Remedy:
    """What a case of this type is to end with, as it is asked for."""
    return Remedy(kind) if kind in Remedy.values else Remedy.REFUND


def reason_refusal(
    reason: "Reason",
    kind: str,
    goods: str,
    line: "OrderLine",
    at: datetime,
    windows: Mapping[str, int],
) -> str:
    """Why a reason can't be given for this demand; empty when it can (G4, G7)."""
    if not reason.active or kind not in reason.types:
        return gettext("这个原因不适用于所选的售后类型")
    if reason.goods_states and goods not in reason.goods_states:
        return gettext("这个原因与收货情况不符")
    if reason.no_reason:
        if not line.no_reason and line.exception_confirmed:
            return gettext("这件商品不支持七天无理由，购买时已确认")
        if return_over(line, at, windows):
            return gettext("已超过七天无理由期限")
    if reason.code in SPOILS and spoiled_over(line, at, windows):
        return gettext("这类商品变质需在签收后尽快申请，现在已超过期限")
    late = after_sale_over(line.order, at, windows) or (
        kind == CaseType.RETURN_REFUND and return_over(line, at, windows)
    )
    if late and kind in SENDS_BACK and not reason.quality:
        return gettext("超过普通售后期限后，只能因质量问题发起售后保障维权")
    return ""


def phase_of(order: "Order") -> Phase:
    """售中 until the trade has succeeded, 售后 from then on; stored on the case (S-10)."""
    return Phase.AFTERSALE if order.state == OrderState.FINISHED else Phase.ONSALE
