"""发货运费 after a ruling: who bears the way out decides whether its postage comes back (§1.5)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from aftersales.models import Case, DecisionReason, User
from aftersales.payments import pay_due
from tests.aftersales.lifecycle.reading import GROUNDS, HOUR, owed
from tests.factories import Desk, OrderFactory, application_for

EIGHT = Decimal("8.00")


@pytest.fixture
def asked(
    shop: Any, buyer: User, staff: User, make_desk: Callable[..., Desk], now: Any
) -> Callable[..., Case]:
    """``asked("R20")``: two mugs for ¥128.00 and ¥8.00 of postage, before the platform."""

    def make(reason: str, kind: str = "return_refund", **given: Any) -> Case:
        more = given.pop("lines", [])
        order = OrderFactory(
            shop=shop,
            buyer=buyer,
            free_shipping=False,
            postage=EIGHT,
            paid=Decimal("136.00") + 10 * len(more),
            lines=[{"paid": Decimal("128.00")}, *more],
        )
        case = make_desk(type=kind, reason=reason, order=order, **given).case
        case.take_over(by=staff, grounds=GROUNDS)
        now.shift(48 * HOUR)
        case.catch_up()
        return case

    return make


def rule(case: Case, staff: User, responsible: str, ruling: str, **named: Any) -> None:
    case.rule(by=staff, ruling=ruling, responsible=responsible, grounds=GROUNDS, **named)


def given_back(case: Case, merchant: User) -> None:
    case.send_back(by=case.buyer, carrier="中通快递", tracking="ZT00001234")
    case.confirm_receipt(by=merchant)


@pytest.mark.parametrize(
    ("reason", "responsible", "back"),
    [
        ("R20", "merchant", "136.00"),
        ("R20", "none", "136.00"),
        ("R20", "buyer", "128.00"),
        ("R1", "merchant", "136.00"),
        ("R1", "buyer", "128.00"),
        ("R13", "merchant", "136.00"),
        ("R13", "none", "128.00"),
    ],
)
def test_a_ruled_return_brings_back_the_postage_where_the_shop_bears_the_way_out(
    reason: str,
    responsible: str,
    back: str,
    asked: Callable[..., Case],
    merchant: User,
    staff: User,
) -> None:
    """T-20, §1.5: whatever the buyer's reason had said of it before."""
    case = asked(reason)
    rule(case, staff, responsible, "return_then_refund")
    assert str(case.to_refund) == back
    given_back(case, merchant)
    assert owed(case) == [("微信支付", back)]


@pytest.mark.parametrize(("responsible", "back"), [("merchant", "136.00"), ("buyer", "128.00")])
@pytest.mark.parametrize("ruling", ["full_refund", "keep_goods"])
def test_so_does_money_without_a_return(
    ruling: str, responsible: str, back: str, asked: Callable[..., Case], staff: User
) -> None:
    case = asked("R2", "refund_received")
    rule(case, staff, responsible, ruling)
    assert owed(case) == [("微信支付", back)]


def test_who_names_another_bearer_moves_the_postage_with_him(
    asked: Callable[..., Case], staff: User
) -> None:
    """§1.6: the freight bearer is a part of the ruling."""
    case = asked("R1", "refund_received")
    why = DecisionReason.objects.get(code="FR-02")
    rule(case, staff, "merchant", "full_refund", freight_out="buyer", freight_reason=why)
    assert owed(case) == [("微信支付", "128.00")]


def test_a_claim_for_a_part_of_the_price_brings_back_no_postage(
    asked: Callable[..., Case], staff: User
) -> None:
    case = asked("R20", "refund_received", amount=Decimal("30.00"))
    rule(case, staff, "merchant", "full_refund")
    assert owed(case) == [("微信支付", "30.00")]


@pytest.mark.parametrize("second", ["kept", "claimed"])
def test_the_postage_of_an_order_comes_back_once_and_with_its_last_goods(
    second: str, asked: Callable[..., Case], merchant: User, staff: User
) -> None:
    """G6: another line that stays was carried by it; one that is claimed already may bring it."""
    case = asked("R20", "refund_received", lines=[{"paid": Decimal("10.00")}])
    other = case.order.lines.last()
    if second == "claimed":
        claim = application_for(case.order, "refund_received", "R1", line=other)
        assert claim.amount == Decimal("18.00")  # with the postage: it is the last of the order
        later = Case.apply(other, claim, by=case.buyer)
        later.agree(by=merchant)
        pay_due()
    rule(case, staff, "merchant", "full_refund")
    assert owed(case) == [("微信支付", "128.00")]
