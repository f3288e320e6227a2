import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection

from aftersales.enums import OrderState
from aftersales.imports import jobs, samples
from aftersales.imports.orders import load
from aftersales.models import Order, OrderLine, Parcel, Payment, User
from tests.aftersales.consistency.breaking import broken
from tests.aftersales.imports.conftest import (
    NUMBER,
    PINDUODUO,
    TAOBAO,
    counts,
    pinduoduo,
    taobao,
    told,
    upload,
)
from tests.factories import OrderFactory, ShopFactory, UserFactory

SHIPPED = {
    "订单状态": "已发货，待收货",
    "发货时间": "2026-11-18 10:00:00",
    "快递单号": "YT8812345678",
    "快递公司": "圆通速递",
}
CONFIRMED = SHIPPED | {"订单状态": "已收货", "确认收货时间": "2026-11-21 09:00:00"}


def everything():
    return [
        list(model.objects.order_by("pk").values()) for model in (Order, OrderLine, Payment, Parcel)
    ]


@pytest.mark.parametrize(
    "name", [samples.PINDUODUO_CSV, samples.PINDUODUO_XLSX, samples.TAOBAO_CSV]
)
def test_the_same_file_twice_changes_nothing(bring_in, tmp_path, now, name):
    samples.write(tmp_path, datetime.now(UTC))
    content = (tmp_path / name).read_bytes()
    assert counts(bring_in(content, name)) == (12, 0, 0, 0)
    before = everything()

    job = bring_in(content, name)

    assert counts(job) == (0, 0, 12, 0)
    assert everything() == before


def test_a_later_export_moves_the_order_on(bring_in):
    bring_in(pinduoduo({"商家备注": "送贺卡"}))

    job = bring_in(pinduoduo(CONFIRMED))

    assert counts(job) == (0, 1, 0, 0)
    order = Order.objects.get()
    assert order.state == OrderState.FINISHED
    assert order.shipped_at == datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    assert order.finished_at == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    assert order.shop_note == "送贺卡"  # blank in the later file, but known
    assert order.parcels.get().tracking == "YT8812345678"
    assert (order.lines.count(), order.payments.count()) == (1, 1)


def test_an_earlier_export_never_turns_an_order_back(bring_in):
    bring_in(pinduoduo(CONFIRMED | {"商家备注": "已送贺卡"}))
    before = everything()

    job = bring_in(pinduoduo({"商家备注": "送贺卡", "用户实付金额(元)": "120.00"}))

    assert counts(job) == (0, 0, 1, 0)
    assert everything() == before


def test_an_earlier_export_fills_in_what_is_not_known(bring_in):
    bring_in(pinduoduo(CONFIRMED | {"订单成交时间": "", "商品id": ""}))

    job = bring_in(pinduoduo({"商家备注": "送贺卡"}))

    assert counts(job) == (0, 1, 0, 0)
    order = Order.objects.get()
    assert (order.state, order.shop_note) == (OrderState.FINISHED, "送贺卡")
    assert order.paid_at == datetime(2026, 11, 17, 0, 22, tzinfo=UTC)
    assert order.lines.get().goods_id == "754299529443"


def test_a_masked_value_does_not_hide_one_that_is_known(bring_in):
    bring_in(taobao())

    bring_in(taobao({"收货人姓名": "林**", "联系手机": "138****5678", "订单状态": "交易成功"}))

    order = Order.objects.get()
    assert (order.receiver, order.phone) == ("林溪树", "13812345678")
    assert order.state == OrderState.FINISHED


def test_another_shops_order_of_the_same_number_is_never_touched(bring_in):
    other = OrderFactory(number=NUMBER, state=OrderState.SHIPPED)
    before = everything()

    job = bring_in(pinduoduo(CONFIRMED))

    assert counts(job) == (1, 0, 0, 0)
    after = everything()
    assert [row for row in after[0] if row["shop_id"] == other.shop_id] == before[0]
    assert all(row in rows for known, rows in zip(before, after, strict=True) for row in known)


