"""Move every case whose time has run out, as beat does: for cron, or by hand after an outage."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from aftersales import clock, tasks
from aftersales.models import Case


class Command(BaseCommand):
    help = "Move every case whose time has run out, as beat does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only list what would move")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        if not dry_run:
            taken, broken = tasks.expire_all()
            self.stdout.write(f"{taken} cases moved, {broken} set aside")
            return
        at = clock.now()
        for case in Case.objects.due(at).iterator():
            names = ", ".join(name for due_at, name in sorted(case.clocks()) if due_at <= at)
            self.stdout.write(f"{case}  {case.get_status_display()}  ->  {names}")
