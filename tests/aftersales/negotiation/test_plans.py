"""协商方案: where each may be offered and what accepting it does (§2.6, NEG-11, NEG-12, T-21)."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Freight, PlanState, RefundState, RoundState, ScanKind, Status
from aftersales.logistics import traces
from aftersales.models import Case, Parcel, ReturnAddress
from aftersales.payments.paying import pay_due
from aftersales.rules import plans
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import (
    D15,
    DAY,
    HOUR,
    last,
    plan,
    refused,
    script,
    until,
    whole,
    yuan,
)
from tests.factories import OrderFactory

REFUND, RETURN, PARCEL = "refund_received", "return_refund", "refund_not_received"
UNSHIPPED = "refund_unshipped"


def offered(desk, *rows, words="SC-01", accept=0):
    """Offer these in round 1, and let the buyer accept one."""
    desk.check()
    desk.negotiate(offers=list(rows), script=script(words))
    desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[accept])
    return desk.case


def paid_out(case):
    return [(each.amount, each.purpose, each.state) for each in case.refunds.all()]


# Where each is allowed


@pytest.mark.parametrize(
    ("code", "kind", "trait", "sentence"),
    [
        ("partial_refund", REFUND, "", ""),
        ("partial_refund", RETURN, "", ""),
        ("partial_refund", RETURN, "sent_back", ""),
        ("partial_refund", PARCEL, "", "买家还没有收到货"),
        ("partial_refund", UNSHIPPED, "", "买家还没有收到货"),
        ("full_refund_no_return", REFUND, "", ""),
        ("full_refund_no_return", PARCEL, "", ""),
        ("full_refund_no_return", UNSHIPPED, "", ""),
        ("return_refund", REFUND, "", ""),
        ("return_refund", PARCEL, "", "买家还没有签收，不能退货"),
        ("return_refund", RETURN, "sent_back", "买家已经寄回"),
        ("return_freight_covered", RETURN, "", ""),
        ("return_freight_covered", UNSHIPPED, "", "买家还没有签收，不能退货"),
        ("intercept_refund", PARCEL, "", ""),
        ("intercept_refund", REFUND, "", "包裹不在运输途中"),
        ("intercept_refund", UNSHIPPED, "", "包裹不在运输途中"),
        ("wait_until", PARCEL, "", ""),
        ("wait_until", REFUND, "", "包裹不在运输途中"),
        ("freight_compensation", RETURN, "sent_back", ""),
        ("freight_compensation", RETURN, "", "买家还没有寄回"),
        ("coupon", REFUND, "", ""),
        ("invite_evidence", PARCEL, "", ""),
        ("exchange", REFUND, "", ""),
        ("exchange", PARCEL, "", "买家还没有签收，不能退货"),
        ("exchange", RETURN, "sent_back", "买家已经寄回"),
        ("resend", "resend", "", ""),
        ("resend", PARCEL, "", "买家没有反映少件，包裹也没有停滞"),
        ("resend", REFUND, "", "买家没有反映少件，包裹也没有停滞"),
        ("repair", REFUND, "", ""),
        ("repair", "repair", "", ""),
        ("partial_refund", "price_difference", "", ""),
        ("resend", "price_difference", "", "退差价只退钱，不涉及商品的退回、换货、补寄或维修"),
        ("exchange", "price_difference", "", "退差价只退钱，不涉及商品的退回、换货、补寄或维修"),
    ],
)
def test_each_plan_fits_where_its_facts_hold(make_case, code, kind, trait, sentence):
    """NEG-12."""
    assert plans.unfit(code, make_case(trait, type=kind)) == sentence


def test_missing_parts_may_be_refunded_in_part(make_desk, shop, buyer):
    """NEG-12."""
    order = OrderFactory(shop=shop, buyer=buyer)
    case = make_desk(type=PARCEL, reason="N5", order=order).case

    assert plans.unfit("partial_refund", case) == ""


@pytest.mark.parametrize("state", [ScanKind.SIGNED, ScanKind.SIGNED_BY_OTHER])
def test_what_was_signed_for_is_neither_recalled_nor_waited_for(make_case, state):
    """NEG-12."""
    case = make_case(type=PARCEL)
    Parcel.objects.filter(order=case.order).update(state=state)

    assert plans.unfit("intercept_refund", case) == "包裹不在运输途中"
    assert plans.unfit("wait_until", case) == "包裹不在运输途中"


def test_a_cent_cannot_be_divided(make_desk):
    """NEG-12."""
    case = make_desk(amount=yuan("0.01")).case

    assert plans.unfit("partial_refund", case) == "申请金额太小，不能再分"


def test_freight_compensation_has_an_amount(make_desk):
    """NEG-11."""
    desk = make_desk("sent_back", type=RETURN)
    desk.check()

    with refused(desk.case, "退款金额需在", field="amount_freight_compensation"):
        desk.negotiate(offers=[plan("freight_compensation")], script=script("SC-01"))


# What acceptance does


def test_a_partial_refund_is_owed_and_closes_the_line(make_desk):
    case = offered(make_desk(), plan("partial_refund", "45.00"))

    assert case.status == Status.REFUNDING
    assert (case.to_refund, case.amount) == (yuan("45.00"), yuan("128.00"))  # the demand is kept
    assert paid_out(case) == [(yuan("45.00"), "refund", RefundState.OWED)]
    assert (case.due_at, case.wake_at, case.round_state) == (None, None, RoundState.ACCEPTED)
    assert last(case).told == {
        "code": "partial_refund",
        "terms": {},
        "plan": "部分退款，无需退货",
        "amount": "45.00",
    }
    assert Case.why_not(case.line)
    assert whole(case)


def test_a_full_refund_without_return_is_what_was_asked_for(make_desk):
    case = offered(make_desk(type=RETURN), plan("full_refund_no_return"))

    assert case.status == Status.REFUNDING
    assert paid_out(case) == [(yuan("128.00"), "refund", RefundState.OWED)]


@pytest.mark.parametrize(
    ("code", "reason", "kind", "freight"),
    [
        ("return_refund", "R1", REFUND, Freight.MERCHANT),
        ("return_refund", "R20", REFUND, Freight.BUYER),
        ("return_refund", "R1", RETURN, Freight.MERCHANT),
        ("return_freight_covered", "R20", REFUND, Freight.MERCHANT),
        ("return_freight_covered", "R20", RETURN, Freight.MERCHANT),
    ],
)
def test_a_return_shows_the_address_and_who_pays_the_freight(
    make_desk, code, reason, kind, freight
):
    case = offered(make_desk(type=kind, reason=reason), plan(code))

    assert case.status == Status.AWAITING_BUYER_RETURN
    assert case.freight == freight
    assert case.return_address == case.default_address().shown()
    assert case.due_at == clock.now() + 7 * DAY
    assert case.to_refund == yuan("128.00")
    assert not case.refunds.exists()


def test_a_return_offered_for_a_part_brings_everything_back(make_desk):
    """退货后退全款: who asked for ¥30 off and sends the goods back gets all of it."""
    desk = make_desk(amount=yuan("30.00"))
    case = offered(desk, plan("return_refund"))
    case.send_back(by=desk.buyer, carrier="中通快递", tracking="ZT8800000001")

    case.confirm_receipt(by=desk.merchant)

    assert paid_out(case) == [(yuan("128.00"), "refund", RefundState.OWED)]


def test_the_address_is_the_one_that_was_offered(make_desk, shop):
    desk = make_desk("checked")
    desk.negotiate(offers=[plan("return_refund")], script=script("SC-03"))
    ReturnAddress.objects.filter(shop=shop).update(detail="别处 9 号")

    desk.case.accept_plan(by=desk.buyer, offer=desk.case.offers.get())

    assert desk.case.return_address["detail"] == "文三路 1 号 3 幢"


def test_nobody_forges_an_address_or_the_freight_into_a_plan(make_desk):
    forged = plan("return_freight_covered", address={"detail": "别处"}, freight="buyer", x=1)

    case = offered(make_desk(), forged)

    assert case.freight == Freight.MERCHANT
    assert case.return_address == case.default_address().shown()
    assert set(case.offers.get().terms) == {"address", "freight"}


def test_a_recall_waits_for_the_parcel(make_desk):
    case = offered(make_desk(type=PARCEL), plan("intercept_refund"), words="SC-11")

    assert case.status == Status.AWAITING_DELIVERY_REFUSAL
    assert case.due_at == clock.now() + 10 * DAY
    assert not case.refunds.exists()


def test_a_parcel_that_was_signed_for_meanwhile_can_be_refused_no_more(make_desk):
    """T-05, T-21: who accepted it would wait for what can't happen, and lose his claim to D5."""
    desk = make_desk("checked", type=PARCEL)
    desk.negotiate(offers=[plan("intercept_refund")], script=script("SC-11"))
    Parcel.objects.filter(order=desk.case.order).update(state=ScanKind.SIGNED)

    with refused(desk.case, "包裹不在运输途中", field="offer"):
        desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[0])


