"""个人中心与我的订单: finding an order, what can be done about it, and why not."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.models import Case, Order, Shop, User
from tests.buyers.conftest import Phone
from tests.factories import Desk, MemberFactory, OrderFactory, ShopFactory

Read = Callable[[HttpResponse], str]


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    cache.clear()


def test_the_personal_centre_leads_to_orders_cases_notices_and_help(
    at_phone: Phone, make_case: Callable[..., Case], text_of: Read
) -> None:
    """S-45, S-48: with the number of cases that wait for him."""
    make_case("waiting")
    make_case()

    shown = text_of(at_phone.look("home"))

    for name in ("buyers:orders", "buyers:cases", "notices", "help"):
        assert f'href="{reverse(name)}' in shown
    assert "1 单等你处理" in shown
    assert "商家提出了 1 个方案，等你答复" in shown


def test_what_runs_out_first_stands_first(
    at_phone: Phone, make_case: Callable[..., Case], text_of: Read
) -> None:
    """An open round counts by its own clock, whatever the case's says."""
    long, short = make_case("waiting"), make_case("waiting")
    Case.objects.filter(pk=long.pk).update(reply_due_at=long.due_at, due_at=long.due_at)
    Case.objects.filter(pk=short.pk).update(due_at=short.due_at + timedelta(days=1))

    for name in ("home", "cases"):
        shown = text_of(at_phone.look(name))
        assert shown.index(short.code) < shown.index(long.code), name


@pytest.mark.parametrize(
    ("tab", "found"),
    [
        ("all", {"unshipped", "coming", "done"}),
        ("unshipped", {"unshipped"}),
        ("coming", {"coming"}),
        ("done", {"done"}),
    ],
)
def test_orders_are_listed_by_their_state(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read, tab: str, found: set[str]
) -> None:
    """S-09, S-31."""
    numbers = {
        "unshipped": OrderFactory(shop=shop, buyer=buyer, unshipped=True).number,
        "coming": OrderFactory(shop=shop, buyer=buyer, in_transit=True).number,
        "done": OrderFactory(shop=shop, buyer=buyer, finished=True).number,
    }

    shown = text_of(at_phone.look("orders", tab=tab))

    assert {name for name, number in numbers.items() if number in shown} == found


@pytest.mark.parametrize(
    ("words", "hit"), [("咖啡杯", True), ("青绿", True), ("山岚", True), ("拖鞋", False)]
)
def test_orders_are_found_by_goods_style_and_shop(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read, words: str, hit: bool
) -> None:
    """S-09."""
    order = OrderFactory(shop=shop, buyer=buyer)

    shown = text_of(at_phone.look("orders", q=words))

    assert (order.number in shown) is hit
    assert ("清除搜索" in shown) is not hit


def test_each_line_says_what_can_be_done_or_why_not(
    shop: Shop, buyer: User, at_phone: Phone, make_case: Callable[..., Case], text_of: Read
) -> None:
    """S-32, S-49: 申请售后, 查看售后 with its state, or the reason."""
    free = OrderFactory(shop=shop, buyer=buyer, lines=[{"title": "竹编床头灯"}])
    late = OrderFactory(shop=shop, buyer=buyer, lines=[{"title": "旧拖鞋"}], finished=True)
    Order.objects.filter(pk=late.pk).update(
        finished_at=late.paid_at - timedelta(days=40), signed_at=late.paid_at - timedelta(days=100)
    )
    running, gone = make_case("waiting"), make_case()
    gone.cancel(by=buyer)

    shown = text_of(at_phone.look("orders"))

    assert at_phone.page("apply", free) in shown
    assert at_phone.page("apply", late) not in shown
    assert "已超过售后期和保修期" in shown
    assert reverse("buyers:case", args=[running.code]) in shown
    assert "商家提出了 1 个方案，等你答复" in shown
    assert "你撤销过这件商品的售后，不能再次申请" in shown
    assert "你撤销了申请" in shown


def test_a_page_of_orders_takes_few_queries(shop: Shop, buyer: User, at_phone: Phone) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            at_phone.look("orders")
        return len(seen)

    OrderFactory(shop=shop, buyer=buyer)
    few = queries()
    OrderFactory.create_batch(8, shop=shop, buyer=buyer)

    assert queries() == few
    assert few < 20


