"""Load the shipped catalogue: what is missing, or with ``--reset`` everything as shipped."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from aftersales import catalogue, clock
from aftersales.models import Edition


class Command(BaseCommand):
    help = "Create what is missing of the shipped catalogue; staff's edits stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset",
            action="store_true",
            help="publish an edition that restores every shipped row",
        )

    def handle(self, *, reset: bool, **options: Any) -> None:
        for kind, count in catalogue.load().items():
            self.stdout.write(f"{kind}: {count}")
        changes = catalogue.restored() if reset else []
        if changes:
            edition = Edition.publish(changes, by=None, note=_("恢复出厂规则"), at=clock.now())
            rows = ", ".join(f"{each['kind']} {each['key']}" for each in changes)
            self.stdout.write(f"{edition}: {rows}")
