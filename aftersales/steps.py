"""A case moves by steps, and a step happens whole or not at all: the one clever file.

A step is a method on a leg of the case (``aftersales/models/case``) under ``@step``. Its body
changes fields and hands rows over; it never saves, sends or pays. The engine here locks and
re-reads the row, lets lapsed time act first, compares the version of the page, checks party
and conditions, runs the body, restarts the clock, writes everything at once and adds one event
to the chain. One click and ten thousand due cases (``sweeping``) take the same road.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import TransitionNotAllowed
from django_fsm import transition as fsm_transition

from aftersales import clock
from aftersales.bulk import Writing, insert_rows
from aftersales.enums import Party, Permission, Status
from aftersales.models.fetched import Fetched, StateField
from aftersales.models.history import Attempt, Event, Fault, plain
from aftersales.retrying import taken_again

STALE = _("此售后单刚刚有更新，请核对后再提交。你填写的内容已保留。")
LAPSED = _("处理时限已过，已按规则自动处理")
NOT_YOURS = _("你没有权限进行此操作")
NOT_NOW = _("售后单当前状态不能进行此操作")
SUSPENDED = _("平台已中止处理这一单，恢复后再操作")

Body = TypeVar("Body", bound=Callable[..., Any])


class Refused(Exception):
    """A step that the rules refuse, with the sentence for the person; nothing has changed.

    ``errors`` names the sentence per form field; ``conflict`` is set where the case has moved
    on or must be waited for (pages answer 409 instead of 422).
    """

    def __init__(self, sentence: Any = "", *, conflict: Any = False, **errors: Any) -> None:
        self.errors = {name: str(text) for name, text in errors.items()}
        self.sentence = str(sentence) or next(iter(self.errors.values()), "")
        self.conflict = bool(conflict)
        super().__init__(self.sentence)


def refuses(sentence: Any, *, conflict: bool = False) -> Callable[[Body], Body]:
    """Give a condition the sentence that a person reads when it does not hold."""

    def decorate(condition: Body) -> Body:
        condition.sentence = sentence  # type: ignore[attr-defined]
        condition.conflict = conflict  # type: ignore[attr-defined]
        return condition

    return decorate


@dataclass(frozen=True)
class Step:
    """What is known of a step without taking it."""

    name: str
    label: Any
    by: frozenset[Party]
    sources: frozenset[str]
    permission: Permission | None
    conditions: Sequence[Callable[[Any], bool]]
    for_whom: Sequence[Callable[[Any, Party, Any], bool]]
    versioned: bool
    while_suspended: bool
    undoable: bool
    move: Callable[..., Any]

    def unmet(self, case: Any) -> Callable[[Any], bool] | None:
        return next((holds for holds in self.conditions if not holds(case)), None)


@dataclass(frozen=True)
class Move:
    """What a person may do now, and if not, why: what pages, admin and forged posts obey."""

    name: str
    label: Any
    refusal: str


@dataclass
class Act:
    """A step taken in memory, waiting to be written."""

    case: "Stepped"
    event: Event
    names: list[str]  # of the case's fields that it changed
    rows: list[models.Model] = field(default_factory=list)
    changed: list[tuple[models.Model, dict[str, Any]]] = field(default_factory=list)
    removed: list[models.Model] = field(default_factory=list)


STEPS: dict[str, Step] = {}


def step(
    label: Any,
    *,
    by: Collection[Party],
    source: Collection[Status],
    target: Any = None,
    permission: Permission | None = None,
    conditions: Iterable[Callable[[Any], bool]] = (),
    for_whom: Iterable[Callable[[Any, Party, Any], bool]] = (),
    versioned: bool = True,
    while_suspended: bool = False,
    undoable: bool = False,
) -> Callable[[Body], Body]:
    """A step in the life of a case; what the method returns goes into the history.

    ``conditions`` ask the case; ``for_whom`` asks (case, party, user) where it matters who it is.
    ``versioned=False`` is for steps that do not answer what is on the page (a chat message):
    they need no version, only an idempotency key. While the platform has suspended a case (T-23)
    its sides take only the steps that say ``while_suspended``. An ``undoable`` step may be given
    ``undo_within``: for so long no money and no notice leaves, and ``undo`` puts back what was.
    """

    def decorate(body: Body) -> Body:
        name = body.__name__
        asked = list(conditions)
        move = fsm_transition("status", list(source), target, conditions=asked)(body)
        STEPS[name] = Step(
            *(name, label, frozenset(by), frozenset(source), permission, asked, list(for_whom)),
            *(versioned, while_suspended, undoable, move),
        )

        @wraps(move)
        def take(case: "Stepped", **answers: Any) -> None:
            _take(case, STEPS[name], **answers)

        return take  # type: ignore[return-value]

    return decorate


class Stepped(Fetched):
    """What the engine needs of a case: a status, a version, its clocks and its chain."""

    shop_id: int
    status = StateField(_("状态"), max_length=30, choices=Status, protected=True)
    version = models.PositiveIntegerField(default=0)
    chain = models.CharField(max_length=64, blank=True)
    suspended = models.BooleanField(_("已中止"), default=False)
    due_at = models.DateTimeField(_("截止时间"), null=True, blank=True)
    reply_due_at = models.DateTimeField(_("等待买家回复至"), null=True, blank=True)
    evidence_due_at = models.DateTimeField(_("举证截止"), null=True, blank=True)
    wake_at = models.DateTimeField(_("下次自动处理"), null=True, blank=True)
    # an agreement that may still be undone: until when, and how everything stood before it
    held_until = models.DateTimeField(_("可撤销至"), null=True, blank=True)
    stood = models.JSONField(_("撤销后恢复"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"))

    class Meta:
        abstract = True

    # the step in hand: when it happens, in whose name, how long it may be undone, what it hands over
    _at: datetime | None = None
    acting, hold = Party.CLOCK, timedelta()
    _rows: list[models.Model]
    _changed: list[tuple[models.Model, dict[str, Any]]]  # with its former values
    _removed: list[models.Model]
    remember: Callable[[], None]  # what is stored, so that only what a step changes is written
    dirty: Callable[[], list[str]]  # the fields that are not as they were stored

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows, self._changed, self._removed = [], [], []

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Re-read; the protected field is emptied on this instance only, not on the class."""
        self.__dict__.pop("status", None)
        super().refresh_from_db(*args, **kwargs)

    # What the case itself says; the legs answer these.

    def parties_of(self, user: Any) -> set[Party]:
        raise NotImplementedError

    def member_of(self, user: Any) -> Any:
        raise NotImplementedError

    def restart_clock(self, before: str) -> None:
        raise NotImplementedError

    def next_clock(self) -> tuple[datetime, str] | None:
        """The clock that runs out next and the step that it then takes."""
        raise NotImplementedError

    def standing_before(self, user: Any) -> dict[str, Any]:
        """How everything stood before the step in hand, for ``undo`` to put back."""
        raise NotImplementedError

    @classmethod
    def locked(cls, pk: int, by: Any = None, key: str = "", *, judged: bool = False) -> Any:
        raise NotImplementedError

    @classmethod
    def preload(cls, cases: Sequence[Any]) -> None:
        raise NotImplementedError

    # What bodies use.

    @property
    def at(self) -> datetime:
        """The one moment at which the step in hand happens."""
        return self._at or clock.now()

    def add(self, *rows: Any) -> None:
        """Hand over new rows; the engine stores them with the step."""
        for row in rows:
            row.shop_id = self.shop_id
        self._rows.extend(rows)

    def change(self, row: models.Model, **values: Any) -> None:
        """Set fields of a related row; the engine stores them with the step."""
        self._changed.append((row, {name: getattr(row, name) for name in values}))
        for name, value in values.items():
            setattr(row, name, value)

    def remove(self, *rows: models.Model) -> None:
        """Take back rows that a step handed over; the engine deletes them with the step."""
        self._removed.extend(rows)

    # What pages ask.

    def refusal(self, name: str, user: Any) -> str:
        """Why this user can't take this step now; empty when he can. The one function of
        (case, user) that buttons, pages and forged requests all obey."""
        try:
            self._check(STEPS[name], user)
        except Refused as refused:
            return refused.sentence
        return ""

    def moves(self, user: Any, party: Party) -> list[Move]:
        """The steps this user has here as ``party``; the refused stay, with their sentence."""
        return [
            Move(name, known.label, self.refusal(name, user))
            for name, known in STEPS.items()
            if party in known.by and self.status in known.sources
        ]

    def may(self, name: str, user: Any) -> bool:
        return not self.refusal(name, user)

    def next_wake(self) -> datetime | None:
        return running[0] if (running := self.next_clock()) else None

    @taken_again
    def catch_up(self) -> bool:
        """Let lapsed time act before anybody looks; true if it did."""
        if self.wake_at is None or self.wake_at > clock.now():
            return False
        with transaction.atomic():
            row = self.locked(self.pk)
            write(acts := lapse(row, clock.now()))
        _become(self, row)
        return bool(acts)

    def _check(self, known: Step, user: Any, as_party: str = "") -> Party:
        """The party in whose name the user takes the step, or Refused.

        Who stands on two sides (a member who bought in his own shop) may say for which he acts.
        """
        parties = self.parties_of(user) & known.by
        if not parties:
            raise Refused(NOT_YOURS)
        party = Party(as_party) if as_party in parties else min(parties)
        if party == Party.MERCHANT and known.permission:
            member = self.member_of(user)
            if member is None or not member.can(known.permission):
                told = gettext("你没有“%(permission)s”权限，请联系店铺管理员")
                raise Refused(told % {"permission": known.permission.label})
        if self.status not in known.sources:
            raise Refused(NOT_NOW, conflict=True)
        if self.suspended and party in (Party.BUYER, Party.MERCHANT) and not known.while_suspended:
            raise Refused(SUSPENDED, conflict=True)
        if unmet := known.unmet(self):
            raise Refused(unmet.sentence, conflict=unmet.conflict)  # type: ignore[attr-defined]
        for suits in known.for_whom:
            if not suits(self, party, user):
                raise Refused(suits.sentence, conflict=suits.conflict)  # type: ignore[attr-defined]
        return party

    def run(
        self,
        known: Step,
        party: Party,
        user: Any,
        at: datetime,
        key: str,
        answers: dict[str, Any],
        due: datetime | None = None,
        hold: timedelta = timedelta(),
    ) -> Act:
        """Take the step in memory: the body, the clock, the version and the event.

        ``due`` is the deadline that time took the step for; the history keeps it, for what time
        does may be late (a sweep that stood still) and is then judged by when it fell due.
        """
        before = str(self.status)
        self._at, self._rows, self._changed, self._removed = at, [], [], []
        self.acting, self.hold = party, hold
        self.version += 1
        try:
            details = known.move(self, by=user, **answers) or {}
        except TransitionNotAllowed:
            unmet = known.unmet(self) if self.status in known.sources else None
            sentence = unmet.sentence if unmet else NOT_NOW  # type: ignore[attr-defined]
            raise Refused(sentence, conflict=True) from None
        details = details | ({"due_at": due} if due else {})
        self.updated_at = at
        self.restart_clock(before)
        self.wake_at = self.next_wake()
        self.held_until = at + hold if hold else None
        self.stood = plain(self.standing_before(user)) if hold else None
        event = Event(
            case_id=self.pk,
            shop_id=self.shop_id,
            version=self.version,
            step=known.name,
            party=party,
            user_id=getattr(user, "pk", None),
            before=before,
            after=str(self.status),
            details=plain(details),
            at=at,
            key=key,
        )
        return Act(self, event, self.dirty(), self._rows, self._changed, self._removed)


