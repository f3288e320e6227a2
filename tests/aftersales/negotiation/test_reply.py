"""买家答复: accept, decline, counter-offer, a word, silence (NEG-30 to NEG-34)."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Party, PlanState, RoundState, Status, Turn
from aftersales.models import CounterOffer, Notice, Plan
from aftersales.notices import delivering
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import (
    D15,
    last,
    messages,
    offers,
    plan,
    refused,
    script,
    steps,
    whole,
    yuan,
)
from tests.factories import upload


@pytest.fixture
def desk(make_desk):
    return make_desk("waiting")


def counter(code="partial_refund", amount="80.00"):
    return CounterOffer(Plan.objects.get(code=code), yuan(amount) if amount else None)


# NEG-30, NEG-31


def test_the_buyer_may_accept_decline_counter_write_and_show(desk, buyer):
    """NEG-30."""
    mine = {move.name for move in desk.case.moves(buyer, Party.BUYER) if not move.refusal}

    assert {"accept_plan", "reply", "send_message", "add_evidence"} <= mine


def test_declining_ends_the_wait_at_once(desk, now):
    """NEG-31."""
    now.shift(timedelta(minutes=7))

    desk.case.reply(by=desk.buyer, text="", round=desk.case.rounds.get())

    answered = desk.case.rounds.get()
    assert (answered.state, answered.answered_at) == (RoundState.ANSWERED, clock.now())
    assert (answered.answer, answered.late) == ("都不接受", False)
    assert desk.case.offers.get().state == PlanState.DECLINED
    assert (desk.case.round_state, desk.case.reply_due_at) == (RoundState.ANSWERED, None)
    assert desk.case.turn == Turn.MINE
    assert desk.case.wake_at == desk.case.due_at
    assert messages(desk.case)[-1] == (Party.BUYER, "都不接受")
    assert whole(desk.case)


def test_a_counter_offer_stands_with_words_and_pictures(desk):
    """NEG-31."""
    desk.case.reply(
        by=desk.buyer,
        text="两只都坏了，退 80 我就留着。",
        counter=counter(),
        evidence={"reply": [upload(desk.buyer)]},
    )

    assert offers(desk.case)[-1] == (Party.BUYER, "partial_refund", "open", yuan("80.00"))
    assert desk.case.open_counter().amount == yuan("80.00")
    assert desk.case.evidence.filter(party=Party.BUYER, slot="reply").count() == 1
    assert desk.case.round_state == RoundState.ANSWERED
    details = last(desk.case).details
    assert (details["counter"], details["amount"]) == ("部分退款，无需退货", "80.00")


def test_accepting_takes_one_plan_and_drops_the_others(make_desk):
    """NEG-31."""
    desk = make_desk("checked")
    desk.negotiate(
        offers=[plan("partial_refund", "45.00"), plan("return_refund")], script=script("SC-02")
    )

    desk.case.accept_plan(by=desk.buyer, offer=desk.case.offers.first())

    assert [state for _party, _plan, state, _amount in offers(desk.case)] == [
        "accepted",
        "declined",
    ]
    assert desk.case.rounds.get().state == RoundState.ACCEPTED
    assert desk.case.status == Status.REFUNDING


def test_a_plain_message_counts_as_a_reply(desk):
    """NEG-30."""
    desk.case.send_message(by=desk.buyer, text="我再想想")

    assert desk.case.rounds.get().answer == "我再想想"
    assert desk.case.round_state == RoundState.ANSWERED
    assert desk.case.offers.get().state == PlanState.OPEN
    assert last(desk.case).details == {"text": "我再想想", "counts": True}


def test_after_a_plain_message_the_plans_can_still_be_declined_or_countered(desk, now):
    """NEG-30."""
    desk.case.send_message(by=desk.buyer, text="我再想想")
    at = clock.now()
    now.shift(timedelta(minutes=3))

    desk.case.reply(by=desk.buyer, counter=counter(), text="80 元可以")

    answered = desk.case.rounds.get()
    assert (answered.answer, answered.answered_at) == ("80 元可以", at)
    assert desk.case.open_counter() is not None
    assert desk.case.open_offers() == []


def test_a_second_answer_to_the_same_round_is_refused(make_desk):
    desk = make_desk("answered")

    with refused(desk.case, "没有需要答复的协商"):
        desk.reply("还是不行")


def test_a_message_does_not_count_where_the_policy_says_so(make_desk):
    """NEG-30."""
    desk = make_desk()
    type(desk.case).objects.filter(pk=desk.case.pk).update(
        policy=desk.case.policy | {"any_message_counts": False}
    )
    desk.case.refresh_from_db()
    desk.negotiate()

    desk.case.send_message(by=desk.buyer, text="我再想想")

    assert desk.case.round_state == RoundState.WAITING
    assert last(desk.case).details["counts"] is False


def test_a_message_before_any_round_is_no_reply(make_desk):
    desk = make_desk("checked")
    desk.case.send_message(by=desk.buyer, text="在吗？")

    assert desk.case.round_state == ""
    desk.negotiate()
    assert desk.case.round_state == RoundState.WAITING


def test_an_answer_to_a_round_that_was_replaced_is_refused(make_desk):
    desk = make_desk("second_waiting")
    first = desk.case.rounds.first()

    with refused(desk.case, "商家已发起新一轮协商"):
        desk.case.reply(by=desk.buyer, round=first, text="不要")


def test_the_merchant_is_told_of_the_answer(make_desk, merchant):
    desk = make_desk("answered")

    delivering.deliver_due()

    assert Notice.objects.filter(event=last(desk.case), user=merchant).count() == 1


# NEG-32


def test_an_open_plan_is_accepted_after_the_window_too(make_desk):
    """NEG-32."""
    desk = make_desk("expired")

    desk.case.accept_plan(by=desk.buyer, offer=desk.case.offers.get())

    assert desk.case.status == Status.REFUNDING
    assert desk.case.refunds.get().amount == yuan("45.00")


def test_and_after_the_rejection_and_under_review(make_desk):
    """NEG-32."""
    for trait in ("rejected", "under_review"):
        desk = make_desk("expired")
        desk.negotiate(offers=[plan("partial_refund", "50.00")], script=script("SC-21"))
        desk.case.send_message(by=desk.buyer, text="我再想想")
        desk.reject()
        if trait == "under_review":
            desk.case.ask_platform(by=desk.buyer, reason="商家驳回没有道理，照片很清楚。")

        desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[0])

        assert desk.case.status == Status.REFUNDING
        assert desk.case.refunds.get().amount == yuan("50.00")


def test_round_two_replaces_the_plans_of_round_one(make_desk):
    """NEG-32."""
    desk = make_desk("expired")
    first = desk.case.offers.get()
    desk.negotiate()

    with refused(desk.case, "这个方案已失效，请看最新的方案", field="offer"):
        desk.case.accept_plan(by=desk.buyer, offer=first)
    assert desk.case.offers.first().state == PlanState.REPLACED


# NEG-33


def test_without_a_reply_the_round_expires_and_nothing_else_moves(desk, now, merchant):
    """NEG-33."""
    due_at = desk.case.due_at
    now.shift(D15)

    expire_all()

    case = type(desk.case).objects.get(pk=desk.case.pk)
    assert (case.status, case.due_at) == (Status.PENDING_MERCHANT, due_at)
    assert case.rounds.get().state == case.round_state == RoundState.EXPIRED
    assert case.reply_due_at is None
    assert (last(case).step, last(case).party) == ("stop_waiting", Party.CLOCK)
    assert case.turn == Turn.MINE
    delivering.deliver_due()
    told = Notice.objects.get(event=last(case), user=merchant)
    assert "未在规定时间内回复" in told.text_zh


# NEG-34


def test_in_the_second_of_the_end_it_is_over_and_the_reply_still_counts(desk, now):
    """NEG-34."""
    now.shift(D15)  # nobody swept

    desk.reply("刚看到，不接受")

    assert steps(desk.case)[-2:] == ["stop_waiting", "reply"]
    answered = desk.case.rounds.get()
    assert (answered.state, answered.late) == (RoundState.ANSWERED, True)
    assert answered.answer == "刚看到，不接受"
    assert messages(desk.case)[-1] == (Party.BUYER, "刚看到，不接受")
    assert desk.case.round_state == RoundState.ANSWERED
    assert whole(desk.case)


def test_a_second_earlier_it_is_in_time(desk, now):
    """NEG-34."""
    now.shift(D15 - timedelta(seconds=1))

    desk.reply("不接受")

    assert "stop_waiting" not in steps(desk.case)
    assert desk.case.rounds.get().late is False


def test_a_late_message_counts_for_the_next_step(make_desk):
    """NEG-34."""
    desk = make_desk("expired")

    desk.case.send_message(by=desk.buyer, text="刚看到")

    assert desk.case.rounds.get().late is True
    assert desk.case.round_state == RoundState.ANSWERED
