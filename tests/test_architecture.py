"""The house keeps its own rules: who may import whom, and where a status is written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("aftersales", "merchants", "buyers")
LONGEST = 450  # lines
SOURCES = sorted(
    path
    for package in OURS
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
TESTS_AND_TOOLS = sorted(
    path for place in ("tests", "tools") for path in (ROOT / place).rglob("*.py")
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path, *, at_run_time: bool = False) -> Iterator[str]:
    """The modules a file imports; at run time, those under TYPE_CHECKING left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if at_run_time and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_sides_import_the_house_and_never_each_other() -> None:
    """merchants and buyers → aftersales; nothing else."""
    others = {
        "aftersales": {"merchants", "buyers"},
        "merchants": {"buyers"},
        "buyers": {"merchants"},
    }
    wrong = [
        f"{named(path)} imports {name}"
        for path in SOURCES
        for name in imports(path)
        if name.split(".")[0] in others[path.relative_to(ROOT).parts[0]]
    ]
    assert not wrong


def test_rules_know_the_rows_only_as_types() -> None:
    """A rule is handed what it judges; it does not go and look for it."""
    wrong = [
        f"{named(path)} imports {name}"
        for path in sorted((ROOT / "aftersales" / "rules").glob("*.py"))
        for name in imports(path, at_run_time=True)
        if name.startswith("aftersales.models")
    ]
    assert not wrong


def test_the_words_import_nothing_of_ours() -> None:
    assert not [
        name for name in imports(ROOT / "aftersales" / "enums.py") if name.split(".")[0] in OURS
    ]


def test_the_rows_do_not_know_the_outside_world() -> None:
    """Models neither pay, mail, ask carriers nor answer requests."""
    outside = re.compile(r"aftersales\.(payments|notices|logistics|tasks|views|forms|market)\b")
    wrong = [
        f"{named(path)} imports {name}"
        for path in (ROOT / "aftersales" / "models").rglob("*.py")
        for name in imports(path)
        if outside.match(name)
    ]
    assert not wrong


@pytest.mark.parametrize("path", SOURCES + TESTS_AND_TOOLS, ids=named)
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    """A cycle means that the code is in the wrong file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_file_stays_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_the_map_names_every_module() -> None:
    """docs/architecture.md, "Where things are": who looks for a thing finds its file there."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = text.partition("## Where things are")[2].partition("\n## ")[0]
    words = set(re.findall(r"\w+", drawn))
    rooms = [ROOT / name for name in OURS]
    rooms += [ROOT / "aftersales" / name for name in ("rules", "models", "models/case")]
    found = {
        each.stem
        for room in rooms
        for each in room.iterdir()
        if each.suffix in ("", ".py") and not each.name.startswith("__") and each.stem != "apps"
    }
    assert sorted(found - words) == []


def test_no_page_shows_a_deadline_by_its_date_alone() -> None:
    """What is left and until when, by ``due`` or ``countdown``; a notice is read at any time."""
    others = {
        "components/messages.html",  # the seconds of an undo, which tick
        "admin/aftersales/extension/decide.html",  # a preview of where deadlines would move to
        "buyers/cases/record_complaint.html",  # whole days of 12315, no deadline of ours
    }
    by_date = re.compile(r"(due_at|_by|until|deadline)\|(date|time|when|deadline)")
    templates = ROOT / "templates"
    found = {
        str(page.relative_to(templates))
        for page in templates.rglob("*.html")
        if by_date.search(page.read_text(encoding="utf-8"))
    }
    assert found == others


def test_what_ticks_also_says_until_when() -> None:
    """A countdown alone is gone with the script; ``till`` beside it says the moment."""
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "templates").rglob("*.html")]
    ticking = [page for page in pages if "{% countdown " in page]
    assert ticking
    assert [page for page in ticking if "{% till " not in page] == []


def test_only_a_step_moves_a_case() -> None:
    """The status is written by the engine, and first given where a case is made."""
    first_given = {"aftersales/models/case/applying.py"}
    wrong = []
    for path in SOURCES:
        if named(path) in first_given:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            written = [
                target
                for target in getattr(node, "targets", [getattr(node, "target", None)])
                if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
                and isinstance(target, ast.Attribute)
                and target.attr == "status"
            ]
            called = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("update", "create", "update_or_create", "get_or_create")
                and any(each.arg == "status" for each in node.keywords)
            )
            if written or called:
                wrong.append(f"{named(path)}:{node.lineno}")
    assert not wrong


def test_the_present_is_asked_of_the_product_clock() -> None:
    """Only clock.now() knows what time it is, so that the demo and the tests can move it."""
    direct = re.compile(r"timezone\.now\(|datetime\.now\(|datetime\.utcnow\(|time\.time\(")
    wrong = [
        f"{named(path)}: {found[0]}"
        for path in SOURCES
        if named(path) != "aftersales/clock.py"
        for found in direct.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not wrong
