"""运费、赠品、套餐: every row of the table of lifecycle §1.5, through the doors where it counts."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.enums import Freight, FreightCover, PaymentKind, Purpose, RefundState, Status
from aftersales.models import Case, LedgerMood, Offer, OrderLine, Payment, Plan, Reason, Refund
from aftersales.models.negotiation import Round
from aftersales.payments import pay_due
from aftersales.rules import amounts
from tests.factories import Desk, OrderFactory, application_for

MERCHANT, BUYER = Freight.MERCHANT, Freight.BUYER
UNDECIDED, INSURANCE = Freight.UNDECIDED, Freight.INSURANCE
NONE, INSURED, FREE = FreightCover.NONE, FreightCover.INSURANCE, FreightCover.MERCHANT_FREE_RETURN


@pytest.mark.parametrize(
    ("shown", "region", "other"),
    [
        ("浙江杭州", "浙江省杭州市西湖区", False),
        ("浙江省杭州市", "浙江省杭州市余杭区", False),
        ("浙江杭州", "广东省广州市白云区", True),
        ("广西南宁", "广西壮族自治区南宁市", True),
        ("", "广东省广州市白云区", False),
    ],
)
def test_a_return_address_elsewhere_than_the_shown_place(
    shown: str, region: str, other: bool
) -> None:
    """§1.5: Taobao Art. 52."""
    assert amounts.other_place(shown, region) is other


# Free shipping ------------------------------------------------------------------------------------


@pytest.fixture
def two_lines(shop: Any, buyer: Any) -> Any:
    """¥60 and ¥68, shipped free from ¥99, the postage otherwise ¥8."""
    return OrderFactory(
        shop=shop,
        buyer=buyer,
        free_shipping_from=Decimal("99.00"),
        full_postage=Decimal("8.00"),
        lines=[
            {"quantity": 1, "paid": Decimal("60.00"), "list_total": Decimal("70.00")},
            {"quantity": 2, "paid": Decimal("68.00"), "list_total": Decimal("80.00")},
        ],
    )


@pytest.mark.parametrize(
    ("reason", "shipping", "total"),
    [("R13", "8.00", "52.00"), ("R1", "0.00", "60.00"), ("R20", "0.00", "60.00")],
)
def test_a_partial_return_that_breaks_free_shipping_pays_the_way_out(
    two_lines: Any, reason: str, shipping: str, total: str
) -> None:
    """§1.5, G6: only where the buyer changed his mind (Taobao Art. 53, Measures Art. 18)."""
    line = two_lines.lines.first()
    made = Case.refundable_for(line, 1, "return_refund", Reason.objects.get(code=reason))

    assert made.shipping == Decimal(shipping)
    assert made.total == Decimal(total)


def test_the_way_out_is_paid_once_and_never_when_everything_comes_back(
    two_lines: Any, buyer: Any
) -> None:
    """§1.5: the second return finds the condition broken already."""
    reason = Reason.objects.get(code="R13")
    first, second = two_lines.lines.all()
    application = application_for(two_lines, "return_refund", "R13")
    assert application.amount == Decimal("52.00")
    Case.apply(first, application, by=buyer)

    rest = Case.refundable_for(second, 2, "return_refund", reason)

    assert (rest.shipping, rest.total) == (Decimal("0.00"), Decimal("68.00"))
    whole = OrderFactory(
        free_shipping_from=Decimal("99.00"), full_postage=Decimal("8.00"), buyer=buyer
    )
    made = Case.refundable_for(whole.lines.get(), 2, "return_refund", reason)
    assert made.total == Decimal("128.00")


# Gifts and bundles --------------------------------------------------------------------------------


def with_gift(order: Any) -> OrderLine:
    line: OrderLine = order.lines.get()
    OrderLine.objects.create(
        order=order,
        number="gift",
        title="杯垫",
        quantity=1,
        list_total=Decimal("9.90"),
        paid=Decimal("0.00"),
        gift_of=line,
    )
    return line


@pytest.mark.parametrize(
    ("quantity", "kept", "total"),
    [(2, False, "128.00"), (2, True, "118.10"), (1, True, "64.00")],
)
def test_a_gift_comes_back_with_the_last_piece_or_its_price_is_deducted(
    shop: Any, buyer: Any, quantity: int, kept: bool, total: str
) -> None:
    """§1.5: Measures Art. 12, Taobao Art. 61."""
    line = with_gift(OrderFactory(shop=shop, buyer=buyer))
    made = Case.refundable_for(
        line, quantity, "return_refund", Reason.objects.get(code="R13"), gifts_kept=kept
    )

    assert made.total == Decimal(total)


@pytest.mark.parametrize(("kind", "back"), [("return_refund", 2), ("exchange", 1), ("repair", 1)])
def test_a_gift_stays_with_goods_that_are_exchanged_or_repaired(
    kind: str, back: int, make_case: Any, shop: Any, buyer: Any
) -> None:
    """§1.5: it comes back where the goods come back for money."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    with_gift(order)

    assert len(make_case("sent_back", type=kind, order=order).expected_back()) == back