def _become(case: Stepped, row: Any) -> None:
    """The caller's instance is what is stored, whatever happened; what was loaded with it is old."""
    case.__dict__.pop("_prefetched_objects_cache", None)
    row.forget_along()
    case.__dict__.update(row.__dict__)


def lapse(row: Any, at: datetime) -> list[Act]:
    """Everything that time asks of this row at ``at``, in the order in which it fell due."""
    acts = []
    while (running := row.next_clock()) and running[0] <= at:
        due, name = running
        acts.append(row.run(STEPS[name], Party.CLOCK, None, at, "", {}, due=due))
    return acts


@taken_again
def _take(
    case: Stepped,
    known: Step,
    *,
    by: Any,
    version: int | None = None,
    key: str = "",
    undo_within: timedelta = timedelta(),
    **answers: Any,
) -> None:
    """Take one step for one person (``by=None`` is the clock), whole or not at all."""
    hold = undo_within if known.undoable else timedelta()
    refused: Refused | None = None
    with transaction.atomic():
        row = case.locked(case.pk, by, key, judged="risks" in answers)
        earlier = row.earlier
        if earlier is not None and earlier.step == known.name:
            _become(case, row)  # the same click again: it has had its effect
            return
        at = clock.now()
        seen = row.version
        if lapses := lapse(row, at):
            write(lapses)
            row = case.locked(case.pk, by)
        try:
            if earlier is not None:
                raise Refused(STALE, conflict=True)
            if by is not None and any(act.event.before != act.event.after for act in lapses):
                raise Refused(LAPSED, conflict=True)
            if known.versioned and by is not None and version is not None and version != seen:
                raise Refused(STALE, conflict=True)
            party = row._check(known, by, str(answers.get("as_party", "")))
            write([row.run(known, party, by, at, key, answers, hold=hold)])
        except Refused as why:
            refused = why
            row = case.locked(case.pk)  # what the refused step did to the instance is thrown away
            if by is not None:
                Attempt.objects.create(
                    case=row, user=by, step=known.name, sentence=why.sentence[:300], at=at
                )
    _become(case, row)
    if refused is not None:
        raise refused


