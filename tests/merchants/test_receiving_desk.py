"""退货验收, parcel after parcel (M18): each confirmation leads back to the scanner."""

import re

from django.urls import reverse

from aftersales.enums import Status
from tests.merchants.conftest import page_of


def test_a_confirmed_parcel_leads_back_to_the_scanner(make_case, at_desk, text_of):
    """It led to the case, whose 下一单 was one to negotiate: a click too many for each parcel."""
    back = make_case("sent_back", type="return_refund")
    page = at_desk.look("receive_part", back).content.decode()
    assert '<input type="hidden" name="stay" value="desk">' in page

    answer = at_desk.send("confirm_receipt", back, stay="desk")

    assert page_of(answer) == reverse("merchants:returns")
    assert back.status == Status.REFUNDING
    told = f"{back.return_tracking}：确认收货并退款 ¥128.00"
    assert told in text_of(at_desk.look("returns"))


def test_from_the_case_it_goes_on_among_what_came_back(make_case, at_desk):
    make_case()
    first, second = [make_case("sent_back", type="return_refund") for _ in range(2)]

    answer = at_desk.send("confirm_receipt", first)
    page = at_desk.client.get(answer.headers["Location"]).content.decode()

    onward = re.search(r'href="([^"]+)"\s+rel="next"', page)
    assert onward is not None
    assert second.code in onward[1]


def test_the_record_says_that_goods_came_in(make_case, at_desk, text_of):
    """It said 同意退款, as if no parcel had been looked at."""
    back = make_case("sent_back", type="return_refund")
    at_desk.send("confirm_receipt", back)

    assert "确认收货，退款 ¥128.00，原路退回" in text_of(at_desk.look("case", back))


def test_the_record_names_what_was_agreed_to(make_case, at_desk, text_of):
    """An exchange and a repair were 同意退货 in it."""
    for kind, reason, told in (
        ("return_refund", "R1", "同意退货，等待买家寄回"),
        ("exchange", "R1", "同意换货，等待买家寄回"),
    ):
        case = make_case("agreed", type=kind, reason=reason)

        assert told in text_of(at_desk.look("case", case))
