"""驳回原因: each where its facts hold and nowhere else, with its answers and proofs (RR-01 to RR-17)."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import ScanKind, Status
from aftersales.models import Order, OrderLine, Parcel, Plan, RejectReason, StepForm
from tests.aftersales.negotiation.talk import (
    D15,
    HOUR,
    last,
    plan,
    refused,
    reject_reason,
    script,
    yuan,
)
from tests.factories import OrderFactory

REFUND, RETURN, PARCEL = "refund_received", "return_refund", "refund_not_received"

# Where each fits: demand, buyer's reason, and what else must be true.
FITS = {
    "RR-01": (PARCEL, "N2", ""),
    "RR-02": (PARCEL, "N3", "signed"),
    "RR-03": (REFUND, "R8", ""),
    "RR-04": (REFUND, "R3", ""),
    "RR-05": (REFUND, "R1", ""),
    "RR-06": (REFUND, "R1", "asked"),
    "RR-07": (REFUND, "R10", ""),
    "RR-08": (RETURN, "R13", "back"),
    "RR-09": (RETURN, "R1", "back"),
    "RR-10": (RETURN, "R1", "back"),
    "RR-11": (RETURN, "R13", "exception"),
    "RR-12": (RETURN, "R1", "late"),
    "RR-13": (RETURN, "R1", ""),
    "RR-14": (REFUND, "R1", ""),
    "RR-17": (RETURN, "U5", ""),
}

ASKS = {  # §2.7: the proofs that must be there, and how many points must be answered
    "RR-01": ({"waybill", "trace"}, 2),
    "RR-02": ({"signing"}, 2),
    "RR-03": ({"packing"}, 1),
    "RR-04": ({"page", "detail", "shipped"}, 1),
    "RR-05": ({"test", "photo"}, 1),
    "RR-06": (set(), 1),
    "RR-07": ({"invoice", "authorisation"}, 1),
    "RR-08": ({"unpack", "photos", "waybill"}, 1),
    "RR-09": ({"unpack", "weight"}, 1),
    "RR-10": ({"trace", "carrier"}, 1),
    "RR-11": (set(), 1),
    "RR-12": (set(), 1),
    "RR-13": ({"inspection"}, 1),
    "RR-14": ({"calculation"}, 1),
    "RR-15": ({"chat"}, 1),
    "RR-16": ({"price"}, 1),
    "RR-17": ({"chat"}, 1),
}


def brought(make_desk, shop, buyer, kind, reason, fact):
    """A case in which the fact is true, before any round."""
    if fact == "signed":
        order = OrderFactory(shop=shop, buyer=buyer)
        return make_desk(type=kind, reason=reason, order=order)
    desk = make_desk("sent_back" if fact == "back" else "", type=kind, reason=reason)
    if fact == "exception":
        OrderLine.objects.filter(pk=desk.case.line_id).update(
            no_reason=False, exception_confirmed=True
        )
    if fact == "late":
        signed_at = clock.now() - timedelta(days=12)
        Order.objects.filter(pk=desk.case.order_id).update(signed_at=signed_at)
    desk.case.refresh_from_db()
    return desk


def negotiated(desk, fact, now):
    if fact == "asked":
        desk.negotiate(offers=[plan("invite_evidence")], script=script("SC-05"))
    else:
        desk.negotiate()
    desk.reply()
    desk.negotiate()
    now.shift(D15)
    desk.case.catch_up()
    return desk


def refusal(case, code):
    case = type(case).objects.get(pk=case.pk)
    return case.reject_reason_refusal(reject_reason(code), case.warnings())


def test_that_the_right_goods_were_sent_can_be_said_whatever_is_asked_for(make_desk):
    """RR-04, R9: a shop that was asked to send after what it had sent found no reason to say so."""
    for kind in (RETURN, "exchange", "resend"):
        case = make_desk(type=kind, reason="R9").case
        offered = case.step_form("reject").offered("reject_reasons")
        assert "RR-04" in [each.code for each in offered]
        assert not refusal(case, "RR-04")


@pytest.mark.parametrize("kind", [REFUND, RETURN, "price_difference"])
def test_what_is_claimed_as_agreed_but_was_not_can_be_turned_down(make_desk, kind):
    """NEG-47, U5: a shop that never agreed to it found no reason to say so."""
    asked = {"demand": {}} if kind == "price_difference" else {}
    case = make_desk(type=kind, reason="U5", **asked).case
    offered = case.step_form("reject").offered("reject_reasons")
    assert "RR-17" in [each.code for each in offered]
    assert not refusal(case, "RR-17")


@pytest.mark.parametrize(("claimed", "usable"), [("45.00", False), ("128.00", True)])
def test_what_was_agreed_before_the_claim_is_not_denied(
    make_desk, talk, merchant, buyer, order, claimed, usable
):
    """S-47, U5: to the cent; whoever claims more than was agreed claims what was not."""
    partial = Plan.objects.get(code="partial_refund")
    talk.propose(by=merchant, plan=partial, amount=yuan("45.00"))
    talk.answer(talk.line.proposals.get(), by=buyer, accept=True)

    case = make_desk(type=REFUND, reason="U5", order=order, amount=yuan(claimed)).case

    assert refusal(case, "RR-17") == (
        "" if usable else "买家申请的正是双方在沟通中谈妥的，不能用这个原因"
    )


@pytest.mark.parametrize("code", FITS)
def test_each_reason_ends_a_case_whose_facts_it_names(make_desk, shop, buyer, now, code):
    kind, reason, fact = FITS[code]
    desk = negotiated(brought(make_desk, shop, buyer, kind, reason, fact), fact, now)
    row = reject_reason(code)
    slots, points = ASKS[code]

    desk.reject(**desk.answers_for(row))

    assert desk.case.status in (Status.REJECTED, Status.RETURN_REFUSED)
    details = last(desk.case).details
    assert (details["reason_code"], details["reason"]) == (code, row.label_zh)
    assert {each["slot"] for each in details["evidence"]} == slots
    assert len(details["answers"]) == points


@pytest.mark.parametrize(
    ("code", "kind", "reason", "fact", "sentence"),
    [
        ("RR-01", REFUND, "R1", "", "不适用于本单的售后类型"),
        ("RR-01", PARCEL, "N3", "signed", "与买家的申请原因不符"),
        ("RR-02", PARCEL, "N2", "", "与本单的事实不符"),
        ("RR-03", REFUND, "R1", "", "与买家的申请原因不符"),
        ("RR-04", REFUND, "R1", "", "与买家的申请原因不符"),
        ("RR-05", REFUND, "R3", "", "与买家的申请原因不符"),
        ("RR-06", REFUND, "R1", "", "与本单的事实不符"),
        ("RR-07", REFUND, "R1", "", "与买家的申请原因不符"),
        ("RR-08", RETURN, "R1", "back", "与买家的申请原因不符"),
        ("RR-08", RETURN, "R13", "", "与本单的事实不符"),
        ("RR-09", RETURN, "R1", "", "与本单的事实不符"),
        ("RR-10", RETURN, "R1", "", "与本单的事实不符"),
        ("RR-11", RETURN, "R13", "", "与本单的事实不符"),
        ("RR-12", RETURN, "R1", "", "与本单的事实不符"),
        ("RR-13", REFUND, "R3", "", "与买家的申请原因不符"),
        ("RR-14", RETURN, "R1", "", "不适用于本单的售后类型"),
        ("RR-15", REFUND, "R1", "", "买家还没有确认"),
        ("RR-16", REFUND, "R1", "", "不适用于本单的售后类型"),
        ("RR-17", RETURN, "R1", "", "与买家的申请原因不符"),
    ],
)
def test_and_no_case_whose_facts_are_others(
    make_desk, shop, buyer, code, kind, reason, fact, sentence
):
    desk = brought(make_desk, shop, buyer, kind, reason, fact)

    assert sentence in refusal(desk.case, code)


@pytest.mark.parametrize("code", ASKS)
def test_each_reason_names_its_proofs_and_points_in_both_languages(db, code):
    row = RejectReason.objects.get(code=code)
    slots, points = ASKS[code]

    assert {proof.code for proof in row.proofs.all() if proof.required} == slots
    assert all(proof.most == 3 for proof in row.proofs.all())
    assert len(row.must_answer_zh) == len(row.must_answer_en) == points
    assert row.label_en
    assert row.advice_zh


@pytest.mark.parametrize("code", [code for code in ASKS if code != "RR-16"])
def test_each_reason_is_offered_in_some_scenario(db, code):
    assert StepForm.objects.filter(step="reject", reject_reasons__code=code).exists()


def test_the_scenario_decides_what_is_offered(make_case):
    def offered(case):
        return {each.code for each in case.step_form("reject").offered("reject_reasons")}

    parcel = offered(make_case(type=PARCEL))
    goods = offered(make_case())
    back = offered(make_case("sent_back", type=RETURN))

    assert {"RR-01", "RR-02"} <= parcel
    assert not {"RR-08", "RR-09", "RR-10"} & (parcel | goods)
    assert {"RR-08", "RR-09", "RR-10"} <= back
    assert not {"RR-01", "RR-02", "RR-14"} & back


def test_a_reason_switched_off_by_staff_is_not_offered(make_desk):
    desk = make_desk("negotiated")
    RejectReason.objects.filter(code="RR-14").update(active=False)

    with refused(desk.case, "请选择驳回原因", field="reason"):
        desk.reject(**desk.answers_for(reject_reason("RR-14")))


@pytest.mark.parametrize("state", [ScanKind.SIGNED, ScanKind.SIGNED_BY_OTHER])
def test_rr_01_travelling_normally_is_not_said_of_a_parcel_that_was_signed_for(make_case, state):
    case = make_case(type=PARCEL)
    Parcel.objects.filter(order=case.order).update(state=state, signed_at=clock.now())

    assert "与本单的事实不符" in refusal(case, "RR-01")


def test_rr_01_travelling_normally_is_not_said_of_a_stalled_parcel(make_case):
    case = make_case(type=PARCEL)
    Parcel.objects.filter(order=case.order).update(last_scan_at=clock.now() - 80 * HOUR)

    assert "与本单的事实不符" in refusal(case, "RR-01")


def test_rr_01_shipped_is_not_said_of_a_parcel_no_carrier_ever_saw(make_case):
    case = make_case(type=PARCEL)
    Parcel.objects.filter(order=case.order).update(first_scan_at=None)

    assert "与本单的事实不符" in refusal(case, "RR-01")


def test_rr_02_a_neighbours_signature_is_not_the_buyers(make_desk, shop, buyer):
    order = OrderFactory(
        shop=shop, buyer=buyer, parcel={"state": ScanKind.SIGNED_BY_OTHER, "signer": "驿站"}
    )
    desk = make_desk(type=PARCEL, reason="N3", order=order)

    assert "与本单的事实不符" in refusal(desk.case, "RR-02")


# NEG-48: the waybill on the proof


@pytest.fixture
def inspected(make_desk):
    desk = make_desk("sent_back", type=RETURN)
    for _ in range(2):
        desk.negotiate()
        desk.reply()
    return desk


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(REFUND, "R1"), ("exchange", "R3"), ("resend", "R8"), (RETURN, "R13")],
)
@pytest.mark.parametrize(("since", "late"), [(15, True), (14, False)])
def test_what_was_asked_for_after_its_time_can_be_said_to_be_late(
    make_case, shop, buyer, kind, reason, since, late
):
    """RR-12, D18: whatever is asked for; the file that told of the trade's end came afterwards."""
    signed = clock.now() - timedelta(days=5)
    case = make_case(type=kind, reason=reason, order=OrderFactory(shop=shop, buyer=buyer))
    Order.objects.filter(pk=case.order_id).update(
        state="finished", signed_at=signed, finished_at=clock.now() - timedelta(days=since)
    )
    OrderLine.objects.filter(pk=case.line_id).update(warranty_days=3)

    offered = case.step_form("reject").offered("reject_reasons")
    assert "RR-12" in [each.code for each in offered]
    assert (refusal(case, "RR-12") == "") is late


