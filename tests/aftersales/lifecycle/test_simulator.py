"""规则试算: past cases lived again under changed rules; nothing is written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales import clock
from aftersales.enums import Status
from aftersales.models import Case, Event, Policy, Simulation, User, Window
from aftersales.simulating import advance, histories, run_due
from aftersales.simulator import Act, History, compare, replay
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.clocks import LAPSES, Lapse

LAPSED = [each for each in LAPSES if each != "D5"]  # of D5, the trace decides
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
BEGAN = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
LATER = BEGAN + 60 * DAY
WINDOWS = {"D2": 2880, "D3": 2880, "D4": 10080, "D6": 10080, "D7": 14400, "D7s": 10080, "D15": 60}
POLICY = {"min_rounds": 2, "negotiation_pauses_deadline": False}
PENDING, REJECTED = "pending_merchant", "rejected"
RETURNING, RECEIVING = "awaiting_buyer_return", "awaiting_merchant_receipt"
REVIEW, CLOSED = "platform_review", "closed_buyer_timeout"


def act(hours: float, step: str, before: str = PENDING, after: str = "", **details: Any) -> Act:
    party = "buyer" if step in ("reply", "ask_platform", "send_back") else "merchant"
    return Act(BEGAN + hours * HOUR, step, party, before, after or before, details)


def case(*acts: Act, type: str = "refund_received") -> History:
    return History("AS1", type, BEGAN, WINDOWS, POLICY, acts)


ROUND_1, REPLY_1 = act(1, "negotiate"), act(1.5, "reply")
ROUND_2, REPLY_2 = act(2, "negotiate"), act(2.5, "reply")
TALK = (ROUND_1, REPLY_1, ROUND_2, REPLY_2)
REJECT = act(3, "reject", PENDING, REJECTED)
ASK = act(30, "ask_platform", REJECTED, REVIEW)


def outcomes(history: History, windows: dict[str, int], **policy: Any) -> set[str]:
    return replay(history.under(windows, policy), LATER).outcomes


# One case -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (case(), {"expired"}),
        (case(act(47, "agree", PENDING, "refunding")), set()),
        (case(*TALK, REJECT), {"rejected", "closed"}),
        (case(*TALK, REJECT, ASK), {"rejected", "escalated"}),
        (case(type="return_refund"), {"closed"}),
    ],
    ids=["silent", "agreed", "rejected", "escalated", "never sent back"],
)
def test_under_its_own_rules_a_case_ends_as_it_did(history: History, expected: set[str]) -> None:
    if history.type == "return_refund":
        expected = expected | {"expired"}
    assert replay(history, LATER).outcomes == expected


@pytest.mark.parametrize(
    ("minutes", "expected"), [(47 * 60, {"expired"}), (47 * 60 + 1, set()), (48 * 60, set())]
)
def test_a_shorter_clock_runs_out_before_who_answers_late(minutes: int, expected: set[str]) -> None:
    """D2: an answer in the second of the deadline comes too late."""
    assert outcomes(case(act(47, "agree", PENDING, "refunding")), {"D2": minutes}) == expected


def test_who_was_silent_is_silent_under_a_longer_clock_too() -> None:
    """D2: nobody is assumed to act who did not."""
    assert outcomes(case(), {"D2": 96 * 60}) == {"expired"}


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (0, {"rejected", "closed"}),
        (2, {"rejected", "closed"}),
        (3, {"expired"}),
    ],
)
def test_a_higher_gate_keeps_rejections_from_happening(gate: int, expected: set[str]) -> None:
    """NEG-45: what the rules no longer allow is left, and the merchant's time runs out."""
    assert outcomes(case(*TALK, REJECT), {}, min_rounds=gate) == expected


def test_who_has_to_wait_acts_as_soon_as_the_wait_is_over() -> None:
    """D15: a rejection right after an unanswered hour waits for the longer window."""
    silent = case(ROUND_1, REPLY_1, ROUND_2, REJECT)
    assert replay(silent, LATER).steps[-2] == "reject"
    life = replay(silent.under({"D15": 24 * 60}, {}), LATER)
    assert life.outcomes == {"rejected", "closed"}
    before = BEGAN + 26 * HOUR
    for at, rejected in [(before - SECOND, False), (before, True)]:
        early = replay(silent.under({"D15": 24 * 60}, {}), at)
        assert ("reject" in early.steps) is rejected