def test_nobody_waits_for_a_parcel_that_has_come_meanwhile(make_desk):
    """§2.6: he would keep it, and be refunded at the end of a wait that nobody may end."""
    desk = make_desk("checked", type=PARCEL)
    desk.negotiate(offers=[plan("wait_until", until=until(24))], script=script("SC-12"))
    Parcel.objects.filter(order=desk.case.order).update(state=ScanKind.SIGNED)

    with refused(desk.case, "包裹不在运输途中", field="offer"):
        desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[0])


def test_a_promise_to_wait_is_kept_by_the_clock(make_desk, now):
    case = offered(make_desk(type=PARCEL), plan("wait_until", until=until(24)), words="SC-12")
    promised = clock.now() + DAY
    assert case.status == Status.PENDING_MERCHANT
    assert (case.promised_until, case.due_at, case.wake_at) == (promised,) * 3

    now.shift(DAY)
    expire_all()

    case = Case.objects.get(pk=case.pk)
    assert case.status == Status.REFUNDING
    assert last(case).step == "agree_by_default"


def test_once_the_parcel_has_come_the_wait_is_over_and_the_claim_is_handled_anew(make_desk, now):
    """§2.6, walk 2: 仍未解决 is granted by the clock; what came could not be answered at all."""
    desk = make_desk(type=PARCEL)
    case = offered(desk, plan("wait_until", until=until(24)), words="SC-12")
    parcel = case.order.parcels.get()
    now.shift(HOUR)
    traces.record(parcel, [traces.Scan(clock.now(), ScanKind.SIGNED, "已签收", "本人")])

    case.refresh_from_db()
    assert (last(case).step, case.due_at) == ("note_signing", case.promised_until)
    assert case.refusal("reject", desk.merchant) == "驳回前请先与消费者完成两轮协商"
    for _round in range(2):
        desk.negotiate()
        desk.reply()
    desk.reject()
    assert last(desk.case).details["reason_code"] == "RR-02"


