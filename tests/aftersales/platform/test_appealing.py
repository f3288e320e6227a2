"""申诉: once, in seven days, with something new; another reviewer decides, two reverse (T-25, D13)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.enums import AppealState, Party, Stage, Status
from aftersales.models import Appeal, Case, Intervention, User
from aftersales.notices import delivering
from tests.aftersales.lifecycle.reading import (
    DAY,
    GROUNDS,
    HOUR,
    SECOND,
    assert_moved,
    last,
    owed,
    paid,
    refused,
    stored,
    told,
)
from tests.factories import upload

WHY = "判定没有看到我这次提供的检测报告。"


def appeal(case: Case, user: User) -> None:
    case.appeal(by=user, reason=WHY, evidence={"appeal": [upload(user)]})


# Who, when, with what -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ruling", "losers"),
    [
        ("deny", {"buyer"}),
        ("full_refund", {"merchant"}),
        ("partial_refund", {"buyer", "merchant"}),
        ("return_then_refund", {"merchant"}),
        ("rehandle", set()),
        ("close_agreed", set()),
    ],
)
def test_the_side_that_lost_may_appeal(
    ruling: str, losers: set[str], ruled: Callable[..., Case], buyer: User, merchant: User
) -> None:
    """T-25: in part counts as well."""
    amount = {"amount": Decimal("60.00")} if ruling == "partial_refund" else {}
    case = ruled(ruling, **amount)
    may = {
        name
        for name, user in (("buyer", buyer), ("merchant", merchant))
        if case.may("appeal", user)
    }
    assert may == losers


@pytest.mark.parametrize("late", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_a_ruling_is_appealed_within_seven_days(
    late: timedelta, ruled: Callable[..., Case], buyer: User, merchant: User, now: Any
) -> None:
    """D13, T-25: to the second; then it is closed for good."""
    case = ruled("deny")
    now.shift(7 * DAY + late)
    if late >= timedelta():
        with refused(case, "申诉期已过，判定为终局", by=buyer):
            appeal(case, buyer)
        return
    appeal(case, buyer)
    assert_moved(
        case,
        "appeal",
        Party.BUYER,
        Status.CLOSED_PLATFORM_DENIED,
        Status.CLOSED_PLATFORM_DENIED,
        buyer,
    )
    row, made = stored(case), Appeal.objects.get()
    assert (row.stage, Intervention.objects.get().stage) == (Stage.APPEAL, Stage.APPEAL)
    assert (made.party, made.reason, made.state) == (Party.BUYER, WHY, AppealState.OPEN)
    assert made.decide_by == made.at + 72 * HOUR
    assert told(case) == {merchant.username}


def test_an_appeal_is_made_once_and_brings_something_new(
    ruled: Callable[..., Case], buyer: User
) -> None:
    """T-25."""
    case = ruled("deny")
    with refused(case, "申诉需要新的凭证", by=buyer) as caught:
        case.appeal(by=buyer, reason=WHY)
    assert list(caught.value.errors) == ["proof_appeal"]
    shown = [each.upload for each in case.evidence.all() if each.upload.user_id == buyer.pk]
    with refused(case, "这些凭证本单里已经有了，请上传新的", by=buyer):
        case.appeal(by=buyer, reason=WHY, evidence={"appeal": shown[:1]})
    with refused(case, "理由需 10 到 500 个字", by=buyer):
        case.appeal(by=buyer, reason="不服", evidence={"appeal": [upload(buyer)]})
    appeal(case, buyer)
    with refused(case, "没有可以申诉的判定", by=buyer):
        appeal(case, buyer)


# Deciding it --------------------------------------------------------------------------------------


def test_an_appeal_is_decided_by_somebody_else(
    ruled: Callable[..., Case], merchant: User, staff: User, second: User, buyer: User
) -> None:
    """T-25, two-person rule."""
    case = ruled("full_refund")
    appeal(case, merchant)
    for name in ("uphold_appeal", "propose_reversal"):
        assert case.refusal(name, staff) == "判定人不能复核对自己判定的申诉，请换一位同事"

    case.uphold_appeal(by=second, grounds=GROUNDS)

    assert last(case).step == "uphold_appeal"
    row, made = stored(case), Appeal.objects.get()
    assert (row.stage, made.state, made.decided_by) == (Stage.FINAL, AppealState.UPHELD, second)
    assert row.dispute_refund
    assert told(case) == {buyer.username, merchant.username}
    with refused(case, "没有可以申诉的判定", by=merchant):
        appeal(case, merchant)


def test_a_reversal_takes_two_and_never_claws_back(
    ruled: Callable[..., Case], merchant: User, staff: User, second: User, buyer: User
) -> None:
    """T-25: 纠纷退款 is taken away, the buyer keeps what he got."""
    case = ruled("full_refund")
    assert paid(case) == [("微信支付", "128.00")]
    appeal(case, merchant)

    case.propose_reversal(by=second, responsible="buyer", grounds=GROUNDS)
    assert told(case) == set()  # nothing has been decided yet
    assert stored(case).dispute_refund
    with refused(case, "改判要由另一位同事复核", by=second):
        case.reverse_ruling(by=second)
    case.reverse_ruling(by=staff)

    assert_moved(case, "reverse_ruling", Party.STAFF, Status.REFUNDED, Status.REFUNDED, staff)
    row, asked, made = stored(case), Intervention.objects.get(), Appeal.objects.get()
    assert (row.stage, row.dispute_refund, asked.counts_as_dispute) == (Stage.FINAL, False, False)
    assert (made.state, made.decided_by, made.confirmed_by) == (
        AppealState.REVERSED,
        second,
        staff,
    )
    assert paid(case) == [("微信支付", "128.00")]
    assert asked.ruling == "full_refund"  # the ruling stays to be read
    assert told(case) == {buyer.username, merchant.username}


def test_a_buyer_who_wins_his_appeal_is_paid(
    ruled: Callable[..., Case], buyer: User, staff: User, second: User
) -> None:
    """T-25: from a denial to a refund; who is responsible decides 纠纷退款."""
    case = ruled("deny", responsible="none")
    appeal(case, buyer)
    case.propose_reversal(
        by=second, responsible="merchant", amount=Decimal("100.00"), grounds=GROUNDS
    )
    case.reverse_ruling(by=staff)
    assert_moved(
        case,
        "reverse_ruling",
        Party.STAFF,
        Status.CLOSED_PLATFORM_DENIED,
        Status.REFUNDING,
        staff,
    )
    assert stored(case).closed_at is None
    assert paid(case) == [("微信支付", "100.00")]
    row = stored(case)
    assert (row.status, row.dispute_refund, str(row.to_refund)) == (
        Status.REFUNDED,
        True,
        "100.00",
    )
    assert row.closed_at is not None


@pytest.mark.parametrize(("ruling", "gave"), [("deny", None), ("partial_refund", "60.00")])
def test_who_asked_for_goods_wins_what_they_are_worth(
    ruling: str,
    gave: str | None,
    ruled: Callable[..., Case],
    buyer: User,
    staff: User,
    second: User,
    client: Client,
) -> None:
    """T-25: he named no amount (G6), so what he paid for the pieces is the most (T-15)."""
    given = {"amount": Decimal(gave)} if gave else {}
    case = ruled(ruling, type="exchange", **given)
    before = paid(case)
    appeal(case, buyer)
    said: dict[str, Any] = {"by": second, "responsible": "merchant", "grounds": GROUNDS}
    with refused(case, "", by=second) as caught:
        case.propose_reversal(amount=Decimal("128.01"), **said)
    assert "不超过 128.00" in str(caught.value.errors["amount"])
    client.force_login(second)
    page = client.get(reverse("admin:propose_reversal", args=[case.code]))
    assert "买家最多可得 ¥128.00" in page.text
    case.propose_reversal(amount=Decimal("128.00"), **said)
    case.reverse_ruling(by=staff)
    assert stored(case).to_refund == Decimal("128.00")
    more = "68.00" if gave else "128.00"
    assert paid(case) == [*before, ("微信支付", more)]


def test_what_a_partial_ruling_gave_is_topped_up(
    ruled: Callable[..., Case], buyer: User, staff: User, second: User
) -> None:
    """T-25: the new total, less what he has."""
    case = ruled("partial_refund", amount=Decimal("60.00"))
    assert paid(case) == [("微信支付", "60.00")]
    appeal(case, buyer)
    for wrong in ("60.00", "128.01", "0.00", "70.001", "NaN"):
        with refused(case, "", by=second) as caught:
            case.propose_reversal(
                by=second, responsible="merchant", amount=Decimal(wrong), grounds=GROUNDS
            )
        assert list(caught.value.errors) == ["amount"]
    case.propose_reversal(
        by=second, responsible="merchant", amount=Decimal("128.00"), grounds=GROUNDS
    )
    case.reverse_ruling(by=staff)
    assert owed(case) == [("微信支付", "60.00"), ("微信支付", "68.00")]


def test_a_reversal_waits_for_the_money_of_the_ruling(
    ruled: Callable[..., Case], buyer: User, staff: User, second: User
) -> None:
    case = ruled("partial_refund", amount=Decimal("60.00"))
    appeal(case, buyer)
    case.propose_reversal(
        by=second, responsible="merchant", amount=Decimal("128.00"), grounds=GROUNDS
    )
    with refused(case, "原判定的退款还在处理", by=staff):
        case.reverse_ruling(by=staff)


def test_a_second_person_may_disagree(
    ruled: Callable[..., Case], merchant: User, staff: User, second: User, third: User
) -> None:
    """T-25: then the appeal is decided anew, and the sides have heard of nothing."""
    case = ruled("full_refund")
    appeal(case, merchant)
    case.propose_reversal(by=second, responsible="none", grounds=GROUNDS)
    case.return_reversal(by=third, grounds=GROUNDS)
    assert told(case) == set()
    made = Appeal.objects.get()
    assert (made.state, made.decided_by, made.grounds) == (AppealState.OPEN, None, "")
    case.uphold_appeal(by=third, grounds=GROUNDS)
    assert stored(case).stage == Stage.FINAL


def test_a_reversal_for_the_shop_names_somebody_else(
    ruled: Callable[..., Case], merchant: User, second: User
) -> None:
    case = ruled("full_refund")
    appeal(case, merchant)
    for wrong in ("merchant", "nobody"):
        with refused(case, "", by=second) as caught:
            case.propose_reversal(by=second, responsible=wrong, grounds=GROUNDS)
        assert list(caught.value.errors) == ["responsible"]


def test_the_sides_never_decide(
    ruled: Callable[..., Case], buyer: User, merchant: User, second: User
) -> None:
    """T-20, T-25: a shop can never set a ruling, nor decide an appeal against one."""
    case = ruled("deny")
    appeal(case, buyer)
    for name, answers in {
        "rule": {"ruling": "deny", "responsible": "buyer", "grounds": GROUNDS},
        "uphold_appeal": {"grounds": GROUNDS},
        "propose_reversal": {"responsible": "none", "grounds": GROUNDS},
        "return_reversal": {"grounds": GROUNDS},
        "reverse_ruling": {},
    }.items():
        for user in (buyer, merchant):
            with refused(case, "你没有权限进行此操作", by=user):
                getattr(case, name)(by=user, **answers)


def test_a_reviewer_of_the_shop_decides_nothing_in_it(
    ruled: Callable[..., Case], buyer: User, second: User, shop: Any
) -> None:
    """T-20: nobody rules in a case in which he stands on a side himself."""
    case = ruled("deny")
    appeal(case, buyer)
    shop.members.create(user=second, permissions=["reject"])
    assert Case.objects.get(pk=case.pk).refusal("uphold_appeal", second) == (
        "你是本单的买家或商家，不能判定"
    )


def test_internal_steps_are_told_to_nobody() -> None:
    assert {"propose_reversal", "return_reversal"} <= delivering.SILENT
