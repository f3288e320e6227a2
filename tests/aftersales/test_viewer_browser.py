"""The evidence viewer in a real browser: by mouse, by keys, side by side, and without script."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from aftersales.models import Case, User
from tests.factories import Desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def case(make_desk: Callable[..., Desk], now: Any) -> Case:
    case = make_desk("under_review").case
    now.shift(timedelta(hours=48))
    case.catch_up()
    return case


def test_a_reviewer_compares_evidence_with_the_keys(
    new_page: Callable[..., Page], shoot: Callable[..., Any], case: Case, staff: User
) -> None:
    """S-23, W7: 1 to 9, arrows and space, r, + and c; nothing but pictures moves."""
    page = new_page(staff)
    page.goto(reverse("admin:rule", args=[case.last_intervention.pk]))  # type: ignore[union-attr]
    shoot(page, "ruling")
    box, many = page.locator("#viewer"), page.locator("[data-album] a[data-view]").count()
    titles, images = box.locator("[data-title]"), box.locator("img")
    page.keyboard.press("2")
    expect(titles.first).to_contain_text("E2")
    page.keyboard.press("ArrowLeft")
    expect(titles.first).to_contain_text("E1")
    page.keyboard.press("Space")
    expect(titles.first).to_contain_text("E2")
    page.keyboard.press("r")
    expect(images.first).to_have_attribute("data-turned", "1")
    page.keyboard.press("+")
    assert images.first.evaluate("img => img.style.getPropertyValue('--zoom')") == "1.5"
    page.keyboard.press("c")
    expect(titles.nth(1)).to_be_visible()
    page.keyboard.press("1")
    expect(titles.nth(1)).to_contain_text("E1")
    expect(titles.first).to_contain_text("E2")
    expect(box.locator("[data-place]").first).to_have_text(f"2 / {many}")
    shoot(page, "compare")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.get_by_label("判定依据").fill("12")
    expect(box).to_be_hidden()
    page.locator("[data-album] a[data-view]").first.click()
    expect(box).to_be_visible()


def test_a_narrow_or_dark_page_reads_one_side_after_the_other(
    new_page: Callable[..., Page], shoot: Callable[..., Any], case: Case, staff: User
) -> None:
    """W7: up to 1000 px the columns are two headed sections, the buyer's first."""
    page = new_page(staff, width=1000)
    page.emulate_media(color_scheme="dark")
    page.goto(reverse("admin:rule", args=[case.last_intervention.pk]))  # type: ignore[union-attr]
    shoot(page, "dark")
    buyer = page.locator(".sides > section").nth(0).bounding_box()
    merchant = page.locator(".sides > section").nth(1).bounding_box()
    assert buyer is not None
    assert merchant is not None
    assert merchant["y"] >= buyer["y"] + buyer["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000


def test_what_was_opened_is_no_longer_called_unseen(
    new_page: Callable[..., Page], make_desk: Callable[..., Desk], merchant: User
) -> None:
    """RW-11: the page said 未查看 on until it was loaded again, beside the tick that asks for the look."""
    case = make_desk().case
    page = new_page(merchant)
    page.goto(reverse("merchants:case", args=[case.code]))
    unseen = page.get_by_text("未查看", exact=True)
    expect(unseen).to_have_count(2)
    page.locator(".shots a[data-view]").first.click()
    expect(unseen).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(unseen).to_have_count(0)
    page.reload()
    expect(unseen).to_have_count(0)
