"""What people notice while a server is away (goal R9): how long pages take, and how soon all is as before."""

import itertools
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from random import Random

from django.db import connection

from aftersales import clock
from aftersales.enums import Status
from aftersales.models import Case
from tests.faults import campaign, cases
from tests.faults.bank import Bank
from tests.faults.people import ask
from tests.faults.stack import Stack

ADDED = 2.0  # seconds that a page or a step may take longer without Redis
SWEPT = 30.0  # seconds until a due case is taken once Redis is back
PAGES_BACK = 5.0  # seconds after which no page may fail once PostgreSQL is back
FAILURES_A_CUT = 2
AWAY = 12.0  # seconds for which each server is away
CUTS = 4


@dataclass
class Degraded:
    """Seconds, and how many answers were not what they had to be."""

    usual: float = 0.0
    added: dict[str, float] = field(default_factory=dict)
    swept: dict[str, float] = field(default_factory=dict)
    last_failure: float = 0.0
    failures_a_cut: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def hurt(self) -> int:
        return (
            len(self.wrong)
            + sum(seconds > ADDED for seconds in self.added.values())
            + sum(seconds > SWEPT for seconds in self.swept.values())
            + (self.last_failure > PAGES_BACK)
            + (self.failures_a_cut > FAILURES_A_CUT)
        )

    def line(self) -> str:
        redis = "; ".join(
            f"Redis {how}: at most {self.added[how]:.1f} s more, swept {self.swept[how]:.1f} s after"
            for how in self.added
        )
        return (
            f"degraded: pages and steps take {self.usual:.1f} s at most; {redis};"
            f" PostgreSQL crashed: the last failure {self.last_failure:.1f} s after it was up;"
            f" {self.failures_a_cut:.1f} failures a cut; {len(self.wrong)} wrong answers"
        )


class Reader:
    """Goes through pages and takes a step, one after the other."""

    def __init__(self, stack: Stack, plan: cases.Plan) -> None:
        code = next(iter(plan.codes.values()))
        self.url = stack.url
        self.pages = [
            ("/merchant/", plan.merchant),
            (f"/merchant/cases/{code}/", plan.merchant),
            (f"/merchant/cases/{code}/agree/", plan.merchant),
            ("/merchant/orders/", plan.merchant),
            ("/my/", plan.buyer),
            (f"/my/cases/{code}/", plan.buyer),
            ("/notices/", plan.buyer),
            ("/accounts/login/", ""),
        ]
        # One case after the other: nobody may say much in one.
        self.chats = itertools.cycle(
            f"/my/cases/{each}/send_message/" for each in plan.codes.values()
        )
        self.buyer = plan.buyer

    def go(self, found: Degraded) -> float:
        """All of them once: the longest that one took."""
        worst = 0.0
        for path, session in self.pages:
            worst = max(worst, self.timed(path, session, None, 200, found))
        given = {"key": uuid.uuid4().hex, "version": "", "text": "在吗？"}
        said = urllib.parse.urlencode(given).encode()
        return max(worst, self.timed(next(self.chats), self.buyer, said, 302, found))

    def timed(
        self, path: str, session: str, data: bytes | None, wanted: int, found: Degraded
    ) -> float:
        began = time.monotonic()
        status, _body = ask(self.url + path, session, data)
        if status != wanted:
            found.wrong.append(f"{path} answered {status}")
        return time.monotonic() - began


def run(stack: Stack) -> Degraded:
    """Take Redis and PostgreSQL away from the running product, one after the other, and look."""
    found = Degraded()
    name = "degraded"
    campaign.copy_template(stack, name)
    with stack.opened(name, Bank(0, moody=False), broken=False):
        plan = cases.prepare(Random(0), 20, 3600, "D")
        due = iter(plan.due)
        next(due)  # the pages are about the first
        reader = Reader(stack, plan)
        reader.go(found)  # the first time templates are read
        found.usual = max(reader.go(found) for _number in range(3))
        for how in ("refused", "black-holed"):
            end = time.monotonic() + AWAY
            if how == "refused":
                stack.to_redis.refuse()
            else:
                stack.to_redis.hole = True
            worst = 0.0
            while time.monotonic() < end:
                worst = max(worst, reader.go(found))
            found.added[how] = max(0.0, worst - found.usual)
            key = next(due)
            Case.objects.filter(pk=key).update(due_at=clock.now(), wake_at=clock.now())
            stack.to_redis.heal()
            found.swept[how] = until_swept(key)
        cut(stack, reader, found)
        crash(stack, reader, found)
    campaign.drop(stack, name)
    return found


def until_swept(key: int) -> float:
    began = time.monotonic()
    while Case.objects.get(pk=key).status == Status.PENDING_MERCHANT:
        if time.monotonic() - began > 2 * SWEPT:
            return float("inf")
        time.sleep(0.2)
    return time.monotonic() - began


def cut(stack: Stack, reader: Reader, found: Degraded) -> None:
    """Every connection to PostgreSQL is reset, again and again, while somebody reads."""
    failed = Degraded()
    for _number in range(CUTS):
        stack.to_postgres.cut()
        reader.go(failed)
    found.failures_a_cut = len(failed.wrong) / CUTS


def crash(stack: Stack, reader: Reader, found: Degraded) -> None:
    connection.close()
    stack.crash_postgres()
    reader.go(Degraded())  # all that fails now may
    stack.restart_postgres()
    up = time.monotonic()
    while time.monotonic() < up + 2 * PAGES_BACK:
        failed = Degraded()
        reader.timed(*reader.pages[0], None, 200, failed)
        if failed.wrong:
            found.last_failure = time.monotonic() - up
        time.sleep(0.1)