def test_a_price_that_was_protected_no_more_can_be_said_to_be_late(make_case):
    """RR-12: 退差价 within its days after paying."""
    case = make_case(type="price_difference", reason="R19")
    assert refusal(case, "RR-12") == "这个原因与本单的事实不符"

    Order.objects.filter(pk=case.order_id).update(paid_at=clock.now() - timedelta(days=30))

    assert refusal(case, "RR-12") == ""


def test_a_repair_that_no_warranty_covered_can_be_said_to_be_late(make_case, shop, buyer):
    """RR-12, D19."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    case = make_case(type="repair", reason="R18", order=order)
    assert refusal(case, "RR-12") == "这个原因与本单的事实不符"

    OrderLine.objects.filter(pk=case.line_id).update(warranty_days=1)

    assert refusal(case, "RR-12") == ""


def test_a_claim_within_the_warranty_is_not_late(make_case, shop, buyer, now):
    """RR-12, S-08, D19: what 售后保障维权 let in after the seven days is in time."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    now.shift(timedelta(days=40))
    case = make_case(type=RETURN, reason="R2", order=order)

    refusal = case.reject_reason_refusal(reject_reason("RR-12"), case.warnings())

    assert refusal == "这个原因与本单的事实不符"


@pytest.mark.parametrize("code", ["RR-09", "RR-10"])
def test_the_number_on_the_proof_is_asked_for(inspected, code):
    """NEG-48."""
    given = inspected.answers_for(reject_reason(code)) | {"proof_tracking": "  "}

    with refused(inspected.case, "请填写凭证面单上的快递单号", field="proof_tracking"):
        inspected.reject(**given)


