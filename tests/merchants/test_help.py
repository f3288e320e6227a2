"""帮助 for a shop: how it works at its desk, in its own frame; buyers go on reading theirs."""

import re

from django.test import Client
from django.urls import reverse

from aftersales.helping import for_merchants

HELP = reverse("help")


def test_a_shop_reads_how_it_works_not_what_buyers_do(at_desk):
    """It led to 怎么申请售后, without a way back."""
    page = at_desk.client.get(HELP).content.decode()

    assert "商家售后帮助" in page
    assert "想驳回，先协商" in page
    assert "怎么申请售后" not in page
    assert '<nav class="side"' in page
    for anchor in {anchor for _sentences, anchor in for_merchants().values()}:
        assert f'id="{anchor}"' in page
    for anchor in re.findall(r'href="#([a-z]+)"', page):
        assert f'id="{anchor}"' in page


def test_what_buyers_read_stays_in_reach(at_desk, buyer):
    shown = at_desk.client.get(HELP, {"for": "buyer"}).content.decode()
    phone = Client()
    anonymous = phone.get(HELP).content.decode()
    phone.force_login(buyer)

    for page in (shown, anonymous, phone.get(HELP).content.decode()):
        assert "怎么申请售后" in page
        assert "商家售后帮助" not in page
