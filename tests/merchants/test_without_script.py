"""The queue without JavaScript: filters, saved views, and many cases at once; in Chromium."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from aftersales.enums import JobState, Status
from aftersales.jobs import running
from aftersales.models import Case, Job, SavedView
from tests.factories import MemberFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = reverse("merchants:queue")


def test_the_whole_queue_works_by_links_and_forms_alone(make_case, merchant, shop, new_page, shoot):
    """Narrowed, saved as a view, assigned, tagged and agreed to, each with its result."""
    colleague = MemberFactory(shop=shop, user__nick="小李")
    refunds, back = [make_case() for _ in range(2)], make_case(type="return_refund", reason="R1")
    page = new_page(merchant, script=False)
    page.goto(QUEUE)
    expect(page.locator(".cases tbody tr")).to_have_count(3)

    menu = page.locator("details.pick-x", has_text="类型")
    menu.locator("summary").click()
    menu.get_by_text("仅退款（已收到货）").or_(menu.get_by_text("已收到货仅退款")).first.click()
    menu.get_by_role("button", name="筛选").click()
    expect(page.locator(".cases tbody tr")).to_have_count(2)
    page.locator("summary", has_text="保存当前筛选").click()
    page.get_by_label("名称").fill("只退款")
    page.get_by_role("button", name="保存筛选").click()
    expect(page.locator("a.chip[aria-current]", has_text="只退款")).to_be_visible()
    assert SavedView.objects.get().name == "只退款"
    shoot(page, "filtered")

    def tick(*cases):
        for case in cases:
            page.get_by_label(f"选择 {case.code}").check()

    tick(*refunds)
    page.get_by_role("button", name="分配…").click()
    page.get_by_label("处理人").select_option("小李")
    shoot(page, "assigning")
    page.locator("main form button.btn-primary").click()
    running.run_due()
    page.reload()
    expect(page.get_by_text("任务结果")).to_be_visible()
    assert {
        each.assignee for each in Case.objects.filter(pk__in=[each.pk for each in refunds])
    } == {colleague}

    page.goto(QUEUE)
    tick(refunds[0], back)
    page.get_by_role("button", name="加标签…").click()
    page.get_by_label("标签").fill("加急")
    page.locator("main form button.btn-primary").click()
    running.run_due()
    page.goto(QUEUE)
    expect(page.locator(".tag.own", has_text="加急")).to_have_count(2)

    tick(*refunds)
    page.get_by_role("button", name="批量同意…").click()
    expect(page.get_by_text("可以同意 2 单，退款合计 ¥256.00")).to_be_visible()
    page.get_by_role("button", name="同意 2 单，退款合计 ¥256.00").click()
    shoot(page, "running")
    running.run_due()
    page.get_by_role("link", name="刷新进度").click()
    expect(page.get_by_text("任务结果")).to_be_visible()
    shoot(page, "done")
    statuses = {each.pk: each.status for each in Case.objects.all()}
    assert [statuses[each.pk] for each in refunds] == [Status.REFUNDING] * 2
    assert statuses[back.pk] == Status.PENDING_MERCHANT
    assert {job.state for job in Job.objects.all()} == {JobState.DONE}
