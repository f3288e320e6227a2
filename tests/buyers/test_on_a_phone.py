"""The buyers' pages on a phone: targets for a thumb, nothing sideways, and two columns on a desk."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from aftersales.models import Case, Shop, User
from tests.factories import OrderFactory
from tests.test_story import photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What is tapped by itself, with its box; a link within a sentence may be smaller, and a box
# beside its label is tapped by the label's row.
SMALL = """() => [...document.querySelectorAll(
  '.btn, .dock a, .dock button, .tabs a, .opt, .form-control, .form-select, main summary,'
  + '.form-check:has(input), .top > a, .foot-x a, .foot-x button, .links a, h2 a, .act,'
  + '.card-x > header > a, .btn-link-x')]
  .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 43.5)
  .map((e) => `${e.tagName}.${e.className} ${e.innerText.trim().slice(0, 12)} `
    + Math.round(e.getBoundingClientRect().height))"""
MAIN = """() => [...document.querySelectorAll('.dock > *, main .btn, main .form-control, .opt')]
  .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 47.5)
  .map((e) => `${e.className} ${e.innerText.trim().slice(0, 12)}`)"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def pages(make_case: Callable[..., Case], shop: Shop, buyer: User) -> list[str]:
    """Every kind of page that a buyer meets, with something on it."""
    fresh = OrderFactory(shop=shop, buyer=buyer)
    line = [shop.code, fresh.number, 1]
    waiting, rejected = make_case("waiting"), make_case("rejected")
    back, paid = make_case("agreed", type="return_refund"), make_case("agreed")
    on_its_way = make_case("shipped_again", type="exchange")
    at = [
        *(("home", []), ("orders", []), ("cases", []), ("find_order", []), ("service", [])),
        *(("order", line[:2]), ("apply", line), ("ask", line), ("ask_service", line)),
        ("apply_form", [*line, "refund_received"]),
        *((name, [waiting.code]) for name in ("case", "accept_plan", "reply", "cancel")),
        *((name, [rejected.code]) for name in ("case", "ask_platform", "add_evidence", "record")),
        *((name, [back.code]) for name in ("case", "send_back")),
        *((name, [on_its_way.code]) for name in ("case", "confirm_arrival", "dispute_arrival")),
        *((name, [paid.code]) for name in ("case", "refund", "record_complaint")),
    ]
    return [reverse(f"buyers:{name}", args=args) for name, args in at]


def test_targets_are_large_and_nothing_moves_sideways(
    pages: list[str], new_page: Callable[..., Page], buyer: User, shoot: Callable[..., Any]
) -> None:
    """S-13, WCAG 1.4.10 and 2.5.8: 48 px for what does something, 44 px for the rest."""
    phone = new_page(buyer, width=390, height=844)
    wrong: dict[str, Any] = {}
    for number, url in enumerate(pages):
        phone.goto(url)
        found = [*phone.evaluate(SMALL), *phone.evaluate(MAIN)]
        phone.set_viewport_size({"width": 320, "height": 700})
        if over := phone.evaluate(SIDEWAYS):
            found.append(f"{over} px sideways")
        phone.set_viewport_size({"width": 390, "height": 844})
        if found:
            wrong[url] = found
        shoot(phone, f"{number:02d}-{url.strip('/').split('/')[-1]}")
    assert not wrong


def test_a_case_has_two_columns_on_a_desk_and_one_on_a_phone(
    make_case: Callable[..., Case], new_page: Callable[..., Page], buyer: User, shoot: Any
) -> None:
    url = reverse("buyers:case", args=[make_case("waiting").code])
    page = new_page(buyer, width=1280)

    page.goto(url)
    mine, progress = page.locator("#mine"), page.locator("#progress")
    wide = [each.bounding_box() for each in (progress, mine)]
    shoot(page, "case")
    page.set_viewport_size({"width": 390, "height": 844})
    narrow = [each.bounding_box() for each in (progress, mine)]

    assert wide[1]["x"] > wide[0]["x"] + wide[0]["width"]
    assert narrow[1]["x"] == narrow[0]["x"]
    assert narrow[1]["y"] > narrow[0]["y"]


def test_a_pasted_line_is_read_at_once(
    make_case: Callable[..., Case], new_page: Callable[..., Page], buyer: User
) -> None:
    """B11: number and carrier, before anything is sent."""
    case = make_case("agreed", type="return_refund")
    phone = new_page(buyer, width=390, height=844)
    phone.goto(reverse("buyers:send_back", args=[case.code]))

    phone.fill("#id_tracking", "韵达 1234567890123")
    phone.locator("#id_tracking").dispatch_event("paste")

    phone.locator("#id_tracking[value='1234567890123']").wait_for()
    assert phone.locator("#id_carrier").input_value() == "韵达快递"
    case.refresh_from_db()
    assert case.return_tracking == ""


def test_enter_on_the_keyboard_sends_what_the_button_sends(
    make_case: Callable[..., Case], new_page: Callable[..., Page], buyer: User
) -> None:
    """Not the buttons for browsers without script, which come before it and are not seen."""
    case = make_case("agreed", type="return_refund")
    phone = new_page(buyer, width=390, height=844)
    phone.goto(reverse("buyers:send_back", args=[case.code]))
    phone.locator("#id_tracking").fill("SF1234567890123")
    phone.locator("#id_tracking").press("Enter")
    phone.get_by_text("单号已提交，商家收货后退款").wait_for()
    case.refresh_from_db()
    assert case.return_tracking == "SF1234567890123"


def test_a_reasons_shots_appear_with_their_drawings(
    shop: Shop, buyer: User, new_page: Callable[..., Page], shoot: Any
) -> None:
    order = OrderFactory(shop=shop, buyer=buyer)
    phone = new_page(buyer, width=390, height=844)
    phone.goto(reverse("buyers:apply_form", args=[shop.code, order.number, 1, "refund_received"]))

    phone.select_option("#id_reason", "R1")
    phone.locator(".example img").nth(2).wait_for()
    phone.locator("summary", has_text="拍不了").first.click()
    shoot(phone, "shots")

    assert phone.locator("#id_why_close").is_visible()
    assert phone.evaluate(SIDEWAYS) == 0
    drawn = "[...document.querySelectorAll('.example img')].map(e => e.complete && e.naturalWidth)"
    assert all(phone.evaluate(drawn))


def test_a_slot_is_marked_as_wrong_only_while_it_is(
    make_case: Callable[..., Case], new_page: Callable[..., Page], buyer: User
) -> None:
    """S-76: what was missing and is chosen now stays red no more; what is not taken makes it red."""
    phone = new_page(buyer, width=390, height=844)
    phone.goto(reverse("buyers:add_evidence", args=[make_case("rejected").code]))
    phone.get_by_role("button", name="提交凭证").click()
    phone.locator(".drop.is-invalid").wait_for()
    phone.wait_for_load_state()

    phone.set_input_files("[name=proof_added]", photo())
    phone.locator(".slot .shots:not(.picks) li img").wait_for()
    assert phone.locator(".is-invalid").count() == 0
    assert phone.locator("[name=proof_added]").get_attribute("aria-invalid") is None

    phone.set_input_files("[name=proof_added]", {"name": "a.txt", "mimeType": "", "buffer": b"x"})
    phone.locator(".drop.is-invalid").wait_for()
