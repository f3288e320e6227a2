"""Reading the figures of a shop: a few hundred daily rows, added up in the windows that a page shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, Max, QuerySet, Sum

from aftersales.figures.counting import orders_paid
from aftersales.figures.definitions import FIGURES, Figure, Tally
from aftersales.figures.rolling import DAY, begins
from aftersales.models import Order, Shop
from aftersales.models.figures import DAYS, Counted, DayFigure, Measure

PEERS_KEPT = 86400  # seconds
FEWEST_PEERS = 2  # other shops: of one alone, the mean would be its own figure

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

    def on_last_day(self, measure: Measure, window: Window) -> int:
        """How many of those in the window were counted on its last day."""
        return sum(
            count
            for day, _measure, base, counted_on, count, _time in self.rows.get(str(measure), ())
            if day == window.last and base >= window.first and counted_on < day
        )

    def value(self, figure: Figure, window: Window) -> Decimal | None:
        return figure.value(self.tally(figure.count, window), self.tally(figure.of, window))


def figures_of(shop: Shop, last: date) -> Figures:
    """What the page of a shop needs, in one query: two windows back from ``last``."""
    return Figures(_rows(last, 2 * DAYS).filter(shop=shop, subject=""))


def figures_by_reason(shop: Shop, last: date) -> dict[str, Figures]:
    """The same for the 30 days to ``last``, by the code of the buyer's reason."""
    by_reason: dict[str, list[Row]] = {}
    rows = _rows(last, DAYS).filter(shop=shop).exclude(subject="")
    for subject, *row in rows.values_list("subject", *COLUMNS):
        by_reason.setdefault(subject, []).append(tuple(row))
    return {subject: Figures(found) for subject, found in sorted(by_reason.items())}


COLUMNS = ("day", "measure", "base", "last", "number", "took")


def _rows(last: date, days: int) -> QuerySet[DayFigure, Any]:
    first = last - (days - 1) * DAY
    return DayFigure.objects.filter(day__range=(first, last)).order_by().values_list(*COLUMNS)


# The course of a figure ---------------------------------------------------------------------------


def figures_for(figure: Figure, last: date, days: int, shop: Shop | None = None) -> Figures:
    """What one figure takes on each of ``days`` days and in the window before; of all shops if none.

    Nothing is counted in two shops, so that the rows of all of them add up.
    """
    measures = [str(each) for each in figure.measures.values()]
    reach = max(days + DAYS - 1, 2 * DAYS)
    rows = _rows(last, reach).filter(subject="", measure__in=measures)
    if shop is not None:
        return Figures(rows.filter(shop=shop))
    summed = rows.values("day", "measure", "base", "last")
    return Figures(
        summed.annotate(count=Sum("number"), time=Sum("took")).values_list(
            "day", "measure", "base", "last", "count", "time"
        )
    )


# Other shops --------------------------------------------------------------------------------------


class Peer(NamedTuple):
    """What a measure adds up to in all shops together, and in how many it does."""

    tally: Tally
    shops: int


def peers(last: date) -> Mapping[str, Peer]:
    """All shops together in the window to ``last``, by measure; remembered until days are counted again."""
    counted = DayFigure.objects.aggregate(newest=Max("pk"))["newest"]
    key = f"figures-peers:{last}:{counted}"
    found: dict[str, Peer] | None = cache.get(key)
    if found is None:
        summed = DayFigure.objects.in_window(last).values("measure")
        rows = summed.annotate(
            count=Sum("number"), time=Sum("took"), shops=Count("shop_id", distinct=True)
        )
        found = {
            row["measure"]: Peer(Tally(row["count"], row["time"] or timedelta()), row["shops"])
            for row in rows
        }
        cache.set(key, found, PEERS_KEPT)
    return found


def peer_value(
    figure: Figure, figures: Figures, window: Window, all_shops: Mapping[str, Peer]
) -> Decimal | None:
    """The figure of all other shops together; none of a mere number, and none of fewer than two."""
    divider = figure.of or (figure.count if figure.hours else None)
    whole = all_shops.get(str(divider))
    if whole is None or whole.shops - bool(figures.tally(divider, window).number) < FEWEST_PEERS:
        return None

    def others(measure: Measure | None) -> Tally:
        peer, own = all_shops.get(str(measure)), figures.tally(measure, window)
        whole = peer.tally if peer else Tally()
        return Tally(whole.number - own.number, whole.took - own.took)

    return figure.value(others(figure.count), others(figure.of))


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


def counted_in(
    shop: Shop, measure: Measure, window: Window, *, reason: str = "", last_day: bool = False
) -> QuerySet[Counted]:
    """What a measure counted in a window, or on its last day: one row per order or case, the newest first."""
    rows = Counted.objects.filter(
        shop=shop,
        measure=measure,
        day__range=(window.last if last_day else window.first, window.last),
        base__gte=window.first,
    )
    if reason:
        rows = rows.filter(subject=reason)
    newest = rows.order_by().values("unit").annotate(newest=Max("pk")).values("newest")
    return Counted.objects.filter(pk__in=newest).order_by("-day", "-pk")


def paid_in(shop: Shop, window: Window, *, last_day: bool = False) -> QuerySet[Order]:
    """The orders behind ``Measure.PAID``."""
    span = (begins(window.last if last_day else window.first), begins(window.last + DAY))
    return orders_paid(*span).filter(shop=shop).order_by("-paid_at", "-pk")
