"""What every test may ask for: servers that are there, a browser, a worker; and no silent skips."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import shipped

pytest_plugins = ["tests.world"]

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "var" / "screenshots"
CI = os.environ.get("CI") == "true"

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Skips --------------------------------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    for item in items:
        if item.get_closest_marker("postgres") and not postgres:
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL"))
        if item.get_closest_marker("redis") and not settings.REDIS_URL:
            item.add_marker(pytest.mark.skip(reason="needs Redis"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a test that did not run: a failure."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if CI and reporter and reporter.stats.get("skipped") and not session.exitstatus:
        reporter.write_line("\nCI=true, and tests were skipped: that is a failure.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def unavailable(sentence: str) -> None:
    """Skip with a visible reason; fail in CI."""
    if CI:
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


# The database -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep what is shipped; at the end close what Playwright's threads left open, to drop all."""
    with django_db_blocker.unblock():
        shipped.keep()
    # Whoever commits leaves a database as new to the next.
    TransactionTestCase._fixture_teardown = shipped.start_over  # type: ignore[method-assign]
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with django_db_blocker.unblock():
            connection.close()


@pytest.fixture(autouse=True)
def one_language() -> Iterator[None]:
    """What a request spoke is no language for the next test of this thread."""
    yield
    translation.deactivate()


# The browser --------------------------------------------------------------------------------------


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = (shutil.which(name) for name in [os.environ.get("CHROMIUM", ""), *names] if name)
    return next((path for path in found if path), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for the whole run of this worker."""
    path = find_chromium()
    if path is None:
        unavailable("No Chromium: install it (apt-get install chromium) or name it in CHROMIUM.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Open a page of its own session: ``new_page(user, width=390)``, without script ``script=False``;
    its urls are relative.

    The test fails if any of its pages broke the content security policy or threw in a script.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(
        user: Any = None, *, width: int = 1440, height: int = 900, script: bool = True
    ) -> Page:
        context = browser.new_context(
            java_script_enabled=script,
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=width < 768,
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        if user is not None:
            sign_in(context, user)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: (
                faults.append(f"{page.url} {said.location}: {said.text}")
                if "Content Security Policy" in said.text
                else None
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    answer_the_last()
    assert not faults, faults


def answer_the_last() -> None:
    """Let the server end what pages asked for last, a draft to keep, before the data is dropped."""
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(5)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A desktop page, not signed in."""
    return new_page()


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    """A phone's page, not signed in."""
    return new_page(width=390, height=844)


def sign_in(context: BrowserContext, user: Any) -> None:
    """Give the browser a session of the user, without the form."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    base = str(context._impl_obj._options["baseURL"])
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Keep a screenshot as test output: ``shoot(page, "wizard")`` → var/screenshots/…png."""

    def take(page: Page, name: str) -> Path:
        test = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
        width = (page.viewport_size or {"width": 0})["width"]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{test}--{name}--{width}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take


# The worker ---------------------------------------------------------------------------------------


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker with beat, on this test's database and the run's Redis."""
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "aftersales", "worker", "--beat"),
                *("--pool", "solo", "--schedule", str(tmp_path / "beat")),
                *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
            ],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": database_url(), **THE_PROJECT},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield process
    end(process)


THE_PROJECT = {"DJANGO_SETTINGS_MODULE": "aftersales.settings"}


def database_url() -> str:
    """Of the database that this test writes to, for programs that it starts."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
