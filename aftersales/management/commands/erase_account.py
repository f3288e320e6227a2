"""Erase an account: the person goes, the cases stay lawful (docs/privacy.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aftersales.models import User
from aftersales.privacy import erasing


class Command(BaseCommand):
    help = "Erase an account. With --dry-run only say what would go, what stays, and what is in the way."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *, username: str, dry_run: bool, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError("no such account")
        wrong = erasing.refusals(user)
        for name, many in erasing.goes(user).items():
            self.stdout.write(f"goes   {name}: {many}")
        for name, many in erasing.stays(user).items():
            self.stdout.write(f"stays  {name}: {many}")
        if wrong:
            raise CommandError("not now: " + "; ".join(wrong))
        if not dry_run:
            erasing.erase(user)
            self.stdout.write(f"erased; the account is {user.username} now")
