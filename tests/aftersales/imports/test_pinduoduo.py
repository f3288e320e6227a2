from datetime import UTC, datetime
from decimal import Decimal

import pytest

from aftersales.enums import Direction, OrderState
from aftersales.imports import samples
from aftersales.models import Case, Order, Parcel, Payment
from tests.aftersales.imports.conftest import NUMBER, counts, pinduoduo, told
from tests.factories import UserFactory


def test_a_row_becomes_an_order_with_its_line_payment_and_parcel(bring_in, shop):
    bring_in(
        pinduoduo(
            {
                "订单状态": "已发货，待收货",
                "商品总价(元)": "128.00\t",
                "邮费(元)": "8.00",
                "店铺优惠折扣(元)": "5",
                "平台优惠折扣(元)": "3.3",
                "多多支付立减金额(元)": "0.70",
                "用户实付金额(元)": "127.00",
                "商品数量(件)": "2\t",
                "发货时间": "2026-11-18 10:00:00",
                "商家备注": "送贺卡",
                "快递单号": "YT8812345678",
                "快递公司": "圆通速递",
            }
        )
    )

    order = Order.objects.get()
    assert (order.shop, order.number, order.state) == (shop, NUMBER, OrderState.SHIPPED)
    assert (order.goods_total, order.postage, order.discount) == (128, 8, 9)
    assert (order.paid, order.free_shipping) == (127, False)
    assert order.paid_at == order.ordered_at == datetime(2026, 11, 17, 0, 22, tzinfo=UTC)
    assert order.shipped_at == datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    assert order.shop_note == "送贺卡"
    line = order.lines.get()
    assert (line.number, line.goods_id, line.sku) == ("1607198974342", "754299529443", "300ml 青绿")
    assert (line.quantity, line.list_total, line.paid) == (2, 128, 119)
    payment = order.payments.get()
    assert (payment.route, payment.amount) == ("拼多多支付", 127)
    parcel = order.parcels.get()
    assert (parcel.carrier, parcel.tracking) == ("圆通速递", "YT8812345678")
    assert (parcel.direction, parcel.shipped_at) == (Direction.OUTBOUND, order.shipped_at)


@pytest.mark.parametrize(
    ("status", "state", "paid_for"),
    [
        ("待支付", OrderState.UNPAID, False),
        ("待发货", OrderState.PAID, True),
        ("已发货，待收货", OrderState.SHIPPED, True),
        ("已发货,待签收", OrderState.SHIPPED, True),
        ("已签收", OrderState.SIGNED, True),
        ("已收货", OrderState.SIGNED, True),
        ("已取消", OrderState.CLOSED, False),
        ("未发货，退款成功", OrderState.CLOSED, True),
        ("已收货，退款成功", OrderState.CLOSED, True),
    ],
)
def test_every_status_of_the_platform_is_known(bring_in, status, state, paid_for):
    bring_in(pinduoduo({"订单状态": status}))

    assert Order.objects.get().state == state
    assert Payment.objects.exists() == paid_for


def test_an_order_refunded_on_the_marketplace_is_not_claimed_once_more(bring_in):
    """§5.5: 订单状态 says 已收货, and 售后状态 beside it that the money has gone back."""
    refunded = {"订单状态": "已收货", "确认收货时间": "2026-11-18 09:00:00", "售后状态": "退款成功"}
    bring_in(pinduoduo({**refunded, "售后状态": "无售后或售后取消"}))
    assert Order.objects.get().state == OrderState.FINISHED

    bring_in(pinduoduo(refunded))

    order = Order.objects.get()
    assert (order.state, order.paid) == (OrderState.CLOSED, 128)
    assert Case.why_not(order.lines.get()) == "订单未付款或已关闭，不能申请售后"


def test_an_unknown_status_is_a_row_error_and_no_guess(bring_in):
    job = bring_in(pinduoduo({"订单状态": "已揽件"}))

    assert counts(job) == (0, 0, 0, 1)
    assert told(job) == [(2, "订单状态", "不认识这个订单状态")]
    assert not Order.objects.exists()


def test_a_confirmed_receipt_ends_the_trade_and_shows_it_was_signed_by_then(bring_in):
    bring_in(pinduoduo({"订单状态": "已收货", "确认收货时间": "2026-11-21 09:00:00"}))

    order = Order.objects.get()
    at = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    assert order.state == OrderState.FINISHED
    assert (order.confirmed_at, order.signed_at, order.finished_at) == (at, at, at)


def test_a_blank_deal_time_leaves_the_day_in_the_order_number(bring_in):
    bring_in(pinduoduo({"订单成交时间": ""}, header=samples.PINDUODUO_23))

    order = Order.objects.get()
    assert order.paid_at is None
    assert order.ordered_at == datetime(2026, 11, 16, 16, 0, tzinfo=UTC)  # midnight in China


def test_a_real_deal_time_counts_even_on_another_day_than_the_number(bring_in):
    bring_in(pinduoduo({"订单成交时间": "2026-11-18 00:00:03"}))

    assert Order.objects.get().ordered_at == datetime(2026, 11, 17, 16, 0, 3, tzinfo=UTC)