def test_a_promise_beyond_the_handling_time_extends_it_to_that_day_and_not_further(make_desk):
    case = offered(make_desk(type=PARCEL), plan("wait_until", until=until(72)), words="SC-12")

    assert case.due_at == clock.now() + 3 * DAY


def test_a_promise_that_has_passed_cannot_be_accepted(make_desk, now):
    desk = make_desk("checked", type=PARCEL)
    desk.negotiate(offers=[plan("wait_until", until=until(24))], script=script("SC-12"))
    now.shift(25 * HOUR)

    with refused_but_expired(desk.case):
        desk.case.accept_plan(by=desk.buyer, offer=desk.case.offers.get())


def refused_but_expired(case):
    case.catch_up()
    return refused(case, "约定等待的时间已过", field="offer")


def test_a_promise_accepted_after_the_rejection_takes_the_case_back(make_desk, now):
    desk = make_desk("answered", type=PARCEL)
    desk.negotiate(offers=[plan("wait_until", until=until(48))], script=script("SC-12"))
    now.shift(D15)
    desk.reject()

    desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[0])

    assert desk.case.status == Status.PENDING_MERCHANT
    assert desk.case.due_at == desk.case.promised_until
    assert desk.case.refusal("reject", desk.merchant) == "买家已接受方案，不能驳回"


def test_a_coupon_is_issued_at_once_and_the_claim_goes_on(make_desk):
    desk = make_desk()
    case = offered(desk, plan("coupon", "10.00"), plan("partial_refund", "45.00"), words="SC-18")

    assert case.status == Status.PENDING_MERCHANT
    assert last(case).told == {
        "code": "coupon",
        "terms": {},
        "plan": "优惠券补偿",
        "amount": "10.00",
    }
    assert [(each.plan.code, each.state) for each in case.offers.all()] == [
        ("coupon", PlanState.ACCEPTED),
        ("partial_refund", PlanState.OPEN),
    ]
    assert (case.round_state, case.reply_due_at) == (RoundState.ANSWERED, None)
    assert paid_out(case) == [(yuan("10.00"), "goodwill", RefundState.OWED)]

    case.accept_plan(by=desk.buyer, offer=case.open_offers()[0])
    assert paid_out(case)[1:] == [(yuan("45.00"), "refund", RefundState.OWED)]
    pay_due()
    assert Case.objects.get(pk=case.pk).status == Status.REFUNDED
    assert {state for *_rest, state in paid_out(case)} == {RefundState.PAID}


