"""平台介入 from the shop's side (M12): the countdown, proof, the ruling and its appeal."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from aftersales.enums import Stage, Status, Turn
from aftersales.models import Case, User, Window
from tests.factories import ReturnAddressFactory, picture, upload
from tests.merchants.conftest import Desk

Read = Callable[[HttpResponse], str]
WHY = "商家说是开片工艺，可是裂纹用手摸得到，水会渗出来。"
GROUNDS = "照片可见贯穿裂纹，商家的说明不成立。"


@pytest.fixture
def deciding(make_case: Callable[..., Case], now: Any) -> Callable[..., Case]:
    def make(trait: str = "rejected", **given: Any) -> Case:
        case = make_case(trait, **given)
        now.shift(timedelta(minutes=1))
        case.ask_platform(by=case.buyer, reason=WHY)
        now.shift(timedelta(hours=48))
        case.catch_up()
        return case

    return make


def test_the_window_counts_down_and_hides_what_the_buyer_filed(
    make_case: Callable[..., Case],
    at_desk: Desk,
    buyer: User,
    now: Any,
    text_of: Read,
) -> None:
    """D11, §1.6: that he filed, not what, until the window closes; late proof is refused."""
    case = make_case("rejected")
    now.shift(timedelta(minutes=1))
    case.ask_platform(by=buyer, reason=WHY)
    piece = upload(buyer)
    case.add_evidence(by=buyer, evidence={"added": [piece]})
    shown = text_of(at_desk.look("case", case))
    assert "举证剩余时间" in shown
    assert "买家已提交 1 份，举证结束后可见" in shown
    assert "未公开" in shown
    assert "打开文件" not in shown
    assert piece.token not in shown
    assert at_desk.client.get(reverse("file", args=[piece.token])).status_code == 404
    assert at_desk.send("add_evidence", case, proof_added=picture()).status_code == 302

    now.shift(timedelta(hours=48))
    shown = text_of(at_desk.look("case", case))
    assert piece.token in shown
    assert "举证剩余时间" not in shown
    late = at_desk.send("add_evidence", case, proof_added=picture())
    assert late.status_code == 422
    assert "举证时间已过" in text_of(late)


def test_a_shop_is_asked_for_more(
    deciding: Callable[..., Case], at_desk: Desk, staff: User, text_of: Read
) -> None:
    """D11: what, until when, and what if not."""
    case = deciding()
    case.ask_supplement(by=staff, of="merchant", what="请提供发货前的打包视频。")
    shown = text_of(at_desk.look("case", case))
    assert "平台请我方补充凭证" in shown
    assert "平台要求我方补充" in shown
    assert "请提供发货前的打包视频。" in shown
    assert "没有补充的后果由我方承担" in shown
    assert at_desk.send("add_evidence", case, proof_added=picture()).status_code == 302


def test_a_shop_gives_the_address_that_a_ruling_needs(
    deciding: Callable[..., Case], at_desk: Desk, staff: User, shop: Any, text_of: Read
) -> None:
    """D12: in its own tab, with the time left; without an address the page says where to add one."""
    case = deciding(type="return_refund")
    shop.addresses.all().delete()
    case.rule(by=staff, ruling="return_then_refund", responsible="merchant", grounds=GROUNDS)
    assert case.turn == Turn.MINE
    shown = text_of(at_desk.look("case", case))
    assert "待我执行判定" in shown
    assert "直接退款 ¥128.00" in shown
    assert reverse("merchants:addresses") in text_of(at_desk.look("give_address", case))
    assert at_desk.send("give_address", case).status_code == 422

    address = ReturnAddressFactory(shop=shop)
    other = ReturnAddressFactory()
    assert at_desk.send("give_address", case, address=other.pk).status_code == 422
    assert at_desk.send("give_address", case, address=address.pk).status_code == 302
    assert case.status == Status.AWAITING_BUYER_RETURN
    assert case.return_address == address.shown()


def test_a_suspended_case_offers_the_shop_nothing_but_talk(
    deciding: Callable[..., Case], at_desk: Desk, staff: User, text_of: Read
) -> None:
    """T-23."""
    case = deciding()
    case.suspend(by=staff, because="police", note="受案回执 2026-1123")
    shown = text_of(at_desk.look("case", case))
    assert "平台已中止处理" in shown
    assert "受案回执 2026-1123" in shown
    assert "中止剩余时间" in shown
    refused = at_desk.send("add_evidence", case, proof_added=picture())
    assert refused.status_code == 409
    assert at_desk.send("send_message", case, text="好的").status_code == 302


def test_a_shop_that_lost_appeals_once(
    deciding: Callable[..., Case], at_desk: Desk, staff: User, text_of: Read, now: Any
) -> None:
    """T-25, D13: with something new, in seven days; what a win does and what it does not."""
    case = deciding()
    case.rule(by=staff, ruling="full_refund", responsible="merchant", grounds=GROUNDS)
    shown = text_of(at_desk.look("case", case))
    assert reverse("merchants:appeal", args=[case.code]) in shown
    assert GROUNDS in shown
    assert "不会自动追回" in text_of(at_desk.look("appeal", case))
    reason = "检测报告显示釉面完好，裂纹是撞击造成的。"
    assert at_desk.send("appeal", case, reason=reason).status_code == 422
    sent = at_desk.send("appeal", case, reason=reason, proof_appeal=picture())
    assert sent.status_code == 302
    assert case.stage == Stage.APPEAL
    shown = text_of(at_desk.look("case", case))
    assert reason in shown
    assert "复核中" in shown
    again = at_desk.send("appeal", case, reason=reason, proof_appeal=picture())
    assert again.status_code == 409


def test_after_seven_days_there_is_no_appeal_any_more(
    deciding: Callable[..., Case], at_desk: Desk, staff: User, text_of: Read, now: Any
) -> None:
    """D13: a forged request is refused as well."""
    case = deciding()
    case.rule(by=staff, ruling="full_refund", responsible="merchant", grounds=GROUNDS)
    now.shift(timedelta(days=7))
    shown = text_of(at_desk.look("case", case))
    assert reverse("merchants:appeal", args=[case.code]) not in shown
    late = at_desk.send(
        "appeal", case, reason="检测报告显示釉面完好，请再看。", proof_appeal=picture()
    )
    assert late.status_code == 409
    assert "申诉期已过" in text_of(late)


def test_a_taken_over_case_takes_the_tool_away(
    make_case: Callable[..., Case], at_desk: Desk, staff: User, text_of: Read
) -> None:
    """§1.6, NEG-52: the round is closed, its window too, and a forged round is refused."""
    case = make_case("waiting")
    case.take_over(by=staff, grounds="该店一周内出现大量同类投诉。")
    shown = text_of(at_desk.look("case", case))
    assert "平台主动介入" in shown
    assert "该店一周内出现大量同类投诉。" in shown
    assert reverse("merchants:confirm_risks", args=[case.code]) not in shown
    assert at_desk.send("agree_refusal", case).status_code == 409


def test_withdrawing_says_the_least_time_that_the_rules_leave(
    make_case: Callable[..., Case], at_desk: Desk, text_of: Read
) -> None:
    Window.objects.filter(clock="restored").update(minutes=30 * 60)
    case = make_case("rejected")
    case.ask_platform(by=case.buyer, reason=WHY)

    assert "至少保留 30 小时" in text_of(at_desk.look("withdraw", case))


def test_who_asks_the_platform_reads_first_what_follows(
    make_case: Callable[..., Case], at_desk: Desk, text_of: Read
) -> None:
    """T-17, D11, D14: until when, and that it counts, withdrawn or not."""
    page = text_of(at_desk.look("ask_platform", make_case("refused_goods", type="return_refund")))

    assert "48 小时内" in page
    assert "预计 72 小时内" in page
    assert "也计入平台介入率" in page
