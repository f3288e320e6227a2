"""Time is the database's, and beat goes on, whatever happens to the clock of a machine (F65, F66)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from aftersales import clock
from aftersales.beat import Scheduler
from aftersales.celery import app

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def of_database(settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """As in production, in a process that has just begun."""
    settings.DATABASE_TIME = True
    monkeypatch.setattr(clock, "_reading", None)
    monkeypatch.setattr(clock, "_ask_at", 0.0)


def database_says() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
        return at


@pytest.mark.postgres
def test_a_machine_whose_clock_is_wrong_does_not_decide(of_database: None) -> None:
    """From the first moment, and when it jumps later; and the database is not asked each time."""
    with time_machine.travel(datetime.now(UTC) + 2 * HOUR):
        assert abs(clock.now() - database_says()) < SECOND
    with time_machine.travel(datetime.now(UTC) - 4 * HOUR):
        assert abs(clock.now() - database_says()) < SECOND


@pytest.mark.postgres
def test_a_database_that_can_not_be_asked_is_not_waited_for(of_database: None) -> None:
    """The last reading goes on; a transaction that is broken is left alone."""
    before = clock.now()
    with transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nonsense")
        connection.set_rollback(True)
        clock._ask_at = 0.0
        assert before <= clock.now() < before + SECOND


@pytest.mark.postgres
def test_a_process_that_could_never_ask_does_not_take_its_machines_word(of_database: None) -> None:
    """One that began while the database was away, on a machine ten minutes ahead."""
    with transaction.atomic():
        connection.set_rollback(True)
        with pytest.raises(DatabaseError):
            clock.now()


def test_beat_goes_on_when_its_clock_is_put_back() -> None:
    """Celery's own scheduler would send nothing for four hours."""
    sent: list[str] = []

    class Noting(Scheduler):
        def apply_entry(self, entry: Any, producer: Any = None) -> None:
            sent.append(entry.name)

    start = datetime(2026, 11, 23, 4, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as traveller:
        beat = Noting(app, lazy=True)
        beat.merge_inplace(
            {name: {"task": "aftersales.tasks.expire_cases", "schedule": 2.0} for name in "ab"}
        )
        tick_all(beat)
        traveller.shift(2)
        tick_all(beat)
        assert sorted(sent) == ["a", "b"]
        traveller.move_to(start - 4 * HOUR)
        tick_all(beat)
        traveller.shift(2)
        tick_all(beat)
        assert sorted(sent) == ["a", "a", "b", "b"]


def tick_all(beat: Scheduler) -> None:
    while beat.tick() == 0:
        pass
