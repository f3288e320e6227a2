"""OWASP ASVS 5.0.0, levels 1 and 2: what shows that each requirement is met (docs/asvs.toml).

A proof is a test (``tests/x.py::test_name``), a heading (``docs/x.md#who-may-what``) or a word of a
file (``aftersales/settings.py:SECURE_HSTS_SECONDS``); several stand apart by a space. ``make check``
fails on a proof that is not there, and on a requirement that is neither met, open nor not ours.
"""

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from requirements import tests_of

ROOT = Path(__file__).resolve().parent.parent
DATA = Path("docs") / "asvs.toml"
STATES = ("met", "open", "na")


def main(root: Path, quiet: bool) -> int:
    chapters = tomllib.loads((root / DATA).read_text(encoding="utf-8"))
    for chapter in chapters.values():
        if why := chapter.get("na", {}).pop("all", ""):
            chapter["na"] |= dict.fromkeys(asked_of(chapter), why)
    faults = [fault for name, each in chapters.items() for fault in find_faults(root, name, each)]
    if not quiet:
        print(table(chapters))
    print("\n".join(faults), end="\n" if faults else "")
    met, left, na = (
        sum(len(each.get(state, ())) for each in chapters.values()) for state in STATES
    )
    print(f"ASVS 5.0.0, levels 1 and 2: {met} met, {left} open, {na} not applicable")
    return 1 if faults else 0


def asked_of(chapter: Mapping[str, Any]) -> list[str]:
    return [*chapter["L1"].split(), *chapter["L2"].split()]


def find_faults(root: Path, name: str, chapter: Mapping[str, Any]) -> Iterator[str]:
    asked = asked_of(chapter)
    judged = [each for state in STATES for each in chapter.get(state, ())]
    yield from (f"{each} is not judged" for each in asked if each not in judged)
    yield from (f"{each} is judged twice" for each in set(judged) if judged.count(each) > 1)
    yield from (f"{name} has no requirement {each}" for each in judged if each not in asked)
    for each, proofs in chapter.get("met", {}).items():
        for proof in proofs.split():
            if lacking := find_lack(root, proof):
                yield f"{each}: {proof}: {lacking}"
    for state in ("open", "na"):
        yield from (f"{each}: why?" for each, why in chapter.get(state, {}).items() if not why)


def find_lack(root: Path, proof: str) -> str:
    """What a proof names and is not there; empty if it is."""
    path, mark, named = re.fullmatch(r"([^:#]+)(::|#|:)(.+)", proof).groups()  # type: ignore[union-attr]
    if not (root / path).is_file():
        return "there is no such file"
    text = (root / path).read_text(encoding="utf-8")
    if mark == "::":
        found = named in {name for name, _said in tests_of(ast.parse(text))}
    elif mark == "#":
        found = named in {slug(line) for line in text.splitlines() if line.startswith("#")}
    else:
        found = bool(re.search(rf"(?<![\w-]){re.escape(named)}(?![\w-])", text))
    return "" if found else f"{path} has no {named}"


def slug(heading: str) -> str:
    """The heading as a link names it."""
    return re.sub(r"[^\w\s-]", "", heading.lstrip("# ").lower()).replace(" ", "-")


def table(chapters: Mapping[str, Any]) -> str:
    lines = ["| chapter | met | open | not applicable |", "|---|---|---|---|"]
    for name, chapter in chapters.items():
        counts = " | ".join(str(len(chapter.get(state, ()))) for state in STATES)
        lines.append(f"| {name} {chapter['title']} | {counts} |")
    lines.append("")
    for chapter in chapters.values():
        lines += [f"{each}: {why}" for each, why in chapter.get("open", {}).items()]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only what is wrong, and the sum")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    sys.exit(main(asked.root.resolve(), asked.check))
