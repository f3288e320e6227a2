"""The figures as pages show them, to a merchant and to staff: tiles, the course as a drawing, tables."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from aftersales.display import EMPTY, mask, written
from aftersales.figures import advice, reading, rolling
from aftersales.figures.definitions import BY_KEY, FIGURES, Figure, Tally
from aftersales.models import (
    Case,
    Counted,
    Measure,
    Order,
    Plan,
    Reason,
    RolledDay,
    Script,
    Shop,
    ShopScript,
)

PER_PAGE = 50
WIDTH, HEIGHT = 580, 160  # of the drawing, in its own units
REASON_COLUMNS = [
    Measure.APPLIED,
    Measure.REFUNDED,
    Measure.REJECTED,
    Measure.INTERVENED,
    Measure.DISPUTE_REFUNDED,
]


class Change(NamedTuple):
    """Against the 30 days before: up, down, or the same; nothing where one of the two is not there."""

    sign: str
    word: str
    by: str


class Part(NamedTuple):
    """A number behind a figure, and the list that it counts."""

    label: str
    number: int
    url: str


class Tile(NamedTuple):
    key: str
    label: str
    value: str
    unit: str
    change: Change | None
    says: str
    parts: list[Part]


class Point(NamedTuple):
    day: str
    value: str


class Drawing(NamedTuple):
    """A line over 30 days: ``lines`` are the points of its unbroken parts, ``dots`` lonely days."""

    label: str
    unit: str
    width: int
    height: int
    lines: list[str]
    dots: list[tuple[str, str]]
    most: str
    first: str
    last: str
    points: list[Point]


class Worked(NamedTuple):
    """How often a script, a plan or the talk about a reason was accepted."""

    code: str
    label: str
    cases: int
    rate: str
    interval: str


class Behind(NamedTuple):
    """An order or a case that a figure counts."""

    code: str
    url: str
    order: str
    goods: str
    about: str
    day: str
    took: str


Linked = Callable[[str, str], str]  # (key of a figure, "count" or "of") → the page of its list


def number(value: Decimal | None) -> str:
    return EMPTY if value is None else f"{value:,}"


def ends_on(asked: str) -> tuple[date | None, date | None]:
    """The day that windows end on (the one asked for, if it is counted), and the newest counted."""
    newest = rolling.rolled_until()
    try:
        day = parse_date(asked)
    except ValueError:
        day = None
    if day and newest and day < newest and RolledDay.objects.filter(day=day).exists():
        return day, newest
    return newest, newest


def day_of(day: date) -> str:
    return f"{day:{written().day}}"


def overview(shop: Shop, last: date, drawn: str, link: Linked) -> dict[str, Any]:
    """All of a shop's page: the window to ``last``, the one before it, and what worked."""
    window = reading.Window(last)
    figures = reading.figures_of(shop, last)
    figure = BY_KEY.get(drawn, FIGURES[0])
    reasons = {row.code: row.label for row in Reason.objects.all()}
    return {
        "window": window,
        "span": f"{window.first:%Y-%m-%d} – {last:%Y-%m-%d}",
        "tiles": tiles(figures, window, link),
        "drawing": drawing(figures, figure, last),
        "drawn": figure.key,
        "choices": [(each.key, each.label) for each in FIGURES],
        "reason_heads": [measure.label for measure in REASON_COLUMNS],
        "reasons": by_reason(shop, window, reasons),
        "worked": worked(shop, reasons),
        "least": advice.ENOUGH,
    }


def tiles(figures: reading.Figures, window: reading.Window, link: Linked) -> list[Tile]:
    return [_tile(figure, figures, window, link) for figure in FIGURES]


def _tile(figure: Figure, figures: reading.Figures, window: reading.Window, link: Linked) -> Tile:
    value = figures.value(figure, window)
    measures = {"count": figure.count} | ({"of": figure.of} if figure.of else {})
    return Tile(
        figure.key,
        str(figure.label),
        number(value),
        str(figure.unit) if value is not None else "",
        _change(value, figures.value(figure, window.before)),
        str(figure.says),
        [
            Part(
                str(measure.label),
                figures.tally(measure, window).number,
                link(figure.key, name),
            )
            for name, measure in measures.items()
        ],
    )


def _change(now: Decimal | None, before: Decimal | None) -> Change | None:
    if now is None or before is None:
        return None
    if now == before:
        return Change("", _("持平"), "")
    sign, word = ("▲", _("上升")) if now > before else ("▼", _("下降"))
    return Change(sign, word, number(abs(now - before)))


