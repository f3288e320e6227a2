"""What ends a negotiation, and what is left to look at (NEG-51 to NEG-57)."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Party, PlanState, RoundState, Status
from aftersales.models import Case
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import (
    D15,
    DAY,
    HOUR,
    footprint,
    last,
    refused,
    reject_reason,
    set_policy,
    steps,
    whole,
)

TOOL = {"confirm_risks", "negotiate", "reject", "refuse_receipt", "improve_offer"}
MINUTE = timedelta(minutes=1)


# NEG-51: the handling clock wins


@pytest.mark.parametrize("trait", ["checked", "waiting", "answered", "negotiated"])
def test_rounds_do_not_pause_the_handling_clock(make_desk, now, trait):
    """NEG-51."""
    desk = make_desk(trait)
    assert desk.case.due_at == desk.case.applied_at + 2 * DAY
    now.shift(desk.case.due_at - clock.now())

    expire_all()

    case = Case.objects.get(pk=desk.case.pk)
    assert case.status == Status.REFUNDING
    assert case.auto_agreed
    assert last(case).step == "agree_by_default"
    assert not case.open_offers()
    assert case.reply_due_at is None
    assert whole(case)


def test_an_open_wait_is_closed_when_time_agrees(make_desk, now):
    """NEG-51."""
    desk = make_desk()
    now.shift(desk.case.due_at - clock.now() - 30 * MINUTE)
    desk.negotiate()

    now.shift(30 * MINUTE)  # the wait would go on for half an hour

    with pytest.raises(Refused, match="处理时限已过，已按规则自动处理"):
        desk.case.send_message(by=desk.merchant, text="请稍等")
    assert desk.case.status == Status.REFUNDING
    assert desk.case.rounds.get().state == RoundState.CLOSED
    assert desk.case.offers.get().state == PlanState.DECLINED
    assert "send_message" not in steps(desk.case)


def test_a_rejection_one_second_late_is_an_agreement(make_desk, now):
    """NEG-51."""
    desk = make_desk("negotiated")
    given = desk.rejection()
    now.shift(desk.case.due_at - clock.now() - timedelta(seconds=1))
    assert desk.case.refusal("reject", desk.merchant) == ""
    now.shift(timedelta(seconds=1))

    with pytest.raises(Refused, match="处理时限已过"):
        desk.case.reject(by=desk.merchant, **given)

    assert desk.case.status == Status.REFUNDING
    assert desk.case.attempts.get().step == "reject"


def test_goods_that_came_back_have_their_clock_too(make_desk, now):
    """NEG-51."""
    desk = make_desk("sent_back", type="return_refund")
    desk.negotiate()
    now.shift(10 * DAY)

    expire_all()

    case = Case.objects.get(pk=desk.case.pk)
    assert case.status == Status.REFUNDING
    assert last(case).step == "confirm_receipt_by_default"


@pytest.fixture
def pausing(make_desk):
    set_policy(negotiation_pauses_deadline=True)
    desk = make_desk("checked")
    desk.due_at = desk.case.due_at
    return desk


def test_switched_on_a_silent_round_gives_its_wait_back(pausing, now):
    """NEG-51."""
    pausing.negotiate()
    now.shift(D15)
    pausing.case.catch_up()

    assert pausing.case.due_at == pausing.due_at + D15
    assert pausing.case.paused == D15


def test_switched_on_an_answer_gives_back_only_what_was_waited(pausing, now):
    """NEG-51."""
    pausing.negotiate()
    now.shift(25 * MINUTE)
    pausing.reply()

    assert pausing.case.due_at == pausing.due_at + 25 * MINUTE
    assert pausing.case.paused == 25 * MINUTE
    assert pausing.case.wake_at == pausing.case.due_at


def test_switched_on_never_more_than_two_waits(make_desk, now):
    """NEG-51."""
    set_policy(negotiation_pauses_deadline=True, min_rounds=4)
    desk = make_desk("checked")
    due_at = desk.case.due_at
    for _ in range(3):
        desk.negotiate()
        now.shift(D15)
        desk.case.catch_up()
    assert desk.case.due_at == due_at + 2 * D15

    desk.negotiate()
    desk.reply()  # at once: there is nothing left to give back

    assert desk.case.due_at == due_at + 2 * D15
    assert desk.case.paused == 2 * D15


def test_switched_on_a_late_answer_changes_nothing_more(pausing, now):
    """NEG-51."""
    pausing.negotiate()
    now.shift(D15 + 5 * MINUTE)
    pausing.reply()

    assert pausing.case.due_at == pausing.due_at + D15


def test_switched_on_time_still_agrees_in_the_end(pausing, now):
    """NEG-51."""
    pausing.negotiate()
    now.shift(pausing.case.due_at - clock.now())

    expire_all()

    case = Case.objects.get(pk=pausing.case.pk)
    assert case.status == Status.REFUNDING


# NEG-52


@pytest.mark.parametrize("trait", ["waiting", "second_waiting", "expired", "negotiated"])
def test_when_the_buyer_cancels_the_tool_is_gone(make_desk, now, merchant, trait):
    """NEG-52."""
    desk = make_desk(trait)

    desk.case.cancel(by=desk.buyer)

    case = desk.case
    assert case.status == Status.CANCELLED
    assert (case.reply_due_at, case.wake_at) == (None, None)
    assert not case.open_offers()
    assert case.rounds.last().state != RoundState.WAITING
    assert not {move.name for move in case.moves(merchant, Party.MERCHANT)} & TOOL
    with refused(case, "售后单当前状态不能进行此操作"):
        case.reject(by=merchant, **desk.answers_for(reject_reason("RR-14")))
    now.shift(D15)
    assert expire_all() == (0, 0)


def test_when_the_platform_takes_over_the_wait_is_closed(make_desk, merchant, now):
    """NEG-52; D10 has passed when the shop begins to negotiate."""
    set_policy(allow_early_intervention=True)
    desk = make_desk()
    now.shift(DAY)
    desk.check()
    desk.negotiate()

    desk.case.ask_platform(by=desk.buyer, reason="商家只是拖延，照片很清楚地拍到裂纹。")

    case = desk.case
    assert case.status == Status.PLATFORM_REVIEW
    assert case.rounds.get().state == case.round_state == RoundState.CLOSED
    assert case.reply_due_at is None
    assert case.wake_at == case.evidence_due_at
    assert not {move.name for move in case.moves(merchant, Party.MERCHANT)} & TOOL
    assert whole(case)


def test_under_review_nobody_negotiates(make_desk, merchant):
    """NEG-52."""
    desk = make_desk("under_review")

    assert not {move.name for move in desk.case.moves(merchant, Party.MERCHANT)} & TOOL
    with refused(desk.case, "售后单当前状态不能进行此操作"):
        desk.case.negotiate(by=merchant)


# NEG-53


def test_on_the_phone_the_tool_is_closed_until_the_policy_opens_it(make_case):
    """NEG-53: The pages ask the policy stamped on the case; it is off unless staff switch it on."""
    assert make_case().policy["mobile_negotiation"] is False
    set_policy(mobile_negotiation=True)
    assert make_case().policy["mobile_negotiation"] is True


# NEG-55


def test_everything_in_the_tool_is_in_the_history(make_desk):
    """NEG-55."""
    desk = make_desk("rejected")

    assert steps(desk.case) == [
        "apply",
        "confirm_risks",
        "negotiate",
        "reply",
        "negotiate",
        "reply",
        "reject",
    ]
    ticked, first, *_rest = desk.case.events.all()[1:]
    assert set(ticked.details["ticked"]) == {"RW-09", "RW-11"}
    assert {"text", "script", "plans", "until"} <= first.details.keys()
    assert desk.case.events.last().details["risks"]
    assert whole(desk.case)


def test_staff_take_no_step_of_the_tool(make_desk, staff):
    """NEG-55."""
    desk = make_desk("negotiated")
    before = footprint(desk.case)

    assert not {move.name for move in desk.case.moves(staff, Party.STAFF)} & TOOL
    for step in TOOL:
        assert desk.case.refusal(step, staff) == "你没有权限进行此操作"
    assert footprint(desk.case) == before


# NEG-57


def test_how_long_it_took_without_the_platform_can_be_told(make_desk, now):
    """NEG-57."""
    desk = make_desk()
    now.shift(3 * HOUR)
    desk.negotiate()
    now.shift(30 * MINUTE)
    desk.case.accept_plan(by=desk.buyer, offer=desk.case.offers.get())

    case = desk.case
    assert case.handled_at - case.applied_at == 3 * HOUR
    assert last(case).at - case.applied_at == 3 * HOUR + 30 * MINUTE
    assert case.platform_asked_at is None


def test_what_went_to_the_platform_is_told_apart(make_desk):
    """NEG-57."""
    assert make_desk("under_review").case.platform_asked_at == clock.now()
