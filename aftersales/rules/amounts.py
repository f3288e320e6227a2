"""可退金额与运费: what may be refunded, to the cent, and who bears the freight (G6, §1.5)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from aftersales.enums import SENDS_BACK, CaseType, Freight, FreightCover, GoodsState, Responsible

if TYPE_CHECKING:
    from aftersales.models import Order, Reason

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")
# What the merchant makes good is paid from here, not taken off a payment.
MERCHANT_ROUTE = "商家账户"


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to two places."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def claimable(amount: Decimal | None, most: Decimal) -> bool:
    """Whether somebody may ask for ``amount`` where ``most`` is the most; NaN and infinity never."""
    return amount is not None and amount.is_finite() and NOTHING < amount <= most


@dataclass(frozen=True)
class Earlier:
    """An application made before for the same line: pieces and yuan refunded or claimed. A price
    difference takes no piece: by it each of them cost less."""

    quantity: int
    amount: Decimal


@dataclass(frozen=True)
class Refundable:
    """How the most that can be claimed is made up (怎么算的); all in yuan, two places."""

    goods: Decimal
    postage: Decimal
    earlier: Decimal
    bundle: Decimal = NOTHING  # what settling a bundle at single prices takes off, or more
    gifts: Decimal = NOTHING  # the stated price of gifts that are kept
    shipping: Decimal = NOTHING  # the postage owed once free shipping no longer applies

    @property
    def total(self) -> Decimal:
        return max(self._settled, NOTHING)

    @property
    def owed(self) -> Decimal:
        """What the buyer would have to add (多退少补). Nobody takes it from him: it is told, and
        comes off what the rest of a bundle brings back later."""
        return max(-self._settled, NOTHING)

    @property
    def deducted(self) -> bool:
        return bool(self.bundle or self.gifts or self.shipping)

    @property
    def settled_to_nothing(self) -> bool:
        """The goods may come back, though settling them leaves no money to refund."""
        return self.deducted and not self.total

    @property
    def _settled(self) -> Decimal:
        return self.goods + self.postage - self.bundle - self.gifts - self.shipping

    def told(self) -> dict[str, str]:
        """What the case keeps of it."""
        return {name: str(amount) for name, amount in asdict(self).items()}

    @classmethod
    def kept(cls, told: Mapping[str, str]) -> "Refundable":
        return cls(**{name: Decimal(amount) for name, amount in told.items()})


@dataclass(frozen=True)
class Bundle:
    """A bundle (套餐) of which some goods come back; what stays is settled at single prices.

    ``before`` and ``after`` are the single prices of what the buyer has before and after.
    """

    paid: Decimal
    refunded: Decimal
    before: Decimal
    after: Decimal

    @property
    def gives_back(self) -> Decimal:
        """The difference that this return makes; nothing where the rest already costs more."""
        made = max(self.paid - self.after, NOTHING) - max(self.paid - self.before, NOTHING)
        return max(min(made, self.paid - self.refunded), NOTHING)

    @property
    def owed(self) -> Decimal:
        """How much more than was paid the rest costs; gone once more of it comes back."""
        return max(self.after - self.paid, NOTHING)


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
    bundle: Bundle | None = None,
    gifts: Decimal = NOTHING,
    shipping: Decimal = NOTHING,
) -> Refundable:
    """The most that ``quantity`` pieces of a line can bring back.

    What was really paid counts, not the list price. ``earlier`` are the applications before this
    one, ``postage`` the freight that comes back with this one, and ``order_left`` what the whole
    order has not yet refunded: never more than that. ``gifts`` and ``shipping`` are taken off.
    """
    past = list(earlier)
    before = sum(each.quantity for each in past)
    refunded = sum((each.amount for each in past), NOTHING)
    differences = sum((each.amount for each in past if not each.quantity), NOTHING)
    portion = share(max(paid - differences, NOTHING), pieces, before, quantity)
    goods = min(portion, paid - refunded) if bundle is None else bundle.gives_back
    goods = max(goods, NOTHING)
    if order_left is not None:
        goods = max(min(goods, order_left), NOTHING)
        postage = max(min(postage, order_left - goods), NOTHING)
    settled = NOTHING
    if bundle is not None:  # shown as its share of what was paid, and what settling takes off it
        goods, settled = portion, portion - goods + bundle.owed
    return Refundable(
        cents(goods), cents(postage), refunded, cents(settled), cents(gifts), shipping
    )


def postage_comes_back(
    case_type: str, reason: "Reason | None", *, last_goods_of_order: bool
) -> bool:
    """Whether outbound postage is refunded too: with the last goods, unshipped or at fault."""
    if not last_goods_of_order:
        return False
    if case_type == CaseType.REFUND_UNSHIPPED:
        return True
    return reason is not None and reason.freight == Freight.MERCHANT


class Bearers(NamedTuple):
    """Who bears the freight of the way out and of the way back."""

    outbound: Freight
    back: Freight


# Whose freight it is by what a ruling found; the carrier answers to the merchant who chose him.
AT_FAULT = {
    Responsible.MERCHANT: Freight.MERCHANT,
    Responsible.CARRIER: Freight.MERCHANT,
    Responsible.BUYER: Freight.BUYER,
}


def bearers(
    case_type: str,
    reason: "Reason",
    order: "Order",
    *,
    breaks_free_shipping: bool = False,
    responsible: str = "",
    agreed: str = "",
) -> Bearers:
    """谁承担运费 (the table of §1.5): the one at fault, else the buyer for what he changed his mind
    about; the way out stays with the merchant where shipping was, and still is, free.

    Before a ruling the buyer's reason says who is at fault; afterwards ``responsible``, whom the
    ruling found. ``agreed`` is what the sides said of the way back when they agreed on a return
    (``undecided`` where they said nothing, which leaves it to the merchant: Taobao Art. 49); it
    stands unless somebody is at fault. Where the platform supports a return and nobody is, the
    way back is the buyer's (Taobao Art. 7); without a ruling it stays undecided.
    """
    fault = AT_FAULT.get(Responsible(responsible)) if responsible else reason.freight
    if fault == Freight.MERCHANT:
        return Bearers(Freight.MERCHANT, Freight.MERCHANT)
    own_wish = Freight.BUYER in (fault, reason.freight)
    wish = own_wish or refuses_delivery(reason)
    free = order.free_shipping and not breaks_free_shipping
    outbound = Freight.BUYER if wish and not free else Freight.MERCHANT
    if agreed and fault != Freight.BUYER:
        return Bearers(outbound, unsaid(agreed))
    if case_type == CaseType.EXCHANGE and own_wish:
        return Bearers(Freight.BUYER, Freight.BUYER)
    back = Freight.BUYER if wish or responsible else Freight.UNDECIDED
    return Bearers(outbound, _covered(order) or back)


def sent_at_his_cost(case_type: str, reason: "Reason", order: "Order") -> bool:
    """Whether the goods went out, and the buyer bears it."""
    sent = case_type != CaseType.REFUND_UNSHIPPED
    return sent and bearers(case_type, reason, order).outbound == Freight.BUYER


def _covered(order: "Order") -> Freight | None:
    """Who pays the way back instead of the buyer, where the order has a cover."""
    if order.freight_cover == FreightCover.MERCHANT_FREE_RETURN:
        return Freight.MERCHANT
    if order.freight_cover == FreightCover.INSURANCE:
        return Freight.INSURANCE
    return None


def refuses_delivery(reason: "Reason") -> bool:
    return GoodsState.REFUSED in (reason.goods_states or [])


def return_freight(case_type: str, reason: "Reason", order: "Order") -> Freight:
    """Who bears the way back; nobody where nothing goes back."""
    if case_type not in SENDS_BACK:
        return Freight.NONE
    return bearers(case_type, reason, order).back


def unsaid(freight: str) -> Freight:
    """Who bears the way back of an agreed return: where nobody said so, the merchant who agreed
    and kept silent (Taobao Art. 49)."""
    silent = freight in (Freight.UNDECIDED, Freight.NONE)
    return Freight.MERCHANT if silent else Freight(freight)


def freight_lost(
    case_type: str, reason: "Reason | None", order: "Order", *, kept: Decimal, before: Decimal
) -> Decimal:
    """The postage to be taken off because free shipping no longer applies (§1.5).

    ``kept`` and ``before`` are yuan of goods that stay after this return and stayed before it:
    only the return that goes below the threshold pays, and never one of everything, nor one for
    which the merchant is at fault.
    """
    least = order.free_shipping_from
    if reason is None or least is None or not order.free_shipping or not kept:
        return NOTHING
    changed_mind = case_type == CaseType.RETURN_REFUND or refuses_delivery(reason)
    if not changed_mind or not (before >= least > kept):
        return NOTHING
    bears = bearers(case_type, reason, order, breaks_free_shipping=True).outbound
    return order.full_postage if bears == Freight.BUYER else NOTHING


def other_place(ship_from: str, region: str) -> bool:
    """Whether goods go back elsewhere than where the goods' page said they come from."""
    shown, given = (
        re.sub("自治区|特别行政区|[省市区县]", "", each) for each in (ship_from, region)
    )
    return bool(shown) and not given.startswith(shown)


