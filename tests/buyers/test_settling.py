"""多退少补: what settling a bundle comes to is told before applying, and filed all the same."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse

from aftersales.enums import Status
from aftersales.models import Case, Shop, User
from aftersales.payments import pay_due
from tests.buyers.conftest import Phone
from tests.factories import OrderFactory

Read = Callable[[HttpResponse], str]
NO_REASON = {"reason": "R13", "goods_intact": "1", "description": "不喜欢"}


@pytest.fixture
def three(shop: Shop, buyer: User) -> Any:
    """Three boxes, single ¥50 each, bought together for ¥90."""
    box = {"quantity": 1, "list_total": Decimal("50.00"), "paid": Decimal("30.00"), "bundle": "B"}
    return OrderFactory(
        shop=shop, buyer=buyer, paid=Decimal("90.00"), lines=[box | {"title": t} for t in "甲乙丙"]
    )


def test_a_return_that_settles_to_nothing_is_told_filed_and_ends(
    three: Any, at_phone: Phone, merchant: User, text_of: Read
) -> None:
    """§1.5, Measures Art. 17, G6: the page says what is owed before applying; no amount is asked."""
    page = at_phone.page("apply_form", three, "return_refund")
    form = text_of(at_phone.client.post(page, {**NO_REASON, "refresh": "1"}))
    assert "结算后没有可退的钱，仍可以把商品退回" in form
    assert "结算后你还差 ¥10.00。不会自动扣款" in form
    assert 'name="amount"' not in form

    assert at_phone.fill(three, "return_refund", **NO_REASON).status_code == 302
    assert "还差" in text_of(at_phone.review(three, "return_refund"))
    assert at_phone.submit(three, "return_refund", key="one").status_code == 302
    case = Case.objects.get()
    assert (case.status, case.amount) == (Status.PENDING_MERCHANT, Decimal("0.00"))
    assert "¥10.00，不会自动扣款" in text_of(at_phone.look("case", case))

    case.agree_return(by=merchant, address=case.default_address())
    case.send_back(by=case.buyer, carrier="中通快递", tracking="ZT75000000001")
    case.confirm_receipt(by=merchant)
    assert "商品已退回，正在结算" in text_of(at_phone.look("case", case))
    pay_due()
    case.refresh_from_db()

    assert case.status == Status.REFUNDED
    assert not case.refunds.exists()
    ended = text_of(at_phone.look("case", case))
    assert "商品已退回，结算完成" in ended
    assert "钱款去向" not in ended


def test_the_shop_reads_what_the_buyer_still_owes(
    three: Any, at_phone: Phone, merchant: User, text_of: Read
) -> None:
    """§1.5: the same words on the other side."""
    at_phone.fill(three, "return_refund", **NO_REASON)
    at_phone.submit(three, "return_refund", key="one")
    at_phone.client.force_login(merchant)

    shown = text_of(at_phone.client.get(f"/merchant/cases/{Case.objects.get().code}/"))

    assert "还差" in shown
    assert "¥10.00，不会自动扣款" in shown
