"""Everything a campaign runs: PostgreSQL, Redis, the gateway, and the product's programs, with a proxy before each server."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from redis import Redis

from tests import services
from tests.faults.bank import ADDRESS, Bank, open_bank
from tests.faults.proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds until a program must answer, on a machine that is busy
SECRET = "for-fault-campaigns-only-" + "0123456789" * 4


class Program:
    """One of the product's programs, with all its processes in a group of their own."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], folder: Path) -> None:
        self.name, self.command, self.env, self.folder = name, command, env, folder
        self.process: subprocess.Popen[bytes] | None = None
        self.wanted = True  # systemd would start it again
        self.dial = folder / f"clock-{name}"
        self.start()

    def start(self) -> None:
        self.wanted = True
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.env | {"FAULTS_CLOCK": str(self.dial)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        """To every process of it, as systemd would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """With all its processes; it stays down until it is started."""
        self.wanted = False
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stop(self) -> None:
        """As it is asked to at a deployment: it may end what it has begun."""
        self.ask_to_stop()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        self.kill()  # also the children that outlived it

    def ask_to_stop(self) -> None:
        self.wanted = False
        self.signal(signal.SIGCONT)
        if self.process is not None:
            self.process.terminate()

    @property
    def fallen(self) -> bool:
        """It has ended, and nobody asked it to."""
        return self.wanted and self.process is not None and self.process.poll() is not None

    def children(self) -> list[int]:
        if self.process is None:
            return []
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(OSError):
            return [int(each) for each in listed.read_text().split()]
        return []

    def shift(self, seconds: int) -> None:
        """Put its wall clock forward or back; 0 puts it right."""
        self.dial.write_text(str(seconds))

    def limit_files(self, most: int) -> None:
        """The disk of its children is full for files longer than ``most`` bytes; -1: no longer."""
        for pid in self.children():
            with contextlib.suppress(ProcessLookupError):
                _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


def production(var: Path) -> dict[str, str]:
    """The environment of programs as in production, for this machine alone."""
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "SECRET_KEY": SECRET,
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEBUG": "0",
        "DEMO": "0",
        "HTTPS": "0",
        "EMAIL_URL": "dummymail://",
        "LOG_LEVEL": "WARNING",
        "VAR": str(var),
        # Proxies that a machine may have set are not for loopback.
        "no_proxy": "*",
    }


def wait_for_pages(url: str, patience: float = PATIENCE) -> bool:
    """Whether there are pages within so many seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer,  # noqa: S310
        ):
            if answer.status == 200:
                return True
        time.sleep(0.2)
    return False


class Stack:
    """The servers of a whole run; ``opened`` adds the programs for one seed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        url = services.start_postgres(folder, synchronous_commit="on")
        self.postgres = services._servers[-1]
        self.database = urlsplit(url)
        url = services.start_redis(folder)
        self.redis_server = services._servers[-1]
        self.redis_port = urlsplit(url).port or 0
        self.redis = Redis(port=self.redis_port, socket_timeout=5)
        self.to_postgres = Proxy(self.database.port or 0, resets=True)
        self.to_redis = Proxy(self.redis_port, resets=False)
        self.name = "postgres"  # of the database in use
        self.broken = False
        self.falls: list[str] = []  # programs that ended by themselves

    # One seed

    @contextlib.contextmanager
    def opened(self, name: str, bank: Bank, *, broken: bool) -> Iterator[None]:
        """The programs on database ``name``; afterwards they are ended."""
        self.name, self.bank, self.broken = name, bank, broken
        self.place = self.folder / name
        self.place.mkdir()
        self.falls.clear()
        server = open_bank(bank)
        self.redis.flushall()
        port = services.free_port()
        self.url = f"http://127.0.0.1:{port}"
        env = self.environment() | {
            "DATABASE_URL": self.at(self.to_postgres.port),
            "REDIS_URL": f"redis://127.0.0.1:{self.to_redis.port}/0",
            ADDRESS: str(server.server_address[1]),
            "GATEWAY": "tests.faults.gateway.Loopback",
            "BIND": f"127.0.0.1:{port}",
            "WEB_CONCURRENCY": "2",
        }
        product = ["-A", "tests.faults.product"]
        celery = [sys.executable, "-m", "celery", *product]
        alone = ["--concurrency", "2", "--without-gossip", "--without-mingle"]
        commands = {
            "web": [
                *(sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"),
                "tests.faults.product:application",
            ],
            **{
                name: [*celery, "worker", *alone, "--hostname", f"{name}@faults"]
                for name in ("worker1", "worker2")
            },
            **{
                name: [*celery, "beat", "--schedule", str(self.place / name)]
                for name in ("beat1", "beat2")
            },
        }
        self.programs = {
            name: Program(name, command, env, self.place) for name, command in commands.items()
        }
        over = threading.Event()
        guard = threading.Thread(target=self.guard, args=[over], daemon=True)
        guard.start()
        try:
            self.wait_for_pages()
            yield
        finally:
            over.set()
            guard.join()
            for program in self.programs.values():
                program.ask_to_stop()
            for program in self.programs.values():
                program.stop()
            server.shutdown()
            server.server_close()

    def guard(self, over: threading.Event) -> None:
        """What ``Restart=always`` and ``RestartSec=2`` do in deploy/systemd."""
        while not over.wait(0.5):
            for program in self.programs.values():
                if program.fallen and not over.wait(2) and program.fallen:
                    self.falls.append(program.name)
                    program.start()

    def environment(self) -> dict[str, str]:
        """What every program is told, and the campaign's own Django too."""
        return production(self.folder / "var") | {"FAULTS_BROKEN": "1" if self.broken else ""}

    def at(self, port: int | None = None) -> str:
        """The database in use, through ``port`` or past the proxy."""
        url = self.database._replace(path=f"/{self.name}")
        if port:
            url = url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{port}")
        return url.geturl()

    def wait_for_pages(self) -> None:
        if not wait_for_pages(self.url):
            log = (self.place / "web.log").read_text(errors="replace")
            raise RuntimeError(f"the pages do not come up: {log[-1000:]}")

    # The servers

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Asked past the proxy, in a connection of its own."""
        with psycopg.connect(self.at(), autocommit=True) as link:
            found = link.execute(statement, values)
            return found.fetchall() if found.description else []

    def crash_postgres(self) -> None:
        """As ``pg_ctl stop -m immediate``: nobody is asked, nothing is flushed."""
        self.postgres.send_signal(signal.SIGQUIT)
        self.postgres.wait()

    def restart_postgres(self) -> None:
        self.postgres = self._again(self.postgres)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.sql("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def crash_redis(self) -> None:
        """It keeps nothing: whatever it held is gone."""
        self.redis_server.kill()
        self.redis_server.wait()

    def restart_redis(self) -> None:
        self.redis_server = self._again(self.redis_server)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(Exception):
                self.redis.ping()
                return
            time.sleep(0.05)

    def _again(self, server: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        services._servers.remove(server)
        who = services.as_account(services.unprivileged())
        return services.launch(server.args, self.folder, who)  # type: ignore[arg-type]
