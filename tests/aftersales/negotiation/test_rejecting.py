"""驳回退款, at last: its gate, its form, and what it leaves behind (NEG-45, NEG-47 to NEG-50)."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Party, PlanState, RoundState, Status, Turn
from aftersales.models import Notice
from aftersales.notices import delivering
from tests.aftersales.negotiation.talk import (
    D15,
    EXPLAINED,
    last,
    plan,
    refused,
    reject_reason,
    script,
    set_policy,
    steps,
    whole,
)
from tests.factories import upload


@pytest.fixture
def desk(make_desk):
    return make_desk("negotiated")


# NEG-45: the gate


@pytest.mark.parametrize("trait", ["", "checked", "answered", "expired"])
def test_not_before_two_rounds_are_done(make_desk, trait):
    """NEG-45."""
    desk = make_desk(trait)
    given = desk.answers_for(reject_reason("RR-14"))

    with refused(desk.case, "驳回前请先与消费者完成两轮协商"):
        desk.case.reject(by=desk.merchant, **given)


def test_not_while_the_second_wait_is_open(make_desk):
    """NEG-45."""
    desk = make_desk("second_waiting")

    with refused(desk.case, "请耐心等待消费者回复"):
        desk.reject()


@pytest.mark.parametrize("how", ["replied", "silent"])
def test_after_the_second_answer_or_the_second_silence(make_desk, now, how):
    """NEG-45."""
    desk = make_desk("second_waiting")
    if how == "replied":
        desk.reply()
    else:
        now.shift(D15)

    desk.reject()

    assert desk.case.status == Status.REJECTED


def test_not_after_the_buyer_accepted(make_desk):
    """NEG-45."""
    desk = make_desk("answered", type="refund_not_received")
    until = (clock.now() + timedelta(hours=24)).isoformat()
    desk.negotiate(offers=[plan("wait_until", until=until)], script=script("SC-12"))
    desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[0])

    with refused(desk.case, "买家已接受方案，不能驳回"):
        desk.reject()


def test_the_number_of_rounds_is_the_policys(make_desk):
    """NEG-45."""
    set_policy(min_rounds=1)
    desk = make_desk("answered")

    desk.reject()

    assert desk.case.status == Status.REJECTED


def test_three_rounds_where_the_policy_says_three(make_desk):
    """NEG-45."""
    set_policy(min_rounds=3)
    desk = make_desk("negotiated")
    with refused(desk.case, "驳回前请先与消费者完成两轮协商"):
        desk.reject()

    desk.negotiate()
    desk.reply()
    desk.reject()

    assert desk.case.round_number == 3
    assert desk.case.status == Status.REJECTED


# NEG-47: the form


def test_a_rejection_needs_a_reason(desk):
    """NEG-47."""
    with refused(desk.case, "请选择驳回原因", field="reason"):
        desk.reject(reason=None)


def test_a_reason_of_another_scenario_is_none(desk):
    """NEG-47."""
    with refused(desk.case, "请选择驳回原因", field="reason"):
        desk.reject(reason=reject_reason("RR-10"))


@pytest.mark.parametrize("text", ["", "太短了", " " * 40, "九个字的一个说明呢", "长" * 501])
def test_the_explanation_has_ten_to_five_hundred_characters(desk, text):
    """NEG-47."""
    with refused(desk.case, "驳回说明需 10 到 500 个字", field="statement"):
        desk.reject(statement=text)


@pytest.mark.parametrize("count", [10, 500])
def test_both_ends_are_allowed(desk, count):
    """NEG-47."""
    desk.reject(statement="长" * count)

    assert last(desk.case).details["statement"] == "长" * count


@pytest.mark.parametrize("said", [[], [""], ["不是"], ["         "]])
def test_every_point_that_must_be_answered_is(desk, said):
    """NEG-47."""
    reason = desk.rejection()["reason"]
    point = reason.must_answer[0]

    with refused(desk.case, f"请说明{point}（至少 10 个字）", field="answer_0"):
        desk.reject(answers=said)


def test_all_that_is_missing_is_said_at_once(desk):
    """NEG-47."""
    with refused(desk.case, "驳回说明需 10 到 500 个字") as caught:
        desk.reject(statement="", answers=[], evidence={})

    errors = caught.value.errors
    proofs = {f"proof_{proof.code}" for proof in desk.rejection()["reason"].proofs.all()}
    assert {"statement", "answer_0", *proofs} <= errors.keys()


def test_every_required_proof_is_there_one_to_three(desk):
    """NEG-47."""
    given = desk.rejection()
    slot = next(iter(given["evidence"]))
    four = [upload(desk.merchant) for _ in range(4)]

    for pictures in ([], four):
        with refused(desk.case, "（1–3 张）", field=f"proof_{slot}"):
            desk.reject(evidence=given["evidence"] | {slot: pictures})

    desk.reject(evidence=given["evidence"] | {slot: four[:3]})
    assert desk.case.evidence.filter(version=desk.case.version, slot=slot).count() == 3


def test_a_proof_in_a_slot_nobody_asked_for_is_refused(desk):
    """NEG-47."""
    given = desk.rejection()

    with refused(desk.case, "这里不需要凭证", field="proof_surprise"):
        desk.reject(evidence=given["evidence"] | {"surprise": [upload(desk.merchant)]})


# NEG-49: what it leaves behind


def test_a_rejection_leaves_status_clock_history_and_proofs(desk):
    """NEG-49."""
    given = desk.rejection()

    desk.case.reject(by=desk.merchant, **given)

    case, reason = desk.case, given["reason"]
    assert (case.status, case.turn) == (Status.REJECTED, Turn.REPLY)
    assert case.due_at == clock.now() + timedelta(days=7)
    assert (case.reply_due_at, case.wake_at) == (None, case.due_at)
    event = last(case)
    assert (event.step, event.party, event.user) == ("reject", Party.MERCHANT, desk.merchant)
    assert (event.before, event.after) == (Status.PENDING_MERCHANT, Status.REJECTED)
    details = event.details
    assert (details["reason_code"], details["reason"]) == (reason.code, reason.label_zh)
    assert details["statement"] == EXPLAINED
    assert [each["point"] for each in details["answers"]] == reason.must_answer_zh
    shown = case.evidence.filter(version=case.version)
    assert {each.slot for each in shown} == {each["slot"] for each in details["evidence"]}
    assert all(each.party == Party.MERCHANT and each.label for each in shown)
    assert whole(case)


def test_the_buyer_is_told_once_and_has_his_options(desk, buyer):
    """NEG-49."""
    desk.reject()
    delivering.deliver_due()
    delivering.deliver_due()

    assert Notice.objects.filter(event=last(desk.case), user=buyer).count() == 1
    mine = {move.name for move in desk.case.moves(buyer, Party.BUYER) if not move.refusal}
    assert {"add_evidence", "ask_platform", "cancel", "send_message"} <= mine


def test_an_open_plan_stays_open_after_the_rejection(make_desk, now, buyer):
    """NEG-49."""
    desk = make_desk("second_waiting")
    now.shift(D15)
    desk.reject()

    assert [offer.state for offer in desk.case.open_offers()] == [PlanState.OPEN]
    mine = {move.name for move in desk.case.moves(buyer, Party.BUYER) if not move.refusal}
    assert "accept_plan" in mine


def test_goods_that_came_back_are_refused_the_same_way(make_desk):
    """NEG-49."""
    desk = make_desk("sent_back", type="return_refund")
    for _ in range(2):
        desk.negotiate()
        desk.reply()

    desk.reject()

    assert desk.case.status == Status.RETURN_REFUSED
    assert desk.case.due_at == clock.now() + timedelta(days=7)
    assert last(desk.case).step == "refuse_receipt"


def test_a_rejection_clicked_twice_happens_once(desk):
    given, version = desk.rejection(), desk.case.version

    for _ in range(2):
        desk.case.reject(by=desk.merchant, key="click-9", version=version, **given)

    assert steps(desk.case).count("reject") == 1
    assert not desk.case.attempts.exists()


# NEG-50


def test_a_rejected_case_is_not_rejected_again(make_desk):
    """NEG-50."""
    desk = make_desk("rejected")

    with refused(desk.case, "售后单当前状态不能进行此操作"):
        desk.case.reject(by=desk.merchant, **desk.answers_for(reject_reason("RR-14")))
    assert steps(desk.case).count("reject") == 1


@pytest.fixture
def sent_back_by_platform(make_desk, staff, now):
    desk = make_desk("under_review")
    now.shift(timedelta(hours=48))
    desk.case.catch_up()
    desk.case.rule(
        by=staff,
        ruling="rehandle",
        responsible="none",
        grounds="双方凭证都看不清楚，请商家重新与买家沟通。",
    )
    return desk


def test_after_the_platform_sent_it_back_the_rounds_count_anew(sent_back_by_platform):
    """NEG-50."""
    desk = sent_back_by_platform
    case = desk.case
    assert case.status == Status.PENDING_MERCHANT
    assert (case.series, case.round_number, case.round_state) == (2, 0, "")
    with refused(case, "驳回前请先与消费者完成两轮协商"):
        case.reject(by=desk.merchant, **desk.answers_for(reject_reason("RR-14")))
    with refused(case, "请先核实风险提示"):
        case.negotiate(by=desk.merchant, offers=[plan("return_refund")], script=script("SC-03"))


def test_and_the_risks_are_faced_anew(sent_back_by_platform):
    """NEG-50."""
    desk = sent_back_by_platform

    with refused(desk.case, "请先确认：", field="risk_RW-09"):
        desk.case.confirm_risks(by=desk.merchant, risks=[])


def test_then_two_more_rounds_and_a_second_rejection(sent_back_by_platform):
    """NEG-50."""
    desk = sent_back_by_platform
    for _ in range(2):
        desk.negotiate()
        desk.reply()

    desk.reject()

    assert desk.case.status == Status.REJECTED
    numbers = list(desk.case.rounds.values_list("series", "number"))
    assert numbers == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert whole(desk.case)


def test_goods_on_their_way_back_begin_a_handling_of_their_own(make_desk):
    """NEG-50."""
    desk = make_desk("answered", type="return_refund")
    desk.case.agree_return(by=desk.merchant, address=desk.case.default_address())
    desk.case.send_back(by=desk.buyer, carrier="中通快递", tracking="ZT9900000001")

    assert (desk.case.series, desk.case.round_number, desk.case.round_state) == (2, 0, "")
    desk.negotiate()
    sent = desk.case.rounds.last()
    assert (sent.series, sent.number, sent.state) == (2, 1, RoundState.WAITING)
