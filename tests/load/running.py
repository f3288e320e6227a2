"""The web server of a run, its memory, and what must hold once everybody has gone."""

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from aftersales import clock
from aftersales.models import Event, Refund
from aftersales.payments.reconciling import Books
from tests import services
from tests.faults.invariants import chains, clicks
from tests.faults.stack import Program, wait_for_pages
from tests.load.visitors import Visit

WITHIN = 60  # seconds in which what was owed and untold must be done


class Memory(threading.Thread):
    """What the web server's processes hold, looked at every second; megabytes."""

    def __init__(self, web: Program) -> None:
        super().__init__(daemon=True)
        self.web, self.over, self.seen = web, threading.Event(), []

    def run(self) -> None:
        while not self.over.wait(1):
            self.seen.append(sum(_held(pid) for pid in self.web.children()))

    def span(self) -> tuple[float, float]:
        """After the first fifth, when all is warm, and in the last."""
        fifth = max(1, len(self.seen) // 5)
        if not self.seen:
            return 0.0, 0.0
        early = self.seen[fifth : 2 * fifth] or self.seen
        return statistics.median(early), statistics.median(self.seen[-fifth:])


def _held(pid: int) -> float:
    """What is this process's own, with its part of what it shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextmanager
def served(folder: Path, environment: dict[str, str]) -> Iterator[tuple[str, Program]]:
    """Production's web server, one process a core, on a port of its own."""
    port = services.free_port()
    bind = {"BIND": f"127.0.0.1:{port}"}
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
    web = Program("web", [*command, "aftersales.wsgi"], environment | bind, folder)
    try:
        if not wait_for_pages(f"http://127.0.0.1:{port}"):
            raise RuntimeError((folder / "web.log").read_text(errors="replace")[-1000:])
        yield f"http://127.0.0.1:{port}", web
    finally:
        web.stop()


def hurt(visit: Visit, *, within: float = WITHIN) -> list[str]:
    """Every sentence about what does not hold: clicks, chains, money, and what was left undone."""
    wrong = [] if _settled(within) else [f"something was owed or untold for {within:g} s"]
    wrong += [*clicks(visit.done), *chains()]
    return wrong + [str(each) for each in Books(clock.now() - timedelta(days=2)).differences()]


def _settled(within: float) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        owed = Refund.objects.exclude(state="paid").exists()
        if not (owed or Event.objects.filter(delivered_at=None).exists()):
            return True
        time.sleep(0.5)
    return False
