"""第二轮协商: what came of the first, its proofs, and a new offer (NEG-40 to NEG-44, §2.4)."""

import pytest

from aftersales import clock
from aftersales.enums import Party, PlanState, RoundState, ScanKind
from aftersales.models import Outcome, Parcel
from tests.aftersales.negotiation.talk import (
    D15,
    asked,
    last,
    messages,
    outcome,
    plan,
    refused,
    script,
    steps,
    whole,
    yuan,
)
from tests.factories import OrderFactory, proofs_for, upload

SLOTS = {  # §2.4: what each result of round 1 must show
    "amount": [],
    "evidence_missing": ["packing"],
    "evidence_described": ["detail", "shipped"],
    "evidence_quality": ["detail", "shipped"],
    "in_transit": [],
    "agreed": ["chat"],
    "signed_not_received": ["carrier"],
    "return_in_transit": ["return_trace"],
    "goods_not_ok": ["inspection", "label"],
}


def second(desk, code, **answers):
    """Send round 2 with this outcome, its proofs, and a better offer."""
    row = outcome(code)
    form = desk.case.step_form("round_2")
    offers = answers.pop("offers", None) or desk.offers()
    given = {
        "outcome": row,
        "evidence": proofs_for(desk.merchant, row.proofs.all(), desk.case.reason.code),
        "offers": offers,
        "script": desk.script(form, offers),
        "risks": asked(desk.case),
    }
    desk.case.negotiate(by=desk.merchant, **(given | answers))


@pytest.fixture
def desk(make_desk):
    return make_desk("answered")


# NEG-40


@pytest.mark.parametrize("trait", ["answered", "expired"])
def test_round_two_opens_after_an_answer_or_the_end_of_the_wait(make_desk, trait):
    """NEG-40."""
    desk = make_desk(trait)

    second(desk, "amount")

    assert desk.case.round_number == 2


def test_not_while_the_buyer_may_still_answer(make_desk):
    """NEG-40."""
    desk = make_desk("waiting")

    with refused(desk.case, "请耐心等待消费者回复"):
        second(desk, "amount")


def test_not_after_he_accepted(make_desk):
    """NEG-40."""
    desk = make_desk("checked", type="refund_not_received")
    until = {"until": (clock.now() + 24 * D15).isoformat()}
    desk.negotiate(offers=[plan("wait_until", **until)], script=script("SC-12"))
    desk.case.accept_plan(by=desk.buyer, offer=desk.case.offers.get())

    with refused(desk.case, "买家已接受方案，不能驳回"):
        second(desk, "amount", offers=[plan("full_refund_no_return")], script=script("SC-22"))


def test_there_is_no_third_round(make_desk):
    """NEG-40."""
    desk = make_desk("negotiated")

    with refused(desk.case, "两轮协商已完成，请选择同意或驳回"):
        second(desk, "amount")


# NEG-41


def test_round_two_asks_what_came_of_round_one(desk):
    """NEG-41."""
    with refused(desk.case, "请选择第一轮的结果", field="outcome"):
        second(desk, "amount", outcome=None)


def test_the_outcome_is_one_of_the_scenarios(desk):
    """NEG-41."""
    with refused(desk.case, "请选择第一轮的结果", field="outcome"):
        second(desk, "return_in_transit")


def test_an_agreement_is_not_claimed_with_who_never_answered(make_desk):
    """NEG-41."""
    desk = make_desk("expired")

    with refused(desk.case, "买家没有回复，不能选择“已与消费者协商达成一致”", field="outcome"):
        second(desk, "agreed", explanation="买家同意换一只同款的杯子。")


def test_with_a_late_answer_it_can_be(make_desk):
    """NEG-34, NEG-41."""
    desk = make_desk("expired")
    desk.reply("刚看到，可以换一只")

    second(desk, "agreed", explanation="买家同意换一只同款的杯子。", script=None)

    assert desk.case.agreement_claimed


@pytest.mark.parametrize("code", SLOTS)
def test_each_outcome_asks_for_its_own_proofs(db, code):
    """NEG-42."""
    row = Outcome.objects.get(code=code)

    assert [proof.code for proof in row.proofs.all()] == SLOTS[code]
    assert all(proof.required and proof.most == 3 for proof in row.proofs.all())
    assert row.needs_reply is (code == "agreed")


@pytest.mark.parametrize(
    ("code", "reason"),
    [("evidence_missing", "R8"), ("evidence_described", "R3"), ("evidence_quality", "R1")],
)
def test_an_empty_slot_is_refused_by_its_name(make_desk, code, reason):
    """NEG-42."""
    desk = make_desk("answered", reason=reason)
    for proof in outcome(code).proofs.all():
        given = proofs_for(desk.merchant, outcome(code).proofs.all()) | {proof.code: []}
        with refused(desk.case, f"请上传{proof.label}（1–3 张）", field=f"proof_{proof.code}"):
            second(desk, code, evidence=given)


