"""申请 (T-01): a case begins only where order, goods, reason, amount and proof allow it."""

from decimal import Decimal
from typing import Any

import pytest

from aftersales.enums import OrderState, Party, Phase, Status, Turn
from aftersales.models import Case, Policy
from aftersales.steps import Refused
from tests.aftersales.lifecycle.reading import (
    HOUR,
    assert_moved,
    owed,
    paid,
    refusal_to,
    stored,
    told,
)
from tests.factories import OrderFactory, application_for

TYPES = ["refund_unshipped", "refund_not_received", "refund_received", "return_refund"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_buyer_applies_and_the_merchant_has_48_hours(
    kind: str, order_for: Any, apply: Any, buyer: Any, merchant: Any, now: Any
) -> None:
    """T-01, S-07, S-19, S-30, S-34: 待商家处理, with a deadline that both sides see (D1, D2, D3)."""
    order = order_for(kind)
    case = apply(order, kind)

    event = assert_moved(case, "apply", Party.BUYER, "", Status.PENDING_MERCHANT, buyer)
    row = stored(case)
    assert row.due_at == row.wake_at == row.applied_at + 48 * HOUR
    assert (row.turn, row.version, row.shop) == (Turn.MINE, 1, order.shop)
    assert (row.amount, row.refundable, row.quantity) == (Decimal("128.00"), Decimal("128.00"), 2)
    assert event.details["amount"] == "128.00"
    assert event.details["agreement"] == row.agreement_version
    assert owed(case) == []
    assert told(case) == {merchant.username}


@pytest.mark.parametrize(
    ("finished", "phase"), [(False, Phase.ONSALE), (True, Phase.AFTERSALE)], ids=["onsale", "after"]
)
def test_a_claim_after_the_trade_succeeded_is_marked_as_such(
    finished: bool, phase: Phase, order_for: Any, apply: Any
) -> None:
    """S-08, S-10: 售后保障维权."""
    assert apply(order_for(finished=finished), "return_refund").phase == phase


def test_goods_and_rules_are_kept_as_they_stood(order_for: Any, apply: Any) -> None:
    """A later change of price, policy or window does not reach a case that runs."""
    order = order_for()
    case = apply(order)
    order.lines.update(title="别的商品", paid=Decimal("1.00"))
    Policy.objects.update(min_rounds=9)

    row = stored(case)
    assert (row.snapshot["title"], row.snapshot["paid"]) == ("青瓷开片手冲咖啡杯", "128.00")
    assert row.policy["min_rounds"] == 2
    assert row.windows["D2"] == 48 * 60


# G1: the order is paid and not closed -------------------------------------------------------------


@pytest.mark.parametrize("state", [OrderState.UNPAID, OrderState.CLOSED])
def test_an_order_unpaid_or_closed_has_no_aftersales(
    state: OrderState, order_for: Any, apply: Any
) -> None:
    """G1, S-32: the page shows the same sentence."""
    order = order_for("refund_unshipped", state=state)
    refusal = refusal_to(apply, order, "refund_unshipped")
    assert refusal.sentence == "订单未付款或已关闭，不能申请售后"
    assert refusal.conflict
    assert Case.why_not(order.lines.first()) == refusal.sentence


def test_nobody_applies_for_the_order_of_another(order_for: Any, stranger: Any) -> None:
    order = order_for()
    with pytest.raises(Refused, match="这不是你的订单"):
        Case.apply(order.lines.first(), application_for(order), by=stranger)
    assert not Case.objects.exists()


# G2: one application for a line, ever -------------------------------------------------------------


def test_a_line_has_one_case_at_a_time(order_for: Any, apply: Any) -> None:
    """G2, S-13, S-17: the demand is chosen once; another demand does not help."""
    order = order_for()
    apply(order)
    assert refusal_to(apply, order, "return_refund").sentence == "这件商品正在售后中"
    assert Case.why_not(order.lines.first()) == "这件商品正在售后中"


def test_after_a_case_has_ended_there_is_no_second(
    order_for: Any, apply: Any, merchant: Any, buyer: Any, now: Any
) -> None:
    """G2, S-17: also where pieces are left."""
    order = order_for()
    case = apply(order, quantity=1)
    case.agree(by=merchant)
    assert paid(case) == [("微信支付", "64.00")]
    assert stored(case).ended
    assert refusal_to(apply, order, quantity=1).sentence == "每件商品只能申请一次售后"


def test_a_withdrawn_application_is_not_made_again(order_for: Any, apply: Any, buyer: Any) -> None:
    """G2, S-18: cancelling is final."""
    order = order_for()
    apply(order).cancel(by=buyer)
    assert refusal_to(apply, order).sentence == "你撤销过这件商品的售后，不能再次申请"


def test_a_platform_may_allow_more(order_for: Any, apply: Any, buyer: Any) -> None:
    """G2: both are rows of the policy."""
    Policy.objects.update(cancel_is_final=False)
    order = order_for()
    apply(order).cancel(by=buyer)
    assert apply(order).status == Status.PENDING_MERCHANT


def test_each_line_of_an_order_has_its_own_case(order_for: Any, apply: Any, buyer: Any) -> None:
    """G2: per line, not per order."""
    order = order_for(lines=[{"paid": Decimal("64.00")}, {"paid": Decimal("64.00")}])
    apply(order)
    second = order.lines.last()
    given = application_for(order, amount=Decimal("64.00"))
    assert Case.apply(second, given, by=buyer).line == second


# G3: the type fits the order's state --------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "standing", "sentence"),
    [
        ("refund_unshipped", {"in_transit": True}, "商品已发货"),
        ("refund_unshipped", {}, "商品已发货"),
        ("refund_not_received", {"unshipped": True}, "商品还没有发货，请选择未发货仅退款"),
        ("refund_received", {"unshipped": True}, "商品还没有发货，请选择未发货仅退款"),
        ("return_refund", {"unshipped": True}, "商品还没有发货，请选择未发货仅退款"),
        ("refund_received", {"in_transit": True}, "还没有签收，签收后才能选择"),
        ("return_refund", {"in_transit": True}, "还没有签收，签收后才能选择"),
    ],
)
def test_a_demand_must_fit_where_the_goods_are(
    kind: str, standing: dict[str, Any], sentence: str, shop: Any, buyer: Any, apply: Any
) -> None:
    """G3, S-04, S-12: unsigned goods can't be returned; a forged type is refused by the server."""
    order = OrderFactory(shop=shop, buyer=buyer, **standing)
    assert refusal_to(apply, order, kind).errors == {"type": sentence}


