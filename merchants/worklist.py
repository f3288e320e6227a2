"""A work list: the cases of one tab, narrowed and in order, exactly as a query string names them.

The same string stands in the address of the queue, in a saved view, and as ``list=`` in the
address of a case, so that whoever opens a case from a list can go on through that list.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from django.db.models import F
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce, NullIf
from django.http import QueryDict
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from aftersales.enums import Turn
from aftersales.models import Case, CaseQuerySet, Member
from aftersales.prepared import Made, Prepared, together
from merchants import counting
from merchants.counting import MOST, Number
from merchants.forms.queue import Pairs, QueueFilter, choices_of
from merchants.words import Words, words_of

Order = tuple[str, str]

ORDERS: dict[str, tuple[Any, Order]] = {
    "due": (_("剩余时间 ↑"), ("due_at", "pk")),
    "new": (_("申请时间 ↓"), ("-applied_at", "-pk")),
    "amount": (_("金额 ↓"), ("-value", "-pk")),
    "moved": (_("更新时间 ↓"), ("-updated_at", "-pk")),
}
NO_CLOCK = (Turn.REFUND, Turn.DONE, "all")  # tabs whose cases have no deadline to sort by
LONGEST = 4000  # of a list carried along in an address


class WorkList:
    def __init__(self, query: QueryDict, member: Member, team: list[Member]) -> None:
        tab = query.get("tab", "")
        self.tab = tab if tab in (*Turn.values, "all") else str(Turn.MINE)
        usual = "new" if self.tab in NO_CLOCK else "due"
        self.sort = query.get("sort", "")
        if self.sort not in ORDERS or self.sort == "due":
            self.sort = usual
        self.usual = self.sort == usual
        self.order = ORDERS[self.sort][1]
        self.shop_id = member.shop_id
        self._query, self._member, self._team = query, member, team

    @cached_property
    def words(self) -> Words:
        return words_of(self._member)

    @cached_property
    def choices(self) -> dict[str, Pairs]:
        return choices_of(self.words, self._member, self._team)

    @cached_property
    def asked(self) -> dict[str, list[str]]:
        """What the address says of filters, understood or not."""
        return {
            name: told for name, told in self._query.lists() if name in QueueFilter.base_filters
        }

    @cached_property
    def filter(self) -> QueueFilter:
        """Made where it is needed: its form takes longer than a list that nothing narrows."""
        cases = valued(cases_of(self.shop_id, self.tab))
        return QueueFilter(self._query, cases, me=self._member, choices=self.choices)

    @cached_property
    def said(self) -> dict[str, list[str]]:
        return self.filter.said if self.asked else {}

    @property
    def cases(self) -> CaseQuerySet:
        if self.said:
            return cast(CaseQuerySet, self.filter.qs)
        return in_order(cases_of(self.shop_id, self.tab), self.order)

    def page(self, text: str, size: int) -> tuple[Made, Sequence[Any]]:
        """The keys of ``size`` cases behind the place that ``text`` names, or of the first."""
        place = read_place(self.order, text)
        if not self.narrowed:
            return _page(self.tab, self.sort, place is not None, size).made, (
                self.shop_id,
                *(place or ()),
            )
        cases = behind(self.cases, self.order, *place) if place else self.cases
        return Made(keys(cases, self.order, size), []), ()

    @property
    def narrowed(self) -> bool:
        return bool(self.said)

    @property
    def query(self) -> str:
        """What it takes to find this list again; the tab always, the rest where it says something."""
        return self.query_with()

    def query_with(self, **others: str) -> str:
        said: dict[str, Any] = {"tab": self.tab, **self.said}
        if not self.usual:
            said["sort"] = self.sort
        said |= others
        return urlencode({name: value for name, value in said.items() if value}, doseq=True)

    def place_of(self, case: Case) -> str:
        """Where in the list this case stands, or nothing if it is not in it."""
        if self.narrowed or self.sort == "amount":
            found = self.cases.filter(pk=case.pk).first()
        else:
            found = case if self.tab in (case.turn, "all") else None
        return place(found, self.order) if found else ""


def cases_of(shop: Any, tab: str) -> CaseQuerySet:
    """All that stands under a tab."""
    cases = Case.objects.filter(shop=shop)
    return cases if tab == "all" else cases.filter(turn=tab)


def valued(cases: CaseQuerySet) -> CaseQuerySet:
    return cases.annotate(value=Coalesce(NullIf("amount", Decimal("0.00")), "refundable"))


def in_order(cases: CaseQuerySet, order: Order) -> CaseQuerySet:
    cases = valued(cases) if order[0].endswith("value") else cases
    return cases.order_by(*order)


def keys(cases: CaseQuerySet, order: Order, size: int) -> Any:
    return cases.order_by(*order).values_list("id")[:size]


@cache
def _page(tab: str, sort: str, deep: bool, size: int) -> Prepared:
    """Of a list that nothing narrows."""
    order = ORDERS[sort][1]

    def first(shop: Any) -> CaseQuerySet:
        return in_order(cases_of(shop, tab), order)

    if not deep:
        return Prepared(lambda shop: keys(first(shop), order, size))
    return Prepared(
        lambda shop, value, pk: keys(behind(first(shop), order, value, pk), order, size)
    )


def place(case: Case, order: Order) -> str:
    name = order[0].lstrip("-")
    value = case.amount or case.refundable if name == "value" else getattr(case, name)
    told = value.isoformat() if isinstance(value, datetime) else str(value or "")
    return f"{told}~{case.pk}"


def read_place(order: Order, text: str) -> tuple[Any, int] | None:
    """The value and the key that a place names; None where it names none."""
    told, parted, pk = text.rpartition("~")
    if not parted or not pk.isdecimal() or len(pk) > 18:
        return None
    value = _amount(told) if order[0].endswith("value") else moment_told(told)
    return None if value is None else (value, int(pk))


def behind(cases: CaseQuerySet, order: Order, value: Any, pk: Any) -> CaseQuerySet:
    past = TupleLessThan if order[0].startswith("-") else TupleGreaterThan
    return cases.filter(past((F(order[0].lstrip("-")), F("pk")), (value, pk)))


def backwards(order: Order) -> Order:
    first, second = (name[1:] if name.startswith("-") else f"-{name}" for name in order)
    return first, second


def _amount(told: str) -> Decimal | None:
    try:
        return Decimal(told)
    except InvalidOperation:
        return None


def moment_told(told: str) -> datetime | None:
    try:
        moment = parse_datetime(told)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


class Found(NamedTuple):
    """The codes of the neighbours in a list, and how many others are in it."""

    behind: str | None
    before: str | None
    first: str | None
    left: Number


class Around:
    """What is asked of a list around one of its cases."""

    def __init__(self, cases: Callable[[Any], CaseQuerySet], order: Order) -> None:
        def others(shop: Any, case: Any) -> CaseQuerySet:
            return cases(shop).exclude(pk=case)

        def past(order: Order) -> Prepared:
            return Prepared(
                lambda shop, case, value, pk: _one(
                    behind(others(shop, case), order, value, pk), order
                )
            )

        self.order = order
        self.first = Prepared(lambda shop, case: _one(others(shop, case), order))
        self.left = Prepared(
            lambda shop, case: others(shop, case).order_by().values_list("pk")[: MOST + 1],
            counted=True,
        )
        self.behind, self.before = past(order), past(backwards(order))

    def find(self, shop_id: int, case: int, here: str) -> Found:
        asked: list[tuple[Prepared, Sequence[Any]]] = [
            (self.first, (shop_id, case)),
            (self.left, (shop_id, case)),
        ]
        if named := read_place(self.order, here):
            asked += [(each, (shop_id, case, *named)) for each in (self.behind, self.before)]
        first, [(left,)], *beside = together(*asked)
        behind, before = ([*map(_code, beside)]) or (None, None)
        return Found(behind, before, _code(first), counting.told(left))


def _code(rows: list[tuple[str]]) -> str | None:
    return rows[0][0] if rows else None


def _one(cases: CaseQuerySet, order: Order) -> Any:
    return cases.order_by(*order).values_list("code")[:1]


@cache
def _around(tab: str, sort: str) -> Around:
    """Of a list that nothing narrows."""
    order = ORDERS[sort][1]
    return Around(lambda shop: in_order(cases_of(shop, tab), order), order)


class Way:
    """From a case to its neighbours in the list it was opened from.

    ``list=`` in the address names the list (without it, all that wait for the shop, or at the
    receiving desk); ``at=`` names where in it the case stood before a step took it out.
    """

    def __init__(self, case: Case, query: QueryDict, member: Member, team: list[Member]) -> None:
        self.case = case
        told = query.get("list", "")[:LONGEST]
        self.at = query.get("at", "")[:80]
        self.told = {"list": told} if told else {}
        turn = Turn.RECEIVE if case.turn == Turn.RECEIVE else Turn.MINE
        self.list = WorkList(QueryDict(told or f"tab={turn}"), member, team)

    @property
    def trail(self) -> str:
        """What every link and form of the case carries along."""
        told = self.told | ({"at": self.at} if self.at else {})
        return f"?{urlencode(told)}" if told else ""

    def stay(self) -> None:
        """Remember where the case stands, before a step takes it out of the list, and which list."""
        self.at = self.here
        if self.list.tab == Turn.RECEIVE:
            self.told = self.told or {"list": f"tab={Turn.RECEIVE}"}

    @cached_property
    def here(self) -> str:
        return self.list.place_of(self.case) or self.at

    @cached_property
    def next_url(self) -> str:
        """The one behind this, or else the first of all."""
        return self._url(self._found.behind) or self._url(self._found.first)

    @cached_property
    def previous_url(self) -> str:
        return self._url(self._found.before)

    @property
    def left(self) -> Number:
        return self._found.left

    @cached_property
    def _found(self) -> "Found":
        """All of it in one statement."""
        listed = self.list
        around = (
            Around(lambda _shop: listed.cases, listed.order)
            if listed.narrowed
            else _around(listed.tab, listed.sort)
        )
        return around.find(listed.shop_id, self.case.pk, self.here)

    @property
    def list_url(self) -> str:
        """Back to the list, to this very row."""
        return self._row(self.case.code)

    @property
    def onward_url(self) -> str:
        """Back to the list, to the row behind this one, which a step took out of it."""
        return self._row(self._found.behind or self._found.first)

    def _row(self, code: str | None) -> str:
        query = self.told.get("list", "")
        url = f"{reverse('merchants:queue')}{'?' if query else ''}{query}"
        return f"{url}#{code}" if code else url

    def _url(self, code: str | None) -> str:
        if code is None:
            return ""
        carried = f"?{urlencode(self.told)}" if self.told else ""
        return reverse("merchants:case", args=[code]) + carried
