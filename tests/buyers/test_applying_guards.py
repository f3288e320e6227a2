"""申请售后 against forged and late posts: every guard, at the form and behind it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from aftersales.enums import OrderState
from aftersales.models import Case, Order, Shop, User
from tests.buyers.conftest import Phone
from tests.factories import OrderFactory

Read = Callable[[HttpResponse], str]
WARNING = "维权要求提交后不能修改，每件商品只能申请一次，请确认后再提交"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        pytest.param({"quantity": 3}, "件数需在 1 到 2 之间", id="G5-more-than-bought"),
        pytest.param({"quantity": 0}, "件数需在 1 到 2 之间", id="G5-none"),
        pytest.param({"amount": "128.01"}, "退款金额需在 0.01 到 128.00 之间", id="G6-too-much"),
        pytest.param({"amount": "0"}, "退款金额需在 0.01 到 128.00 之间", id="G6-nothing"),
        pytest.param({"amount": "-1"}, "退款金额需在 0.01 到 128.00 之间", id="G6-negative"),
        pytest.param({"amount": "NaN"}, "请输入金额", id="G6-no-number"),
        pytest.param({"amount": "1.001"}, "金额最多两位小数", id="G6-tenths-of-cents"),
        pytest.param({"reason": "U1"}, "这个原因不适用于所选的售后类型", id="G7-S-12-other-type"),
        pytest.param({"reason": "R999"}, "这个原因不适用于所选的售后类型", id="G7-unknown"),
        pytest.param({"reason": ""}, "请选择申请原因", id="G7-none"),
        pytest.param(
            {"goods_state": "never_came"}, "提交的内容与所选售后类型不符", id="S-16-foreign-field"
        ),
        pytest.param({"reason": "R20", "description": "坏了"}, "至少 10 个字", id="reason-20-text"),
    ],
)
def test_what_is_forged_or_wrong_is_refused_at_the_form(
    order: Order, at_phone: Phone, text_of: Read, changed: dict[str, Any], sentence: str
) -> None:
    answers = at_phone.answers("refund_received") | changed

    answer = at_phone.fill(order, "refund_received", **answers)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    if "description" not in changed:
        assert "不敢用来喝热水" in text_of(answer)  # what was typed is kept
    assert not Case.objects.exists()
    assert at_phone.submit(order, "refund_received").status_code == 302  # there is no draft
    assert not Case.objects.exists()


def test_a_missing_proof_is_refused_and_the_others_are_kept(
    order: Order, at_phone: Phone, text_of: Read
) -> None:
    """G8."""
    answers = at_phone.answers("refund_received", "R7")
    slots = sorted(name for name in answers if name.endswith("_kept"))
    missing = answers.pop(slots[0])

    answer = at_phone.fill(order, "refund_received", **answers)

    assert answer.status_code == 422
    assert "请上传" in text_of(answer)
    assert missing not in text_of(answer)
    assert all(answers[name] in text_of(answer) for name in slots[1:])


def test_an_unshipped_amount_cannot_be_set(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """G6, S-16: it is what was paid."""
    order = OrderFactory(shop=shop, buyer=buyer, unshipped=True)

    answer = at_phone.fill(
        order, "refund_unshipped", **at_phone.answers("refund_unshipped", amount="1")
    )

    assert answer.status_code == 422
    assert "提交的内容与所选售后类型不符" in text_of(answer)


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        pytest.param({"state": OrderState.CLOSED}, "refund_received", "未付款或已关闭", id="G1"),
        pytest.param(
            {"state": OrderState.UNPAID}, "refund_unshipped", "未付款或已关闭", id="G1-unpaid"
        ),
        pytest.param({}, "refund_unshipped", "商品已发货", id="G3-S-12"),
        pytest.param({"state": OrderState.SHIPPED}, "return_refund", "还没有签收", id="G3-S-04"),
    ],
)
def test_a_demand_that_is_not_open_is_refused_however_it_is_sent(
    order: Order, at_phone: Phone, text_of: Read, change: Any, kind: str, sentence: str
) -> None:
    Order.objects.filter(pk=order.pk).update(**change)

    answer = at_phone.fill(order, kind, **at_phone.answers("refund_received"))

    assert answer.status_code == 409
    assert sentence in text_of(answer)
    assert at_phone.submit(order, kind).status_code == 409
    assert not Case.objects.exists()


def test_a_period_that_ends_between_form_and_review_is_refused(
    order: Order, at_phone: Phone, now: Any, text_of: Read
) -> None:
    """G4, S-05: the seven days end while the review page is open."""
    at_phone.fill(order, "return_refund", **at_phone.answers("return_refund"))
    now.shift(timedelta(days=6))

    answer = at_phone.submit(order, "return_refund")

    assert answer.status_code == 409
    assert "签收已超过 7 天" in text_of(answer)
    assert not Case.objects.exists()


def test_a_line_is_applied_for_once(order: Order, at_phone: Phone, text_of: Read) -> None:
    """S-13, S-17, G2, G10: not while a case is open, and not after it."""
    at_phone.fill(order, "refund_received", **at_phone.answers("refund_received"))
    at_phone.submit(order, "refund_received")
    case = Case.objects.get()

    again = at_phone.fill(order, "return_refund", **at_phone.answers("return_refund"))
    assert again.status_code == 409
    assert "这件商品正在售后中" in text_of(again)

    case.cancel(by=at_phone.user)
    after = at_phone.fill(order, "return_refund", **at_phone.answers("return_refund"))
    assert after.status_code == 409
    assert at_phone.submit(order, "refund_received").status_code == 409
    assert Case.objects.count() == 1


def test_two_tabs_with_two_demands_make_one_case(
    order: Order, at_phone: Phone, buyer: User
) -> None:
    """G2: the second review page finds the first one's case."""
    other = Phone(buyer)
    at_phone.fill(order, "refund_received", **at_phone.answers("refund_received"))
    other.fill(order, "return_refund", **other.answers("return_refund"))

    assert at_phone.submit(order, "refund_received").status_code == 302
    assert other.submit(order, "return_refund").status_code == 409
    assert Case.objects.get().type == "refund_received"


def test_nothing_lets_the_buyer_change_his_demand(
    make_case: Callable[..., Case], at_phone: Phone
) -> None:
    """S-14, G10: no step of the buyer takes type, reason or amount."""
    case = make_case()
    before = (case.type, case.reason_id, case.amount, case.quantity)

    forged = {"type": "return_refund", "reason": "R7", "amount": "1.00", "quantity": 1}
    for name in ("send_message", "add_evidence", "reply", "record_complaint", "case"):
        at_phone.send(name, case, text="改一下", **forged)

    case.refresh_from_db()
    assert (case.type, case.reason_id, case.amount, case.quantity) == before


def test_where_nothing_can_be_applied_for_the_platform_is_named(
    make_case: Callable[..., Case], at_phone: Phone, buyer: User, text_of: Read
) -> None:
    """S-50."""
    case = make_case()
    case.cancel(by=buyer)

    shown = text_of(at_phone.client.get(at_phone.page("apply", case.order)))

    assert "你撤销过这件商品的售后，不能再次申请" in shown
    assert "联系平台客服" in shown


@pytest.mark.parametrize("name", ["apply_form", "review"])
def test_an_unknown_demand_is_not_there(order: Order, at_phone: Phone, name: str) -> None:
    assert at_phone.client.get(at_phone.page(name, order, "everything")).status_code == 404