def test_an_unknown_demand_is_refused(order_for: Any, apply: Any) -> None:
    """S-12."""
    order = order_for()
    given = application_for(order)
    given.type = "barter"
    with pytest.raises(Refused, match="请选择售后类型"):
        Case.apply(order.lines.first(), given, by=order.buyer)


def test_an_order_on_its_way_offers_not_received(order_for: Any, apply: Any) -> None:
    """S-03, S-04: also when the parcel was refused at the door."""
    order = order_for("refund_not_received")
    case = apply(order, "refund_not_received", reason="N4", goods_state="refused")
    assert case.goods_state == "refused"


# G5: pieces; G6: money ----------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [0, -1, 3])
def test_not_more_pieces_than_were_bought(quantity: int, order_for: Any, apply: Any) -> None:
    """G5."""
    refusal = refusal_to(apply, order_for(), quantity=quantity, amount=Decimal("1.00"))
    assert refusal.errors == {"quantity": "件数需在 1 到 2 之间"}


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("0.00", "退款金额需在 0.01 到 128.00 之间"),
        ("-1.00", "退款金额需在 0.01 到 128.00 之间"),
        ("128.01", "退款金额需在 0.01 到 128.00 之间"),
        ("1E+30", "退款金额需在 0.01 到 128.00 之间"),
        ("NaN", "退款金额需在 0.01 到 128.00 之间"),
        ("Infinity", "退款金额需在 0.01 到 128.00 之间"),
        ("0.001", "金额最多两位小数"),
    ],
)
def test_an_amount_is_within_what_was_paid(
    amount: str, sentence: str, order_for: Any, apply: Any
) -> None:
    """G6, S-33."""
    refusal = refusal_to(apply, order_for(), amount=Decimal(amount))
    assert refusal.errors == {"amount": sentence}


def test_unshipped_goods_come_back_whole(order_for: Any, apply: Any) -> None:
    """G6: there is nothing to bargain about."""
    order = order_for("refund_unshipped", postage=Decimal("8.00"))
    refusal = refusal_to(apply, order, "refund_unshipped", amount=Decimal("100.00"))
    assert refusal.errors == {"amount": "未发货退款按实付全额退，金额为 128.00"}
    assert apply(order, "refund_unshipped").amount == Decimal("128.00")


def test_postage_comes_back_with_the_last_unshipped_line_only(
    order_for: Any, apply: Any, buyer: Any
) -> None:
    """G6: two lines of ¥60.00 and ¥8.00 for the way."""
    order = order_for(
        "refund_unshipped",
        postage=Decimal("8.00"),
        lines=[{"paid": Decimal("60.00")}, {"paid": Decimal("60.00")}],
    )
    assert apply(order, "refund_unshipped").amount == Decimal("60.00")
    last_line = order.lines.last()
    most = Case.refundable_for(last_line, 2, "refund_unshipped", None)
    assert (most.goods, most.postage) == (Decimal("60.00"), Decimal("8.00"))
    given = application_for(order, "refund_unshipped", amount=most.total)
    assert Case.apply(last_line, given, by=buyer).amount == Decimal("68.00")


def test_a_part_of_the_pieces_brings_back_their_share(order_for: Any, apply: Any) -> None:
    """G6: what was paid, not the list price."""
    order = order_for(goods_total=Decimal("200.00"), paid=Decimal("99.99"))
    assert apply(order, quantity=1).amount == Decimal("50.00")
