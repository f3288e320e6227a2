"""The clock of a formal request: it lapses in its own time and moves nothing else."""

from datetime import timedelta

import pytest

from aftersales.enums import AnswerState, Status
from aftersales.models import Case
from aftersales.sweeping import take_due
from tests.aftersales.negotiation.talk import refused as refused_in
from tests.aftersales.negotiation.talk import steps
from tests.test_formal_requests import DAY, ask

# The clock


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (DAY - timedelta(seconds=1), AnswerState.OPEN),
        (DAY, AnswerState.LAPSED),
        (DAY + timedelta(seconds=1), AnswerState.LAPSED),
    ],
)
def test_it_lapses_at_its_time_and_nothing_else_happens(make_desk, now, after, state):
    """D15 and the case's own clock are not touched by a lapse."""
    desk = make_desk()
    due, status = desk.case.due_at, desk.case.status
    asked = ask(desk)

    now.shift(after)
    take_due(Case)

    asked.refresh_from_db()
    desk.case.refresh_from_db()
    assert asked.state == state
    assert (desk.case.due_at, desk.case.status) == (due, status)
    assert ("lapse_request" in steps(desk.case)) is (state == AnswerState.LAPSED)
    if state == AnswerState.LAPSED:
        with refused_in(desk.case, "这个请求已经答复或已结束"):
            desk.case.answer_request(by=desk.buyer, request=asked, done=False, text="拍不出来呀")
        assert desk.case.wake_at == due


def test_two_requests_lapse_each_in_its_own_time(make_desk, now):
    desk = make_desk()
    first = ask(desk)
    now.shift(timedelta(hours=1))
    second = ask(desk, "withdraw", "我们已在聊天里说好，请撤销申请。")

    now.shift(DAY - timedelta(hours=1))
    desk.case.catch_up()
    assert [each.state for each in desk.case.requests.all()] == ["lapsed", "open"]
    assert desk.case.request_due_at == second.due_at
    now.shift(timedelta(hours=1))
    desk.case.catch_up()

    first.refresh_from_db()
    second.refresh_from_db()
    assert {first.state, second.state} == {AnswerState.LAPSED}
    assert desk.case.request_due_at is None


def test_what_was_asked_ends_with_the_status_it_was_asked_in(make_desk):
    """NEG-52: and a request that lapsed with the case stays lapsed."""
    desk = make_desk()
    asked = ask(desk)

    desk.case.agree(by=desk.merchant)

    asked.refresh_from_db()
    assert asked.state == AnswerState.CLOSED
    assert desk.case.request_due_at is None


def test_lapsed_and_overtaken_at_once(make_desk, now):
    desk = make_desk()
    asked = ask(desk)

    now.shift(timedelta(hours=49))
    desk.case.catch_up()

    asked.refresh_from_db()
    assert asked.state == AnswerState.LAPSED
    assert desk.case.status == Status.REFUNDING
