"""还价: the buyer's own figure, and one click of the merchant that takes it (§2.6)."""

import pytest

from aftersales import clock
from aftersales.bids import agreed_terms
from aftersales.enums import Freight, Party, PlanState, RoundState, Status
from aftersales.models import CounterOffer, Offer, OrderLine, Plan, ReturnAddress
from tests.aftersales.negotiation.talk import DAY, last, offers, refused, whole, yuan
from tests.factories import MemberFactory


def asks(desk, code="partial_refund", amount=None, **terms):
    row = Plan.objects.get(code=code)
    counter = CounterOffer(row, yuan(amount) if amount else None, terms)
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


@pytest.mark.parametrize("code", ["return_refund", "return_freight_covered", "exchange"])
def test_where_neither_said_who_pays_the_way_back_the_merchant_does(make_desk, code):
    """§1.5, Taobao Art. 49: no rule decides, and the buyer's words name no bearer."""
    desk = make_desk("waiting", reason="R20")
    asks(desk, code)

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


@pytest.mark.parametrize(
    ("trait", "kind"), [("refused_goods", "return_refund"), ("under_review", "refund_received")]
)
def test_and_as_long_as_the_merchant_may_relent(make_desk, trait, kind):
    """T-22: after goods were refused, and until the platform has ruled."""
    desk = make_desk(trait, type=kind)
    asked = Offer.objects.create(
        case=desk.case,
        round=desk.case.last_round,
        party=Party.BUYER,
        plan=Plan.objects.get(code="partial_refund"),
        amount=yuan("80.00"),
        at=clock.now(),
    )

    desk.case.accept_counter(by=desk.merchant)

    asked.refresh_from_db()
    assert (desk.case.status, asked.state) == (Status.REFUNDING, PlanState.ACCEPTED)
    assert desk.case.refunds.get().amount == yuan("80.00")
    assert whole(desk.case)


def test_what_is_wanted_instead_is_said_with_it(make_desk):
    """§2.6: the same fields as a plan of the shop's; an address or a freight is nobody's to forge."""
    desk = make_desk("waiting", type="resend", reason="R8")
    with refused(desk.case, "请写明补寄什么", field="items_resend"):
        asks(desk, "resend", items=" ")

    asks(desk, "resend", items="杯盖 1 个", address={"detail": "别处"}, freight="buyer")
    desk.case.accept_counter(by=desk.merchant)

    assert desk.case.status == Status.AWAITING_MERCHANT_SHIP
    assert desk.case.offers.get(party=Party.BUYER).terms == {"items": "杯盖 1 个"}
    assert agreed_terms(desk.case, clock.now()) == "杯盖 1 个"


def test_a_model_that_is_sold_out_is_not_asked_for(desk):
    OrderLine.objects.filter(pk=desk.case.line_id).update(
        stock=[{"sku": "红", "stock": 0}, {"sku": "蓝", "stock": 2}]
    )
    desk.case.refresh_from_db()
    with refused(desk.case, "请选一个有库存的规格", field="sku_exchange"):
        asks(desk, "exchange", sku="红")

    asks(desk, "exchange", sku="蓝")
    desk.case.accept_counter(by=desk.merchant)

    assert desk.case.status == Status.AWAITING_BUYER_RETURN
    assert agreed_terms(desk.case, clock.now()) == "蓝"


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
