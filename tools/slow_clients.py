"""Slow clients against deploy/nginx.conf and gunicorn as they are deployed: ``make slow``.

Starts both on free ports (nginx must be installed), opens hundreds of connections that send one
header line every two seconds and never end, and asks for the sign-in page meanwhile, through nginx
and, to see what it spares us, past it. Fails if anybody who asked through nginx got no answer.
"""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "desk.example.com"
SLOW = int(os.environ.get("SLOW", "500"))  # clients
SECONDS = float(os.environ.get("SECONDS", "30"))  # of asking
PATIENCE = 10  # seconds for one answer
UNCHECKED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the certificate is made for the trial
UNCHECKED.check_hostname, UNCHECKED.verify_mode = False, ssl.CERT_NONE
HEAD = f"GET /accounts/login/ HTTP/1.1\r\nHost: {HOST}\r\n"


def main() -> int:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        sys.exit("nginx is needed: apt-get install nginx")
    with tempfile.TemporaryDirectory(prefix="aftersales-slow-") as made:
        folder, behind, front = Path(made), free_port(), free_port()
        folder.chmod(0o755)  # nginx's workers are somebody else
        with gunicorn(folder, behind), proxy(nginx, folder, front, behind):
            lost = [
                asyncio.run(trial(name, port, tls, slow))
                for name, port, tls in (("nginx", front, True), ("gunicorn alone", behind, False))
                for slow in (0, SLOW)
            ]
    return 1 if lost[0] or lost[1] else 0


async def trial(name: str, port: int, tls: bool, slow: int) -> int:
    """How many of those who asked were not answered, while ``slow`` others dawdle."""
    dawdling = [asyncio.create_task(dawdle(port, tls)) for _ in range(slow)]
    await asyncio.sleep(5 if slow else 0)
    took, lost = [], 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            status = await asyncio.wait_for(ask(port, tls), PATIENCE)
        except (OSError, TimeoutError, IndexError):
            status = 0
        if status == 200:
            took.append(time.monotonic() - began)
        else:
            lost += 1
        await asyncio.sleep(0.2)
    for each in dawdling:
        each.cancel()
    await asyncio.gather(*dawdling, return_exceptions=True)
    took.sort()
    told = ", ".join(
        f"{word} {took[min(int(len(took) * part), len(took) - 1)] * 1000:.0f} ms"
        for word, part in (("median", 0.5), ("p95", 0.95), ("slowest", 1))
        if took
    )
    print(f"{name}, {slow} slow clients: {len(took)} answered, {lost} not; {told}", flush=True)
    return lost


async def dawdle(port: int, tls: bool) -> None:
    """Again and again: a request that never ends, until it is cut off."""
    while True:
        with contextlib.suppress(OSError):
            _reader, writer = await connect(port, tls)
            try:
                writer.write(HEAD.encode())
                while True:
                    await writer.drain()
                    await asyncio.sleep(2)
                    writer.write(b"X-Slow: yes\r\n")
            finally:
                writer.close()
        await asyncio.sleep(0.5)


async def ask(port: int, tls: bool) -> int:
    reader, writer = await connect(port, tls)
    try:
        told = "" if tls else "X-Forwarded-Proto: https\r\n"
        writer.write(f"{HEAD}{told}Connection: close\r\n\r\n".encode())
        status = await reader.readline()
        while await reader.read(65536):
            pass
        return int(status.split()[1])
    finally:
        writer.close()


async def connect(port: int, tls: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, ssl=UNCHECKED if tls else None)


@contextlib.contextmanager
def gunicorn(folder: Path, port: int) -> Iterator[None]:
    """As the service runs it, on a database of its own that is as good as empty."""
    env = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")} | {
        "SECRET_KEY": "for-slow-clients-only-" + "0123456789" * 4,
        "ALLOWED_HOSTS": HOST,
        "EMAIL_URL": "dummymail://",
        "VAR": str(folder / "var"),
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "2",
        "BEHIND_PROXY": "1",
        "LOG_LEVEL": "ERROR",
    }
    for command in (["migrate"], ["collectstatic", "--noinput"]):
        subprocess.run(
            [sys.executable, "manage.py", *command, "-v0"], cwd=ROOT, env=env, check=True
        )
    options = ["--config", "deploy/gunicorn.conf.py", "aftersales.wsgi"]
    yield from running([sys.executable, "-m", "gunicorn", *options], port, env)


@contextlib.contextmanager
def proxy(nginx: str, folder: Path, port: int, behind: int) -> Iterator[None]:
    """nginx with the very file of the deployment; its ports, logs and certificate are ours."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", f"/CN={HOST}", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    site = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for old, new in (
        (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
        (r"listen 443", f"listen 127.0.0.1:{port}"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{behind}"),
        (r"/var/log/nginx/aftersales\.log", str(folder / "access.log")),
        (r"ssl_certificate \S+;", f"ssl_certificate {certificate};"),
        (r"ssl_certificate_key \S+;", f"ssl_certificate_key {key};"),
    ):
        site, changed = re.subn(old, new, site)
        if not changed:
            sys.exit(f"deploy/nginx.conf has no {old}")
    whole = folder / "nginx.conf"
    rooms = "".join(
        f"{name}_temp_path {folder / name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # The rest as Debian has it.
    whole.write_text(
        f"daemon off; worker_processes auto; pid {folder / 'pid'}; error_log {folder / 'error'};\n"
        f"events {{ worker_connections 768; }}\nhttp {{\n{rooms}{site}}}\n"
    )
    yield from running([nginx, "-c", str(whole)], port, dict(os.environ))


def running(command: list[str], port: int, env: dict[str, str]) -> Iterator[None]:
    program = subprocess.Popen(command, cwd=ROOT, env=env)
    try:
        while program.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        if program.poll() is not None:
            sys.exit(f"{command[0]} does not start")
        yield
    finally:
        program.terminate()
        program.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
