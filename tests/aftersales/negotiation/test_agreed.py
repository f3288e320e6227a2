"""已与消费者协商达成一致: the merchant says so with proof, the buyer confirms, or not (NEG-46)."""

from datetime import timedelta

import pytest

from aftersales.enums import Party, RoundState, Status
from tests.aftersales.negotiation.talk import (
    D15,
    last,
    messages,
    outcome,
    plan,
    refused,
    reject_reason,
    script,
    set_policy,
    whole,
)
from tests.factories import upload

AGREEMENT = "买家同意换一只同款的杯子，由我们寄出。"


def claim(desk, **answers):
    given = {
        "outcome": outcome("agreed"),
        "explanation": AGREEMENT,
        "evidence": {"chat": [upload(desk.merchant)]},
    }
    desk.case.negotiate(by=desk.merchant, **(given | answers))


@pytest.fixture
def claimed(make_desk):
    desk = make_desk("answered")
    claim(desk)
    return desk


def test_the_buyer_is_asked_to_confirm_in_the_merchants_words(claimed, buyer):
    """NEG-46."""
    case = claimed.case

    assert (case.round_number, case.round_state) == (2, RoundState.WAITING)
    assert messages(case)[-1] == (Party.MERCHANT, AGREEMENT)
    assert case.evidence.filter(slot="chat").count() == 1
    assert not case.open_offers()
    mine = {move.name for move in case.moves(buyer, Party.BUYER) if not move.refusal}
    assert {"confirm_agreed", "reply"} <= mine


def test_only_after_a_round_that_was_answered(make_desk):
    """NEG-46."""
    desk = make_desk("expired")

    with refused(desk.case, "买家没有回复", field="outcome"):
        claim(desk)


def test_not_in_the_first_round(make_desk):
    """NEG-46."""
    desk = make_desk("checked")

    with refused(desk.case, "请选择至少一个方案", field="plans"):
        claim(desk, evidence={})
    assert not desk.case.agreement_claimed


def test_the_chat_must_be_shown(make_desk):
    """NEG-46."""
    desk = make_desk("answered")

    with refused(desk.case, "请上传聊天截图（1–3 张）", field="proof_chat"):
        claim(desk, evidence={})


def test_and_what_was_agreed_must_be_said(make_desk):
    """NEG-46."""
    desk = make_desk("answered")

    with refused(desk.case, "请写明协商一致的内容", field="explanation"):
        claim(desk, explanation="说好了")


def test_in_words_that_keep_to_the_platform(make_desk):
    """NEG-46."""
    desk = make_desk("answered")

    with refused(desk.case, "不能包含电话、微信或外部链接：「13812345678」", field="explanation"):
        claim(desk, explanation="说好了，之后打 13812345678 联系我。")


def test_no_plans_ride_along_unchecked(make_desk):
    """NEG-46."""
    desk = make_desk("answered")

    claim(desk, offers=[plan("partial_refund", "99999.00")])

    assert not desk.case.rounds.last().offers.exists()


def test_on_the_buyers_word_the_case_closes_as_agreed(claimed):
    """NEG-46."""
    claimed.case.confirm_agreed(by=claimed.buyer)

    case = claimed.case
    assert case.status == Status.CLOSED_AGREED
    assert (case.due_at, case.wake_at, case.reply_due_at) == (None, None, None)
    assert case.closed_at is not None
    assert case.rounds.last().state == RoundState.ACCEPTED
    assert not case.refunds.exists()
    assert last(case).details == {"agreed": AGREEMENT}
    assert whole(case)


def test_he_may_confirm_late(claimed, now):
    """NEG-46."""
    now.shift(D15 + timedelta(minutes=5))

    claimed.case.confirm_agreed(by=claimed.buyer)

    assert claimed.case.status == Status.CLOSED_AGREED


def test_a_word_is_not_yet_a_confirmation(claimed):
    """NEG-46."""
    claimed.case.send_message(by=claimed.buyer, text="好的")

    assert claimed.case.status == Status.PENDING_MERCHANT
    claimed.case.confirm_agreed(by=claimed.buyer)
    assert claimed.case.status == Status.CLOSED_AGREED


def test_nobody_else_confirms(claimed, stranger, staff):
    """NEG-46."""
    for user in (claimed.merchant, stranger, staff):
        with refused(claimed.case, "你没有权限进行此操作"):
            claimed.case.confirm_agreed(by=user)


