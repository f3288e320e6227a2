import csv
from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import load_workbook

from aftersales.enums import OrderState
from aftersales.imports import samples
from aftersales.models import Order
from tests.aftersales.imports.conftest import counts
from tests.conftest import ROOT
from tests.factories import UserFactory

KEPT = ROOT / "aftersales" / "fixtures" / "orders"
GOOD = {
    samples.PINDUODUO_CSV: "pinduoduo",
    samples.PINDUODUO_XLSX: "pinduoduo",
    samples.TAOBAO_CSV: "taobao",
}


def test_the_kept_samples_have_the_platforms_exact_headers():
    with (KEPT / samples.PINDUODUO_CSV).open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == samples.PINDUODUO_27
    sheet = load_workbook(KEPT / samples.PINDUODUO_XLSX)["订单明细"]
    header = [cell.value for cell in next(sheet.iter_rows())]
    assert header == samples.PINDUODUO_23
    assert (header[0], len(header)) == ("订单成交时间", 23)
    with (KEPT / samples.TAOBAO_CSV).open(encoding="gbk", newline="") as file:
        assert next(csv.reader(file)) == samples.TAOBAO_38
    assert (len(samples.PINDUODUO_27), len(samples.TAOBAO_38)) == (27, 38)


def test_the_kept_samples_are_what_the_tool_writes(tmp_path):
    samples.write(tmp_path, date(2026, 11, 23), exact=True)

    for name in (samples.PINDUODUO_CSV, samples.TAOBAO_CSV, samples.BROKEN_CSV):
        assert (KEPT / name).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("name", GOOD)
def test_the_kept_samples_come_in_whole(bring_in, name):
    job = bring_in((KEPT / name).read_bytes(), name)

    assert (job.platform, counts(job)) == (GOOD[name], (12, 0, 0, 0))


@pytest.mark.parametrize("name", GOOD)
def test_samples_of_any_day_come_in_whole_with_their_buyers(bring_in, tmp_path, now, name):
    for buyer in samples.BUYERS:
        UserFactory(username=buyer.username, phone=buyer.phone)
    now.shift(timedelta(days=100, hours=9))
    today = datetime.now(UTC)
    samples.write(tmp_path, today)

    job = bring_in((tmp_path / name).read_bytes(), name)

    assert counts(job) == (12, 0, 0, 0)
    assert not Order.objects.filter(buyer=None).exists()
    sales = {sale.number: sale for sale in samples.market(today)[name]}
    for order in Order.objects.all():
        sale = sales[order.number]
        assert order.paid == sale.paid
        assert order.buyer is not None
        assert order.buyer.username == sale.buyer.username
        assert order.lines.get().title in samples.PICTURES
        assert [parcel.tracking for parcel in order.parcels.all()] == (
            [sale.tracking] if sale.tracking else []
        )
        assert all(scan.at <= today for scan in sale.scans(today))


def test_the_sample_orders_stand_everywhere_an_order_can(bring_in, tmp_path, now):
    samples.write(tmp_path, datetime.now(UTC))
    bring_in((tmp_path / samples.PINDUODUO_CSV).read_bytes())

    # No export file says that an order went out in parts; that follows from its parcels.
    stands = set(Order.objects.values_list("state", flat=True))
    assert stands == set(OrderState) - {OrderState.PART}
    pictures = {path.name for path in (ROOT / "static" / "img").iterdir()}
    assert set(samples.PICTURES.values()) <= pictures
