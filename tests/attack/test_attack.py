"""R10: sqlmap and wapiti find the weaknesses that stand beside the product, and none in it."""

import csv
import json
import logging
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from aftersales.market.build import Market
from tests.attack.seeded import PLACE, SEEDS
from tests.attack.targets import MARK, as_log, cookies, targets
from tests.conftest import ROOT
from tests.crawl.rich import Rich, enrich

pytestmark = [pytest.mark.scan, pytest.mark.django_db(transaction=True)]

PROGRAMS = ROOT / ".venv-attack" / "bin"
MODULES = "sql,xss,permanentxss,file,exec,redirect,crlf,csrf"
ONLY = os.environ.get("ONLY", "")  # pages whose name has such words
# For wapiti to look around as one person, and for each of its kinds of attack.
SECONDS = os.environ.get("SECONDS", "60")

Found = set[tuple[str, str, str]]  # tool, path, kind


@pytest.fixture
def rich(settings: Any, tmp_path: Path) -> Rich:
    settings.DEMO, settings.VAR = True, tmp_path / "var"
    settings.DEMO_CLOCK = tmp_path / "clock"
    settings.ROOT_URLCONF = "tests.attack.seeded"
    settings.ACCOUNT_RATE_LIMITS = False
    Market().build()
    enrich()
    return Rich()


@pytest.mark.parametrize("tool", ["sqlmap", "wapiti"])
def test_a_scanner_finds_what_is_planted_and_nothing_else(
    tool: str, rich: Rich, live_server: Any, tmp_path: Path
) -> None:
    attack = {"sqlmap": sqlmap, "wapiti": wapiti}[tool]
    found = attack(rich, live_server.url, tmp_path)
    planted = {each for each in found if each[1].startswith(PLACE)}
    seeds = {each for each in SEEDS if each[0] == tool}
    real = found - planted
    print(f"{tool}: {len(real)} findings, {len(seeds & planted)} of {len(seeds)} seeds found")
    assert real == set()
    assert seeds - planted == set()


def sqlmap(rich: Rich, url: str, folder: Path) -> Found:
    logging.disable(logging.CRITICAL)
    asked = targets(rich, whole="WHOLE" in os.environ, only=ONLY)
    tried = sum(value.endswith(MARK) for each in asked for value in each.data.values())
    (folder / "requests").write_text(as_log(asked, rich, url))
    said = run(
        *("sqlmap", "-l", folder / "requests", "--batch", "--disable-coloring"),
        *("--technique=B", "--dbms=PostgreSQL", "--skip-waf", "--ignore-code=*"),
        *("--answers", "skip further tests=N,want to exploit=N"),
        *("--timeout=20", "--retries=0", "--skip-heuristics"),
        *("--output-dir", folder / "sqlmap", "--results-file", folder / "sqlmap.csv"),
        folder=folder,
    )
    done = len(set(re.findall(r"^.*testing URL .*$", said, re.MULTILINE)))
    print(f"sqlmap: {done} requests of {len(asked)}, {tried} parameters")
    assert done >= len(asked) * 0.99, said[-3000:]
    results = folder / "sqlmap.csv"
    rows = list(csv.DictReader(results.read_text().splitlines())) if results.exists() else []
    # What it tried once more by itself and could not repeat.
    taken_back = [row for row in rows if "false positive" in row["Note(s)"]]
    print(f"sqlmap: took back {[urlsplit(row['Target URL']).path for row in taken_back]}")
    return {
        ("sqlmap", urlsplit(row["Target URL"]).path, "SQL Injection")
        for row in rows
        if row["Parameter"] and row not in taken_back
    }


def wapiti(rich: Rich, url: str, folder: Path) -> Found:
    """As a buyer, a shop and staff, each from his own pages; beside them the seeds."""
    found: Found = set()
    for role, start in (
        ("staff", PLACE),
        ("buyer", "/my/"),
        ("merchant", "/merchant/"),
        ("staff", "/admin/"),
    ):
        if start != PLACE and not re.search(ONLY, start):
            continue
        client = rich.client_of(rich.user_of(role))
        client.get("/accounts/password/change/")  # for the token's cookie
        report = folder / f"wapiti-{role}-{start.strip('/')}.json"
        run(
            *("wapiti", "-u", f"{url}{start}", "--scope", "folder", "-m", MODULES),
            *("-H", f"Cookie: {cookies(client)}", "-x", f"{url}/admin/logout/"),
            *("--max-links-per-page", "30", "-d", "3", "--max-files-per-dir", "12"),
            *("--max-scan-time", SECONDS, "--max-attack-time", SECONDS, "--tasks", "4"),
            *("-f", "json", "-o", report, "--flush-session", "--no-bugreport", "-v", "1"),
            *("--store-session", folder / "wapiti", "--store-config", folder / "wapiti"),
            folder=folder,
        )
        told = json.loads(report.read_text())
        pages = told["infos"]["crawled_pages_nbr"]
        print(f"wapiti: {pages} pages from {start} as {role}")
        assert pages > 5
        for kind, rows in told["vulnerabilities"].items():
            found |= {("wapiti", urlsplit(row["path"]).path, kind) for row in rows}
    return found


def run(*command: Any, folder: Path) -> str:
    """What a scanner says; it asks nobody but us."""
    outside = {"HOME": str(folder), "no_proxy": "*", "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    name, *options = command
    done = subprocess.run(
        [PROGRAMS / name, *options],
        cwd=folder,
        env=outside,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / f"{name}.log").write_text(done.stdout + done.stderr)
    return done.stdout + done.stderr
