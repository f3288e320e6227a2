"""同意: the merchant's answers in the buyer's favour (T-03 to T-06, T-22)."""

from decimal import Decimal
from typing import Any

import pytest

from aftersales.enums import Freight, Party, Status, Turn
from aftersales.models import Case
from tests.aftersales.lifecycle.reading import (
    DAY,
    assert_moved,
    owed,
    paid,
    refused,
    stored,
    told,
)
from tests.factories import OrderFactory, ReturnAddressFactory, ShopFactory, application_for

REFUNDS = ["refund_unshipped", "refund_not_received", "refund_received"]


@pytest.mark.parametrize("kind", REFUNDS)
def test_agreeing_owes_exactly_what_was_asked_for(
    kind: str, make_case: Any, merchant: Any, buyer: Any
) -> None:
    """T-03, T-24: the money goes back by the way it came, and then the case has ended."""
    case = make_case(type=kind)

    case.agree(by=merchant)

    event = assert_moved(
        case, "agree", Party.MERCHANT, Status.PENDING_MERCHANT, Status.REFUNDING, merchant
    )
    assert event.details == {"amount": "128.00"}
    row = stored(case)
    assert (row.due_at, row.wake_at, row.turn) == (None, None, Turn.REFUND)
    assert (row.handled_at, row.auto_agreed) == (row.updated_at, False)
    assert owed(case) == [("微信支付", "128.00")]
    assert told(case) == {buyer.username}
    assert paid(case) == [("微信支付", "128.00")]
    assert_moved(case, "finish_refund", Party.CLOCK, Status.REFUNDING, Status.REFUNDED)
    assert stored(case).succeeded


def test_a_part_is_refunded_as_a_part(make_case: Any, merchant: Any) -> None:
    """T-03: the applied amount, not what was paid."""
    case = make_case(quantity=1, amount=Decimal("20.00"))
    case.agree(by=merchant)
    assert paid(case) == [("微信支付", "20.00")]


def test_a_refund_goes_back_by_every_way_that_was_paid(
    make_case: Any, merchant: Any, shop: Any, buyer: Any
) -> None:
    """S-37: amounts per route add up to the refund."""
    payments = [("微信支付", Decimal("100.00")), ("礼品卡", Decimal("28.00"))]
    order = OrderFactory(shop=shop, buyer=buyer, payments=payments)
    case = make_case(order=order, amount=Decimal("110.00"))
    case.agree(by=merchant)
    assert paid(case) == [("微信支付", "100.00"), ("礼品卡", "10.00")]


def test_a_second_case_of_an_order_takes_what_the_first_left(
    make_case: Any, merchant: Any, shop: Any, buyer: Any
) -> None:
    """S-37: no route gives back more than it took."""
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        lines=[{"paid": Decimal("64.00")}, {"paid": Decimal("64.00")}],
        payments=[("微信支付", Decimal("100.00")), ("礼品卡", Decimal("28.00"))],
    )
    first = make_case(order=order)
    second = Case.apply(
        order.lines.last(), application_for(order, amount=Decimal("64.00")), by=buyer
    )
    for case in (first, second):
        case.agree(by=merchant)
    assert paid(first) == [("微信支付", "64.00")]
    assert paid(second) == [("微信支付", "36.00"), ("礼品卡", "28.00")]


def test_a_return_is_agreed_to_with_an_address(
    make_case: Any, merchant: Any, buyer: Any, shop: Any
) -> None:
    """T-04, S-35: seven days to send it back (D4), nothing is owed yet."""
    case = make_case(type="return_refund")
    address = shop.addresses.get()

    case.agree_return(by=merchant, address=address, message="请用原包装寄回。")

    event = assert_moved(
        case,
        "agree_return",
        Party.MERCHANT,
        Status.PENDING_MERCHANT,
        Status.AWAITING_BUYER_RETURN,
        merchant,
    )
    assert event.details == {
        "freight": "merchant",
        "text": "请用原包装寄回。",
        "remedy": "refund",
    }
    row = stored(case)
    assert row.return_address == address.shown()
    assert row.due_at == row.wake_at == row.updated_at + 7 * DAY
    assert (row.turn, row.freight) == (Turn.RETURN, Freight.MERCHANT)
    assert owed(case) == []
    assert row.messages.get().text == "请用原包装寄回。"
    assert told(case) == {buyer.username}


def test_the_word_with_an_agreement_leads_nobody_off_the_platform(
    make_case: Any, merchant: Any, shop: Any
) -> None:
    """NEG-13: it goes into the thread like any other message, so it has to pass what they pass."""
    case = make_case(type="return_refund")

    with refused(case, "不能包含电话、微信或外部链接：「微信」", by=merchant):
        case.agree_return(
            by=merchant, address=shop.addresses.get(), message="加微信 abc123，补您运费。"
        )

    assert stored(case).status == Status.PENDING_MERCHANT
    assert not case.messages.exists()


