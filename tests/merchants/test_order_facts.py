"""订单资料: what no file says of an order is told on its page, checked, logged, and for later claims."""

from decimal import Decimal

import pytest
from django.test import Client

from aftersales.enums import FreightCover, Party
from aftersales.models import Case, OrderChange
from tests.factories import MemberFactory, OrderFactory, UserFactory, application_for


@pytest.fixture
def order(shop, buyer):
    """A pot, a cup, and a cloth that cost nothing."""
    parts = [("壶", "88.00"), ("杯", "40.00"), ("杯垫", "0.00")]
    return OrderFactory(
        shop=shop,
        buyer=buyer,
        lines=[
            {"title": title, "quantity": 1, "paid": Decimal(paid), "list_total": Decimal(paid)}
            for title, paid in parts
        ],
    )


def answers(order, **more):
    """The form as the page shows it."""
    given = {"seen": order.changes.count(), "full_postage": "0", "freight_cover": "none"}
    for line in order.lines.all():
        given |= {f"list_total_{line.pk}": line.list_total, f"stock_{line.pk}": ""}
    return given | more


def keys(order):
    return [line.pk for line in order.lines.all()]


def test_the_facts_are_saved_logged_and_shown(order, at_desk, text_of, merchant, buyer):
    """§1.5: freight, gift, bundle and stock; both sides read them."""
    pot, cup, cloth = keys(order)
    assert "补充资料" in text_of(at_desk.look("order", order.number))
    filled = {
        **{"free_shipping_from": "99", "full_postage": "8", "ship_from": "浙江杭州"},
        **{"freight_cover": "merchant_free_return", f"gift_of_{cloth}": pot},
        **{f"bundle_{pot}": "下午茶", f"bundle_{cup}": "下午茶", f"list_total_{cloth}": "9.90"},
        **{f"stock_{cup}": "青绿 3\n月白，0", f"durable_{pot}": "on"},
    }

    answer = at_desk.post("order_facts", order.number, **answers(order, **filled))

    assert answer.status_code == 302
    order.refresh_from_db()
    told = (order.free_shipping_from, order.full_postage, order.ship_from, order.freight_cover)
    assert told == (Decimal(99), Decimal(8), "浙江杭州", FreightCover.MERCHANT_FREE_RETURN)
    lines = {line.pk: line for line in order.lines.all()}
    assert (lines[cloth].gift_of_id, lines[cloth].list_total) == (pot, Decimal("9.90"))
    assert [lines[pk].bundle for pk in (pot, cup)] == ["下午茶", "下午茶"]
    assert lines[cup].stock == [{"sku": "青绿", "stock": 3}, {"sku": "月白", "stock": 0}]
    assert [lines[pk].durable for pk in (pot, cup)] == [True, False]
    change = OrderChange.objects.get()
    assert (change.user, change.party) == (merchant, Party.MERCHANT)
    assert ("退货运费保障", "无", "退货包运费") in change.told()
    assert ("杯垫 · 是哪件商品的赠品", "—", "壶") in change.told()
    assert ("壶 · 耐用品", "否", "是") in change.told()
    assert "退货运费保障：无 改为 退货包运费" in text_of(at_desk.look("order", order.number))
    at_desk.client.force_login(buyer)
    page = text_of(at_desk.client.get(f"/my/orders/{order.shop.code}/{order.number}/"))
    assert "满 ¥99.00 包邮" in page
    assert "退货包运费" in page


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"free_shipping_from": "99"}, "请填写不包邮时的邮费"),
        ({"free_shipping_from": "-1"}, "错误"),
        ({"bundle_0": "甲"}, "一个套餐至少有两件商品"),
        ({"bundle_0": "甲", "bundle_1": "甲", "list_total_1": "0"}, "每件商品的单买价"),
        ({"bundle_0": "甲", "bundle_1": "甲", "list_total_1": "1"}, "不能低于实付"),
        ({"gift_of_1": 0}, "赠品的实付应为 0"),
        ({"stock_0": "青绿很多"}, "看不懂"),
        ({"stock_0": "青绿 1\n青绿 2"}, "写了两次"),
        ({"freight_cover": "x"}, "请选择列表中的选项"),
    ],
)
def test_what_cannot_be_is_refused_and_kept_on_the_page(order, at_desk, text_of, filled, sentence):
    lines = keys(order)
    given = {}
    for name, value in filled.items():
        head, _, number = name.rpartition("_")
        real = f"{head}_{lines[int(number)]}" if number.isdecimal() else name
        given[real] = lines[value] if head == "gift_of" else value

    answer = at_desk.post("order_facts", order.number, **answers(order, **given))

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not OrderChange.objects.exists()
    assert set(order.lines.values_list("bundle", "gift_of")) == {("", None)}


def test_nothing_new_is_no_change(order, at_desk):
    assert at_desk.post("order_facts", order.number, **answers(order)).status_code == 302
    assert not OrderChange.objects.exists()


def test_two_who_write_at_once_do_not_undo_each_other(order, at_desk, text_of):
    stale = answers(order, ship_from="广东广州")
    at_desk.post("order_facts", order.number, **answers(order, ship_from="浙江杭州"))

    answer = at_desk.post("order_facts", order.number, **stale)

    assert answer.status_code == 409
    assert "刚被别人改过" in text_of(answer)
    order.refresh_from_db()
    assert order.ship_from == "浙江杭州"


def test_a_running_case_keeps_what_it_was_stamped_with(shop, buyer, merchant, at_desk):
    """§1.5: cover, place and gifts as they stood at the application; the next claim has the new."""
    order = OrderFactory(shop=shop, buyer=buyer, ship_from="浙江杭州", freight_cover="insurance")
    line = order.lines.get()
    case = Case.apply(line, application_for(order, "return_refund", "R13"), by=buyer)
    assert case.freight == "insurance"

    at_desk.post("order_facts", order.number, **answers(order, ship_from="广东广州"))

    case = Case.objects.get(pk=case.pk)
    order.refresh_from_db()
    assert (order.freight_cover, order.ship_from) == ("none", "广东广州")
    assert (case.stamped("freight_cover"), case.freight) == ("insurance", "insurance")
    case.agree_return(by=merchant, address=case.default_address())
    assert not case.goes_elsewhere


def test_who_may_not_and_who_has_no_business_here(order, shop, desk_of, buyer):
    clerk = desk_of(MemberFactory(shop=shop, permissions=["agree"]).user)
    other = desk_of(MemberFactory().user)

    assert clerk.look("order_facts", order.number).status_code == 403
    assert clerk.post("order_facts", order.number, **answers(order)).status_code == 403
    assert other.look("order_facts", order.number).status_code == 404
    assert "补充资料" not in clerk.look("order", order.number).content.decode()


def test_staff_set_them_in_the_admin(order, text_of):
    """With the permission to change orders; logged as theirs."""
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    url = f"/admin/aftersales/order/{order.pk}/facts/"
    assert "满额包邮" in text_of(client.get(url))
    assert client.post(url, answers(order, free_shipping_from="99")).status_code == 422

    assert client.post(url, answers(order, ship_from="浙江杭州")).status_code == 302

    assert OrderChange.objects.get().party == Party.STAFF
    assert "浙江杭州" in text_of(client.get(f"/admin/aftersales/order/{order.pk}/change/"))
    client.force_login(UserFactory(is_staff=True))
    assert client.get(url).status_code == 403
