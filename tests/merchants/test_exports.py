"""导出: the list in hand as a file, in the encoding that opens, with nothing that runs in a cell."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from aftersales import tasks
from aftersales.enums import JobState
from aftersales.jobs import exporting, running
from aftersales.models import Job, Notice, OrderLine
from tests.factories import MemberFactory


def exported(desk, of="cases", query="tab=all", columns=None, **filled):
    given = {"of": of, "list": query, "format": "utf-8", "key": "k"} | filled
    given["columns"] = columns or list(exporting.SOURCES[of].columns)
    answer = desk.post("bulk_export", **given)
    assert answer.status_code == 302, answer.content.decode()
    running.run_due()
    return Job.objects.latest("pk")


def bytes_of(desk, job):
    answer = desk.look("job_file", job.code)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def rows_of(content, encoding):
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline="")))


@pytest.mark.parametrize(
    ("format", "encoding", "mark"),
    [("utf-8", "utf-8-sig", b"\xef\xbb\xbf\xe5\x94\xae"), ("gb18030", "gb18030", b"\xca\xdb")],
)
def test_the_file_is_in_the_encoding_asked_for(make_case, at_desk, format, encoding, mark):
    case = make_case()
    OrderLine.objects.update(title="青瓷杯 𠮷")
    content = bytes_of(at_desk, exported(at_desk, format=format))
    assert content.startswith(mark)
    (row,) = rows_of(content, encoding)
    assert (row["售后单号"], row["商品"], row["申请金额（元）"]) == (
        case.code,
        "青瓷杯 𠮷",
        "128.00",
    )
    assert row["申请时间"] == "2026-11-23 12:00:00"


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"])
def test_no_cell_is_a_formula(make_case, at_desk, text):
    make_case()
    OrderLine.objects.update(title=text)
    columns = ["goods", "code"]
    (row,) = rows_of(bytes_of(at_desk, exported(at_desk, columns=columns)), "utf-8-sig")
    assert row["商品"] == f"'{text.strip()}"
    book = load_workbook(
        io.BytesIO(bytes_of(at_desk, exported(at_desk, columns=columns, format="xlsx", key="x")))
    )
    assert [cell.data_type for cell in book.active["B"]] == ["s", "s"]


def test_a_workbook_has_amounts_as_numbers(make_case, at_desk):
    case = make_case()
    content = bytes_of(at_desk, exported(at_desk, columns=["code", "amount"], format="xlsx"))
    rows = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content)).active]
    assert rows == [["售后单号", "申请金额（元）"], [case.code, 128]]


def test_the_file_is_the_list_in_hand_in_its_order(make_case, at_desk, text_of, now):
    first = make_case()
    now.shift(timedelta(hours=1))
    second, agreed = make_case(), make_case("agreed")
    page = at_desk.look("bulk_export", of="cases", list="tab=mine&sort=new")
    assert "按当前筛选，共 <b>2</b> 单" in text_of(page)
    job = exported(at_desk, query="tab=mine&sort=new", columns=["code"])
    rows = rows_of(bytes_of(at_desk, job), "utf-8-sig")
    assert [row["售后单号"] for row in rows] == [second.code, first.code]
    assert agreed.code not in str(rows)


def test_of_people_only_what_is_masked_leaves_the_house(make_case, at_desk):
    case = make_case()
    order = case.order
    order.buyer_nick, order.receiver, order.phone = "林溪树", "林大树", "18612341402"
    order.address = "浙江省杭州市余杭区某路 9 号"
    order.save()
    content = bytes_of(at_desk, exported(at_desk, of="orders", query="")).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(content))
    assert (row["买家"], row["收件人"], row["联系电话"]) == ("林**树", "林**树", "186****1402")
    for secret in ("林溪树", "林大树", "18612341402", "某路"):
        assert secret not in content


def test_it_is_told_listed_and_gone_after_seven_days(make_case, at_desk, merchant, text_of, now):
    make_case()
    job = exported(at_desk)
    assert job.state == JobState.DONE
    told = Notice.objects.get(user=merchant, job=job).text_zh
    assert told == "导出完成：售后单-20261123-1200.csv，文件保留 7 天"
    path = job.file.path
    assert "下载" in text_of(at_desk.look("jobs", kind="export"))
    now.shift(timedelta(days=7))
    assert at_desk.look("job_file", job.code).status_code == 404
    assert "已过期删除" in text_of(at_desk.look("jobs", kind="export"))
    tasks.drop_exports()
    job.refresh_from_db()
    assert not job.file
    assert not Path(path).exists()


def test_only_members_who_may_export_fetch_the_file(make_case, at_desk, shop, desk_of, stranger):
    case = make_case()
    job = exported(at_desk)
    assert desk_of(stranger).look("job_file", job.code).status_code == 404
    looker = desk_of(MemberFactory(shop=shop, permissions=["agree"]).user)
    assert looker.look("job_file", job.code).status_code == 403
    assert looker.look("job", job.code).status_code == 200
    may = desk_of(MemberFactory(shop=shop, permissions=["export"]).user)
    assert case.code in bytes_of(may, job).decode()


def test_rows_of_others_are_not_in_it(make_case, at_desk, desk_of, stranger):
    """Neither by the list nor by keys that a job has come by."""
    case = make_case()
    job = exported(desk_of(stranger), of="orders", query="", columns=["number"])
    assert case.order.number not in bytes_of(desk_of(stranger), job).decode()


def test_nothing_and_too_much_are_refused_in_a_sentence(make_case, at_desk, text_of, monkeypatch):
    filled = {"of": "cases", "list": "tab=all", "format": "utf-8", "columns": ["code"]}
    page = at_desk.post("bulk_export", **filled)
    assert page.status_code == 422
    assert "没有可以导出的内容" in text_of(page)
    make_case()
    make_case()
    monkeypatch.setattr(exporting, "MOST_ROWS", 1)
    page = at_desk.post("bulk_export", **filled)
    assert page.status_code == 422
    assert "一次最多导出 1 行，请先缩小筛选范围" in text_of(page)
    page = at_desk.post("bulk_export", **filled | {"columns": []})
    assert "请至少选择一列" in text_of(page)
    assert not Job.objects.exists()


def test_a_dead_worker_s_export_is_begun_anew_and_leaves_one_file(
    make_case, at_desk, merchant, shop, now
):
    case = make_case()
    told = {"of": "cases", "columns": ["code"], "format": "utf-8"}
    job = running.start(shop, merchant, "export", key="k", rows=[case.pk], **told)
    assert exporting._take(job.pk) is not None  # and is never heard of again
    running.run_due()
    job.refresh_from_db()
    assert (job.state, job.file.name) == (JobState.RUNNING, "")
    now.shift(exporting.LEASE)
    running.run_due()
    job.refresh_from_db()
    assert (job.state, job.tries, job.rows) == (JobState.DONE, 1, [])
    assert rows_of(bytes_of(at_desk, job), "utf-8-sig") == [{"售后单号": case.code}]


def test_a_cancelled_export_stores_nothing(make_case, shop, merchant, monkeypatch):
    case = make_case()
    told = {"of": "cases", "columns": ["code"], "format": "utf-8"}
    job = running.start(shop, merchant, "export", key="k", rows=[case.pk], **told)
    write = exporting._write

    def cancelled_meanwhile(taken, file):
        running.cancel(taken)
        write(taken, file)

    monkeypatch.setattr(exporting, "_write", cancelled_meanwhile)
    running.run_due()
    job.refresh_from_db()
    assert (job.state, job.file.name) == (JobState.CANCELLED, "")
    assert not Notice.objects.filter(job=job).exists()


def test_without_the_permission_at_the_time_of_writing_there_is_no_file(make_case, shop, merchant):
    case = make_case()
    told = {"of": "cases", "columns": ["code"], "format": "utf-8"}
    job = running.start(shop, merchant, "export", key="k", rows=[case.pk], **told)
    merchant.memberships.update(permissions=["agree"])
    running.run_due()
    job.refresh_from_db()
    assert (job.state, job.file.name) == (JobState.FAILED, "")
    assert Notice.objects.get(job=job).text_zh == "导出没有完成，请重新导出"
