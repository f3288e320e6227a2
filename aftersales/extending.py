"""延期 carried out: an outage or a changed window moves open deadlines later, case by case, once.

Each case takes the step ``extend`` under the key of the decision, so that running it again, or
in two workers, moves nothing twice. What time has done during an outage is marked (``excuse``).
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils.timezone import localtime

from aftersales import clock
from aftersales.enums import AppealState, Clock, Party, RequestState, Stage
from aftersales.models import Appeal, Case, Event, Extension, Intervention, ServiceRequest
from aftersales.rules import deadlines
from aftersales.service import asking
from aftersales.steps import STEPS, Act, Refused, write

logger = logging.getLogger(__name__)

BATCH = 500
# The clocks that run beside the turn of a case, each as the deadline it is.
ELSEWHERE = {
    Clock.NEGOTIATION: "reply_due_at",
    Clock.REQUEST: "request_due_at",
    Clock.APPEAL: "appeal_by",
    Clock.GRACE: "reopen_by",
}
SCOPE = {"type": "case_type", "phase": "phase", "line__category": "category"}  # of a window row
# What time decides against somebody; a wait that ends (NEG-33) takes nothing from anybody.
DECIDED = (
    "agree_by_default",
    "confirm_receipt_by_default",
    "close_unreturned",
    "close_unrefused",
    "lapse_rejection",
    "refund_unshipped_remedy",
    "complete_by_default",
    "execute_ruling",
)


@dataclass
class Plan:
    """What a decision would do to a case: each clock that moves, as column → (from, to)."""

    case: Case
    moves: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)


def run_due() -> int:
    """Carry out every decision that is not done; return how many cases were moved."""
    return sum(
        carry_out(extension) for extension in Extension.objects.filter(done_at=None).order_by("pk")
    )


def carry_out(extension: Extension) -> int:
    """Move the deadlines and mark the results of one decision, batch by batch."""
    moved = excused = 0
    for keys in _batches(open_cases(extension)):
        moved += _move(extension, keys)
    for keys in _batches(decided_cases(extension)):
        excused += _excuse(extension, keys)
    moved += _move_service(extension)
    Extension.objects.filter(pk=extension.pk).update(
        moved=F("moved") + moved, excused=F("excused") + excused, done_at=clock.now()
    )
    extension.refresh_from_db()
    return moved


def preview(extension: Extension, most: int = 50) -> tuple[list[Plan], int, list[Event], int]:
    """What a decision would do if it were carried out now: the first plans and all, and so for
    the results. Nothing is written."""
    plans: list[Plan] = []
    count = 0
    for keys in _batches(open_cases(extension)):
        found = list(_plans(extension, _loaded(Case.objects.filter(pk__in=keys))))
        count += len(found)
        plans += found[: max(most - len(plans), 0)]
    results = list(decided(extension))
    return plans, count, results[:most], len(results)


# Which cases --------------------------------------------------------------------------------------


def open_cases(extension: Extension) -> QuerySet[Case]:
    """Cases with a clock that may move, without those that this decision has moved.

    A case that has ended still has time to be appealed or reopened.
    """
    since = extension.starts_at or extension.at
    appeals = Appeal.objects.filter(state__in=(AppealState.OPEN, AppealState.PROPOSED))
    ruled = Intervention.objects.filter(stage=Stage.RULED, appeal_by__gt=since)
    cases = Case.objects.filter(
        Q(pk__in=Case.objects.open().values("pk"))
        | Q(reopen_by__gt=since, reopening="")
        | Q(pk__in=ruled.values("case"))
        | Q(pk__in=appeals.filter(decide_by__gt=since).values("case"))
    )
    wanted = {name: extension.terms.get(key) for name, key in SCOPE.items()}
    cases = cases.filter(**{name: value for name, value in wanted.items() if value})
    return cases.exclude(events__key=extension.key)


def service_requests(extension: Extension) -> QuerySet[ServiceRequest]:
    """Questions whose answer was due while the platform was down, or after it (S-50)."""
    if extension.kind != Extension.Kind.OUTAGE:
        return ServiceRequest.objects.none()
    asked = Max("messages__at", filter=Q(messages__party=Party.BUYER))
    waiting = ServiceRequest.objects.filter(
        state=RequestState.WAITING, due_at__gt=extension.starts_at
    ).exclude(messages__key=extension.key)
    return waiting.annotate(asked_at=asked).filter(asked_at__lt=extension.ends_at).order_by("pk")


def decided(extension: Extension) -> Iterator[Event]:
    """What time decided because of a deadline that passed during the outage; each is excused once."""
    starts, ends = extension.starts_at, extension.ends_at
    if starts is None or ends is None:
        return
    events = Event.objects.filter(
        party=Party.CLOCK,
        step__in=DECIDED,
        at__gte=starts,
    ).select_related("case")
    known = Event.objects.filter(step="excuse", key__startswith=f"{extension.key}-")
    done = set(known.values_list("case", "key"))
    for event in events.order_by("pk"):
        if (event.case_id, _result_key(extension, event)) in done:
            continue
        due = event.details.get("due_at")
        fell = datetime.fromisoformat(due) if due else event.at
        if starts <= fell < ends:
            yield event


def decided_cases(extension: Extension) -> QuerySet[Case]:
    return Case.objects.filter(pk__in={event.case_id for event in decided(extension)})


def _result_key(extension: Extension, event: Event) -> str:
    return f"{extension.key}-{event.version}"


def _batches(cases: QuerySet[Case]) -> Iterator[list[int]]:
    keys = list(cases.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


def _loaded(cases: Iterable[Case]) -> list[Case]:
    """Cases with what their clocks depend on, and when each clock began."""
    rows = list(cases)
    began, outages = _began([row.pk for row in rows]), _outages([row.pk for row in rows])
    Case.preload(rows)
    for row in rows:
        row.__dict__["_began"] = began.get(row.pk, row.applied_at)
        row.__dict__["_outages"] = outages[row.pk]
    return rows


def _began(keys: list[int]) -> dict[int, datetime]:
    """When each case came to its present status: the clock of the turn began with it."""
    moves = Event.objects.filter(case__in=keys).exclude(before=F("after"))
    found = moves.order_by().values("case_id").annotate(last=Max("at"))
    return {row["case_id"]: row["last"] for row in found}


def _outages(keys: list[int]) -> dict[int, list[Event]]:
    """The steps by which an outage moved clocks of each case."""
    known = Extension.objects.filter(kind=Extension.Kind.OUTAGE)
    moves = Event.objects.filter(case__in=keys, step="extend", key__in=[row.key for row in known])
    found = defaultdict(list)
    for event in moves:
        found[event.case_id].append(event)
    return found


def _made_good(case: Case, name: str, since: datetime, end: datetime) -> datetime:
    """An end moved by as much as outages have moved this clock since it began; no row takes that
    back."""
    moment, key = datetime.fromisoformat, _clock(case, name)
    for event in case.__dict__["_outages"]:
        if event.at >= since and (moved := event.details["clocks"].get(name)):
            given = deadlines.left_of(case, key, moment(moved["until"]), moment(moved["before"]))
            end = deadlines.goes_on(case, key, end, given)
    return end


# How far ------------------------------------------------------------------------------------------


def _plans(extension: Extension, cases: Iterable[Case]) -> Iterator[Plan]:
    outage = extension.kind == Extension.Kind.OUTAGE
    for case in cases:
        moves = _after_outage(extension, case) if outage else _under_window(extension, case)
        if moves:
            yield Plan(case, moves)


def _after_outage(extension: Extension, case: Case) -> dict[str, tuple[datetime, datetime]]:
    """Every clock that ran at some moment of the outage runs as much longer as it lasted; one that
    counts working time, as much as it took of that."""
    starts, ends = extension.starts_at, extension.ends_at
    if starts is None or ends is None:
        return {}
    moves = {}
    for name, each in case.open_deadlines().items():
        key = _clock(case, name)
        lost = deadlines.left_of(case, key, ends, starts)
        if lost and each.until > starts and each.since < ends:
            moves[name] = each.until, deadlines.goes_on(case, key, each.until, lost)
    return moves


def _under_window(extension: Extension, case: Case) -> dict[str, tuple[datetime, datetime]]:
    """The end that a clock would have had under the row, where that is later than its own, with
    what outages have added to it.

    A row with dates is for the clocks that would run out in those days, in China.
    """
    terms = extension.terms
    name = _named(case, terms["clock"])
    running = case.open_deadlines().get(name)
    if running is None or not _within(terms, localtime(running.until).date()):
        return {}
    due, began = running
    before = case.windows
    hours = deadlines.hours_of(terms["clock"])
    case.windows = before | {terms["clock"]: terms["minutes"], hours: terms["hours"]}
    if case.suspended and name == "due_at":
        end = due + timedelta(minutes=terms["minutes"] - before.get(terms["clock"], 0))
    else:
        found = deadlines.due_at(case, began) if name == "due_at" else None
        end = found or deadlines.end_of(case, Clock(terms["clock"]), began)
        end = _made_good(case, name, began, end)
    case.windows = before
    return {name: (due, end)} if end > due else {}


def _named(case: Case, key: str) -> str:
    """The deadline that this clock is in the case now; empty if it does not run."""
    if key in ELSEWHERE:
        return ELSEWHERE[Clock(key)]
    if key == Clock.DECISION and case.stage == Stage.APPEAL:
        return "review_by"
    if key in (Clock.EVIDENCE, Clock.SUPPLEMENT):
        supplement = case.last_supplement is not None and case.stage == "supplement"
        return "evidence_due_at" if (key == Clock.SUPPLEMENT) == supplement else ""
    running = deadlines.clock_of(case)
    signed = key == Clock.RECEIPT_SIGNED and running == Clock.RECEIPT and case.return_signed_at
    return "due_at" if running == key or signed else ""


def _clock(case: Case, name: str) -> Clock | None:
    """The clock that this deadline is in the case now."""
    if name == "due_at":
        return deadlines.clock_of(case)
    if name == "review_by":
        return Clock.DECISION
    if name == "evidence_due_at":
        return Clock.SUPPLEMENT if case.stage == Stage.SUPPLEMENT else Clock.EVIDENCE
    return next(key for key, known in ELSEWHERE.items() if known == name)


def _within(terms: dict[str, Any], day: date) -> bool:
    starts, ends = terms.get("starts_on"), terms.get("ends_on")
    return (not starts or date.fromisoformat(starts) <= day) and (
        not ends or day <= date.fromisoformat(ends)
    )


# Steps --------------------------------------------------------------------------------------------


def _move(extension: Extension, keys: list[int]) -> int:
    with transaction.atomic():
        locked = Case.for_writing().filter(pk__in=keys).exclude(events__key=extension.key)
        acts = []
        for plan in _plans(extension, _loaded(locked.order_by("pk"))):
            until = {name: end for name, (_due, end) in plan.moves.items()}
            acts += _taken(extension, plan.case, "extend", extension.key, until=until)
        write(acts)
    return len(acts)


def _move_service(extension: Extension) -> int:
    moved = 0
    for request in service_requests(extension):
        try:
            asking.extend(
                request,
                by=extension.user,
                length=extension.length,
                why=extension.why,
                key=extension.key,
            )
        except Refused as refused:
            logger.warning("request %s was not moved: %s", request.pk, refused.sentence)
        else:
            moved += 1
    return moved


def _excuse(extension: Extension, keys: list[int]) -> int:
    """How many cases were excused; each result of time has a step of its own."""
    with transaction.atomic():
        rows = {row.pk: row for row in Case.for_writing().filter(pk__in=keys).order_by("pk")}
        Case.preload(list(rows.values()))
        acts = []
        for event in decided(extension):
            if row := rows.get(event.case_id):
                given = {"result": event.step, "result_version": event.version}
                acts += _taken(extension, row, "excuse", _result_key(extension, event), **given)
        write(acts)
    return len({act.case.pk for act in acts})


def _taken(extension: Extension, case: Case, name: str, key: str, **answers: Any) -> list[Act]:
    """The step on one case, in the name of who decided it; a case that refuses stays as it is."""
    given = answers | {"why": extension.why}
    try:
        return [case.run(STEPS[name], Party.STAFF, extension.user, clock.now(), key, given)]
    except Refused as refused:
        logger.warning("case %s was not moved: %s", case.pk, refused.sentence)
        return []
