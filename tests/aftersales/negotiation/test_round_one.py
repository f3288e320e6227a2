"""第一轮协商: plans, words, and one message at once (NEG-10 to NEG-17)."""

from decimal import Decimal

import pytest

from aftersales import clock
from aftersales.display import when
from aftersales.enums import Party, RoundState, Status, Turn
from aftersales.models import Notice, Round
from aftersales.notices import delivering
from tests.aftersales.negotiation.talk import (
    D15,
    asked,
    last,
    messages,
    offers,
    outcome,
    plan,
    refused,
    script,
    steps,
    until,
    whole,
    yuan,
)
from tests.factories import upload

SENT = (
    "为了不让您再跑一趟快递，我们愿意退您45.00元，商品您留着用，不需要寄回。"
    '若您觉得可以，请点"接受方案"，款项会原路退回。'
)


@pytest.fixture
def desk(make_desk):
    return make_desk("checked")


def send(desk, *codes, **answers):
    """The first round, with a partial refund and its words unless told otherwise."""
    given = {"offers": [plan("partial_refund", "45.00")], "script": script("SC-02")}
    desk.case.negotiate(by=desk.merchant, **(given | answers))


def test_several_plans_go_out_together(desk):
    """NEG-10."""
    send(desk, offers=[plan("partial_refund", "45.00"), plan("return_refund")])

    assert offers(desk.case) == [
        (Party.MERCHANT, "partial_refund", "open", yuan("45.00")),
        (Party.MERCHANT, "return_refund", "open", None),
    ]


def test_a_round_needs_a_plan(desk):
    """NEG-10."""
    with refused(desk.case, "请选择至少一个方案", field="plans"):
        send(desk, offers=[])


def test_a_round_needs_a_script(desk):
    """NEG-10."""
    with refused(desk.case, "请选择一段话术", field="script"):
        send(desk, script=None)


def test_a_plan_of_another_scenario_is_refused(desk):
    """NEG-10."""
    with refused(desk.case, "不适用于本单", field="plans"):
        send(desk, offers=[plan("intercept_refund")])


def test_the_same_plan_twice_is_refused(desk):
    """NEG-10."""
    with refused(desk.case, "不适用于本单", field="plans"):
        send(desk, offers=[plan("partial_refund", "45.00"), plan("partial_refund", "50.00")])


@pytest.mark.parametrize("amount", [None, "0", "0.00", "-1", "128.00", "128.01", "999999"])
def test_a_partial_refund_lies_between_nothing_and_everything(desk, amount):
    """NEG-11."""
    with refused(desk.case, "退款金额需在 0.01 到 127.99 之间", field="amount_partial_refund"):
        send(desk, offers=[plan("partial_refund", amount)])


@pytest.mark.parametrize("amount", ["0.01", "127.99"])
def test_both_ends_are_allowed(desk, amount):
    """NEG-11."""
    send(desk, offers=[plan("partial_refund", amount)])

    assert desk.case.offers.get().amount == Decimal(amount)


def test_amounts_have_two_places(desk):
    """NEG-11."""
    with refused(desk.case, "金额最多两位小数", field="amount_partial_refund"):
        send(desk, offers=[plan("partial_refund", "45.001")])


@pytest.mark.parametrize("code", ["full_refund_no_return", "return_refund", "invite_evidence"])
def test_other_plans_carry_no_amount(desk, code):
    """NEG-11."""
    with refused(desk.case, "这个方案不能填写金额", field=f"amount_{code}"):
        send(desk, offers=[plan(code, "45.00")])


@pytest.mark.parametrize("code", ["return_refund", "return_freight_covered"])
def test_a_return_is_not_offered_for_what_never_came(make_desk, code):
    """NEG-12."""
    case = make_desk("checked", type="refund_not_received").case
    case.step_form("round_1").plans.add(plan(code).plan)

    with refused(case, "买家还没有签收，不能退货", field="plans"):
        case.negotiate(by=make_desk().merchant, offers=[plan(code)], script=script("SC-01"))


@pytest.mark.parametrize("code", ["exchange", "resend", "repair"])
def test_plans_out_of_use_are_not_offered(desk, code):
    """NEG-12."""
    row = plan(code)
    row.plan.active = False
    row.plan.save()
    desk.case.step_form("round_1").plans.add(row.plan)
    assert code not in [each.code for each in desk.case.step_form("round_1").offered("plans")]

    with refused(desk.case, "不适用于本单", field="plans"):
        send(desk, offers=[row])


def test_pictures_are_welcome_and_not_demanded(desk):
    """NEG-14."""
    send(desk, evidence={"round": [upload(desk.merchant)]})

    shown = desk.case.evidence.get(party=Party.MERCHANT)
    assert (shown.slot, shown.label, shown.version) == ("round", "附图", desk.case.version)


