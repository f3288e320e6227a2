from datetime import UTC, datetime

import pytest

from aftersales.enums import CaseType, OrderState
from aftersales.models import Order, OrderLine, Payment
from aftersales.rules.eligibility import unfit
from tests.aftersales.imports.conftest import counts, taobao, told
from tests.factories import UserFactory


def test_a_row_becomes_a_whole_order(bring_in):
    buyer = UserFactory(username="linshu")

    job = bring_in(
        taobao(
            {
                "订单编号": '="2826111760719833"',
                "买家应付邮费": "8.00",
                "买家实际支付金额": "131.00",
                "订单状态": "卖家已发货,等待买家确认",
                "物流单号": "No:SF1234567890",
                "物流公司": "顺丰速运",
                "订单备注": "'null",
                "修改后的sku": "300ml 青绿",
            }
        ).encode("gbk")
    )

    assert job.platform == "taobao"
    order = Order.objects.get()
    assert (order.number, order.state, order.buyer) == (
        "2826111760719833",
        OrderState.SHIPPED,
        buyer,
    )
    assert (order.buyer_nick, order.receiver, order.phone) == ("linshu", "林溪树", "13812345678")
    assert (order.goods_total, order.postage, order.discount, order.paid) == (128, 8, 5, 131)
    assert order.paid_at == datetime(2026, 11, 17, 0, 22, tzinfo=UTC)
    assert order.shop_note == ""
    line = order.lines.get()
    assert (line.title, line.sku, line.quantity, line.paid) == (
        "青瓷开片手冲咖啡杯",
        "300ml 青绿",
        2,
        123,
    )
    assert (order.payments.get().route, order.payments.get().amount) == ("支付宝", 131)
    assert order.parcels.get().tracking == "SF1234567890"


@pytest.mark.parametrize("comma", [",", "，", ", "])
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("等待买家付款", OrderState.UNPAID),
        ("买家已付款,等待卖家发货", OrderState.PAID),
        ("卖家部分发货", OrderState.PART),
        ("卖家已发货,等待买家确认", OrderState.SHIPPED),
        ("交易成功", OrderState.FINISHED),
        ("交易关闭", OrderState.CLOSED),
    ],
)
def test_statuses_are_known_with_a_comma_of_either_width(bring_in, status, comma, state):
    bring_in(taobao({"订单状态": status.replace(",", comma)}))

    assert Order.objects.get().state == state


def test_of_an_order_shipped_in_part_the_rest_may_be_sent_after(bring_in):
    """§1.1: what did not go yet is unshipped, or asked for as missing; a later file moves it on."""
    sent = {"订单状态": "卖家部分发货", "物流单号": "SF1234567890", "宝贝总数量": "3"}
    bring_in(taobao(sent))
    line = OrderLine.objects.get()
    at, windows = line.order.paid_at, {"D17": 7 * 24 * 60}
    assert not line.shipped
    assert unfit(CaseType.RESEND, line, at, windows) == ""
    assert unfit(CaseType.REFUND_UNSHIPPED, line, at, windows) == ""

    bring_in(taobao(sent | {"订单状态": "卖家已发货,等待买家确认"}))
    line = OrderLine.objects.get()
    assert line.shipped
    assert unfit(CaseType.REFUND_UNSHIPPED, line, at, windows) == "商品已发货"


def test_an_unknown_status_is_a_row_error_and_no_guess(bring_in):
    job = bring_in(taobao({"订单状态": "部分发货"}))

    assert told(job) == [(2, "订单状态", "不认识这个订单状态")]
    assert not Order.objects.exists()


@pytest.mark.parametrize("status", ["等待买家付款", "交易关闭"])
def test_what_was_never_paid_has_no_payment(bring_in, status):
    bring_in(taobao({"订单状态": status, "订单付款时间": ""}))

    assert not Payment.objects.exists()


def test_several_kinds_of_goods_are_one_lot_because_their_prices_are_not_told(bring_in):
    bring_in(taobao({"宝贝标题": "杯，灯", "宝贝种类": "2", "宝贝总数量": "3"}))

    line = Order.objects.get().lines.get()
    assert (line.title, line.sku, line.quantity, line.paid) == ("杯，灯", "共 2 种 3 件", 1, 128)


def test_a_buyer_nobody_knows_stays_open(bring_in):
    UserFactory(username="l**u")
    UserFactory(username="chenmo", is_active=False)

    bring_in(taobao({"买家会员名": "chenmo"}))

    order = Order.objects.get()
    assert (order.buyer, order.buyer_nick) == (None, "chenmo")


def test_the_corrected_address_counts(bring_in):
    bring_in(taobao({"修改后的收货地址": "上海市黄浦区 外滩 1 号"}))

    assert Order.objects.get().address == "上海市黄浦区 外滩 1 号"


def test_a_landline_stands_in_for_a_mobile_phone(bring_in):
    job = bring_in(taobao({"联系手机": "", "联系电话": "0571-88880000"}))

    assert counts(job) == (1, 0, 0, 0)
    assert Order.objects.get().phone == "0571-88880000"


def test_points_and_a_coupon_are_routes_of_their_own(bring_in):
    """S-37: they go back in kind, and are no part of what was paid in yuan."""
    told = {"买家实际支付积分": "300", "卡券抵扣": "10.00"}
    bring_in(taobao(told))
    bring_in(taobao(told))

    order = Order.objects.get()
    assert order.paid == 128
    assert list(order.payments.values_list("route", "kind", "amount")) == [
        ("支付宝", "money", 128),
        ("卡券抵扣", "coupon", 10),
        ("积分", "points", 300),
    ]


@pytest.mark.parametrize("said", ["0", "", "无", "积分抵扣"])
def test_columns_that_hold_words_in_some_exports_say_nothing(bring_in, said):
    bring_in(taobao({"买家实际支付积分": said, "卡券抵扣": said}))

    assert Payment.objects.get().amount == 128
