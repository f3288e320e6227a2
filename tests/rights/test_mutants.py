"""R4 in full, ``make rights``: every method of everybody, and every check taken away.

``ONLY=views.case,views.desk`` takes away the checks alone that have one of these in their names, and
``AT=buyers:`` goes to such URLs alone, and what is not by URL (deeds, behind).
"""

import os

import pytest

from tests.rights import mutants
from tests.rights.noticing import UNSEEN, survivors, unheld, walk
from tests.rights.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.long]


def test_every_method_of_everybody_finds_what_the_table_says(world: World) -> None:
    wrong, walked = walk(world, [], whole=True, closely=True, at=os.environ.get("AT", ""))
    print(f"{len(walked)} requests, {len(wrong)} wrong")
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_check_that_is_taken_away_is_noticed(world: World) -> None:
    only, at = os.environ.get("ONLY", "").split(","), os.environ.get("AT", "")
    every = [each for each in mutants.found() if any(part in each.name for part in only)]
    others = [each for each in mutants.others() if any(part in each.name for part in only)]
    wrong, walked = walk(world, every, whole=False, closely=True, at=at)
    print(f"{len(walked)} requests, {len(wrong)} wrong", flush=True)
    lost = survivors(world, every, walked) + unheld(world, others, walked)
    left = [name for name in lost if name not in UNSEEN]
    total = len(every) + len(others)
    print(f"{total} checks, {len(UNSEEN)} not to be seen, {len(left)} not noticed")
    wrong += [f"not noticed: {name}" for name in left]
    tried = {each.name for each in (*every, *others)}
    wrong += [f"noticed after all: {name}" for name in tried & set(UNSEEN) - set(lost)]
    assert not wrong, "\n" + "\n".join(wrong)