def test_an_address_agreed_to_does_not_move(make_case: Any, merchant: Any, shop: Any) -> None:
    """§1.5: a change after agreement would be the merchant's risk."""
    case = make_case("agreed", type="return_refund")
    shop.addresses.update(detail="别处")
    assert stored(case).return_address["detail"] == "文三路 1 号 3 幢"


@pytest.mark.parametrize(
    ("flaw", "field"),
    [({"flagged": "无人签收"}, "address"), ({"phone": ""}, "address"), ({"detail": ""}, "address")],
)
def test_a_return_needs_a_valid_address(
    flaw: dict[str, str], field: str, make_case: Any, merchant: Any, shop: Any
) -> None:
    """T-04."""
    case = make_case(type="return_refund")
    address = ReturnAddressFactory(shop=shop, default=False, **flaw)
    with refused(case, "这个退货地址", by=merchant) as caught:
        case.agree_return(by=merchant, address=address)
    assert list(caught.value.errors) == [field]


def test_a_return_needs_an_address_of_the_shop(make_case: Any, merchant: Any) -> None:
    """T-04: a forged choice is refused."""
    case = make_case(type="return_refund")
    foreign = ReturnAddressFactory(shop=ShopFactory())
    for address in (None, foreign):
        with refused(case, "请选择退货地址", by=merchant):
            case.agree_return(by=merchant, address=address)


@pytest.mark.parametrize(
    ("reason", "chosen", "sentence"),
    [
        ("R1", "buyer", "按规则运费为“商家承担”，只能改由商家承担"),
        ("R1", "insurance", "按规则运费为“商家承担”，只能改由商家承担"),
        ("R13", "insurance", "按规则运费为“买家承担”，只能改由商家承担"),
        ("R20", "insurance", "请选择退货运费由谁承担"),
        ("R20", "", "请选择退货运费由谁承担"),
        ("R20", "none", "请选择退货运费由谁承担"),
        ("R20", "the moon", "请选择退货运费由谁承担"),
    ],
)
def test_the_freight_is_never_worse_than_the_rule(
    reason: str, chosen: str, sentence: str, make_case: Any, merchant: Any, shop: Any
) -> None:
    """T-04, §1.5."""
    case = make_case(type="return_refund", reason=reason)
    with refused(case, sentence, by=merchant) as caught:
        case.agree_return(by=merchant, address=shop.addresses.get(), freight=chosen)
    assert list(caught.value.errors) == ["freight"]


@pytest.mark.parametrize(
    ("reason", "chosen", "bears"),
    [
        ("R1", "", Freight.MERCHANT),
        ("R13", "", Freight.BUYER),
        ("R13", "merchant", Freight.MERCHANT),
        ("R20", "buyer", Freight.BUYER),
    ],
)
def test_a_merchant_may_be_generous(
    reason: str, chosen: str, bears: Freight, make_case: Any, merchant: Any, shop: Any
) -> None:
    """§1.5."""
    case = make_case(type="return_refund", reason=reason)
    case.agree_return(by=merchant, address=shop.addresses.get(), freight=chosen)
    assert stored(case).freight == bears


def test_agreeing_to_money_is_not_agreeing_to_a_return(
    make_case: Any, merchant: Any, shop: Any
) -> None:
    """T-03, T-04: each type has its own yes."""
    case = make_case(type="return_refund")
    with refused(case, "买家要的不是仅退款，请选择对应的同意方式", by=merchant):
        case.agree(by=merchant)
    case = make_case()
    with refused(case, "这不是退货申请，请选择同意退款", by=merchant):
        case.agree_return(by=merchant, address=shop.addresses.get())


# Relenting ----------------------------------------------------------------------------------------


def test_a_merchant_relents_after_rejecting(make_case: Any, merchant: Any) -> None:
    """T-22: always in the buyer's favour."""
    case = make_case("rejected")
    case.agree(by=merchant)
    assert_moved(case, "agree", Party.MERCHANT, Status.REJECTED, Status.REFUNDING, merchant)
    assert owed(case) == [("微信支付", "128.00")]


def test_a_merchant_relents_to_a_return(make_case: Any, merchant: Any, shop: Any) -> None:
    """T-22."""
    case = make_case("rejected", type="return_refund")
    case.agree_return(by=merchant, address=shop.addresses.get())
    assert_moved(
        case,
        "agree_return",
        Party.MERCHANT,
        Status.REJECTED,
        Status.AWAITING_BUYER_RETURN,
        merchant,
    )
    assert stored(case).due_at == stored(case).updated_at + 7 * DAY


def test_a_merchant_relents_over_goods_he_refused(make_case: Any, merchant: Any) -> None:
    """T-22, T-11."""
    case = make_case("refused_goods", type="return_refund")
    case.confirm_receipt(by=merchant)
    assert_moved(
        case, "confirm_receipt", Party.MERCHANT, Status.RETURN_REFUSED, Status.REFUNDING, merchant
    )
    assert owed(case) == [("微信支付", "128.00")]
