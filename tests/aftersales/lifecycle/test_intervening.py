"""平台介入: who may ask, what each side sees meanwhile, and taking it back (T-17, T-19, D11)."""

from datetime import date, timedelta
from typing import Any

import pytest

from aftersales.enums import Party, Stage, Status, Turn
from aftersales.models import Intervention, Policy
from aftersales.rules.visibility import sees_content
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import (
    DAY,
    HOUR,
    SECOND,
    WHY,
    assert_moved,
    last,
    owed,
    refused,
    stored,
    told,
)
from tests.factories import upload


def test_a_rejected_buyer_asks_the_platform(make_case: Any, buyer: Any, merchant: Any) -> None:
    """T-17, S-22, S-39, S-40, D11: he says why and what he wants, and proof is in for 48 hours."""
    case = make_case("rejected")

    case.ask_platform(
        by=buyer, reason=WHY, wants="全额退款", evidence={"platform": [upload(buyer)]}
    )

    event = assert_moved(
        case, "ask_platform", Party.BUYER, Status.REJECTED, Status.PLATFORM_REVIEW, buyer
    )
    assert (event.details["reason"], event.details["wants"]) == (WHY, "全额退款")
    row, asked = stored(case), Intervention.objects.get()
    assert (row.stage, row.turn, row.platform_asked_at) == (Stage.EVIDENCE, Turn.PLATFORM, event.at)
    assert row.evidence_due_at == row.wake_at == event.at + 48 * HOUR
    assert row.due_at == asked.decide_by == event.at + 72 * HOUR  # D14, a target
    assert (asked.reason, asked.wants, asked.asked_by) == (WHY, "全额退款", Party.BUYER)
    assert (asked.came_from, asked.clock_left) == (Status.REJECTED, 7 * DAY)
    assert owed(case) == []
    assert told(case) == {merchant.username}


@pytest.mark.parametrize("who", ["buyer", "merchant"])
def test_after_refused_goods_either_side_may_ask(
    who: str, make_case: Any, buyer: Any, merchant: Any
) -> None:
    """T-17."""
    user = {"buyer": buyer, "merchant": merchant}[who]
    case = make_case("refused_goods", type="return_refund")
    case.ask_platform(by=user, reason=WHY)
    assert_moved(
        case, "ask_platform", Party(who), Status.RETURN_REFUSED, Status.PLATFORM_REVIEW, user
    )
    assert Intervention.objects.get().asked_by == who
    assert told(case) == {{buyer: merchant, merchant: buyer}[user].username}


def test_a_merchant_does_not_ask_over_his_own_rejection(make_case: Any, merchant: Any) -> None:
    """T-17."""
    case = make_case("rejected")
    with refused(case, "商家只能在拒绝收货后申请平台介入", by=merchant):
        case.ask_platform(by=merchant, reason=WHY)


def test_before_the_merchant_has_answered_the_platform_waits(
    make_case: Any, buyer: Any, now: Any
) -> None:
    """T-17, S-01: unless the policy in force at the application says otherwise."""
    case = make_case()
    with refused(case, "商家还没有处理，暂不能申请平台介入", by=buyer) as caught:
        case.ask_platform(by=buyer, reason=WHY)
    assert caught.value.conflict
    Policy.objects.update(allow_early_intervention=True)
    early = make_case()
    now.shift(24 * HOUR)  # D10
    early.ask_platform(by=buyer, reason=WHY)
    assert early.status == Status.PLATFORM_REVIEW


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "请说明申请介入的理由"),
        ("  ", "请说明申请介入的理由"),
        ("不讲道理", "理由需 10 到 500 个字"),
        ("长" * 501, "理由需 10 到 500 个字"),
    ],
)
def test_a_request_says_why(reason: str, sentence: str, make_case: Any, buyer: Any) -> None:
    """S-40."""
    case = make_case("rejected")
    with refused(case, sentence, by=buyer) as caught:
        case.ask_platform(by=buyer, reason=reason)
    assert list(caught.value.errors) == ["reason"]


def test_there_is_one_request_at_a_time(make_case: Any, buyer: Any, merchant: Any) -> None:
    """T-17: one open request."""
    case = make_case("under_review")
    for user in (buyer, merchant):
        with refused(case, "售后单当前状态不能进行此操作", by=user):
            case.ask_platform(by=user, reason=WHY)


# Evidence -----------------------------------------------------------------------------------------


def test_proof_is_in_until_its_second(make_case: Any, buyer: Any, merchant: Any, now: Any) -> None:
    """D11: 48 hours; at its end staff decide on what is there."""
    case = make_case("under_review")
    now.move_to(case.evidence_due_at - SECOND, tick=False)
    assert expire_all() == (0, 0)
    for user in (buyer, merchant):
        case.add_evidence(by=user, evidence={"added": [upload(user)]})
    now.shift(SECOND)

    with pytest.raises(Refused, match="举证时间已过"):
        case.add_evidence(by=buyer, evidence={"added": [upload(buyer)]})

    event = last(case)
    assert (event.step, event.party) == ("close_evidence", Party.CLOCK)
    row = stored(case)
    assert (row.stage, row.evidence_due_at, row.wake_at) == (Stage.DECIDING, None, None)
    assert Intervention.objects.get().stage == Stage.DECIDING
    assert row.status == Status.PLATFORM_REVIEW


def test_the_sweep_closes_the_window(make_case: Any, now: Any, buyer: Any, merchant: Any) -> None:
    """D11: both sides are told."""
    case = make_case("under_review")
    now.shift(48 * HOUR)
    assert expire_all() == (1, 0)
    assert last(case).step == "close_evidence"
    assert told(case) == {buyer.username, merchant.username}


