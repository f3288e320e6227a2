"""批量: many cases at once, looked at before, each by its ordinary step, and never rejected."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.enums import JobKind, JobState, Status
from aftersales.jobs import running
from aftersales.models import (
    CounterOffer,
    Event,
    Job,
    Notice,
    Plan,
    Policy,
    Refund,
    ReturnAddress,
    Tag,
)
from tests.factories import MemberFactory

PREVIEW_QUERIES = 17
PAGE_QUERIES = 14


def ticked(*cases):
    return [f"{case.code}:{case.version}" for case in cases]


def hidden(answer, name="case"):
    return re.findall(rf'name="{name}" value="([^"]*)"', answer.content.decode())


def agreed_to(desk, *cases):
    """Preview and confirm; the job."""
    page = desk.post("bulk_agree", case=ticked(*cases))
    answer = desk.post("bulk_agree", case=hidden(page), confirm=hidden(page, "confirm")[0])
    assert answer.status_code == 302
    return Job.objects.latest("pk")


def results(job):
    return [(item.case.code, item.state, item.reason) for item in job.items.all()]


def test_the_preview_tells_what_each_comes_to_and_does_nothing(make_case, at_desk, text_of):
    money, back = make_case(), make_case(type="return_refund", reason="R1")
    rejected = make_case("agreed")

    page = at_desk.post("bulk_agree", case=ticked(money, back, rejected))

    assert page.status_code == 200
    assert "可以同意 2 单，退款合计 ¥256.00" in text_of(page)
    assert "售后单当前状态不能进行此操作" in text_of(page)
    assert "同意 2 单，退款合计 ¥256.00</button>" in text_of(page)
    assert sorted(hidden(page)) == sorted(ticked(money, back))
    assert not Job.objects.exists()
    assert not Event.objects.filter(case=money, step="agree").exists()


def test_goods_that_are_asked_for_have_no_amount(make_case, at_desk, text_of):
    """The column adds up to what will be refunded."""
    page = text_of(at_desk.post("bulk_agree", case=ticked(make_case(type="exchange", reason="R1"))))

    assert "可以同意 1 单，退款合计 ¥0.00" in page
    assert '<td class="num">128.00</td>' not in page


def test_an_exchange_or_a_repair_is_not_called_a_return(make_case, at_desk, text_of):
    """同意退货 was said of all that comes back, and that money follows."""
    cases = make_case(type="exchange", reason="R1"), make_case(type="repair", reason="R18")

    page = text_of(at_desk.post("bulk_agree", case=ticked(*cases)))

    assert "<dt>同意换货</dt> <dd> 1 单 </dd>" in page
    assert "<dt>同意维修</dt> <dd> 1 单 </dd>" in page
    assert "同意退货" not in page
    assert "收到后再退款、换货或维修" in page
    assert "1 单，¥0.00" not in page


def test_each_is_agreed_to_by_its_own_step(make_case, at_desk, merchant):
    """S-60: never worse than by hand; a return goes to the default address."""
    money, back = make_case(), make_case(type="return_refund", reason="R1")
    resend = make_case(type="resend")
    job = agreed_to(at_desk, money, back, resend)
    assert running.run_due() == 3

    job.refresh_from_db()
    assert [state for _code, state, _why in results(job)] == ["done"] * 3
    assert job.state == JobState.DONE
    for case, step, status in (
        (money, "agree", Status.REFUNDING),
        (back, "agree_return", Status.AWAITING_BUYER_RETURN),
        (resend, "agree_resend", Status.AWAITING_MERCHANT_SHIP),
    ):
        case.refresh_from_db()
        event = case.events.latest("version")
        assert (event.step, event.user, case.status) == (step, merchant, status)
    assert back.return_address["name"] == "陈仓"
    notice = Notice.objects.get(user=merchant, job=job)
    assert notice.text_zh == "批量同意完成：成功 3 单"
    assert at_desk.client.get(reverse("open_notice", args=[notice.pk])).url == reverse(
        "merchants:job", args=[job.code]
    )


def test_three_of_two_hundred_fail_and_only_they_are_tried_again(make_case, at_desk, text_of, now):
    Policy.objects.update(bulk_most_cases=200, bulk_most_yuan=200_000)
    cases = []
    for _number in range(200):
        now.shift(timedelta(seconds=10))  # nobody uploads as fast as that
        cases.append(make_case())
    job = agreed_to(at_desk, *cases)
    for case in cases[10:13]:
        case.send_message(by=case.buyer, text="请等一下")

    running.run_due(600)

    page = at_desk.look("job", job.code)
    assert "成功 197" in text_of(page)
    assert "失败 3" in text_of(page)
    assert "此售后单刚刚有更新" in text_of(page)
    assert Refund.objects.count() == 197
    csv = at_desk.look("job_failed", job.code).content.decode("utf-8-sig")
    assert [line.split(",")[0].strip() for line in csv.splitlines()[1:]] == [
        case.code for case in cases[10:13]
    ]

    again = at_desk.post("bulk_agree", case=hidden(page))
    assert "可以同意 3 单" in text_of(again)
    answer = at_desk.post("bulk_agree", case=hidden(again), confirm=hidden(again, "confirm")[0])
    assert running.run_due(600) == 3
    assert "成功 3" in text_of(at_desk.client.get(answer.url))
    assert Refund.objects.count() == 200


def test_a_double_click_is_one_job(make_case, at_desk):
    case = make_case()
    page = at_desk.post("bulk_agree", case=ticked(case))
    filled = {"case": hidden(page), "confirm": hidden(page, "confirm")[0]}
    first, second = (at_desk.post("bulk_agree", **filled) for _click in range(2))
    assert first.url == second.url
    assert Job.objects.count() == 1


def test_what_has_changed_since_it_was_looked_at_is_left_out(make_case, at_desk, text_of):
    case = make_case()
    seen = ticked(case)
    case.send_message(by=case.buyer, text="还有一张照片")
    page = at_desk.post("bulk_agree", case=seen)
    assert "你查看后有更新，请打开核对" in text_of(page)
    assert hidden(page) == []
    assert not Job.objects.exists()


def test_what_changes_before_the_confirmation_is_told_and_nothing_begins(
    make_case, at_desk, text_of
):
    moved, other = make_case(), make_case()
    page = at_desk.post("bulk_agree", case=ticked(moved, other))
    moved.send_message(by=moved.buyer, text="还有一张照片")
    again = at_desk.post("bulk_agree", case=hidden(page), confirm="k")
    assert again.status_code == 409
    assert "有 1 单现在不能处理，还没有开始" in text_of(again)
    assert hidden(again) == ticked(other)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ({"bulk_most_cases": 1}, "一次最多同意 1 单，现在是 2 单，请少选一些"),
        ({"bulk_most_yuan": 255}, "一次最多同意退款 ¥255.00，现在合计 ¥256.00，请少选一些"),
    ],
)
def test_the_platform_limits_how_much_at_once(make_case, at_desk, text_of, limit, sentence):
    Policy.objects.update(**limit)
    cases = [make_case(), make_case()]
    for filled in ({}, {"confirm": "k"}):
        page = at_desk.post("bulk_agree", case=ticked(*cases), **filled)
        assert page.status_code == 422
        assert sentence in text_of(page)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda shop: ReturnAddress.objects.update(flagged="退回"), "没有可用的默认退货地址"),
        (lambda shop: ReturnAddress.objects.update(default=False), "没有可用的默认退货地址"),
    ],
)
def test_a_return_needs_a_default_address_in_order(
    make_case, at_desk, shop, text_of, spoil, sentence
):
    case = make_case(type="return_refund", reason="R1")
    job = agreed_to(at_desk, case)
    spoil(shop)
    assert sentence in text_of(at_desk.post("bulk_agree", case=ticked(case)))
    running.run_due()
    assert results(job) == [(case.code, "failed", sentence)]


def test_what_ran_out_meanwhile_is_time_s_and_not_ours(make_case, at_desk, now):
    case = make_case()
    job = agreed_to(at_desk, case)
    now.shift(timedelta(days=3))
    running.run_due()
    assert results(job)[0][1] == "failed"
    case.refresh_from_db()
    assert [event.step for event in case.events.all()].count("agree") == 0


@pytest.mark.parametrize("address", ["reject", "refuse_receipt", "bulk_reject"])
def test_there_is_no_bulk_rejection_in_any_form(make_case, at_desk, address):
    """S-60, by hand-made requests: no address, no kind, no field for it."""
    case = make_case("negotiated")
    assert (
        at_desk.client.post(f"/merchant/jobs/{address}/", {"case": ticked(case)}).status_code == 404
    )
    agreed_to(at_desk, case)
    Job.objects.all().delete()
    at_desk.post("bulk_agree", case=ticked(case), confirm="k", kind="reject", step="reject")
    assert [job.kind for job in Job.objects.all()] == [JobKind.AGREE]
    assert "reject" not in JobKind.values
    assert not Event.objects.filter(step="reject").exists()


def test_foreign_cases_are_left_out_and_foreign_jobs_are_not_there(
    make_case, at_desk, desk_of, stranger, text_of
):
    case = make_case()
    theirs = desk_of(stranger)
    page = theirs.post("bulk_agree", case=ticked(case), confirm="k")
    assert page.url == reverse("merchants:queue")
    assert not Job.objects.exists()
    job = agreed_to(at_desk, case)
    for name in ("job", "job_progress", "job_failed", "job_file"):
        assert theirs.look(name, job.code).status_code == 404
    assert theirs.post("cancel_job", job.code).status_code == 404
    assert "还没有批量任务" in text_of(theirs.look("jobs"))


def test_it_takes_the_permission_of_the_single_step(make_case, shop, desk_of):
    case = make_case()
    looker = desk_of(MemberFactory(shop=shop, permissions=[]).user)
    for name in ("bulk_agree", "bulk_assign"):
        assert looker.post(name, case=ticked(case), confirm="k").status_code == 403
    assert looker.look("bulk_export").status_code == 403
    assert not Job.objects.exists()


def test_whoever_loses_the_permission_meanwhile_agrees_to_nothing(make_case, at_desk, merchant):
    case = make_case()
    job = agreed_to(at_desk, case)
    merchant.memberships.update(permissions=[])
    running.run_due()
    assert results(job) == [(case.code, "failed", "你没有“同意售后”权限，请联系店铺管理员")]


def test_what_remains_can_be_cancelled(make_case, at_desk, text_of):
    cases = [make_case() for _number in range(3)]
    job = agreed_to(at_desk, *cases)
    assert running.next_item(job)
    page = at_desk.look("job_progress", job.code)
    assert "已处理 1 / 3 单" in text_of(page)
    at_desk.post("cancel_job", job.code)
    assert running.run_due() == 0
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert [state for _code, state, _why in results(job)] == ["done", "skipped", "skipped"]
    assert Refund.objects.count() == 1
    assert at_desk.look("job_progress", job.code).url == reverse("merchants:job", args=[job.code])


def test_many_are_assigned_and_tagged(make_case, at_desk, shop, text_of):
    cases = [make_case(), make_case()]
    li = MemberFactory(shop=shop, user__nick="小李")
    page = at_desk.post("bulk_assign", case=ticked(*cases))
    assert "分配 2 单" in text_of(page)
    at_desk.post("bulk_assign", case=hidden(page), confirm="a", member=li.pk)
    at_desk.post("bulk_tag", case=ticked(*cases), confirm="t", tag=" 破损  严重 ")
    assert running.run_due() == 4
    for case in cases:
        case.refresh_from_db()
        assert (case.assignee, case.tags.get().name) == (li, "破损 严重")
    assert Tag.objects.count() == 1
    assert [job.state for job in Job.objects.all()] == [JobState.DONE] * 2


def test_nobody_is_taken_off_his_cases_by_a_click_too_early(make_case, at_desk, shop, text_of):
    """未分配 was chosen already on the page of 批量分配."""
    case, li = make_case(), MemberFactory(shop=shop, user__nick="小李")
    case.assign(by=li.user, member=li)

    page = at_desk.post("bulk_assign", case=ticked(case), confirm="a", member="")

    assert page.status_code == 422
    assert "请选择处理人" in text_of(page)
    assert not Job.objects.exists()
    at_desk.post("bulk_assign", case=hidden(page), confirm="b", member="0")
    assert running.run_due() == 1
    case.refresh_from_db()
    assert case.assignee is None


def test_the_preview_tells_of_a_cheaper_plan_that_the_buyer_would_take(make_case, at_desk, text_of):
    """Who agrees to many at once grants each the whole demand."""
    countered, talking, fresh = make_case("waiting"), make_case("answered"), make_case()
    wish = CounterOffer(Plan.objects.get(code="partial_refund"), Decimal("80.00"))
    countered.reply(by=countered.buyer, counter=wish)

    page = text_of(at_desk.post("bulk_agree", case=ticked(countered, talking, fresh)))

    assert page.count("买家愿意接受：部分退款，无需退货 ¥80.00") == 1
    assert page.count("协商中，第 1 轮") == 1


def test_a_tag_without_a_word_and_a_strange_member_are_refused(make_case, at_desk, text_of):
    case, other = make_case(), MemberFactory()
    page = at_desk.post("bulk_tag", case=ticked(case), confirm="t", tag="")
    assert page.status_code == 422
    assert "请填写标签" in text_of(page)
    assert hidden(page) == ticked(case)
    page = at_desk.post("bulk_assign", case=ticked(case), confirm="t", member=other.pk)
    assert page.status_code == 422
    assert not Job.objects.exists()


def test_nothing_ticked_leads_back_to_the_list(at_desk):
    answer = at_desk.post("bulk_agree", list="tab=all&type=resend")
    assert answer.url == reverse("merchants:queue") + "?tab=all&type=resend"


def test_a_case_that_breaks_says_so_and_stops_nobody(make_case, at_desk, monkeypatch, caplog):
    cases = [make_case(), make_case()]
    job = agreed_to(at_desk, *cases)
    act = running.ACTS[JobKind.AGREE]

    def broken(job, case, version, key):
        act(job, case, version, key)
        if case.pk == cases[0].pk:
            raise ValueError("a bug")

    monkeypatch.setitem(running.ACTS, JobKind.AGREE, broken)
    running.run_due()
    assert [state for _code, state, _why in results(job)] == ["failed", "done"]
    cases[0].refresh_from_db()
    assert cases[0].status == Status.PENDING_MERCHANT
    assert "a bug" in caplog.text


def test_many_rows_ask_the_database_no_more_than_few(make_case, at_desk):
    cases = [make_case() for _number in range(12)]
    asked = {}
    for many in (2, 12):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            at_desk.post("bulk_agree", case=ticked(*cases[:many]))
        asked[many] = len(seen)
    assert asked[12] <= max(asked[2], PREVIEW_QUERIES)
    job = agreed_to(at_desk, *cases)
    running.run_due()
    for name, given in (("job", [job.code]), ("jobs", [])):
        with CaptureQueriesContext(connection) as seen:
            at_desk.look(name, *given)
        assert len(seen) <= PAGE_QUERIES, [each["sql"][:150] for each in seen]
