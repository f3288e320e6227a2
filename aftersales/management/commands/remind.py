"""Remind whoever must act of a deadline, as beat does: for cron, or by hand after an outage."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from aftersales import clock
from aftersales.models import Case
from aftersales.notices.reminding import remind_all
from aftersales.rules import reminders


class Command(BaseCommand):
    help = "Remind whoever must act of a deadline that draws near, as beat does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only list who is to be reminded"
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        if not dry_run:
            self.stdout.write(f"{remind_all()} cases were at a mark")
            return
        at = clock.now()
        for case in Case.objects.filter(remind_at__lte=at).order_by("remind_at").iterator():
            self.stdout.write(f"{case}  {case.due_at:%Y-%m-%d %H:%M}  {reminders.fallen(case, at)}")
