"""Run any of beat's sweeps by hand: for cron, or where beat or the workers stand still."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string


class Command(BaseCommand):
    help = (
        "Run the sweeps named, or with --all every one, in this process; without either, list them. "
        "Ends with 1 if one of them broke; the others are run all the same."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")
        parser.add_argument("--all", action="store_true", dest="every")

    def handle(self, *, names: list[str], every: bool, **options: Any) -> None:
        schedule = settings.CELERY_BEAT_SCHEDULE
        if unknown := set(names) - set(schedule):
            raise CommandError(
                f"no sweep {', '.join(sorted(unknown))}; there are: {', '.join(schedule)}"
            )
        # The worker's pulse is no sweep: only a worker may say that a worker lives.
        wanted = names or [name for name in schedule if name != "keep-pulse"]
        if not (names or every):
            for name in schedule:
                self.stdout.write(f"{name}  every {schedule[name]['schedule']:g} s")
            return
        broken = []
        for name in wanted:
            try:
                done = import_string(schedule[name]["task"])()
            except Exception as error:
                broken.append(name)
                self.stderr.write(f"{name}: {type(error).__name__}: {error}")
            else:
                self.stdout.write(f"{name}: {done}")
        if broken:
            raise CommandError(f"broke: {', '.join(broken)}")
