"""Nothing typed is lost, in Chromium: typing, pasting, a stale page, undoing."""

import pytest
from django.urls import reverse

from aftersales.enums import Status
from aftersales.models import Draft, Refund, Session
from tests.factories import MemberFactory, OrderFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "照片里看不到裂纹，麻烦在自然光下再拍一张杯口的近照，谢谢。"
TEXT = "form[data-draft] #id_text"
NOTE = "[data-draft-note]"  # busy while what it says is older than what is typed
WIDTHS = pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.long)])
# A screenshot, as the clipboard hands it over.
PASTE = """async (selector) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#2a6f6a";
    pen.fillRect(40, 40, 200, 120);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const box = new DataTransfer();
    box.items.add(new File([blob], "image.png", { type: "image/png" }));
    const paste = new ClipboardEvent("paste", { clipboardData: box, bubbles: true, cancelable: true });
    document.querySelector(selector).dispatchEvent(paste);
}"""


def path(side, name, case):
    return reverse(f"{side}:{name}", args=[case.code])


def test_a_tab_closed_in_the_middle_of_a_word(make_case, buyer, new_page):
    """Less than the second that saving waits for."""
    case = make_case("waiting")
    page = new_page(buyer, width=390)
    page.goto(path("buyers", "reply", case))
    page.locator(TEXT).press_sequentially("四十五元太少")
    page.goto("about:blank")  # what closing does, and a browser that is still there to be asked
    for _ in range(50):
        if Draft.objects.exists():
            break
        page.wait_for_timeout(200)

    page = new_page(buyer, width=390)
    page.goto(path("buyers", "case", case))
    page.get_by_role("link", name="继续填写").click()

    assert page.locator(TEXT).input_value() == "四十五元太少"
    assert not case.attempts.exists()


@pytest.mark.parametrize("width", [1440, 390])
def test_typed_and_pasted_is_there_after_a_lost_session(
    make_case, merchant, new_page, shoot, width
):
    """Saved while typing; the session ends; typed on; signed in: all is back, files included."""
    case = make_case()
    page = new_page(merchant, width=width)
    page.goto(path("merchants", "send_message", case))
    page.locator(TEXT).fill(WORDS)
    page.evaluate(PASTE, TEXT)
    page.locator(".slot .shots:not(.picks) img").wait_for()
    page.locator(f"form:has(#id_text) {NOTE}:not([aria-busy])", has_text="草稿已保存").wait_for()
    shoot(page, "saved")

    Session.objects.all().delete()
    page.locator(TEXT).fill(f"{WORDS}盒子也请拍一下。")
    page.locator(f"form:has(#id_text) {NOTE}", has_text="登录已过期，内容已暂存").wait_for()
    page.goto(path("merchants", "send_message", case))
    page.locator("input[name=login]").fill(merchant.username)
    page.locator("input[name=password]").fill("secret-for-tests")
    page.locator("form button[type=submit]", has_text="登录").click()

    page.locator(TEXT).wait_for()
    assert page.locator(TEXT).input_value() == f"{WORDS}盒子也请拍一下。"
    assert page.locator(".slot .shots:not(.picks) img").count() == 1
    assert page.get_by_text("登录前填写的内容已恢复，还没有提交").is_visible()
    assert page.locator(f"form:has(#id_text) {NOTE}", has_text="恢复自").is_visible()
    assert page.get_by_role("button", name="放弃草稿").is_visible()
    shoot(page, "restored")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="发送消息").click()
    page.get_by_text("消息已发送").wait_for()
    assert case.messages.get().text == f"{WORDS}盒子也请拍一下。"
    assert not Draft.objects.exists()


