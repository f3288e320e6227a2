"""The queue by keyboard alone, and what it does while it is looked at; in Chromium."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from aftersales.models import SavedView

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


def test_the_row_before_can_not_be_decided_while_the_next_one_loads(make_case, merchant, new_page):
    """The quick view of another row is dimmed and takes no click until it is there."""
    first, second = make_case(), make_case()
    page = new_page(merchant)
    page.goto(QUEUE)
    page.locator("#peek", has_text=first.code).wait_for()
    held = []
    page.route(f"**/{second.code}/peek/**", lambda route: held.append(route))
    page.keyboard.press("j")
    page.keyboard.press("j")

    peek = page.locator("#peek.htmx-request")
    peek.wait_for()
    assert first.code in peek.inner_text()
    assert peek.evaluate("el => getComputedStyle(el).pointerEvents") == "none"
    held[0].continue_()
    page.locator("#peek:not(.htmx-request)", has_text=second.code).wait_for()


def test_shift_ticks_every_row_from_the_last_one(twenty, merchant, new_page):
    page = new_page(merchant)
    page.goto(QUEUE)
    boxes = page.locator(".cases tbody input[type=checkbox]")

    boxes.nth(9).click()
    boxes.nth(0).click(modifiers=["Shift"])
    assert page.locator(".bulk").inner_text().startswith("已选 10 单，合计 ¥1,280.00")

    boxes.nth(4).click(modifiers=["Shift"])

    assert page.locator(".bulk").inner_text().startswith("已选 5 单")


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


def test_a_soft_tone_once_for_what_is_about_to_lapse(make_case, merchant, new_page, now):
    """Off by default; on, each row rings once, however often the page is opened."""
    case = make_case()
    make_case()
    now.move_to(case.due_at - timedelta(minutes=9))
    page = new_page(merchant)
    page.add_init_script(
        "window.tones = 0; const make = AudioContext.prototype.createOscillator;"
        "AudioContext.prototype.createOscillator = function () { tones++; return make.call(this); };"
    )

    def tones() -> int:
        page.locator(f"#{case.code}").wait_for()
        page.wait_for_timeout(1200)  # a tick of the countdown
        return int(page.evaluate("tones"))

    page.goto(QUEUE)
    assert tones() == 0

    page.goto(reverse("prefs"))
    page.get_by_label("剩余不足 10 分钟").check()
    page.get_by_role("button", name="保存偏好设置").click()
    merchant.refresh_from_db()
    assert merchant.sound is True
    page.goto(QUEUE)
    assert tones() == 2  # both were applied for at the same time
    page.reload()
    assert tones() == 0
    page.goto(f"{QUEUE}?tab=all")
    assert tones() == 0