def test_a_wait_longer_than_the_handling_time_lets_it_run_out() -> None:
    """D2, D15."""
    silent = case(ROUND_1, REPLY_1, ROUND_2, REJECT)
    assert outcomes(silent, {"D15": 24 * 60, "D2": 20 * 60}) == {"expired"}


@pytest.mark.parametrize(("pauses", "expired"), [(False, True), (True, False)])
def test_negotiation_may_pause_the_deadline(pauses: bool, expired: bool) -> None:
    """NEG-51: half an hour of each round was waited for, so the deadline is an hour later."""
    late = case(ROUND_1, REPLY_1, ROUND_2, REPLY_2, act(48.9, "agree", PENDING, "refunding"))
    found = outcomes(late, {}, negotiation_pauses_deadline=pauses)
    assert ("expired" in found) is expired


def test_a_shorter_window_after_a_rejection_closes_who_asked_late() -> None:
    """D6."""
    history = case(*TALK, REJECT, ASK)
    assert outcomes(history, {"D6": 24 * 60}) == {"rejected", "closed"}
    assert outcomes(history, {"D6": 27 * 60 + 1}) == {"rejected", "escalated"}


def test_who_came_too_early_for_the_changed_rules_acts_when_they_let_him() -> None:
    """D3, D4: the return was agreed to by time; under a longer clock it is agreed to later."""
    back = act(60, "send_back", RETURNING, RECEIVING)
    history = case(
        Act(BEGAN + 48 * HOUR, "agree_by_default", "clock", PENDING, RETURNING),
        back,
        act(70, "confirm_receipt", RECEIVING, "refunding"),
        type="return_refund",
    )
    for windows in ({}, {"D3": 72 * 60}):
        life = replay(history.under(windows, {}), LATER)
        assert life.status == Status.REFUNDING
        assert "send_back" in life.steps
        assert life.outcomes == {"expired"}


@pytest.mark.parametrize(("minutes", "expired"), [(9 * 60, True), (11 * 60, False)])
def test_the_receipt_clock_is_replayed_too(minutes: int, expired: bool) -> None:
    """D7."""
    history = case(
        act(1, "agree_return", PENDING, RETURNING),
        act(10, "send_back", RETURNING, RECEIVING),
        act(20, "confirm_receipt", RECEIVING, "refunding"),
        type="return_refund",
    )
    assert ("expired" in outcomes(history, {"D7": minutes})) is expired


def test_a_case_that_is_still_open_is_not_counted_as_ended() -> None:
    assert replay(case(), BEGAN + 47 * HOUR).outcomes == set()
    assert replay(case(), BEGAN + 48 * HOUR).outcomes == {"expired"}


def test_many_cases_are_compared_with_the_names_of_those_that_change() -> None:
    early = History(
        "AS2", "refund_received", BEGAN, WINDOWS, POLICY, [act(10, "agree", PENDING, "refunding")]
    )
    late = case(act(47, "agree", PENDING, "refunding"))
    counts = compare([early, late], {"D2": 24 * 60}, {}, LATER)
    assert counts["expired"] == {"now": 0, "then": 1, "more": ["AS1"], "fewer": []}
    assert counts["rejected"] == {"now": 0, "then": 0, "more": [], "fewer": []}
    again = compare([late], {"D2": 24 * 60}, {}, LATER, counts)
    assert again["expired"] == {"now": 0, "then": 2, "more": ["AS1", "AS1"], "fewer": []}


# Real cases ---------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("trait", ["", "negotiated", "rejected", "under_review", "expired"])
@pytest.mark.parametrize("type", ["refund_received", "return_refund"])
def test_a_real_history_replays_to_where_the_case_stands(
    trait: str, type: str, make_case: Any, now: Any
) -> None:
    """What the engine did and what the replay does are the same under the same rules."""
    made = make_case(trait, type=type)
    for wait in (timedelta(), 2 * DAY, 8 * DAY, 12 * DAY):
        now.shift(wait)
        expire_all()
        stored = Case.objects.get(pk=made.pk)
        (history,) = histories([made.pk])
        assert replay(history, clock.now() + SECOND).status == stored.status


