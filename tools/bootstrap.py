"""Make .venv what the locks say, with nothing but the standard library; also writes the locks.

The scanners agree neither with the project's libraries nor with each other: each of their locks
has an environment of its own, .venv-audit and .venv-attack.
"""

from __future__ import annotations  # so that an old Python gets as far as the sentence below

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "requirements"
OLDEST = (3, 11)

# What a lock is made from; `dev` contains everything in `base`, at the same versions.
SOURCES = {
    "bootstrap": ["--group", "pyproject.toml:bootstrap"],
    "base": ["pyproject.toml"],
    "dev": ["pyproject.toml", "--group", "pyproject.toml:dev", "-c", "requirements/base.txt"],
    "audit": ["--group", "pyproject.toml:audit"],
    "attack": ["--group", "pyproject.toml:attack"],
}
APART = {name: ROOT / f".venv-{name}" for name in ("audit", "attack")}


def main(wanted: str) -> None:
    if sys.version_info < OLDEST:
        sys.exit(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, and {sys.executable} is "
            f"{sys.version_info.major}.{sys.version_info.minor}: "
            "run make with PYTHON=/path/to/a/newer/python3."
        )
    make_venv(VENV)
    if wanted == "lock":
        lock()
    else:
        install(wanted)


def make_venv(place: Path) -> None:
    python = place / "bin" / "python"
    fits = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    if python.exists() and run([python, "-c", fits], quiet=True):
        return
    print(f"Making {place.name}", flush=True)
    if importlib.util.find_spec("ensurepip") is None:
        uv = shutil.which("uv")
        if uv and run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, place]):
            return
        sys.exit(
            f"This Python has no ensurepip, so no {place.name} can be made: install its venv package "
            "(on Debian and Ubuntu: apt-get install python3-venv), then run make again."
        )
    try:
        venv.create(place, clear=True, with_pip=True, symlinks=True)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)  # half a .venv would be taken for a whole one
        raise


def install(wanted: str) -> None:
    """Install the lock, unless the stamp says that it is installed already."""
    place = APART.get(wanted, VENV)
    stamp = place / f"installed-{wanted}"
    if stamp.exists() and stamp.read_text() == fingerprint(wanted):
        return
    make_venv(place)
    print(f"Installing requirements/{wanted}.txt into {place.name}", flush=True)
    stamp.unlink(missing_ok=True)
    lock_file = LOCKS / f"{wanted}.txt"
    uv = find_uv()
    if not (
        uv
        and run(
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                place / "bin" / "python",
                "--require-hashes",
                "-r",
                lock_file,
            ],
            env=environment_for_uv(),
        )
    ):
        print("uv could not, so pip does it.", flush=True)
        pip_install(lock_file, place)
    stamp.write_text(fingerprint(wanted))
    if wanted == "dev":
        (VENV / "installed-base").write_text(fingerprint("base"))


def pip_install(lock_file: Path, place: Path) -> None:
    pip = [
        place / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    if not run([*pip, "--require-hashes", "-r", lock_file]):
        sys.exit(
            f"requirements/{lock_file.name} could not be installed: see the lines above. "
            "A package index is needed; pip's own configuration is followed."
        )


def find_uv() -> str | None:
    """uv on the PATH, or in .venv, or installed there by pip with its hash checked."""
    in_venv = VENV / "bin" / "uv"
    found = shutil.which("uv")
    if found:
        return found
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if in_venv.exists() or run([*pip, "--require-hashes", "-r", LOCKS / "bootstrap.txt"]):
        return str(in_venv)
    return None


def environment_for_uv() -> dict[str, str]:
    """The user's environment, and what is configured for pip, which uv does not read."""
    pip = pip_configuration()
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "cert": "SSL_CERT_FILE",
        "proxy": "ALL_PROXY",
        "trusted-host": "UV_INSECURE_HOST",
    }
    env = {"UV_LINK_MODE": "copy"}
    for option, name in names.items():
        if option in pip:
            env[name] = " ".join(pip[option].split())
    if "find-links" in pip:
        env["UV_FIND_LINKS"] = ",".join(pip["find-links"].split())
    if "extra-index-url" in pip:
        # pip looks in every index; every file is checked against its hash either way.
        env["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return env | os.environ


def pip_configuration() -> dict[str, str]:
    found = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in found.stdout.splitlines():
        name, _, quoted = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in sections:
            sections[section][option] = quoted.strip("'\"").replace("\\n", " ")
    return sections["global"] | sections["install"] | sections[":env:"]


def lock() -> None:
    """Resolve pyproject.toml anew; versions stay unless UPGRADE is set. No address gets in."""
    uv = find_uv()
    if not uv:
        sys.exit(
            "uv is needed to write the locks, and could not be installed: see the lines above."
        )
    for name, sources in SOURCES.items():
        options = [
            "--universal",
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-emit-find-links",
        ]
        options += ["--python-version", ".".join(map(str, OLDEST)), "--quiet"]
        options += ["--custom-compile-command", "make lock", "-o", f"requirements/{name}.txt"]
        options += ["--upgrade"] if os.environ.get("UPGRADE") else []
        if not run([uv, "pip", "compile", *options, *sources], env=environment_for_uv()):
            sys.exit(f"requirements/{name}.txt could not be resolved: see the lines above.")


def fingerprint(wanted: str) -> str:
    """Of a lock and of the interpreter that it was installed for."""
    content = (LOCKS / f"{wanted}.txt").read_bytes() + sys.version.encode()
    return hashlib.sha256(content).hexdigest()


def run(
    command: list[str | Path], env: Mapping[str, str] | None = None, quiet: bool = False
) -> bool:
    out = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=out, stderr=out, check=False)
    except OSError:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "base")