def test_each_side_sees_the_others_proof_only_when_the_window_is_closed(
    make_case: Any, buyer: Any, merchant: Any, now: Any
) -> None:
    """§1.6: that something was filed is seen, its content is not, so that no side tailors its own."""
    case = make_case("rejected")
    now.shift(HOUR)
    case.ask_platform(by=buyer, reason=WHY)
    case.add_evidence(by=buyer, evidence={"added": [upload(buyer)]})
    case.refresh_from_db()
    before, *_rest, new = case.evidence.filter(party=Party.BUYER)

    assert sees_content(before, case, Party.MERCHANT)  # filed with the application
    assert not sees_content(new, case, Party.MERCHANT)
    assert sees_content(new, case, Party.BUYER)
    assert sees_content(new, case, Party.STAFF)

    now.shift(48 * HOUR)
    case.catch_up()
    assert sees_content(new, case, Party.MERCHANT)


def test_proof_of_nothing_is_refused(make_case: Any, buyer: Any) -> None:
    case = make_case()
    for evidence in ({}, {"added": []}):
        with refused(case, "请选择要上传的凭证", by=buyer):
            case.add_evidence(by=buyer, evidence=evidence)


# Taking it back -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "left"),
    [
        (timedelta(), 7 * DAY),
        (2 * DAY, 5 * DAY),
        (6 * DAY, DAY),
        (7 * DAY - HOUR, DAY),
    ],
    ids=["all of it", "five days", "one day", "one hour is made a day"],
)
def test_a_request_is_taken_back_and_the_time_restored(
    used: timedelta, left: timedelta, make_case: Any, buyer: Any, merchant: Any, now: Any
) -> None:
    """T-19: the time that was left when he asked, at least 24 hours."""
    case = make_case("rejected")
    now.shift(used)
    case.ask_platform(by=buyer, reason=WHY)
    now.shift(HOUR)

    case.withdraw(by=buyer)

    event = assert_moved(
        case, "withdraw", Party.BUYER, Status.PLATFORM_REVIEW, Status.REJECTED, buyer
    )
    row = stored(case)
    assert row.due_at == row.wake_at == event.at + left
    assert (row.stage, row.evidence_due_at) == (Stage.WITHDRAWN, None)
    asked = Intervention.objects.get()
    assert asked.stage == Stage.WITHDRAWN
    assert row.platform_asked_at  # it still counts as an intervention
    assert told(case) == {merchant.username}


def test_a_merchant_takes_his_request_back(make_case: Any, buyer: Any, merchant: Any) -> None:
    """T-19: by who asked, to the state before."""
    case = make_case("refused_goods", type="return_refund")
    case.ask_platform(by=merchant, reason=WHY)
    with refused(case, "只有申请介入的一方可以撤回", by=buyer):
        case.withdraw(by=buyer)
    case.withdraw(by=merchant)
    assert stored(case).status == Status.RETURN_REFUSED


def test_a_request_may_be_made_again_after_it_was_taken_back(make_case: Any, buyer: Any) -> None:
    """T-17, T-19: within what is left of D6."""
    case = make_case("under_review")
    case.withdraw(by=buyer)
    case.ask_platform(by=buyer, reason=WHY)
    assert [each.stage for each in Intervention.objects.all()] == [Stage.WITHDRAWN, Stage.EVIDENCE]


def test_sides_may_settle_while_the_platform_looks(make_desk: Any, buyer: Any, now: Any) -> None:
    """§1.6, T-21: settlement stays possible until the ruling; the request closes by itself."""
    desk = make_desk("expired")
    desk.negotiate()
    now.shift(HOUR)
    desk.reject()
    case = desk.case
    case.ask_platform(by=buyer, reason=WHY)
    offer = case.open_offers()[0]
    case.accept_plan(by=buyer, offer=offer)
    assert_moved(case, "accept_plan", Party.BUYER, Status.PLATFORM_REVIEW, Status.REFUNDING, buyer)
    row = stored(case)
    assert (row.stage, row.evidence_due_at, row.wake_at) == (Stage.SETTLED, None, None)
    assert Intervention.objects.get().stage == Stage.SETTLED
    assert owed(case) == [("微信支付", str(offer.amount))]


# Outside the platform -----------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["12315", "black_cat", "consumers", "industry", "court"])
def test_a_complaint_outside_is_recorded_at_any_time(
    channel: str, make_case: Any, buyer: Any
) -> None:
    """S-24, S-41: also authorities and industry associations; it moves nothing."""
    case = make_case()
    case.record_complaint(by=buyer, channel=channel, filed_on=date(2026, 11, 23), number="A1")
    event = last(case)
    assert (event.step, event.before, event.after) == (
        "record_complaint",
        Status.PENDING_MERCHANT,
        Status.PENDING_MERCHANT,
    )
    assert case.complaints.get().channel == channel


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"channel": "neighbour", "filed_on": date(2026, 11, 23)}, "channel"),
        ({"channel": "12315", "filed_on": date(2026, 11, 24)}, "filed_on"),
    ],
)
def test_a_complaint_is_checked(
    given: dict[str, Any], field: str, make_case: Any, buyer: Any
) -> None:
    """S-24."""
    case = make_case()
    with refused(case, "", by=buyer) as caught:
        case.record_complaint(by=buyer, **given)
    assert list(caught.value.errors) == [field]
