"""出价往来: what was asked and offered over time, and the gap at a glance, on both sides."""

from datetime import timedelta
from decimal import Decimal

import pytest

from aftersales import clock
from aftersales.bids import bids_of, gap_of
from aftersales.enums import Status
from aftersales.models import CounterOffer, Plan
from tests.aftersales.negotiation.talk import plan, yuan
from tests.buyers.conftest import Phone


def counter(desk, amount):
    wish = CounterOffer(Plan.objects.get(code="partial_refund"), yuan(amount))
    desk.case.reply(by=desk.buyer, counter=wish)


def test_without_an_offer_there_is_no_history(make_case, at_desk, text_of):
    case = make_case()

    assert bids_of(case, clock.now()) == []
    assert gap_of(case) is None
    assert "出价往来" not in text_of(at_desk.look("case", case))


def test_every_wish_and_offer_stands_in_its_order(make_desk, at_desk, buyer, text_of):
    """NEG-24, S-78: offered, improved, countered; and what lies between them."""
    desk = make_desk("waiting")
    [offer] = desk.case.open_offers()
    desk.case.improve_offer(by=desk.merchant, offer=offer, amount=yuan("60.00"))
    counter(desk, "100.00")

    told = [(bid.who, bid.amount, bid.state) for bid in bids_of(desk.case, clock.now())]

    assert told == [
        ("买家", Decimal("128.00"), "申请"),
        ("商家", Decimal("45.00"), "已被新方案替代"),
        ("商家", Decimal("60.00"), "未接受"),
        ("买家", Decimal("100.00"), "待答复"),
    ]
    assert gap_of(desk.case) == Decimal("40.00")
    for page in (at_desk.look("case", desk.case), Phone(buyer).look("case", desk.case)):
        assert "出价往来" in text_of(page)
        assert "还差 ¥40.00" in text_of(page)
        assert "¥60.00" in text_of(page)
    assert "与你的出价相差 ¥40.00" in text_of(at_desk.look("negotiate", desk.case))


def test_nothing_lies_between_them_once_a_plan_is_accepted(make_desk, at_desk, buyer, text_of):
    desk = make_desk("waiting")
    desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[0])

    assert gap_of(desk.case) is None
    for page in (at_desk.look("case", desk.case), Phone(buyer).look("case", desk.case)):
        assert "出价往来" in text_of(page)
        assert "还差" not in text_of(page)


def test_nothing_lies_between_them_once_the_shop_lets_its_time_pass(
    make_desk, at_desk, buyer, text_of, now
):
    """T-08: the claim is agreed to as it was made, and the money on its way."""
    desk = make_desk("waiting")
    assert gap_of(desk.case) == Decimal("83.00")
    now.shift(timedelta(hours=48))
    desk.case.catch_up()

    assert desk.case.status == Status.REFUNDING
    assert gap_of(desk.case) is None
    for page in (at_desk.look("case", desk.case), Phone(buyer).look("case", desk.case)):
        assert "出价往来" in text_of(page)
        assert "还差" not in text_of(page)


def test_nothing_lies_between_them_once_goods_are_agreed_on(make_desk):
    desk = make_desk()
    desk.negotiate(offers=[plan("partial_refund", "45.00"), plan("exchange", sku="青绿")])
    exchange = desk.case.open_offers()[1]
    desk.case.accept_plan(by=desk.buyer, offer=exchange)

    assert exchange.plan.code == "exchange"
    assert gap_of(desk.case) is None


def test_nothing_lies_between_them_once_the_case_is_over(make_desk, at_desk, buyer, text_of):
    desk = make_desk("waiting")
    desk.case.cancel(by=desk.buyer)

    assert gap_of(desk.case) is None
    for page in (at_desk.look("case", desk.case), Phone(buyer).look("case", desk.case)):
        assert "出价往来" in text_of(page)
        assert "还差" not in text_of(page)


@pytest.mark.parametrize(
    ("offers", "gap"),
    [
        ([("partial_refund", "45.00")], "83.00"),
        ([("partial_refund", "45.00"), ("full_refund_no_return", None)], "0.00"),
        ([("return_refund", None)], None),
        ([("partial_refund", "45.00"), ("coupon", "20.00")], "83.00"),
    ],
)
def test_the_gap_is_to_the_best_offer_in_money(make_desk, offers, gap):
    """A coupon or a return settles nothing of the amount."""
    desk = make_desk()

    desk.negotiate(offers=[plan(*offer) for offer in offers])

    assert gap_of(desk.case) == (None if gap is None else Decimal(gap))


def test_a_wish_above_nothing_is_left_when_the_shop_offers_more(make_desk):
    desk = make_desk("waiting")
    counter(desk, "40.00")

    assert gap_of(desk.case) == Decimal("0.00")