def test_a_round_is_sent_verbatim_and_opens_the_wait(desk):
    """NEG-15."""
    send(desk)

    sent = Round.objects.get(case=desk.case)
    assert (sent.series, sent.number, sent.state) == (1, 1, RoundState.WAITING)
    assert (sent.text, sent.script.code, sent.user) == (SENT, "SC-02", desk.merchant)
    assert (sent.sent_at, sent.due_at) == (clock.now(), clock.now() + D15)
    assert messages(desk.case) == [(Party.MERCHANT, SENT)]
    event = last(desk.case)
    assert (event.step, event.party, event.user) == ("negotiate", Party.MERCHANT, desk.merchant)
    assert (event.before, event.after) == (Status.PENDING_MERCHANT, Status.PENDING_MERCHANT)
    assert (event.details["text"], event.details["round"]) == (SENT, 1)
    assert event.details["plans"] == [
        {
            "plan": "部分退款，无需退货",
            "plan_en": "Partial refund, no return",
            "code": "partial_refund",
            "terms": {},
            "amount": "45.00",
        }
    ]
    assert desk.case.turn == Turn.REPLY
    assert desk.case.wake_at == sent.due_at
    assert whole(desk.case)


def test_the_buyer_is_told_at_once_and_once(desk):
    """NEG-15."""
    send(desk)
    assert last(desk.case).delivered_at is None

    delivering.deliver_due()
    delivering.deliver_due()

    told = Notice.objects.get(event=last(desk.case), user=desk.buyer)
    assert SENT[:12] in told.text_zh
    assert not Notice.objects.filter(event=last(desk.case), user=desk.merchant).exists()


def test_a_double_click_sends_one_message(desk):
    """NEG-16."""
    version = desk.case.version

    for _ in range(2):
        send(desk, key="click-1", version=version)

    assert desk.case.rounds.count() == 1
    assert len(messages(desk.case)) == 1
    assert steps(desk.case).count("negotiate") == 1
    assert not desk.case.attempts.exists()


def test_a_second_tab_sends_nothing_either(desk):
    """NEG-16."""
    version = desk.case.version
    send(desk, key="click-1", version=version)

    with refused(desk.case, "此售后单刚刚有更新"):
        send(desk, key="click-2", version=version)
    with refused(desk.case, "请耐心等待消费者回复"):
        send(desk, key="click-3")


def test_the_wait_is_a_time_of_the_server_on_the_case(desk, buyer):
    """NEG-17."""
    send(desk)

    assert desk.case.reply_due_at == clock.now() + D15
    assert when(desk.case.reply_due_at, clock.now()) == "13:00"
    seen_by_buyer = {move.name for move in desk.case.moves(buyer, Party.BUYER) if not move.refusal}
    assert {"reply", "accept_plan", "send_message"} <= seen_by_buyer


def test_the_wait_lets_the_merchant_agree_but_not_reject(desk):
    """NEG-21."""
    send(desk)
    moves = {move.name: move.refusal for move in desk.case.moves(desk.merchant, Party.MERCHANT)}

    assert moves["agree"] == ""
    assert moves["reject"] == moves["negotiate"] == "请耐心等待消费者回复"


@pytest.mark.parametrize(
    ("hours", "fine"), [(0, False), (24, True), (72, True), (73, False)], ids=str
)
def test_a_promise_to_wait_ends_within_three_days(make_desk, hours, fine):
    desk = make_desk("checked", type="refund_not_received")
    answers = {
        "offers": [plan("wait_until", until=until(hours))],
        "script": script("SC-12"),
        "risks": asked(desk.case),
    }

    if fine:
        send(desk, **answers)
        assert desk.case.offers.get().terms["until"] == until(hours)
    else:
        with refused(desk.case, "请选择 72 小时以内的时间", field="until_wait_until"):
            send(desk, **answers)


@pytest.mark.parametrize("garbled", ["soon", "", "2026-11-24T12:00:00", 7])
def test_a_garbled_promise_to_wait_is_refused_not_a_crash(make_desk, garbled):
    desk = make_desk("checked", type="refund_not_received")

    with refused(desk.case, "请选择 72 小时以内的时间", field="until_wait_until"):
        send(
            desk,
            offers=[plan("wait_until", until=garbled)],
            script=script("SC-12"),
            risks=asked(desk.case),
        )


def test_a_coupon_alone_does_not_answer_a_fault(desk):
    with refused(desk.case, "质量问题不能只给优惠券", field="plans"):
        send(desk, offers=[plan("coupon", "10.00")], script=script("SC-18"))

    send(desk, offers=[plan("coupon", "10.00"), plan("partial_refund", "45.00")])
    assert desk.case.offers.count() == 2


def test_the_first_round_states_no_outcome(desk):
    send(desk, outcome=outcome("agreed"), explanation="已经谈好了，买家同意不退。")

    assert desk.case.rounds.get().outcome is None
    assert not desk.case.agreement_claimed
