"""判定 (T-20): a written finding that is carried out at once (S-23)."""

from decimal import Decimal
from typing import Any

import pytest

from aftersales.enums import Freight, Party, Ruling, Stage, Status, Turn
from aftersales.models import Case, DecisionReason, Intervention, Policy
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import (
    DAY,
    GROUNDS,
    HOUR,
    WHY,
    assert_moved,
    owed,
    paid,
    refused,
    steps,
    stored,
    told,
    undone,
)

FINDING: dict[str, Any] = {"responsible": "merchant", "grounds": GROUNDS}


@pytest.fixture
def deciding(make_case: Any, buyer: Any, now: Any) -> Any:
    """A case on which staff may rule: asked for, and the evidence window is over."""

    def make(trait: str = "rejected", **given: Any) -> Case:
        case: Case = make_case(trait, **given)
        case.ask_platform(by=buyer, reason=WHY)
        now.shift(48 * HOUR)
        case.catch_up()
        assert case.stage == Stage.DECIDING
        return case

    return make


RULINGS = [
    pytest.param("full_refund", {}, Status.REFUNDING, "128.00", id="full"),
    pytest.param("partial_refund", {"amount": "50.00"}, Status.REFUNDING, "50.00", id="part"),
    pytest.param(
        "return_then_refund", {"freight": "merchant"}, Status.AWAITING_BUYER_RETURN, "", id="return"
    ),
    pytest.param("keep_goods", {}, Status.REFUNDING, "128.00", id="keep"),
    pytest.param("exchange", {}, Status.AWAITING_BUYER_RETURN, "", id="exchange"),
    pytest.param("resend", {}, Status.AWAITING_MERCHANT_SHIP, "", id="resend"),
    pytest.param("repair", {}, Status.AWAITING_BUYER_RETURN, "", id="repair"),
    pytest.param("deny", {}, Status.CLOSED_PLATFORM_DENIED, "", id="deny"),
    pytest.param("rehandle", {}, Status.PENDING_MERCHANT, "", id="again"),
    pytest.param("close_agreed", {}, Status.CLOSED_AGREED, "", id="agreed"),
]


def test_every_kind_of_ruling_is_tried_here() -> None:
    assert {case.values[0] for case in RULINGS} == set(Ruling.values)


@pytest.mark.parametrize(("ruling", "given", "after", "amount"), RULINGS)
def test_a_ruling_is_recorded_and_carried_out(
    ruling: str,
    given: dict[str, str],
    after: Status,
    amount: str,
    deciding: Any,
    staff: Any,
    buyer: Any,
    merchant: Any,
) -> None:
    """T-20, S-23: state, money and finding in one step; both sides are told."""
    case = deciding()
    shown = case.evidence.first()
    answers: dict[str, Any] = dict(given)
    if "amount" in answers:
        answers["amount"] = Decimal(answers["amount"])

    case.rule(by=staff, ruling=ruling, cited=[shown.pk], **FINDING, **answers)

    event = assert_moved(case, "rule", Party.STAFF, Status.PLATFORM_REVIEW, after, staff)
    assert event.details["grounds"] == GROUNDS
    finding = Intervention.objects.get()
    assert (finding.stage, finding.ruling, finding.grounds) == (Stage.RULED, ruling, GROUNDS)
    assert (finding.ruled_by, finding.evidence_cited) == (staff, [shown.pk])
    assert owed(case) == ([("微信支付", amount)] if amount else [])
    assert not case.open_offers()
    assert told(case) == {buyer.username, merchant.username}
    if amount:
        assert paid(case) == [("微信支付", amount)]
        assert stored(case).status == Status.REFUNDED


@pytest.mark.parametrize(("ruling", "given", "after", "amount"), RULINGS)
def test_only_a_supported_buyer_against_the_merchant_is_a_dispute_refund(
    ruling: str,
    given: dict[str, str],
    after: Status,
    amount: str,
    deciding: Any,
    staff: Any,
) -> None:
    """T-20: 纠纷退款."""
    case = deciding()
    answers: dict[str, Any] = dict(given)
    if "amount" in answers:
        answers["amount"] = Decimal(answers["amount"])
    if "freight" in answers:  # where the table names another, it takes a reason
        answers["freight_reason"] = DecisionReason.objects.get(code="FR-02")
    supported = ruling not in ("deny", "rehandle", "close_agreed")
    for responsible in ("merchant", "buyer", "carrier", "none"):
        with undone():
            stored(case).rule(
                by=staff, ruling=ruling, responsible=responsible, grounds=GROUNDS, **answers
            )
            counts = supported and responsible == "merchant"
            assert stored(case).dispute_refund is counts
            assert Intervention.objects.get().counts_as_dispute is counts


def test_a_return_that_was_ruled_is_lived_to_its_end(
    deciding: Any, staff: Any, buyer: Any, merchant: Any, shop: Any
) -> None:
    """T-20, S-23: with the freight that follows from the ruling, and the whole amount at the end."""
    case = deciding()
    case.rule(by=staff, ruling="return_then_refund", **(FINDING | {"responsible": "none"}))
    row = stored(case)
    assert (row.freight, row.return_address) == (Freight.BUYER, shop.addresses.get().shown())
    assert row.due_at == row.wake_at == row.updated_at + 7 * DAY
    case.send_back(by=buyer, carrier="中通快递", tracking="ZT00001234")
    case.confirm_receipt(by=merchant)
    assert paid(case) == [("微信支付", "128.00")]


