"""From case to case in the list it was opened from, before and after a decision (rank 4)."""

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from tests.factories import OrderFactory


@pytest.fixture
def five(make_case, now):
    """Five cases, an hour apart, the first the most urgent."""
    made = []
    for _ in range(5):
        made.append(make_case())
        now.shift(timedelta(hours=1))
    return made


def linked(answer, rel):
    """The case that the page's link of this kind leads to, with its query."""
    found = re.search(rf'href="([^"]+)"\s+rel="{rel}"', answer.content.decode())
    return found[1].replace("&amp;", "&") if found else ""


def code_in(url):
    found = re.search(r"/cases/([^/]+)/", url)
    return found[1] if found else ""


def test_the_neighbours_are_those_of_the_list(five, at_desk, text_of):
    page = at_desk.look("case", five[2])

    assert code_in(linked(page, "prev")) == five[1].code
    assert code_in(linked(page, "next")) == five[3].code
    assert "下一单（剩 4）" in text_of(page)


def test_the_last_leads_back_to_the_first(five, at_desk):
    assert code_in(linked(at_desk.look("case", five[4]), "next")) == five[0].code
    assert linked(at_desk.look("case", five[0]), "prev") == ""


def test_the_way_keeps_to_the_filter_and_its_order(five, make_case, at_desk, shop, buyer):
    cheap = [
        make_case(order=OrderFactory(shop=shop, buyer=buyer, paid=Decimal(paid), goods_total=paid))
        for paid in (10, 30, 20)
    ]
    rows = at_desk.look("queue", most="50", sort="amount").context["rows"]

    page = at_desk.client.get(rows[0].url)

    assert [row.code for row in rows] == [cheap[1].code, cheap[2].code, cheap[0].code]
    assert code_in(linked(page, "next")) == cheap[2].code
    last = at_desk.client.get(linked(at_desk.client.get(linked(page, "next")), "next"))
    assert code_in(linked(last, "next")) == cheap[1].code
    assert code_in(linked(last, "prev")) == cheap[2].code


def test_every_link_of_the_case_carries_the_list(five, at_desk):
    query = {"list": "tab=mine&type=refund_received"}
    page = at_desk.look("case", five[0], **query).content.decode().replace("&amp;", "&")
    carried = urlencode(query)

    for name in ("agree", "confirm_risks", "send_message", "assign", "add_note", "add_tag"):
        assert f"{reverse(f'merchants:{name}', args=[five[0].code])}?{carried}" in page
    assert f'href="{reverse("merchants:queue")}?{query["list"]}#{five[0].code}"' in page


def test_after_a_decision_it_goes_on_where_the_case_stood(five, at_desk, text_of):
    """Skipped ones are not come back to; 20 cases decided without seeing the list."""
    query = urlencode({"list": "tab=mine&type=refund_received"})
    url = f"{reverse('merchants:agree', args=[five[2].code])}?{query}"

    done = at_desk.client.post(url, {"version": five[2].version}, follow=True)

    five[2].refresh_from_db()
    assert five[2].status == "refunding"
    assert "处理下一单（剩 4）" in text_of(done)
    assert code_in(linked(done, "next")) == five[3].code
    assert code_in(linked(done, "prev")) == five[1].code
    assert query in linked(done, "next")
    assert "at=" not in linked(done, "next")


def test_the_tool_carries_the_list_from_page_to_page(five, at_desk):
    query = urlencode({"list": "tab=mine&type=refund_received"})
    url = f"{reverse('merchants:confirm_risks', args=[five[1].code])}?{query}"

    answer = at_desk.client.post(url, {"look": "1"})

    assert answer.url.endswith(f"?{query}")
    page = at_desk.client.get(answer.url).content.decode().replace("&amp;", "&")
    assert f'action="{answer.url}"' in page


def test_at_the_receiving_desk_the_next_is_what_came_back(make_case, at_desk):
    make_case()
    back = [make_case("sent_back", type="return_refund") for _ in range(2)]

    assert code_in(linked(at_desk.look("case", back[0]), "next")) == back[1].code


@pytest.mark.parametrize(
    "query",
    [
        {"list": "%00&tab=nowhere"},
        {"list": "x" * 9000},
        {"list": "tab=mine", "at": "nonsense"},
        {"list": "tab=mine&who=999", "at": "2026-01-01T00:00:00+00:00~1"},
    ],
)
def test_a_broken_way_is_the_usual_one(five, at_desk, query):
    page = at_desk.look("case", five[0], **query)

    assert code_in(linked(page, "next")) == five[1].code
