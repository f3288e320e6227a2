"""Reading the figures of a shop: a few hundred daily rows, added up in the windows that a page shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, QuerySet, Sum

from aftersales.figures.counting import orders_paid
from aftersales.figures.definitions import FIGURES, Figure, Tally
from aftersales.figures.rolling import DAY, begins
from aftersales.models import Order, Shop
from aftersales.models.figures import DAYS, Counted, DayFigure, Measure

Row = tuple[date, str, date, date, int, timedelta | None]


@dataclass(frozen=True)
class Window:
    """30 whole days in China, by the last of them."""

    last: date

    @property
    def first(self) -> date:
        return self.last - (DAYS - 1) * DAY

    @property
    def before(self) -> "Window":
        """The 30 days before these."""
        return Window(self.first - DAY)


class Figures:
    """The daily rows of one shop (or of one reason in it), read in any window that they reach."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows: dict[str, list[Row]] = {}
        for row in rows:
            self.rows.setdefault(row[1], []).append(row)

    def tally(self, measure: Measure | None, window: Window) -> Tally:
        """What the measure adds up to, every order or case counted once."""
        first, last = window.first, window.last
        number, took = 0, timedelta()
        for day, _measure, base, counted_on, count, time in self.rows.get(str(measure), ()):
            if base >= first > counted_on and day <= last:
                number += count
                took += time or timedelta()
        return Tally(number, took)

    def value(self, figure: Figure, window: Window) -> Decimal | None:
        return figure.value(self.tally(figure.count, window), self.tally(figure.of, window))


def figures_of(shop: Shop, last: date) -> Figures:
    """What the page of a shop needs, in one query: two windows back from ``last``."""
    return Figures(_rows(shop, last, 2 * DAYS).filter(subject=""))


def figures_by_reason(shop: Shop, last: date) -> dict[str, Figures]:
    """The same for the 30 days to ``last``, by the code of the buyer's reason."""
    by_reason: dict[str, list[Row]] = {}
    rows = _rows(shop, last, DAYS).exclude(subject="")
    for subject, *row in rows.values_list("subject", *COLUMNS):
        by_reason.setdefault(subject, []).append(tuple(row))
    return {subject: Figures(found) for subject, found in sorted(by_reason.items())}


COLUMNS = ("day", "measure", "base", "last", "number", "took")


def _rows(shop: Shop, last: date, days: int) -> QuerySet[DayFigure, Any]:
    first = last - (days - 1) * DAY
    return DayFigure.objects.filter(shop=shop, day__range=(first, last)).values_list(*COLUMNS)


def across_shops(last: date) -> dict[int, dict[str, Decimal | None]]:
    """Every figure of every shop that has any, by the shop's key, in one query."""
    rows = DayFigure.objects.in_window(last)
    tallies: dict[int, dict[str, Tally]] = {}
    summed = rows.values("shop_id", "measure").annotate(count=Sum("number"), time=Sum("took"))
    for row in summed:
        of_shop = tallies.setdefault(row["shop_id"], {})
        of_shop[row["measure"]] = Tally(row["count"], row["time"] or timedelta())
    return {
        shop: {
            figure.key: figure.value(
                of_shop.get(str(figure.count), Tally()), of_shop.get(str(figure.of), Tally())
            )
            for figure in FIGURES
        }
        for shop, of_shop in tallies.items()
    }


# What stands behind a figure ----------------------------------------------------------------------


def counted_in(shop: Shop, measure: Measure, window: Window) -> QuerySet[Counted]:
    """What a measure counted in a window: one row per order or case, the newest first."""
    rows = Counted.objects.filter(
        shop=shop,
        measure=measure,
        day__range=(window.first, window.last),
        base__gte=window.first,
    )
    newest = rows.order_by().values("unit").annotate(newest=Max("pk")).values("newest")
    return Counted.objects.filter(pk__in=newest).order_by("-day", "-pk")


def paid_in(shop: Shop, window: Window) -> QuerySet[Order]:
    """The orders behind ``Measure.PAID``."""
    span = (begins(window.first), begins(window.last + DAY))
    return orders_paid(*span).filter(shop=shop).order_by("-paid_at", "-pk")


def course(figures: Figures, figure: Figure, last: date) -> list[tuple[date, Decimal | None]]:
    """The figure as it stood on each of the 30 days to ``last``."""
    days = [last - n * DAY for n in reversed(range(DAYS))]
    return [(day, figures.value(figure, Window(day))) for day in days]
