"""Count the figures day by day: what is missing, or with ``--from`` and ``--to`` those days anew."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aftersales.figures import rolling


class Command(BaseCommand):
    help = "Count the figures of the days since the last roll-up, or rebuild the days named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        days: dict[str, Any] = {"type": date.fromisoformat, "metavar": "YYYY-MM-DD"}
        parser.add_argument("--from", dest="first", help="rebuild from this day in China", **days)
        parser.add_argument("--to", dest="last", help="to this day, or yesterday", **days)

    def handle(self, *, first: date | None, last: date | None, **options: Any) -> None:
        if first is None:
            if last is not None:
                raise CommandError("--to needs --from.")
            self.stdout.write(f"{rolling.catch_up()} days counted")
            return
        newest = rolling.yesterday()
        last = last or newest
        if not first <= last <= newest:
            raise CommandError(f"The days must run forward and end on {newest} at the latest.")
        rolling.roll_up(first, last)
        self.stdout.write(f"{(last - first).days + 1} days counted anew")
