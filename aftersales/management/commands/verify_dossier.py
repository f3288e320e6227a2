"""Prove a dossier: every file, the hash of the whole, and the chain of events inside."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aftersales.dossier.verifying import Dossier, Wrong, against_the_books, is_dossier, issued


class Command(BaseCommand):
    help = (
        "Check a dossier (ZIP) and name what was changed, is missing or was added, or where its"
        " chain of events breaks; of a PDF, say whether this platform handed it out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"no file {file}")
        if not is_dossier(file):
            self.paper(file)
            return
        dossier = Dossier(file)
        try:
            faults = dossier.check()
        except Wrong as wrong:
            raise CommandError(str(wrong)) from None
        known, contradictions = against_the_books(dossier) if not faults else ("", [])
        if faults or contradictions:
            raise CommandError("\n".join([*faults, *contradictions]))
        told = dossier.manifest
        self.stdout.write(
            f"{told['case']}: {len(told['files'])} files, {told['events']} links, all whole"
        )
        self.stdout.write(known)

    def paper(self, file: Path) -> None:
        """A PDF alone holds no hashes of its own; the book of copies knows it."""
        with file.open("rb") as opened:
            copy = issued(hashlib.file_digest(opened, "sha256").hexdigest())
        if copy is None:
            raise CommandError(f"{file.name} is no dossier that this platform handed out")
        self.stdout.write(
            f"{copy.case}: a PDF handed out here on {copy.at.isoformat()} to the {copy.party}"
        )
