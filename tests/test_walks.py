"""Every kind of case from the buyer's form to its end, clicked through in Chromium (§1.7).

One test a kind and a width: the buyer applies, the merchant answers, both do what comes after, and
the pages say at each point whose turn it is. The whole of the tool is ``test_story``'s.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from aftersales.enums import Status
from aftersales.models import Case, Order, User
from aftersales.payments import pay_due
from tests.factories import OrderFactory, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WHY = "收到以后发现有一道裂纹，用手能摸到，不敢再用。"
STOCK = [{"sku": "300ml 青绿", "stock": 3}, {"sku": "300ml 月白", "stock": 0}]


class Kind(NamedTuple):
    """A kind of case: the order it needs, the reason given, and what else its form asks."""

    order: dict[str, Any]
    reason: str
    own: dict[str, str]
    ends: str


KINDS = {
    "refund_unshipped": Kind({"unshipped": True}, "U1", {}, Status.REFUNDED),
    "refund_not_received": Kind({"in_transit": True}, "N2", {}, Status.REFUNDED),
    "refund_received": Kind({}, "R1", {}, Status.REFUNDED),
    "return_refund": Kind({}, "R1", {}, Status.REFUNDED),
    "exchange": Kind({"lines": [{"stock": STOCK}]}, "R1", {"sku": "300ml 青绿"}, Status.COMPLETED),
    "resend": Kind({}, "R8", {"item_1": "杯盖", "count_1": "2"}, Status.COMPLETED),
    "repair": Kind({"finished": True}, "R18", {"fault_since": "2026-11-20"}, Status.COMPLETED),
    "price_difference": Kind({}, "R19", {"reference_price": "50"}, Status.REFUNDED),
}
AGREE = {
    "return_refund": "同意退货",
    "exchange": "同意换货",
    "resend": "同意补寄",
    "repair": "同意维修",
}


def photo() -> dict[str, Any]:
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture().read()}


@contextmanager
def fitted(page: Page) -> Iterator[None]:
    """What is done inside fits the form anew, without a click more; wait until it stands there."""
    before = page.locator("#demand").element_handle()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        yield
    before.wait_for_element_state("hidden")


def fill_in(page: Page, kind: str) -> None:
    page.wait_for_load_state("load")  # a click before the script is there only fits the form later
    if page.locator("[name=goods_state]").count():
        with fitted(page):
            page.locator("label", has_text="一直没收到").click()
    with fitted(page):
        page.select_option("[name=reason]", KINDS[kind].reason)
    for name, value in KINDS[kind].own.items():
        if page.locator(f"[name={name}]").first.get_attribute("type") == "radio":
            page.locator("label", has_text=value).click()
        else:
            page.fill(f"[name={name}]", value)
    if kind == "price_difference":
        with fitted(page):
            page.press("[name=reference_price]", "Tab")
        expect(page.locator("[name=amount]")).to_have_value("28.00")
    for slot in page.locator("fieldset.slot").all():
        if "必传" in slot.inner_text():
            slot.locator("input[type=file]").set_input_files(photo())
            expect(slot.locator("li [name$='_kept']")).to_have_count(1)
    page.fill("[name=description]", WHY)


def apply(page: Page, order: Order, kind: str) -> Case:
    page.goto(f"/my/orders/{order.shop.code}/{order.number}/")
    page.get_by_role("link", name="申请售后").first.click()
    page.locator(f"a[href$='/apply/{kind}/']").click()
    fill_in(page, kind)
    page.get_by_role("button", name="下一步：检查").click()
    page.locator("label[for=agreed]").click()
    page.get_by_role("button", name="提交申请").click()
    page.get_by_role("heading", name="等商家处理").wait_for()
    return Case.objects.get(order=order)


def press(page: Page, name: str) -> None:
    """The button on the case page, and the one that confirms on the page behind it."""
    page.get_by_role("link", name=name).or_(page.get_by_role("button", name=name)).first.click()


def merchant_agrees(page: Page, case: Case) -> None:
    page.goto(f"/merchant/cases/{case.code}/")
    name = AGREE.get(case.type, "同意退款")
    page.locator(f"a[href$='/{STEP.get(case.type, 'agree')}/'].btn-primary").first.click()
    page.get_by_role("button", name=name).last.click()
    page.wait_for_url(f"**/merchant/cases/{case.code}/**")


STEP = {
    "return_refund": "agree_return",
    "exchange": "agree_return",
    "repair": "agree_return",
    "resend": "agree_resend",
}


def buyer_sends_back(page: Page, case: Case) -> None:
    page.goto(f"/my/cases/{case.code}/")
    press(page, "填写退货单号")
    page.fill("[name=tracking]", f"SF{case.pk:012d}")
    page.get_by_role("button", name="提交单号").click()
    page.wait_for_url(f"**/my/cases/{case.code}/")


def merchant_takes_in(page: Page, case: Case) -> None:
    page.goto(f"/merchant/cases/{case.code}/confirm_receipt/")
    page.locator("#panel").get_by_role("button", name="确认收货").last.click()
    page.wait_for_url(f"**/merchant/cases/{case.code}/**")


def merchant_ships(page: Page, case: Case) -> None:
    page.goto(f"/merchant/cases/{case.code}/")
    press(page, "填写发货单号")
    page.fill("[name=tracking]", f"YT{case.pk:013d}")
    page.select_option("[name=carrier]", label="圆通速递")
    page.get_by_role("button", name="已发出，告诉买家单号").click()
    page.wait_for_url(f"**/merchant/cases/{case.code}/**")


def buyer_confirms(page: Page, case: Case) -> None:
    page.goto(f"/my/cases/{case.code}/")
    page.get_by_role("heading", name="商家已发出，请留意收货").wait_for()
    press(page, "没有问题，确认")
    page.get_by_role("button", name="没有问题，确认").click()
    page.wait_for_url(f"**/my/cases/{case.code}/")


# Each kind at one width, in turn; at its other in the long form.
WALKS = [
    pytest.param(kind, width, marks=[] if (number % 2) == (width == 390) else pytest.mark.long)
    for number, kind in enumerate(KINDS)
    for width in (1440, 390)
]


@pytest.mark.parametrize(("kind", "width"), WALKS)
def test_a_case_of_every_kind_is_clicked_through_to_its_end(
    kind: str,
    width: int,
    shop: Any,
    buyer: User,
    merchant: User,
    now: Any,
    new_page: Callable[..., Page],
    shoot: Callable[..., Any],
) -> None:
    """T-01 T-03 T-04 T-09 T-11 T-14 T-16 T-24, S-16: the walks of §1.7."""
    order = OrderFactory(shop=shop, buyer=buyer, **KINDS[kind].order)
    at_phone, at_desk = new_page(buyer, width=width), new_page(merchant, width=width)

    case = apply(at_phone, order, kind)
    shoot(at_phone, "applied")
    merchant_agrees(at_desk, case)
    if case.needs_return:
        buyer_sends_back(at_phone, case)
        merchant_takes_in(at_desk, case)
    if case.wants_goods:
        merchant_ships(at_desk, case)
        shoot(at_desk, "shipped")
        buyer_confirms(at_phone, case)
    now.shift(case.undo_window)  # money waits as long as the agreement may be undone
    pay_due()

    case.refresh_from_db()
    assert case.status == KINDS[kind].ends
    at_phone.goto(f"/my/cases/{case.code}/")
    expect(at_phone.get_by_role("main")).to_contain_text("成功")
    shoot(at_phone, "ended")
    assert (case.refunds.count() > 0) == (not case.wants_goods)
