"""Load the shipped catalogue: what is missing, or with ``--reset`` everything as shipped."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from aftersales import catalogue


class Command(BaseCommand):
    help = "Create what is missing of the shipped catalogue; staff's edits stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="restore every shipped row")

    def handle(self, *, reset: bool, **options: Any) -> None:
        for kind, count in catalogue.load(reset).items():
            self.stdout.write(f"{kind}: {count}")
