"""How near an import comes to the database's own COPY: rows of a Pinduoduo file a second."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from aftersales import clock
from aftersales.imports import jobs
from aftersales.models import ImportJob, Order, Shop
from tests.aftersales.imports.conftest import counts, pinduoduo, upload
from tests.bench.reporting import Rates, report, rounds, seconds, settle

COUNT = 100_000 if os.environ.get("SIZE") == "full" else 5_000
ROUNDS = 5


def copied(shop: Shop, number: int) -> Callable[[], None]:
    """The floor: the orders of the file, clean already, into a table like that of orders."""
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
    fields = [each for each in Order._meta.concrete_fields if not each.primary_key]
    names = ", ".join(each.column for each in fields)
    values = [each.get_db_prep_save(getattr(order, each.attname), connection) for each in fields]
    place = [each.name for each in fields].index("number")

    def copy() -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY bench_floor ({names}) FROM STDIN") as out,
        ):
            for at in range(COUNT):
                values[place] = f"{number}-{at:015d}"
                out.write_row(values)

    return copy


@pytest.mark.bench
@pytest.mark.postgres
def test_import(transactional_db: Any) -> None:
    """New orders; then the same file again, which changes nothing."""
    shop = Shop.objects.create(code="bench", name="bench", platform="pinduoduo")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_floor (LIKE aftersales_order INCLUDING ALL)")
    rates: Rates = {"floor": [], "ours": []}
    again: Rates = {"floor": rates["ours"], "ours": []}

    def through(file: str) -> tuple[float, ImportJob]:
        job = jobs.check(upload(shop, file))
        return seconds(lambda: jobs.run(job)), ImportJob.objects.get(pk=job.pk)

    for number, order in rounds(ROUNDS):
        file = pinduoduo(*({"订单号": f"2611{number:02d}-{at:015d}"} for at in range(COUNT)))
        settle()
        for name in order:
            if name == "floor":
                rates["floor"].append(COUNT / seconds(copied(shop, number)))
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
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_floor")
