"""``python -m tests.load --cases 200000 --users 50 --minutes 10``: see docs/reliability.md.

Ends with 1 if a page failed, an invariant was hurt, or 95 in 100 took longer than they may.
"""

import argparse
import atexit
import os
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

from tests import services
from tests.faults.stack import Program, production

GROWTH = 10  # percent that the web server may hold more at the end
# As a database of some use is set up, and safe against a crash.
POSTGRES = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "autovacuum": "on",
    "shared_buffers": "512MB",
}


def main() -> int:
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ended from outside, it still tidies up
    services.sweep_up()
    folder = Path(tempfile.mkdtemp(prefix=f"{services.PREFIX}{os.getpid()}-"))
    folder.chmod(0o755)
    atexit.register(services.stop, folder, os.getpid())
    os.environ.update(production(folder / "var"))
    os.environ["DATABASE_URL"] = services.start_postgres(folder, **POSTGRES)
    os.environ["REDIS_URL"] = services.start_redis(folder)
    django.setup()
    call_command("migrate", verbosity=0)
    return run(asked, folder)


def run(asked: argparse.Namespace, folder: Path) -> int:
    # Only now: they have models in them.
    market, visitors, running = (
        import_module(f"tests.load.{name}") for name in ("market", "visitors", "running")
    )
    began = time.monotonic()
    people = market.prepare(asked.cases, asked.users, Random(asked.seed))
    print(f"{asked.cases} cases made in {time.monotonic() - began:.0f} s", flush=True)
    connection.close()
    celery = [sys.executable, "-m", "celery", "-A", "aftersales"]
    alone = ["--concurrency", "2", "--without-gossip", "--without-mingle"]
    commands = {
        "worker": [*celery, "worker", *alone],
        "beat": [*celery, "beat", "--schedule", str(folder / "beat")],
    }
    others = [
        Program(name, command, dict(os.environ), folder) for name, command in commands.items()
    ]
    try:
        with running.served(folder, dict(os.environ)) as (url, web):
            visitors.drive(url, people, rate=asked.rate, seconds=10, seed=asked.seed + 1000)  # warm
            memory = running.Memory(web)
            memory.start()
            seconds = asked.minutes * 60
            visit = visitors.drive(url, people, rate=asked.rate, seconds=seconds, seed=asked.seed)
            memory.over.set()
            memory.join()
        wrong = running.hurt(visit)
    finally:
        for program in others:
            program.ask_to_stop()
        for program in others:
            program.stop()
    return report(asked, visit, memory.span(), wrong)


def report(
    asked: argparse.Namespace, visit: Any, held: tuple[float, float], wrong: list[str]
) -> int:
    """One line of figures, then what was slow and what was hurt."""
    first, last = held
    growth = 100 * (last - first) / first if first else 0.0
    p95, many = visit.quantile(95), len(visit.answers)
    print(
        f"{asked.cases} cases, {asked.users} users, {visit.seconds / 60:.1f} min: {many} requests"
        f" ({many / visit.seconds:.1f} a second of {asked.rate:g}, {100 * visit.writes / many:.0f} %"
        f" writes), {len(visit.failed)} failed; p50 {visit.quantile(50):.0f}, p95 {p95:.0f}, p99"
        f" {visit.quantile(99):.0f} ms; {len(visit.done)} steps confirmed; web holds {first:.0f} →"
        f" {last:.0f} MB ({growth:+.1f} %); {len(wrong)} hurt"
    )
    print(f"    slowest, p95: {', '.join(visit.slowest())}")
    for answer in visit.failed[:10]:
        print(
            f"    {answer.what} answered {answer.status} after {answer.ended - answer.began:.1f} s"
        )
    for sentence in wrong[:10]:
        print(f"    {sentence}")
    soaked = asked.minutes >= 30 and growth > GROWTH
    return int(bool(visit.failed or wrong or soaked) or p95 > asked.p95)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make load")
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--users", type=int, default=50, help="signed in, each at his own pace")
    parser.add_argument("--minutes", type=float, default=10, help="60 is a soak")
    parser.add_argument("--rate", type=float, default=20, help="requests a second, all together")
    parser.add_argument("--p95", type=float, default=500, help="milliseconds that may be taken")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
