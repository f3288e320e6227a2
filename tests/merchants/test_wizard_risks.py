"""驳回退款 is clicked: nothing is rejected; the risks are shown with their facts and ticked."""

from datetime import timedelta

import pytest
from django.urls import reverse

from aftersales.enums import OrderState, ScanKind, Severity, Status
from aftersales.models import Event, Precheck
from tests.factories import MemberFactory, OrderFactory
from tests.merchants.conftest import page_of


def ticks(case):
    return {f"risk_{each.code}": "on" for each in case.warnings() if each.ticked}


def look_at_evidence(at_desk, case):
    url = reverse("file", args=[case.evidence.first().upload.token])
    b"".join(at_desk.client.get(url).streaming_content)


def test_a_click_stores_what_it_saw_and_rejects_nothing(make_case, at_desk, merchant):
    """NEG-02: the pre-check with time and user; the case does not move."""
    case = make_case()

    answer = at_desk.send("confirm_risks", case, look="1")

    assert page_of(answer) == reverse("merchants:confirm_risks", args=[case.code])
    seen = Precheck.objects.get()
    assert (seen.case_id, seen.user_id, seen.at) == (case.pk, merchant.pk, case.applied_at)
    assert {each["code"] for each in seen.warnings} >= {"RW-09", "RW-11"}
    assert (case.status, case.version) == (Status.PENDING_MERCHANT, 1)
    assert Event.objects.count() == 1


def test_every_warning_says_its_concrete_facts(make_case, at_desk, text_of):
    """NEG-03, S-65."""
    case = make_case()

    page = text_of(at_desk.look("confirm_risks", case))

    for warning in case.warnings():
        assert warning.title in page
        assert warning.facts in page


def test_only_what_is_to_be_ticked_is_counted(make_case, at_desk, text_of):
    """NEG-04: hints are shown and ask for nothing."""
    case = make_case()

    page = text_of(at_desk.look("confirm_risks", case))

    asked = len(ticks(case))
    assert f"驳回前，先核实 {asked} 项风险" in page
    assert f"{asked} 项待核实" in page
    assert page.count("我已核实") == asked


def test_the_first_page_advises_to_talk_and_shows_the_claim(make_case, at_desk, text_of):
    """NEG-07, S-67: advice, reason, description, evidence, history and clock on one page."""
    case = make_case()

    page = text_of(at_desk.look("confirm_risks", case))

    assert "建议先沟通" in page
    assert case.scenario().advice in page
    for said in (case.reason.label, case.description, "协商记录", "处理剩余时间", "未查看"):
        assert said in page


def test_a_risk_that_is_not_ticked_is_named(make_case, at_desk, text_of):
    """NEG-04, S-66."""
    case = make_case()

    answer = at_desk.send("confirm_risks", case, **{"risk_RW-09": "on"})

    assert answer.status_code == 422
    assert "请先确认：买家 12:00 上传的 2 份凭证还没有查看" in text_of(answer)
    assert case.prechecked_at is None


def test_evidence_nobody_has_opened_is_not_ticked_away(make_case, at_desk, text_of):
    """NEG-35, RW-11: the pictures stand beside the tick, which counts once they were looked at."""
    case = make_case()
    told = ticks(case)
    shown = text_of(at_desk.look("confirm_risks", case)).split("消费者凭证未查看")[1]

    answer = at_desk.send("confirm_risks", case, **told)

    assert reverse("file", args=[case.evidence.first().upload.token]) in shown.split("我已核实")[0]
    assert answer.status_code == 422
    assert "请先点开看过买家的凭证，再确认" in text_of(answer)
    assert case.prechecked_at is None
    look_at_evidence(at_desk, case)
    assert at_desk.send("confirm_risks", case, **told).status_code == 302
    assert case.prechecked_at is not None


def test_with_every_tick_round_one_begins(make_case, at_desk):
    """NEG-04: the ticks are stored with the case."""
    case = make_case()
    look_at_evidence(at_desk, case)

    answer = at_desk.send("confirm_risks", case, **ticks(case))

    assert page_of(answer) == reverse("merchants:negotiate", args=[case.code])
    assert case.prechecked_at is not None
    assert set(case.prechecks.get().ticked) == {"RW-09"}
    event = case.events.last()
    assert (event.step, event.details["ticked"]) == ("confirm_risks", ["RW-09"])


