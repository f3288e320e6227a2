"""One seed: cases fall due while fault after fault strikes; then everything is well again, and is judged."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from django.core.management import call_command
from django.db import connection

from aftersales.celery import app
from aftersales.models import Case, Event, Refund
from tests.faults import cases, invariants
from tests.faults.bank import Bank
from tests.faults.breaking import FAULTS, Fault, Struck
from tests.faults.people import People
from tests.faults.stack import Stack

TEMPLATE = "faults"
RECOVERS_WITHIN = 60.0  # seconds until nothing is overdue any more, once everything is well again
PAUSE = 0.7  # seconds between two faults, on average


@dataclass
class Run:
    """What became of one seed."""

    seed: int
    cases: int
    outcome: invariants.Outcome
    faults: list[str] = field(default_factory=list)
    recovered: float = 0.0  # seconds; infinite if never
    calls: int = 0
    payouts: int = 0
    answers: int = 0
    failed: int = 0  # answers that were 5xx, or none
    clicks: int = 0  # steps of people that were confirmed
    cuts: int = 0
    falls: int = 0  # programs that ended by themselves, and were started again
    seconds: float = 0.0

    def line(self) -> str:
        """One line of figures."""
        found, late = self.outcome, sorted(self.outcome.lateness)
        p99 = late[int(len(late) * 0.99)] if late else 0.0
        return (
            f"seed {self.seed}: {len(self.faults)} faults, {self.cuts} connections cut, {self.falls} programs fell,"
            f" {self.cases} cases:"
            f" {found.lost} lost, {found.duplicate} duplicate, {found.early} early,"
            f" {found.amount} wrong amount, {len(found.other)} other;"
            f" {self.payouts} payouts in {self.calls} calls;"
            f" {self.answers} pages, {self.failed} failed, {self.clicks} steps confirmed;"
            f" late median {statistics.median(late) if late else 0:.1f} s, p99 {p99:.1f} s,"
            f" worst {late[-1] if late else 0:.1f} s;"
            f" recovered in {self.recovered:.1f} s; took {self.seconds:.0f} s"
        )


def prepare_template(stack: Stack) -> None:
    """A migrated database that each seed copies."""
    stack.sql(f"CREATE DATABASE {TEMPLATE}")
    use(stack, TEMPLATE)
    call_command("migrate", verbosity=0)
    connection.close()


def use(stack: Stack, name: str) -> None:
    """The campaign's own Django asks this database from now on, past the proxy."""
    connection.close()
    stack.name = name
    connection.settings_dict.update(NAME=name)


def copy_template(stack: Stack, name: str) -> None:
    use(stack, "postgres")
    stack.sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    use(stack, name)


def drop(stack: Stack, name: str) -> None:
    use(stack, "postgres")
    stack.sql(f"DROP DATABASE {name} WITH (FORCE)")


def run(
    stack: Stack,
    seed: int,
    *,
    count: int,
    faults: int,
    broken: bool = False,
    seconds: float = 0.0,
    within: float = RECOVERS_WITHIN,
) -> Run:
    """One campaign of ``count`` cases and ``faults`` faults, chosen by ``seed``."""
    began = time.monotonic()
    name = f"seed_{seed}"
    copy_template(stack, name)
    cut_before = cuts(stack)
    bank = Bank(seed, moody=faults > 0)
    seconds = seconds or max(10.0, faults * 1.5)
    with stack.opened(name, bank, broken=broken):
        plan = cases.prepare(Random(seed), count, seconds, f"S{seed}")
        stack.buyer, stack.uploads = plan.buyer, []
        if broken:
            send_etas(plan)
        people = [People(stack.url, plan, Random(seed * 10 + n), act=not broken) for n in range(2)]
        for each in people:
            each.start()
        connection.close()  # it would not outlive what comes now
        struck = strike(stack, seed, faults)
        bank.moody = False
        time.sleep(max(0.0, plan.ends.timestamp() - time.time()))
        recovered = settle(plan, within)
        for each in people:
            each.over.set()
        for each in people:
            each.join(60)
    media = stack.folder / "var" / "media"
    outcome = invariants.judge(plan, bank, people, struck, stack.uploads, media)
    if recovered > within:
        outcome.other.append(f"work was overdue for more than {within:g} s")
    drop(stack, name)
    answers = [answer for each in people for answer in each.answers]
    return Run(
        seed,
        count,
        outcome,
        [fault.name for fault, _start, _end in struck],
        recovered,
        bank.calls,
        len(bank.payouts),
        len(answers),
        sum(1 for each in answers if each.status == 0 or each.status >= 500),
        sum(len(each.agreed) + len(each.said) for each in people),
        cuts(stack) - cut_before,
        len(stack.falls),
        time.monotonic() - began,
    )


def cuts(stack: Stack) -> int:
    return stack.to_postgres.cuts + stack.to_redis.cuts


def send_etas(plan: cases.Plan) -> None:
    """What the broken design does when a case is made."""
    for key, due in plan.due.items():
        app.send_task("tests.faults.broken.expire_one", [key], eta=due)


def strike(stack: Stack, seed: int, count: int) -> Struck:
    """``count`` faults: those of programs and those of servers side by side, each row by itself."""
    struck: Struck = []
    programs = [fault for fault in FAULTS if fault.programs]
    servers = [fault for fault in FAULTS if not fault.programs]
    half = count // 2
    with ThreadPoolExecutor(1) as executor:
        beside = executor.submit(
            one_by_one, stack, Random(f"programs {seed}"), programs, half, struck
        )
        # The servers' in this thread: what it starts ends with it.
        one_by_one(stack, Random(f"servers {seed}"), servers, count - half, struck)
        beside.result()
    return struck


def one_by_one(
    stack: Stack, random: Random, faults: list[Fault], count: int, struck: Struck
) -> None:
    """Every kind before any comes again."""
    deck: list[Fault] = []
    for _number in range(count):
        if not deck:
            deck = random.sample(faults, len(faults))
        fault = deck.pop()
        start = time.time()
        fault.strike(stack, random)
        struck.append((fault, start, time.time()))
        time.sleep(random.uniform(0, 2 * PAUSE))


def settle(plan: cases.Plan, within: float) -> float:
    """Seconds until nothing waits any more; infinity if that takes too long."""
    began = time.monotonic()
    while time.monotonic() - began < within + 5:
        waiting = (
            Case.objects.filter(pk__in=list(plan.due)).exclude(status="refunded").exists()
            or Refund.objects.exclude(state="paid").exists()
            or Event.objects.filter(delivered_at=None).exists()
        )
        if not waiting:
            return time.monotonic() - began
        time.sleep(0.3)
    return float("inf")
