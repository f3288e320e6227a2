"""Everybody at every door: what the table expects, and what is found instead."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from django.forms import BaseForm
from django.test import override_settings

from tests.crawl.places import places
from tests.crawl.rich import Visit
from tests.rights.headers import unguarded
from tests.rights.table import ALL, Row
from tests.rights.world import Visitor, World

PLACES = places()
REFUSED = {"sign in", "403", "404", "405"}
NEVER = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")  # for anybody, anywhere
# Who tries which doors in make test; make rights sends everybody everywhere.
STAFF = ("anonymous", "owner", "clerk", "reviewer", "superuser")
TEAM = ("owner", "agent", "able agent", "limited agent", "former agent", "other shop")
FEW = {
    "member": ("anonymous", "buyer", *TEAM, "superuser"),
    "open": ("anonymous", "buyer", "superuser"),
    "signed": ("anonymous", "buyer", "superuser"),
    "buyer": ("anonymous", "buyer", "other buyer", "owner", "superuser"),
    **dict.fromkeys(("staff", "reviewers", "superuser", "entrance"), STAFF),
    "closed": ("owner", "superuser"),
}
# What has to be sent with a POST for the page to have something to answer to.
SENT: dict[str, Any] = {
    "merchants:shop": lambda visit: {"shop": visit.user.memberships.get(active=True).shop_id},
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
    expected: frozenset[str]  # outcomes, or a status where no other will do
    data: Any = None
    theirs: tuple[str, str] | None = None  # a field, and an id of another's that no form may take
    unsaid: str = ""  # what the answer does not say
    left: tuple[Callable[[], Any], Any] | None = None  # what is looked at afterwards, and found
    under: dict[str, Any] = {}  # settings

    @property
    def label(self) -> str:
        told = " {}={}".format(*self.theirs) if self.theirs else ""
        return f"{self.visitor.role}: {self.method} {self.visit.place.name} {self.visit.url}{told}"

    def fault(self, world: World) -> str:
        """What is wrong with the answer to one request; empty if nothing is."""
        world.dress(self.visitor)
        data = self.data
        if data is None and self.method == "POST" and (sent := SENT.get(self.row.name)):
            data = sent(self.visit)
        for sent in (data or {}).values():
            if isinstance(sent, SimpleUploadedFile):
                sent.seek(0)
        look, known = self.left or (None, None)
        with filled() as forms, override_settings(**self.under):
            answer = world.ask(self.visitor.user, self.method, self.visit.url, data, left=look)
        found = outcome(answer)
        if not self.expected & {found, str(answer.status_code)}:
            return f"{self.label} finds {found}, not {'/'.join(sorted(self.expected))}"
        if lacking := unguarded(answer, self.visitor.user is not None):
            return f"{self.label} ({answer.status_code}) lacks {', '.join(lacking)}"
        if self.theirs and found == "in" and not any(asks(each, *self.theirs) for each in forms):
            return f"{self.label} is looked at by no form"
        if self.theirs and any(takes(form, *self.theirs) for form in forms):
            return f"{self.label} is taken"
        if look and answer.left != known:
            return f"{self.label} leaves {answer.left}, not {known}"
        if answer.strayed:
            return f"{self.label}: {answer.strayed[:3]}"
        if self.unsaid and self.unsaid.encode() in answer.body:
            return f"{self.label} says {self.unsaid}"
        leaks = world.leaks(self.visitor.user, answer) if found != "sign in" else []
        if leaks := [each for each in leaks if each not in f"{self.visit.url} {data}"]:
            return f"{self.label} tells of {leaks[:3]}"
        return ""


def outcome(answer: Any) -> str:
    status = answer.status_code
    if status == 401 or (status == 302 and "login/?next=" in answer["Location"]):
        return "sign in"
    return "in" if status in (200, 204, 302, 409, 422) else str(status)


def expected(row: Row, visit: Visit, role: str) -> str:
    """What the table says of this row for a role, if the method is one of its own."""
    named = bool(visit.named) or row.name in SENT
    if role == "looker":
        return looker(row)
    return str(DOORS[row.door](row, role, named and row.name not in EVERY_SHOPS))


def looker(row: Row) -> str:
    """Staff who may see the rows of one list, and do nothing to them."""
    sees = row.name.endswith(("_changelist", "_history")) or (
        row.name.endswith("_change") and "GET" in row.methods
    )
    return "in" if sees else "403"


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


@contextmanager
def filled() -> Iterator[list[BaseForm]]:
    """The forms that are looked at meanwhile, each with what it took of what was sent."""
    forms: list[BaseForm] = []
    clean = BaseForm.full_clean

    def full_clean(form: BaseForm) -> None:
        forms.append(form)
        clean(form)

    with patch.object(BaseForm, "full_clean", full_clean):
        yield forms


def asks(form: BaseForm, name: str, _value: str) -> bool:
    return name.removesuffix("_kept") in form.fields


def takes(form: BaseForm, name: str, value: str) -> bool:
    """Whether a form took this value, or the row that it is the id of, in this field."""
    name = name.removesuffix("_kept")
    taken = getattr(form, "cleaned_data", {}).get(name)
    many = taken if isinstance(taken, list | tuple | QuerySet) else [taken]
    return any(value in ids_of(each) for each in many)


def ids_of(taken: Any) -> set[str]:
    return {str(getattr(taken, name, taken)) for name in ("pk", "token", "code")}
