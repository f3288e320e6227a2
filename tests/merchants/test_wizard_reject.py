"""驳回 at last: after two rounds, with a reason the facts allow, every answer and every proof."""

import uuid

import pytest
from django.urls import reverse

from aftersales.enums import Status
from aftersales.models import Draft, RejectReason
from tests.aftersales.negotiation.talk import set_policy
from tests.factories import upload
from tests.merchants.conftest import page_of

REASON = "RR-05"
SAID = {
    "reason": REASON,
    "statement": "照片里的纹路是开片工艺，页面有说明，不是质量问题。",
    "answer_0": "纹路是釉面自然开片，详情页第三屏写明。",
    "declared": "on",
}


def slots(at_desk, name, case, reason):
    form = at_desk.send(name, case, refresh="1", reason=reason).context["form"]
    return {slot.name for slot in form.slots()}


def proofs(at_desk, case, user, *, name="reject", reason=REASON):
    wanted = slots(at_desk, name, case, reason)
    return {f"{slot}_kept": [upload(user).token] for slot in wanted}


def test_after_two_rounds_both_results_stand_before_the_decision(make_case, at_desk, text_of):
    """S-78: 仍要驳回吗, with what was offered and answered in each round."""
    page = text_of(at_desk.look("reject", make_case("negotiated")))

    assert "两轮协商结束，仍要驳回吗？" in page
    for said in (
        "第一轮",
        "第二轮",
        "部分退款，无需退货 ¥45.00",
        "都不接受",
        "平台正在关注驳回质量",
    ):
        assert said in page


@pytest.mark.parametrize("trait", ["", "checked", "answered", "expired"])
def test_before_two_rounds_there_is_no_rejecting(make_case, at_desk, text_of, trait):
    """NEG-45, S-60: the page leads elsewhere, a forged post is refused."""
    case = make_case(trait)

    assert at_desk.look("reject", case).status_code == 302
    answer = at_desk.send("reject", case, **SAID)

    assert answer.status_code == 422
    assert "驳回前请先与消费者完成两轮协商" in text_of(answer)
    assert case.status == Status.PENDING_MERCHANT
    assert case.attempts.get().step == "reject"


@pytest.mark.parametrize(("gate", "trait"), [(0, "checked"), (0, "answered"), (1, "expired")])
def test_fewer_rounds_open_the_page_too_and_another_may_be_held(
    make_case, at_desk, merchant, text_of, gate, trait
):
    """NEG-45: as many rounds as the policy has, at most two without being asked for more."""
    set_policy(min_rounds=gate)
    case = make_case(trait)

    page = at_desk.look("reject", case)

    assert page.status_code == 200
    another = reverse("merchants:negotiate", args=[case.code])
    assert f'href="{another}' in text_of(page)
    assert at_desk.client.get(another).status_code == 200
    assert not case.refusal("reject", merchant)


def test_the_reason_asks_for_its_answers_and_proofs(make_case, at_desk, text_of):
    """NEG-47, S-80."""
    case = make_case("negotiated")

    answer = at_desk.send("reject", case, refresh="1", reason=REASON)

    reason = RejectReason.objects.get(code=REASON)
    page = text_of(answer)
    for point in reason.must_answer:
        assert point in page
    for proof in reason.proofs.all():
        assert proof.label in page
    assert reason.advice in page
    assert page.count("至少 10 个字，写明依据") == len(reason.must_answer)


def test_a_reason_that_the_facts_rule_out_is_shown_with_why(make_case, at_desk, text_of):
    """RW-09: disabled in the page, refused when forged."""
    case = make_case("negotiated")

    page = at_desk.look("reject", case)
    refusals = page.context["form"].fields["reason"].refusals
    answer = at_desk.send("reject", case, **SAID | {"reason": "RR-04"})

    assert refusals["RR-04"] == "这个原因与买家的申请原因不符"
    assert REASON not in refusals
    assert "这个原因与买家的申请原因不符" in text_of(page)
    assert answer.status_code == 422
    assert case.status == Status.PENDING_MERCHANT


def test_everything_missing_is_said_at_once(make_case, at_desk, text_of):
    """NEG-47, S-80."""
    case = make_case("negotiated")

    answer = at_desk.send("reject", case, reason=REASON, statement="短", answer_0="是开片")

    page = text_of(answer)
    assert answer.status_code == 422
    assert "驳回说明需 10 到 500 个字" in page
    assert "（至少 10 个字）" in page
    assert "请确认说明和凭证真实有效" in page
    for slot in answer.context["form"].slots():
        assert f"请上传{slot.label}（1–3 张）" in page
    assert case.status == Status.PENDING_MERCHANT


def test_a_look_at_all_of_it_submits_nothing(make_case, at_desk, merchant, text_of):
    """先检查一遍."""
    case = make_case("negotiated")

    answer = at_desk.send("reject", case, review="1", **SAID, **proofs(at_desk, case, merchant))

    page = text_of(answer)
    assert answer.status_code == 200
    assert "检查后提交驳回" in page
    assert SAID["statement"] in page
    assert case.status == Status.PENDING_MERCHANT
    assert Draft.objects.get().data["statement"] == [SAID["statement"]]  # should it be closed
    # and what the page carries on is the whole rejection
    carried = {}
    for name, value in answer.context["carried"]:
        carried.setdefault(name, []).append(value)
    at_desk.send("reject", case, **carried)
    assert case.status == Status.REJECTED
    assert not Draft.objects.exists()


