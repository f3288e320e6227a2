import csv
import io
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import translation

from aftersales.enums import ImportState
from aftersales.imports import jobs, samples
from aftersales.models import ImportJob, Order, OrderLine, Parcel, Payment
from tests.aftersales.imports.conftest import counts, pinduoduo, taobao, told, upload
from tests.conftest import ROOT, THE_PROJECT, database_url
from tests.factories import ShopFactory

ROWS = [{"订单号": f"261117-60719897434{n:04d}", "快递单号": f"YT{n:010d}"} for n in range(10)]


def test_the_check_says_what_would_happen_and_writes_no_order(check, bring_in):
    bring_in(pinduoduo(ROWS[0], ROWS[1]))
    before = Order.objects.count()

    job = check(pinduoduo(ROWS[0], ROWS[1] | {"订单状态": "已收货"}, *ROWS[2:5], {"订单号": "x"}))

    assert job.state == ImportState.CHECKED
    assert counts(job) == (3, 1, 1, 1)
    assert (job.rows, job.platform, job.kind) == (6, "pinduoduo", "csv")
    assert [row["number"] for row in job.sample] == [row["订单号"] for row in ROWS[:5]]
    assert told(job) == [(7, "订单号", "订单号的格式不对")]
    assert Order.objects.count() == before


def test_nothing_is_imported_before_it_is_confirmed(check):
    job = check(pinduoduo())

    assert jobs.run_due() == 0
    assert not Order.objects.exists()

    assert jobs.confirm(job)
    assert not jobs.confirm(job)
    assert jobs.run_due() == 1
    job.refresh_from_db()
    assert (job.state, counts(job)) == (ImportState.DONE, (1, 0, 0, 0))


def test_the_sweep_takes_up_every_waiting_job(shop):
    waiting = [upload(shop, pinduoduo()), upload(ShopFactory(), taobao())]

    assert jobs.run_due() == 2
    assert jobs.run_due() == 0
    for job in waiting:
        job.refresh_from_db()
        assert (job.state, job.lease, job.leased_until) == (ImportState.CHECKED, "", None)


def test_a_job_in_one_workers_hands_is_left_alone_by_others(shop, now):
    upload(shop, pinduoduo())

    assert jobs.take() is not None
    assert jobs.take() is None


def test_a_dead_workers_job_is_taken_up_where_it_stopped(check, monkeypatch, now):
    monkeypatch.setattr(jobs, "BATCH", 3)
    job = check(pinduoduo(*ROWS))
    jobs.confirm(job)
    dead = jobs.take()
    assert dead is not None
    jobs.work(dead, until=jobs.clock.now())  # one batch, and then no more of it
    assert jobs.take() is not None  # another one, which says nothing any more

    assert Order.objects.count() == 3
    now.shift(jobs.LEASE - timedelta(seconds=1))
    assert jobs.run_due() == 0
    now.shift(timedelta(seconds=2))
    assert jobs.run_due() == 1

    job.refresh_from_db()
    assert (job.state, counts(job), job.done) == (ImportState.DONE, (10, 0, 0, 0), 10)
    assert Order.objects.count() == Payment.objects.count() == 10


def test_a_worker_whose_lease_ran_out_writes_nothing_more(check, now):
    job = check(pinduoduo(*ROWS))
    jobs.confirm(job)
    slow = jobs.take()
    assert slow is not None
    now.shift(jobs.LEASE + timedelta(seconds=1))
    jobs.run_due()

    assert not jobs.work(slow, until=None)

    job.refresh_from_db()
    assert (job.state, counts(job)) == (ImportState.DONE, (10, 0, 0, 0))
    assert Order.objects.count() == 10


def test_a_long_import_makes_way_and_goes_on_later(check, monkeypatch, now):
    monkeypatch.setattr(jobs, "BATCH", 3)
    job = check(pinduoduo(*ROWS))
    jobs.confirm(job)
    slices = 0

    while job.state != ImportState.DONE:
        taken = jobs.take()
        assert taken is not None
        jobs.work(taken, until=jobs.clock.now())
        slices += 1
        job.refresh_from_db()
        assert job.done == min(3 * slices, 10)

    assert counts(job) == (10, 0, 0, 0)


def test_an_order_in_several_places_counts_once_whatever_the_breaks(check, monkeypatch, now):
    monkeypatch.setattr(jobs, "BATCH", 2)
    again = [row | {"订单状态": "已收货"} for row in ROWS[:2]]
    job = check(pinduoduo(*ROWS[:4], *again))
    assert counts(job) == (4, 0, 0, 0)
    jobs.confirm(job)

    while (taken := jobs.take()) is not None:
        jobs.work(taken, until=jobs.clock.now())

    job.refresh_from_db()
    assert (job.state, counts(job)) == (ImportState.DONE, (4, 0, 0, 0))
    assert Order.objects.filter(state="signed").count() == 2