def write(acts: Sequence[Act]) -> None:
    """Store what steps did: cases, changed rows, new rows and events, in bulk statements."""
    for act in acts:
        act.event.hash = act.case.chain = act.event.digest(act.case.chain)
    cases = list({act.case.pk: act.case for act in acts}.values())
    names = sorted({"chain", *(name for act in acts for name in act.names)})
    changed: dict[tuple[type[models.Model], tuple[str, ...]], dict[Any, models.Model]] = {}
    for act in acts:
        for row, former in act.changed:
            changed.setdefault((type(row), tuple(former)), {})[row.pk] = row
    with Writing() as writing:
        writing.update(cases, names)
        for (_model, fields), rows in changed.items():
            writing.update(list(rows.values()), fields)
        writing.delete([row for act in acts for row in act.removed])
        writing.insert([row for act in acts for row in act.rows])
        writing.insert([act.event for act in acts])
    if broke := [case.pk for case in cases if case._state.fields_cache.get("fault")]:
        Fault.objects.filter(case__in=broke).delete()


def open_case(case: Any, *, by: Any, key: str, details: dict[str, Any], at: datetime) -> None:
    """Store a new case with its rows and the first link of its chain."""
    case.wake_at = case.next_wake()
    rows, case._rows = case._rows, []
    type(case)._base_manager.bulk_create([case])
    for row in rows:
        row.case_id = case.pk
    event = Event(
        case=case,
        version=case.version,
        step="apply",
        party=Party.BUYER,
        user_id=by.pk,
        before="",
        after=str(case.status),
        details=plain(details),
        at=at,
        key=key,
    )
    event.hash = case.chain = event.digest("")
    type(case)._base_manager.filter(pk=case.pk).update(chain=case.chain)
    insert_rows([*rows, event])
    case.remember()
