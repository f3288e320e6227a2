"""Small bugs, each to be let in for a while: an oracle that misses one proves nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from aftersales import steps
from aftersales.enums import Clock, Party, Remedy, Status
from aftersales.models import Case
from aftersales.models.case import returning
from aftersales.models.case.appealing import Appealing
from aftersales.models.case.fields import CaseFields
from aftersales.models.case.owing import Owing
from aftersales.models.case.replacing import Replacing
from aftersales.models.case.suspending import Suspending
from aftersales.rules import conditions, deadlines
from aftersales.steps import STEPS


@contextmanager
def instead(owner: Any, name: str, wrong: Callable[..., Any]) -> Iterator[None]:
    """``wrong`` in place of what is there, which is handed to it first."""
    kept, right = vars(owner).get(name), getattr(owner, name)
    setattr(owner, name, lambda *given, **named: wrong(right, *given, **named))
    try:
        yield
    finally:
        if kept is None:
            delattr(owner, name)
        else:
            setattr(owner, name, kept)


@contextmanager
def without(step: str, condition: Callable[..., bool]) -> Iterator[None]:
    """A step that does not ask one of its conditions; the engine and the state machine share the list."""
    known: Any = STEPS[step]
    asked = known.conditions if condition in known.conditions else known.for_whom
    place = asked.index(condition)
    asked.remove(condition)
    try:
        yield
    finally:
        asked.insert(place, condition)


@contextmanager
def skipping(step: str, target: Status) -> Iterator[None]:
    """A step that ends in another status."""
    moves = STEPS[step].move._django_fsm.transitions.values()  # type: ignore[attr-defined]
    kept = [(move, move.target) for move in moves]
    for move, _target in kept:
        move.target = target
    try:
        yield
    finally:
        for move, right in kept:
            move.target = right


def short_by_a_fen(owe: Callable[..., None], case: Any, amount: Decimal) -> None:
    owe(case, amount - Decimal("0.01"))


def twice(pay_out: Callable[..., None], *given: Any) -> None:
    pay_out(*given)
    pay_out(*given)


def longer(clock: Clock, by: timedelta) -> AbstractContextManager[None]:
    def length(right: Callable[..., timedelta], case: Any, asked: Clock) -> timedelta:
        return right(case, asked) + by * (asked == clock)

    return instead(deadlines, "length", length)


def as_applied(_into_money: Any, case: Any) -> dict[str, Any]:
    """Who asks for goods names no amount: what they are worth is forgotten."""
    case.remedy = Remedy.REFUND
    case.owe_refund(case.amount)
    return {}


def paid_back(_after_receipt: Any, case: Any) -> Status:
    return Status.REFUNDING


def after_its_moment(_lapse: Any, row: Any, at: Any) -> list[Any]:
    """``<`` where it must be ``<=``."""
    acts = []
    while (running := row.next_clock()) and running[0] < at:
        due, name = running
        acts.append(row.run(STEPS[name], Party.CLOCK, None, at, "", {}, due=due))
    return acts


def the_last_clock(_next: Any, case: Any) -> Any:
    return max((at for at, _name in case.clocks()), default=None)


def an_hour_late(resumed: Callable[..., Any], case: Any) -> Any:
    told = resumed(case)
    if case.evidence_due_at:
        case.evidence_due_at += timedelta(hours=1)
    return told


def kept_by_all(stop_return: Callable[..., str], case: Any, asked: Any) -> str:
    """Whoever has the goods keeps them."""
    return stop_return(case, asked) and "keep"


def nothing(_right: Any, *given: Any, **named: Any) -> None:
    pass


def none(_right: Any, *given: Any) -> list[Any]:
    return []


BUGS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "a refund is owed twice": partial(instead, Owing, "_pay_out", twice),
    "a deadline counts after its moment": partial(instead, steps, "lapse", after_its_moment),
    "a refund is short by a fen": partial(instead, Owing, "owe_refund", short_by_a_fen),
    "rejected without two rounds": partial(without, "reject", conditions.negotiated),
    "rejected while the buyer may answer": partial(
        without, "reject", conditions.not_waiting_for_buyer
    ),
    "a round without a look at the risks": partial(without, "negotiate", conditions.prechecked),
    "a return is refunded without the goods": partial(without, "agree", conditions.refund_only),
    "cancelled once the goods are back": partial(without, "cancel", conditions.not_sent_back),
    "ruled before the evidence is in": partial(without, "rule", conditions.evidence_closed),
    "the wait is a minute longer": partial(longer, Clock.NEGOTIATION, timedelta(minutes=1)),
    "what is sent back counts as refunded": partial(skipping, "send_back", Status.REFUNDING),
    "the clock goes on in a new status": partial(instead, Case, "restart_clock", nothing),
    "rounds go on counting after the parcel": partial(instead, CaseFields, "begin_series", nothing),
    "woken by the last of the clocks": partial(instead, Case, "next_wake", the_last_clock),
    "time does not act before a person": partial(instead, steps, "lapse", none),
    "the shop has an hour more to ship": partial(longer, Clock.SHIP, timedelta(hours=1)),
    "an exchange is complete as it leaves": partial(skipping, "ship_replacement", Status.COMPLETED),
    "what never goes out is worth nothing": partial(
        instead, Replacing, "_turn_into_money", as_applied
    ),
    "goods that come back for others are paid": partial(
        instead, returning, "after_receipt", paid_back
    ),
    "what cannot be repaired goes out": partial(
        without, "ship_replacement", conditions.still_to_ship
    ),
    "a replaced return is received again": partial(
        without, "confirm_receipt", conditions.goods_came_back
    ),
    "the platform is asked on the first day": partial(
        without, "ask_platform", conditions.early_enough
    ),
    "ruled while the case stands still": partial(without, "rule", conditions.running),
    "an hour is won by standing still": partial(instead, Suspending, "_resumed", an_hour_late),
    "who ruled hears the appeal": partial(without, "uphold_appeal", conditions.not_the_ruler),
    "one alone reverses": partial(without, "reverse_ruling", conditions.second_person),
    "a shop that wins keeps the goods": partial(instead, Appealing, "_stop_return", kept_by_all),
}
# Where a bug shows in one kind of demand alone, walks of another are no use.
SHOWS_IN = {"what cannot be repaired goes out": "repair"}
