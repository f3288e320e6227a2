"""Which passwords nobody may take, beside those that Django refuses."""

import hashlib
from bisect import bisect_left
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What a guesser who knows where he is tries first (docs/security.md).
OUR_WORDS = (
    "aftersales",
    "after-sales",
    "shouhou",
    "售后",
    "merchant",
    "reviewer",
    "taobao",
    "pinduoduo",
)


class NoWordsOfOurs:
    """A password is not made of what everybody knows of this place."""

    def validate(self, password: str, user: Any = None) -> None:
        if any(word in password.casefold() for word in OUR_WORDS):
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        return _("密码不能含有本站的名称或常用词")


class NotLeaked:
    """A password is not in the operator's list of leaked ones (``LEAKED_PASSWORDS``)."""

    def __init__(self, known: str) -> None:
        self.known = Path(known)

    def validate(self, password: str, user: Any = None) -> None:
        if leaked(password, self.known):
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        return _("密码不能是已经泄露过的")


def leaked(password: str, known: Path) -> bool:
    """Whether the sorted list has its hash; of forty gigabytes some forty lines are read."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with known.open("rb") as file:

        def line_at(place: int) -> bytes:
            """The first line that begins here or later; after the last, what sorts behind all."""
            file.seek(max(place - 1, 0))
            if place:
                file.readline()
            return file.readline()[: len(wanted)].upper() or b"~"

        every = range(known.stat().st_size)
        return line_at(bisect_left(every, wanted, key=line_at)) == wanted


def known_leaks(**_asked: Any) -> list[checks.CheckMessage]:
    """For ``manage.py check --deploy``: most of what leaks is on no list that comes with Django."""
    told = "LEAKED_PASSWORDS is not set: passwords that have leaked elsewhere are taken."
    return [] if settings.LEAKED_PASSWORDS else [checks.Warning(told, id="aftersales.W001")]


def without_second(**_asked: Any) -> list[checks.CheckMessage]:
    """For ``manage.py check --deploy``: who works here proves it twice; buyers need not."""
    missing = [each for each in ("merchant", "staff") if each not in settings.SECOND_FACTOR_FOR]
    told = (
        f"SECOND_FACTOR_FOR does not name {' and '.join(missing)}: a password alone lets them in."
    )
    return [checks.Warning(told, id="aftersales.W002")] if missing else []
