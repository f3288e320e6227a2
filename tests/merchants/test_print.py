"""A case on paper: who, what, when, the record and the evidence with their hashes, and nothing to press (M15)."""

import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader

from aftersales.display import exact
from tests.factories import upload
from tests.merchants.test_platform import WHY

MOST_QUERIES = 56


def test_the_paper_names_case_time_and_the_last_hash_of_the_chain(make_case, at_desk, text_of):
    case = make_case("rejected")
    last = case.events.order_by("version").last()

    answer = at_desk.look("print", case)
    page = text_of(answer).partition("<main")[2]

    assert f"售后单 {case.code} · {case.shop} · 打印于 2026-11-23 " in page
    assert f"第 {last.version} 条记录，记录链首 SHA-256 {last.hash}" in page
    assert last.hash == case.chain
    for sent in case.rounds.all():
        assert sent.text in page
    for entry in answer.context["record"]:  # whole moments: a paper is read on another day
        assert exact(entry.at) in page
    for row in case.evidence.select_related("upload"):
        assert f"SHA-256 {row.upload.sha256}" in page
        assert reverse("file", args=[row.upload.token]) in page


def test_personal_data_are_masked_and_internal_notes_stay_inside(make_case, at_desk, text_of):
    """NEG-23, S-73, as on the page; what is printed may leave the shop."""
    case = make_case("rejected")
    at_desk.post("add_note", case.code, text="这位买家常来")
    assert case.notes.exists()

    page = text_of(at_desk.look("print", case))

    for secret in ("13812345678", "林溪树", "某路 9 号", "这位买家常来"):
        assert secret not in page
    assert "林**树" in page
    assert "138****5678" in page


def test_what_the_buyer_filed_in_an_open_window_is_named_and_not_shown(
    make_case, at_desk, buyer, now, text_of
):
    case = make_case("rejected")
    now.shift(timedelta(minutes=1))
    case.ask_platform(by=buyer, reason=WHY)
    piece = upload(buyer)
    case.add_evidence(by=buyer, evidence={"added": [piece]})

    answer = at_desk.look("print", case)
    page, pieces = text_of(answer), answer.context["pieces"]

    assert [each.shown for each in pieces] == [*[True] * (len(pieces) - 1), False]
    assert "举证结束后可见" in page
    assert piece.token not in page
    assert page.count("SHA-256") == len(pieces)  # the chain's, and of all but the one


def test_only_the_shop_prints_its_case(make_case, stranger, buyer, desk_of, text_of, at_desk):
    case = make_case()
    url = reverse("merchants:print", args=[case.code])

    for other in (stranger, buyer):
        assert desk_of(other).client.get(url).status_code == 404
    assert url in text_of(at_desk.look("case", case))


def test_printing_takes_few_queries(make_case, at_desk, django_assert_max_num_queries):
    case = make_case("rejected")

    with django_assert_max_num_queries(MOST_QUERIES):
        at_desk.look("print", case)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_pages_are_printed_without_navigation_docks_and_buttons(
    make_case, merchant, buyer, new_page, shoot
):
    case = make_case("waiting")
    shop, phone = new_page(merchant), new_page(buyer, width=390)
    pages = [
        (shop, reverse("merchants:print", args=[case.code])),
        (shop, reverse("merchants:case", args=[case.code])),
        (shop, reverse("merchants:queue") + "?tab=all"),
        (phone, reverse("buyers:case", args=[case.code])),
    ]
    for page, url in pages:
        page.goto(url)
        page.emulate_media(media="print", color_scheme="dark")
        seen = page.locator("nav, button, .btn, .top, .side, .dock, .skip, dialog")
        assert [each.inner_text() for each in seen.all() if each.is_visible()] == []
        card = page.locator("main :is(.card-x, .grid)").first  # dark stays on the screen
        told = "each => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor]"
        assert card.evaluate(told)[0] == "rgb(0, 0, 0)"
        assert card.evaluate(told)[1] in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
        shoot(page, re.sub(r"\W+", "-", url).strip("-"))
        paper = PdfReader(io.BytesIO(page.pdf(format="A4")))
        text = "".join(sheet.extract_text() for sheet in paper.pages)
        assert case.code in text
        assert "偏好设置" not in text
        page.emulate_media(media="screen")
    shop.goto(pages[0][1])
    shop.evaluate("window.print = () => document.body.dataset.printed = 'yes'")
    shop.get_by_role("button", name="打印").click()
    assert shop.evaluate("document.body.dataset.printed") == "yes"
