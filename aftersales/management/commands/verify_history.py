"""Prove the chains of events: every case's links are whole, in order and end where the case says."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aftersales.models import Case, Event
from aftersales.models.history import GENESIS


class Command(BaseCommand):
    help = "Check the hash chain of every case (or of one) and name the first broken link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--case", help="the number of one case")

    def handle(self, *, case: str | None, **options: Any) -> None:
        cases = Case.objects.order_by("pk")
        if case:
            cases = cases.filter(code=case)
            if not cases:
                raise CommandError(f"no case {case}")
        checked = links = 0
        for row in cases.only("pk", "code", "version", "chain").iterator(chunk_size=500):
            links += self.verify(row)
            checked += 1
        self.stdout.write(f"{checked} cases, {links} links, all whole")

    def verify(self, case: Case) -> int:
        """The number of links; CommandError names the first that is missing or was changed."""
        previous, version = GENESIS, 0
        for event in Event.objects.filter(case=case).order_by("version").iterator():
            version += 1
            if event.version != version:
                raise CommandError(f"{case.code}: link {version} is missing")
            if event.digest(previous) != event.hash:
                raise CommandError(f"{case.code}: link {version} ({event.step}) was changed")
            previous = event.hash
        if version != case.version or previous != case.chain:
            raise CommandError(f"{case.code}: the chain ends at {version}, not at {case.version}")
        return version
