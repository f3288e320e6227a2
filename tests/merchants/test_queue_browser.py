"""The queue by keyboard alone, on a phone, in the dark and without script; in Chromium."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse

from aftersales.models import SavedView
from tests.factories import MemberFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = reverse("merchants:queue")


@pytest.fixture
def twenty(make_case, now):
    """Twenty cases, a minute apart, the first the most urgent."""
    made = []
    for _ in range(20):
        made.append(make_case())
        now.shift(timedelta(minutes=1))
    return made


def test_twenty_cases_are_looked_through_without_a_mouse(twenty, merchant, new_page):
    """j and k move and show, x ticks, o opens, n goes on, b leads back to the row."""
    page = new_page(merchant)
    page.goto(QUEUE)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.locator("#peek", has_text=twenty[0].code).wait_for()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator(".bulk").inner_text().startswith("已选 2 单，合计 ¥256.00")

    page.keyboard.press("k")
    page.keyboard.press("o")
    for case in twenty[:-1]:
        page.wait_for_url(f"**/cases/{case.code}/**")
        page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{twenty[-1].code}/**")
    page.keyboard.press("p")
    page.wait_for_url(f"**/cases/{twenty[-2].code}/**")
    page.keyboard.press("b")

    page.wait_for_url(f"**/merchant/#{twenty[-2].code}")
    chosen = page.locator(".cases tr[aria-selected=true]")
    assert chosen.get_attribute("id") == twenty[-2].code


def test_keys_are_listed_and_off_while_somebody_types(twenty, merchant, new_page):
    page = new_page(merchant)
    page.goto(QUEUE)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="键盘快捷键")
    for said in ("下一单、上一单", "勾选当前售后单", "有更新时刷新列表", "输入法"):
        assert said in keys.inner_text()
    page.keyboard.press("Escape")

    page.keyboard.press("/")
    page.keyboard.type("jkxo?")
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'j', isComposing: true, bubbles: true}))"
    )

    assert page.locator("#q").input_value() == "jkxo?"
    assert page.locator(".cases tr[aria-selected=true]").count() == 0
    assert page.locator(".bulk").is_hidden()


def test_a_filter_is_chosen_saved_and_shared_by_keyboard(twenty, merchant, shop, new_page):
    page = new_page(merchant)
    page.goto(QUEUE)
    menu = page.locator("details", has=page.locator("summary", has_text="类型：全部"))
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("已收到货仅退款").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("类型：已收到货仅退款").wait_for()

    page.locator("summary", has_text="保存当前筛选").focus()
    page.keyboard.press("Enter")
    page.get_by_label("名称").focus()
    page.keyboard.type("仅退款")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    page.locator(".chip[aria-current]", has_text="仅退款").wait_for()
    view = SavedView.objects.get()
    assert (view.query, view.shared) == ("tab=mine&type=refund_received", True)


def test_numbers_pasted_line_by_line_are_looked_for(make_case, merchant, new_page):
    cases = [make_case() for _ in range(3)]
    page = new_page(merchant)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(QUEUE)
    pasted = f"{cases[0].code}\r\n{cases[2].code}\nAS20260101000"
    page.evaluate("text => navigator.clipboard.writeText(text)", pasted)

    page.keyboard.press("/")
    page.keyboard.press("Control+v")
    page.keyboard.press("Enter")

    page.get_by_text("没找到 1 个").wait_for()
    found = page.locator(".cases tbody tr").evaluate_all("rows => rows.map((row) => row.id)")
    assert set(found) == {cases[0].code, cases[2].code}


def test_news_come_without_moving_a_row_or_the_focus(make_case, merchant, new_page, now):
    first = make_case()
    page = new_page(merchant)
    page.goto(QUEUE)
    tab = page.get_by_role("link", name=re.compile("等买家回复"))
    tab.focus()
    now.shift(timedelta(seconds=40))
    first.cancel(by=first.buyer)
    make_case()
    page.evaluate("htmx.trigger('#news', 'poll')")

    page.get_by_text("有 2 条更新，刷新列表").wait_for()
    assert page.locator(".cases tbody tr").get_attribute("id") == first.code
    assert tab.evaluate("el => el === document.activeElement")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    page.wait_for_function(f"!document.getElementById('{first.code}')")


def test_a_row_that_expires_stays_and_says_so(make_case, merchant, new_page, now):
    case = make_case()
    now.move_to(case.due_at - timedelta(seconds=2))
    page = new_page(merchant)

    page.goto(QUEUE)

    page.locator(f"#{case.code}", has_text="正在按买家要求处理").wait_for()
    assert "已到期" in page.locator(f"#{case.code}").inner_text()


def test_without_script_everything_is_a_link_or_a_form(twenty, merchant, browser, live_server):
    MemberFactory(shop=twenty[0].shop, user__nick="小李")
    client = Client()
    client.force_login(merchant)
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, locale="zh-CN"
    )
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(QUEUE)
    assert page.locator(".cases input").first.is_hidden()
    page.locator("summary", has_text="物流：全部").click()
    page.get_by_label("已签收", exact=True).check()
    page.locator("details[open]").get_by_role("button", name="筛选").click()
    page.locator("summary", has_text="排序").click()
    page.get_by_role("link", name="申请时间 ↓").click()

    page.locator(".cases th a").first.click()
    assert twenty[-1].code in page.url
    page.get_by_role("link", name="下一单").click()
    assert twenty[-2].code in page.url
    page.get_by_label("备注", exact=True).fill("先看称重")
    page.get_by_role("button", name="保存备注").click()

    assert twenty[-2].notes.get().text == "先看称重"
    assert "list=" in page.url
    context.close()


@pytest.mark.parametrize("width", [390, 320, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_reads_in_any_light(make_case, merchant, shop, new_page, shoot, width, scheme):
    """WCAG 2.2 AA by axe; no sideways scroll; menus open inside the screen."""
    for trait in ("", "answered", "expired"):
        case = make_case(trait)
    shop.tags.create(name="易碎").cases.add(case)
    page = new_page(merchant, width=width, height=844)
    page.emulate_media(color_scheme=scheme)

    for url, name in (
        (f"{QUEUE}?type=refund_received", "queue"),
        (f"{QUEUE}cases/{case.code}/", "case"),
    ):
        page.goto(url)
        if name == "queue":
            page.locator("summary", has_text="原因").click()
            box = page.locator("details[open] .drop-down").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        shoot(page, f"{name}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        wrong = [
            (each["id"], node["html"])
            for each in found.response["violations"]
            for node in each["nodes"]
        ]
        assert not wrong
