"""Read the code with bandit and semgrep, and prove in the same run that they read it.

A copy of the project is made, tools/scan/seeds is laid over it, and the copy is scanned: a finding
in the project is a fault, and so is a line of a seed that the tool it names does not find. Needs
.venv-audit (``make audit``), and nothing from outside: the rules are tools/scan/rules.yaml.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SEEDS, RULES = ROOT / "tools" / "scan" / "seeds", ROOT / "tools" / "scan" / "rules.yaml"
PROGRAMS = ROOT / ".venv-audit" / "bin"
READ = ("aftersales", "merchants", "buyers", "templates", "static", "tools", "deploy", "manage.py")
NOT_OURS = ("__pycache__", "vendor", "locale", "seeds")
SEED = re.compile(r"seed: (\w+ [\w-]+(?:, \w+ [\w-]+)*)")


class Line(NamedTuple):
    """What a tool finds, or must find, and where."""

    tool: str
    rule: str
    path: str
    number: int
    said: str = ""

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self[:4]


class Report(NamedTuple):
    """What a tool looked at, what it found, and what kept it from looking."""

    files: int
    found: list[Line]
    errors: list[str]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="aftersales-scan-") as made:
        copy = Path(made)
        planted = plant(copy)
        reports = {"bandit": bandit(copy), "semgrep": semgrep(copy)}
    wrong = [f"semgrep: no seed proves the rule {rule}" for rule in unproven(planted)]
    for tool, report in reports.items():
        seeds = {line.key for line in planted if line.tool == tool}
        held = {path for _tool, _rule, path, _number in (line.key for line in planted)}
        found = {line.key for line in report.found}
        real = [line for line in report.found if line.path not in held]
        print(
            f"{tool}: {report.files} files, {len(real)} findings, "
            f"{len(seeds & found)} of {len(seeds)} seeds found"
        )
        wrong += [f"{tool}: {error}" for error in report.errors]
        wrong += [f"{each.path}:{each.number}: {tool} {each.rule}: {each.said}" for each in real]
        wrong += [
            f"{path}:{at}: {tool} does not find {rule}" for _, rule, path, at in seeds - found
        ]
        if not report.files or not seeds:
            wrong.append(f"{tool} has read nothing")
    print("\n".join(sorted(wrong)), end="\n" if wrong else "")
    return 1 if wrong else 0


def plant(copy: Path) -> list[Line]:
    """Make the copy and lay the seeds over it; what must be found there."""
    for name in READ:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns(*NOT_OURS))
        else:
            shutil.copy(source, copy / name)
    planted = []
    for seed in sorted(SEEDS.rglob("*.*")):
        path = str(seed.relative_to(SEEDS))
        shutil.copy(seed, copy / path)
        for number, text in enumerate(seed.read_text(encoding="utf-8").splitlines(), 1):
            for marked in SEED.findall(text):
                for tool, rule in (each.split() for each in marked.split(", ")):
                    planted.append(Line(tool, rule, path, number))
    return planted


def unproven(planted: list[Line]) -> Iterator[str]:
    rules = re.findall(r"^  - id: (\S+)", RULES.read_text(encoding="utf-8"), re.MULTILINE)
    yield from sorted(set(rules) - {line.rule for line in planted})


def bandit(copy: Path) -> Report:
    # The import of a module is no call of it, and a list of words needs no shell.
    told = run([PROGRAMS / "bandit", "-q", "-f", "json", "-s", "B404,B603", "-r", "."], copy)
    return Report(
        files=len(told["metrics"]) - 1,  # and their sum
        found=[
            Line(
                "bandit",
                each["test_id"],
                each["filename"].removeprefix("./"),
                each["line_number"],
                each["issue_text"],
            )
            for each in told["results"]
        ],
        errors=[f"{each['filename']}: {each['reason']}" for each in told["errors"]],
    )


def semgrep(copy: Path) -> Report:
    quiet = ["--metrics=off", "--disable-version-check", "--no-git-ignore", "--quiet", "--json"]
    told = run([PROGRAMS / "semgrep", "scan", "--config", RULES, *quiet, "."], copy)
    return Report(
        files=len(told["paths"]["scanned"]),
        found=[
            Line(
                "semgrep",
                each["check_id"].rpartition(".")[2],
                each["path"],
                each["start"]["line"],
                each["extra"]["message"],
            )
            for each in told["results"]
        ],
        errors=[each["message"] for each in told["errors"]],
    )


def run(command: list[str | Path], place: Path) -> Any:
    """What a program says in JSON; its own way of ending tells findings, not faults."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=place,
        env=os.environ | {"PATH": path, "HOME": str(place), "SEMGREP_SEND_METRICS": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"{command[0]} broke: {done.stderr[-1000:] or done.stdout[-1000:]}")


if __name__ == "__main__":
    sys.exit(main())
