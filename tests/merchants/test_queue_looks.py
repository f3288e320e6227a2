"""The queue and a case without script, and at every width in light and dark; in Chromium."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

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


def test_without_script_everything_is_a_link_or_a_form(twenty, merchant, new_page):
    MemberFactory(shop=twenty[0].shop, user__nick="小李")
    page = new_page(merchant, script=False)
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


WCAG = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1440, "light"),
        (390, "dark"),
        *(
            pytest.param(width, scheme, marks=pytest.mark.long)
            for width, scheme in [(1440, "dark"), (390, "light"), (320, "dark"), (320, "light")]
        ),
    ],
)
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
            shoot(page, f"menu-{scheme}")
            assert not faults(page, "details[open] .drop-down")
            page.keyboard.press("Escape")  # what lies half behind an open menu is no target
        shoot(page, f"{name}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not faults(page)


def faults(page, part=None):
    """What axe finds, as (rule, element)."""
    found = Axe().run(page, context=part, options={"runOnly": WCAG})
    return [
        (each["id"], node["html"])
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


SHOWN = """() => [...document.querySelectorAll(".goods .muted")].map((el) => {
    const text = el.firstChild, range = document.createRange(), all = document.createRange();
    const tail = text.data.match(/[0-9]{4}/);
    range.setStart(text, 0);
    range.setEnd(text, tail.index + 4);
    all.selectNodeContents(el);
    const room = el.getBoundingClientRect().width, dots = 15;
    return all.getBoundingClientRect().width <= room
        || range.getBoundingClientRect().width + dots <= room;
})"""


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_number_by_which_a_case_is_named_is_never_cut(make_case, merchant, new_page, language):
    """尾号 and four digits are how shops name a case to each other; only the model gives way."""
    case = make_case()
    case.line.sku = "300 ml · 青绿色 · 礼盒装"
    case.line.save()
    merchant.language = language
    merchant.save()
    page = new_page(merchant)

    for width in (1440, 1366, 1280, 1024):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(QUEUE)
        assert page.evaluate(SHOWN) == [True], width
