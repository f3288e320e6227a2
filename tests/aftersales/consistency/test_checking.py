"""核对: each kind of break is made by hand in the database, and found; what is whole is not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aftersales import clock, extending, tasks
from aftersales.consistency import checking
from aftersales.models import (
    Case,
    Check,
    Event,
    Extension,
    Fault,
    Finding,
    Intervention,
    Member,
    Notice,
    Offer,
    Refund,
    Round,
    User,
)
from aftersales.notices.delivering import deliver_due
from aftersales.payments import pay_due
from tests.aftersales.consistency.breaking import broken, sql
from tests.aftersales.test_history import tampering

TRAITS = [
    ("", "refund_unshipped"),
    ("", "refund_not_received"),
    ("waiting", "refund_received"),
    ("answered", "refund_received"),
    ("expired", "refund_received"),
    ("rejected", "refund_received"),
    ("under_review", "refund_received"),
    ("agreed", "refund_received"),
    ("agreed", "return_refund"),
    ("sent_back", "return_refund"),
    ("refused_goods", "return_refund"),
]
__all__ = ["tampering"]


def test_what_an_outage_moved_and_excused_fits_its_history(
    make_case: Callable[..., Case], staff: User, now: Any
) -> None:
    """§1.4: both steps are taken in the name of who recorded the outage."""
    decided, running = make_case(type="return_refund"), make_case()
    now.move_to(decided.due_at, tick=False)
    tasks.expire_all()
    now.shift(timedelta(hours=1))
    outage = Extension.objects.create(
        kind="outage",
        starts_at=clock.now() - timedelta(hours=2),
        ends_at=clock.now(),
        why="机房断电",
        user=staff,
        at=clock.now(),
    )
    assert extending.carry_out(outage) == 1
    deliver_due()

    steps = set(Event.objects.filter(user=staff).values_list("step", flat=True))
    assert steps == {"extend", "excuse"}
    assert running.pk
    assert broken() == set()


@pytest.mark.parametrize(("trait", "kind"), TRAITS)
def test_a_healthy_market_has_no_findings(make_case, now, trait, kind):
    """Wherever a case stands, paid or not, and also when its time has run out."""
    case = make_case(trait, type=kind)
    deliver_due()
    assert broken() == set()
    pay_due()
    deliver_due()
    assert broken() == set()
    now.shift(timedelta(days=30))
    tasks.expire_all()
    pay_due()
    deliver_due()
    assert broken() == set()
    assert Check.objects.last().cases == 1
    assert case.findings.count() == 0


BREAKS: list[tuple[str, str, str, str, tuple[Any, ...]]] = [
    # code, trait, type, statement, its values besides the case's key
    ("history_last", "agreed", "refund_received", "case SET status = 'refunded'", ()),
    ("history_end", "waiting", "refund_received", "case SET version = version + 1", ()),
    ("history_end", "waiting", "refund_received", "case SET chain = 'x'", ()),
    ("nobody_turn", "", "refund_received", "case SET turn = 'done'", ()),
    ("deadline_due", "rejected", "refund_received", "case SET due_at = NULL", ()),
    ("deadline_reply", "waiting", "refund_received", "case SET reply_due_at = NULL", ()),
    ("deadline_evidence", "under_review", "refund_received", "case SET evidence_due_at = NULL", ()),
    ("deadline_wake", "", "refund_received", "case SET wake_at = NULL", ()),
    ("amount_sum", "agreed", "refund_received", "case SET to_refund = 127", ()),
    ("amount_count", "agreed", "refund_received", "case SET payouts = 3", ()),
    ("sides_round", "waiting", "refund_received", "case SET round_state = 'expired'", ()),
    ("sides_stage", "under_review", "refund_received", "case SET stage = 'ruled'", ()),
]


@pytest.mark.parametrize(("code", "trait", "kind", "change", "values"), BREAKS)
def test_a_case_broken_by_hand_is_found(whole, code, trait, kind, change, values):
    """One column of the case says something else than everything around it."""
    case = whole(trait, type=kind)

    sql(f"UPDATE aftersales_{change} WHERE id = %s", *values, case.pk)

    assert code in broken()
    finding = Finding.objects.get(code=code, closed_at=None)
    assert finding.case == case
    assert "%(" not in str(finding)


@pytest.mark.usefixtures("tampering")
@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("history_gap", "DELETE FROM aftersales_event WHERE case_id = %s AND version = 2"),
        ("history_empty", "DELETE FROM aftersales_event WHERE case_id = %s"),
        (
            "history_link",
            "UPDATE aftersales_event SET before = 'rejected' WHERE case_id = %s AND version = 3",
        ),
        (
            "history_step",
            "UPDATE aftersales_event SET after = 'refunded' WHERE case_id = %s AND version = 3",
        ),
        (
            "history_step",
            "UPDATE aftersales_event SET step = 'nothing_known' WHERE case_id = %s AND version = 3",
        ),
        (
            "history_step",
            "UPDATE aftersales_event SET party = 'buyer' WHERE case_id = %s AND version = 3",
        ),
    ],
)
def test_a_history_that_leads_elsewhere_is_found(whole, code, statement):
    """The events are replayed: each follows the one before and the table of steps."""
    case = whole("waiting")
    Notice.objects.all().delete()

    sql(statement, case.pk)

    assert code in broken()


def test_a_shop_without_anybody_on_duty_is_found(whole):
    whole()
    Member.objects.update(active=False)

    assert broken() == {"nobody_member"}


def test_a_case_set_aside_after_a_fault_is_known_already(whole):
    """The sweep put it off itself, and says so elsewhere."""
    case = whole()
    later = case.wake_at + timedelta(minutes=5)
    Case.objects.filter(pk=case.pk).update(wake_at=later)
    Fault.objects.create(case=case, sweep="expire_cases", error="x", next_try_at=later, at=later)

    assert broken() == set()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("queue_refund", "UPDATE aftersales_refund SET due_at = NULL WHERE case_id = %s"),
        ("queue_nothing", "DELETE FROM aftersales_refund WHERE case_id = %s"),
        ("amount_count", "DELETE FROM aftersales_refund WHERE case_id = %s"),
        ("amount_sum", "UPDATE aftersales_refund SET amount = 1 WHERE case_id = %s"),
        ("amount_route", "UPDATE aftersales_refund SET amount = 500 WHERE case_id = %s"),
    ],
)
def test_money_that_will_not_be_paid_as_said_is_found(whole, code, change):
    case = whole("agreed")

    sql(change, case.pk)

    assert code in broken()


def test_amounts_are_told_as_on_every_page(whole):
    case = whole("agreed")

    sql("UPDATE aftersales_refund SET amount = 12345 WHERE case_id = %s", case.pk)

    assert "amount_sum" in broken()
    assert "¥12,345.00" in Finding.objects.get(code="amount_sum").sentence
    assert str(Refund.objects.get(case=case)).endswith(" ¥12,345.00")


def test_a_case_that_was_not_told_of_its_payouts_is_found_after_an_hour(whole, now):
    """What a crash between two notes leaves is mended within seconds; an hour is too long."""
    case = whole("agreed")
    refunds = Refund.objects.filter(case=case)
    refunds.update(state="paid", due_at=None, paid_at=clock.now())
    assert broken() == set()

    now.shift(timedelta(hours=1, seconds=1))

    assert broken() == {"queue_untold"}


def test_a_refunded_case_with_an_unpaid_payout_is_found(whole):
    case = whole("agreed")
    pay_due()
    deliver_due()
    sql("UPDATE aftersales_refund SET state = 'failed' WHERE case_id = %s", case.pk)

    assert broken() == {"amount_unpaid"}


def test_a_notice_that_waits_for_long_is_found(whole, make_case, now):
    whole()
    make_case()
    assert broken() == set()
    now.shift(timedelta(minutes=15, seconds=1))

    assert broken() == {"notice_waiting"}
    deliver_due()
    assert broken() == set()


@pytest.mark.parametrize("side", ["buyer", "merchant"])
def test_a_notice_that_was_never_made_is_found(whole, side):
    whole("waiting")
    Notice.objects.filter(party=side).delete()

    assert broken() == {"notice_missing"}


def test_a_notice_of_the_shops_own_business_is_for_one(whole, merchant, shop):
    """NEG-54: an assignment makes one notice, or none; both are right."""
    case = whole()
    case.assign(by=merchant, member=Member.objects.get(user=merchant))
    deliver_due()

    assert broken() == set()


@pytest.mark.parametrize(
    ("code", "trait", "spoil"),
    [
        ("sides_round", "waiting", lambda case: Round.objects.update(state="answered")),
        ("sides_wait", "waiting", lambda case: Round.objects.update(due_at=case.at)),
        ("sides_stage", "under_review", lambda case: Intervention.objects.update(stage="settled")),
        ("sides_review", "under_review", lambda case: _leave_review(case)),
        ("sides_open", "agreed", lambda case: _open_after_the_end(case)),
    ],
)
def test_two_sides_that_see_different_states_are_found(whole, code, trait, spoil):
    """The buyer's page reads the rows, the shop's queue the case: they must say the same."""
    case = whole(trait)

    spoil(case)

    assert code in broken()


def _leave_review(case: Case) -> None:
    sql("UPDATE aftersales_case SET status = 'rejected' WHERE id = %s", case.pk)


def _open_after_the_end(case: Case) -> None:
    pay_due()
    deliver_due()
    sent = Round.objects.create(
        case=case,
        number=1,
        user=case.shop.members.get().user,
        text="x",
        sent_at=case.at,
        due_at=case.at,
        state="closed",
    )
    plan = case.step_form("round_1").offered("plans")[0]
    Offer.objects.create(case=case, round=sent, party="merchant", plan=plan, at=case.at)


# Findings -----------------------------------------------------------------------------------------


def test_a_finding_that_passed_is_closed_by_the_next_check(whole, now):
    """Found, seen again, closed; and found anew if it comes back."""
    case = whole()
    sql("UPDATE aftersales_case SET wake_at = NULL WHERE id = %s", case.pk)
    broken()
    first = Finding.objects.get()
    now.shift(timedelta(minutes=10))
    broken()
    again = Finding.objects.get()
    assert (again.pk, again.found_at) == (first.pk, first.found_at)
    assert again.seen_at == first.seen_at + timedelta(minutes=10)

    sql("UPDATE aftersales_case SET wake_at = due_at WHERE id = %s", case.pk)

    assert broken() == set()
    assert Finding.objects.get().closed_at == clock.now()
    sql("UPDATE aftersales_case SET wake_at = NULL WHERE id = %s", case.pk)
    assert broken() == {"deadline_wake"}
    assert Finding.objects.count() == 2


def test_what_a_step_mends_between_two_readings_is_no_finding(whole, monkeypatch):
    """A case that seems broken is read again under its lock."""
    case = whole()
    sql("UPDATE aftersales_case SET wake_at = NULL WHERE id = %s", case.pk)
    locked = checking._locked

    def mended(rows: Any) -> Any:
        sql("UPDATE aftersales_case SET wake_at = due_at WHERE id = %s", case.pk)
        return locked(rows)

    monkeypatch.setattr(checking, "_locked", mended)

    assert broken() == set()


def test_a_check_asks_no_more_with_more_cases(
    make_case: Callable[..., Case], django_assert_max_num_queries: Any
) -> None:
    """Few statements for a batch, however many cases there are in it."""
    for _number in range(6):
        make_case("rejected")
    deliver_due()

    with django_assert_max_num_queries(24):
        assert broken() == set()
    assert Check.objects.last().cases == 6


def test_a_check_goes_on_where_it_was_left(make_case: Callable[..., Case], monkeypatch) -> None:
    """Batches: what a killed worker had done is not done again, and nothing is left out."""
    cases = [make_case() for _number in range(5)]
    for case in cases:
        sql("UPDATE aftersales_case SET turn = 'done' WHERE id = %s", case.pk)
    check = Check.objects.create(started_at=clock.now())

    assert checking.advance(check, 2)
    assert Finding.objects.count() == 2
    assert checking.advance(check, 2)
    assert not checking.advance(check, 2)
    assert not checking.advance(check, 2)

    check.refresh_from_db()
    assert (check.cases, check.found, bool(check.ended_at)) == (5, 5, True)
    assert Finding.objects.count() == 5


def test_the_daily_check_is_done_once_a_day(make_case, now):
    """From 03:00 in China, by the task that beat wakes every minute."""
    make_case()
    tasks.check_consistency()
    tasks.check_consistency()
    assert Check.objects.count() == 1
    now.shift(timedelta(hours=14, minutes=59))  # 02:59 of the next day
    tasks.check_consistency()
    assert Check.objects.count() == 1
    now.shift(timedelta(minutes=1))
    tasks.check_consistency()
    assert [str(each.day) for each in Check.objects.all()] == ["2026-11-23", "2026-11-24"]


def test_the_whole_history_of_the_demo_is_not_read_at_once(make_case, monkeypatch):
    """Bounded: no statement of a batch reads events of other cases than the batch's."""
    cases = [make_case("waiting") for _number in range(3)]
    seen: list[int] = []
    see = checking.see

    def counted(rows: Any) -> Any:
        found = see(rows)
        seen.append(sum(len(each.events) for each in found))
        return found

    monkeypatch.setattr(checking, "see", counted)
    check = Check.objects.create(started_at=clock.now())
    while checking.advance(check, 1):
        pass

    assert seen == [*(case.events.count() for case in cases), 0]
    assert sum(seen) == Event.objects.count()