def test_a_gift_is_not_claimed_by_itself(shop: Any, buyer: Any) -> None:
    """§1.5, S-12."""
    line = with_gift(OrderFactory(shop=shop, buyer=buyer))

    assert Case.why_not(line.gifts.get()) == "赠品随主商品一起处理，请在主商品上申请"


@pytest.fixture
def bundle(shop: Any, buyer: Any) -> Any:
    """A pot (single ¥90) and a cup (single ¥50), bought together for ¥110."""
    parts = [("壶", "90.00", "70.00"), ("杯", "50.00", "40.00")]
    return OrderFactory(
        shop=shop,
        buyer=buyer,
        paid=Decimal("110.00"),
        lines=[
            {
                "title": title,
                "quantity": 1,
                "list_total": Decimal(single),
                "paid": Decimal(paid),
                "bundle": "B1",
            }
            for title, single, paid in parts
        ],
    )


@pytest.mark.parametrize(
    ("reason", "part", "taken_off", "total"),
    [
        ("R13", 0, "10.00", "60.00"),  # the cup stays at ¥50: 110 - 50
        ("R13", 1, "20.00", "20.00"),  # the pot stays at ¥90: 110 - 90
        ("R1", 1, "0.00", "40.00"),  # the merchant's fault: the share really paid
    ],
)
def test_a_bundle_returned_in_part_is_settled_at_single_prices(
    bundle: Any, reason: str, part: int, taken_off: str, total: str
) -> None:
    """§1.5: Measures Art. 17."""
    line = list(bundle.lines.all())[part]
    made = Case.refundable_for(line, 1, "return_refund", Reason.objects.get(code=reason))

    assert (made.bundle, made.total) == (Decimal(taken_off), Decimal(total))


def test_the_rest_of_a_bundle_brings_the_rest_of_the_money(bundle: Any, buyer: Any) -> None:
    """§1.5: both halves together are what was paid."""
    first, second = bundle.lines.all()
    Case.apply(first, application_for(bundle, "return_refund", "R13"), by=buyer)

    rest = Case.refundable_for(second, 1, "return_refund", Reason.objects.get(code="R13"))

    assert rest.total == Decimal("50.00")


@given(
    st.lists(st.tuples(st.integers(1, 9999), st.integers(0, 9999)), min_size=2, max_size=6),
    st.randoms(use_true_random=False),
)
def test_whatever_order_the_parts_of_a_bundle_come_back_in_they_add_up(
    parts: list[tuple[int, int]], random: Any
) -> None:
    """§1.5: never negative, never more than paid, and all of it once everything is back."""
    single = [Decimal(own + extra) / 100 for own, extra in parts]
    paid = sum((Decimal(own) / 100 for own, _extra in parts), Decimal())
    random.shuffle(single)
    stays, refunded = sum(single, Decimal()), Decimal()
    for each in single:
        back = amounts.Bundle(paid, refunded, stays, stays - each).gives_back
        assert 0 <= back <= paid - refunded
        refunded += back
        stays -= each

    assert refunded == paid


