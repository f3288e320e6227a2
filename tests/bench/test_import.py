"""How near an import comes to the database's own COPY: rows of a Pinduoduo file a second."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from aftersales.imports import jobs
from aftersales.models import ImportJob, Order, Shop
from tests.aftersales.imports.conftest import counts, pinduoduo, upload
from tests.bench.reporting import Rates, report, rounds, seconds, settle

COUNT = 100_000 if os.environ.get("SIZE") == "full" else 5_000
ROUNDS = 5


def copied(prefix: str) -> Callable[[], None]:
    """The floor: the same rows, clean already, into a table of orders without its indexes."""
    lines = [
        f"{prefix}{number:015d}\tpaid\t128.00\t2026-11-17 08:22:00+08\t青瓷开片手冲咖啡杯\n"
        for number in range(COUNT)
    ]
    content = "".join(lines)

    def copy() -> None:
        with connection.cursor() as cursor, cursor.copy("COPY bench_floor FROM STDIN") as out:
            out.write(content)

    return copy


@pytest.mark.bench
@pytest.mark.postgres
def test_import(transactional_db: Any) -> None:
    """New orders; then the same file again, which changes nothing."""
    shop = Shop.objects.create(code="bench", name="bench", platform="pinduoduo")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_floor (number varchar(60), state varchar(20), paid numeric(12, 2),"
            " paid_at timestamptz, title varchar(200))"
        )
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
                rates["floor"].append(COUNT / seconds(copied(f"{number}-")))
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
