"""R4 in full, ``make rights``: every method of everybody, and every check taken away."""

import pytest

from tests.rights import mutants
from tests.rights.noticing import UNSEEN, survivors, unheld, walk
from tests.rights.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.long]


def test_every_method_of_everybody_finds_what_the_table_says(world: World) -> None:
    wrong, walked = walk(world, [], whole=True)
    print(f"{len(walked)} requests, {len(wrong)} wrong")
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_check_that_is_taken_away_is_noticed(world: World) -> None:
    every = list(mutants.found())
    wrong, walked = walk(world, every, whole=False)
    lost = survivors(world, every, walked) + unheld(world, walked)
    left = [name for name in lost if name not in UNSEEN]
    total = len(every) + len(list(mutants.others()))
    print(f"{total} checks, {len(UNSEEN)} not to be seen, {len(left)} not noticed")
    wrong += [f"not noticed: {name}" for name in left]
    wrong += [f"noticed after all: {name}" for name in UNSEEN if name not in lost]
    assert not wrong, "\n" + "\n".join(wrong)
