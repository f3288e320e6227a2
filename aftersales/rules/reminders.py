"""提醒: when whoever must act is reminded of his deadline (lifecycle §1.4), and when he is left in peace.

Everything follows from ``due_at`` and from when its clock began (``due_from``): a deadline that is
moved or falls away takes its reminders with it.
"""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from aftersales.enums import Clock, Party, Reminder
from aftersales.rules import deadlines

if TYPE_CHECKING:
    from aftersales.models import Case

LAST = timedelta(hours=2)
DAY = timedelta(hours=24)
BUYERS = (Clock.BUYER_RETURN, Clock.AFTER_REJECT)  # D4, D6


def marks(case: "Case") -> list[tuple[datetime, Reminder]]:
    """The moments of the running clock at which its party is reminded, oldest first.

    A merchant at half of his time and at two hours left, a buyer at 24 hours left of D4 and D6, the
    platform once its time to rule is over (D14). What would come before the clock began is no mark.
    """
    watch, due, began = deadlines.watch_of(case), case.due_at, case.due_from
    if watch is None or due is None or began is None:
        return []
    found: list[tuple[datetime, Reminder]] = []
    if watch.party == Party.MERCHANT:
        found = _of_the_merchant(case, due, began)
    elif deadlines.clock_of(case) in BUYERS:
        found = [(due - DAY, Reminder.DAY)]
    elif watch.clock == Clock.DECISION:
        found = [(due, Reminder.OVERDUE)]
    return sorted(mark for mark in found if mark[0] > began)


def _of_the_merchant(
    case: "Case", due: datetime, began: datetime
) -> list[tuple[datetime, Reminder]]:
    """At half of his time and at two hours left of it: working time, where his clock counts that."""
    key = deadlines.clock_of(case)
    whole = deadlines.left_of(case, key, due, began)
    half = deadlines.goes_on(case, key, began, whole / 2)
    last = [deadlines.goes_on(case, key, began, whole - LAST)] if whole > LAST else []
    return [(half, Reminder.HALF), *((moment, Reminder.LAST) for moment in last)]


def next_at(case: "Case", at: datetime) -> datetime | None:
    """The next mark after ``at``."""
    return next((when for when, _mark in marks(case) if when > at), None)


def fallen(case: "Case", at: datetime) -> Reminder | None:
    """What is to be said at ``at``: the last mark that has come; once time is over, only that."""
    come = [mark for when, mark in marks(case) if when <= at]
    if not come or case.due_at is None:
        return None
    return come[-1] if case.due_at > at or come[-1] == Reminder.OVERDUE else None


def own_deadline(case: "Case", party: Party) -> datetime | None:
    """The earliest deadline that is this side's own to keep."""
    watch = deadlines.watch_of(case)
    own = [case.due_at if watch is not None and watch.party == party else None]
    if party == Party.BUYER:
        own.append(case.reply_due_at)
    return min((each for each in own if each is not None), default=None)


def held_until(
    start: time | None, end: time | None, at: datetime, deadline: datetime | None
) -> datetime | None:
    """Until when an e-mail waits that falls due at ``at``; None lets it go.

    It waits out the quiet hours (``start`` to ``end``, times of day in China), but never beyond the
    moment at which two hours are left of the reader's own deadline.
    """
    if start is None or end is None:
        return None
    here = at.astimezone(deadlines.CHINA)
    now = here.time()
    quiet = start <= now < end if start < end else now >= start or now < end
    if not quiet:
        return None
    over = here.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    if over <= here:
        over += timedelta(days=1)
    if deadline is not None and deadline > at:
        over = min(over, deadline - LAST)
    return over if over > at else None