def test_very_many_rows_of_one_order_are_settled_in_pieces(bring_in, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    rows = [ROWS[0] | {"样式ID": f"16{n:04d}"} for n in range(25)]

    job = bring_in(pinduoduo(*rows))

    assert counts(job) == (1, 0, 0, 0)
    assert Order.objects.get().lines.count() == 25
    assert Order.objects.get().paid == 25 * 128


def test_a_job_that_breaks_again_and_again_is_given_up_with_a_sentence(shop, now, caplog):
    job = upload(shop, pinduoduo())
    job.file.storage.delete(job.file.name)

    for _ in range(jobs.MOST_TRIES + 1):
        jobs.run_due()
        now.shift(jobs.PATIENCE)

    job.refresh_from_db()
    assert job.state == ImportState.FAILED
    assert job.sentence == "多次中断，已停在第 0 行之后"
    assert caplog.records


def test_errors_are_told_in_the_readers_language_and_kept_as_facts(check):
    job = check(pinduoduo({"商品数量(件)": "0"}))

    error = job.errors.get()
    assert (error.row, error.column, error.value) == (2, "商品数量(件)", "0")
    assert error.facts == {"most": 100000}
    with translation.override("en"):
        assert "100000" in error.sentence


def test_every_error_of_a_row_is_told_and_the_row_counts_once(check):
    job = check(pinduoduo({"商品": "", "用户实付金额(元)": "免费", "订单状态": "?"}))

    assert job.failed == 1
    assert {column for _row, column, _reason in told(job)} == {
        "商品",
        "用户实付金额(元)",
        "订单状态",
    }


def test_each_kind_of_bad_row_of_the_sample_is_refused_and_the_rest_comes_in(bring_in):
    kept = ROOT / "aftersales" / "fixtures" / "orders" / samples.BROKEN_CSV

    job = bring_in(kept.read_bytes(), samples.BROKEN_CSV)

    assert counts(job) == (1, 0, 0, len(samples.FAULTS) + 3)
    assert {error.row for error in job.errors.all()} == set(range(3, job.rows + 2))
    assert Order.objects.count() == 1


def test_an_error_that_a_database_could_not_store_is_stored_without(check):
    job = check(pinduoduo({"用户实付金额(元)": "1\x002"}))

    assert job.errors.get().value == "12"


# The failed rows as a file


def failed(job: ImportJob, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    text = b"".join(jobs.failed_rows_file(job, encoding)).decode(encoding)
    return list(csv.DictReader(io.StringIO(text)))


def test_failed_rows_come_back_with_their_reasons(check):
    job = check(pinduoduo(ROWS[0], ROWS[1] | {"用户实付金额(元)": "免费"}, ROWS[2]))

    content = b"".join(jobs.failed_rows_file(job))
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\xef\xbb\xbf") == 1
    (row,) = failed(job)
    assert row["订单号"] == ROWS[1]["订单号"]
    assert row[jobs.REASONS] == "用户实付金额(元)：金额只能是数字，最多两位小数，例如 128.00"
    assert failed(job, "gb18030") == [row]


def test_the_mended_file_can_be_imported_as_it_is(bring_in):
    first = bring_in(
        pinduoduo(ROWS[0], ROWS[1] | {"用户实付金额(元)": "免费", "商家备注": "=1+1"}, ROWS[2])
    )
    mended = b"".join(jobs.failed_rows_file(first)).replace("免费".encode(), b"128.00")

    job = bring_in(mended, "mended.csv")

    assert counts(job) == (1, 0, 0, 0)
    assert jobs.REASONS in job.ignored
    assert Order.objects.count() == 3
    assert Order.objects.get(number=ROWS[1]["订单号"]).shop_note == "=1+1"


def test_a_row_too_short_fails_until_it_is_mended(bring_in):
    header, row = pinduoduo(ROWS[0]).splitlines()
    first = bring_in("\n".join([header, row.rsplit(",", 2)[0]]))

    again = bring_in(b"".join(jobs.failed_rows_file(first)), "again.csv")

    assert counts(again) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    "text", ["=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(1)", "\uff1d1+1", "=HYPERLINK(1)"]
)
def test_no_cell_of_the_file_is_a_formula(check, text):
    job = check(pinduoduo(ROWS[0] | {"商家备注": text, "用户实付金额(元)": "免费"}))

    (row,) = failed(job)
    assert row["商家备注"] == f"'{text}"


def test_numbers_stay_numbers_and_long_ones_stay_whole(check):
    job = check(taobao({"买家实际支付金额": "-8.00"}))

    (row,) = failed(job)
    assert row["买家实际支付金额"] == "-8.00"
    assert row["订单编号"] == "2826111760719833\t"  # with a tab Excel takes it for text


def test_a_file_of_a_name_that_lies_is_shown_by_a_plain_one(shop):
    job = jobs.start(shop, None, ContentFile(pinduoduo().encode(), name="../x\u202evsc.csv"))

    assert job.filename == "xvsc.csv"
    assert "x" not in Path(job.file.name).stem


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_killed_import_loses_nothing_and_doubles_nothing(tmp_path):
    ShopFactory(code="killed")
    path = tmp_path / "orders.csv"
    rows = [{"订单号": f"261117-6071989{n:08d}", "快递单号": f"YT{n:010d}"} for n in range(9_000)]
    path.write_text(pinduoduo(*rows), encoding="utf-8")
    command = [sys.executable, "manage.py", "import_orders", str(path), "--shop", "killed"]
    environment = os.environ | {"DATABASE_URL": database_url(), **THE_PROJECT}
    worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    patience = time.monotonic() + 60
    while not Order.objects.exists() and time.monotonic() < patience:
        time.sleep(0.01)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    left = Order.objects.count()
    assert 0 < left < 9_000

    ImportJob.objects.update(leased_until=jobs.clock.now())  # its lease has run out
    assert jobs.run_due() == 1

    job = ImportJob.objects.get()
    assert (job.state, counts(job)) == (ImportState.DONE, (9_000, 0, 0, 0))
    for model in (Order, OrderLine, Payment, Parcel):
        assert model.objects.count() == 9_000
