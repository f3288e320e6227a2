"""What time it is for the product: the database's clock, which only the demo can move forward.

Machines disagree, and their clocks are put right in jumps. There is one database, so every process asks
that now and then, and between two readings counts on with the monotonic clock, which does not jump.
"""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

ASK_EVERY = 30.0  # seconds from one reading to the next
ASK_AGAIN = 5.0  # seconds until the next try after one that failed
SLOW = 0.5  # seconds


class Reading(NamedTuple):
    """The database's time, and what the monotonic clock said at the same moment."""

    at: datetime
    felt: float


_reading: Reading | None = None  # the last, of this process
_ask_at = 0.0  # on the monotonic clock


def now() -> datetime:
    """The present, aware, in UTC. Everything that compares or stores a time asks here."""
    return (_of_database() if settings.DATABASE_TIME else timezone.now()) + ahead()


def _of_database() -> datetime:
    """While the database can't be asked, the last reading goes on; without any, nothing can be decided."""
    global _reading, _ask_at
    felt = time.monotonic()
    if _reading is None or (felt >= _ask_at and not connection.needs_rollback):
        try:
            _reading = _read(_reading)
            _ask_at = felt + ASK_EVERY
        except Error:
            if _reading is None:
                raise
            _ask_at = felt + ASK_AGAIN
    return _reading.at + timedelta(seconds=time.monotonic() - _reading.felt)


def _read(last: Reading | None) -> Reading:
    """Never ahead of the database, and behind it by no more than the answer took; one that took long
    says less than the last."""
    with connection.cursor() as cursor:
        asked = time.monotonic()
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
        felt = time.monotonic()
    return last if last and felt - asked > SLOW else Reading(at, felt)


def ahead() -> timedelta:
    """How far the demo has been moved forward; zero outside the demo, where the file is not read."""
    if not settings.DEMO:
        return timedelta()
    try:
        return timedelta(seconds=int(_dial().read_text()))
    except (FileNotFoundError, ValueError):
        return timedelta()


def advance(by: timedelta) -> None:
    """Move the demo's clock forward for web and worker alike; refused outside the demo."""
    set_ahead(ahead() + by)


def set_ahead(by: timedelta) -> None:
    """Set how far the demo's clock is ahead; its market is built with it set back."""
    if not settings.DEMO:
        raise RuntimeError("the clock can be moved in the demo only")
    _dial().parent.mkdir(parents=True, exist_ok=True)
    part = _dial().with_suffix(".new")
    part.write_text(str(int(by.total_seconds())))
    part.replace(_dial())


def _dial() -> Path:
    return Path(settings.DEMO_CLOCK)