def drawing(figures: reading.Figures, figure: Figure, last: date) -> Drawing:
    course = reading.course(figures, figure, last)
    most = max((value for _day, value in course if value is not None), default=Decimal(0))
    across, up = WIDTH / (len(course) - 1), HEIGHT / float(most or 1)
    runs: list[list[tuple[str, str]]] = [[]]
    for number_, (_day, value) in enumerate(course):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((f"{number_ * across:.1f}", f"{HEIGHT - float(value) * up:.1f}"))
    return Drawing(
        str(figure.label),
        str(figure.unit),
        WIDTH,
        HEIGHT,
        [" ".join(",".join(point) for point in run) for run in runs if len(run) > 1],
        [run[0] for run in runs if len(run) == 1],
        number(most),
        day_of(course[0][0]),
        day_of(last),
        [Point(day_of(day), number(value)) for day, value in reversed(course)],
    )


def by_reason(
    shop: Shop, window: reading.Window, labels: Mapping[str, str]
) -> list[tuple[str, list[int]]]:
    """How many of each outcome, by the buyer's reason; the most applied for first."""
    rows = [
        (
            labels.get(code, code),
            [figures.tally(measure, window).number for measure in REASON_COLUMNS],
        )
        for code, figures in reading.figures_by_reason(shop, window.last).items()
    ]
    return sorted(
        (row for row in rows if any(row[1])), key=lambda row: (-row[1][0], -sum(row[1]), row[0])
    )


def worked(shop: Shop, reasons: Mapping[str, str]) -> list[tuple[str, list[Worked]]]:
    """Scripts, plans and reasons with how often they were accepted; the most used first."""
    written = [*Script.objects.all(), *ShopScript.objects.filter(shop=shop)]
    scripts = {row.code: row.label for row in written}
    plans = {row.code: row.label for row in Plan.objects.all()}
    return [
        (_("话术"), _worked(advice.by_script(shop), scripts)),
        (_("方案"), _worked(advice.by_plan(shop), plans)),
        (_("买家原因"), _worked(advice.by_reason(shop), reasons)),
    ]


def _worked(shares: Mapping[str, advice.Share], labels: Mapping[str, str]) -> list[Worked]:
    rows = sorted(shares.items(), key=lambda pair: (-pair[1].whole, pair[0]))
    return [
        Worked(
            code,
            labels.get(code, code),
            share.whole,
            f"{share.rate}%",
            " – ".join(f"{end}%" for end in share.interval or ()),
        )
        for code, share in rows
    ]


# What stands behind a figure ----------------------------------------------------------------------


def behind(
    shop: Shop, figure: Figure, part: str, last: date, page: str, url_of: Callable[[Case], str]
) -> tuple[Page, Measure, list[Behind]]:
    """A page of the very orders and cases that a figure counts, or is divided by."""
    measure = figure.of if part == "of" and figure.of else figure.count
    window = reading.Window(last)
    if measure == Measure.PAID:
        orders = reading.paid_in(shop, window).prefetch_related("lines")
        paid = Paginator(orders, PER_PAGE).get_page(page)
        return paid, measure, [_paid(order) for order in paid]
    rows = reading.counted_in(shop, measure, window).select_related(
        "case__order", "case__line", "case__reason"
    )
    shown = Paginator(rows, PER_PAGE).get_page(page)
    return shown, measure, [_counted(row, url_of) for row in shown]


def _paid(order: Order) -> Behind:
    lines: Sequence[Any] = list(order.lines.all())
    title = lines[0].title if lines else ""
    day = f"{rolling.in_china(order.paid_at):%Y-%m-%d}" if order.paid_at else EMPTY
    return Behind("", "", order.number, title, mask(order.buyer_nick), day, "")


def _counted(row: Counted, url_of: Callable[[Case], str]) -> Behind:
    case = row.case
    about = _("{type} · {reason}").format(type=case.get_type_display(), reason=case.reason.label)
    took = number(FIGURES_TOOK.value(Tally(1, row.took), Tally())) if row.took is not None else ""
    day = f"{row.day:%Y-%m-%d}"
    return Behind(case.code, url_of(case), case.order.number, case.line.title, about, day, took)


FIGURES_TOOK = BY_KEY["avg_refund_hours"]
