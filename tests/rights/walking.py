"""Everybody at every door: what the table expects, and what is found instead."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.crawl.places import places
from tests.crawl.rich import Visit
from tests.rights.headers import unguarded
from tests.rights.table import ALL, Row
from tests.rights.world import Visitor, World

PLACES = places()
REFUSED = {"sign in", "403", "404", "405"}
NEVER = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")  # for anybody, anywhere
# Who tries which doors in make test; make rights sends everybody everywhere.
STAFF = ("anonymous", "owner", "clerk", "able clerk", "reviewer", "superuser")
FEW = {
    "open": ("anonymous", "buyer", "superuser"),
    "signed": ("anonymous", "buyer", "superuser"),
    "buyer": ("anonymous", "buyer", "other buyer", "owner", "superuser"),
    **dict.fromkeys(("staff", "reviewers", "superuser", "closed", "entrance"), STAFF),
}
# What has to be sent with a POST for the page to have something to answer to.
SENT: dict[str, Any] = {
    "merchants:shop": lambda visit: {"shop": visit.user.memberships.get().shop_id},
    "account_confirm_email": None,  # a key that nobody has: a GET says so, a POST finds nothing
}
# What the address names is no shop's own: a figure, or a script that every shop may have sent.
EVERY_SHOPS = {"merchants:figure", "merchants:worked"}


class Try(NamedTuple):
    """One request of one visitor, and the answers that the table has for it."""

    row: Row
    visit: Visit
    visitor: Visitor
    method: str
    expected: frozenset[str]

    @property
    def label(self) -> str:
        return f"{self.visitor.role}: {self.method} {self.visit.place.name} {self.visit.url}"


def outcome(answer: Any) -> str:
    status = answer.status_code
    if status == 401 or (status == 302 and "login/?next=" in answer["Location"]):
        return "sign in"
    return "in" if status in (200, 204, 302, 409, 422) else str(status)


def expected(row: Row, visit: Visit, role: str) -> str:
    """What the table says of this row for a role, if the method is one of its own."""
    named = bool(visit.named) or row.name in SENT
    return str(DOORS[row.door](row, role, named and row.name not in EVERY_SHOPS))


def _signed(row: Row, role: str, named: bool) -> str:
    return "sign in" if role == "anonymous" else "in"


def _his(row: Row, role: str, named: bool) -> str:
    his = "owner" if row.name.startswith("merchants:") else "buyer"
    return _signed(row, role, named) if role in (his, "anonymous") else "404"


def _side(row: Row, role: str, named: bool) -> str:
    strangers = ("other buyer", "other shop", "clerk")
    return "404" if role in strangers else _signed(row, role, named)


def _member(row: Row, role: str, named: bool) -> str:
    if role == "other shop":
        return "404" if named else "in"
    if role in ("agent", "limited agent"):
        return "403" if row.right else "in"
    if role == "former agent":
        return "404"
    if role in ("owner", "able agent"):
        return "in"
    return "sign in" if role == "anonymous" else "404"


def _buyer(row: Row, role: str, named: bool) -> str:
    if named and role not in ("buyer", "anonymous"):
        return "404"
    return _signed(row, role, named)


def _staff(row: Row, role: str, named: bool) -> str:
    if role in ("able clerk", "reviewer", "superuser"):
        return "in"
    if role == "clerk":
        without = "404" if row.more == "unseen" else "403"
        return without if row.right or row.door == "reviewers" else "in"
    return "sign in"


def _entrance(row: Row, role: str, named: bool) -> str:
    known = _staff(row._replace(right=""), role, named)
    return "403" if known == "sign in" and role != "anonymous" else known


def _superuser(row: Row, role: str, named: bool) -> str:
    return "403" if role == "reviewer" else _staff(row._replace(right="-"), role, named)


DOORS: dict[str, Any] = {
    "open": lambda row, role, named: "in",
    "hidden": lambda row, role, named: "404",
    "signed": _signed,
    "his": _his,
    "side": _side,
    "member": _member,
    "buyer": _buyer,
    "staff": _staff,
    "reviewers": _staff,
    "entrance": _entrance,
    "superuser": _superuser,
}


def visits(world: World) -> Iterator[tuple[Row, Visit]]:
    """Every row of the table at an object of its own."""
    seen: dict[str, Visit] = {}
    for row in ALL:
        if row.name not in seen:
            found = next(iter(world.own(PLACES[row.name])), None)
            if found is None:
                raise LookupError(f"nothing in the market to try {row.name} with")
            seen[row.name] = found
        yield row, seen[row.name]


def tries(world: World, row: Row, visit: Visit, *, whole: bool) -> Iterator[Try]:
    """The requests of everybody at one row; not ``whole``: refusals, and one welcome a method."""
    welcomed: set[str] = set()
    for number, visitor in enumerate(world.visitors(row, visit)):
        if not whole and visitor.role not in FEW.get(row.door, (visitor.role,)):
            continue
        answer = "" if row.door == "closed" else expected(row, visit, visitor.role)
        for method in ("GET", "HEAD", "POST"):
            if method in row.methods and answer and not unjudged(row, method):
                said = {answer}
                if method == "POST" and row.name in SENT and SENT[row.name] is None:
                    said.add("404")
            elif unjudged(row, method):
                continue
            else:
                said = REFUSED
            # That the admin's rows open for who may see them, tests/crawl sees.
            light = said == {"in"} and (method in welcomed or row.more == "model")
            if not whole and (method == "HEAD" or light):
                continue
            welcomed |= {method} if said == {"in"} else set()
            yield Try(row, visit, visitor, method, frozenset(said))
        each = NEVER if whole else [NEVER[len(row.name) % len(NEVER)]] if not number else []
        yield from (Try(row, visit, visitor, method, frozenset({"405"})) for method in each)


def unjudged(row: Row, method: str) -> bool:
    """Another row's method; who is out already and is led on; a list that was sent no action."""
    if method not in row.methods:
        return row.name == "admin:logout" or any(method in other.methods for other in rows_of(row))
    return method == "POST" and row.name.endswith("_changelist")


