"""The brief's whole flow, page by page, in a real browser, with a real worker and beat.

A merchant imports a real order file, a buyer applies, the merchant goes through the
rejection-negotiation tool, time does its part, staff rule, the money goes back. Time is moved
with the demo's clock bar, so that web and worker both live it; nobody sweeps but the worker.
Desktop and phone; on the phone the tool is opened by the policy's switch (S-84, NEG-53).
"""

import re
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission as AdminPermission
from django.core.management import call_command
from playwright.sync_api import Locator, Page, expect

from aftersales import clock
from aftersales.enums import RefundState, Status
from aftersales.imports import samples
from aftersales.models import Case, Event, LedgerEntry, Member, Notice, Order, Policy, Refund, User
from tests.factories import MemberFactory, ReturnAddressFactory, ShopFactory, UserFactory, picture

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.redis]

PASSWORD = "secret-for-tests"
GOODS = "青瓷开片手冲咖啡杯"
WAIT = "请耐心等待消费者回复"
DONE = "驳回退款提交完成"


@pytest.fixture
def demo(
    transactional_db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The demo's clock for web and worker; the rest is as in production."""
    settings.DEMO = True
    settings.DEMO_CLOCK = tmp_path / "clock"
    for name, value in {"DEMO": "1", "PRODUCTION": "0", "VAR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEDIA_ROOT", str(settings.MEDIA_ROOT))


@pytest.fixture
def people(demo: None) -> dict[str, User]:
    shop = ShopFactory(code="shanlan")
    ReturnAddressFactory(shop=shop)
    chen = MemberFactory(shop=shop, user__username="chen", user__nick="小陈").user
    linshu = UserFactory(username="linshu", nick="林溪树", phone="13800000001")
    reviewer = UserFactory(username="reviewer", nick="小周", is_staff=True)
    rights = ["rule", "view_case", "view_intervention", "view_refund", "change_intervention"]
    reviewer.user_permissions.set(AdminPermission.objects.filter(codename__in=rights))
    return {"chen": chen, "linshu": linshu, "reviewer": reviewer}


def until(holds: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait for what the worker does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)


def photo(name: str = "photo.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": picture().read()}


def fill_slots(page: Page) -> None:
    """One picture into every slot that demands one; each is staged at once."""
    for slot in page.locator("fieldset.slot").all():
        if "必传" in slot.inner_text():
            slot.locator("input[type=file]").set_input_files(photo())
            expect(slot.locator(".shots:not(.picks) [name$='_kept']")).to_have_count(1)


def pick(box: Locator) -> None:
    """Choose by the label, as a person does: it lies over its card, and must not be covered."""
    if not box.is_checked():
        box.page.locator(f'label[for="{box.get_attribute("id")}"]').first.click()
    expect(box).to_be_checked()


def tick_all(page: Page) -> None:
    """Confirm every risk warning that asks for it."""
    for box in page.locator("form .note input[type=checkbox]").all():
        pick(box)


def later(page: Page, words: str) -> None:
    """Move the demo's clock with its bar."""
    page.locator("form.demo").get_by_role("button", name=words).click()


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.long)])
def test_a_case_from_the_order_file_to_the_refund(
    width: int,
    people: dict[str, User],
    worker: Any,
    new_page: Callable[..., Page],
    shoot: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """S-03 S-11 S-15 S-19 S-31 S-32 S-33 S-37 S-60 to S-81, T-01 T-07 T-17 T-20 T-24."""
    Policy.objects.update(mobile_negotiation=True)
    shop_page = new_page(width=width)
    buyer_page = new_page(width=390 if width == 390 else 1440)
    staff_page = new_page(width=1440)

    # The merchant imports the platform's order file.
    samples.write(tmp_path / "samples", clock.now())
    sign_in(shop_page, "chen")
    shop_page.goto("/merchant/import/new/")
    shop_page.set_input_files("input[type=file]", str(tmp_path / "samples" / samples.PINDUODUO_CSV))
    shop_page.locator("main form").get_by_role("button").last.click()
    confirm = shop_page.locator("form[action*=confirm] button")
    confirm.wait_for(timeout=30_000)
    shoot(shop_page, "01-import-check")
    assert not Order.objects.exists()  # nothing is written before it is confirmed
    confirm.first.click()
    until(lambda: Order.objects.count() == 12)
    until(lambda: "已完成" in (shop_page.reload(), shop_page.inner_text("main"))[1])
    shoot(shop_page, "02-import-done")

    # The carrier reports; the buyer finds the order and applies.
    order = Order.objects.get(lines__title=GOODS, number__contains="-104")
    sale = next(
        s for s in samples.market(clock.now())[samples.PINDUODUO_CSV] if s.story == "signed"
    )
    Order.objects.filter(pk=order.pk).update(state="signed", signed_at=sale.signed_at)
    sign_in(buyer_page, "linshu")
    buyer_page.goto(f"/my/orders/?q={order.number}")
    shoot(buyer_page, "03-orders")
    buyer_page.get_by_role("link", name="申请售后").first.click()
    buyer_page.get_by_role("link", name=re.compile("已收到货仅退款")).first.click()
    buyer_page.locator("[name=reason]").select_option(label="质量问题（肉眼可见）")
    slots = buyer_page.locator("fieldset.slot")
    expect(slots).to_have_count(3)
    expect(slots.filter(has_text="必传")).to_have_count(2)
    buyer_page.locator("[name=description]").fill("两只杯子都有裂纹，不敢用来喝热水。")
    fill_slots(buyer_page)
    shoot(buyer_page, "04-apply")
    buyer_page.get_by_role("button", name=re.compile("检查")).click()
    expect(buyer_page.locator("main")).to_contain_text("提交后不能修改")
    assert not buyer_page.locator("[name=agreed]").is_checked()
    pick(buyer_page.locator("[name=agreed]"))
    shoot(buyer_page, "05-review")
    buyer_page.get_by_role("button", name="提交申请").click()
    buyer_page.wait_for_url(re.compile("/my/cases/AS"))
    shoot(buyer_page, "06-applied")
    case = Case.objects.get()
    assert case.status == Status.PENDING_MERCHANT
    assert case.evidence.count() == 2

    # The merchant clicks 驳回退款: nothing is rejected, the risks are shown.
    shop_page.goto("/merchant/")
    expect(shop_page.locator("main")).to_contain_text(case.code[-4:])
    shoot(shop_page, "07-queue")
    shop_page.goto(f"/merchant/cases/{case.code}/")
    shoot(shop_page, "08-case")
    shop_page.get_by_role("button", name="驳回退款").first.click()
    expect(shop_page.locator("main")).to_contain_text("项风险")
    shop_page.locator("form a[href*='/files/']").first.click()  # what he confirms, he has seen
    expect(shop_page.locator("dialog.viewer")).to_be_visible()
    shop_page.keyboard.press("Escape")
    tick_all(shop_page)
    shoot(shop_page, "09-risks")
    shop_page.get_by_role("button", name=re.compile("已核实")).click()

    # Round 1.
    pick(shop_page.locator("input[name=plans][value=partial_refund]"))
    shop_page.locator("[name=amount_partial_refund]").fill("45.00")
    pick(shop_page.locator("input[name=script]").nth(1))
    shoot(shop_page, "10-round-1")
    shop_page.get_by_role("button", name=re.compile("发送给买家")).click()
    shop_page.wait_for_url(re.compile("wait|cases/AS"))
    case.refresh_from_db()
    assert case.round_number == 1
    shop_page.goto(f"/merchant/cases/{case.code}/")
    shop_page.get_by_role("button", name="驳回退款").first.click(force=True)
    expect(shop_page.locator("dialog[open]")).to_contain_text(WAIT)
    shoot(shop_page, "11-please-wait")

    # The buyer makes a counter-offer.
    until(lambda: Notice.objects.filter(user=people["linshu"], event__step="negotiate").exists())
    buyer_page.goto(f"/my/cases/{case.code}/")
    expect(buyer_page.locator("main")).to_contain_text("45.00")
    shoot(buyer_page, "12-offer")
    buyer_page.goto(f"/my/cases/{case.code}/reply/")
    pick(buyer_page.locator("input[name=plan][value=partial_refund]"))
    buyer_page.locator("[name=amount]").fill("80")
    buyer_page.locator("[name=text]").fill("退 80 元我可以留着当摆件。")
    shoot(buyer_page, "13-counter")
    buyer_page.locator(".dock button.btn-primary").click()
    buyer_page.wait_for_url(re.compile(f"{case.code}/$"))

    # Round 2, with the proofs that its outcome demands; then the buyer lets the time pass.
    shop_page.goto(f"/merchant/cases/{case.code}/negotiate/")
    expect(shop_page.locator("main")).to_contain_text("80.00")
    pick(shop_page.locator("input[name=outcome][value=evidence_quality]"))
    expect(shop_page.locator("fieldset.slot")).to_have_count(2)
    fill_slots(shop_page)
    tick_all(shop_page)
    pick(shop_page.locator("input[name=plans][value=partial_refund]"))
    shop_page.locator("[name=amount_partial_refund]").fill("60.00")
    pick(
        shop_page.get_by_role("radio", name=re.compile("第二轮：金额"))
    )  # promises what is offered
    shoot(shop_page, "14-round-2")
    shop_page.get_by_role("button", name=re.compile("发送")).first.click()
    until(lambda: Case.objects.get().round_number == 2)
    shoot(shop_page, "15-waiting")
    later(shop_page, "+1 小时")
    lapse = until(lambda: Event.objects.filter(step="stop_waiting").first())
    assert lapse.party == "clock"  # the worker's beat did it

    # And only then 驳回退款, with reason, answers and proofs.
    shop_page.goto(f"/merchant/cases/{case.code}/reject/")
    expect(shop_page.locator("main")).to_contain_text("仍要驳回")
    pick(shop_page.locator("input[name=reason][value='RR-05']"))
    shop_page.locator("[name=answer_0]").wait_for()
    shop_page.locator("[name=answer_0]").fill("照片里是釉面开片，属于制作工艺，页面有说明。")
    shop_page.locator("[name=statement]").fill("开片是青瓷的正常工艺，不影响使用，附检测报告。")
    fill_slots(shop_page)
    tick_all(shop_page)
    pick(shop_page.locator("[name=declared]"))
    shoot(shop_page, "16-reject")
    shop_page.get_by_role("button", name="先检查一遍").click()
    shoot(shop_page, "17-reject-review")
    shop_page.get_by_role("button", name="驳回退款").last.click()
    expect(shop_page.locator("main")).to_contain_text(DONE)
    shoot(shop_page, "18-rejected")
    case.refresh_from_db()
    assert case.status == Status.REJECTED

    # The buyer asks the platform; both sides have their evidence window.
    buyer_page.goto(f"/my/cases/{case.code}/")
    expect(buyer_page.locator("main")).to_contain_text("开片")
    shoot(buyer_page, "19-told")
    buyer_page.goto(f"/my/cases/{case.code}/ask_platform/")
    buyer_page.locator("[name=reason]").fill("裂纹用手摸得到凹凸，是真的裂了，请平台看照片。")
    buyer_page.locator(".dock button.btn-primary").click()
    until(lambda: Case.objects.get().status == Status.PLATFORM_REVIEW)
    buyer_page.goto(f"/my/cases/{case.code}/")
    shoot(buyer_page, "20-platform")
    later(buyer_page, "+1 天")
    later(buyer_page, "+1 天")
    until(lambda: Case.objects.get().stage == "deciding")

    # Staff rule; the ruling is carried out and the money goes back the way it came.
    sign_in(staff_page, "reviewer")
    asked = case.interventions.get()
    staff_page.goto(f"/admin/aftersales/intervention/{asked.pk}/rule/")
    shoot(staff_page, "21-ruling")
    pick(staff_page.locator("[name=ruling][value=full_refund]"))
    staff_page.locator("[name=responsible]").last.wait_for(state="attached")
    choose(staff_page, "responsible", "merchant")
    staff_page.locator("[name=reason]").select_option("DR-01")
    staff_page.locator("[name=grounds]").fill(
        "照片可见贯穿裂纹，商家的报告不是同一批次，支持买家。"
    )
    staff_page.get_by_role("button", name="检查判定").click()
    shoot(staff_page, "22-ruling-review")
    staff_page.get_by_role("button", name="确认判定").click()
    until(lambda: Case.objects.get().status in (Status.REFUNDING, Status.REFUNDED))
    until(lambda: Case.objects.get().status == Status.REFUNDED)
    buyer_page.goto(f"/my/cases/{case.code}/")
    expect(buyer_page.locator("main")).to_contain_text("退款成功")
    shoot(buyer_page, "23-refunded")
    buyer_page.goto(f"/my/cases/{case.code}/refund/")
    shoot(buyer_page, "24-money")

    # What is left behind.
    case.refresh_from_db()
    assert case.dispute_refund
    paid = Refund.objects.get()
    assert (paid.state, paid.amount) == (RefundState.PAID, case.amount)
    assert (
        LedgerEntry.objects.get().amount == case.amount == Decimal("136.00")
    )  # with the postage, the fault being the shop's
    steps = list(case.events.order_by("version").values_list("step", flat=True))
    assert steps == [
        *("apply", "confirm_risks", "negotiate", "reply", "negotiate", "stop_waiting", "reject"),
        *("ask_platform", "close_evidence", "rule", "finish_refund"),
    ]
    assert Member.objects.get().user in {notice.user for notice in Notice.objects.all()}
    until(lambda: not Event.objects.filter(delivered_at=None).exists())
    call_command("verify_history")


def choose(page: Page, name: str, value: str) -> None:
    """Choose in a select or among radios, whichever the page shows."""
    field = page.locator(f"[name={name}]").first
    if field.evaluate("node => node.tagName") == "SELECT":
        field.select_option(value)
    else:
        pick(page.locator(f"[name={name}][value={value}]"))
