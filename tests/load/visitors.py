"""People at their pages, each at his own pace; what they were answered, and how fast."""

import statistics
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from random import Random

from tests.faults.people import Answer, ask
from tests.load.market import Person

WRITES = 0.22  # of what buyers and merchants do; staff read, which makes it one in five of all

# What they open, how often beside the others.
READS = {
    "merchant": [
        (6, "queue", "/merchant/"),
        (2, "all cases", "/merchant/?tab=all"),
        (1, "search", "/merchant/?tab=all&q={code}"),
        (6, "case", "/merchant/cases/{code}/"),
        (1, "orders", "/merchant/orders/"),
        (1, "figures", "/merchant/figures/"),
        (1, "notices", "/notices/"),
    ],
    "buyer": [
        (3, "home", "/my/"),
        (3, "my cases", "/my/cases/"),
        (6, "my case", "/my/cases/{code}/"),
        (2, "my orders", "/my/orders/"),
        (1, "notices", "/notices/"),
    ],
    "staff": [
        (2, "admin", "/admin/"),
        (2, "reviews", "/admin/aftersales/intervention/"),
        (2, "all cases in admin", "/admin/aftersales/case/"),
        (2, "search in admin", "/admin/aftersales/case/?q={code}"),
    ],
}
# What they send; a step leaves an event under the key of its click.
STEPS = {
    "merchant": [
        (4, "send_message", "/merchant/cases/{code}/send_message/"),
        (3, "agree", "/merchant/cases/{code}/agree/"),
        (2, "look at the risks", "/merchant/cases/{code}/confirm_risks/"),
        (2, "note", "/merchant/cases/{code}/notes/"),
    ],
    "buyer": [
        (5, "send_message", "/my/cases/{code}/send_message/"),
        (1, "cancel", "/my/cases/{code}/cancel/"),
    ],
}
KEYED = {"send_message", "agree", "cancel"}


@dataclass
class Visit:
    """All that a run has seen; ``done`` maps the key of a confirmed click to its case."""

    answers: list[Answer] = field(default_factory=list)
    writes: int = 0
    done: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def failed(self) -> list[Answer]:
        """No answer, or one that says it was our mistake."""
        return [each for each in self.answers if each.status == 0 or each.status >= 500]

    def quantile(self, percent: int, what: str = "") -> float:
        """Milliseconds within which so many percent were answered, of all or of one kind."""
        took = [each.ended - each.began for each in self.answers if what in ("", each.what)]
        if len(took) < 2:
            return 1000 * sum(took)
        return 1000 * statistics.quantiles(took, n=100, method="inclusive")[percent - 1]

    def slowest(self, most: int = 5) -> list[str]:
        kinds = {each.what for each in self.answers}
        ranked = sorted(kinds, key=lambda what: -self.quantile(95, what))
        return [f"{what} {self.quantile(95, what):.0f} ms" for what in ranked[:most]]


def drive(url: str, people: list[Person], *, rate: float, seconds: float, seed: int = 1) -> Visit:
    """All of them for so long, together ``rate`` requests a second as far as they are answered."""
    found = Visit()
    began = time.monotonic()
    threads = [
        threading.Thread(
            target=_visit,
            args=[url, person, rate / len(people), began + seconds, Random(seed + number), found],
            daemon=True,
        )
        for number, person in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.seconds = time.monotonic() - began
    return found


def _visit(
    url: str, person: Person, rate: float, until: float, random: Random, found: Visit
) -> None:
    wanted = time.monotonic() + random.expovariate(rate)
    while wanted < until:
        time.sleep(max(0.0, wanted - time.monotonic()))
        key, code = random.choice(person.cases)
        write = person.kind in STEPS and random.random() < WRITES
        choices = (STEPS if write else READS)[person.kind]
        _often, what, path = random.choices(choices, [often for often, *_rest in choices])[0]
        click = uuid.uuid4().hex
        said = {"key": click, "version": "", "text": f"请问进度怎么样了？{click[:6]}", "look": "1"}
        data = urllib.parse.urlencode(said).encode() if write else None
        began = time.time()
        status, _body = ask(url + path.format(code=code), person.session, data)
        found.answers.append(Answer(what, status, began, time.time()))
        found.writes += write
        if what in KEYED and status == 302:
            found.done[click] = key
        wanted = max(wanted + random.expovariate(rate), time.monotonic())
