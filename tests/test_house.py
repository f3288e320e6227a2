"""The house itself: it refuses to run unsafely, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection

from tests import services

ROOT = Path(__file__).resolve().parent.parent

SAFE = {
    "SECRET_KEY": "0123456789" * 6,
    "ALLOWED_HOSTS": "desk.example.com",
    "DATABASE_URL": "postgres://desk@localhost/desk",
    "REDIS_URL": "redis://localhost/0",
}


def read_settings(
    *, code: str = "print(s.DEBUG, s.PRODUCTION)", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Read the settings as a new program would, with nothing but this in its environment."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", f"import aftersales.settings as s; {code}"],
        cwd=ROOT,
        env=plain | environment,
        capture_output=True,
        text=True,
        check=False,
    )


# Settings -----------------------------------------------------------------------------------------


def test_it_starts_with_no_configuration_for_a_first_look(tmp_path):
    assert read_settings(VAR=str(tmp_path)).stdout == "True False\n"


def test_it_starts_in_production_when_all_is_set():
    assert read_settings(**SAFE).stdout == "False True\n"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({"SECRET_KEY": "first-look-only-" + "0" * 48}, "SECRET_KEY must be set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be set"),
        ({"SECRET_KEY": "x" * 60}, "SECRET_KEY must be set"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"DEBUG": "1"}, "DEBUG must be off in production"),
        ({"DEMO": "1"}, "DEMO must be off in production"),
        ({"LEAKED_PASSWORDS": "/nowhere"}, "LEAKED_PASSWORDS names /nowhere"),
    ],
)
def test_it_refuses_to_start_in_production(change, sentence):
    started = read_settings(**SAFE | change)

    assert started.returncode != 0
    assert sentence in started.stderr.splitlines()[-1]


def test_a_lost_database_url_does_not_turn_production_into_a_first_look(tmp_path):
    without = {name: value for name, value in SAFE.items() if name != "DATABASE_URL"}

    assert read_settings(**without, VAR=str(tmp_path)).stdout == "False True\n"


# Servers ------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_the_database_is_postgresql_and_a_test_database(db):
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.mark.redis
def test_the_cache_is_redis():
    cache.set("house", "stands", 5)

    assert cache.get("house") == "stands"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_takes_its_servers_with_it(ending):
    script = "from tests import services; print(services.start(), flush=True); input()"
    outside = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", services.STARTED)
    }
    run = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=outside,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with run:
        assert run.stdout is not None
        folder = run.stdout.readline().strip()
        assert running(folder)
        run.send_signal(ending)

    assert nothing_left(folder)
    services.sweep_up()
    assert not Path(folder).exists()


# The locks and the translation --------------------------------------------------------------------


def test_no_lock_holds_an_address():
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text


@pytest.fixture
def small_project(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "aftersales").mkdir()
    (tmp_path / "aftersales" / "a.py").write_text('label = _("驳回")\n')
    page = "{% load i18n %}{% blocktranslate %}共 {{ n }} 单{% endblocktranslate %}\n"
    (tmp_path / "templates" / "a.html").write_text(page)
    return tmp_path


def messages(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "messages.py", "--root", project, *options],
        capture_output=True,
        text=True,
        check=False,
    )


def translate(project: Path, **texts: str) -> Path:
    """Write translations into the .po as a person would."""
    po = project / "aftersales" / "locale" / "en" / "LC_MESSAGES" / "django.po"
    text = po.read_text()
    for chinese, english in texts.items():
        text = text.replace(f'{chinese}"\nmsgstr ""', f'{chinese}"\nmsgstr "{english}"')
    po.write_text(text)
    return po


def test_the_check_finds_what_has_no_translation(small_project):
    messages(small_project)

    checked = messages(small_project, "--check")

    assert checked.returncode == 1
    assert "untranslated: “驳回” (aftersales/a.py)" in checked.stdout
    assert "untranslated: “共 %(n)s 单” (templates/a.html)" in checked.stdout


def test_the_check_passes_when_all_is_translated_and_compiled(small_project):
    messages(small_project)
    translate(small_project, 驳回="Reject", 单="%(n)s cases")
    messages(small_project)

    checked = messages(small_project, "--check")

    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("aftersales/a.py", '_("驳回"); _("同意")\n', "missing: “同意”"),
        ("aftersales/a.py", "\n", "stale: “驳回”"),
        ("templates/b.html", "<p>同意</p>\n", "not marked: templates/b.html:1: 同意"),
    ],
)
def test_the_check_finds_what_has_changed(small_project, file, text, fault):
    messages(small_project)
    translate(small_project, 驳回="Reject", 单="%(n)s cases")
    messages(small_project)
    (small_project / file).write_text(text)

    checked = messages(small_project, "--check")

    assert checked.returncode == 1
    assert fault in checked.stdout


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"Reject"', '"Refuse"', "was not compiled from this"),
        ('msgid "驳回"', '#, fuzzy\nmsgid "驳回"', "fuzzy: “驳回”"),
        ("%(n)s cases", "%(m)s cases", "wrong: “共 %(n)s 单”"),
    ],
)
def test_the_check_finds_a_bad_translation(small_project, old, new, fault):
    messages(small_project)
    po = translate(small_project, 驳回="Reject", 单="%(n)s cases")
    messages(small_project)
    po.write_text(po.read_text().replace(old, new))

    checked = messages(small_project, "--check")

    assert checked.returncode == 1
    assert fault in checked.stdout


# The demo -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    [
        signal.SIGINT,
        *(pytest.param(each, marks=pytest.mark.long) for each in (signal.SIGHUP, signal.SIGKILL)),
    ],
)
def test_the_demo_leaves_nothing_behind(tmp_path, ending):
    folder = tmp_path / "demo"
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    port = services.free_port()
    environment = {"VAR": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    with (tmp_path / "said").open("wb") as said:
        demo = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=plain | environment,
            stdout=said,
            stderr=said,
        )
    for _ in until(240):  # it migrates and fills, beside other tests
        text = (tmp_path / "said").read_text()
        if "Ctrl-C" in text or demo.poll() is not None:
            break
    assert f"127.0.0.1:{port}" in text, text
    assert len(running(str(folder))) >= 3

    demo.send_signal(ending)
    code = demo.wait(30)

    assert nothing_left(str(folder))
    if ending != signal.SIGKILL:
        assert code == 0
        assert not folder.exists()


def running(folder: str) -> list[str]:
    """The processes that were started with this folder in their environment or command."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            alive = "\nState:\tZ" not in (process / "status").read_text()
        except OSError:
            continue
        if alive and folder.encode() in told:
            found.append(process.name)
    return found


def nothing_left(folder: str) -> bool:
    return any(not running(folder) for _ in until(20))


def until(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)