def test_a_hard_risk_leaves_only_the_other_ways_out(make_case, at_desk, text_of):
    """NEG-04, RW-18: an unshipped order is not rejected."""
    case = make_case(type="refund_unshipped")
    assert case.warnings()[0].severity == Severity.BLOCK

    page = text_of(at_desk.look("confirm_risks", case))
    answer = at_desk.send("confirm_risks", case)

    assert f"这单不能驳回：{case.warnings()[0].facts}" in page
    assert "订单未发货，买家申请退款不可驳回" in page
    assert "开始第一轮协商" not in page
    assert "改为同意退款 ¥128.00" in page
    assert answer.status_code == 422
    assert case.prechecked_at is None


def test_goods_that_come_back_are_named_with_their_number(make_case, at_desk, text_of):
    """RW-01, S-65: 商品已寄回."""
    case = make_case("sent_back", type="return_refund")

    page = text_of(at_desk.look("confirm_risks", case))

    assert "消费者已寄回商品" in page
    assert case.return_tracking in page


def test_a_stalled_parcel_is_named_with_its_hours(make_case, at_desk, text_of, shop, buyer):
    """RW-02, S-65: 物流断更."""
    order = OrderFactory(shop=shop, buyer=buyer, in_transit=True)
    parcel = order.parcels.get()
    parcel.last_scan_at -= timedelta(hours=97)
    parcel.save()
    case = make_case(order=order, type="refund_not_received")

    page = text_of(at_desk.look("confirm_risks", case))

    assert "物流断更" in page
    assert "100 小时没有新的物流信息" in page


def test_a_refused_parcel_ends_the_way(make_case, at_desk, text_of, shop, buyer):
    """RW-06."""
    order = OrderFactory(shop=shop, buyer=buyer, in_transit=True)
    order.parcels.update(state=ScanKind.REFUSED)
    case = make_case(order=order, type="refund_not_received")

    assert order.state == OrderState.SHIPPED
    assert "这单不能驳回" in text_of(at_desk.look("confirm_risks", case))


def test_too_little_time_is_said_and_does_not_block(make_case, at_desk, text_of, now):
    """NEG-08, RW-16."""
    case = make_case()
    now.move_to(case.due_at - timedelta(minutes=90))

    page = text_of(at_desk.look("confirm_risks", case))

    assert "剩余处理时间不足以完成两轮协商（约需 120 分钟），到期将自动同意" in page
    assert "已核实，开始第一轮协商" in page


def test_a_stale_page_records_nothing_and_keeps_the_ticks(make_case, at_desk, text_of):
    """NEG-06."""
    case = make_case()
    look_at_evidence(at_desk, case)

    answer = at_desk.send("confirm_risks", case, version=0, **ticks(case))

    assert answer.status_code == 409
    assert "此售后单刚刚有更新" in text_of(answer)
    assert "checked" in text_of(answer)
    assert case.prechecked_at is None


@pytest.mark.parametrize("trait", ["waiting", "second_waiting"])
def test_the_button_answers_wait_while_the_buyer_may_still_reply(
    make_case, at_desk, text_of, trait
):
    """NEG-20: the same click, refused with exactly this sentence, and logged."""
    case = make_case(trait)
    version = case.version

    answer = at_desk.send("confirm_risks", case, look="1")

    assert answer.status_code == 409
    assert "请耐心等待消费者回复" in text_of(answer)
    assert case.version == version
    attempt = case.attempts.get()
    assert (attempt.step, attempt.sentence) == ("reject", "请耐心等待消费者回复")


def test_who_may_only_negotiate_goes_on_with_what_a_colleague_has_checked(
    make_case, at_desk, desk_of, shop, text_of
):
    """NEG-54: the button led him to 没有权限, though the next round is his to offer."""
    case = make_case("checked")
    agent = desk_of(MemberFactory(shop=shop, permissions=["negotiate"]).user)
    assert "驳回退款" in text_of(agent.look("case", case))

    answer = agent.send("confirm_risks", case, look="1")

    assert page_of(answer) == reverse("merchants:negotiate", args=[case.code])
    assert agent.client.get(answer.headers["Location"]).status_code == 200


def test_who_may_only_negotiate_checks_no_risks(make_case, desk_of, shop):
    agent = desk_of(MemberFactory(shop=shop, permissions=["negotiate"]).user)

    assert agent.send("confirm_risks", make_case(), look="1").status_code == 403
