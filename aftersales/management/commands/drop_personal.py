"""Drop what has been kept for its time (docs/privacy.md), as beat does; or only say what is due."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from aftersales.privacy import retention


class Command(BaseCommand):
    help = "Drop personal data whose time is over: contacts, uploads never used, notices, sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what is due")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        for rule in retention.RULES:
            if dry_run:
                self.stdout.write(f"{rule.name} after {rule.days()} days: {rule.due().count()} due")
        if not dry_run:
            for name, many in retention.run().items():
                self.stdout.write(f"{name}: {many} dropped")
