"""X1 in a browser: on no page does anything run that somebody typed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Dialog, Page

from tests.crawl.places import places
from tests.rights.payloads import poison
from tests.rights.world import World

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture
def poisoned(transactional_db: None, settings: Any, tmp_path: Path) -> World:
    settings.DEMO, settings.VAR = True, tmp_path
    settings.DEMO_CLOCK = tmp_path / "clock"
    world = World()
    for place in places().values():
        world.own(place)
    with transaction.atomic():
        poison()
    return world


def close(ran: list[str], dialog: Dialog) -> None:
    ran.append(dialog.message)
    dialog.dismiss()


def test_nothing_that_was_typed_runs(poisoned: World, new_page: Callable[..., Page]) -> None:
    """A script that ran would open a dialog; one that tried, the content policy would report
    (``new_page`` fails for it); and the markup stands there to be read."""
    ran: list[str] = []
    shown = 0
    pages: dict[Any, Page] = {}
    for place in places().values():
        visit = next(iter(poisoned.own(place)), None)
        if visit is None or place.kind not in ("page", "model"):
            continue
        if visit.user not in pages:
            pages[visit.user] = new_page(visit.user)
            pages[visit.user].on("dialog", partial(close, ran))
        page = pages[visit.user]
        page.goto(visit.url)
        shown += "<img src=x onerror=" in page.inner_text("body")
        ran += [visit.label] if page.locator('img[src="x"]').count() else []
    assert not ran, ran
    assert shown > 60, shown
