"""可退金额与运费: what may be refunded, to the cent, and who bears the freight (G6, §1.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from aftersales.enums import CaseType, Freight, FreightCover

if TYPE_CHECKING:
    from aftersales.models import Order, Reason

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to two places."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def claimable(amount: Decimal | None, most: Decimal) -> bool:
    """Whether somebody may ask for ``amount`` where ``most`` is the most; NaN and infinity never."""
    return amount is not None and amount.is_finite() and NOTHING < amount <= most


@dataclass(frozen=True)
class Earlier:
    """An application made before for the same line: pieces and yuan refunded or claimed."""

    quantity: int
    amount: Decimal


@dataclass(frozen=True)
class Refundable:
    """How the most that can be claimed is made up (怎么算的); all in yuan, two places."""

    goods: Decimal
    postage: Decimal
    earlier: Decimal

    @property
    def total(self) -> Decimal:
        return max(self.goods + self.postage, NOTHING)


def share(paid: Decimal, pieces: int, before: int, quantity: int) -> Decimal:
    """The part of what was paid for a line that falls on ``quantity`` pieces after ``before``.

    Cumulative rounding: however the pieces are split, the parts add up to exactly ``paid``.
    """
    return cents(paid * (before + quantity) / pieces) - cents(paid * before / pieces)


def refundable(
    *,
    paid: Decimal,
    pieces: int,
    quantity: int,
    earlier: Iterable[Earlier] = (),
    postage: Decimal = NOTHING,
    order_left: Decimal | None = None,
) -> Refundable:
    """The most that ``quantity`` pieces of a line can bring back.

    What was really paid counts, not the list price. ``earlier`` are the applications before this
    one, ``postage`` the freight that comes back with this one, and ``order_left`` what the whole
    order has not yet refunded: never more than that.
    """
    past = list(earlier)
    before = sum(each.quantity for each in past)
    refunded = sum((each.amount for each in past), NOTHING)
    goods = min(share(paid, pieces, before, quantity), paid - refunded)
    goods = max(goods, NOTHING)
    if order_left is not None:
        goods = min(goods, order_left)
        postage = max(min(postage, order_left - goods), NOTHING)
    return Refundable(cents(goods), cents(postage), refunded)


def postage_comes_back(
    case_type: str, reason: "Reason | None", *, last_goods_of_order: bool
) -> bool:
    """Whether outbound postage is refunded too: with the last goods, unshipped or at fault."""
    if not last_goods_of_order:
        return False
    if case_type == CaseType.REFUND_UNSHIPPED:
        return True
    return reason is not None and reason.freight == Freight.MERCHANT


def return_freight(case_type: str, reason: "Reason", order: "Order") -> Freight:
    """Who bears the way back: the one at fault, else the buyer unless the order is covered."""
    if case_type != CaseType.RETURN_REFUND:
        return Freight.NONE
    if reason.freight == Freight.MERCHANT:
        return Freight.MERCHANT
    if order.freight_cover == FreightCover.MERCHANT_FREE_RETURN:
        return Freight.MERCHANT
    if order.freight_cover == FreightCover.INSURANCE:
        return Freight.INSURANCE
    if reason.freight == Freight.BUYER:
        return Freight.BUYER
    return Freight.UNDECIDED


def by_route(
    amount: Decimal, routes: Sequence[tuple[str, str, Decimal]]
) -> list[tuple[str, str, Decimal]]:
    """Split a refund over the original payment routes (S-37).

    ``routes`` are (route, reference, yuan still refundable by it). Cash routes are filled in
    the order in which they were paid; the parts add up to ``amount`` exactly.
    """
    parts = []
    left = amount
    for route, reference, room in routes:
        part = min(left, room)
        if part > 0:
            parts.append((route, reference, part))
            left -= part
    if left > 0:
        if not routes:
            raise ValueError("an order without payments can't be refunded")
        route, reference, _room = routes[0]
        merged = [part for part in parts if part[0] != route or part[1] != reference]
        first = next((part[2] for part in parts if part[:2] == (route, reference)), NOTHING)
        parts = [(route, reference, first + left), *merged]
    return parts
