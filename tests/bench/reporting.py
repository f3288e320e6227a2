"""What a benchmark says: one line a row, the same as JSON, and a picture of all rows."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "var" / "bench.json"

Rates = dict[str, list[float]]  # of the floor and of ours, a round each


def seconds(way: Callable[[], Any]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def rounds(count: int) -> Iterator[tuple[int, list[str]]]:
    """Each round's number, and in which order floor and ours take their turns."""
    for number in range(count):
        yield number, ["floor", "ours"] if number % 2 else ["ours", "floor"]


def settle() -> None:
    """What the rounds before have left behind costs the next one nothing."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def report(name: str, rates: Rates, *, goal: float) -> None:
    """The ratio is the median of the rounds' ratios: ours to the floor, in things a second."""
    ratios = [ours / base for ours, base in zip(rates["ours"], rates["floor"], strict=True)]
    row = {
        "name": name,
        "ours": _rounded(statistics.median(rates["ours"])),
        "floor": _rounded(statistics.median(rates["floor"])),
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "goal": round(goal, 3),
        "runs": len(ratios),
    }
    words = " ".join(f"{key}={value}" for key, value in row.items() if key != "spread")
    print(f"\nROW {words}")
    _keep(row)


def _rounded(rate: float) -> float:
    return round(rate) if rate > 100 else round(rate, 2)


def _keep(row: dict[str, Any]) -> None:
    """Beside the rows of other benchmarks; a row of the same name is replaced."""
    known = json.loads(ROWS.read_text()) if ROWS.exists() else []
    rows = [each for each in known if each["name"] != row["name"]] + [row]
    ROWS.parent.mkdir(exist_ok=True)
    ROWS.write_text(json.dumps(sorted(rows, key=lambda each: each["name"]), indent=1))
    (ROOT / "var" / "bench.svg").write_text(drawn(rows))


WIDE, HIGH, LEFT = 720, 30, 300


def drawn(rows: list[dict[str, Any]]) -> str:
    """A bar a row: how near to the floor we come, and where the goal stands."""
    most = max(1.0, *(max(row["ratio"], row["goal"]) for row in rows))
    scale = (WIDE - LEFT - 60) / most
    parts = []
    for at, row in enumerate(rows):
        top = at * HIGH + 6
        goal = LEFT + row["goal"] * scale
        fill = "#1a7f4b" if row["ratio"] >= row["goal"] else "#b3541e"
        parts += [
            f'<text x="{LEFT - 10}" y="{top + 13}" text-anchor="end">{row["name"]}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{row["ratio"] * scale:.0f}" height="18" '
            f'rx="2" fill="{fill}"/>',
            f'<line x1="{goal:.0f}" x2="{goal:.0f}" y1="{top - 3}" y2="{top + 21}" '
            'stroke="#1d2b3a" stroke-width="2"/>',
            f'<text x="{LEFT + max(row["ratio"], row["goal"]) * scale + 8:.0f}" y="{top + 13}">'
            f"{row['ratio']:.2f}</text>",
        ]
    height = len(rows) * HIGH + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {height}" '
        f'font-family="system-ui, sans-serif" font-size="13">{"".join(parts)}</svg>\n'
    )
