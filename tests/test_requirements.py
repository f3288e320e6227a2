"""The table of requirements says what the tests prove, and not more."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "requirements.py"
DATA = """
[families]
T = { title = "Steps", ids = "T-01 to T-03", missing = ["T-02"], later = ["T-03"] }

[S-01]
says = "One thing"
state = "done"

[S-02]
says = "Another thing"
state = "later"
"""
TESTS = '''
KINDS = {"a": "T-01"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_is_done(kind):
    """S-01."""
'''


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A project with one test and its table."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests" / "inner").mkdir(parents=True)
    (tmp_path / "docs" / "requirements.toml").write_text(DATA)
    (tmp_path / "tests" / "inner" / "test_it.py").write_text(TESTS)
    assert run(tmp_path) == ""
    return tmp_path


def run(root: Path, *options: str) -> str:
    """What the tool complains of."""
    done = subprocess.run(
        [sys.executable, TOOL, "--root", root, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(done.returncode) == bool(done.stdout), done.stderr
    return done.stdout


def test_the_table_names_the_tests(house: Path) -> None:
    text = (house / "docs" / "requirements.md").read_text()
    assert "## The brief's sentences: 1 of 2 done" in text
    assert "| S-01 | One thing | done | `inner/test_it.py`: a thing is done |" in text
    assert "| S-02 | Another thing | **not yet** | |" in text
    assert "| T-01 | `inner/test_it.py` (1) |" in text
    assert "| T-03 | **not yet** |" in text
    assert "T-02" not in text
    assert run(house, "--check") == ""


def test_a_claim_without_a_test_is_refused(house: Path) -> None:
    """An id claimed as done has a test."""
    data = house / "docs" / "requirements.toml"
    data.write_text(DATA.replace("later = [", 'later = ["T-09", ').replace('"later"', '"done"'))
    run(house)
    assert run(house, "--check") == "S-02 is claimed as done, and no test names it\n"
    data.write_text(DATA.replace('later = ["T-03"]', "later = []"))
    run(house)
    assert run(house, "--check") == "T-03 is claimed as done, and no test names it\n"


def test_an_id_between_two_needs_a_test_as_well(house: Path) -> None:
    """What stands between two numbers is not proven by a test of the one before it."""
    data = house / "docs" / "requirements.toml"
    data.write_text(DATA.replace("missing =", 'between = ["T-01b"], missing ='))
    run(house)
    assert run(house, "--check") == "T-01b is claimed as done, and no test names it\n"
    test = house / "tests" / "inner" / "test_it.py"
    test.write_text(TESTS.replace("S-01.", "S-01, T-01b."))
    run(house)
    assert run(house, "--check") == ""
    text = (house / "docs" / "requirements.md").read_text()
    assert text.index("| T-01 |") < text.index("| T-01b |") < text.index("| T-03 |")


def test_a_table_that_is_stale_is_refused(house: Path) -> None:
    test = house / "tests" / "inner" / "test_it.py"
    test.write_text(TESTS.replace("test_a_thing_is_done", "test_it_is_done"))
    assert "requirements.md is stale" in run(house, "--check")
    run(house)
    assert run(house, "--check") == ""


def test_an_id_that_nobody_knows_is_refused(house: Path) -> None:
    """A slip of the pen would prove nothing."""
    test = house / "tests" / "inner" / "test_it.py"
    test.write_text(TESTS.replace("S-01.", "S-01, S-77."))
    run(house)
    assert run(house, "--check").startswith("S-77 is named by inner/test_it.py")
