"""`manage.py sweep`: everything that beat wakes, by hand."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as standing
from django.core.management import CommandError, call_command

from aftersales.celery import app
from aftersales.enums import PAID_BACK, RefundState
from aftersales.models import Case, Event, Pulse

pytestmark = pytest.mark.django_db


def sweep(*names: str, **options: Any) -> list[str]:
    said = io.StringIO()
    call_command("sweep", *names, stdout=said, **options)
    return said.getvalue().splitlines()


def test_every_task_is_woken_by_beat_and_listed_by_the_command() -> None:
    """Whoever adds a sweep adds it to the schedule; the command knows it then by itself."""
    app.autodiscover_tasks(force=True)
    ours = {name for name in app.tasks if name.startswith("aftersales.")}
    woken = {entry["task"] for entry in standing.CELERY_BEAT_SCHEDULE.values()}
    assert woken == ours
    assert [line.split()[0] for line in sweep()] == list(standing.CELERY_BEAT_SCHEDULE)


def test_deadlines_are_looked_at_before_all_else_that_waits() -> None:
    """R8: however long payments and notices take, an overdue case does not queue behind them."""
    waits = {
        name: entry["options"]["priority"] for name, entry in standing.CELERY_BEAT_SCHEDULE.items()
    }
    first = waits.pop("expire-cases")
    assert first < min(waits.values())


def test_all_of_them_do_their_work_without_beat_or_worker(
    make_case: Callable[..., Case], now: Any
) -> None:
    """A due case moves, its refund is paid, both are told of; counts are said, and no worker is claimed to live."""
    case = make_case()
    assert case.due_at is not None
    now.move_to(case.due_at)
    said = dict(line.split(": ") for line in sweep(every=True))
    assert set(said) == set(standing.CELERY_BEAT_SCHEDULE) - {"keep-pulse"}
    assert said["expire-cases"] == "1"
    case.refresh_from_db()
    assert case.status in PAID_BACK
    assert [refund.state for refund in case.refunds.all()] == [RefundState.PAID]
    assert int(said["deliver-notices"]) > 0
    sweep("deliver-notices")
    assert not Event.objects.filter(delivered_at=None).exists()
    assert not Pulse.objects.exists()


def test_a_sweep_that_breaks_is_named_and_the_command_fails(settings: Any) -> None:
    """The sweeps after it have run all the same."""
    settings.CELERY_BEAT_SCHEDULE = {
        "broken": {"task": "tests.aftersales.test_sweep_command.nothing_there", "schedule": 2.0},
        "drop-drafts": settings.CELERY_BEAT_SCHEDULE["drop-drafts"],
    }
    said = io.StringIO()
    with pytest.raises(CommandError, match="broke: broken"):
        call_command("sweep", every=True, stdout=said, stderr=io.StringIO())
    assert said.getvalue() == "drop-drafts: 0\n"
    with pytest.raises(CommandError, match="no sweep drop-tables"):
        sweep("drop-tables")
