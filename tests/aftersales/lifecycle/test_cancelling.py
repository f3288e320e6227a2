"""撤销 (T-02): the buyer ends his case himself, for good, until the goods are on their way."""

from typing import Any

import pytest

from aftersales.enums import Party, PlanState, RoundState, Stage, Status
from aftersales.models import Case
from tests.aftersales.lifecycle.reading import (
    DAY,
    GROUNDS,
    HOUR,
    assert_moved,
    owed,
    refused,
    stored,
    told,
)

CANCELLABLE = [
    pytest.param("", {}, Status.PENDING_MERCHANT, id="pending"),
    pytest.param("waiting", {}, Status.PENDING_MERCHANT, id="negotiating"),
    pytest.param("rejected", {}, Status.REJECTED, id="rejected"),
    pytest.param(
        "agreed", {"type": "return_refund"}, Status.AWAITING_BUYER_RETURN, id="return agreed"
    ),
    pytest.param("under_review", {}, Status.PLATFORM_REVIEW, id="under review"),
]


@pytest.mark.parametrize(("trait", "given", "before"), CANCELLABLE)
def test_a_buyer_takes_his_application_back(
    trait: str, given: dict[str, Any], before: Status, make_case: Any, buyer: Any, merchant: Any
) -> None:
    """T-02, S-18: no clock runs on, nothing is owed, open talks are closed."""
    case = make_case(trait, **given)

    case.cancel(by=buyer)

    assert_moved(case, "cancel", Party.BUYER, before, Status.CANCELLED, buyer)
    row = stored(case)
    assert (row.due_at, row.reply_due_at, row.evidence_due_at, row.wake_at) == (None,) * 4
    assert row.closed_at == row.updated_at
    assert row.stage in ("", Stage.SETTLED)
    assert not row.offers.filter(state=PlanState.OPEN).exists()
    assert not row.rounds.filter(state=RoundState.WAITING).exists()
    assert owed(case) == []
    assert told(case) == {merchant.username}


def test_a_buyer_whose_parcel_may_still_come_takes_it_back(
    make_case: Any, buyer: Any, merchant: Any
) -> None:
    """T-02 from 待买家拒收."""
    case = make_case(type="refund_not_received")
    case.agree_refusal(by=merchant)
    case.cancel(by=buyer)
    assert_moved(
        case, "cancel", Party.BUYER, Status.AWAITING_DELIVERY_REFUSAL, Status.CANCELLED, buyer
    )


@pytest.mark.parametrize("trait", ["sent_back", "refused_goods"])
def test_goods_on_their_way_back_can_not_be_taken_back(
    trait: str, make_case: Any, buyer: Any
) -> None:
    """T-02: not once return tracking is filed."""
    case = make_case(trait, type="return_refund")
    with refused(case, "售后单当前状态不能进行此操作", by=buyer) as caught:
        case.cancel(by=buyer)
    assert caught.value.conflict


def test_nor_from_a_review_that_the_goods_led_to(make_case: Any, buyer: Any, merchant: Any) -> None:
    """T-02."""
    case = make_case("refused_goods", type="return_refund")
    case.ask_platform(by=merchant, reason="寄回的商品与我们发出的不是同一件。")
    with refused(case, "你已经寄回商品，不能撤销", by=buyer):
        case.cancel(by=buyer)


def test_nor_after_a_ruling(make_case: Any, buyer: Any, staff: Any, now: Any) -> None:
    """T-02: before the ruling only."""
    case = make_case("under_review")
    now.shift(2 * DAY)
    case.catch_up()
    case.rule(by=staff, ruling="full_refund", responsible="merchant", grounds=GROUNDS)
    with refused(case, "售后单当前状态不能进行此操作", by=buyer):
        case.cancel(by=buyer)


@pytest.mark.parametrize("trait", ["cancelled", "refunded", "lapsed", "denied"])
def test_what_has_ended_stays_as_it_ended(
    trait: str, make_case: Any, buyer: Any, merchant: Any, staff: Any, now: Any
) -> None:
    """No step of a person leads out of an end but for what time alone closed, which staff may
    look at again; a complaint outside may be recorded."""
    case = ended(trait, make_case, buyer, merchant, staff, now)
    for user in (buyer, merchant, staff):
        open_moves = {
            move.name
            for party in case.parties_of(user)
            for move in case.moves(user, party)
            if not move.refusal
        }
        asides = {"record_complaint", "send_message", "reveal_number"}
        # what one decision of staff does in every case of an outage, ended ones too: no move either
        asides |= {"extend", "excuse"}
        # T-25: a ruling may be appealed for a while; that by itself moves nothing
        asides |= {"appeal"} if case.stage == Stage.RULED else set()
        asides |= {"ask_reopen", "reopen"} if trait == "lapsed" else set()
        assert open_moves <= asides


def ended(trait: str, make_case: Any, buyer: Any, merchant: Any, staff: Any, now: Any) -> Case:
    """A case that came to its end by real steps."""
    case: Case
    if trait == "cancelled":
        case = make_case()
        case.cancel(by=buyer)
    elif trait == "refunded":
        case = make_case()
        case.agree(by=merchant)
        case.refunds.update(state="paid", due_at=None)
        case.finish_refund(by=None)
    elif trait == "lapsed":
        case = make_case("rejected")
        now.shift(7 * DAY)
        case.catch_up()
    else:
        case = make_case("under_review")
        now.shift(48 * HOUR)
        case.catch_up()
        case.rule(by=staff, ruling="deny", responsible="buyer", grounds=GROUNDS)
    assert case.ended
    return case
