"""The list of ASVS requirements says what is there, and no more."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "asvs.py"
DATA = """
[V1]
title = "Encoding"
L1 = "1.1.1 1.1.2"
L2 = "1.2.1 1.2.2"
[V1.met]
"1.1.1" = "tests/test_it.py::test_a_thing docs/it.md#who-may-what"
"1.1.2" = "settings.py:SECURE"
[V1.open]
"1.2.1" = "not yet"
[V1.na]
"1.2.2" = "no LDAP"

[V2]
title = "Radio"
L1 = "2.1.1"
L2 = ""
na.all = "no radio"
"""


def run(root: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, TOOL, "--root", root, "--check", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for folder in ("docs", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "docs" / "asvs.toml").write_text(DATA)
    (tmp_path / "docs" / "it.md").write_text("# It\n\n## Who may what\n")
    (tmp_path / "tests" / "test_it.py").write_text("def test_a_thing():\n    assert it\n")
    (tmp_path / "settings.py").write_text("SECURE = True\n")
    return tmp_path


def test_what_is_there_is_counted(house: Path) -> None:
    said = "ASVS 5.0.0, levels 1 and 2: 2 met, 1 open, 2 not applicable\n"
    assert run(house) == (0, said)


def test_a_link_that_leads_nowhere_is_a_fault(house: Path) -> None:
    """Also an id that nobody judged, that was judged twice, or that the standard has not."""
    for old, new, fault in (
        ("::test_a_thing", "::test_another", "tests/test_it.py has no test_another"),
        ("#who-may-what", "#who-must-what", "docs/it.md has no who-must-what"),
        (":SECURE", ":SECUR", "settings.py has no SECUR"),
        ("settings.py:", "setting.py:", "there is no such file"),
        ('"1.2.1" = "not yet"', "", "1.2.1 is not judged"),
        ('"1.2.1" = "not yet"', '"1.2.1" = ""', "1.2.1: why?"),
        ('"1.2.2" =', '"1.2.2" = ""\n"1.1.1" =', "1.1.1 is judged twice"),
        ('"1.2.2" =', '"1.2.2" = "x"\n"1.9.9" =', "V1 has no requirement 1.9.9"),
    ):
        (house / "docs" / "asvs.toml").write_text(DATA.replace(old, new))
        code, said = run(house)
        assert (code, fault in said) == (1, True), (old, said)