@WIDTHS
def test_a_stale_page_keeps_what_was_typed(make_case, merchant, shop, new_page, shoot, width):
    """小李 has spoken meanwhile, then agreed: first it can be sent again, then no more."""
    case = make_case("refused_goods", type="return_refund")
    colleague = MemberFactory(shop=shop, user__username="xiaoli", user__nick="小李").user
    page = new_page(merchant, width=width)
    page.goto(path("merchants", "ask_platform", case))
    page.locator("textarea[name=reason]").fill(WORDS)
    case.send_message(by=colleague, text="您好")

    send = page.locator("#panel button[type=submit].btn-primary")
    send.click()
    page.locator(".changed").wait_for()
    assert "小李 发送消息" in page.locator(".changed li").inner_text()
    assert page.locator("textarea[name=reason]").input_value() == WORDS
    shoot(page, "stale")
    case.confirm_receipt(by=colleague)
    send.click()

    page.locator(".changed li", has_text="小李 确认收货").wait_for()
    assert page.locator("textarea[name=reason]").input_value() == WORDS
    assert send.count() == 0
    shoot(page, "over")


@WIDTHS
def test_an_agreement_is_undone(make_case, merchant, new_page, shoot, now, width):
    """No refund, no event told; the case waits again."""
    case = make_case()
    page = new_page(merchant, width=width)
    page.goto(path("merchants", "agree", case))
    page.get_by_role("button", name="同意退款 ¥128.00").click()
    page.get_by_text("秒后生效").wait_for()
    assert Refund.objects.count() == 1
    shoot(page, "agreed")

    page.get_by_role("button", name="撤销", exact=True).click()

    page.get_by_text("已撤销，售后单恢复待处理").wait_for()
    shoot(page, "undone")
    case.refresh_from_db()
    assert case.status == Status.PENDING_MERCHANT
    assert not Refund.objects.exists()


@WIDTHS
def test_what_is_on_the_case_is_ticked_and_sent(make_case, merchant, new_page, shoot, width):
    case = make_case()
    page = new_page(merchant, width=width)
    page.goto(path("merchants", "send_message", case))
    page.get_by_text("用这一单传过的文件").click()
    page.locator(".picks label").first.click()
    page.locator(TEXT).fill("这张看不清杯口")
    page.locator(f"form:has(#id_text) {NOTE}:not([aria-busy])", has_text="草稿已保存").wait_for()
    shoot(page, "material")
    page.get_by_role("button", name="发送消息").click()
    page.get_by_text("消息已发送").wait_for()

    assert case.evidence.get(party="merchant").upload.user == case.buyer


def test_an_application_begun_on_the_phone(shop, buyer, new_page, shoot):
    order = OrderFactory(shop=shop, buyer=buyer)
    form = reverse("buyers:apply_form", args=[shop.code, order.number, 1, "refund_received"])
    page = new_page(buyer, width=390)
    page.goto(form)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("select[name=reason]").select_option("R1")
    page.locator(".slot").first.wait_for()
    page.locator("textarea[name=description]").fill(WORDS)
    page.evaluate(PASTE, ".slot")
    page.locator("input[name$=_kept]").first.wait_for(state="attached")
    page.locator(f"{NOTE}:not([aria-busy])", has_text="草稿已保存").wait_for()

    again = new_page(buyer, width=390)
    again.goto(form)

    assert again.locator("textarea[name=description]").input_value() == WORDS
    assert again.locator("select[name=reason]").input_value() == "R1"
    assert again.locator(".slot li img").count() == 1
    shoot(again, "application")


@WIDTHS
def test_a_draft_is_kept_without_script(make_case, merchant, new_page, shoot, tmp_path, width):
    """A button keeps it; a wrong file is named; nothing is lost."""
    case = make_case()
    page = new_page(merchant, width=width, script=False)
    note = tmp_path / "说明.txt"
    note.write_text("no picture")
    page.goto(path("merchants", "send_message", case))
    page.locator(TEXT).fill(WORDS)
    page.locator("input[name=proof_chat]").set_input_files(str(note))
    page.get_by_role("button", name="存为草稿").click()

    assert page.get_by_text("说明.txt 不是 JPG").is_visible()
    assert page.locator(TEXT).input_value() == WORDS
    shoot(page, "kept")
    page.get_by_role("button", name="放弃草稿").click()
    assert page.locator(TEXT).input_value() == ""
    assert not Draft.objects.exists()
