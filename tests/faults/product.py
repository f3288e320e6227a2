"""The doors by which a campaign starts the product: its Celery app and its WSGI application.

They add a wall clock that can be put forward and back while the program runs (``FAULTS_CLOCK`` names the
file with the seconds; the monotonic clock goes on, as on a real machine), waits between two tries of a
payment that fit a campaign of minutes, and, if ``FAULTS_BROKEN`` is set, the design that has to fail.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
import time_machine

django.setup()

from aftersales.celery import app  # noqa: E402
from aftersales.payments import paying  # noqa: E402
from aftersales.wsgi import application  # noqa: E402

paying.FIRST_WAIT = timedelta(seconds=1)
paying.LONGEST_WAIT = timedelta(seconds=4)

if os.environ.get("FAULTS_BROKEN"):
    app.conf.imports = ["tests.faults.broken"]

__all__ = ["app", "application"]


def follow(dial: Path) -> None:
    """Put this process's wall clock to where the file says, whenever it says something new."""
    standing, travel = 0, None
    while True:
        try:
            wanted = int(dial.read_text())
        except (FileNotFoundError, ValueError):
            wanted = 0
        if wanted != standing:
            if travel:
                travel.stop()
            travel, standing = None, wanted
            if wanted:
                there = datetime.now(UTC) + timedelta(seconds=wanted)
                travel = time_machine.travel(there, tick=True)
                travel.start()
        time.sleep(0.2)


def follow_the_clock() -> None:
    dial = Path(os.environ["FAULTS_CLOCK"])
    threading.Thread(target=follow, args=[dial], daemon=True).start()


follow_the_clock()
os.register_at_fork(after_in_child=follow_the_clock)
