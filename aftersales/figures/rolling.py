"""Roll-up: days are counted from the history into daily rows, at night, or again by command."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import Min

from aftersales import clock
from aftersales.bulk import filled, insert_from
from aftersales.figures.counting import (
    COLUMNS,
    COUNTS,
    FACTS,
    PAID_COLUMNS,
    PLAIN,
    RESTATED,
    counted,
    lived,
    paid,
)
from aftersales.models import Event, Shop
from aftersales.models.figures import (
    DAYS,
    DRAWN,
    NEVER,
    Counted,
    DayFigure,
    Lived,
    Measure,
    RolledDay,
)
from aftersales.rules.deadlines import CHINA

DAY = timedelta(days=1)
SETTLED = timedelta(minutes=1)  # what was agreed just before midnight can be undone after it
SHOWN = (DRAWN + DAYS - 1) * DAY  # what a page shows: the windows that end on the days drawn

# ``last`` is kept only where a window can hold both days, so that rows do not depend on how far
# back a run looked.
TOTALS = """
INSERT INTO {day_figure} (shop_id, day, measure, subject, base, last, number, took)
SELECT shop_id, day, measure, subject, base, last, COUNT(*), SUM(took)
FROM (
    SELECT shop_id, day, measure, subject, base, took,
        CASE WHEN before >= {earliest} THEN before ELSE {never} END AS last
    FROM (
        SELECT shop_id, day, measure, {subject} AS subject, base, took, LAG(base) OVER (
            PARTITION BY unit, measure, {by} shop_id ORDER BY day, id
        ) AS before
        FROM {counted}
        WHERE measure IN ({measures}) AND day >= %s AND day <= %s
    ) AS counted
    WHERE day >= %s
) AS rows_of_days
GROUP BY shop_id, day, measure, subject, base, last
"""
DIALECTS = {  # the earliest day of a window that ends on ``day``; the date of NEVER
    "postgresql": (f"day - {DAYS - 1}", f"DATE '{NEVER.isoformat()}'"),
    "sqlite": (f"date(day, '-{DAYS - 1} days')", f"'{NEVER.isoformat()}'"),
}


def in_china(moment: datetime) -> datetime:
    return moment.astimezone(CHINA)


def yesterday() -> date:
    return in_china(clock.now()).date() - DAY


def rolled_until() -> date | None:
    """The newest day that is counted; no window can end later."""
    return RolledDay.newest()


def begins(day: date) -> datetime:
    """The first moment of a day in China."""
    return datetime.combine(day, time(), CHINA)


def catch_up() -> int:
    """Count the days since the last one counted, to yesterday; return how many there were.

    With them, what the platform may have taken back is counted again for as long as pages show it.
    """
    last, newest = in_china(clock.now() - SETTLED).date() - DAY, rolled_until()
    if newest is not None and newest >= last:
        return 0
    if newest is None:
        began = Event.objects.aggregate(first=Min("at"))["first"]
        newest = (in_china(began).date() if began else last) - SHOWN
    roll_up(newest + DAY, last)
    roll_up(last - SHOWN + DAY, newest, RESTATED)
    return (last - newest).days


@transaction.atomic
def roll_up(first: date, last: date, measures: Sequence[Measure] = tuple(Measure)) -> None:
    """Count the days from first to last anew. Later days that refer back to them follow."""
    if first > last:
        return
    since, until = begins(first), begins(last + DAY)
    DayFigure.objects.filter(measure=Measure.PAID, day__range=(first, last)).delete()
    insert_from(DayFigure, PAID_COLUMNS, paid(since, until))
    told = [measure for measure in measures if measure in COUNTS]
    touched = last + (DAYS - 1) * DAY
    DayFigure.objects.filter(measure__in=told, day__range=(first, touched)).delete()
    shops = Shop.objects.order_by().values("pk")  # by them, the index finds the days
    Counted.objects.filter(shop__in=shops, measure__in=told, day__range=(first, last)).delete()
    with filled(Lived, (*PLAIN, *FACTS), lived(since, until)):
        for measure in told:
            insert_from(Counted, COLUMNS, counted(measure, since, until))
    _add_up(told, first, touched)
    if set(measures) == set(Measure):
        RolledDay.objects.filter(day__range=(first, last)).delete()
        at, days_done = clock.now(), range((last - first).days + 1)
        RolledDay.objects.bulk_create(RolledDay(day=first + n * DAY, at=at) for n in days_done)


def _add_up(measures: Sequence[Measure], first: date, last: date) -> None:
    """Make the daily rows of measures, for all reasons together and for each of them."""
    quote = connection.ops.quote_name
    earliest, never = DIALECTS[connection.vendor]
    names = [str(measure) for measure in measures]
    for subject, by in (("''", ""), ("subject", "subject,")):
        sql = TOTALS.format(
            day_figure=quote(DayFigure._meta.db_table),
            counted=quote(Counted._meta.db_table),
            measures=", ".join(["%s"] * len(names)),
            subject=subject,
            by=by,
            earliest=earliest,
            never=never,
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [*names, first - (DAYS - 1) * DAY, last, first])
