"""等待买家回复: nobody rejects meanwhile, everything kind is possible (NEG-20 to NEG-24)."""

from datetime import timedelta

import pytest

from aftersales import calls, clock
from aftersales.enums import Party, PlanState, RefundState, RoundState, Status
from aftersales.models import Attempt, Event, VirtualNumber
from aftersales.steps import Refused
from tests.aftersales.negotiation.talk import (
    D15,
    HOUR,
    messages,
    offers,
    plan,
    refused,
    script,
    steps,
    whole,
    yuan,
)
from tests.factories import MemberFactory

PATIENCE = "请耐心等待消费者回复"


@pytest.fixture
def desk(make_desk):
    return make_desk("waiting")


def answers(desk):
    reason = desk.case.step_form("reject").offered("reject_reasons")[0]
    return desk.answers_for(reason)


# NEG-20


@pytest.mark.parametrize("step", ["confirm_risks", "negotiate", "reject"])
def test_every_way_to_a_rejection_says_exactly_this(desk, step):
    """NEG-20."""
    assert desk.case.refusal(step, desk.merchant) == PATIENCE


@pytest.mark.parametrize("trait", ["waiting", "second_waiting"])
def test_a_forged_rejection_changes_nothing_and_is_logged(make_desk, trait):
    """NEG-20."""
    desk = make_desk(trait)
    given = answers(desk)

    with refused(desk.case, PATIENCE):
        desk.case.reject(by=desk.merchant, **given)

    attempt = Attempt.objects.get(case=desk.case)
    assert (attempt.step, attempt.user, attempt.sentence) == ("reject", desk.merchant, PATIENCE)
    assert desk.case.round_state == RoundState.WAITING


def test_the_refusal_is_a_conflict_not_a_mistake_in_the_form(desk):
    """NEG-20."""
    with pytest.raises(Refused) as caught:
        desk.case.reject(by=desk.merchant, **answers(desk))

    assert caught.value.conflict
    assert caught.value.sentence == PATIENCE


def test_clicking_the_button_says_it_too_and_is_logged(desk):
    """NEG-20."""
    with refused(desk.case, PATIENCE):
        desk.case.look_before_rejecting(by=desk.merchant)


def test_goods_that_came_back_are_not_refused_meanwhile_either(make_desk):
    """NEG-20."""
    desk = make_desk("sent_back", type="return_refund")
    desk.negotiate()

    assert desk.case.refusal("refuse_receipt", desk.merchant) == PATIENCE
    with refused(desk.case, PATIENCE):
        desk.case.refuse_receipt(by=desk.merchant, **answers(desk))


@pytest.mark.parametrize(("seconds", "open_again"), [(-1, False), (0, True)])
def test_the_wait_ends_in_the_second_it_was_said_to(desk, now, seconds, open_again):
    """NEG-20."""
    now.shift(D15 + timedelta(seconds=seconds))  # and nobody swept

    if open_again:
        desk.negotiate()
        assert desk.case.round_number == 2
    else:
        with refused(desk.case, PATIENCE):
            desk.negotiate()


# NEG-21


def test_agreeing_meanwhile_closes_the_round(desk):
    """NEG-21."""
    desk.case.agree(by=desk.merchant)

    assert desk.case.status == Status.REFUNDING
    assert desk.case.rounds.get().state == desk.case.round_state == RoundState.CLOSED
    assert desk.case.reply_due_at is None
    assert desk.case.offers.get().state == PlanState.DECLINED
    assert desk.case.refunds.get().amount == yuan("128.00")


def test_agreeing_to_a_return_meanwhile_closes_the_round(make_desk):
    """NEG-21."""
    desk = make_desk("waiting", type="return_refund")

    desk.case.agree_return(by=desk.merchant, address=desk.case.default_address())

    assert desk.case.status == Status.AWAITING_BUYER_RETURN
    assert desk.case.rounds.get().state == RoundState.CLOSED
    assert desk.case.reply_due_at is None


# NEG-22


def test_the_merchants_chat_neither_ends_nor_extends_the_wait(desk, now):
    """NEG-22."""
    until = desk.case.reply_due_at
    now.shift(timedelta(minutes=30))

    desk.case.send_message(by=desk.merchant, text="您好，方案看到了吗？")

    assert desk.case.reply_due_at == until
    assert desk.case.round_state == RoundState.WAITING
    assert desk.case.rounds.count() == desk.case.round_number == 1
    assert messages(desk.case)[-1] == (Party.MERCHANT, "您好，方案看到了吗？")


@pytest.mark.parametrize(
    "text", ["加微信 abc 聊", "打 13812345678 给我", "请看 https://example.com/x"]
)
def test_the_merchants_chat_carries_no_contact_data(desk, text):
    with refused(desk.case, "不能包含电话、微信或外部链接", field="text"):
        desk.case.send_message(by=desk.merchant, text=text)


def test_the_buyer_may_write_what_he_likes(desk):
    desk.case.send_message(by=desk.buyer, text="打 13812345678 给我")

    assert messages(desk.case)[-1] == (Party.BUYER, "打 13812345678 给我")


@pytest.mark.parametrize("text", ["", "   ", "长" * 501])
def test_a_message_has_words_and_not_too_many(desk, text):
    with refused(desk.case, "", field="text"):
        desk.case.send_message(by=desk.buyer, text=text)


def test_a_message_clicked_twice_is_sent_once(desk):
    for _ in range(2):
        desk.case.send_message(by=desk.merchant, text="您好", key="click-1")

    assert [text for _party, text in messages(desk.case)].count("您好") == 1
    assert steps(desk.case).count("send_message") == 1


# NEG-23