def test_two_shops_may_import_the_same_file(bring_in, shop):
    other = ShopFactory()

    assert counts(bring_in(pinduoduo())) == (1, 0, 0, 0)
    assert counts(bring_in(pinduoduo(), into=other)) == (1, 0, 0, 0)
    assert set(Order.objects.values_list("shop", flat=True)) == {shop.pk, other.pk}


def test_a_buyer_once_known_is_never_exchanged(bring_in):
    first = UserFactory(username="linshu")
    bring_in(taobao())
    User.objects.filter(pk=first.pk).update(username="renamed")
    UserFactory(username="linshu")

    bring_in(taobao({"订单状态": "交易成功"}))

    assert Order.objects.get().buyer == first


def test_a_buyer_who_signs_up_later_finds_his_order(bring_in):
    bring_in(taobao())
    buyer = UserFactory(username="linshu")

    job = bring_in(taobao())

    assert counts(job) == (0, 1, 0, 0)
    assert Order.objects.get().buyer == buyer


def test_payment_comes_with_the_export_after_paying(bring_in):
    bring_in(pinduoduo({"订单状态": "待支付", "订单成交时间": "", "用户实付金额(元)": "130.00"}))
    assert not Payment.objects.exists()

    bring_in(pinduoduo())

    order = Order.objects.get()
    assert (order.state, order.paid, order.lines.get().paid) == (OrderState.PAID, 128, 128)
    assert order.payments.get().amount == 128


def test_payments_always_add_up_to_what_was_paid(bring_in):
    bring_in(pinduoduo())

    bring_in(pinduoduo({"用户实付金额(元)": "127.50", "邮费(元)": "8.00"}))

    order = Order.objects.get()
    assert (order.paid, order.postage, order.free_shipping) == (Decimal("127.50"), 8, False)
    assert order.lines.get().paid == Decimal("119.50")
    assert order.payments.get().amount == Decimal("127.50")


def test_a_refunded_order_keeps_what_was_paid_for_it(bring_in):
    bring_in(taobao())

    bring_in(taobao({"订单状态": "交易关闭", "买家实际支付金额": "0.00"}))

    order = Order.objects.get()
    assert (order.state, order.paid, order.payments.get().amount) == (OrderState.CLOSED, 128, 128)


def test_money_and_goods_stand_once_there_is_a_case(bring_in, make_case, shop, buyer):
    order = OrderFactory(shop=shop, buyer=buyer, number=NUMBER, state=OrderState.SHIPPED)
    line = order.lines.get()
    make_case(order=order, type="refund_not_received")
    row = CONFIRMED | {"样式ID": "", "商品id": line.goods_id, "商品规格": line.sku}

    cheaper = bring_in(pinduoduo(row | {"用户实付金额(元)": "100.00"}))
    assert counts(cheaper) == (0, 0, 0, 1)
    assert told(cheaper)[0][2] == (
        "订单已有售后单，金额和商品不能再改：已导入实付 128.00 元，文件里是 100.00 元"
    )
    order.refresh_from_db()
    assert (order.paid, order.state) == (128, OrderState.SHIPPED)

    moved_on = bring_in(pinduoduo(row))
    assert counts(moved_on) == (0, 1, 0, 0)
    order.refresh_from_db()
    assert order.state == OrderState.FINISHED


def test_f61_a_case_of_an_order_that_was_refunded_elsewhere_is_named_to_staff(
    bring_in, make_case, shop, buyer
):
    """No file of a shop's ends the case; whoever decides is told before it is paid a second time."""
    order = OrderFactory(shop=shop, buyer=buyer, number=NUMBER, state=OrderState.SHIPPED)
    case = make_case(order=order, type="refund_not_received")
    row = {"样式ID": "", "商品id": case.line.goods_id, "商品规格": case.line.sku}
    assert broken() == set()

    bring_in(pinduoduo(row | {"订单状态": "已发货，退款成功"}))

    case.refresh_from_db()
    assert (case.status, case.refunds.count()) == ("pending_merchant", 0)
    assert broken() == {"amount_elsewhere"}
    assert "别处退还" in str(case.findings.get())
    case.cancel(by=buyer)
    assert broken() == set()


