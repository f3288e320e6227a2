"""Staff change a rule, try it on the past and record an outage, at both widths, by clicks alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import localtime
from playwright.sync_api import Page, expect

from aftersales import clock
from aftersales.models import Edition, Extension, Policy, Simulation, User
from aftersales.simulating import advance

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def root(db: None, django_user_model: type[User]) -> User:
    return django_user_model.objects.create_superuser("root")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("width", [390, 1440])
def test_a_rule_is_changed_by_publishing_its_difference(
    width: int, new_page: Callable[..., Page], shoot: Any, root: User
) -> None:
    page = new_page(root, width=width)
    page.goto(f"/admin/aftersales/policy/{Policy.objects.get().pk}/change/")
    page.get_by_label("驳回前协商轮数").fill("3")
    page.locator("[name=_save]").first.click()
    expect(page.get_by_role("heading", name="修改 · 规则")).to_be_visible()
    shoot(page, "difference")
    assert fits(page)
    page.get_by_role("button", name="返回修改").click()
    expect(page.get_by_label("驳回前协商轮数")).to_have_value("3")
    page.locator("[name=_save]").first.click()
    page.get_by_label("修改原因").fill("介入率上升，先加一轮协商")
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("已发布规则版本")).to_be_visible()
    assert Policy.current().min_rounds == 3
    edition = Edition.in_force(clock.now())
    assert edition is not None
    page.goto(f"/admin/aftersales/edition/{edition.pk}/change/")
    expect(page.get_by_text("介入率上升，先加一轮协商")).to_be_visible()
    shoot(page, "edition")
    assert fits(page)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_change_is_tried_and_an_outage_recorded(
    width: int, new_page: Callable[..., Page], shoot: Any, root: User
) -> None:
    page = new_page(root, width=width)
    page.goto("/admin/aftersales/edition/simulate/")
    page.get_by_label("D2 ", exact=False).first.fill("1440")
    page.get_by_role("button", name="试算").click()
    expect(page.get_by_role("row", name="商家驳回")).to_be_visible()
    shoot(page, "simulation")
    assert fits(page)
    page.goto("/admin/aftersales/extension/outage/")
    ends = localtime(clock.now()) - timedelta(minutes=1)
    starts = ends - timedelta(hours=2)
    page.get_by_label("故障开始").fill(f"{starts:%Y-%m-%dT%H:%M:%S}")
    page.get_by_label("故障结束").fill(f"{ends:%Y-%m-%dT%H:%M:%S}")
    page.get_by_label("原因").fill("机房断电")
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_text("个售后单的时限会延后")).to_be_visible()
    shoot(page, "outage")
    assert fits(page)
    page.get_by_role("button", name="确认延期").click()
    expect(page.get_by_text("机房断电")).to_be_visible()
    assert Extension.objects.count() == 1


def test_a_replay_shows_its_end_and_leaves_what_is_being_typed(
    make_case: Callable[..., Any], new_page: Callable[..., Page], shoot: Any, root: User
) -> None:
    case = make_case()
    made = Simulation.objects.create(
        user=root,
        windows={"D2": 1440},
        since=case.applied_at - timedelta(days=30),
        until=case.applied_at + timedelta(days=1),
        cases=1,
        created_at=clock.now(),
    )
    page = new_page(root, width=390)
    page.goto(reverse("admin:simulated", args=[made.pk]))
    expect(page.get_by_text("正在重放：0 / 1 个售后单")).to_be_visible()
    shoot(page, "replaying")
    assert fits(page)
    page.get_by_label("D3 ", exact=False).first.fill("999")
    while advance(made):
        pass
    expect(page.get_by_text("重放了 1 个售后单").first).to_be_visible(timeout=20_000)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_label("D3 ", exact=False).first).to_have_value("999")
