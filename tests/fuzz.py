"""Nasty values in every field and parameter of every page, as everybody; seeded, so it can be had again.

``make fuzz`` (N=20000 SEED=1) says how many requests it made and which of them broke.
"""

import io
import random
import re
import time
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple

from tests.crawl.places import places
from tests.crawl.rich import Visit
from tests.rights.world import World

SLOW = 1.0  # seconds of our own work
STUCK = (
    10.0  # seconds in which the database, too, must be done, on a machine that does other things
)
NASTY = [
    *(
        "",
        " ",
        "0",
        "-1",
        "1e5",
        "NaN",
        "Infinity",
        "-0",
        "0x10",
        "1_000",
        "\uff11\uff12\uff13",
        "٣",
        "²",
        "1,5",
    ),
    *(
        "9" * 18,
        "9" * 400,
        str(2**63),
        str(10**30),
        "1E300000",
        "0.005",
        "-0.01",
        "¥12",
        "true",
        "null",
    ),
    *(
        "\x00",
        "a\x00b",
        "\ud800",
        "\ufffe",
        "\u202egpj.exe",
        "\u200b",
        "e" + "\u0301" * 2000,
        "𠀀😀",
    ),
    *("a\r\nBcc: x@y", "\x85", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'),
    *(
        "{{7*7}}",
        "{% load x %}",
        "${7*7}",
        "%(x)s",
        "%s",
        "{0.__class__}",
        "{buyer.__class__}",
        "%",
    ),
    *(
        "' OR 1=1--",
        "\\",
        "_",
        "(" * 5000,
        "[",
        "*" * 300,
        "..;/",
        "../../etc/passwd",
        "//evil.example",
    ),
    *(
        "javascript:alert(1)",
        "/\\evil",
        "https:evil",
        "AS000000000000000",
        "2026-02-30",
        "9999-12-31",
    ),
    *(
        "0001-01-01",
        "26/11/2026",
        "2026-11-26T25:61",
        "24:00",
        "on",
        "[]",
        "{}",
        '{"a": 1}',
        "x" * 20_000,
    ),
    *("buyer__password__startswith", "password", "-password", "?", "pk", "1", "2", "all", "mine"),
]
PARAMETERS = [
    "after",
    "all",
    "choose",
    "complaint",
    "encoding",
    "kind",
    "o",
    "of",
    "offer",
    "page",
    "q",
    "seen",
    "shop",
    "shown",
    "since",
    "size",
    "tab",
    "thumb",
    "told",
    "unchosen",
    "list",
    "at",
    "stage",
    "reason",
    "least",
    "most",
    "who",
    "ship",
    "soon",
    "unseen",
    "next",
    "order",
    "type",
    "try",
    "e",
    "p",
    "version",
    "key",
    "draft",
    "refresh",
    "slot",
]
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
FIELD = re.compile(r'<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"[^>]*>')
VALUE = re.compile(r'\bvalue="([^"]*)"')
OPTION = re.compile(r'<option value="([^"]*)"')


class Broken(NamedTuple):
    what: str
    method: str
    user: str
    url: str
    data: dict[str, Any]

    def __str__(self) -> str:
        told = {name: repr(value)[:60] for name, value in self.data.items()}
        return f"{self.what}: {self.method} {self.url[:200]!r} as {self.user} with {told}"


class Fuzz:
    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        self.visits = [
            visit
            for place in places().values()
            for visit in [next(iter(world.own(place)), None)]
            if visit is not None
        ]
        users = {visit.user for visit in self.visits}
        self.users: list[Any] = sorted(users, key=lambda user: user.pk if user else 0)
        self.fields: dict[str, dict[str, list[str]]] = {}
        self.made = 0
        self.slowest = 0.0

    def run(self, requests: int) -> list[Broken]:
        """Break what can be broken; the same failure of one page is told once."""
        broken: dict[tuple[str, str], Broken] = {}
        while self.made < requests:
            visit = self.dice.choice(self.visits)
            stranger = self.dice.random() < 0.15
            user = self.dice.choice(self.users) if stranger else visit.user
            for one in self.once(visit, user):
                broken.setdefault((one.what, visit.place.name), one)
        return list(broken.values())

    def once(self, visit: Visit, user: Any) -> Iterator[Broken]:
        method = self.dice.choice(["GET", "POST", "POST"])
        url, data = visit.url, {}
        if method == "GET" or self.dice.random() < 0.2:
            url = self.url(visit.url)
        if method == "POST":
            data = self.filled(visit)
        self.made += 1
        try:
            answer, took = self.timed(user, method, url, data)
        except Exception as error:
            yield Broken(f"{type(error).__name__}: {error}"[:200], method, str(user), url, data)
            return
        if answer.status_code >= 500:
            yield Broken(str(answer.status_code), method, str(user), url, data)
        if took > SLOW and self.timed(user, method, url, data)[1] > SLOW:  # and stays slow
            yield Broken(f"slow ({took:.1f} s)", method, str(user), url, data)

    def timed(self, user: Any, method: str, url: str, data: dict[str, Any]) -> tuple[Any, float]:
        for each in data.values():
            if isinstance(each, io.BytesIO):
                each.seek(0)
        began, worked = time.perf_counter(), time.thread_time()
        answer = self.world.ask(user, method, url, data)
        took = time.thread_time() - worked
        if time.perf_counter() - began > STUCK:
            took = time.perf_counter() - began
        self.slowest = max(self.slowest, took)
        return answer, took

    def url(self, url: str) -> str:
        """Parameters that pages know, and one part of the path that nobody knows."""
        path, _mark, _query = url.partition("?")
        if self.dice.random() < 0.3:
            parts = path.split("/")
            parts[self.dice.randrange(1, max(2, len(parts) - 1))] = self.nasty()
            path = "/".join(parts)
        names = self.dice.sample(PARAMETERS, self.dice.randint(0, 3))
        query = "&".join(f"{name}={_quoted(self.nasty())}" for name in names)
        return f"{'/'.join(_quoted(part) for part in path.split('/'))}?{query}"

    def nasty(self) -> str:
        value = self.dice.choice(NASTY)
        return value + self.dice.choice(NASTY)[:50] if self.dice.random() < 0.15 else value

    def filled(self, visit: Visit) -> dict[str, Any]:
        """The fields of the page's forms, some as they are, some as no person would fill them."""
        if visit.url not in self.fields:
            self.fields[visit.url] = fields_of(self.world.ask(visit.user, "GET", visit.url))
        known = self.fields[visit.url]
        data: dict[str, Any] = {}
        for name, values in known.items():
            dice = self.dice.random()
            if dice < 0.5 and values:
                data[name] = self.dice.choice(values)
            elif dice < 0.9:
                data[name] = self.nasty()
        if self.dice.random() < 0.2:
            data[self.dice.choice([*known, *PARAMETERS])] = self.nasty()
        if any(name.startswith("proof_") or name == "file" for name in known):
            name = self.dice.choice([each for each in known if each.startswith(("proof_", "file"))])
            body = self.nasty().encode("utf-8", "surrogatepass")
            head = self.dice.choice(
                [b"", b"%PDF-1.7", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"PK\3\4"]
            )
            data[name] = io.BytesIO(head + body)
            data[name].name = _sendable(self.nasty()) or "a"  # Django's own would refuse some
        return {name: _sendable(value) for name, value in data.items()}


def fields_of(answer: Any) -> dict[str, list[str]]:
    """Every named field of the forms of a page, with the values it offers."""
    if answer.status_code != 200 or b"<form" not in answer.body:
        return {}
    found: dict[str, list[str]] = {}
    for form in FORM.findall(answer.body.decode()):
        last = ""
        for match in re.finditer(f"{FIELD.pattern}|{OPTION.pattern}", form):
            name = match.group(1)
            if name:
                last = unescape(name)
                given = VALUE.search(match.group(0))
                found.setdefault(last, [])
                if given:
                    found[last].append(unescape(given.group(1)))
            elif last:
                found[last].append(unescape(match.group(2)))
    return found


def _quoted(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass"))


def _sendable(value: Any) -> Any:
    """A lone surrogate can be written in a path alone; a body of text has none."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
