"""``make demo``: a fresh market on SQLite, its web server and its worker, until Ctrl-C."""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

HOST = "127.0.0.1"
PATIENCE = 15  # seconds a child has to end by itself
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG

GUNICORN = ["gunicorn", "aftersales.wsgi", "--no-control-socket", "--log-level", "warning"]
# Threads, because a browser that keeps a spare connection open would hold up a sync worker.
GUNICORN += ["--worker-class", "gthread", "--threads", "8"]
CELERY = ["celery", "--quiet", "-A", "aftersales", "worker", "--beat", "--pool", "solo"]
CELERY += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]


class Command(BaseCommand):
    help = "Open a demo market in the browser: migrate, fill, serve and sweep, until Ctrl-C."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Only manage.py and DEMO=1 start the demo.")
        port = int(os.environ.get("PORT", "8000"))
        if is_taken(port):
            raise CommandError(f"Port {port} is taken: run PORT={port + 1} make demo instead.")
        for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wanted, leave)
        if os.environ.get("MAKELEVEL"):
            die_with_parent()  # make may be killed without a word to us
        with own_folder(settings.VAR):
            self.stdout.write("Making the demo market …")
            call_command("migrate", verbosity=0)
            call_command("make_market")
            bind = ["--bind", f"{HOST}:{port}"]
            with running([*GUNICORN, *bind], CELERY) as children:
                self.greet(port, children)
                while all(child.poll() is None for child in children):
                    time.sleep(0.2)
            raise CommandError("A part of the demo ended by itself: see the lines above.")

    def greet(self, port: int, children: list[subprocess.Popen[bytes]]) -> None:
        while not is_taken(port) and children[0].poll() is None:
            time.sleep(0.1)
        self.stdout.write(
            f"\n  售后台  http://{HOST}:{port}/\n\n"
            "  The accounts are shown on the sign-in page. Ctrl-C stops everything.\n"
        )
        self.stdout.flush()


def leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextlib.contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """A new and empty folder that is ours alone, and gone afterwards."""
    lock = folder.with_name(f"{folder.name}.lock")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError("The demo is already running in this folder.") from None
        try:
            shutil.rmtree(folder, ignore_errors=True)
            for part in ("tmp", "broker", "media"):
                (folder / part).mkdir(parents=True)
            # The file broker moves its messages through the temp folder.
            tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "tmp")
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


@contextlib.contextmanager
def running(*commands: list[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Programs of ours, each in a session of its own, that end with us however we end."""
    children: list[subprocess.Popen[bytes]] = []
    try:
        for name, *options in commands:
            children.append(
                subprocess.Popen(  # noqa: S603
                    [sys.executable, "-W", "ignore", "-m", name, *options],
                    cwd=settings.BASE_DIR,
                    start_new_session=True,  # a Ctrl-C at the terminal is for us, and we tell them
                    preexec_fn=die_with_parent,
                )
            )
        yield children
    finally:
        for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wanted, signal.SIG_IGN)  # we are leaving already
        for child in children:
            child.terminate()
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # whatever it has left in its session
            child.wait()


def die_with_parent() -> None:
    """Have the kernel end this process when its parent is gone, even by kill -9; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