def test_going_back_from_the_review_keeps_everything(make_case, at_desk, merchant, text_of):
    case = make_case("negotiated")

    answer = at_desk.send("reject", case, edit="1", **SAID, **proofs(at_desk, case, merchant))

    form = answer.context["form"]
    assert form["statement"].value() == SAID["statement"]
    assert all(slot.field.kept for slot in form.slots())


def test_the_rejection_is_complete(make_case, at_desk, merchant, text_of):
    """NEG-49, S-81, S-83: 驳回退款提交完成, and what the buyer can do until when."""
    case = make_case("negotiated")

    answer = at_desk.send("reject", case, **SAID, **proofs(at_desk, case, merchant))

    assert page_of(answer) == reverse("merchants:rejected", args=[case.code])
    assert case.status == Status.REJECTED
    event = case.events.last()
    assert event.step == "reject"
    assert event.details["reason_code"] == REASON
    assert event.details["statement"] == SAID["statement"]
    page = text_of(at_desk.client.get(answer.url))
    assert "驳回退款提交完成" in page
    assert "申请平台介入，由平台判定" in page
    assert "11-30（周一）12:00</time> 前，买家可以" in page


def test_a_double_click_rejects_once(make_case, at_desk, merchant):
    """NEG-49: once."""
    case = make_case("negotiated")
    said = SAID | proofs(at_desk, case, merchant)
    click = {"version": case.version, "key": uuid.uuid4().hex}

    first = at_desk.send("reject", case, **said | click)
    second = at_desk.send("reject", case, **said | click)

    assert page_of(first) == page_of(second)
    assert case.events.filter(step="reject").count() == 1


def test_a_second_rejection_is_refused(make_case, at_desk, text_of):
    """NEG-50."""
    case = make_case("rejected")

    answer = at_desk.send("reject", case, **SAID)

    assert answer.status_code == 409
    assert case.events.filter(step="reject").count() == 1


def test_a_new_warning_must_be_ticked_first(make_case, at_desk, merchant, text_of):
    """NEG-05: evidence that came after the check is a new risk."""
    case = make_case("negotiated")
    said = SAID | proofs(at_desk, case, merchant)
    case.add_evidence(by=case.buyer, evidence={"added": [upload(case.buyer)]})

    page = text_of(at_desk.look("reject", case))
    answer = at_desk.send("reject", case, **said)
    assert "risk_RW-11" in page
    assert answer.status_code == 422
    assert "请先确认" in text_of(answer)

    unseen = at_desk.send("reject", case, **said, **{"risk_RW-11": "on"})
    assert "请先点开看过买家的凭证" in text_of(unseen)
    case.merchant_seen_at = case.evidence.last().at
    case.save()
    at_desk.send("reject", case, **said)
    assert case.status == Status.REJECTED


def test_pictures_of_round_two_are_offered_again(make_case, at_desk, merchant):
    case = make_case("negotiated")
    reason = RejectReason.objects.get(code=REASON)
    slot = reason.proofs.first()
    case.add_evidence(by=merchant, as_party="merchant", evidence={slot.code: [upload(merchant)]})

    form = at_desk.send("reject", case, refresh="1", reason=REASON).context["form"]

    assert len(form.fields[f"proof_{slot.code}"].kept) == 1


def test_the_number_on_the_label_must_be_that_of_the_return(make_desk, at_desk, merchant, text_of):
    """NEG-48."""
    desk = make_desk("sent_back", type="return_refund")
    for _ in range(2):
        desk.negotiate()
        desk.reply()
    case = desk.case
    reason = "RR-09"
    form = at_desk.send("refuse_receipt", case, refresh="1", reason=reason).context["form"]
    said = SAID | {"reason": reason, "proof_tracking": "SF00000000"}
    said |= {f"answer_{n}": "少了一只杯子，开箱视频里能看到。" for n in range(len(form.points))}
    said |= {f"{slot.name}_kept": [upload(merchant).token] for slot in form.slots()}

    answer = at_desk.send("refuse_receipt", case, **said)
    assert answer.status_code == 422
    assert "面单单号与退货单号不一致，请说明原因" in text_of(answer)

    at_desk.send("refuse_receipt", case, **said, mismatch="快递中转换了单号，附换单记录。")
    assert case.status == Status.RETURN_REFUSED
    assert case.events.last().details["mismatch"] == "快递中转换了单号，附换单记录。"


def test_who_comes_too_late_reads_that_time_was_quicker(make_case, at_desk, text_of, now):
    """NEG-51: one second late is late; the claim was granted."""
    case = make_case("negotiated")
    now.move_to(case.due_at)

    answer = at_desk.send("reject", case, **SAID)

    assert answer.status_code == 409
    assert case.status == Status.REFUNDING
    assert case.auto_agreed


def test_a_cancelled_case_has_no_buttons(make_case, at_desk, text_of):
    """NEG-52."""
    case = make_case("answered")
    case.cancel(by=case.buyer)

    page = text_of(at_desk.look("case", case))

    assert "买家已撤销" in page
    assert 'name="look"' not in page
    assert at_desk.send("reject", case, **SAID).status_code == 409
