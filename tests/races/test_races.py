"""R2: each race of security.md §5 (F47 to F64) has one winner, and the loser is told and loses nothing.

``make races`` runs 200 rounds of each (ROUNDS=20 sizes it, RACE=f47 picks one), ``make test`` one.
"""

import logging
import os
import time
from datetime import timedelta
from typing import Any

import pytest

from aftersales.payments import pay_due
from aftersales.tasks import deliver_notices
from tests.races import desk, house
from tests.races.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

RACES = {
    name: getattr(place, name)
    for place, first, last in ((desk, 47, 54), (house, 55, 64))
    for name in (f"f{number}" for number in range(first, last + 1))
}
ROUNDS = int(os.environ.get("ROUNDS", "1"))
WANTED = [name for name in RACES if os.environ.get("RACE", name) == name]


def test_every_race_has_one_winner_and_a_loser_who_loses_nothing(now: Any) -> None:
    logging.getLogger("django.request").setLevel(logging.ERROR)  # that losers are told is no news
    world, wrong, began = World(now), [], time.monotonic()
    for name in WANTED:
        for world.number in range(ROUNDS):
            now.shift(timedelta(minutes=11))  # nobody may send too many files at a time
            try:
                RACES[name](world)
            except Exception as error:
                wrong.append(f"{name}, round {world.number}: {type(error).__name__}: {error}")
    pay_due(limit=10**6)
    deliver_notices()
    hurt = world.hurt()
    print(
        f"\n{len(WANTED)} races, {len(WANTED) * ROUNDS} rounds, {world.requests} requests:"
        f" {len(wrong)} wrong, {world.broken} × 5xx, {len(hurt)} hurt;"
        f" {time.monotonic() - began:.0f} s"
    )
    assert not wrong + hurt, "\n\n".join([*wrong[:20], *hurt[:20]])
