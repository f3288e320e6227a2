"""Replays in batches: a simulation is a row, and whoever has time takes its next cases."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Prefetch

from aftersales import clock
from aftersales.enums import CaseType, Remedy, Status
from aftersales.models import Case, Event, Simulation, User
from aftersales.simulator import Act, History, compare

BATCH = 500
MOST_BATCHES = 20  # a task ends some day; the next one goes on


def start(
    user: User, windows: Mapping[str, Any], policy: Mapping[str, Any], since: datetime
) -> Simulation:
    """Begin a replay of the cases applied for since a moment; few cases are done at once."""
    at = clock.now()
    made = Simulation.objects.create(
        user=user,
        windows=dict(windows),
        policy=dict(policy),
        since=since,
        until=at,
        cases=Case.objects.filter(applied_at__gte=since, applied_at__lt=at).count(),
        created_at=at,
    )
    advance(made)
    return made


def run_due() -> int:
    """Go on with what is not done, the oldest first; return how many trials were gone on with."""
    done = 0
    for each in Simulation.objects.filter(ended_at=None).order_by("pk"):
        for _number in range(MOST_BATCHES):
            if not advance(each):
                break
        done += 1
    return done


def advance(simulation: Simulation, batch: int = BATCH) -> bool:
    """Replay the next batch; false once there is none, or while another worker is at it."""
    with transaction.atomic():
        held = Simulation.objects.select_for_update(of=("self",), skip_locked=True)
        row = held.filter(pk=simulation.pk, ended_at=None).first()
        if row is None:
            return False
        cases = Case.objects.filter(applied_at__gte=row.since, applied_at__lt=row.until)
        keys = list(
            cases.filter(pk__gt=row.reached).order_by("pk").values_list("pk", flat=True)[:batch]
        )
        row.counts = compare(histories(keys), row.windows, row.policy, row.until, row.counts)
        row.done += len(keys)
        if keys:
            row.reached = keys[-1]
        if len(keys) < batch:
            row.cases, row.ended_at = row.done, clock.now()
        row.save()
    simulation.__dict__.update(row.__dict__)
    return row.ended_at is None


def histories(keys: Sequence[int]) -> list[History]:
    """Cases as histories, in a few queries."""
    events = Event.objects.order_by("case_id", "version")
    cases = list(
        Case.objects.filter(pk__in=keys)
        .order_by("pk")
        .prefetch_related(Prefetch("events", queryset=events))
    )
    others = defaultdict(list)
    applied = Case.objects.filter(line__in={case.line_id for case in cases}).exclude(
        type=CaseType.PRICE_DIFFERENCE
    )
    for line, pk, status in applied.values_list("line_id", "pk", "status"):
        others[line].append((pk, status))
    return [_history(case, others[case.line_id]) for case in cases]


def _history(case: Case, others: Sequence[tuple[int, str]]) -> History:
    earlier = [status for pk, status in others if pk < case.pk]
    return History(
        case.code,
        case.type,
        case.applied_at,
        case.windows,
        case.policy,
        [
            Act(event.at, event.step, event.party, event.before, event.after, event.details)
            for event in case.events.all()
        ],
        earlier=(len(earlier), earlier.count(str(Status.CANCELLED))),
        # a repair that failed or came too late has another remedy by now
        repair=Remedy.REPAIR in (case.remedy, case.type),
    )