@pytest.mark.django_db
@pytest.mark.parametrize("name", LAPSED)
def test_every_clock_of_the_turn_replays_as_it_ran(name: str, standing: Any, now: Any) -> None:
    """D1 to D16."""
    row: Lapse = LAPSES[name]
    made = standing(row)
    now.move_to(made.due_at, tick=False)
    expire_all()
    (history,) = histories([made.pk])
    assert replay(history, made.due_at - SECOND).status == row.before
    assert replay(history, made.due_at).status == row.after


# The page -----------------------------------------------------------------------------------------


RULES = {
    "days": "30",
    "min_rounds": "2",
    "any_message_counts": "on",
    "max_applications_per_line": "1",
    "cancel_is_final": "on",
    "max_images": "8",
}


@pytest.mark.django_db
def test_staff_see_what_a_change_would_have_done_and_nothing_is_written(
    reviewer: Client, make_case: Any, now: Any, merchant: User
) -> None:
    made = make_case()
    now.shift(30 * HOUR)
    made.agree(by=merchant)
    now.shift(DAY)
    before = (Event.objects.count(), Policy.objects.values().get(), list(Window.objects.values()))
    answer = reviewer.post(reverse("admin:simulate"), RULES | {"D2": "1440"}, follow=True)
    html = answer.content.decode()
    counts = {row["name"]: row for row in answer.context["rows"]}
    assert (counts["expired"]["now"], counts["expired"]["then"]) == (0, 1)
    assert made.code in html
    assert "人们在当时的时间做当时的事" in html
    assert "D2 商家处理仅退款：<b>24 小时</b>" in html
    after = (Event.objects.count(), Policy.objects.values().get(), list(Window.objects.values()))
    assert after == before


@pytest.mark.django_db
def test_a_long_replay_goes_on_in_the_background_and_can_be_come_back_to(
    reviewer: Client, make_case: Any, now: Any
) -> None:
    """A row, not a task: whoever has time takes its next cases."""
    for _number in range(3):
        make_case()
    now.shift(3 * DAY)
    expire_all()
    made = Simulation.objects.create(
        user=User.objects.first(),
        windows={"D2": 96 * 60},
        since=clock.now() - 30 * DAY,
        until=clock.now(),
        cases=3,
        created_at=clock.now(),
    )
    assert advance(made, batch=1)
    page = reviewer.get(reverse("admin:simulated", args=[made.pk])).content.decode()
    assert "正在重放：1 / 3 个售后单" in page
    assert 'data-poll="3"' in page
    assert reverse("admin:simulated", args=[made.pk]) in (
        reviewer.get(reverse("admin:simulate")).content.decode()
    )
    run_due()
    made.refresh_from_db()
    assert (made.done, made.share, made.ended_at is not None) == (3, 100, True)
    assert (made.counts["expired"]["now"], made.counts["expired"]["then"]) == (3, 0)
    assert not advance(made)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "told"),
    [({"D15": "14"}, "15"), ({"D2": "0"}, "1"), ({"D2": "x"}, "整数"), ({"days": "5"}, "5")],
)
def test_numbers_that_can_not_be_are_refused(
    given: dict[str, str], told: str, reviewer: Client
) -> None:
    answer = reviewer.post(reverse("admin:simulate"), RULES | given)
    assert answer.status_code == 422
    assert not Simulation.objects.exists()
    assert told in str(answer.context["form"].errors)


@pytest.mark.django_db
def test_the_page_opens_with_the_rules_in_force(reviewer: Client) -> None:
    answer = reviewer.get(reverse("admin:simulate"))
    assert answer.context["form"]["D2"].value() == 2880
    assert (
        reverse("admin:simulate")
        in reviewer.get(reverse("admin:aftersales_edition_changelist")).content.decode()
    )


@pytest.mark.django_db
def test_only_who_may_read_the_rules_simulates(client: Client, staff: User) -> None:
    client.force_login(staff)
    assert client.get(reverse("admin:simulate")).status_code == 403
