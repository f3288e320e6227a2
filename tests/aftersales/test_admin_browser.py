"""A ruling in a real browser: nothing breaks the page's security policy or its script (T-20)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from aftersales.enums import Status
from aftersales.models import User
from tests.factories import Desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_reviewer_goes_from_the_home_to_a_ruling(
    new_page: Callable[..., Page],
    shoot: Callable[..., Any],
    make_desk: Callable[..., Desk],
    staff: User,
    now: Any,
) -> None:
    """T-20, S-23, A1 to A3: tile, queue, both sides, consequences, done."""
    case = make_desk("under_review").case
    now.shift(timedelta(hours=48))
    case.catch_up()
    page = new_page(staff)
    page.goto(reverse("admin:index"))
    shoot(page, "home")
    page.get_by_role("link", name="待判定").first.click()
    shoot(page, "queue")
    page.get_by_role("link", name=case.code).click()
    shoot(page, "ruling")
    page.get_by_text("部分退款，无需退货", exact=True).last.click()
    page.get_by_label("退款金额").fill("60")
    page.get_by_role("group", name="责任方").get_by_text("商家", exact=True).click()
    page.get_by_label("判定理由").select_option("DR-01")
    page.get_by_label("E1 买家").check()
    page.get_by_label("判定依据").fill("采信 E1：裂纹清晰可见，商家的说明不能解释裂纹。")
    page.get_by_role("button", name="检查判定").click()
    expect(page.get_by_text("微信支付 ¥60.00")).to_be_visible()
    shoot(page, "consequences")
    page.get_by_role("button", name="确认判定").click()
    expect(page.get_by_text("已判定：部分退款")).to_be_visible()
    shoot(page, "record")
    case.refresh_from_db()
    assert case.status == Status.REFUNDING
