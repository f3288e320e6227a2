"""The small forms of ``make faults``: one seed with a few faults, and the design that must be found out."""

import os
import re
import subprocess
import sys

import pytest

from tests import services
from tests.faults.stack import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def faults(*options: str) -> tuple[int, str]:
    """Run it as ``make faults`` does, on servers of its own."""
    env = {name: value for name, value in os.environ.items() if name != services.STARTED}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--seeds", "1", *options],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_a_seed_of_faults_loses_nothing_and_doubles_nothing() -> None:
    """R1: every kind of server and program is broken once or twice, while cases fall due."""
    status, said = faults("--cases", "80", "--faults", "8", "--first", "724")
    assert "8 faults" in said, said
    assert "0 lost, 0 duplicate, 0 early, 0 wrong amount, 0 other" in said
    assert status == 0


@pytest.mark.long
def test_the_campaign_finds_a_design_that_loses() -> None:
    """A task for each case that pays within its transaction: a campaign that can't fail proves nothing."""
    status, said = faults("--cases", "80", "--faults", "8", "--first", "724", "--broken")
    found = re.search(r"(\d+) lost", said)
    assert found, said
    assert int(found[1]) > 0
    assert status == 0
