"""What must hold of every case; each check yields what does not: its code and its facts."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from aftersales.consistency.seeing import Seen
from aftersales.display import plain_money
from aftersales.enums import (
    GATHERING,
    PAID_BACK,
    UNRULED,
    Party,
    PlanState,
    RefundState,
    RoundState,
    Status,
)
from aftersales.models import Event, Finding
from aftersales.models.history import GENESIS
from aftersales.notices.delivering import people_of
from aftersales.rules import deadlines, facts
from aftersales.steps import STEPS

Broken = tuple[str, dict[str, Any]]
Test = Callable[[Seen], Iterator[Broken]]
CHECKS: list[tuple[Finding.Kind, Test]] = []

LOST_AFTER = timedelta(minutes=15)  # a notice leaves within seconds
TOLD_AFTER = timedelta(hours=1)  # a case is told of its payouts within seconds
QUEUED = (RefundState.OWED, RefundState.SENT)


def finds(kind: Finding.Kind) -> Callable[[Test], Test]:
    def decorate(test: Test) -> Test:
        CHECKS.append((kind, test))
        return test

    return decorate


@finds(Finding.Kind.HISTORY)
def replayed(seen: Seen) -> Iterator[Broken]:
    """The events, one after the other, lead to where the case stands."""
    case, status, number, chain = seen.case, "", 0, GENESIS
    for number, event in enumerate(seen.events, start=1):
        at = {"version": number, "before": event.before}
        if event.version != number:
            yield "history_gap", {"version": number}
            return
        if event.before != status:
            yield "history_link", at | {"after": status}
            return
        if not _leads(event):
            yield "history_step", at | {"step": event.step, "after": event.after}
            return
        status, chain = event.after, event.hash
    if not seen.events:
        yield "history_empty", {}
    elif status != case.status:
        yield "history_last", {"history": status, "status": case.status}
    elif number != case.version or chain != case.chain:
        yield "history_end", {"version": number, "case": case.version}


def _leads(event: Event) -> bool:
    """Whether the table of steps has this way, for this party."""
    if event.version == 1:
        return event.step == "apply"
    known = STEPS.get(event.step)
    if known is None or event.party not in known.by or event.before not in known.sources:
        return False
    target = known.move._django_fsm.get_transition(event.before).target  # type: ignore[attr-defined]
    if target is None:
        return event.after == event.before
    return event.after in getattr(target, "allowed_states", [target])


@finds(Finding.Kind.NOBODY)
def somebody_is_responsible(seen: Seen) -> Iterator[Broken]:
    """An open case has a party that must act, stands in its tab, and the party has people."""
    case = seen.case
    watch = deadlines.watch_of(case)
    if watch is None and not case.ended:
        yield "nobody_status", {"status": case.status}
    if case.turn != deadlines.turn_of(case):
        yield "nobody_turn", {"turn": str(deadlines.turn_of(case)), "listed": case.turn}
    if watch is not None and watch.party == Party.MERCHANT and not seen.members:
        yield "nobody_member", {}


@finds(Finding.Kind.DEADLINE)
def time_runs(seen: Seen) -> Iterator[Broken]:
    """Where a clock belongs there is one, and the sweep will see it."""
    case = seen.case
    if deadlines.clock_of(case) and case.due_at is None and not case.needs_staff:
        yield "deadline_due", {"status": case.status}
    if case.round_state == RoundState.WAITING and case.reply_due_at is None:
        yield "deadline_reply", {}
    gathering = case.status == Status.PLATFORM_REVIEW and case.stage in GATHERING
    if gathering and not case.suspended and case.evidence_due_at is None:
        yield "deadline_evidence", {}
    wake = case.next_wake()
    late = wake is not None and (case.wake_at is None or case.wake_at > wake)
    if late and not seen.faulty:
        yield "deadline_wake", {}


@finds(Finding.Kind.QUEUE)
def money_is_queued(seen: Seen) -> Iterator[Broken]:
    """What is owed will be paid, and the case will hear of it."""
    case = seen.case
    for refund in seen.refunds:
        if refund.state in QUEUED and refund.due_at is None:
            yield "queue_refund", {"number": refund.number, "state": refund.state}
            return
    if case.status != Status.REFUNDING:
        return
    states = {refund.state for refund in seen.refunds}
    if not states:
        if case.to_refund:  # a bundle may be settled to nothing
            yield "queue_nothing", {}
    elif not states & set(QUEUED) and case.updated_at < seen.at - TOLD_AFTER:
        settled = max(refund.paid_at or refund.owed_at for refund in seen.refunds)
        if settled < seen.at - TOLD_AFTER:
            yield "queue_untold", {}


@finds(Finding.Kind.AMOUNT)
def money_adds_up(seen: Seen) -> Iterator[Broken]:
    """The payouts are what the case says, paid where it says so, and no more than was paid in."""
    case, refunds = seen.case, seen.refunds
    if case.payouts != len(refunds):
        yield "amount_count", {"said": case.payouts, "many": len(refunds)}
    if case.status in PAID_BACK:
        owed = sum((row.amount for row in refunds if row.purpose == "refund"), Decimal("0.00"))
        if case.to_refund != owed:
            said = plain_money(case.to_refund or None)
            yield "amount_sum", {"said": said, "owed": plain_money(owed)}
    if case.status == Status.REFUNDED:
        for refund in refunds:
            if refund.state != RefundState.PAID:
                yield "amount_unpaid", {"number": refund.number, "state": refund.state}
                break
    for route, paid, owed in seen.over[:1]:
        yield "amount_route", {"route": route, "paid": plain_money(paid), "owed": plain_money(owed)}
    # F61: no case is ended by a file, for it is the shop that uploads it
    if seen.order_closed and not case.ended and case.status not in PAID_BACK:
        yield "amount_elsewhere", {}


@finds(Finding.Kind.NOTICE)
def everybody_is_told(seen: Seen) -> Iterator[Broken]:
    """No event waits for long, and what was delivered has the notices of its sides.

    Members come and go: of a shop, one notice is enough.
    """
    undone = {event.version - 1 for event in seen.events if event.step == "undo"}
    for event in seen.events:
        if event.delivered_at is None:
            if event.at < seen.at - LOST_AFTER:
                yield "notice_waiting", {"version": event.version}
                break
            continue
        if event.version in undone:
            continue
        sides = {str(party) for party, _user in people_of(event, seen.members)}
        if any((event.pk, side) not in seen.told for side in sides):
            yield "notice_missing", {"version": event.version}
            break


@finds(Finding.Kind.SIDES)
def both_sides_see_the_same(seen: Seen) -> Iterator[Broken]:
    """What the case keeps of its round and intervention is what those rows say themselves."""
    case = seen.case
    current, asked = facts.last_round(case), case.last_intervention
    state = current.state if current else ""
    if case.round_state != state:
        yield "sides_round", {"round": state, "listed": case.round_state}
    elif current and state == RoundState.WAITING and current.due_at != case.reply_due_at:
        yield "sides_wait", {}
    stage = asked.stage if asked else ""
    if case.stage != stage:
        yield "sides_stage", {"stage": stage, "listed": case.stage}
    elif stage in UNRULED and case.status != Status.PLATFORM_REVIEW:
        yield "sides_review", {"stage": stage, "status": case.status}
    open_offers = any(offer.state == PlanState.OPEN for offer in case.offers.all())
    if case.ended and (open_offers or state == RoundState.WAITING):
        yield "sides_open", {}
