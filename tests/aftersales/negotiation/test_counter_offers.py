"""还价: the buyer's own figure, and one click of the merchant that takes it (§2.6)."""

import pytest

from aftersales import clock
from aftersales.enums import Freight, Party, PlanState, RoundState, Status
from aftersales.models import CounterOffer, Plan, ReturnAddress
from tests.aftersales.negotiation.talk import DAY, last, offers, refused, whole, yuan
from tests.factories import MemberFactory


def asks(desk, code="partial_refund", amount=None):
    counter = CounterOffer(Plan.objects.get(code=code), yuan(amount) if amount else None)
    desk.case.reply(by=desk.buyer, counter=counter)


@pytest.fixture
def desk(make_desk):
    return make_desk("waiting")


@pytest.mark.parametrize("amount", ["80.00", "0.01", "128.00"])
def test_the_merchant_takes_the_buyers_figure_with_one_click(desk, amount):
    asks(desk, amount=amount)

    desk.case.accept_counter(by=desk.merchant)

    assert desk.case.status == Status.REFUNDING
    assert desk.case.refunds.get().amount == desk.case.to_refund == yuan(amount)
    assert offers(desk.case)[-1] == (Party.BUYER, "partial_refund", "accepted", yuan(amount))
    assert desk.case.rounds.get().state == RoundState.ACCEPTED
    event = last(desk.case)
    assert (event.step, event.party, event.user) == (
        "accept_counter",
        Party.MERCHANT,
        desk.merchant,
    )
    assert whole(desk.case)


@pytest.mark.parametrize(
    ("code", "freight"),
    [("return_refund", Freight.MERCHANT), ("return_freight_covered", Freight.MERCHANT)],
)
def test_the_buyer_may_ask_for_a_return_instead(desk, code, freight):
    asks(desk, code)

    desk.case.accept_counter(by=desk.merchant)

    assert desk.case.status == Status.AWAITING_BUYER_RETURN
    assert desk.case.freight == freight
    assert desk.case.return_address
    assert desk.case.due_at == clock.now() + 7 * DAY


def test_freight_on_the_merchant_means_that(make_desk):
    desk = make_desk("waiting", reason="R20")
    asks(desk, "return_freight_covered")

    desk.case.accept_counter(by=desk.merchant)

    assert desk.case.freight == Freight.MERCHANT


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        (None, "请填写希望的金额"),
        ("0.00", "请填写希望的金额"),
        ("-5.00", "请填写希望的金额"),
        ("45.005", "金额最多两位小数"),
        ("128.01", "希望的金额不能超过申请金额 ¥128.00"),
    ],
)
def test_a_figure_lies_within_the_demand(desk, amount, sentence):
    with refused(desk.case, sentence, field="amount"):
        asks(desk, amount=amount)


def test_a_plan_without_an_amount_has_none(desk):
    with refused(desk.case, "这个方案不能填写金额", field="amount"):
        asks(desk, "return_refund", "45.00")


@pytest.mark.parametrize(
    "code", ["coupon", "wait_until", "invite_evidence", "freight_compensation"]
)
def test_some_plans_are_not_the_buyers_to_propose(desk, code):
    with refused(desk.case, "不能提出这种方案", field="plan"):
        asks(desk, code)


def test_a_return_of_what_never_came_is_not_proposed(make_desk):
    desk = make_desk("waiting", type="refund_not_received")

    with refused(desk.case, "买家还没有签收，不能退货", field="plan"):
        asks(desk, "return_refund")


def test_without_a_counter_offer_there_is_nothing_to_take(make_desk):
    desk = make_desk("answered")

    assert desk.case.refusal("accept_counter", desk.merchant) == "买家没有提出新方案"
    with refused(desk.case, "买家没有提出新方案"):
        desk.case.accept_counter(by=desk.merchant)


def test_the_next_round_replaces_it(desk):
    asks(desk, amount="80.00")
    desk.negotiate()

    assert desk.case.open_counter() is None
    assert desk.case.offers.filter(party=Party.BUYER).get().state == PlanState.REPLACED
    with refused(desk.case, "买家没有提出新方案"):
        desk.case.accept_counter(by=desk.merchant)


def test_it_can_still_be_taken_after_the_rejection(desk):
    desk.reply()
    desk.negotiate()
    asks(desk, amount="80.00")
    desk.reject()

    desk.case.accept_counter(by=desk.merchant)

    assert desk.case.status == Status.REFUNDING
    assert desk.case.refunds.get().amount == yuan("80.00")


def test_it_takes_the_permission_to_agree(desk, shop):
    asks(desk, amount="80.00")
    clerk = MemberFactory(shop=shop, permissions=["negotiate", "reject"]).user

    with refused(desk.case, "你没有“同意售后”权限"):
        desk.case.accept_counter(by=clerk)


def test_without_a_return_address_a_return_cannot_be_taken(desk, shop):
    asks(desk, "return_refund")
    ReturnAddress.objects.filter(shop=shop).delete()

    with refused(desk.case, "请先设置有效的退货地址"):
        desk.case.accept_counter(by=desk.merchant)


def test_the_merchants_click_on_an_old_page_takes_nothing(desk):
    asks(desk, amount="80.00")
    seen = desk.case.version
    desk.case.send_message(by=desk.buyer, text="还是 90 吧")

    with refused(desk.case, "此售后单刚刚有更新"):
        desk.case.accept_counter(by=desk.merchant, version=seen)