def test_a_number_that_differs_must_be_explained(inspected):
    """NEG-48."""
    given = inspected.answers_for(reject_reason("RR-09")) | {"proof_tracking": "ZT0000000000"}

    for mismatch in ("", "换了面单"):
        with refused(inspected.case, "面单单号与退货单号不一致", field="mismatch"):
            inspected.reject(**given, mismatch=mismatch)

    inspected.reject(**given, mismatch="承运商中途换过面单，附承运商说明。")
    details = last(inspected.case).details
    assert details["proof_tracking"] == "ZT0000000000"
    assert details["mismatch"] == "承运商中途换过面单，附承运商说明。"


def test_the_same_number_needs_no_explanation_however_it_is_typed(inspected):
    """NEG-48."""
    number = inspected.case.return_tracking
    typed = f" {number[:2].lower()} {number[2:6]}-{number[6:]} "

    inspected.reject(**(inspected.answers_for(reject_reason("RR-09")) | {"proof_tracking": typed}))

    assert inspected.case.status == Status.RETURN_REFUSED
    assert last(inspected.case).details["proof_tracking"] == number


def test_other_reasons_do_not_ask_for_it(inspected):
    """NEG-48."""
    inspected.reject(**(inspected.answers_for(reject_reason("RR-13")) | {"proof_tracking": ""}))

    assert inspected.case.status == Status.RETURN_REFUSED
