"""时限: whose turn each status is, which clock runs, and what the clock does otherwise (D1 to D15)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from aftersales.enums import RULED, CaseType, Clock, Party, Remedy, Status, Turn
from aftersales.rules import worktime

if TYPE_CHECKING:
    from aftersales.models import Case, Intervention

CHINA = worktime.CHINA


class Watch(NamedTuple):
    """Who must act in a status, within which clock, what time does otherwise, which tab shows it."""

    party: Party
    clock: Clock | None
    otherwise: str  # the step the clock takes; "" leaves the case for staff to see
    turn: Turn


HANDLING = {
    CaseType.REFUND_UNSHIPPED: Clock.HANDLE_UNSHIPPED,
    CaseType.REFUND_NOT_RECEIVED: Clock.HANDLE_REFUND,
    CaseType.REFUND_RECEIVED: Clock.HANDLE_REFUND,
    CaseType.RETURN_REFUND: Clock.HANDLE_RETURN,
    CaseType.EXCHANGE: Clock.HANDLE_RETURN,
    CaseType.RESEND: Clock.HANDLE_RETURN,
    CaseType.REPAIR: Clock.HANDLE_RETURN,
    CaseType.PRICE_DIFFERENCE: Clock.HANDLE_REFUND,
}

WATCHES = {
    # the clock of the first row depends on the case type: see HANDLING
    Status.PENDING_MERCHANT: Watch(Party.MERCHANT, None, "agree_by_default", Turn.MINE),
    Status.REJECTED: Watch(Party.BUYER, Clock.AFTER_REJECT, "lapse_rejection", Turn.REPLY),
    Status.AWAITING_BUYER_RETURN: Watch(
        Party.BUYER, Clock.BUYER_RETURN, "close_unreturned", Turn.RETURN
    ),
    Status.AWAITING_DELIVERY_REFUSAL: Watch(
        Party.BUYER, Clock.DELIVERY_REFUSAL, "close_unrefused", Turn.RETURN
    ),
    Status.AWAITING_MERCHANT_RECEIPT: Watch(
        Party.MERCHANT, Clock.RECEIPT, "confirm_receipt_by_default", Turn.RECEIVE
    ),
    Status.RETURN_REFUSED: Watch(Party.BUYER, Clock.AFTER_REJECT, "lapse_rejection", Turn.REPLY),
    # a repair has a longer clock of its own: see clock_of
    Status.AWAITING_MERCHANT_SHIP: Watch(
        Party.MERCHANT, Clock.SHIP, "refund_unshipped_remedy", Turn.MINE
    ),
    Status.AWAITING_BUYER_RECEIPT: Watch(
        Party.BUYER, Clock.ARRIVAL, "complete_by_default", Turn.REPLY
    ),
    Status.PLATFORM_REVIEW: Watch(Party.STAFF, Clock.DECISION, "", Turn.PLATFORM),
    Status.REFUNDING: Watch(Party.CLOCK, None, "", Turn.REFUND),
    Status.REFUND_FAILED: Watch(Party.STAFF, None, "", Turn.REFUND),
}
# A ruling that waits for the merchant (D12), and a case that the platform has suspended (D16).
EXECUTING = Watch(Party.MERCHANT, Clock.EXECUTION, "execute_ruling", Turn.MINE)
# What could not be repaired: the buyer takes a new one or his money, in what is left of D8.
CHOOSING = Watch(Party.BUYER, Clock.SHIP_REPAIRED, "refund_unshipped_remedy", Turn.REPLY)
SUSPENDED = Watch(Party.STAFF, Clock.SUSPENSION, "resume_by_default", Turn.PLATFORM)
# The steps that time takes for whoever let his turn pass; not what a parcel or a bank reports.
LAPSES = {watch.otherwise for watch in (*WATCHES.values(), EXECUTING, SUSPENDED) if watch.otherwise}

# Clocks that came to be after some cases were applied for, in minutes, as they are shipped.
LATER = {
    Clock.SHIP: 72 * 60,
    Clock.SHIP_REPAIRED: 30 * 24 * 60,
    Clock.ARRIVAL: 15 * 24 * 60,
    Clock.ARRIVAL_SIGNED: 7 * 24 * 60,
    Clock.WARRANTY: 90 * 24 * 60,
    Clock.EARLY: 24 * 60,
    Clock.SUPPLEMENT_MOST: 72 * 60,
    Clock.EXECUTION: 24 * 60,
    Clock.APPEAL: 7 * 24 * 60,
    Clock.SUSPENSION: 30 * 24 * 60,
    Clock.GRACE: 7 * 24 * 60,
    Clock.REQUEST: 24 * 60,
}


def watch_of(case: "Case") -> Watch | None:
    """Who must act now; none once the case has ended."""
    if case.suspended:
        return SUSPENDED
    status = case.status
    if status == Status.PLATFORM_REVIEW and executing(case):
        return EXECUTING
    if status == Status.AWAITING_MERCHANT_SHIP and beyond_repair(case):
        return CHOOSING
    return WATCHES.get(status)


def executing(case: "Case") -> bool:
    """Ruled, and the merchant has to do something before it can be carried out (D12)."""
    return case.status == Status.PLATFORM_REVIEW and case.stage in RULED


def beyond_repair(case: "Case") -> bool:
    """The shop has reported that it cannot repair it, and the buyer has not chosen yet."""
    return case.unrepairable_at is not None and case.remedy == Remedy.REPAIR


def clock_of(case: "Case") -> Clock | None:
    watch = watch_of(case)
    if watch is None or watch is not WATCHES[Status(case.status)]:
        return watch.clock if watch else None
    return clock_in(case, case.status)


def clock_in(case: "Case", status: str) -> Clock | None:
    """The clock of a status, as this case has it there."""
    if status == Status.PENDING_MERCHANT:
        return HANDLING[CaseType(case.type)]
    if status == Status.AWAITING_MERCHANT_SHIP and case.remedy == Remedy.REPAIR:
        return Clock.SHIP_REPAIRED
    return WATCHES[Status(status)].clock


def due_at(case: "Case", at: datetime) -> datetime | None:
    """When the clock of the present status runs out, from the windows stamped on the case.

    Expired means ``now >= due_at``. The receipt clock (D7) ends at the earlier of ten days
    from filing the tracking number and seven days from the carrier's signature; the buyer's own
    (D9) seven days from the signature, and fifteen from shipping where there is none. A signature
    that is older than the clock (the platform gave the case back) counts from its beginning, ``at``.
    """
    clock = clock_of(case)
    if clock is None:
        return None
    end = end_of(case, clock, at)
    if clock == Clock.RECEIPT and case.return_signed_at:
        end = min(end, end_of(case, Clock.RECEIPT_SIGNED, max(at, case.return_signed_at)))
    if clock == Clock.ARRIVAL and case.replacement_signed_at:
        end = end_of(case, Clock.ARRIVAL_SIGNED, max(at, case.replacement_signed_at))
    return end


def length(case: "Case", clock: Clock) -> timedelta:
    """How long a clock runs for this case: the window in force when the buyer applied."""
    later = LATER.get(clock)
    minutes = case.windows[str(clock)] if later is None else case.windows.get(str(clock), later)
    return timedelta(minutes=minutes)


def end_of(case: "Case", clock: Clock, at: datetime) -> datetime:
    """When a clock that begins at ``at`` runs out: in plain time, or in working time if its
    window says so."""
    return goes_on(case, clock, at, length(case, clock))


def goes_on(case: "Case", clock: Clock | None, at: datetime, left: timedelta) -> datetime:
    """When a clock of which so much is ``left`` runs out, if it goes on at a moment."""
    hours = case.windows.get(hours_of(clock)) if clock else None
    return worktime.end_of(at, left, worktime.Hours.read(hours)) if hours else at + left


def left_of(case: "Case", clock: Clock | None, until: datetime, at: datetime) -> timedelta:
    """How much of a clock that runs out at ``until`` is left, to go on with later (T-19, T-23): in
    working time, if it counts that."""
    hours = case.windows.get(hours_of(clock)) if clock else None
    return worktime.between(at, until, worktime.Hours.read(hours)) if hours else until - at


def put_back_until(case: "Case", asked: "Intervention", at: datetime) -> datetime:
    """T-19: the end of the clock where a request to the platform came from, if it goes on at a
    moment: with what was left of it, but at least 24 hours."""
    least = at + length(case, Clock.RESTORED)
    if asked.clock_left is None:
        return least
    return max(goes_on(case, clock_in(case, asked.came_from), at, asked.clock_left), least)


def hours_of(clock: str) -> str:
    """Beside the minutes of a clock in the stamped windows: its working hours, if it has any."""
    return f"{clock}.hours"


def stamped(case: "Case") -> list[tuple[str, int, str]]:
    """The windows of a case for reading: clock, minutes, and its working hours if it has any."""
    windows = case.windows
    return [
        (code, windows[code], windows.get(hours_of(code), ""))
        for code in sorted(windows)
        if not code.endswith(hours_of(""))
    ]


def turn_of(case: "Case") -> Turn:
    """The tab of the work queue: by whose turn it is, seen from the merchant's chair."""
    watch = watch_of(case)
    if watch is None:
        return Turn.DONE
    if case.status == Status.PENDING_MERCHANT and case.reply_due_at is not None:
        return Turn.REPLY
    return watch.turn


def no_reason_until(signed_at: datetime, minutes: int) -> datetime:
    """The end of 七天无理由 (D17): whole days from 00:00 in China of the day after signing."""
    signed = signed_at.astimezone(CHINA)
    first = (signed + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return first + timedelta(minutes=minutes)