def test_a_case_sent_back_to_the_merchant_begins_anew(deciding: Any, staff: Any) -> None:
    """T-20, NEG-50: a fresh handling clock, and rounds that count anew."""
    case = deciding()
    case.rule(by=staff, ruling="rehandle", **FINDING)
    row = stored(case)
    assert row.due_at == row.wake_at == row.updated_at + 48 * HOUR
    assert (row.turn, row.series, row.round_number, row.prechecked_at) == (Turn.MINE, 2, 0, None)


def test_a_merchant_told_to_look_at_the_goods_again_has_time_to(
    deciding: Any, staff: Any, now: Any
) -> None:
    """T-20: the goods were signed for long ago, and yet time does not confirm them at once."""
    case = deciding("refused_goods", type="return_refund")
    Case.objects.filter(pk=case.pk).update(return_signed_at=case.return_filed_at + DAY)
    now.shift(7 * DAY)
    case.rule(by=staff, ruling="rehandle", **FINDING)
    row = stored(case)
    assert row.status == Status.AWAITING_MERCHANT_RECEIPT
    assert row.due_at == row.wake_at == row.updated_at + 7 * DAY
    assert expire_all() == (0, 0)


def test_a_ruling_ends_the_talks(make_desk: Any, buyer: Any, staff: Any, now: Any) -> None:
    """Nothing waits for an answer any more once the platform has spoken."""
    Policy.objects.update(allow_early_intervention=True)
    desk = make_desk()
    case = desk.case
    now.shift(DAY)  # D10
    desk.negotiate()
    case.ask_platform(by=buyer, reason=WHY)
    Case.objects.filter(pk=case.pk).update(stage=Stage.DECIDING, evidence_due_at=None)
    Intervention.objects.update(stage=Stage.DECIDING)
    case.rule(by=staff, ruling="deny", **FINDING)
    row = stored(case)
    assert (row.reply_due_at, row.wake_at) == (None, None)
    now.shift(DAY)
    assert expire_all() == (0, 0)
    assert "stop_waiting" not in steps(case)


def test_nobody_rules_while_proof_may_still_come(make_case: Any, staff: Any) -> None:
    """D11."""
    case = make_case("under_review")
    with refused(case, "举证时间还没有结束，暂不能判定", by=staff):
        case.rule(by=staff, ruling="deny", **FINDING)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"ruling": ""}, "ruling"),
        ({"ruling": "hang"}, "ruling"),
        ({"responsible": ""}, "responsible"),
        ({"grounds": " "}, "grounds"),
        ({"grounds": "太短"}, "grounds"),
        ({"cited": [999_999]}, "cited"),
        ({"ruling": "partial_refund"}, "amount"),
        ({"ruling": "partial_refund", "amount": Decimal("0.00")}, "amount"),
        ({"ruling": "partial_refund", "amount": Decimal("128.00")}, "amount"),
        ({"ruling": "partial_refund", "amount": Decimal("1.005")}, "amount"),
        ({"ruling": "partial_refund", "amount": Decimal("NaN")}, "amount"),
        ({"ruling": "return_then_refund", "freight": "insurance"}, "freight"),
    ],
)
def test_a_finding_is_whole_or_it_is_none(
    given: dict[str, Any], field: str, deciding: Any, staff: Any
) -> None:
    """T-20, S-23: written, with the one responsible, and within what was asked for."""
    case = deciding()
    answers = {"ruling": "deny"} | FINDING | given
    with refused(case, "", by=staff) as caught:
        case.rule(by=staff, **answers)
    assert list(caught.value.errors) == [field]


def test_goods_that_are_back_are_not_sent_back_again(deciding: Any, staff: Any) -> None:
    """T-20."""
    case = deciding("refused_goods", type="return_refund")
    with refused(case, "商品已经退回，请选择退款或不支持", by=staff):
        case.rule(by=staff, ruling="return_then_refund", freight="merchant", **FINDING)


@pytest.mark.parametrize("kind", ["refund_unshipped", "refund_not_received"])
def test_goods_the_buyer_never_had_are_not_sent_back(
    kind: str, make_case: Any, staff: Any, now: Any
) -> None:
    """T-20: he has nothing to return."""
    case = make_case(type=kind)
    case.take_over(by=staff, grounds=GROUNDS)
    now.shift(48 * HOUR)
    case.catch_up()
    with refused(case, "商品还没有签收，不能判退货", by=staff):
        case.rule(by=staff, ruling="return_then_refund", freight="merchant", **FINDING)


def test_a_ruling_is_made_once(deciding: Any, staff: Any) -> None:
    """T-20."""
    case = deciding()
    case.rule(by=staff, ruling="full_refund", **FINDING)
    with refused(case, "售后单当前状态不能进行此操作", by=staff):
        case.rule(by=staff, ruling="deny", **FINDING)
    assert owed(case) == [("微信支付", "128.00")]


def test_the_target_time_of_a_ruling_does_nothing_by_itself(deciding: Any, now: Any) -> None:
    """D14: overdue is for staff to see."""
    case = deciding()
    now.shift(30 * DAY)
    assert expire_all() == (0, 0)
    assert stored(case).status == Status.PLATFORM_REVIEW
