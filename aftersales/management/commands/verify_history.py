"""Prove the chains of events: every case's links are whole, in order and end where the case says."""

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from aftersales.models import Case, Event
from aftersales.models.history import GENESIS

BATCH = 1000  # cases


class Command(BaseCommand):
    help = "Check the hash chain of every case (or of one) and name the first broken link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--case", help="the number of one case")

    def handle(self, *, case: str | None, **options: Any) -> None:
        cases = Case.objects.order_by("pk").only("pk", "code", "version", "chain")
        if case:
            cases = cases.filter(code=case)
            if not cases:
                raise CommandError(f"no case {case}")
        checked = links = reached = 0
        while batch := list(cases.filter(pk__gt=reached)[:BATCH]):
            links += self.verify(batch)
            checked, reached = checked + len(batch), batch[-1].pk
        self.stdout.write(f"{checked} cases, {links} links, all whole")

    def verify(self, cases: Sequence[Case]) -> int:
        """The number of links; CommandError names the first that is missing or was changed.

        A case may move on while it is looked at: what does not fit is read again, held still.
        """
        links = 0
        events = of_cases(cases)
        for case in cases:
            try:
                links += whole(case, events[case.pk])
            except CommandError:
                with transaction.atomic():
                    held = Case.objects.select_for_update().get(pk=case.pk)
                    links += whole(held, of_cases([held])[held.pk])
        return links


def of_cases(cases: Sequence[Case]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    for event in Event.objects.filter(case__in=cases).order_by("case", "version"):
        found[event.case_id].append(event)
    return found


def whole(case: Case, events: Iterable[Event]) -> int:
    """The number of links of a chain that is whole, or CommandError."""
    previous, version = GENESIS, 0
    for event in events:
        version += 1
        if event.version != version:
            raise CommandError(f"{case.code}: link {version} is missing")
        if event.digest(previous) != event.hash:
            raise CommandError(f"{case.code}: link {version} ({event.step}) was changed")
        previous = event.hash
    if version != case.version or previous != case.chain:
        raise CommandError(f"{case.code}: the chain ends at {version}, not at {case.version}")
    return version