def test_without_his_word_it_is_an_ordinary_gate(claimed, now):
    """NEG-46."""
    with refused(claimed.case, "请耐心等待消费者回复"):
        claimed.case.reject(by=claimed.merchant, **claimed.answers_for(reject_reason("RR-05")))
    now.shift(D15)

    claimed.reject(**claimed.answers_for(reject_reason("RR-05")))

    assert claimed.case.status == Status.REJECTED
    assert last(claimed.case).details["reason_code"] == "RR-05"


@pytest.mark.parametrize("answer", ["silence", "a word"])
def test_and_nobody_is_turned_down_with_an_agreement_that_he_never_confirmed(claimed, now, answer):
    """NEG-46: 已协商一致 wants the chat and the buyer's own confirmation, whatever is posted."""
    if answer == "a word":
        claimed.case.send_message(by=claimed.buyer, text="好的")
    now.shift(D15)
    claimed.case.catch_up()

    with refused(claimed.case, "买家还没有确认", field="reason"):
        claimed.reject(**claimed.answers_for(reject_reason("RR-15")))


def test_who_denies_it_did_not_agree(claimed):
    """NEG-46."""
    claimed.reply("没有这回事，我要退款")

    assert not claimed.case.agreement_claimed
    with refused(claimed.case, "商家没有请你确认协商结果"):
        claimed.case.confirm_agreed(by=claimed.buyer)
    with refused(claimed.case, "买家还没有确认", field="reason"):
        claimed.reject(**claimed.answers_for(reject_reason("RR-15")))


def test_nothing_is_confirmed_that_nobody_claimed(make_desk):
    """NEG-46."""
    desk = make_desk("answered")

    with refused(desk.case, "商家没有请你确认协商结果"):
        desk.case.confirm_agreed(by=desk.buyer)


def test_a_claim_does_not_outlive_its_handling(claimed, now, staff):
    """NEG-46."""
    claimed.case.send_message(by=claimed.buyer, text="等等")
    claimed.reject(**claimed.answers_for(reject_reason("RR-05")))
    claimed.case.ask_platform(by=claimed.buyer, reason="我没有答应过换货，请平台处理。")
    now.shift(timedelta(hours=48))
    claimed.case.catch_up()
    claimed.case.rule(
        by=staff, ruling="rehandle", responsible="none", grounds="截图看不清楚，请重新沟通。"
    )

    with refused(claimed.case, "商家没有请你确认协商结果"):
        claimed.case.confirm_agreed(by=claimed.buyer)


def test_a_script_may_say_it_instead(make_desk):
    """NEG-46."""
    desk = make_desk("answered")

    claim(desk, script=script("SC-22"))

    assert desk.case.rounds.last().text.startswith("之前给您留的方案")


@pytest.mark.parametrize(
    ("after", "open_gate"),
    [(-timedelta(seconds=1), False), (timedelta(), True), (timedelta(seconds=1), True)],
)
def test_the_gate_opens_at_the_end_of_the_wait_and_not_before(claimed, now, after, open_gate):
    """NEG-46, D15: within the wait only the buyer's word closes; from its end the gate is ordinary."""
    now.shift(D15 + after)
    given = claimed.answers_for(reject_reason("RR-05"))

    if open_gate:
        claimed.reject(**given)
        assert claimed.case.status == Status.REJECTED
        with refused(claimed.case, "售后单当前状态不能进行此操作"):
            claimed.case.confirm_agreed(by=claimed.buyer)
    else:
        with refused(claimed.case, "请耐心等待消费者回复"):
            claimed.case.reject(by=claimed.merchant, **given)
        claimed.case.confirm_agreed(by=claimed.buyer)
        assert claimed.case.status == Status.CLOSED_AGREED


def test_the_ordinary_gate_still_counts_the_rounds(make_desk, now):
    """NEG-46, NEG-45: a claim is one of the rounds, no way past them."""
    set_policy(min_rounds=3)
    desk = make_desk("answered")
    claim(desk)
    now.shift(D15)
    desk.case.catch_up()

    with refused(desk.case, "驳回前请先与消费者完成两轮协商"):
        desk.reject(**desk.answers_for(reject_reason("RR-05")))
