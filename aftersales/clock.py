"""What time it is for the product: the machine's clock, which only the demo can move forward."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The present, aware, in UTC. Everything that compares or stores a time asks here."""
    return timezone.now() + ahead()


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
