"""How many deadlines fall due in each minute of a fortnight, and how many sweepers keep up.

    python tools/deadline_load.py [ORDERS A DAY] [STEPS A SECOND OF ONE SWEEPER]

A worked example for docs/scale.md: orders follow the hours of a day, 3 % of them become cases, a
promotion triples one day, and a holiday moves what falls due on it to the next morning.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

MINUTE, DAY = 60, 24 * 60  # seconds, minutes
DAYS = 14
# The share of a day's applications by hour, from midnight; the evening is the busiest.
HOURS = [18, 10, 6, 4, 3, 4, 8, 16, 30, 44, 54, 54, 50, 50, 50, 50, 52, 54, 58, 68, 82, 86, 70, 40]
AFTER_SALES = 0.03
PROMOTION, TIMES = 4, 3.0  # the day, counted from 0, and how much busier it is
HOLIDAY = (8, 9)  # days on which nothing falls due; it does at ten on the morning after


@dataclass(frozen=True)
class Clock:
    """A clock that some cases run into: after how long, and which share of all cases."""

    name: str
    minutes: int
    share: float
    in_working_time: bool = False


CLOCKS = [
    Clock("handling (D1, D2)", 48 * 60, 0.20, in_working_time=True),
    Clock("a buyer's reply (D11)", 60, 0.15),
    Clock("sending back (D4)", 7 * DAY, 0.04),
    Clock("receipt (D7)", 10 * DAY, 0.10),
    Clock("after a rejection (D6)", 3 * DAY, 0.05),
]


def applications(orders: int) -> list[float]:
    """Cases applied for in each minute."""
    whole = sum(HOURS)
    day = [orders * AFTER_SALES * HOURS[minute // 60] / whole / 60 for minute in range(DAY)]
    return [
        each * (TIMES if number == PROMOTION else 1.0) for number in range(DAYS) for each in day
    ]


def due(applied: list[float], moved: Callable[[int], int]) -> list[float]:
    """Deadlines in each minute; ``moved`` says where one lands that counts in working time."""
    load = [0.0] * len(applied)
    for clock in CLOCKS:
        for minute, cases in enumerate(applied):
            at = minute + clock.minutes
            at = moved(at) if clock.in_working_time else at
            if at < len(load):
                load[at] += cases * clock.share
    return load


def as_it_falls(minute: int) -> int:
    return minute


def after_the_holiday(minute: int) -> int:
    if HOLIDAY[0] <= minute // DAY <= HOLIDAY[1]:
        return (HOLIDAY[1] + 1) * DAY + 10 * 60
    return minute


def waiting(load: list[float], rate: float) -> tuple[float, float]:
    """With ``rate`` steps a second: the longest a deadline waits, in seconds, and the longest queue."""
    left = longest = most = 0.0
    for fell_due in load:
        left = max(0.0, left + fell_due - rate * MINUTE)
        longest, most = max(longest, left / rate), max(most, left)
    return longest, most


def main() -> None:
    orders = int(float(sys.argv[1])) if len(sys.argv) > 1 else 100_000_000
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 1_900.0
    applied = applications(orders)
    print(f"{orders:,} orders a day: {orders * AFTER_SALES / DAY / MINUTE:,.0f} cases a second")
    for name, moved in [("as they fall", as_it_falls), ("a holiday's at ten", after_the_holiday)]:
        load = due(applied, moved)
        settled = load[3 * DAY :]
        print(
            f"{name}: {sum(settled) / len(settled) / MINUTE:,.0f} a second on average, "
            f"{max(settled) / MINUTE:,.0f} in the busiest minute"
        )
        for sweepers in (1, 2, 4):
            longest, most = waiting(load, rate * sweepers)
            print(
                f"  {sweepers} × {rate:,.0f}/s: {longest:,.0f} s late at most, {most:,.0f} waiting"
            )


if __name__ == "__main__":
    main()