@given(
    st.decimals(min_value="0.01", max_value="500", places=2),
    st.decimals(min_value="0", max_value="600", places=2),
    st.decimals(min_value="0", max_value="50", places=2),
)
def test_what_is_taken_off_never_makes_a_refund_negative(
    paid: Decimal, gifts: Decimal, shipping: Decimal
) -> None:
    """§1.5, G6."""
    made = amounts.refundable(paid=paid, pieces=1, quantity=1, gifts=gifts, shipping=shipping)

    assert 0 <= made.total <= paid
    assert amounts.Refundable.kept(made.told()) == made


# Where the money comes from -----------------------------------------------------------------------


def test_a_coupon_and_points_go_back_in_kind(shop: Any, buyer: Any, merchant: Any) -> None:
    """S-37: coupons and points are routes of their own, and no part of the yuan."""
    half: dict[str, Any] = {"quantity": 1, "paid": Decimal("64.00")}
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        lines=[half, half],
        payments=[("微信支付", Decimal("28.00")), ("余额", Decimal("100.00"))],
    )
    Payment.objects.create(order=order, route="满减券", kind=PaymentKind.COUPON, amount=10)
    Payment.objects.create(order=order, route="积分", kind=PaymentKind.POINTS, amount=301)

    def paid_back(line: OrderLine) -> list[tuple[str, Decimal, str]]:
        case = Case.apply(
            line, application_for(order, "refund_received", amount=Decimal("64.00")), by=buyer
        )
        case.agree(by=merchant)
        pay_due()
        case.refresh_from_db()
        assert case.status == Status.REFUNDED
        assert case.events.last().details["amount"] == "64.00"
        return list(case.refunds.values_list("route", "amount", "purpose"))

    first, second = order.lines.all()
    assert paid_back(first) == [
        ("微信支付", Decimal("28.00"), "refund"),
        ("余额", Decimal("36.00"), "refund"),
        ("积分", Decimal("150.00"), "points"),
    ]
    assert paid_back(second) == [
        ("余额", Decimal("64.00"), "refund"),
        ("满减券", Decimal("10.00"), "coupon"),
        ("积分", Decimal("151.00"), "points"),
    ]


@pytest.fixture
def compensated(make_desk: Callable[..., Desk]) -> Desk:
    """Goods on their way back, and an accepted offer to make good ¥12.00 of freight."""
    desk = make_desk("sent_back", type="return_refund")
    sent = Round.objects.create(
        case=desk.case,
        series=desk.case.series,
        number=1,
        user=desk.merchant,
        text="补您运费",
        sent_at=desk.case.updated_at,
        due_at=desk.case.updated_at,
    )
    offer = Offer.objects.create(
        case=desk.case,
        round=sent,
        party="merchant",
        plan=Plan.objects.get(code="freight_compensation"),
        amount=Decimal("12.00"),
        at=desk.case.updated_at,
    )
    desk.case.accept_plan(by=desk.buyer, offer=offer)
    return desk


def test_freight_made_good_is_the_merchants_money_and_leaves_the_payment_whole(
    compensated: Desk,
) -> None:
    """§2.6 freight_compensation, S-37: the whole order can still go back by its own route."""
    (payout,) = compensated.case.refunds.all()
    assert (payout.route, payout.amount, payout.purpose) == (
        amounts.MERCHANT_ROUTE,
        Decimal("12.00"),
        Purpose.FREIGHT,
    )
    compensated.case.confirm_receipt(by=compensated.merchant)
    refund = compensated.case.refunds.get(purpose=Purpose.REFUND)
    assert (refund.route, refund.amount) == ("微信支付", Decimal("128.00"))


def test_freight_that_failed_is_seen_by_staff_and_tried_again(
    compensated: Desk, staff: Any
) -> None:
    """T-24: the case goes on where it is; staff retry under the same number."""
    case = compensated.case
    LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE)
    pay_due()
    case.refresh_from_db()
    assert (case.status, case.needs_staff) == (Status.AWAITING_MERCHANT_RECEIPT, True)
    assert case.events.last().step == "note_failed_payout"
    number = case.refunds.get().number

    case.retry_refund(by=staff)
    pay_due()

    case.refresh_from_db()
    payout = Refund.objects.get(case=case)
    assert (payout.number, payout.state) == (number, RefundState.PAID)
    assert (case.status, case.needs_staff) == (Status.AWAITING_MERCHANT_RECEIPT, False)