def test_another_parcel_is_added_and_an_old_one_never_becomes_the_newest(bring_in):
    bring_in(pinduoduo(SHIPPED))
    bring_in(pinduoduo(SHIPPED | {"快递单号": "SF1234567890"}))

    assert [each.tracking for each in Parcel.objects.order_by("pk")] == [
        "YT8812345678",
        "SF1234567890",
    ]
    bring_in(pinduoduo(CONFIRMED | {"快递单号": ""}))
    assert counts(bring_in(pinduoduo(SHIPPED | {"快递单号": "ZT0000000001"}))) == (0, 0, 1, 0)


def test_what_the_carrier_reported_stays(bring_in):
    bring_in(pinduoduo(SHIPPED))
    Parcel.objects.update(state="moving", trace=[{"at": "x", "kind": "moving", "text": "运输中"}])

    bring_in(pinduoduo(CONFIRMED))

    parcel = Parcel.objects.get()
    assert (parcel.state, len(parcel.trace)) == ("moving", 1)


def test_lines_of_an_order_may_stand_far_apart_in_the_file(bring_in, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    lamp = {"商品": "竹编床头灯", "样式ID": "16", "商品id": "7", "商品规格": "小号"}
    between = [{"订单号": f"261117-60719897434{n:04d}"} for n in range(3)]
    content = pinduoduo({}, *between, lamp)

    assert counts(bring_in(content)) == (4, 0, 0, 0)
    order = Order.objects.get(number=NUMBER)
    assert (order.paid, order.lines.count(), order.payments.get().amount) == (256, 2, 256)
    before = everything()

    assert counts(bring_in(content)) == (0, 0, 4, 0)
    assert everything() == before


def test_a_line_is_known_again_with_other_columns_chosen(bring_in):
    few = ["订单号", "订单状态", "商品", "用户实付金额(元)", "商品数量(件)"]
    bring_in(pinduoduo(header=few))
    bring_in(pinduoduo())

    line = OrderLine.objects.get()
    assert (line.goods_id, line.sku) == (PINDUODUO["商品id"], PINDUODUO["商品规格"])
    assert counts(bring_in(pinduoduo(header=few))) == (0, 0, 1, 0)


def test_numbers_are_compared_as_text(bring_in):
    bring_in(taobao())

    job = bring_in(taobao({"订单编号": "0" + TAOBAO["订单编号"]}))

    assert counts(job) == (1, 0, 0, 0)


@pytest.mark.postgres
def test_numbers_are_looked_up_by_a_plan_for_these_numbers(shop):
    """One plan for all compares each order with each number: on the day of a first import of 100,000
    orders, with a database that thinks there are none, a thousand took 7 s."""
    numbers = [f"261101-{at:015d}" for at in range(500)]
    for _time in range(12):  # it has its plan for all after eight
        load(shop, numbers, lock=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements"
            """ WHERE statement LIKE '%%"aftersales_order"."number" = ANY%%'"""
        )
        ((for_all, for_these),) = cursor.fetchall()
    assert (for_all, for_these > 5) == (0, True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_make_each_order_once(now):
    shop = ShopFactory()
    rows = [{"订单号": f"261117-60719897434{n:04d}"} for n in range(300)]
    waiting = [jobs.check(upload(shop, pinduoduo(*rows))) for _ in range(2)]
    barrier = threading.Barrier(2)
    broken: list[BaseException] = []

    def bring_in(job):
        try:
            barrier.wait()
            jobs.run(job)
        except BaseException as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=bring_in, args=[job]) for job in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not broken
    assert Order.objects.count() == OrderLine.objects.count() == Payment.objects.count() == 300
    for job in waiting:
        job.refresh_from_db()
    assert sorted(counts(job) for job in waiting) == [(0, 0, 300, 0), (300, 0, 0, 0)]