def by_route(
    amount: Decimal, routes: Sequence[tuple[str, str, Decimal]]
) -> list[tuple[str, str, Decimal]]:
    """Split a refund over the original payment routes (S-37).

    ``routes`` are (route, reference, yuan still refundable by it). They are filled in the order
    in which they were paid, none beyond what it took; what is left the merchant pays from his own
    account. The parts add up to ``amount`` exactly.
    """
    if not routes:
        raise ValueError("an order without payments can't be refunded")
    parts = []
    left = amount
    for route, reference, room in routes:
        part = min(left, room)
        if part > 0:
            parts.append((route, reference, part))
            left -= part
    if left > 0:
        parts.append((MERCHANT_ROUTE, "", left))
    return parts


def in_kind(given: Decimal, paid: Decimal, before: Decimal, now: Decimal) -> Decimal:
    """How many of ``given`` points come back with ``now`` yuan after ``before`` of ``paid``.

    Whole points only; over all refunds of everything paid they add up to ``given``.
    """
    if paid <= 0:
        return NOTHING

    def until(amount: Decimal) -> Decimal:
        return (given * min(amount, paid) / paid).quantize(Decimal(1), ROUND_DOWN)

    return until(before + now) - until(before)


def coupon_comes_back(paid: Decimal, before: Decimal, now: Decimal) -> bool:
    """A coupon can't be split: it comes back with the last of the money."""
    return before < paid <= before + now
