"""迟到: who acts after the end finds that time has acted; the wait and the handling clock (S-21, D15)."""

from datetime import timedelta
from typing import Any

import pytest

from aftersales.enums import Party, RoundState, ScanKind, Status, Turn
from aftersales.logistics import traces
from aftersales.models import Attempt
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.clocks import LAPSES
from tests.aftersales.lifecycle.reading import (
    DAY,
    HOUR,
    SECOND,
    assert_moved,
    last,
    owed,
    refused,
    steps,
    stored,
    told,
)

LATE = [
    pytest.param(
        "D2 received", "agree", "merchant", {}, "agree_by_default", id="the merchant agrees"
    ),
    pytest.param("D2 negotiated", "reject", "merchant", {}, "agree_by_default", id="he rejects"),
    pytest.param("D2 received", "cancel", "buyer", {}, "agree_by_default", id="the buyer cancels"),
    pytest.param(
        "D4",
        "send_back",
        "buyer",
        {"carrier": "中通", "tracking": "ZT00001234"},
        "close_unreturned",
        id="he sends back",
    ),
    pytest.param(
        "D6",
        "ask_platform",
        "buyer",
        {"reason": "商家驳回没有道理。请看"},
        "lapse_rejection",
        id="he asks",
    ),
    pytest.param("D6", "agree", "merchant", {}, "lapse_rejection", id="the merchant relents"),
    pytest.param(
        "D7", "confirm_receipt", "merchant", {}, "confirm_receipt_by_default", id="he receives"
    ),
]


@pytest.mark.parametrize(("name", "step", "who", "answers", "lapsed"), LATE)
@pytest.mark.parametrize("late", [timedelta(), SECOND, 3 * DAY], ids=["at", "1 s", "3 days"])
def test_who_acts_too_late_finds_that_time_has_acted(
    name: str,
    step: str,
    who: str,
    answers: dict[str, Any],
    lapsed: str,
    late: timedelta,
    standing: Any,
    now: Any,
    request: pytest.FixtureRequest,
) -> None:
    """S-21: nobody swept, and yet the late action is refused and the case shows the lapse."""
    user = request.getfixturevalue(who)
    row = LAPSES[name]
    case = standing(row)
    now.move_to(stored(case).due_at + late, tick=False)

    with pytest.raises(Refused, match="处理时限已过，已按规则自动处理") as caught:
        getattr(case, step)(by=user, **answers)

    assert caught.value.conflict
    assert case.status == row.after  # the caller's own copy shows it too
    assert_moved(case, lapsed, Party.CLOCK, row.before, row.after)
    attempt = Attempt.objects.filter(case=case).last()
    assert attempt is not None
    assert (attempt.step, attempt.user) == (step, user)
    assert expire_all() == (0, 0)


@pytest.mark.parametrize(("name", "step", "who", "answers", "lapsed"), LATE[:1] + LATE[2:])
def test_who_acts_in_the_last_second_is_in_time(
    name: str,
    step: str,
    who: str,
    answers: dict[str, Any],
    lapsed: str,
    standing: Any,
    now: Any,
    request: pytest.FixtureRequest,
) -> None:
    """S-21: the boundary is the deadline itself."""
    case = standing(LAPSES[name])
    now.move_to(stored(case).due_at - SECOND, tick=False)
    getattr(case, step)(by=request.getfixturevalue(who), **answers)
    assert last(case).step == step


# The negotiation's wait ---------------------------------------------------------------------------


def test_a_round_waits_sixty_minutes(make_case: Any, now: Any) -> None:
    """D15: one second before its end nothing has happened."""
    case = make_case("waiting")
    row = stored(case)
    assert row.reply_due_at == row.wake_at == row.updated_at + HOUR
    now.shift(HOUR - SECOND)
    assert expire_all() == (0, 0)
    assert stored(case).round_state == RoundState.WAITING


def test_at_its_end_the_wait_is_over_and_the_handling_clock_runs_on(
    make_case: Any, now: Any, buyer: Any, merchant: Any
) -> None:
    """D15, NEG-33: the case stays where it is; D2 was not paused."""
    case = make_case("waiting")
    now.shift(HOUR)
    assert expire_all() == (1, 0)
    assert_moved(
        case,
        "stop_waiting",
        Party.CLOCK,
        Status.PENDING_MERCHANT,
        Status.PENDING_MERCHANT,
    )
    row = stored(case)
    assert (row.round_state, row.reply_due_at) == (RoundState.EXPIRED, None)
    assert row.due_at == row.wake_at == row.applied_at + 48 * HOUR
    assert row.turn == Turn.MINE
    assert row.rounds.get().state == RoundState.EXPIRED
    assert told(case) == {buyer.username, merchant.username}


def test_both_clocks_act_in_their_order_when_both_have_run_out(make_case: Any, now: Any) -> None:
    """After an outage: the wait ended first, then the handling time."""
    case = make_case("waiting")
    now.shift(4 * DAY)
    assert expire_all() == (1, 0)
    assert steps(case)[-2:] == ["stop_waiting", "agree_by_default"]
    assert stored(case).status == Status.REFUNDING
    assert stored(case).rounds.get().state == RoundState.EXPIRED


def test_an_expired_wait_does_not_refuse_who_acts_next(make_desk: Any, now: Any) -> None:
    """A lapse that leaves the case where it is, is no reason to refuse."""
    desk = make_desk("waiting")
    now.shift(HOUR)
    version = stored(desk.case).version
    desk.reply("我不接受")
    assert steps(desk.case)[-2:] == ["stop_waiting", "reply"]
    assert stored(desk.case).version == version + 2


# Delivery refusal ---------------------------------------------------------------------------------


def test_a_parcel_that_never_came_back_is_for_staff_to_see(
    make_case: Any, merchant: Any, now: Any
) -> None:
    """D5: neither closed nor paid by itself; when the carrier reports it, it goes on."""
    case = make_case(type="refund_not_received")
    case.agree_refusal(by=merchant)
    now.shift(10 * DAY)
    assert expire_all() == (1, 0)
    row = stored(case)
    assert (row.needs_staff, row.due_at, row.wake_at) == (True, None, None)
    now.shift(DAY)
    traces.record(
        case.order.parcels.get(),
        [traces.Scan(row.updated_at + DAY, ScanKind.RETURNED, "已退回发件人")],
    )
    row = stored(case)
    assert (row.status, row.needs_staff) == (Status.REFUNDING, False)
    assert owed(case) == [("微信支付", "128.00")]


def test_time_alone_takes_no_step_of_a_person(make_case: Any, now: Any) -> None:
    """by=None is the clock; it may not do what it likes."""
    case = make_case()
    with refused(case, "你没有权限进行此操作", by=None):
        case.agree(by=None)
