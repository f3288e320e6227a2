"""Time acts on what nobody touches: due cases are taken in batches, a broken one stands aside."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from aftersales import clock
from aftersales.models.history import Fault
from aftersales.prepared import Prepared
from aftersales.steps import Act, lapse, write

logger = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RETRY_AFTER = timedelta(minutes=5)  # how long a row that broke a sweep is set aside


@dataclass(frozen=True)
class Swept:
    """One batch: how many cases were taken, how many broke, and how far along the clock it came."""

    taken: int = 0
    broken: int = 0
    until: datetime | None = None


def take_all(model: Any, limit: int, most: int) -> tuple[int, int]:
    """Let time act on every due case, batch by batch, ``most`` batches at most; return how many
    were taken and how many broke.

    Each batch begins where the one before ended: where a long transaction elsewhere (a report, a
    backup) keeps the database from forgetting what was swept, it need not be walked over again.
    What came due behind it is for the next sweep.
    """
    taken = broken = 0
    since = None
    for _number in range(most):
        swept = take_due(model, limit, since)
        taken, broken, since = taken + swept.taken, broken + swept.broken, swept.until
        if swept.taken + swept.broken < limit:
            break
    return taken, broken


def take_due(model: Any, limit: int = 1000, since: datetime | None = None) -> Swept:
    """Let time act on one batch of due cases, those that came due at ``since`` or later.

    A batch is claimed with SKIP LOCKED, so that workers share the work. A row whose step breaks
    is set aside with a Fault for staff to see, and does not stop the rest. What the database is to
    blame for (a lock, a deadlock, its absence) is no fault of a row: the next sweep takes it.
    """
    at = clock.now()
    try:
        with transaction.atomic():
            rows = _claim(model, limit)(at, since or EPOCH)
            until = rows[-1].wake_at if rows else None
            model.preload(rows)
            acts: list[Act] = []
            broken: list[tuple[Any, Exception]] = []
            for row in rows:
                try:
                    acts.extend(_acts(row, at))
                except Exception as error:
                    logger.exception("time could not act on case %s", row.pk)
                    broken.append((row, error))
            write(acts)
            for row, why in broken:
                _set_aside(model, row.pk, why, at)
        return Swept(len(rows) - len(broken), len(broken), until)
    except Exception:
        logger.exception("a batch of due cases could not be written; taking them one by one")
        return _one_by_one(model, at, since, limit)


@cache
def _claim(model: Any, limit: int) -> Prepared:
    return Prepared(lambda at, since: _due(model.for_sweeping(), at, since)[:limit])


def _due(cases: Any, at: datetime, since: datetime | None) -> Any:
    due = cases.filter(wake_at__lte=at).order_by("wake_at")
    return due if since is None else due.filter(wake_at__gte=since)


def _one_by_one(model: Any, at: datetime, since: datetime | None, limit: int) -> Swept:
    done = broken = 0
    due = list(_due(model.objects, at, since).values_list("pk", "wake_at")[:limit])
    for pk, _wake_at in due:
        try:
            with transaction.atomic():
                row = model.for_sweeping().filter(pk=pk, wake_at__lte=at).first()
                if row is not None:
                    write(_acts(row, at))
                    done += 1
        except (OperationalError, InterfaceError):
            logger.warning("the database hindered time at case %s", pk, exc_info=True)
            if not connection.is_usable():
                raise
        except Exception as error:
            logger.exception("time could not act on case %s", pk)
            with transaction.atomic():
                _set_aside(model, pk, error, at)
            broken += 1
    return Swept(done, broken, due[-1][1] if due else None)


def _acts(row: Any, at: datetime) -> list[Act]:
    """What time does to a row; one that was woken too early is put back to sleep."""
    acts = lapse(row, at)
    if not acts:
        type(row).objects.filter(pk=row.pk).update(wake_at=row.next_wake())
    return acts


def _set_aside(model: Any, pk: int, error: Exception, at: datetime) -> None:
    """Put a row that broke a sweep off for a while, where staff see it."""
    model.objects.filter(pk=pk).update(wake_at=at + RETRY_AFTER)
    text = f"{type(error).__name__}: {error}"[:2000]
    fault, made = Fault.objects.get_or_create(
        case_id=pk,
        defaults={
            "sweep": "expire_cases",
            "error": text,
            "next_try_at": at + RETRY_AFTER,
            "at": at,
        },
    )
    if not made:
        fault.error, fault.next_try_at, fault.at = text, at + RETRY_AFTER, at
        fault.tries += 1
        fault.save()
