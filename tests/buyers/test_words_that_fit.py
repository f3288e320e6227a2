"""Words of the buyer's forms that fit where the case stands, and promise nothing that can't be."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from aftersales.models import Outcome
from tests.buyers.conftest import Phone
from tests.factories import Desk

Read = Callable[[HttpResponse], str]


@pytest.mark.parametrize(
    ("trait", "told"),
    [("waiting", "商家可以再提方案，也可以同意"), ("second_waiting", "商家可以同意，也可以驳回")],
)
def test_who_declines_reads_what_the_shop_may_do_then(
    trait: str, told: str, make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """NEG-45: it rejects after the last round, and offers no more then."""
    assert told in text_of(at_phone.look("reply", make_desk(trait).case))


def test_who_has_agreed_on_nothing_is_not_asked_to_decline_a_plan(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """NEG-46."""
    desk = make_desk("answered")
    agreed = Outcome.objects.get(code="agreed")
    desk.negotiate(outcome=agreed, explanation="电话里谈好了，补发一只新杯子。", offers=[])

    shown = text_of(at_phone.look("reply", desk.case))

    assert "没有谈妥，发送我的答复" in shown
    assert "不提方案，只告诉商家没有谈妥" in shown
    assert "不接受" not in shown.split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize(
    ("trait", "kind", "example"),
    [
        ("rejected", "refund_received", "例如：退款 ¥128.00，不退货"),
        ("refused_goods", "return_refund", "例如：退款 ¥128.00"),
        ("rejected", "exchange", "例如：换货"),
    ],
)
def test_the_example_of_a_wish_is_one_for_the_claim_at_hand(
    trait: str,
    kind: str,
    example: str,
    make_desk: Callable[..., Desk],
    at_phone: Phone,
    text_of: Read,
) -> None:
    """S-40."""
    shown = text_of(at_phone.look("ask_platform", make_desk(trait, type=kind).case))
    assert example in shown
    assert ("不退货" in shown) is (kind == "refund_received")
