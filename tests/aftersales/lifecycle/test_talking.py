"""沟通: the thread of a case, and the three means of the tool (S-38, S-61, S-62, S-68, S-69)."""

from typing import Any

import pytest

from aftersales.enums import Party, Status, WizardStep
from aftersales.models import Notice, Scenario
from aftersales.notices import delivering
from aftersales.steps import STEPS
from tests.aftersales.lifecycle.reading import HOUR, assert_moved, last, refused, stored, told


def test_both_sides_talk_on_the_case(make_case: Any, buyer: Any, merchant: Any) -> None:
    """S-38: kept in order, with who said it and when; it changes nothing else."""
    case = make_case()
    due_at = stored(case).due_at
    case.send_message(by=buyer, text="杯子有裂纹，怎么处理？")
    assert told(case) == {merchant.username}
    case.send_message(by=merchant, text="请拍一张杯底的照片。")
    assert told(case) == {buyer.username}
    assert_moved(
        case,
        "send_message",
        Party.MERCHANT,
        Status.PENDING_MERCHANT,
        Status.PENDING_MERCHANT,
        merchant,
    )
    assert list(case.messages.values_list("party", "text")) == [
        (Party.BUYER, "杯子有裂纹，怎么处理？"),
        (Party.MERCHANT, "请拍一张杯底的照片。"),
    ]
    assert stored(case).due_at == due_at


@pytest.mark.parametrize("text", ["", "  \n ", "长" * 501])
def test_a_message_says_something_and_not_too_much(text: str, make_case: Any, buyer: Any) -> None:
    """S-38."""
    case = make_case()
    with refused(case, "请写几句，或者附一张图片|最多 500 个字", by=buyer):
        case.send_message(by=buyer, text=text)


@pytest.mark.parametrize("step", [WizardStep.ROUND_1, WizardStep.ROUND_2])
def test_every_scenario_has_several_scripts_to_choose_from(step: str, db: Any) -> None:
    """S-68, S-61: in both languages."""
    for scenario in Scenario.objects.filter(active=True):
        scripts = scenario.forms.get(step=step).offered("scripts")
        assert len(scripts) >= 2, scenario.code
        assert all(script.text_zh and script.text_en for script in scripts)


def test_scenarios_differ_in_what_they_offer(db: Any) -> None:
    """S-61: logistics or goods, refund only or return."""
    offers = {
        tuple(
            row.code
            for name in ("plans", "scripts", "reject_reasons")
            for form in scenario.forms.order_by("step")
            for row in form.offered(name)
        )
        for scenario in Scenario.objects.filter(active=True)
    }
    assert len(offers) == Scenario.objects.filter(active=True).count() >= 4


def test_a_round_is_sent_by_itself_verbatim_and_once(make_case: Any, buyer: Any) -> None:
    """S-69, NEG-15: what was chosen is what stands in the thread and in the notice."""
    case = make_case("waiting")
    text = case.rounds.get().text
    assert case.messages.get().text == text
    assert last(case).details["text"] == text
    delivering.deliver_due()
    notice = Notice.objects.get(user=buyer)
    assert text in notice.text_zh


def test_rejecting_has_one_way_in(make_case: Any, merchant: Any) -> None:
    """NEG-01, S-60: from 待处理 and from goods that came back, and only after the talks."""
    assert STEPS["reject"].sources == {Status.PENDING_MERCHANT}
    assert STEPS["refuse_receipt"].sources == {Status.AWAITING_MERCHANT_RECEIPT}
    into_rejected = {
        name for name, step in STEPS.items() if Party.MERCHANT in step.by and "reject" in name
    }
    assert into_rejected == {"reject"}
    for kind in ("refund_not_received", "refund_received", "return_refund"):
        case = make_case(type=kind)
        with refused(case, "驳回前请先与消费者完成两轮协商", by=merchant):
            case.reject(by=merchant)


@pytest.mark.parametrize(("first", "second"), [("waiting", 1), ("second_waiting", 2)])
def test_a_round_is_over_with_the_answer_or_with_its_time(
    first: str, second: int, make_desk: Any, merchant: Any, now: Any
) -> None:
    """S-71, S-74, S-79: neither the next round nor rejecting while the buyer may still reply."""
    step = "negotiate" if second == 1 else "reject"
    for end in ("reply", "time"):
        desk = make_desk(first)
        case = desk.case
        assert case.refusal(step, merchant) == "请耐心等待消费者回复"
        with refused(case, "请耐心等待消费者回复", by=merchant) as caught:
            getattr(case, step)(by=merchant)
        assert caught.value.conflict
        if end == "reply":
            desk.reply()
        else:
            now.shift(HOUR)
            case.catch_up()
        assert case.may(step, merchant)
        getattr(desk, step)()
        assert last(case).step == step
