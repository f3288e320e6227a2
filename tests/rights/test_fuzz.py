"""R5: whatever is typed or sent, no page breaks and none takes longer than a second."""

import os

import pytest

from tests.fuzz import Fuzz
from tests.rights.world import World

pytestmark = pytest.mark.django_db


def test_nothing_that_is_sent_breaks_a_page(world: World) -> None:
    fuzz = Fuzz(world, seed=1)
    broken = fuzz.run(300)
    assert not broken, "\n" + "\n".join(map(str, broken))


@pytest.mark.long
def test_nothing_of_thousands_breaks_a_page(world: World) -> None:
    """``make fuzz``; N and SEED choose how many and which."""
    requests, seed = int(os.environ.get("N", "2000")), int(os.environ.get("SEED", "1"))
    fuzz = Fuzz(world, seed)
    broken = fuzz.run(requests)
    told = f"{fuzz.made} requests (seed {seed}): {len(broken)} broken, slowest {fuzz.slowest:.2f} s"
    print(told)
    assert not broken, "\n" + "\n".join(map(str, broken))
