"""钱款去向: every route from submitting to arriving, to the cent (B16, S-37)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from aftersales.enums import RefundState, Status
from aftersales.models import Case, LedgerMood, Refund, Shop, User
from aftersales.payments import paying
from tests.buyers.conftest import Phone
from tests.factories import Desk, OrderFactory

Read = Callable[[HttpResponse], str]


def pay() -> None:
    """What the worker does until nothing is left to try now."""
    for _ in range(3):
        paying.pay_due()


@pytest.fixture
def two_routes(make_desk: Callable[..., Desk], shop: Shop, buyer: User) -> Case:
    """Paid by ¥100 and ¥28, agreed to be refunded."""
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        payments=[("微信支付", Decimal("100.00")), ("平台余额", Decimal("28.00"))],
    )
    return make_desk("agreed", order=order).case


def test_each_route_is_shown_with_its_amount_and_number(
    two_routes: Case, at_phone: Phone, text_of: Read
) -> None:
    """S-37: the parts add up to the refund."""
    shown = text_of(at_phone.look("refund", two_routes))

    for route, amount in (("微信支付", "¥100.00"), ("平台余额", "¥28.00")):
        assert route in shown
        assert amount in shown
    for refund in two_routes.refunds.all():
        assert refund.number in shown
    assert "共退 ¥128.00，原路退回" in shown
    assert sum(refund.amount for refund in two_routes.refunds.all()) == Decimal("128.00")


def test_the_list_leads_to_where_the_money_went(two_routes: Case, at_phone: Phone) -> None:
    """S-37."""
    pay()

    listed = at_phone.client.get(reverse("buyers:cases"), {"tab": "done"}).content.decode()

    way = reverse("buyers:refund", args=[two_routes.code])
    assert f'href="{way}">已原路退回，去向见“钱款去向”。</a>' in listed


def test_the_stages_follow_the_payment(two_routes: Case, at_phone: Phone, text_of: Read) -> None:
    """T-24: 提交 → 银行处理 → 到账."""

    def states() -> list[list[str]]:
        context = at_phone.look("refund", two_routes).context
        return [[stop.state for stop in refund.stops] for refund in context["refunds"]]

    assert states() == [["on", "", ""]] * 2
    Refund.objects.update(state=RefundState.SENT)
    assert states() == [["done", "on", ""]] * 2
    Refund.objects.update(state=RefundState.OWED)
    pay()
    two_routes.refresh_from_db()
    assert two_routes.status == Status.REFUNDED
    assert states() == [["done", "done", "done"]] * 2
    shown = text_of(at_phone.look("case", two_routes))
    assert "退款成功 ¥128.00" in shown
    assert "全部到账" in text_of(at_phone.look("refund", two_routes))


def test_a_failed_refund_says_that_nothing_need_be_done(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """T-24 → S11."""
    case = make_case("agreed")
    LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE, times=9)
    pay()
    case.refresh_from_db()
    assert case.status == Status.REFUND_FAILED

    for name in ("case", "refund"):
        assert "平台正在处理，无需操作" in text_of(at_phone.look(name, case))


def test_before_anything_is_owed_the_page_says_what_will_come(
    make_case: Callable[..., Case], at_phone: Phone, buyer: User, text_of: Read
) -> None:
    case = make_case()
    assert "还没有退款" in text_of(at_phone.look("refund", case))

    case.cancel(by=buyer)
    assert "这一单没有退款" in text_of(at_phone.look("refund", case))


def test_a_return_is_not_refunded_before_the_shop_has_it(
    make_case: Callable[..., Case], at_phone: Phone, merchant: User, text_of: Read, now: Any
) -> None:
    """S-36."""
    case = make_case("sent_back", type="return_refund")
    assert not case.refunds.exists()
    assert "还没有退款" in text_of(at_phone.look("refund", case))

    case.confirm_receipt(by=merchant)

    assert "共退 ¥128.00" in text_of(at_phone.look("refund", case))


def test_a_partial_quantity_with_a_discount_is_refunded_to_the_cent(
    shop: Shop, buyer: User, at_phone: Phone, merchant: User
) -> None:
    """G6: one of three for ¥100.00; what was paid counts, not the list price."""
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        goods_total=Decimal("150.00"),
        paid=Decimal("100.00"),
        lines=[{"quantity": 3, "list_total": Decimal("150.00")}],
    )
    too_much = at_phone.answers("refund_received", quantity=1, amount="33.34")
    assert at_phone.fill(order, "refund_received", **too_much).status_code == 422

    at_phone.fill(order, "refund_received", **(too_much | {"amount": "33.33"}))
    at_phone.submit(order, "refund_received")
    case = Case.objects.get()
    case.agree(by=merchant)

    assert case.refunds.get().amount == Decimal("33.33")


def test_postage_comes_back_with_an_unshipped_order(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """G6, lifecycle 1.7."""
    order = OrderFactory(
        shop=shop, buyer=buyer, unshipped=True, paid=Decimal("136.00"), postage=Decimal("8.00")
    )

    at_phone.fill(order, "refund_unshipped", **at_phone.answers("refund_unshipped"))
    review = text_of(at_phone.review(order, "refund_unshipped"))
    at_phone.submit(order, "refund_unshipped")

    assert "¥136.00" in review
    assert Case.objects.get().amount == Decimal("136.00")


def test_who_settled_it_himself_in_another_tab_is_not_told_that_his_time_was_up(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Callable[[HttpResponse], str]
) -> None:
    """What the bank reports moves a case too; it is no deadline that has passed."""
    case = make_case("waiting")
    version = case.version
    offer = case.offers.get()
    at_phone.send("accept_plan", case, offer=offer.pk)
    pay()

    late = at_phone.send("reply", case, version=version, text="再多退一点吧")

    assert case.status == Status.REFUNDED
    assert late.status_code == 409
    shown = text_of(late)
    assert "处理时限已过" not in shown
    assert "你打开页面之后，这一单有更新" in shown
    assert "再多退一点吧" in shown
