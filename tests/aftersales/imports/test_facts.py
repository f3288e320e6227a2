"""Columns a shop may add: what no export says of an order comes in with it, and is never undone."""

from decimal import Decimal

import pytest

from aftersales.enums import FreightCover
from aftersales.furnishing.changing import furnish
from aftersales.imports import samples
from aftersales.models import Order
from tests.aftersales.imports.conftest import NUMBER, pinduoduo, taobao, told
from tests.factories import MemberFactory

COLUMNS = [
    "满额包邮(元)",
    "不包邮时的邮费(元)",
    "发货地",
    "退货运费保障",
    "套餐",
    "赠品标价(元)",
    "赠品名称",
]
SAID = {
    "满额包邮(元)": "99",
    "不包邮时的邮费(元)": "8",
    "发货地": "浙江杭州",
    "退货运费保障": "退货包运费",
    "套餐": "下午茶",
}


def facts(order):
    names = ("free_shipping_from", "full_postage", "ship_from", "freight_cover")
    return tuple(getattr(order, name) for name in names)


TOLD = (Decimal("99.00"), Decimal("8.00"), "浙江杭州", FreightCover.MERCHANT_FREE_RETURN)
UNTOLD = (None, Decimal("0.00"), "", FreightCover.NONE)


@pytest.mark.parametrize(
    ("file", "header"), [(pinduoduo, samples.PINDUODUO_27), (taobao, samples.TAOBAO_38)]
)
def test_they_come_in_with_the_order(bring_in, file, header):
    """§1.5: threshold, postage, place, cover and bundle, whatever the platform."""
    bring_in(file(SAID, header=[*header, *COLUMNS[:5]]))

    order = Order.objects.get()
    assert facts(order) == TOLD
    assert order.lines.get().bundle == "下午茶"


def test_a_gift_has_its_stated_price(bring_in):
    said = {"赠品名称": "杯垫", "赠品标价(元)": "9.90"}
    bring_in(pinduoduo(said, header=[*samples.PINDUODUO_27, *COLUMNS]))

    assert Order.objects.get().lines.get(title="杯垫").list_total == Decimal("9.90")


def test_a_later_file_tells_what_was_not_known(bring_in):
    bring_in(pinduoduo())
    assert facts(Order.objects.get()) == UNTOLD

    bring_in(pinduoduo(SAID, header=[*samples.PINDUODUO_27, *COLUMNS]))

    order = Order.objects.get()
    assert facts(order) == TOLD
    assert order.lines.get().bundle == "下午茶"


def test_what_the_shop_told_by_hand_stays(shop, bring_in):
    bring_in(pinduoduo())
    order = Order.objects.get(number=NUMBER)
    furnish(
        order, by=MemberFactory(shop=shop).user, facts={"ship_from": "广东广州"}, lines={}, seen=0
    )

    bring_in(pinduoduo(SAID, header=[*samples.PINDUODUO_27, *COLUMNS]))

    assert Order.objects.get().ship_from == "广东广州"


def test_a_cover_that_is_none_of_ours_is_an_error_of_its_row(bring_in):
    header = [*samples.PINDUODUO_27, "退货运费保障"]
    job = bring_in(pinduoduo({"退货运费保障": "包退"}, header=header))

    assert "退货运费保障只能填" in str(told(job))
    assert not Order.objects.exists()
