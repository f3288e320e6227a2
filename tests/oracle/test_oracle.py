"""R3: the engine does what the oracle says, step by step, and the oracle notices where it does not.

``make oracle`` walks 100,000 steps and lets in every bug (N=5000 SEED=7), ``make test`` 500 and two.
"""

import os
import time
from typing import Any

import pytest
from django.db import OperationalError

from tests.oracle.bugs import BUGS, SHOWS_IN
from tests.oracle.walk import Walk

pytestmark = pytest.mark.django_db

LENGTH = 50  # steps of a walk
MOST = 60  # walks in which a bug must show
STEPS, SEED = int(os.environ.get("N", "500")), int(os.environ.get("SEED", "1"))


def test_the_engine_does_what_the_table_says(staff: Any) -> None:
    began, walks = time.monotonic(), STEPS // LENGTH
    for seed in range(SEED, SEED + walks):
        walk = Walk(seed, staff)
        try:
            walk.run(LENGTH)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, after {' '.join(walk.taken)}: {error}") from error
    print(f"\n{walks * LENGTH} steps, 0 wrong; {time.monotonic() - began:.0f} s")


@pytest.mark.parametrize(
    "bug",
    [
        pytest.param(name, marks=[] if number < 2 else pytest.mark.long)
        for number, name in enumerate(BUGS)
    ],
)
def test_a_bug_is_found(bug: str, staff: Any) -> None:
    taken = 0
    for seed in range(SEED, SEED + MOST):
        walk = Walk(seed, staff, SHOWS_IN.get(bug, ""))
        try:
            with BUGS[bug]():
                walk.run(LENGTH)
        except OperationalError:
            raise  # the database was away: nothing is proven
        except Exception as error:
            said = str(error).splitlines() or [""]
            print(f"\n{bug}: found in walk {seed}: {type(error).__name__} {said[0][:100]}")
            return
        taken += LENGTH
    pytest.fail(f"{bug}: {taken} steps, and nobody noticed")
