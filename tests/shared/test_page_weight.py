"""What a page weighs before its pictures, as it travels: compressed once, then kept by the browser."""

import gzip
import re

from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

MOST = 90_000  # bytes of a first visit; 250,000 was the goal
MOST_AGAIN = 15_000  # of the next page: only its HTML


def weight(client: Client, url: str) -> tuple[int, int]:
    """The bytes of a page with its styles and scripts, and of its HTML alone; gzip, which browsers
    that know brotli get less of."""
    page = client.get(url).content
    named = set(re.findall(rb'(?:href|src)="/static/([^"]+\.(?:css|js))"', page))
    assert len(named) >= 5
    files = [finders.find(name.decode()) for name in named]
    html = len(gzip.compress(page))
    parts = 0
    for path in files:
        with open(str(path), "rb") as file:
            parts += len(gzip.compress(file.read()))
    return html + parts, html


def test_pages_are_light(make_case, merchant, buyer):
    cases = [make_case("answered") for _number in range(20)]
    for user, urls in (
        (merchant, [reverse("merchants:queue"), reverse("merchants:case", args=[cases[0].code])]),
        (buyer, [reverse("buyers:case", args=[cases[0].code]), reverse("buyers:orders")]),
    ):
        client = Client()
        client.force_login(user)
        for url in urls:
            whole, html = weight(client, url)
            assert whole <= MOST, (url, whole)
            assert html <= MOST_AGAIN, (url, html)
