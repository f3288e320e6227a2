"""How a platform's file is laid out: columns known by name, never by position; and what a row says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext_noop

from aftersales.enums import OrderState
from aftersales.imports.values import Problem, Wrong, plain

NOTHING = Decimal("0.00")
UNIT = {"(元)", "(件)"}
FULL_WIDTH = str.maketrans("（）\uff0f：", "()/:")


@dataclass(slots=True)
class OrderRow:
    """What one row says of an order. ``None``, ``""`` and ``()`` mean: it does not say."""

    row: int
    number: str
    state: OrderState
    paid: Decimal
    was_paid: bool  # the money came in, whatever became of the order
    title: str
    quantity: int
    whole: bool  # the row is the whole order, not one line of it
    style: str = ""
    goods_id: str = ""
    sku: str = ""
    category: str = ""
    goods_total: Decimal | None = None
    postage: Decimal | None = None
    discount: Decimal | None = None
    username: str = ""  # by which the buyer may be known to us
    buyer_phone: str = ""  # likewise
    buyer_nick: str = ""
    receiver: str = ""
    phone: str = ""
    address: str = ""
    buyer_note: str = ""
    shop_note: str = ""
    ordered_at: datetime | None = None
    ordered_about: datetime | None = None  # no more than the day that the order number names
    paid_at: datetime | None = None
    promised_at: datetime | None = None
    shipped_at: datetime | None = None
    confirmed_at: datetime | None = None
    carrier: str = ""
    trackings: tuple[str, ...] = ()
    route: str = ""
    reference: str = ""
    coupon: Decimal | None = None  # yuan paid by a coupon, beside ``paid``
    points: Decimal | None = None  # how many points paid, beside ``paid``
    gift: str = ""  # what came with the line for nothing
    gift_id: str = ""
    gift_sku: str = ""
    gift_pieces: int | None = None
    gift_worth: Decimal | None = None  # its stated price
    free_shipping_from: Decimal | None = None
    full_postage: Decimal | None = None
    ship_from: str = ""
    freight_cover: str = ""
    bundle: str = ""


class Column(NamedTuple):
    """A column we use: our name, the names it goes by, and how its cells are read."""

    field: str
    names: tuple[str, ...]
    read: Callable[[str], Any]
    needed: bool = False  # no file without this column
    filled: bool = False  # no row with this cell empty


@dataclass(frozen=True)
class Platform:
    """A marketplace's order export."""

    code: str
    columns: tuple[Column, ...]
    assemble: Callable[[int, dict[str, Any]], OrderRow]
    by_name: dict[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        known = {bare(name): column for column in self.columns for name in column.names}
        object.__setattr__(self, "by_name", known)

    @property
    def needed(self) -> list[Column]:
        return [column for column in self.columns if column.needed]


# Happened already, so never later than now.
PAST = ("ordered_at", "paid_at", "shipped_at", "confirmed_at")


class Layout:
    """A platform's columns found in one file's header."""

    def __init__(self, platform: Platform, header: Sequence[str]) -> None:
        self.platform = platform
        self.header = [plain(name) for name in header]
        self.places: list[tuple[Column, int]] = []
        self.matched: list[str] = []
        self.ignored: list[str] = []
        taken: dict[str, int] = {}
        for place, name in enumerate(self.header):
            column = platform.by_name.get(bare(name))
            if column is None:
                if name:
                    self.ignored.append(name)
            elif column.field not in taken:
                taken[column.field] = place
                self.places.append((column, place))
                self.matched.append(name)
            elif bare(name) == bare(self.header[taken[column.field]]):
                raise TwiceThere(name)
            else:  # another name of the same thing; the first one counts
                self.ignored.append(name)
        self.number_place = taken["number"]

    def read(
        self, row: int, cells: Sequence[str], latest: datetime
    ) -> tuple[OrderRow | None, list[Problem]]:
        """What a row says, or everything that is wrong with it."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for column, place in self.places:
            text = plain(cells[place])
            try:
                if text:
                    values[column.field] = column.read(text)
                elif column.filled:
                    raise Wrong(gettext_noop("这一列不能为空"))
            except Wrong as wrong:
                problems.append(self.problem(place, cells[place], wrong))
        for name in PAST:
            moment = values.get(name)
            if moment is not None and moment > latest:
                place = self.place_of(name)
                future = Wrong(gettext_noop("时间在将来"))
                problems.append(self.problem(place, cells[place], future))
        if problems:
            return None, problems
        try:
            return self.platform.assemble(row, values), []
        except Wrong as wrong:
            return None, [Problem("", "", wrong.reason, wrong.facts)]

    def problem(self, place: int, cell: str, wrong: Wrong) -> Problem:
        return Problem(self.header[place], cell.strip(), wrong.reason, wrong.facts)

    def place_of(self, name: str) -> int:
        return next(place for column, place in self.places if column.field == name)

    def is_header(self, cells: Sequence[str]) -> bool:
        """The header again: two exports, one put under the other."""
        return [plain(cell) for cell in cells] == self.header


class TwiceThere(Exception):
    """Two columns of one name; which of them to believe can't be known."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NotFound(Exception):
    """No header; ``platform`` is the one that comes closest, and ``missing`` what it lacks."""

    def __init__(self, platform: Platform | None = None, missing: Iterable[str] = ()) -> None:
        super().__init__()
        self.platform = platform
        self.missing = list(missing)


def bare(name: str) -> str:
    """A column's name without what varies: spaces, width of brackets, case, unit."""
    name = "".join(name.translate(FULL_WIDTH).split()).lower()
    return name[:-3] if name[-3:] in UNIT else name


def find_header(
    records: Sequence[Sequence[str]], platforms: Sequence[Platform]
) -> tuple[int, Layout]:
    """The first record that names every column some platform needs; else say what comes closest."""
    nearest: tuple[int, Platform, list[str]] | None = None
    for number, record in enumerate(records):
        names = {bare(plain(cell)) for cell in record}
        for platform in platforms:
            known = len(names & platform.by_name.keys())
            missing = [
                column.names[0]
                for column in platform.needed
                if not names & {bare(name) for name in column.names}
            ]
            if not missing:
                return number, Layout(platform, record)
            if known >= 2 and (nearest is None or known > nearest[0]):
                nearest = known, platform, missing
    if nearest:
        raise NotFound(nearest[1], nearest[2])
    raise NotFound


def total(*amounts: Decimal | None) -> Decimal | None:
    """The sum of what is said; nothing when nothing is."""
    said = [amount for amount in amounts if amount is not None]
    return sum(said, NOTHING) if said else None
