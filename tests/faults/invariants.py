"""What must hold when it is over: asked of the database, of the gateway's books, and of what people were answered."""

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.core.management import CommandError, call_command
from django.db import connection

from aftersales.consistency import checking
from aftersales.enums import PAID_BACK, RefundState, Status
from aftersales.models import Case, Event, Fault, Finding, Refund, Upload
from tests.faults.bank import Bank
from tests.faults.breaking import GRACE, Struck
from tests.faults.cases import UNDO, Plan
from tests.faults.people import Answer, People

OURS = {"agree", "agree_by_default"}  # the steps that owe the refund
CLOCKS = timedelta(seconds=1)  # how far two readings of the same clock may lie apart


@dataclass
class Outcome:
    """The figures of one run, and every sentence about what does not hold."""

    lost: int = 0
    duplicate: int = 0
    early: int = 0
    amount: int = 0
    other: list[str] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)  # seconds, of what time did

    @property
    def hurt(self) -> int:
        return self.lost + self.duplicate + self.early + self.amount + len(self.other)


def judge(
    plan: Plan,
    bank: Bank,
    people: list[People],
    struck: Struck,
    uploads: list[tuple[int, str]],
    media: Path,
) -> Outcome:
    found = Outcome()
    steps = _steps()
    _cases(plan, steps, found)
    _money(plan, bank, steps, found)
    for each in people:
        found.other += [*clicks(each.agreed | each.said), *_pages(each.answers, struck)]
    found.other += [*chains(), *_files(uploads, media)]
    return found


Seen = tuple[str, datetime, datetime]  # step, what it says itself, when the database took it in


def _steps() -> dict[int, list[Seen]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.case_id, e.step, e.at, s.at FROM aftersales_event e"
            " JOIN faults_seen s ON s.event_id = e.id ORDER BY e.case_id, e.version"
        )
        steps: dict[int, list[Seen]] = defaultdict(list)
        for case, step, at, seen in cursor.fetchall():
            steps[case].append((step, at, seen))
        return steps


def _cases(plan: Plan, steps: dict[int, list[Seen]], found: Outcome) -> None:
    """I1, I4, I5, I8: every case has ended as it had to, once, and not before its time."""
    stuck = Case.objects.exclude(status=Status.REFUNDED).count()
    found.lost += stuck
    for key, due in plan.due.items():
        taken = [each for each in steps[key] if each[0] in OURS]
        found.duplicate += max(0, len(taken) - 1)
        for step, at, seen in taken:
            if step == "agree_by_default":
                found.early += seen < due or at < due
                found.lateness.append((seen - due).total_seconds())
            elif at >= due:
                found.other.append(f"case {key}: agreed at {at}, after its deadline {due}")
        for step, at, seen in steps[key]:
            if at > seen + CLOCKS:
                found.other.append(f"case {key}: {step} is dated {at}, taken in at {seen}")


def _money(plan: Plan, bank: Bank, steps: dict[int, list[Seen]], found: Outcome) -> None:
    """I3, F46: what the gateway paid is what we owe, to the fen, once a number."""
    paid: dict[str, list[Decimal]] = defaultdict(list)
    for number, amount, _at in bank.payouts:
        number = number.partition("~")[0]  # a made-up number still says whose it is
        if paid[number]:
            found.duplicate += 1
        paid[number].append(amount)
    owed = defaultdict(Decimal)
    for refund in Refund.objects.all():
        owed[refund.case_id] += refund.amount
        if refund.number not in paid:
            found.lost += 1
        elif paid[refund.number][0] != refund.amount:
            found.amount += 1
        if refund.state != RefundState.PAID:
            found.other.append(f"refund {refund.number} is {refund.state}")
        paid.pop(refund.number, None)
    for number in paid:  # paid by the gateway, unknown to us
        found.other.append(f"the gateway paid {number}, of which we know nothing")
    for key, amount in owed.items():
        found.amount += amount != plan.worth[key]
    ended = Case.objects.filter(status__in=PAID_BACK).values_list("pk", flat=True)
    found.lost += sum(1 for key in ended if key not in owed)
    free = {plan.codes[key]: _payable(seen) for key, seen in steps.items()}
    for number, _amount, at in bank.payouts:
        code = f"AS{number[2:].rpartition('-')[0]}"
        # The broken design pays under made-up numbers before anything is written: counted above.
        found.early += "~" not in number and at < free.get(code, at + 1)


def _payable(seen: list[Seen]) -> float:
    """From when on a case's refund may leave: agreed to, and no longer to be undone."""
    for step, at, taken_in in seen:
        if step == "agree":
            return (at + timedelta(seconds=UNDO)).timestamp()
        if step in OURS:
            return taken_in.timestamp() - 0.1
    return float("inf")


def clicks(done: dict[str, int]) -> Iterator[str]:
    """I6, F23, F70: what somebody was told had been done (its key: its case) is done, and once."""
    events = Counter(Event.objects.filter(key__in=list(done)).values_list("key", "case_id"))
    for key, case in done.items():
        if events[(key, case)] != 1:
            yield f"case {case}: the click {key} was confirmed, and is not there"


def chains() -> Iterator[str]:
    """I1, I2, I4, I6: the daily check, and every link of every chain."""
    checking.check_all()
    for finding in Finding.objects.filter(closed_at=None)[:20]:
        yield f"case {finding.case_id}: {finding.code} {finding.facts}"
    for fault in Fault.objects.all()[:20]:
        yield f"case {fault.case_id} was set aside: {fault.error}"
    try:
        call_command("verify_history", stdout=io.StringIO())
    except CommandError as error:
        yield str(error)


def _pages(answers: list[Answer], struck: Struck) -> Iterator[str]:
    """I7: no 5xx but while the database was broken, and for a moment after."""
    for each in answers:
        excused = any(
            fault.hurts and began <= each.ended and each.began <= healed + GRACE
            for fault, began, healed in struck
        )
        if each.status >= 500 and not excused:
            yield f"{each.what} answered {each.status}, with the database whole"
        if each.status == 500:
            yield f"{each.what} answered 500, which is never right"


def _files(uploads: list[tuple[int, str]], media: Path) -> Iterator[str]:
    """F29: with a full disk a picture is refused in words, and leaves neither a row nor a file."""
    for status, words in uploads:
        if status not in (0, 422, 503):
            yield f"an upload to a full disk was answered {status}: {words[:80]}"
    known = set(Upload.objects.values_list("file", flat=True))
    for path in media.rglob("*"):
        if path.is_file() and str(path.relative_to(media)) not in known:
            yield f"{path.name} lies about, and no row knows it"
