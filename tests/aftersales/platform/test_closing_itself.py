"""What ends a request without a ruling: declined for whatever reason, taken back, settled (§1.6)."""

from collections.abc import Callable
from typing import Any

import pytest

from aftersales.enums import Stage, Status
from aftersales.models import Case, DecisionReason, Intervention, User
from aftersales.models.case.intervening import DECLINE
from tests.aftersales.lifecycle.reading import GROUNDS, owed, refused, stored, told

NOT_ACCEPTED = ["DN-01", "DN-02", "DN-03", "DN-04", "DN-05", "DN-06", "DN-07"]


def test_every_shipped_reason_not_to_accept_is_tried_here(db: None) -> None:
    shipped = {row.code for row in DecisionReason.objects.all() if DECLINE in row.decisions}
    assert shipped == set(NOT_ACCEPTED)


@pytest.mark.parametrize("code", NOT_ACCEPTED)
def test_what_is_not_accepted_moves_no_money_and_counts_for_nobody(
    code: str, make_case: Any, staff: User, buyer: User, merchant: User
) -> None:
    """§1.6, Taobao Art. 6: back with its time, or closed; both sides read why."""
    case = make_case("under_review")
    row = DecisionReason.objects.get(code=code)
    case.decline(by=staff, reason=row, grounds=GROUNDS)
    after = Status.CLOSED_PLATFORM_DENIED if row.closes else Status.REJECTED
    case = stored(case)
    assert (case.status, case.stage, case.dispute_refund) == (after, Stage.DECLINED, False)
    assert owed(case) == []
    assert told(case) == {buyer.username, merchant.username}


def test_only_who_asked_takes_it_back_and_nobody_after_the_ruling(
    make_case: Any,
    deciding: Callable[..., Case],
    staff: User,
    buyer: User,
    merchant: User,
) -> None:
    """T-19."""
    case = make_case("under_review")
    with refused(case, "只有申请介入的一方可以撤回", by=merchant):
        case.withdraw(by=merchant)
    ruled = deciding(type="return_refund")
    ruled.rule(by=staff, ruling="return_then_refund", responsible="merchant", grounds=GROUNDS)
    with refused(ruled, "", by=buyer):
        ruled.withdraw(by=buyer)


def test_a_shop_that_relents_closes_the_request_by_itself(
    make_case: Any, merchant: User, buyer: User
) -> None:
    """T-22, Taobao Art. 84: settled at any time before the ruling; no 纠纷退款."""
    case = make_case("under_review")
    case.agree(by=merchant)
    row, asked = stored(case), Intervention.objects.get()
    assert (row.status, row.stage, asked.stage) == (
        Status.REFUNDING,
        Stage.SETTLED,
        Stage.SETTLED,
    )
    assert (row.evidence_due_at, row.dispute_refund) == (None, False)
    assert owed(case) == [("微信支付", "128.00")]
    assert told(case) == {buyer.username}
