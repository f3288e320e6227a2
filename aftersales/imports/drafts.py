"""From rows to orders: several lines of one order, or the same line at several times."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal

from django.utils.translation import gettext_noop

from aftersales.enums import OrderState
from aftersales.imports.layout import NOTHING, OrderRow
from aftersales.imports.values import Problem

# How far along an order is; it only ever goes up.
RANK: dict[str, int] = {
    OrderState.UNPAID: 0,
    OrderState.PAID: 1,
    OrderState.PART: 2,
    OrderState.SHIPPED: 3,
    OrderState.SIGNED: 4,
    OrderState.FINISHED: 5,
    OrderState.CLOSED: 6,
}


@dataclass
class Outcome:
    """What became of a batch: orders by number, and problems by row."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """An order as the file tells it: what all its rows say together, and a row for each line."""

    head: OrderRow
    lines: list[OrderRow]
    rows: list[int]
    buyer_id: int | None = None

    def sum(self, name: str) -> Decimal | None:
        """Over the lines; nothing if one of them does not say."""
        if len(self.lines) == 1:  # as of most orders
            said: Decimal | None = getattr(self.lines[0], name)
            return said
        parts = [getattr(line, name) for line in self.lines]
        return None if None in parts else sum(parts, NOTHING)

    @property
    def paid(self) -> Decimal:
        return self.sum("paid") or NOTHING

    def refused(self, problem: Problem) -> list[tuple[int, Problem]]:
        """The problem at the row it is about, and a pointer to it at the order's other rows."""
        here = self.head.row
        return [(here, problem), *((row, elsewhere(here)) for row in self.rows if row != here)]


def elsewhere(row: int) -> Problem:
    reason = gettext_noop("同一订单的第 {row} 行有错，整个订单没有导入")
    return Problem("", "", reason, {"row": row})


def fold(rows: Iterable[OrderRow], spoiled: Mapping[str, int]) -> tuple[dict[str, Draft], Outcome]:
    """Rows of one order belong together: several lines, or the same line at several times."""
    outcome = Outcome()
    groups: dict[str, list[OrderRow]] = {}
    for row in rows:
        if row.number in spoiled:
            outcome.problems.append((row.row, elsewhere(spoiled[row.number])))
        else:
            groups.setdefault(row.number, []).append(row)
    drafts = {}
    for number, group in groups.items():
        if len(group) == 1:
            drafts[number] = Draft(group[0], group, [group[0].row])
            continue
        lines: list[OrderRow] = []
        for row in group:
            place = next((at for at, line in enumerate(lines) if _same(line, row)), None)
            if place is None:
                lines.append(row)
            elif row.paid and lines[place].paid and row.paid != lines[place].paid:
                draft = Draft(row, lines, [each.row for each in group])
                outcome.problems.extend(draft.refused(_two_prices(lines[place], row)))
                break
            else:
                lines[place] = _combined(lines[place], row)
        else:
            drafts[number] = Draft(_head_of(lines), lines, [row.row for row in group])
    return drafts, outcome


def _two_prices(earlier: OrderRow, row: OrderRow) -> Problem:
    reason = gettext_noop("实付 {paid} 元，而同一商品在第 {row} 行是 {other} 元")
    facts = {"paid": str(row.paid), "row": earlier.row, "other": str(earlier.paid)}
    return Problem("", str(row.paid), reason, facts)


def _same(line: OrderRow, row: OrderRow) -> bool:
    return row.whole or is_line(
        (line.style, line.goods_id, line.sku, line.title),
        (row.style, row.goods_id, row.sku, row.title),
    )


def is_line(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> bool:
    """Whether two (style, goods, sku, title) name one line, of which either may say less."""
    if one[0] and other[0]:
        return one[0] == other[0]
    for mine, theirs in ((one[1], other[1]), (one[2], other[2])):
        if mine and theirs and mine != theirs:
            return False
    return one[3] == other[3] or bool(one[1] and one[1] == other[1])


def _head_of(lines: Sequence[OrderRow]) -> OrderRow:
    """What all lines say of the order; one that was refunded does not close the others."""
    alive = [line for line in lines if line.state != OrderState.CLOSED]
    head, *others = sorted(alive, key=lambda line: -RANK[line.state]) or lines
    for line in [*others, *(line for line in lines if alive and line not in alive)]:
        head = _filled(head, line)
    return head


def _combined(one: OrderRow, other: OrderRow) -> OrderRow:
    """Of two rows of one line that which is further along, with the other's answers for blanks."""
    if RANK[other.state] >= RANK[one.state]:
        one, other = other, one
    return _filled(one, other)


def _filled(one: OrderRow, other: OrderRow) -> OrderRow:
    blanks = {
        each.name: said
        for each in fields(OrderRow)
        if getattr(one, each.name) in (None, "") and (said := getattr(other, each.name))
    }
    numbers = tuple(dict.fromkeys((*other.trackings, *one.trackings)))
    paid = one.paid or other.paid
    was_paid = one.was_paid or other.was_paid
    return replace(one, **blanks, trackings=numbers, paid=paid, was_paid=was_paid)
