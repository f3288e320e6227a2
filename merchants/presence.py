"""Who has which case open: a line in the cache, gone a minute after its page was last looked at.

Each member writes only his own line, so that nobody overwrites another's. While the cache cannot be
reached little is known, and said so; the version of the case still guards what two people do at once.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.core.cache import cache

from aftersales import cached, clock
from aftersales.models import Case, Member

SECONDS = 60


class Looking(NamedTuple):
    name: str
    since: datetime


def enter(case: Case, member: Member) -> None:
    """This member has this case before him now."""
    before = cache.get(_key(member))
    since = before[1] if before and before[0] == case.pk else clock.now()
    cache.set(_key(member), (case.pk, since), SECONDS)


def elsewhere(team: Iterable[Member], me: Member) -> dict[int, list[Looking]]:
    """Of all colleagues, who has which case (its pk) open."""
    others = {_key(each): each for each in team if each.pk != me.pk}
    known: dict[int, list[Looking]] = {}
    for key, (pk, since) in (cache.get_many(others) if others else {}).items():
        known.setdefault(pk, []).append(Looking(str(others[key].user), since))
    return known


def told(looking: Iterable[Looking]) -> str:
    """The same in a word, so that a page can say what it shows already."""
    known = " ".join(f"{each.name}@{each.since:%H%M%S}" for each in looking)
    return f"{known} ?" if cached.away() else known


def _key(member: Member) -> str:
    return f"looking:{member.pk}"
