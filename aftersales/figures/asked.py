"""What the address of a page of figures asks for, and where its links lead."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple, Self
from urllib.parse import urlencode

from django.utils.dateparse import parse_date

from aftersales.figures import rolling
from aftersales.figures.definitions import BY_KEY, FIGURES, Figure
from aftersales.figures.drawing import SPANS
from aftersales.figures.reading import Window
from aftersales.models import Case, Order, RolledDay


class Asked(NamedTuple):
    """What is not there, or makes no sense, is as if it had not been asked for.

    ``last`` ends the windows (``?until=``), ``newest`` is the last day counted. ``on`` narrows a
    list to one day, ``reason`` to one of the buyers' reasons.
    """

    last: date
    newest: date
    days: int = min(SPANS)
    chart: str = ""
    part: str = "count"
    on: date | None = None
    reason: str = ""
    accepted: bool = False
    page: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self | None:
        """Nothing before the first night, when no day is counted yet."""
        newest = rolling.rolled_until()
        if newest is None:
            return None
        days = query.get("days", "")
        return cls(
            last=_counted(query.get("until", ""), newest) or newest,
            newest=newest,
            days=int(days) if days in map(str, SPANS) else min(SPANS),
            chart=query.get("chart", ""),
            part=query.get("part", "count"),
            on=_counted(query.get("on", ""), newest),
            reason=query.get("reason", ""),
            accepted=bool(query.get("accepted")),
            page=query.get("page", ""),
        )

    @property
    def drawn(self) -> Figure:
        return BY_KEY.get(self.chart, FIGURES[0])

    @property
    def window(self) -> Window:
        """Of the list: to the day that it is narrowed to, else to ``last``."""
        return Window(self.on or self.last)

    def query(self, **more: object) -> str:
        """The end of an address that keeps the day and the span, and asks for ``more``."""
        kept: dict[str, object] = {}
        if self.last != self.newest:
            kept["until"] = self.last
        if self.days != min(SPANS):
            kept["days"] = self.days
        asked = {name: value for name, value in (kept | more).items() if value}
        return f"?{urlencode(asked)}" if asked else ""


def _counted(text: str, newest: date) -> date | None:
    """A day that is counted, by its ISO date."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day and (day == newest or RolledDay.objects.filter(day=day).exists()):
        return day
    return None


class Links(NamedTuple):
    """Addresses on a side's pages: of a figure, of what worked, of a case and of an order."""

    figure: Callable[[str], str]
    worked: Callable[[str, str], str]
    case: Callable[[Case], str]
    order: Callable[[Order], str]
