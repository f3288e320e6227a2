"""``manage.py import_orders FILE --shop CODE``: what the merchants' page does, from a terminal or cron."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _

from aftersales.imports import jobs
from aftersales.imports.reading import Unreadable
from aftersales.models import Shop


class Command(BaseCommand):
    help = "Import an order file into a shop; with --dry-run only say what would happen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--shop", required=True, metavar="CODE")
        parser.add_argument("--dry-run", action="store_true", help="write no order")

    def handle(self, *, file: Path, shop: str, dry_run: bool, **options: Any) -> None:
        owner = Shop.objects.filter(code=shop).first()
        if owner is None:
            raise CommandError(f"There is no shop {shop}.")
        try:
            with file.open("rb") as opened:
                job = jobs.check(jobs.start(owner, None, File(opened, name=file.name)))
        except OSError as problem:
            raise CommandError(f"{file.name}: {problem.strerror}") from problem
        except Unreadable as problem:
            raise CommandError(_(problem.reason).format(**problem.facts)) from problem
        if not dry_run and not job.error:
            jobs.run(job)
        for line in jobs.summary(job):
            self.stdout.write(line)
        failed = bool(job.failed or job.error)
        if dry_run:
            job.file.delete(save=False)
            job.delete()
        if failed:
            sys.exit(1)
