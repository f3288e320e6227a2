"""规则试算: past cases lived again under changed rules, to see what would have become of them.

A pure function over histories: nothing is written. What it assumes is said on its page: people
do what they did, when they did it, or as soon as the changed rules let them; what the rules no
longer allow they leave; what nobody did in the history nobody does here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from aftersales.enums import SIDES, CaseType, Clock, Party, Ruling, Status
from aftersales.rules import deadlines, worktime
from aftersales.steps import STEPS

# What time does by itself; in a replay the changed clocks do it, whenever that is.
TIMES = {
    "agree_by_default": Status.REFUNDING,
    "confirm_receipt_by_default": Status.REFUNDING,
    "close_unreturned": Status.CLOSED_BUYER_TIMEOUT,
    "close_unrefused": Status.CLOSED_BUYER_TIMEOUT,
    "lapse_rejection": Status.CLOSED_BUYER_TIMEOUT,
    "refund_unshipped_remedy": Status.REFUNDING,
    "complete_by_default": Status.COMPLETED,
    "execute_ruling": Status.REFUNDING,
}
NOT_ACTS = {"apply", "stop_waiting", "close_evidence", "resume_by_default", *TIMES}
# Where time leads instead, by type: goods come back first, or something is sent.
BACK = {CaseType.RETURN_REFUND, CaseType.EXCHANGE, CaseType.REPAIR}
REVIEW = Status.PLATFORM_REVIEW
SENT = {CaseType.EXCHANGE, CaseType.REPAIR, CaseType.RESEND}
OUTCOMES = {  # what is counted, by the steps that lead to it
    "expired": {"agree_by_default", "confirm_receipt_by_default", "refund_unshipped_remedy"},
    "closed": {"close_unreturned", "close_unrefused", "lapse_rejection"},
    "completed": {"complete_by_default"},
    "rejected": {"reject", "refuse_receipt"},
    "escalated": {"ask_platform", "dispute_arrival"},
    "early": {"may_ask_early"},
    "evidence_late": {"evidence_late"},
    "decided_late": {"decided_late"},
    "executed": {"execute_ruling"},
    "appealed": {"appeal"},
    "resumed": {"resume_by_default"},
    "barred": {"barred"},
    "pictures": {"pictures"},
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
    """A past case: the rules stamped on it, and its events from applying on, oldest first.

    ``earlier`` is how many applications there were for the same goods before it, and how many of
    them were cancelled; ``repair`` says that what is sent to the buyer is a repaired piece.
    """

    code: str
    type: str
    applied_at: datetime
    windows: Mapping[str, Any]
    policy: Mapping[str, Any]
    acts: Sequence[Act]
    earlier: tuple[int, int] = (0, 0)
    repair: bool = False

    def under(self, windows: Mapping[str, Any], policy: Mapping[str, Any]) -> "History":
        """The same case with some of its rules changed."""
        changed = [deadlines.hours_of(clock) for clock in windows]
        kept = {name: value for name, value in self.windows.items() if name not in changed}
        return replace(self, windows=kept | dict(windows), policy=dict(self.policy) | dict(policy))


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
    arrived: datetime | None = None  # the carrier's signature under what the shop sent
    evidence: datetime | None = None  # until when the sides may show evidence to the platform
    early: datetime | None = None  # from when the platform may be asked though nobody answered
    may_ask_early: bool = False
    ruled: datetime | None = None
    executing: bool = False  # a ruling waits for the merchant
    suspended: dict[str, timedelta] | None = None  # what was left of the clocks that stand still
    held: list[Act] = field(default_factory=list)  # acts that wait until the rules let them
    steps: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> set[str]:
        taken = set(self.steps)
        if any(act.step == "add_evidence" and act.before == REVIEW for act in self.held):
            taken.add("evidence_late")
        return {name for name, steps in OUTCOMES.items() if steps & taken}


def replay(history: History, until: datetime) -> Life:
    """Live a case again under the rules it carries, up to a moment."""
    life = Life(history)
    if _barred(history):
        life.steps.append("barred")
        return life
    shown = [act.details.get("evidence") or () for act in history.acts if act.step == "apply"]
    if any(len(each) > history.policy.get("max_images", len(each)) for each in shown):
        life.steps.append("pictures")
    if history.policy.get("allow_early_intervention"):
        life.early = _end(life, Clock.EARLY, history.applied_at)
    _enter(life, str(Status.PENDING_MERCHANT), history.applied_at)
    for act in history.acts:
        _pass_time(life, min(act.at, until))
        if act.at >= until:
            break
        if act.step not in NOT_ACTS:
            if _allowed(life, act, act.at):
                _take(life, act, act.at)
            else:
                life.held.append(act)
    _pass_time(life, until)
    return life


def _barred(history: History) -> bool:
    """Whether the rules would have taken no application here (G2)."""
    policy, (ever, cancelled) = history.policy, history.earlier
    if not ever or history.type == CaseType.PRICE_DIFFERENCE:
        return False
    counted = ever if policy.get("cancel_is_final", True) else ever - cancelled
    return counted >= int(policy.get("max_applications_per_line", ever + 1))


# Time ---------------------------------------------------------------------------------------------


def _pass_time(life: Life, until: datetime) -> None:
    """Let every clock that runs out up to a moment act, in order."""
    while running := [
        at
        for at in (life.due, life.wait, life.evidence, life.early)
        if at is not None and at <= until
    ]:
        at = min(running)
        if life.wait == at:
            life.wait = None
            _release(life, at)
        elif life.evidence == at:
            life.evidence = None
            _release(life, at)
        elif life.early == at:
            life.early, life.may_ask_early = None, life.status == Status.PENDING_MERCHANT
            if life.may_ask_early:
                life.steps.append("may_ask_early")
                _release(life, at)
        else:
            _lapse(life, at)


def _lapse(life: Life, at: datetime) -> None:
    watch = deadlines.WATCHES.get(Status(life.status))
    life.due = None
    if life.suspended is not None:
        life.steps.append("resume_by_default")
        _resume(life, at)
        return
    if life.executing:
        watch = deadlines.EXECUTING
    elif life.status == REVIEW and life.ruled is None:
        life.steps.append("decided_late")
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
    life.evidence, life.executing, life.suspended = None, False, None
    life.due = _due(life, at)
    if status == REVIEW:
        life.evidence, life.ruled = _end(life, Clock.EVIDENCE, at), None


def _clock(life: Life) -> Clock | None:
    if life.status == Status.PENDING_MERCHANT:
        return deadlines.HANDLING.get(CaseType(life.history.type))
    repaired = life.history.repair and "choose_exchange" not in life.steps
    if life.status == Status.AWAITING_MERCHANT_SHIP and repaired:
        return Clock.SHIP_REPAIRED
    watch = deadlines.WATCHES.get(Status(life.status))
    return watch.clock if watch else None


def _due(life: Life, at: datetime) -> datetime | None:
    clock = _clock(life)
    end = _end(life, clock, at) if clock else None
    if end is not None and clock == Clock.ARRIVAL and life.arrived:
        end = _end(life, Clock.ARRIVAL_SIGNED, max(at, life.arrived)) or end
    if end is not None and clock == Clock.RECEIPT and life.signed:
        signed = _end(life, Clock.RECEIPT_SIGNED, max(at, life.signed))
        end = min(end, signed) if signed else end
    return end


def _end(life: Life, clock: Clock, at: datetime) -> datetime | None:
    windows = life.history.windows
    minutes = windows.get(str(clock), deadlines.LATER.get(clock))
    hours = windows.get(deadlines.hours_of(clock))
    if minutes is None:
        return None
    length = timedelta(minutes=minutes)
    return worktime.end_of(at, length, worktime.Hours.read(hours)) if hours else at + length


# People -------------------------------------------------------------------------------------------


def _allowed(life: Life, act: Act, at: datetime) -> bool:
    """Whether the rules of the replay let this act happen as things stand."""
    if act.before and act.before != life.status:
        return False
    known = STEPS.get(act.step)
    if life.suspended is not None and act.party in SIDES and not (known and known.while_suspended):
        return False
    if act.step == "rule":
        return life.evidence is None and life.suspended is None
    if act.step == "add_evidence" and life.status == REVIEW:
        return life.evidence is not None
    if act.step == "ask_platform" and life.status == Status.PENDING_MERCHANT:
        return life.may_ask_early
    if act.step == "appeal":
        until = _end(life, Clock.APPEAL, life.ruled) if life.ruled else None
        return until is not None and at < until
    if act.step in NEGOTIATED and life.wait is not None:
        return False
    gate = int(life.history.policy.get("min_rounds", 2))
    return act.step not in OUTCOMES["rejected"] or life.rounds >= gate


def _take(life: Life, act: Act, at: datetime) -> None:
    life.steps.append(act.step)
    said = act.step == "send_message" and life.history.policy.get("any_message_counts", True)
    answered = act.step in ANSWERS or said
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
        case: Any = life.history  # has the windows
        unused = max(life.pause - deadlines.left_of(case, _clock(life), at, life.sent), timedelta())
        life.paused -= unused
        if unused:
            left = deadlines.left_of(case, _clock(life), life.due, at) - unused
            life.due = deadlines.goes_on(case, _clock(life), at, left)
    life.wait, life.pause = None, timedelta()


STOPPED = {"due": Clock.DECISION, "evidence": Clock.EVIDENCE}  # by a suspension


def _set_clocks(life: Life, act: Act, at: datetime) -> None:
    """What some steps do to the clocks beside moving the case."""
    details = act.details
    case: Any = life.history  # has the windows
    if act.step == "negotiate":
        life.rounds += 1
        wait = timedelta(minutes=life.history.windows[str(Clock.NEGOTIATION)])
        life.wait, life.sent, life.pause = _end(life, Clock.NEGOTIATION, at), at, timedelta()
        if life.history.policy.get("negotiation_pauses_deadline") and life.due is not None:
            taken = deadlines.left_of(case, _clock(life), life.wait or at, at)
            life.pause = max(min(taken, wait, 2 * wait - life.paused), timedelta())
            life.paused += life.pause
            life.due = deadlines.goes_on(case, _clock(life), life.due, life.pause)
    elif act.step == "note_delivery" and details.get("signed_at"):
        life.signed = datetime.fromisoformat(details["signed_at"])
        life.due = _due(life, life.began or at)
    elif act.step == "note_arrival" and details.get("signed_at"):
        life.arrived = datetime.fromisoformat(details["signed_at"])
        life.due = _due(life, life.began or at)
    elif act.step == "ask_supplement":
        life.evidence = _end(life, Clock.SUPPLEMENT, at)
        if life.due is not None and life.evidence is not None:
            left = deadlines.left_of(case, Clock.DECISION, life.due, at)
            life.due = deadlines.goes_on(case, Clock.DECISION, life.evidence, left)
    elif act.step == "rule":
        life.ruled = at
        if life.status == REVIEW:  # nothing but the merchant's part is left (D12)
            life.executing = bool(details.get("execute_by"))
            repaired = details.get("ruling") == Ruling.REPAIR
            clock = Clock.SHIP_REPAIRED if repaired else Clock.EXECUTION
            life.due = _end(life, clock, at) if life.executing else None
    elif act.step == "suspend":
        ends = {"due": life.due, "evidence": life.evidence}
        life.suspended = {
            name: deadlines.left_of(case, STOPPED[name], end, at)
            for name, end in ends.items()
            if end is not None
        }
        longest = _end(life, Clock.SUSPENSION, at)
        chosen = datetime.fromisoformat(details["until"]) if details.get("until") else longest
        life.evidence, life.due = None, min(longest, chosen) if longest and chosen else longest
    elif act.step == "resume":
        _resume(life, at)
    elif act.step == "withdraw" and details.get("hours"):
        life.due = at + timedelta(hours=details["hours"])
    elif act.step == "extend" and life.due is not None:
        moved = details.get("clocks", {}).get("due_at")
        if moved:
            told = (datetime.fromisoformat(moved[name]) for name in ("until", "before"))
            life.due += next(told) - next(told)


def _resume(life: Life, at: datetime) -> None:
    """The clocks go on with what was left of them (T-23)."""
    case: Any = life.history  # has the windows
    left, life.suspended, life.due = life.suspended or {}, None, None
    for name, rest in left.items():
        setattr(life, name, deadlines.goes_on(case, STOPPED[name], at, rest))
    _release(life, at)


def _release(life: Life, at: datetime) -> None:
    """Let those act who had to wait, in their order, as far as the rules let them now."""
    for act in life.held:
        if _allowed(life, act, at):
            life.held.remove(act)
            _take(life, act, at)
            return


# Many cases ---------------------------------------------------------------------------------------


LISTED = 50  # cases that are named for each outcome
Counts = dict[str, dict[str, Any]]


def compare(
    histories: Iterable[History],
    windows: Mapping[str, Any],
    policy: Mapping[str, Any],
    until: datetime,
    counts: Counts | None = None,
) -> Counts:
    """Each outcome under the rules that the cases carry (``now``) and the changed ones (``then``).

    Added to earlier ``counts``; ``more`` and ``fewer`` name the first cases that come and go.
    """
    found: Counts = {
        name: {"now": 0, "then": 0, "more": [], "fewer": []} | (counts or {}).get(name, {})
        for name in OUTCOMES
    }
    for history in histories:
        before = replay(history, until).outcomes
        after = replay(history.under(windows, policy), until).outcomes
        for name, count in found.items():
            was, is_ = name in before, name in after
            count["now"] += was
            count["then"] += is_
            changed = count["more" if is_ else "fewer"]
            if was != is_ and len(changed) < LISTED:
                changed.append(history.code)
    return found
