"""协商记录, once it is long: all of it, or only what was said, shown, or done by neither side (M2)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect


@pytest.fixture
def long(make_case, merchant, now):
    case = make_case("second_waiting")
    for text in ("您好，方便再拍一张吗？", "收到后我们马上核对。"):
        now.shift(timedelta(minutes=1))
        case.send_message(by=merchant, text=text)
    now.shift(timedelta(hours=2))
    case.catch_up()  # the wait is over: nobody's deed
    return case


def test_a_short_record_is_not_narrowed(make_case, at_desk):
    assert 'name="sift"' not in at_desk.look("case", make_case()).content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("script", [True, False])
def test_a_long_record_is_narrowed_by_what_one_looks_for(long, merchant, new_page, script):
    """Without script too."""
    page = new_page(merchant, script=script)
    page.goto(reverse("merchants:case", args=[long.code]))
    lines = page.locator(".sifted .log > li")
    everything = lines.count()

    for name in ("消息", "凭证", "系统与平台"):
        chip = page.locator(".sifted .chip", has_text=name)
        chip.click()
        shown = lines.filter(visible=True)
        expect(shown).to_have_count(int(chip.locator("b").inner_text()))
        assert 0 < shown.count() < everything

    whole = page.locator(".sifted .chip", has_text="全部")
    assert whole.locator("b").inner_text() == str(everything)
    whole.click()
    expect(lines.filter(visible=True)).to_have_count(everything)
