"""What the claims of an order before it mean for the money of the next one (§1.5, G6)."""

from decimal import Decimal
from typing import Any

from aftersales.enums import Status
from aftersales.models import Case, OrderLine, Reason
from aftersales.payments import pay_due
from tests.aftersales.negotiation.talk import plan
from tests.factories import Desk, OrderFactory, application_for


def claim(order: Any, line: OrderLine, kind: str, reason: str, **given: Any) -> Case:
    application = application_for(order, kind, reason, line=line, **given)
    case: Case = Case.apply(line, application, by=order.buyer)
    return case


def most(line: OrderLine, quantity: int, kind: str, reason: str) -> Any:
    return Case.refundable_for(line, quantity, kind, Reason.objects.get(code=reason))


def settled(case: Case) -> Case:
    pay_due()
    case.refresh_from_db()
    assert case.status == Status.REFUNDED
    return case


def test_goods_kept_for_a_part_of_their_price_stay_in_the_bundle(
    shop: Any, buyer: Any, merchant: Any
) -> None:
    """Measures Art. 17, T-21: a pot (single ¥90) and a cup (single ¥50) for ¥110. The cup's return
    ends with ¥10 and no return; so the pot is settled as if the cup stays at ¥50."""
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        paid=Decimal("110.00"),
        lines=[
            {"quantity": 1, "list_total": Decimal(single), "paid": Decimal(paid), "bundle": "B"}
            for single, paid in (("90.00", "70.00"), ("50.00", "40.00"))
        ],
    )
    pot, cup = order.lines.all()
    case = claim(order, cup, "return_refund", "R1")
    Desk(case, merchant).negotiate(offers=[plan("partial_refund", "10.00")])
    case.accept_plan(by=buyer, offer=case.open_offers()[0])
    settled(case)

    rest = most(pot, 1, "return_refund", "R13")

    assert rest.total == Decimal("60.00")


def test_what_the_shop_took_back_and_never_replaced_breaks_no_free_shipping(
    shop: Any, buyer: Any, merchant: Any
) -> None:
    """T-15, Taobao Art. 53: ¥60 and ¥68, free from ¥99. The exchange of the first became money; who
    then sends back the last of it owes no way out."""
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        free_shipping_from=Decimal("99.00"),
        full_postage=Decimal("8.00"),
        lines=[
            {"quantity": 1, "paid": Decimal("60.00")},
            {"quantity": 1, "paid": Decimal("68.00")},
        ],
    )
    first, second = order.lines.all()
    case = claim(order, first, "exchange", "R1")
    case.agree_return(by=merchant, address=case.default_address())
    case.send_back(by=buyer, carrier="中通快递", tracking="ZT7600000001")
    case.confirm_receipt(by=merchant)
    case.refund_instead(by=merchant)
    settled(case)

    rest = most(second, 1, "return_refund", "R13")

    assert (rest.shipping, rest.total) == (Decimal("0.00"), Decimal("68.00"))


def test_a_price_difference_takes_no_piece_away_from_the_gifts(
    shop: Any, buyer: Any, merchant: Any
) -> None:
    """Measures Art. 12, walk 8: with one of two pieces sent back the gift stays."""
    order = OrderFactory(shop=shop, buyer=buyer)
    line = order.lines.get()
    OrderLine.objects.create(order=order, number="gift", title="杯垫", gift_of=line, paid=0)
    case = claim(order, line, "price_difference", "R19")
    case.agree(by=merchant)
    settled(case)

    part = claim(order, line, "return_refund", "R13", quantity=1)

    assert [(item.title, item.expected) for item in part.expected_back()] == [(line.title, 1)]


def test_a_price_difference_lowers_what_each_piece_cost(
    shop: Any, buyer: Any, merchant: Any
) -> None:
    """G6, walk 8: two pieces for ¥128, ¥10 of it given back; one of them brings ¥59, as it would
    have been if it had gone back first. A bundle is settled from what it cost in the end."""
    order = OrderFactory(shop=shop, buyer=buyer)
    line = order.lines.get()
    claim(order, line, "price_difference", "R19").agree(by=merchant)
    assert most(line, 1, "return_refund", "R13").total == Decimal("59.00")
    assert most(line, 2, "return_refund", "R13").total == Decimal("118.00")

    parts = [
        {"quantity": 1, "list_total": 90, "paid": 70},
        {"quantity": 1, "list_total": 50, "paid": 40},
    ]
    order = OrderFactory(
        shop=shop, buyer=buyer, paid=110, lines=[part | {"bundle": "B"} for part in parts]
    )
    pot, cup = order.lines.all()
    drop = {"reference_price": Decimal("60.00")}
    claim(order, pot, "price_difference", "R19", demand=drop, amount=Decimal("10.00")).agree(
        by=merchant
    )
    assert most(cup, 1, "return_refund", "R13").total == Decimal("10.00")  # the pot stays at ¥90


def test_postage_that_carried_goods_at_the_buyers_cost_does_not_come_back(
    shop: Any, buyer: Any, merchant: Any
) -> None:
    """Taobao Art. 53, walk 1: it comes back with the last unshipped line where all of the order is
    unshipped, or what was sent was the merchant's fault."""
    for reason, postage in (("R13", "0.00"), ("R1", "8.00")):
        order = OrderFactory(
            shop=shop,
            buyer=buyer,
            state="part",
            signed_at=None,
            paid=Decimal("128.00"),
            postage=Decimal("8.00"),
            free_shipping=False,
            lines=[
                {"quantity": 1, "paid": Decimal("60.00")},
                {"quantity": 1, "paid": Decimal("60.00")},
            ],
        )
        parcel = order.parcels.get()
        parcel.signed_at = order.shipped_at
        parcel.save()
        order.lines.filter(pk=order.lines.first().pk).update(parcel=parcel)
        sent, unsent = order.lines.select_related("order", "parcel")
        claim(order, sent, "return_refund", reason)

        assert most(unsent, 1, "refund_unshipped", "U1").postage == Decimal(postage), reason
