"""可退金额: whatever is split, everything adds up to the cent (G6, S-37)."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.enums import CaseType, Freight, FreightCover
from aftersales.rules.amounts import (
    CENT,
    MERCHANT_ROUTE,
    NOTHING,
    Earlier,
    by_route,
    coupon_comes_back,
    in_kind,
    postage_comes_back,
    refundable,
    return_freight,
    share,
)

yuan = st.decimals(min_value="0.01", max_value="99999.99", places=2, allow_nan=False)
postages = st.decimals(min_value="0", max_value="50", places=2, allow_nan=False)


@st.composite
def splits(draw: Any) -> tuple[Decimal, list[int]]:
    """What was paid for a line, and its pieces in the portions in which they are claimed."""
    portions = draw(st.lists(st.integers(1, 7), min_size=1, max_size=8))
    return draw(yuan), portions


@given(splits())
def test_portions_of_a_line_add_up_to_what_was_paid(split: tuple[Decimal, list[int]]) -> None:
    """G6: three pieces for ten yuan come back as 3.33, 3.34 and 3.33."""
    paid, portions = split
    pieces, before, parts = sum(portions), 0, []
    for quantity in portions:
        parts.append(share(paid, pieces, before, quantity))
        before += quantity

    assert sum(parts) == paid
    assert all(part >= 0 and part == part.quantize(CENT) for part in parts)


@given(splits(), st.data())
def test_whatever_was_refunded_before_the_rest_never_exceeds_what_was_paid(
    split: tuple[Decimal, list[int]], data: st.DataObject
) -> None:
    """G6: earlier refunds may have been smaller (an accepted plan), never is the sum larger."""
    paid, portions = split
    earlier: list[Earlier] = []
    for quantity in portions:
        most = refundable(paid=paid, pieces=sum(portions), quantity=quantity, earlier=earlier)
        taken = data.draw(st.sampled_from([most.total, (most.total / 2).quantize(CENT)]))
        assert NOTHING <= taken <= most.total
        earlier.append(Earlier(quantity, taken))

    assert sum(each.amount for each in earlier) <= paid


@given(splits(), st.integers(1, 5), postages)
def test_full_claims_in_any_portions_bring_back_the_line_and_its_postage_once(
    split: tuple[Decimal, list[int]], other: int, postage: Decimal
) -> None:
    """G6: the postage comes with the last goods of the order, and the order is then empty."""
    paid, portions = split
    left, earlier = paid + postage, []
    for number, quantity in enumerate(portions, start=1):
        last = number == len(portions)
        claim = refundable(
            paid=paid,
            pieces=sum(portions),
            quantity=quantity,
            earlier=earlier,
            postage=postage if last else NOTHING,
            order_left=left,
        )
        assert claim.postage == (postage if last else NOTHING)
        earlier.append(Earlier(quantity, claim.goods))
        left -= claim.total

    assert left == 0


@given(yuan, yuan, postages, yuan)
def test_a_claim_never_exceeds_what_the_order_has_left(
    paid: Decimal, line: Decimal, postage: Decimal, left: Decimal
) -> None:
    claim = refundable(paid=line, pieces=1, quantity=1, postage=postage, order_left=left)
    assert claim.total <= left
    assert claim.goods <= line
    assert claim.postage <= postage


def test_an_example_by_hand() -> None:
    """Three mugs for ¥10.00: the second costs a cent more than the others."""
    parts = [share(Decimal("10.00"), 3, before, 1) for before in range(3)]
    assert parts == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]


@pytest.mark.parametrize(
    ("kind", "freight", "last", "back"),
    [
        (CaseType.REFUND_UNSHIPPED, Freight.UNDECIDED, True, True),
        (CaseType.REFUND_UNSHIPPED, Freight.UNDECIDED, False, False),
        (CaseType.REFUND_RECEIVED, Freight.MERCHANT, True, True),
        (CaseType.RETURN_REFUND, Freight.MERCHANT, True, True),
        (CaseType.RETURN_REFUND, Freight.MERCHANT, False, False),
        (CaseType.RETURN_REFUND, Freight.BUYER, True, False),
        (CaseType.REFUND_NOT_RECEIVED, Freight.UNDECIDED, True, False),
    ],
)
def test_postage_comes_back_with_the_last_goods_unshipped_or_at_fault(
    kind: CaseType, freight: Freight, last: bool, back: bool
) -> None:
    """G6, walk 1 of §1.7."""
    reason: Any = SimpleNamespace(freight=freight)
    assert postage_comes_back(kind, reason, last_goods_of_order=last) is back


@pytest.mark.parametrize(
    ("kind", "reason", "cover", "bears"),
    [
        ("refund_received", Freight.MERCHANT, FreightCover.NONE, Freight.NONE),
        ("return_refund", Freight.MERCHANT, FreightCover.INSURANCE, Freight.MERCHANT),
        ("return_refund", Freight.BUYER, FreightCover.NONE, Freight.BUYER),
        ("return_refund", Freight.BUYER, FreightCover.INSURANCE, Freight.INSURANCE),
        ("return_refund", Freight.BUYER, FreightCover.MERCHANT_FREE_RETURN, Freight.MERCHANT),
        ("return_refund", Freight.UNDECIDED, FreightCover.NONE, Freight.UNDECIDED),
    ],
)
def test_who_is_at_fault_bears_the_way_back(
    kind: str, reason: Freight, cover: FreightCover, bears: Freight
) -> None:
    """§1.5: 谁过错谁承担; without fault the buyer, unless the order is covered."""
    row: Any = SimpleNamespace(freight=reason, goods_states=[])
    order: Any = SimpleNamespace(freight_cover=cover, free_shipping=True)
    assert return_freight(kind, row, order) == bears


# Routes -------------------------------------------------------------------------------------------

rooms = st.lists(
    st.decimals(min_value="-20", max_value="5000", places=2, allow_nan=False),
    min_size=1,
    max_size=5,
)


@given(rooms, st.data())
def test_a_refund_goes_back_by_its_routes_each_within_its_room(
    room: list[Decimal], data: st.DataObject
) -> None:
    """S-37: the parts add up to the refund, and no route gives back more than it took."""
    routes = [(f"route{number}", f"P{number}", each) for number, each in enumerate(room)]
    total = sum((each for each in room if each > 0), NOTHING)
    if total == 0:
        return
    amount = data.draw(st.decimals(min_value="0.01", max_value=total, places=2))

    parts = by_route(amount, routes)

    assert sum(part for _route, _reference, part in parts) == amount
    known = {(route, reference): each for route, reference, each in routes}
    for route, reference, part in parts:
        assert 0 < part <= known[(route, reference)]
    assert len({part[:2] for part in parts}) == len(parts)


@given(rooms, yuan)
def test_what_no_route_can_take_the_merchant_pays(room: list[Decimal], extra: Decimal) -> None:
    """S-37: no route gives back more than it took; the rest is the merchant's own money."""
    routes = [(f"route{number}", f"P{number}", each) for number, each in enumerate(room)]
    amount = sum((each for each in room if each > 0), NOTHING) + extra

    parts = by_route(amount, routes)

    assert sum(part for _route, _reference, part in parts) == amount
    assert parts[-1] == (MERCHANT_ROUTE, "", extra)
    assert len({part[:2] for part in parts}) == len(parts)


@given(st.integers(0, 5000), yuan, st.data())
def test_points_come_back_whole_and_all_of_them(
    points: int, paid: Decimal, data: st.DataObject
) -> None:
    """S-37, Measures Art. 15: over all refunds of everything paid, every point, none in parts."""
    before, back = NOTHING, []
    while before < paid:
        most = paid - before
        now = data.draw(st.sampled_from([most, max((most / 3).quantize(CENT), CENT)]))
        back.append(in_kind(Decimal(points), paid, before, now))
        before += now

    assert sum(back) == points
    assert all(each >= 0 and each == int(each) for each in back)


@pytest.mark.parametrize(
    ("before", "now", "back"),
    [("0", "100", True), ("0", "99.99", False), ("99.99", "0.01", True), ("100", "1", False)],
)
def test_a_coupon_comes_back_once_with_the_last_of_the_money(
    before: str, now: str, back: bool
) -> None:
    """S-37, Measures Art. 15."""
    assert coupon_comes_back(Decimal(100), Decimal(before), Decimal(now)) is back


def test_an_order_without_payments_has_no_way_back() -> None:
    with pytest.raises(ValueError, match="without payments"):
        by_route(Decimal("1.00"), [])
