"""A case by single keys (ux 2.5): none of them commits to anything."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from aftersales.enums import Status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_evidence_is_looked_at_and_a_rejection_begun_by_keys(make_case, merchant, new_page):
    """e shows what the buyer sent, r the risks; NEG-02: nothing is rejected by it."""
    case = make_case()
    page = new_page(merchant)
    page.goto(reverse("merchants:case", args=[case.code]))

    page.keyboard.press("e")
    expect(page.locator("#viewer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    page.keyboard.press("r")

    page.wait_for_url(f"**{reverse('merchants:confirm_risks', args=[case.code])}**")
    case.refresh_from_db()
    assert case.status == Status.PENDING_MERCHANT


def test_r_goes_on_where_the_rounds_stand_or_says_why_not(make_case, merchant, new_page):
    answered, waiting = make_case("answered"), make_case("waiting")
    page = new_page(merchant)

    page.goto(reverse("merchants:case", args=[answered.code]))
    page.keyboard.press("r")
    page.wait_for_url(f"**{reverse('merchants:negotiate', args=[answered.code])}**")

    page.goto(reverse("merchants:case", args=[waiting.code]))
    page.keyboard.press("r")
    expect(page.locator("#why-entry")).to_contain_text("请耐心等待消费者回复")
