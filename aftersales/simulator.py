"""规则试算: past cases lived again under changed rules, to see what would have become of them.

A pure function over histories: nothing is written. What it assumes is said on its page: people
do what they did, when they did it, or as soon as the changed rules let them; what the rules no
longer allow they leave; what nobody did in the history nobody does here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from aftersales.enums import CaseType, Clock, Party, Status
from aftersales.rules import deadlines, worktime

# What time does by itself; in a replay the changed clocks do it, whenever that is.
TIMES = {
    "agree_by_default": Status.REFUNDING,
    "confirm_receipt_by_default": Status.REFUNDING,
    "close_unreturned": Status.CLOSED_BUYER_TIMEOUT,
    "close_unrefused": Status.CLOSED_BUYER_TIMEOUT,
    "lapse_rejection": Status.CLOSED_BUYER_TIMEOUT,
}
# Where time leads instead, by type: goods come back first, or something is sent.
BACK = {CaseType.RETURN_REFUND, CaseType.EXCHANGE, CaseType.REPAIR}
SENT = {CaseType.EXCHANGE, CaseType.REPAIR, CaseType.RESEND}
OUTCOMES = {  # what is counted, by the steps that lead to it
    "expired": {"agree_by_default", "confirm_receipt_by_default"},
    "closed": {"close_unreturned", "close_unrefused", "lapse_rejection"},
    "rejected": {"reject", "refuse_receipt"},
    "escalated": {"ask_platform"},
}
NEGOTIATED = OUTCOMES["rejected"] | {"negotiate"}  # not while a round waits for its answer
ANSWERS = {"reply", "accept_plan", "confirm_agreed", "add_evidence"}


class Act(NamedTuple):
    """One event of a history."""

    at: datetime
    step: str
    party: str
    before: str
    after: str
    details: Mapping[str, Any] = {}


@dataclass(frozen=True)
class History:
    """A past case: the rules stamped on it, and its events from applying on, oldest first."""

    code: str
    type: str
    applied_at: datetime
    windows: Mapping[str, Any]
    policy: Mapping[str, Any]
    acts: Sequence[Act]

    def under(self, windows: Mapping[str, Any], policy: Mapping[str, Any]) -> "History":
        """The same case with some of its rules changed."""
        changed = [deadlines.hours_of(clock) for clock in windows]
        kept = {name: value for name, value in self.windows.items() if name not in changed}
        return History(
            self.code,
            self.type,
            self.applied_at,
            kept | dict(windows),
            dict(self.policy) | dict(policy),
            self.acts,
        )


@dataclass
class Life:
    """A case as it is lived in a replay."""

    history: History
    status: str = str(Status.PENDING_MERCHANT)
    due: datetime | None = None
    began: datetime | None = None
    wait: datetime | None = None  # until when a round waits for its answer
    rounds: int = 0
    paused: timedelta = timedelta()
    pause: timedelta = timedelta()  # what the open round has added to the deadline
    sent: datetime | None = None
    signed: datetime | None = None
    held: list[Act] = field(default_factory=list)  # acts that wait until the rules let them
    steps: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> set[str]:
        return {name for name, steps in OUTCOMES.items() if steps & set(self.steps)}


def replay(history: History, until: datetime) -> Life:
    """Live a case again under the rules it carries, up to a moment."""
    life = Life(history)
    _enter(life, str(Status.PENDING_MERCHANT), history.applied_at)
    for act in history.acts:
        _pass_time(life, min(act.at, until))
        if act.at >= until:
            break
        if act.step != "apply" and act.step not in TIMES and act.step != "stop_waiting":
            if _allowed(life, act):
                _take(life, act, act.at)
            else:
                life.held.append(act)
    _pass_time(life, until)
    return life


# Time ---------------------------------------------------------------------------------------------


def _pass_time(life: Life, until: datetime) -> None:
    """Let every clock that runs out up to a moment act, in order."""
    while running := [at for at in (life.due, life.wait) if at is not None and at <= until]:
        at = min(running)
        if life.wait == at:
            life.wait = None
            _release(life, at)
        else:
            _lapse(life, at)


def _lapse(life: Life, at: datetime) -> None:
    watch = deadlines.WATCHES.get(Status(life.status))
    life.due = None
    if watch is None or watch.otherwise not in TIMES:
        return  # the clock of staff: it closes nothing
    step = watch.otherwise
    taken = next((act.after for act in life.history.acts if act.step == step), "")
    after = taken or str(_leads_to(step, CaseType(life.history.type)))
    life.steps.append(step)
    if after != life.status:
        _enter(life, after, at)
        _release(life, at)


def _leads_to(step: str, kind: CaseType) -> Status:
    if step == "agree_by_default" and kind in BACK:
        return Status.AWAITING_BUYER_RETURN
    if step in OUTCOMES["expired"] and kind in SENT:
        return Status.AWAITING_MERCHANT_SHIP
    return TIMES[step]


def _enter(life: Life, status: str, at: datetime) -> None:
    life.status, life.began, life.wait = status, at, None
    life.due = _due(life, at)


def _due(life: Life, at: datetime) -> datetime | None:
    watch = deadlines.WATCHES.get(Status(life.status))
    if watch is None:
        return None
    clock = watch.clock
    if life.status == Status.PENDING_MERCHANT:
        clock = deadlines.HANDLING.get(CaseType(life.history.type))
    end = _end(life, clock, at) if clock else None
    if end is not None and clock == Clock.RECEIPT and life.signed:
        signed = _end(life, Clock.RECEIPT_SIGNED, life.signed)
        end = min(end, signed) if signed else end
    return end


def _end(life: Life, clock: Clock, at: datetime) -> datetime | None:
    windows = life.history.windows
    minutes, hours = windows.get(str(clock)), windows.get(deadlines.hours_of(clock))
    if minutes is None:
        return None
    length = timedelta(minutes=minutes)
    return worktime.end_of(at, length, worktime.Hours.read(hours)) if hours else at + length


# People -------------------------------------------------------------------------------------------


def _allowed(life: Life, act: Act) -> bool:
    """Whether the rules of the replay let this act happen as things stand."""
    if act.before and act.before != life.status:
        return False
    if act.step in NEGOTIATED and life.wait is not None:
        return False
    gate = int(life.history.policy.get("min_rounds", 2))
    return act.step not in OUTCOMES["rejected"] or life.rounds >= gate


def _take(life: Life, act: Act, at: datetime) -> None:
    life.steps.append(act.step)
    answered = act.step in ANSWERS or act.details.get("counts")
    if answered and act.party == Party.BUYER:
        _answer(life, at)
    if act.after and act.after != act.before:
        _enter(life, act.after, at)
        if act.step in ("send_back", "rule", "reopen"):
            life.rounds = 0
    _set_clocks(life, act, at)
    _release(life, at)


def _answer(life: Life, at: datetime) -> None:
    """The wait is over; what it paused of the deadline and did not need is given back (NEG-51)."""
    if life.wait is not None and life.due is not None and life.sent is not None:
        unused = max(life.pause - (at - life.sent), timedelta())
        life.paused -= unused
        life.due -= unused
    life.wait, life.pause = None, timedelta()


def _set_clocks(life: Life, act: Act, at: datetime) -> None:
    """What some steps do to the clocks beside moving the case."""
    details = act.details
    if act.step == "negotiate":
        life.rounds += 1
        wait = timedelta(minutes=life.history.windows[str(Clock.NEGOTIATION)])
        life.wait, life.sent, life.pause = _end(life, Clock.NEGOTIATION, at), at, timedelta()
        if life.history.policy.get("negotiation_pauses_deadline") and life.due is not None:
            life.pause = max(min(wait, 2 * wait - life.paused), timedelta())
            life.paused += life.pause
            life.due += life.pause
    elif act.step == "note_delivery" and details.get("signed_at"):
        life.signed = datetime.fromisoformat(details["signed_at"])
        life.due = _due(life, life.began or at)
    elif act.step == "withdraw" and details.get("hours"):
        life.due = at + timedelta(hours=details["hours"])
    elif act.step == "extend" and life.due is not None:
        moved = details.get("clocks", {}).get("due_at")
        if moved:
            ends = (datetime.fromisoformat(moved[name]) for name in ("until", "before"))
            life.due += next(ends) - next(ends)


def _release(life: Life, at: datetime) -> None:
    """Let those act who had to wait, in their order, as far as the rules let them now."""
    for act in life.held:
        if _allowed(life, act):
            life.held.remove(act)
            _take(life, act, at)
            return


# Many cases ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """One outcome, now and then: how many cases, and which of them come or go."""

    name: str
    now: int
    then: int
    more: list[str]
    fewer: list[str]

    @property
    def difference(self) -> int:
        return self.then - self.now


def compare(
    histories: Iterable[History],
    windows: Mapping[str, Any],
    policy: Mapping[str, Any],
    until: datetime,
) -> list[Count]:
    """Each outcome under the rules that the cases carry, and under the changed ones."""
    now: dict[str, list[str]] = {name: [] for name in OUTCOMES}
    then: dict[str, list[str]] = {name: [] for name in OUTCOMES}
    for history in histories:
        for name in replay(history, until).outcomes:
            now[name].append(history.code)
        for name in replay(history.under(windows, policy), until).outcomes:
            then[name].append(history.code)
    return [
        Count(
            name,
            len(now[name]),
            len(then[name]),
            sorted(set(then[name]) - set(now[name])),
            sorted(set(now[name]) - set(then[name])),
        )
        for name in OUTCOMES
    ]
