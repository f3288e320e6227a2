"""What script adds to the merchant's pages, and what a phone makes of them; in Chromium."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def url(name, *args):
    return reverse(f"merchants:{name}", args=args)


def test_the_dialog_says_wait_and_the_click_is_logged(make_case, merchant, new_page):
    """NEG-20, S-72: 请耐心等待消费者回复."""
    case = make_case("waiting")
    page = new_page(merchant)
    page.goto(url("case", case.code))

    with page.expect_response(lambda answer: answer.request.method == "POST") as refused:
        page.get_by_role("button", name="驳回退款").dispatch_event("click")

    dialog = page.get_by_role("alertdialog")
    assert dialog.get_by_role("heading").inner_text() == "请耐心等待消费者回复"
    assert refused.value.status == 409
    assert case.attempts.get().sentence == "请耐心等待消费者回复"


def test_control_enter_presses_the_button_that_stands_there(make_case, merchant, new_page):
    """NEG-47, S-80: on the page of the rejection that is 先检查一遍, never the rejection itself."""
    case = make_case("negotiated")
    page = new_page(merchant)
    page.goto(url("reject", case.code))
    page.locator("#id_statement").fill("开片是青瓷的正常工艺，不影响使用。")

    def sent(asked):
        return asked.method == "POST" and 'name="draft"' not in asked.post_data

    with page.expect_request(sent) as posted:
        page.locator("#id_statement").press("Control+Enter")

    assert 'name="review"' in posted.value.post_data


def test_choosing_fills_the_words_and_the_preview(make_case, merchant, new_page):
    """S-68: without a click on 预览."""
    case = make_case("checked")
    page = new_page(merchant)
    page.goto(url("negotiate", case.code))

    page.get_by_text("部分退款，无需退货").click()
    page.locator("#id_amount_partial_refund").fill("45")
    with page.expect_navigation():
        page.locator("#id_amount_partial_refund").press("Enter")  # shows, and sends nothing
    assert not case.rounds.exists()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_text("退一部分，不用寄回").click()

    page.locator("#preview .bubble", has_text="愿意退您45.00元").wait_for()
    assert "愿意退您45.00元" in page.locator("#id_text").input_value()
    page.get_by_role("button", name="发送给买家，等待 60 分钟").click()
    page.get_by_role("heading", name="正在等待买家回复").wait_for()
    assert case.rounds.get().text == page.locator("#panel .bubble").inner_text()


def test_a_file_is_staged_as_soon_as_it_is_chosen(make_case, merchant, new_page, tmp_path):
    case = make_case("answered")
    photo = tmp_path / "detail.jpg"
    photo.write_bytes(picture().read())
    page = new_page(merchant)
    page.goto(url("negotiate", case.code))

    page.get_by_text("买家凭证不足：质量").click()
    slot = page.locator("fieldset.slot").first
    slot.locator("input[type=file]").set_input_files(str(photo))
    slot.locator(".shots:not(.picks) img").wait_for()
    page.get_by_text("金额未谈拢").click()
    page.get_by_text("买家凭证不足：质量").click()

    assert merchant.uploads.count() == 1


@pytest.mark.parametrize("trait", ["", "checked", "waiting", "negotiated", "rejected"])
def test_nothing_is_wider_than_a_phone(make_case, merchant, new_page, trait):
    case = make_case(trait)
    page = new_page(merchant, width=390, height=844)
    pages = [url("queue"), url("case", case.code), url("send_message", case.code)]
    pages += [url("confirm_risks", case.code), url("addresses"), url("members")]

    for each in pages:
        page.goto(each)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, each


def test_the_phone_shows_no_form_of_the_tool(make_case, merchant, new_page):
    """NEG-53, S-84: until the policy's flag is on."""
    case = make_case("checked")
    phone = new_page(merchant, width=390, height=844)
    phone.goto(url("negotiate", case.code))

    assert phone.get_by_text("手机端暂未开放驳回协商，请在电脑网页端处理，敬请期待").is_visible()
    assert not phone.get_by_role("button", name="发送给买家").is_visible()
    assert phone.get_by_role("link", name="同意退款").first.is_visible()


def test_where_one_is_stands_in_sight_on_a_phone(shop, merchant, new_page):
    """The list of places scrolls sideways; the last of it would be out of sight."""
    phone = new_page(merchant, width=390, height=844)
    phone.goto("/merchant/members/")
    expect(phone.locator(".side [aria-current]")).to_be_in_viewport(ratio=1)


def test_the_next_number_that_is_scanned_takes_the_place_of_one_not_found(
    make_case, merchant, new_page
):
    """M18: it was written before the last, and neither was found."""
    case = make_case("sent_back", type="return_refund", reason="R1")
    page = new_page(merchant)
    page.goto(url("returns"))
    page.keyboard.type("ZT99999999")
    page.keyboard.press("Enter")
    expect(page.get_by_text("没有找到“ZT99999999”")).to_be_visible()
    page.wait_for_load_state()  # nobody scans faster than a page is there

    page.keyboard.type(case.return_tracking)
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{url('receive_part', case.code)}")