def test_an_unsigned_order_asks_to_inspect_first(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """S-02; and the parcel's trace is there."""
    coming = OrderFactory(shop=shop, buyer=buyer, in_transit=True)
    signed = OrderFactory(shop=shop, buyer=buyer)

    def look(order: Order) -> str:
        return text_of(at_phone.look("order", shop.code, order.number))

    assert "还没签收？先开箱验货，有问题可当场拒收" in look(coming)
    assert "杭州转运中心 已揽收" in look(coming)
    assert "先开箱验货" not in look(signed)


def test_an_order_says_what_can_be_refunded_and_how_it_is_made_up(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """G6: what was paid, not the list price; postage comes with the last unshipped line."""
    order = OrderFactory(
        shop=shop, buyer=buyer, unshipped=True, paid=Decimal("136.00"), postage=Decimal("8.00")
    )

    shown = text_of(at_phone.look("order", shop.code, order.number))

    assert "最多可退 ¥136.00" in shown
    assert "随最后一件未发货商品退的邮费" in shown


def test_the_same_number_in_two_shops_is_two_orders(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    other = ShopFactory(name="木里灯具")
    OrderFactory(shop=shop, buyer=buyer, number="7")
    OrderFactory(shop=other, buyer=buyer, number="7", lines=[{"title": "竹编床头灯"}])

    assert "竹编床头灯" in text_of(at_phone.look("order", other.code, "7"))
    assert "竹编床头灯" not in text_of(at_phone.look("order", shop.code, "7"))


@pytest.mark.parametrize("name", ["order", "apply"])
def test_somebody_elses_order_is_not_there(
    shop: Shop, stranger: User, phone_of: Callable[[User], Phone], name: str
) -> None:
    """Neither to a stranger, nor to the shop that sold it, nor before signing in."""
    order = OrderFactory(shop=shop)
    args = [shop.code, order.number] + ([1] if name == "apply" else [])

    assert phone_of(stranger).look(name, *args).status_code == 404
    anonymous = Phone(stranger)
    anonymous.client.logout()
    assert anonymous.look(name, *args).status_code == 302


class TestFindingAnOrderAgain:
    def find(self, phone: Phone, number: str, paid: str) -> HttpResponse:
        return phone.client.post(reverse("buyers:find_order"), {"number": number, "paid": paid})

    def test_number_and_amount_bring_an_imported_order_to_its_buyer(
        self, shop: Shop, buyer: User, at_phone: Phone
    ) -> None:
        order = OrderFactory(shop=shop, buyer=None)

        answer = self.find(at_phone, f" {order.number} ", "¥128.00")

        assert answer["Location"] == reverse("buyers:order", args=[shop.code, order.number])
        order.refresh_from_db()
        assert order.buyer == buyer

    def test_wrong_unknown_and_taken_are_answered_alike(
        self, shop: Shop, stranger: User, at_phone: Phone
    ) -> None:
        free = OrderFactory(shop=shop, buyer=None)
        taken = OrderFactory(shop=shop, buyer=stranger)

        answers = [
            self.find(at_phone, free.number, "127.99"),
            self.find(at_phone, "no-such-order", "128.00"),
            self.find(at_phone, taken.number, "128.00"),
        ]

        sentences = [str(answer.context["form"].non_field_errors()) for answer in answers]
        assert {answer.status_code for answer in answers} == {422}
        assert len(set(sentences)) == 1
        assert "没有找到这笔订单" in sentences[0]
        taken.refresh_from_db()
        assert taken.buyer == stranger

    def test_his_own_order_is_shown_and_not_called_unknown(
        self, shop: Shop, buyer: User, at_phone: Phone, text_of: Callable[[HttpResponse], str]
    ) -> None:
        order = OrderFactory(shop=shop, buyer=buyer)
        url = reverse("buyers:order", args=[shop.code, order.number])

        assert self.find(at_phone, order.number, "128.00")["Location"] == url
        assert "这笔订单已经在你的账号下" in text_of(at_phone.client.get(url))

    def test_a_shop_does_not_claim_what_it_sold(
        self, shop: Shop, phone_of: Callable[[User], Phone]
    ) -> None:
        order = OrderFactory(shop=shop, buyer=None)
        seller = MemberFactory(shop=shop).user

        assert self.find(phone_of(seller), order.number, "128.00").status_code == 422
        order.refresh_from_db()
        assert order.buyer is None

    def test_too_many_tries_must_wait(self, shop: Shop, at_phone: Phone) -> None:
        order = OrderFactory(shop=shop, buyer=None)
        for cents in range(5):
            self.find(at_phone, order.number, f"1.0{cents}")

        answer = self.find(at_phone, order.number, "128.00")

        assert answer.status_code == 429
        assert "请 15 分钟后再试" in answer.content.decode()
        order.refresh_from_db()
        assert order.buyer is None


def test_time_acts_before_the_list_is_read(
    at_phone: Phone, make_desk: Callable[..., Desk], now: Any, text_of: Read
) -> None:
    """T-08, S-20: no list says what time has changed."""
    make_desk()
    now.shift(timedelta(hours=48))

    assert "退款中，¥128.00 原路退回" in text_of(at_phone.look("orders"))