def rows_of(row: Row) -> list[Row]:
    """The other rows of the same URL, for its other methods."""
    return [other for other in ALL if other.name == row.name and other is not row]


def fault(world: World, tried: Try) -> str:
    """What is wrong with the answer to one request; empty if nothing is."""
    world.dress(tried.visitor)
    data = SENT.get(tried.row.name) if tried.method == "POST" else None
    answer = world.ask(
        tried.visitor.user, tried.method, tried.visit.url, data(tried.visit) if data else None
    )
    found = outcome(answer)
    if found not in tried.expected:
        return f"{tried.label} finds {found}, not {'/'.join(sorted(tried.expected))}"
    if lacking := unguarded(answer, tried.visitor.user is not None):
        return f"{tried.label} ({answer.status_code}) lacks {', '.join(lacking)}"
    if found != "sign in" and (leaks := world.leaks(tried.visitor.user, answer)):
        return f"{tried.label} tells of {leaks[:3]}"
    return ""


# Foreign ids -------------------------------------------------------------------------------------

NOT_IDS = {"kind", "key", "line", "form", "name", "token"}
NONSENSE = ("0", "1" * 30, "%00", "%FF")


def foreign(world: World, row: Row, visit: Visit) -> Iterator[Try]:
    """The owner at his own object with one id of another's, or of nobody's, in its address."""
    if row.door not in ("member", "his", "buyer") or row.name in EVERY_SHOPS:
        return
    turn = visit.place.kind == "turn" and "POST" in row.methods
    method = "POST" if turn or row.methods == ("POST",) else "GET"
    owner = Visitor("owner" if visit.place.role == "merchant" else "buyer", visit.user)
    gone = frozenset({"404", "400"})
    theirs = next((each for each in world.own(visit.place) if _stranger(world, visit, each)), None)
    for name, value in visit.named.items():
        values = [*NONSENSE] if name not in NOT_IDS else ["%00", "1" * 30]
        if theirs is not None and name not in NOT_IDS and theirs.named[name] != value:
            values.insert(0, quote(str(theirs.named[name])))
        for other in values:
            path, _mark, _query = visit.url.partition("?")
            parts = path.split("/")
            parts[parts.index(quote(str(value)))] = other
            url = "/".join(parts)
            yield Try(row, visit._replace(url=url), owner, method, gone)


def _stranger(world: World, visit: Visit, other: Visit) -> bool:
    if visit.place.role == "buyer":
        return other.user != visit.user
    return world.shop_of(other) != world.shop_of(visit)