def test_columns_a_merchant_may_add_are_used(bring_in):
    more = {
        "支付时间": "2026-11-17 08:23:00",
        "承诺发货时间": "2026-11-19 08:22:00",
        "商品一级类目": "餐饮具",
        "买家留言": "请尽快",
        "省": "浙江省",
        "市": "杭州市",
        "区": "余杭区",
        "街道/镇": "五常街道",
        "支付方式": "微信支付",
        "支付ID": "PAY42",
    }

    bring_in(pinduoduo(more, header=[*samples.PINDUODUO_27, *more]))

    order = Order.objects.get()
    assert order.paid_at == datetime(2026, 11, 17, 0, 23, tzinfo=UTC)
    assert order.promised_at == datetime(2026, 11, 19, 0, 22, tzinfo=UTC)
    assert (order.buyer_note, order.address) == ("请尽快", "浙江省杭州市余杭区五常街道")
    assert order.lines.get().category == "餐饮具"
    payment = order.payments.get()
    assert (payment.route, payment.reference) == ("微信支付", "PAY42")


def test_the_buyer_is_known_by_his_phone(bring_in):
    buyer = UserFactory(phone="13800000001")
    UserFactory(phone="13800000002")

    bring_in(
        pinduoduo({samples.PHONE: "13800000001"}, header=[*samples.PINDUODUO_27, samples.PHONE])
    )

    order = Order.objects.get()
    assert (order.buyer, order.phone) == (buyer, "13800000001")


@pytest.mark.parametrize("phones", [["13800000001", "13800000001"], ["138****0001"], []])
def test_a_phone_of_several_of_nobody_or_masked_links_nobody(bring_in, phones):
    for phone in phones:
        UserFactory(phone=phone)

    bring_in(
        pinduoduo(
            {samples.PHONE: phones[0] if phones else ""},
            header=[*samples.PINDUODUO_27, samples.PHONE],
        )
    )

    assert Order.objects.get().buyer is None


def test_rows_of_one_order_with_different_goods_are_its_lines(bring_in):
    lamp = {
        "商品": "竹编床头灯",
        "样式ID": "1607198970000",
        "商品id": "7",
        "商品规格": "小号",
        "商品总价(元)": "129.00",
        "用户实付金额(元)": "137.00",
        "邮费(元)": "8.00",
        "商品数量(件)": "1",
    }

    job = bring_in(pinduoduo({}, lamp))

    assert counts(job) == (1, 0, 0, 0)
    order = Order.objects.get()
    assert (order.paid, order.postage, order.goods_total) == (265, 8, 257)
    assert [(line.title, line.paid) for line in order.lines.all()] == [
        ("青瓷开片手冲咖啡杯", 128),
        ("竹编床头灯", 129),
    ]
    assert order.payments.get().amount == 265


def test_the_same_line_twice_is_one_line_at_its_latest(bring_in):
    job = bring_in(
        pinduoduo(
            {"订单状态": "已发货，待收货", "快递单号": "YT8812345678", "商家备注": ""},
            {"订单状态": "待发货", "商家备注": "送贺卡"},
        )
    )

    assert counts(job) == (1, 0, 0, 0)
    order = Order.objects.get()
    assert (order.state, order.shop_note, order.paid) == (OrderState.SHIPPED, "送贺卡", 128)
    assert order.lines.count() == order.parcels.count() == 1


def test_the_same_line_at_two_prices_is_refused(bring_in):
    job = bring_in(pinduoduo({}, {"用户实付金额(元)": "1.00"}))

    assert counts(job) == (0, 0, 0, 2)
    assert told(job) == [
        (2, "", "同一订单的第 3 行有错，整个订单没有导入"),
        (3, "", "实付 1.00 元，而同一商品在第 2 行是 128.00 元"),
    ]


def test_an_order_with_a_bad_row_is_not_brought_in_by_half(bring_in):
    job = bring_in(pinduoduo({}, {"样式ID": "9", "商品数量(件)": "两"}))

    assert counts(job) == (0, 0, 0, 2)
    assert not Order.objects.exists()


def test_several_parcels_of_one_order_are_all_kept(bring_in):
    bring_in(pinduoduo({"订单状态": "已发货，待收货", "快递单号": "YT8812345678，SF1234567890"}))

    assert set(Parcel.objects.values_list("tracking", flat=True)) == {
        "YT8812345678",
        "SF1234567890",
    }


def test_discounts_larger_than_the_goods_leave_nothing_paid_for_them(bring_in):
    bring_in(pinduoduo({"用户实付金额(元)": "5.00", "邮费(元)": "8.00"}))

    order = Order.objects.get()
    assert (order.paid, order.lines.get().paid) == (Decimal("5.00"), 0)


def test_a_gift_comes_as_a_line_of_its_own_and_the_file_again_changes_nothing(bring_in):
    """lifecycle 1.5: 赠品 columns of §5.5; what it is worth is not in the file."""
    header = [*samples.PINDUODUO_27, "赠品名称", "赠品id", "赠品规格", "赠品数量"]
    told = {"赠品名称": "杯垫", "赠品id": "99", "赠品规格": "圆形", "赠品数量": "2"}

    bring_in(pinduoduo(told, header=header))
    again = bring_in(pinduoduo(told, header=header))

    line, gift = Order.objects.get().lines.all()
    assert (gift.gift_of, gift.title, gift.quantity, gift.paid) == (line, "杯垫", 2, 0)
    assert counts(again) == (0, 0, 1, 0)


@pytest.mark.parametrize("said", ["", "0", "无"])
def test_no_gift_is_no_line(bring_in, said):
    header = [*samples.PINDUODUO_27, "赠品名称", "赠品数量"]

    bring_in(pinduoduo({"赠品数量": said}, header=header))

    assert Order.objects.get().lines.count() == 1
