"""The frame of a shop's pages: the numbers of its menu and its search box, wherever one is."""

from typing import Any

import pytest
from django.urls import reverse


def number(page: Any, name: str) -> str:
    words = page.content.decode()
    return words.partition(f'data-live="{name}">')[2].partition("<")[0]


@pytest.mark.parametrize("name", ["notices", "prefs", "help"])
def test_the_menu_counts_on_pages_that_all_share_too(name, at_desk, make_case):
    """They were empty there, as if nothing waited."""
    make_case()

    page = at_desk.client.get(reverse(name))

    assert number(page, "mine") == "1"
    assert number(page, "receive") == "0"


def test_a_buyer_has_no_numbers_of_a_shop(client, buyer, make_case):
    make_case()
    client.force_login(buyer)

    assert "data-live" not in client.get(reverse("help")).content.decode()


@pytest.mark.parametrize("name", ["returns", "orders"])
def test_the_search_of_cases_repeats_only_what_was_searched_there(name, at_desk, make_case):
    """A parcel's number stood in it, and Enter looked for a case of that number."""
    make_case()

    page = at_desk.look(name, q="ZT-UNKNOWN-1").content.decode()
    queue = at_desk.look("queue", tab="all", q="ZT-UNKNOWN-1").content.decode()

    assert page.partition('id="q"')[2].partition(">")[0].count("ZT-UNKNOWN-1") == 0
    assert queue.partition('id="q"')[2].partition(">")[0].count("ZT-UNKNOWN-1") == 1
