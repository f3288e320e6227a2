"""How near an import comes to the database's own COPY: rows of a Pinduoduo file a second."""

import os
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from aftersales import clock, memory
from aftersales.enums import Direction, PaymentKind
from aftersales.imports import jobs, samples
from aftersales.models import ImportJob, Order, OrderLine, Parcel, Payment, Shop
from tests.aftersales.imports.conftest import counts, pinduoduo, upload
from tests.bench.reporting import Rates, report, rounds, seconds, settle

COUNT = 100_000 if os.environ.get("SIZE") == "full" else 5_000
ROUNDS = 5


def copied(shop: Shop, number: int) -> Callable[[], None]:
    """The floor: what an import writes of this file, known already, by one COPY a table."""
    order = Order(
        shop=shop,
        number="",
        buyer_nick="林溪",
        receiver="林溪树",
        phone="13812345678",
        address="浙江省杭州市余杭区某路 9 号",
        paid="128.00",
        imported_at=clock.now(),
    )
    line = OrderLine(
        order_id=0, shop=shop, title="青瓷开片手冲咖啡杯", goods_id="754299529443", paid="128.00"
    )
    line.number, line.sku, line.list_total = "1607198974342", "300ml 青绿", Decimal("128.00")
    payment = Payment(
        order_id=0, shop=shop, route="拼多多支付", amount="128.00", kind=PaymentKind.MONEY
    )

    parcel = Parcel(order_id=0, shop=shop, direction=Direction.OUTBOUND, carrier="中通快递")
    parcel.shipped_at = clock.now()

    def copy() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval('aftersales_order_id_seq'::regclass) FROM generate_series(1, %s)",
                [COUNT],
            )
            keys = [key for (key,) in cursor.fetchall()]
            numbers = (f"{number}-{at:015d}" for at in range(COUNT))
            fill(cursor, order, {"id": keys, "number": numbers})
            fill(cursor, line, {"order_id": keys})
            fill(cursor, payment, {"order_id": keys})
            trackings = (f"7312{at:010d}" for at in range(COUNT))
            fill(cursor, parcel, {"order_id": keys, "tracking": trackings})

    return copy


def sold(number: str, at: int) -> dict[str, str]:
    """A row as a shop's file has it: some goods again and again, the rest its own."""
    amount = f"{100 + at % 900}.00"
    clock_time = f"{at % 24:02d}:{at % 60:02d}:{at // 60 % 60:02d}"
    return {
        "订单号": number,
        "订单状态": "已发货，待收货",
        "商品": f"青瓷开片手冲咖啡杯 {at % 60} 号",
        "样式ID": f"{1607198974342 + at % 500}",
        "商品规格": f"{at % 9 + 1}00ml",
        "商品总价(元)": amount,
        "用户实付金额(元)": amount,
        "订单成交时间": f"2026-11-{at % 12 + 1:02d} {clock_time}",
        "发货时间": f"2026-11-{at % 12 + 2:02d} {clock_time}",
        "快递公司": "中通快递",
        "快递单号": f"7312{at:010d}",
        samples.PHONE: f"138{at:08d}",
    }


def fill(cursor: Any, row: Any, differing: dict[str, Iterable[Any]]) -> None:
    """COPY rows that are the same but for the columns that differ."""
    same = [each for each in row._meta.concrete_fields if not each.primary_key]
    same = [each for each in same if each.column not in differing]
    values = [each.get_db_prep_save(getattr(row, each.attname), connection) for each in same]
    names = ", ".join([*differing, *(each.column for each in same)])
    with cursor.copy(f"COPY {row._meta.db_table} ({names}) FROM STDIN") as out:
        for own in zip(*differing.values(), strict=True):
            out.write_row([*own, *values])


@pytest.mark.bench
@pytest.mark.postgres
def test_import(transactional_db: Any) -> None:
    """New orders; then the same file again, which changes nothing."""
    memory.settle()  # as a worker does when it starts
    shop = Shop.objects.create(code="bench", name="bench", platform="pinduoduo")
    bare = Shop.objects.create(code="floor", name="floor", platform="pinduoduo")
    rates: Rates = {"floor": [], "ours": []}
    again: Rates = {"floor": rates["ours"], "ours": []}

    def through(file: str) -> tuple[float, ImportJob]:
        job = jobs.check(upload(shop, file))
        return seconds(lambda: jobs.run(job)), ImportJob.objects.get(pk=job.pk)

    for number, order in rounds(ROUNDS):
        file = pinduoduo(
            *(sold(f"2611{number:02d}-{at:015d}", at) for at in range(COUNT)),
            header=[*samples.PINDUODUO_27, samples.PHONE],
        )
        settle()
        for name in order:
            if name == "floor":
                rates["floor"].append(COUNT / seconds(copied(bare, number)))
                continue
            took, job = through(file)
            assert counts(job) == (COUNT, 0, 0, 0)
            rates["ours"].append(COUNT / took)
        took, job = through(file)
        assert counts(job) == (0, 0, COUNT, 0)
        again["ours"].append(COUNT / took)
    assert Order.objects.filter(shop=shop).count() == ROUNDS * COUNT
    report("import", rates, goal=0.3)
    report("import, the same file again", again, goal=1)
