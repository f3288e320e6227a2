"""Hold every case against its history, queues and mirrors, as the daily check does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aftersales.consistency import checking
from aftersales.models import Case, Finding


class Command(BaseCommand):
    help = "Check all cases (or one) and name each that does not fit together."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--case", help="the number of one case")

    def handle(self, *, case: str | None, **options: Any) -> None:
        rows = Finding.objects.filter(closed_at=None).select_related("case").order_by("case", "pk")
        if case:
            keys = list(Case.objects.filter(code=case).values_list("pk", flat=True))
            if not keys:
                raise CommandError(f"no case {case}")
            checking.examine(keys)
            cases, rows = 1, rows.filter(case__in=keys)
        else:
            cases = checking.check_all().cases
        many = 0
        for finding in rows.iterator(chunk_size=500):
            self.stdout.write(f"{finding.case}: {finding}")
            many += 1
        if many:
            raise CommandError(f"{cases} cases checked, {many} findings")
        self.stdout.write(f"{cases} cases checked, 0 findings")
