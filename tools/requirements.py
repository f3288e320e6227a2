"""The table of requirements: which test proves which sentence of the brief; made from the tests.

An id counts as named by a test if it stands in the test's docstring, name or parameters, in the
docstring of its class, or in a constant of its file that its parameters use. The codes of catalogue
rows (RW-, SC-, RR-) count also where its body works with them.
"""

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA, TABLE = Path("docs") / "requirements.toml", Path("docs") / "requirements.md"
ROW = re.compile(r"\b(?:RW|SC|RR)-\d{2}\b")
ID = re.compile(r"\b(?:(?:S|T|NEG|RW|SC|RR)-\d{2}[a-z]?|[DG]\d{1,2})\b")

Proofs = dict[str, dict[str, list[str]]]  # id → file → names of tests


def main(root: Path, check: bool) -> int:
    known = tomllib.loads((root / DATA).read_text(encoding="utf-8"))
    families = {name: Family(name, row) for name, row in known.pop("families").items()}
    proofs = gather(root)
    text = table(known, families, proofs)
    if not check:
        (root / TABLE).write_text(text, encoding="utf-8")
        return 0
    faults = [*find_faults(known, families, proofs)]
    if not (root / TABLE).exists() or (root / TABLE).read_text(encoding="utf-8") != text:
        faults.append(f"{TABLE} is stale: run tools/requirements.py")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


class Family:
    """The ids of one kind: from the first to the last, without those that there are not, and with
    those that stand between two."""

    def __init__(self, name: str, row: Mapping[str, Any]) -> None:
        first, last = row["ids"].split(" to ")
        self.name, self.title, self.later = name, row["title"], set(row["later"])
        start, width = re.search(r"\d+", first), len(first)
        head = first[: start.start()] if start else first
        pattern = "{head}{number:02d}" if "-" in head else "{head}{number}"
        numbers = range(1, int(last[len(head) :]) + 1)
        ids = [pattern.format(head=head, number=number, width=width) for number in numbers]
        self.ids = [each for each in ids if each not in row.get("missing", ())]
        self.ids = sorted([*self.ids, *row.get("between", ())], key=_in_order)


def _in_order(name: str) -> tuple[int, str]:
    """T-16 before T-16b before T-17, and D2 before D10."""
    found = re.search(r"\d+", name)
    return int(found[0]) if found else 0, name


# Reading the tests --------------------------------------------------------------------------------


def gather(root: Path) -> Proofs:
    proofs: Proofs = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = str(path.relative_to(root / "tests"))
        for name, said in tests_of(tree):
            for found in sorted(set(ID.findall(said))):
                names = proofs.setdefault(found, {}).setdefault(place, [])
                if name not in names:
                    names.append(name)
    return proofs


def tests_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every test of a file with all that is said about it."""
    constants = {
        target.id: ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            about = ast.get_docstring(node) or ""
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test"):
                    yield inner.name, f"{about}\n{said_of(inner, constants)}"
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield node.name, said_of(node, constants)


def said_of(test: ast.FunctionDef, constants: Mapping[str, str]) -> str:
    words = [test.name.replace("_", " "), ast.get_docstring(test) or ""]
    for decorator in test.decorator_list:
        words.append(ast.unparse(decorator))
        words.extend(
            constants[node.id]
            for node in ast.walk(decorator)
            if isinstance(node, ast.Name) and node.id in constants
        )
    uses = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    body = [ast.unparse(test), *(constants[name] for name in uses & set(constants))]
    words.extend(ROW.findall("\n".join(body)))
    return "\n".join(words)


# Saying it ----------------------------------------------------------------------------------------


def table(known: Mapping[str, Any], families: Mapping[str, Family], proofs: Proofs) -> str:
    done = sum(row["state"] == "done" for row in known.values())
    lines = [
        "# Requirements and the tests that prove them",
        "",
        "Made by `tools/requirements.py` from [requirements.toml](requirements.toml) and the tests;",
        "`make check` fails when it is stale, or when something claimed as done has no test.",
        "",
        f"## The brief's sentences: {done} of {len(known)} done",
        "",
        "| id | what is asked | state | proven by |",
        "|---|---|---|---|",
    ]
    for name, row in known.items():
        state = "done" if row["state"] == "done" else "**not yet**"
        lines.append(f"| {name} | {row['says']} | {state} | {listed(proofs.get(name, {}))} |")
    for family in families.values():
        lines += ["", f"## {family.title}", "", "| id | proven by |", "|---|---|"]
        for name in family.ids:
            told = counted(proofs.get(name, {}))
            lines.append(f"| {name} | {'**not yet** ' if name in family.later else ''}{told} |")
    return "\n".join(line.replace("  |", " |") for line in lines) + "\n"


def listed(places: Mapping[str, list[str]]) -> str:
    """The tests as sentences, file by file."""
    return "<br>".join(
        f"`{place}`: {'; '.join(sentence(name) for name in names)}"
        for place, names in places.items()
    )


def counted(places: Mapping[str, list[str]]) -> str:
    return ", ".join(f"`{place}` ({len(names)})" for place, names in places.items())


def sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def find_faults(
    known: Mapping[str, Any], families: Mapping[str, Family], proofs: Proofs
) -> Iterable[str]:
    for name, row in known.items():
        if row["state"] not in ("done", "later"):
            yield f"{name}: its state is neither done nor later"
        if row["state"] == "done" and name not in proofs:
            yield f"{name} is claimed as done, and no test names it"
    every = set(known)
    for family in families.values():
        every |= set(family.ids)
        for name in family.ids:
            if name not in family.later and name not in proofs:
                yield f"{name} is claimed as done, and no test names it"
    for name, places in proofs.items():
        if name not in every and not ROW.match(name):
            yield f"{name} is named by {', '.join(places)}, and there is no such requirement"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is wrong, and fail")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    sys.exit(main(asked.root.resolve(), asked.check))