def test_a_virtual_number_is_lent_for_three_days(desk, now):
    """NEG-23."""
    calls.reveal(desk.case, by=desk.merchant)

    lent = VirtualNumber.objects.get(case=desk.case)
    assert lent.member.user == desk.merchant
    assert lent.expires_at == clock.now() + timedelta(hours=72)
    now.shift(72 * HOUR)
    assert calls.live(desk.case, lent.member, clock.now()) is None


def test_each_reveal_is_logged_and_shows_the_same_number(desk):
    """NEG-23."""
    calls.reveal(desk.case, by=desk.merchant)
    calls.reveal(desk.case, by=desk.merchant)

    logged = Event.objects.filter(case=desk.case, step="reveal_number")
    assert [event.user for event in logged] == [desk.merchant] * 2
    assert len({event.details["number"] for event in logged}) == 1


def test_every_member_has_a_number_of_his_own(desk, shop):
    """NEG-23."""
    colleague = MemberFactory(shop=shop).user
    calls.reveal(desk.case, by=desk.merchant)
    calls.reveal(desk.case, by=colleague)

    numbers = desk.case.virtual_numbers.values_list("member__user", "number")
    assert len(set(numbers)) == 2
    assert len({number for _user, number in numbers}) == 2


def test_the_buyers_own_number_is_in_none_of_it(desk):
    """NEG-23."""
    calls.reveal(desk.case, by=desk.merchant)

    history = str([event.details for event in desk.case.events.all()])
    assert desk.case.order.phone not in history
    assert desk.case.order.phone not in str(list(desk.case.virtual_numbers.values()))


def test_a_call_is_no_reply(desk):
    """NEG-23."""
    until = desk.case.reply_due_at

    calls.reveal(desk.case, by=desk.merchant)

    assert (desk.case.round_state, desk.case.reply_due_at) == (RoundState.WAITING, until)
    assert desk.case.refusal("reject", desk.merchant) == PATIENCE


def test_the_number_ends_with_the_case(desk):
    """NEG-23."""
    calls.reveal(desk.case, by=desk.merchant)
    desk.case.cancel(by=desk.buyer)

    assert calls.live(desk.case, desk.case.member_of(desk.merchant), clock.now()) is None
    with pytest.raises(Refused, match="售后已结束"):
        calls.reveal(desk.case, by=desk.merchant)


def test_strangers_get_no_number(desk, stranger):
    """NEG-23."""
    with refused(desk.case, "你没有权限进行此操作"):
        desk.case.reveal_number(by=stranger, number="950", expires_at=clock.now())


# NEG-24


def test_a_sent_plan_changes_in_the_buyers_favour_and_the_wait_goes_on(desk, now):
    """NEG-24."""
    until = desk.case.reply_due_at
    now.shift(timedelta(minutes=10))

    desk.case.improve_offer(by=desk.merchant, offer=desk.case.offers.get(), amount=yuan("60.00"))

    assert offers(desk.case) == [
        (Party.MERCHANT, "partial_refund", "replaced", yuan("45.00")),
        (Party.MERCHANT, "partial_refund", "open", yuan("60.00")),
    ]
    assert desk.case.reply_due_at == until
    assert desk.case.rounds.count() == 1
    assert len(messages(desk.case)) == 1  # what was sent stays as it was sent


@pytest.mark.parametrize("amount", ["45.00", "44.99", "0.01"])
def test_an_offer_is_never_changed_against_the_buyer(desk, amount):
    """NEG-24."""
    with refused(desk.case, "只能提高金额，当前为 45.00", field="amount"):
        desk.case.improve_offer(by=desk.merchant, offer=desk.case.offers.get(), amount=yuan(amount))


def test_and_never_raised_to_what_a_partial_refund_cannot_be(desk):
    """NEG-24."""
    with refused(desk.case, "退款金额需在 0.01 到 127.99 之间", field="amount"):
        desk.case.improve_offer(
            by=desk.merchant, offer=desk.case.offers.get(), amount=yuan("128.00")
        )


def test_the_buyers_own_figure_is_not_the_merchants_to_improve(make_desk):
    """NEG-24."""
    desk = make_desk("checked")
    desk.negotiate(offers=[plan("partial_refund", "45.00")], script=script("SC-02"))
    desk.case.send_message(by=desk.buyer, text="太少了")
    foreign = desk.case.offers.model.objects.create(
        case=desk.case,
        round=desk.case.rounds.get(),
        party=Party.BUYER,
        plan=plan("partial_refund").plan,
        amount=yuan("80.00"),
        at=clock.now(),
    )

    with refused(desk.case, "这个方案已不能修改", field="offer"):
        desk.case.improve_offer(by=desk.merchant, offer=foreign, amount=yuan("90.00"))


def test_a_plan_that_was_answered_meanwhile_is_not_reopened(desk):
    """NEG-24."""
    seen = desk.case.offers.get()
    desk.case.improve_offer(by=desk.merchant, offer=desk.case.offers.get(), amount=yuan("60.00"))

    with refused(desk.case, "这个方案已不能修改", field="offer"):
        desk.case.improve_offer(by=desk.merchant, offer=seen, amount=yuan("70.00"))


def test_the_improved_plan_is_what_the_buyer_accepts(desk):
    """NEG-24."""
    before = desk.case.offers.get()
    desk.case.improve_offer(by=desk.merchant, offer=desk.case.offers.get(), amount=yuan("60.00"))

    with refused(desk.case, "这个方案已失效", field="offer"):
        desk.case.accept_plan(by=desk.buyer, offer=before)
    desk.case.accept_plan(by=desk.buyer, offer=desk.case.offers.get(state=PlanState.OPEN))

    refund = desk.case.refunds.get()
    assert (refund.amount, refund.state) == (yuan("60.00"), RefundState.OWED)
    assert whole(desk.case)
