"""工作时间: clocks that run only in working hours, on the days on which China works.

Which days those are is the State Council's yearly notice: public holidays, and the weekends
that are worked instead (调休). The library ``holidays`` keeps it; for a year whose notice is not
out yet it knows the statutory days, and weekends count as free.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

CHINA = ZoneInfo("Asia/Shanghai")
CALENDAR = holidays.country_holidays("CN")
DAY = timedelta(days=1)


class Hours(NamedTuple):
    """From when to when work is done on a working day, China's time."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"

    @classmethod
    def read(cls, text: str) -> "Hours":
        """``10:00-18:00``, as it is stamped on a case."""
        opens, _dash, closes = text.partition("-")
        return cls(time.fromisoformat(opens), time.fromisoformat(closes))


def works_on(day: date) -> bool:
    """Monday to Friday but for public holidays, and the weekends worked in their stead."""
    return bool(CALENDAR.is_working_day(day))


def days_on(day: date, count: int) -> date:
    """The ``count``-th working day after a day."""
    while count:
        day += DAY
        count -= works_on(day)
    return day


def end_of_workday(at: datetime, count: int) -> datetime:
    """The end of the ``count``-th working day after a moment."""
    day = days_on(at.astimezone(CHINA).date(), count)
    return datetime.combine(day + DAY, time(), CHINA).astimezone(at.tzinfo)


def end_of(at: datetime, length: timedelta, hours: Hours) -> datetime:
    """When ``length`` of working time from ``at`` on is over."""
    local = at.astimezone(CHINA)
    day, left = local.date(), length
    while True:
        opens = datetime.combine(day, hours.opens, CHINA)
        closes = datetime.combine(day, hours.closes, CHINA)
        begins = max(opens, local)
        if works_on(day) and begins < closes:
            if begins + left <= closes:
                return (begins + left).astimezone(at.tzinfo)
            left -= closes - begins
        day += DAY


def between(since: datetime, until: datetime, hours: Hours) -> timedelta:
    """How much working time there is from one moment to another: what is left of a clock."""
    day, last, found = since.astimezone(CHINA).date(), until.astimezone(CHINA).date(), timedelta()
    while day <= last:
        if works_on(day):
            begins = max(datetime.combine(day, hours.opens, CHINA), since)
            ends = min(datetime.combine(day, hours.closes, CHINA), until)
            found += max(ends - begins, timedelta())
        day += DAY
    return found