def test_a_coupon_does_not_take_the_merchants_way_on(make_desk):
    desk = make_desk()
    offered(desk, plan("coupon", "10.00"), plan("partial_refund", "45.00"), words="SC-18")

    desk.negotiate()

    assert desk.case.round_number == 2


def test_a_coupon_for_which_the_buyer_lets_go_closes_the_case(make_desk):
    case = offered(make_desk(type=PARCEL), plan("coupon", "10.00", waives=True), words="SC-18")

    assert case.status == Status.CLOSED_AGREED
    assert case.round_state == RoundState.ACCEPTED
    assert (case.due_at, case.wake_at) == (None, None)
    assert paid_out(case) == [(yuan("10.00"), "goodwill", RefundState.OWED)]


def test_nobody_lets_go_for_a_coupon_what_he_has_sent_back(make_desk):
    """§2.6, NEG-12: the shop would have the goods and the price; a coupon besides is welcome."""
    desk = make_desk("sent_back", type=RETURN, reason="R13")
    desk.check()
    waiving = plan("coupon", "10.00", waives=True)
    with refused(desk.case, "商品已经寄回", field="waives_coupon"):
        desk.negotiate(offers=[waiving], script=script("SC-18"))
    case = offered(desk, plan("coupon", "10.00"), words="SC-18")
    assert case.status == Status.AWAITING_MERCHANT_RECEIPT


def test_freight_is_paid_besides_and_the_return_goes_on(make_desk):
    desk = make_desk("sent_back", type=RETURN)
    due_at = desk.case.due_at
    case = offered(desk, plan("freight_compensation", "12.00"))

    assert case.status == Status.AWAITING_MERCHANT_RECEIPT
    assert case.due_at == due_at
    assert paid_out(case) == [(yuan("12.00"), "freight", RefundState.OWED)]
    assert case.round_state == RoundState.ANSWERED

    case.confirm_receipt(by=desk.merchant)
    assert paid_out(case)[1:] == [(yuan("128.00"), "refund", RefundState.OWED)]


def test_a_part_for_goods_that_came_back_settles_it(make_desk):
    case = offered(
        make_desk("sent_back", type=RETURN), plan("partial_refund", "100.00"), words="SC-15"
    )

    assert case.status == Status.REFUNDING
    assert paid_out(case) == [(yuan("100.00"), "refund", RefundState.OWED)]


def test_an_accepted_plan_settles_an_open_intervention(make_desk, now):
    desk = make_desk("second_waiting")
    now.shift(D15)
    desk.reject()
    desk.case.ask_platform(by=desk.buyer, reason="商家驳回没有道理，照片很清楚。")

    desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[0])

    assert desk.case.status == Status.REFUNDING
    assert desk.case.last_intervention.stage == desk.case.stage == "settled"
    assert desk.case.evidence_due_at is None


def test_a_plan_is_accepted_once(make_desk):
    desk = make_desk("waiting")
    offer = desk.case.offers.get()

    for _ in range(2):
        desk.case.accept_plan(by=desk.buyer, offer=offer, key="click-1")
    with refused(desk.case, "售后单当前状态不能进行此操作"):
        desk.case.accept_plan(by=desk.buyer, offer=offer, key="click-2")

    assert desk.case.refunds.count() == 1


def test_another_cases_plan_is_not_ours(make_desk):
    ours, other = make_desk("waiting"), make_desk("waiting")

    with refused(ours.case, "没有这个方案", field="offer"):
        ours.case.accept_plan(by=ours.buyer, offer=other.case.offers.get())
    assert timedelta() < other.case.reply_due_at - clock.now()


@pytest.mark.parametrize("cover", [Freight.MERCHANT, Freight.INSURANCE])
def test_a_return_offered_instead_of_money_has_the_cover_of_its_order(
    make_desk, shop, buyer, cover
):
    """§1.5: 退货包运费 or 运费险 pays the way back, though no way back was asked for."""
    covers = {Freight.MERCHANT: "merchant_free_return", Freight.INSURANCE: "insurance"}
    order = OrderFactory(shop=shop, buyer=buyer, freight_cover=covers[cover])
    desk = make_desk("checked", order=order, reason="R20")
    desk.negotiate(offers=[plan("return_refund")])
    desk.case.accept_plan(by=buyer, offer=desk.case.open_offers()[0])
    desk.case.send_back(by=buyer, carrier="中通快递", tracking="ZT7700000001")

    assert desk.case.freight == cover
    assert desk.case.freight_claims.get().payer == cover
