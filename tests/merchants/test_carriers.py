"""快递公司: recognised from the number, and never kept from a number that was another one."""

import re

import pytest

from aftersales.enums import Status


def shown(answer):
    """The form as the page gives it back."""
    page = answer.content.decode()
    carrier = re.search(r'<option value="([^"]*)" selected', page)
    guess = re.search(r'name="recognised"(?: value="([^"]*)")?', page)
    return {
        "carrier": carrier[1] if carrier else "",
        "recognised": (guess[1] or "") if guess else "",
    }


@pytest.fixture
def to_ship(make_case):
    return make_case("agreed", type="resend", reason="R8")


def taken(make_case):
    """A number that another parcel has."""
    return make_case("sent_back", type="return_refund").return_tracking


def test_another_number_is_recognised_anew(to_ship, make_case, at_desk):
    """After a number that was taken, SF… was sent as of the carrier guessed before."""
    number = taken(make_case)
    refused = at_desk.send("ship_replacement", to_ship, tracking=number)
    assert refused.status_code == 422
    guessed = shown(refused)
    assert guessed["carrier"]
    assert guessed["carrier"] != "顺丰速运"

    at_desk.send("ship_replacement", to_ship, tracking="SF1234567890123", **guessed)

    assert to_ship.status == Status.AWAITING_BUYER_RECEIPT
    parcel = to_ship.order.parcels.get(tracking="SF1234567890123")
    assert parcel.carrier == "顺丰速运"


def test_a_carrier_that_was_chosen_is_kept(to_ship, make_case, at_desk):
    refused = at_desk.send(
        "ship_replacement", to_ship, tracking=taken(make_case), carrier="德邦快递"
    )

    at_desk.send("ship_replacement", to_ship, tracking="SF1234567890123", **shown(refused))

    assert to_ship.order.parcels.get(tracking="SF1234567890123").carrier == "德邦快递"
