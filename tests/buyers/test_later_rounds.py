"""What a buyer is told of a round after the first: that it gives less than the one before."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from tests.buyers.conftest import Phone
from tests.buyers.test_answering import offered
from tests.factories import Desk

Read = Callable[[HttpResponse], str]


def test_a_later_round_that_offers_less_says_so(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """NEG-43: a new round takes the place of the one before; nobody finds out by reckoning."""
    desk = make_desk("checked")
    offered(desk, ("partial_refund", "45.00"))
    desk.reply()
    [offer] = offered(desk, ("partial_refund", "30.00"))

    told = "比上一轮的 ¥45.00 少 ¥15.00"
    assert told in text_of(at_phone.look("case", desk.case))
    assert told in text_of(at_phone.look("accept_plan", desk.case, offer=offer.pk))


@pytest.mark.parametrize("amount", ["45.00", "60.00"])
def test_a_later_round_that_offers_as_much_or_more_says_nothing_of_it(
    amount: str, make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    desk = make_desk("checked")
    offered(desk, ("partial_refund", "45.00"))
    desk.reply()
    offered(desk, ("partial_refund", amount))

    assert "比上一轮" not in text_of(at_phone.look("case", desk.case))
