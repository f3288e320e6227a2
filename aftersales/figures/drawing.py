"""A figure's course as a line: what ``components/figures/course.html`` draws as SVG and writes as a table.

Places are percentages of the plot: the drawing fits any width while strokes, dots and numbers keep
their size, and nothing needs an inline style. Why no library: docs/architecture.md.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftersales.display import EMPTY, written
from aftersales.figures.definitions import Figure
from aftersales.figures.reading import Figures, Window

SPANS = {30: 7, 90: 15}  # days that are drawn: days between two dates on the axis
MOST_STEPS = 5  # of the upright axis
ROUND = (1, 2, 5)

Linked = Callable[[date, bool], str]  # (day, that day alone?) → the page of what was counted


class Tick(NamedTuple):
    """A number or a date on an axis, and how far along it stands (percent of the plot)."""

    at: str
    label: str


class Point(NamedTuple):
    """The figure as it stood on a day; ``x`` and ``y`` in percent of the plot, ``y`` empty for none.

    ``counted`` is how many of its cases or orders were new on that day.
    """

    x: str
    y: str
    left: str
    day: str
    value: str
    told: str
    url: str
    counted: int
    counted_url: str


class Drawing(NamedTuple):
    """``lines`` are (x1, y1, x2, y2) between neighbouring days that both have the figure."""

    key: str
    label: str
    unit: str
    counted: str
    days: int
    width: str
    lines: list[tuple[str, str, str, str]]
    points: list[Point]
    levels: list[Tick]
    dates: list[Tick]
    says: str


def number(value: Decimal | None) -> str:
    return EMPTY if value is None else f"{value:,}"


def with_unit(figure: Figure, value: Decimal | None) -> str:
    """12.50%, 4.50 小时, 8, or the dash."""
    if value is None:
        return EMPTY
    if figure.hours:
        return ngettext("{n} 小时", "{n} 小时", 1 if value == 1 else 2).format(n=number(value))
    return f"{number(value)}{figure.unit}"


def day_of(day: date) -> str:
    return f"{day:{written().day}}"


def levels(most: Decimal, *, whole: bool) -> list[Decimal]:
    """Round numbers from 0 to ``most`` or just above it, in at most five even steps."""
    least = max(most / MOST_STEPS, Decimal(1) if whole else Decimal("0.01"))
    power = Decimal(10) ** least.adjusted()
    step = next(each * power for each in (*ROUND, 10) if each * power >= least)
    steps = max(1, int((most / step).to_integral_value(ROUND_CEILING)))
    return [n * step for n in range(steps + 1)]


def draw(figure: Figure, figures: Figures, last: date, days: int, link: Linked) -> Drawing:
    """The figure as it stood on each of ``days`` days to ``last``, each over its own 30 days."""
    course = [last - timedelta(days=n) for n in reversed(range(days))]
    values = [figures.value(figure, Window(day)) for day in course]
    known = [value for value in values if value is not None]
    axis = levels(max(known, default=Decimal(0)), whole=not figure.unit)
    across, up = Decimal(100) / (days - 1), Decimal(100) / axis[-1]
    points = [
        Point(
            x=f"{n * across:.2f}",
            y="" if value is None else f"{100 - value * up:.2f}",
            left=f"{(n - Decimal('0.5')) * across:.2f}",
            day=day_of(day),
            value=number(value),
            told=with_unit(figure, value),
            url=link(day, False),
            counted=figures.on_last_day(figure.count, Window(day)),
            counted_url=link(day, True),
        )
        for n, (day, value) in enumerate(zip(course, values, strict=True))
    ]
    return Drawing(
        figure.key,
        str(figure.label),
        str(figure.unit),
        str(figure.count.label),
        days,
        f"{across:.2f}",
        [(a.x, a.y, b.x, b.y) for a, b in pairwise(points) if a.y and b.y],
        points,
        [Tick(f"{100 - each * up:.2f}", f"{each.normalize():,f}") for each in axis],
        [Tick(points[n].x, points[n].day) for n in range(days - 1, -1, -SPANS[days])],
        _says(figure, known, points),
    )


def _says(figure: Figure, known: list[Decimal], points: list[Point]) -> str:
    """The line in a sentence, for whoever does not see it; nothing where there is no line."""
    if not known:
        return ""
    newest = [point for point in points if point.y][-1]
    return _("{first} 至 {last}，最低 {low}，最高 {high}；{day} 为 {now}。").format(
        first=points[0].day,
        last=points[-1].day,
        low=with_unit(figure, min(known)),
        high=with_unit(figure, max(known)),
        day=newest.day,
        now=newest.told,
    )