def test_three_pictures_fit_a_slot_and_a_fourth_does_not(make_desk):
    """NEG-42."""
    desk = make_desk("answered", reason="R8")
    pictures = [upload(desk.merchant) for _ in range(4)]

    with refused(desk.case, "请上传发货凭证（1–3 张）", field="proof_packing"):
        second(desk, "evidence_missing", evidence={"packing": pictures})

    second(desk, "evidence_missing", evidence={"packing": pictures[:3]})
    shown = desk.case.evidence.filter(party=Party.MERCHANT)
    assert [(each.slot, each.label) for each in shown] == [("packing", "发货凭证")] * 3


@pytest.mark.parametrize("extra", ["surprise", "round"])
def test_pictures_belong_in_a_slot_that_was_asked_for(desk, extra):
    """NEG-42."""
    with refused(desk.case, "这里不需要凭证", field=f"proof_{extra}"):
        second(desk, "amount", evidence={extra: [upload(desk.merchant)]})


# The outcomes' own conditions (§2.4)


def test_in_transit_is_for_a_parcel_that_travels(make_desk):
    desk = make_desk("answered", type="refund_not_received")
    parcels = Parcel.objects.filter(order=desk.case.order)
    second(desk, "in_transit")
    assert desk.case.rounds.last().outcome.code == "in_transit"

    signed = make_desk("answered", type="refund_not_received")
    parcels = Parcel.objects.filter(order=signed.case.order)
    parcels.update(state=ScanKind.SIGNED)
    with refused(signed.case, "与本单的情况不符", field="outcome"):
        second(signed, "in_transit", offers=[plan("full_refund_no_return")], script=script("SC-22"))


def test_signed_not_received_is_for_a_parcel_shown_as_signed(make_desk, shop, buyer):
    order = OrderFactory(shop=shop, buyer=buyer)
    desk = make_desk("answered", type="refund_not_received", reason="N3", order=order)

    second(desk, "signed_not_received")

    assert desk.case.evidence.filter(slot="carrier").count() == 1
    travelling = make_desk("answered", type="refund_not_received")
    with refused(travelling.case, "与本单的情况不符", field="outcome"):
        second(travelling, "signed_not_received")


def test_return_outcomes_follow_the_returns_trace(make_desk, now):
    desk = make_desk("sent_back", type="return_refund")
    desk.negotiate()
    desk.reply()
    second(desk, "return_in_transit")
    assert desk.case.rounds.last().outcome.code == "return_in_transit"

    arrived = make_desk("sent_back", type="return_refund")
    arrived.negotiate()
    arrived.reply()
    type(arrived.case).objects.filter(pk=arrived.case.pk).update(return_signed_at=clock.now())
    with refused(arrived.case, "与本单的情况不符", field="outcome"):
        second(arrived, "return_in_transit")
    second(arrived, "goods_not_ok")
    assert set(arrived.case.evidence.values_list("slot", flat=True)) >= {"inspection", "label"}


# NEG-43


def test_round_two_is_sent_verbatim_once_and_opens_a_new_wait(desk):
    """NEG-43."""
    first = desk.case.offers.get()
    version = desk.case.version

    for _ in range(2):
        second(
            desk,
            "amount",
            offers=[plan("partial_refund", "60.00")],
            script=script("SC-21"),
            key="click-2",
            version=version,
        )

    words = script("SC-21").text_zh.replace("{amount}", "60.00")
    sent = desk.case.rounds.get(number=2)
    assert (sent.text, sent.state) == (words, RoundState.WAITING)
    assert sent.due_at == desk.case.reply_due_at == clock.now() + D15
    assert messages(desk.case)[-1] == (Party.MERCHANT, words)
    assert steps(desk.case).count("negotiate") == 2
    first.refresh_from_db()
    assert first.state == PlanState.DECLINED
    assert desk.case.offers.last().amount == yuan("60.00")
    assert whole(desk.case)


def test_the_words_of_round_two_are_not_the_merchants(desk):
    """NEG-43."""
    second(
        desk,
        "amount",
        offers=[plan("invite_evidence")],
        script=script("SC-23"),  # editable, but not here
        text="随便写点别的",
    )

    assert desk.case.rounds.get(number=2).text == script("SC-23").text_zh


def test_the_history_keeps_outcome_words_and_proofs(desk):
    """NEG-43."""
    second(desk, "evidence_quality", explanation="照片里是开片纹。")

    details = last(desk.case).details
    assert details["outcome"] == "买家凭证不足：质量"
    assert details["explanation"] == "照片里是开片纹。"
    assert {each["slot"] for each in details["evidence"]} == {"detail", "shipped"}
    assert all(len(each["sha256"]) == 64 for each in details["evidence"])


def test_an_explanation_is_not_a_book(desk):
    with refused(desk.case, "最多 400 个字", field="explanation"):
        second(desk, "amount", explanation="长" * 401)


# NEG-44


@pytest.mark.parametrize("trait", ["answered", "negotiated"])
def test_the_way_goes_on_under_notice(make_desk, merchant, trait):
    """NEG-44: The notice itself stands on the pages; the engine keeps the way open to both of them."""
    desk = make_desk(trait)
    moves = {move.name: move.refusal for move in desk.case.moves(merchant, Party.MERCHANT)}

    assert moves["negotiate" if trait == "answered" else "reject"] == ""
