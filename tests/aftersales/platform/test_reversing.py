"""改判, while the return that was ruled is still under way: what stops, and who has the goods (T-25)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from aftersales.consistency.checking import examine
from aftersales.enums import Party, Stage, Status
from aftersales.models import Case, User
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import (
    DAY,
    GROUNDS,
    HOUR,
    WHY,
    last,
    owed,
    paid,
    refused,
    stored,
    texts,
    told,
)
from tests.factories import upload

RETURN = "return_then_refund"


@pytest.fixture
def reverse(merchant: User, staff: User, second: User) -> Callable[[Case], None]:
    """The shop appeals, one reviewer proposes, another confirms."""

    def take(case: Case) -> None:
        filed = {"appeal": [upload(merchant)]}
        case.appeal(by=merchant, reason=WHY, evidence=filed)
        case.propose_reversal(by=second, responsible="buyer", grounds=GROUNDS)
        told(case)
        case.reverse_ruling(by=staff)

    return take


@pytest.fixture
def returning(ruled: Callable[..., Case]) -> Case:
    """A return was ruled; the goods are with the buyer."""
    case = ruled(RETURN, type="return_refund")
    assert case.status == Status.AWAITING_BUYER_RETURN
    return case


def send_back(case: Case, buyer: User) -> None:
    case.send_back(by=buyer, carrier="中通快递", tracking="ZT00004321")


def test_goods_still_with_the_buyer_stay_with_him(
    returning: Case, reverse: Callable[[Case], None], buyer: User, merchant: User, now: Any
) -> None:
    """S3: he sends nothing back, nothing is refunded, and no clock runs on."""
    case = returning
    reverse(case)

    row, event = stored(case), last(case)
    assert (event.step, event.party, event.details["then"]) == (
        "reverse_ruling",
        Party.STAFF,
        "keep",
    )
    assert (row.status, row.stage) == (Status.CLOSED_PLATFORM_DENIED, Stage.FINAL)
    assert (row.dispute_refund, row.to_refund, row.return_address) == (False, None, None)
    assert (row.due_at, row.wake_at) == (None, None)
    assert owed(case) == []
    assert told(case) == {buyer.username, merchant.username}
    assert "商品留在你处，不用再寄回" in texts(case)[buyer.username]
    assert "买家不再寄回商品" in texts(case)[merchant.username]
    with refused(case, "售后单当前状态不能进行此操作", by=buyer):
        send_back(case, buyer)
    now.shift(30 * DAY)
    expire_all()
    assert owed(case) == []
    assert not examine([case.pk])


def test_goods_on_their_way_to_the_shop_are_given_back(
    returning: Case,
    reverse: Callable[[Case], None],
    buyer: User,
    merchant: User,
    now: Any,
) -> None:
    """S5: nothing is refunded; D8 begins where the receipt clock would have ended."""
    case = returning
    send_back(case, buyer)
    receipt = stored(case).due_at
    reverse(case)

    row = stored(case)
    assert (row.status, row.remedy) == (Status.AWAITING_MERCHANT_SHIP, "give_back")
    assert row.due_at == row.wake_at == receipt + 72 * HOUR
    assert (row.dispute_refund, row.to_refund) == (False, None)
    assert "商家收到的商品会原样寄还给你" in texts(case)[buyer.username]
    assert "请在时限内把商品原样寄还买家" in texts(case)[merchant.username]

    now.shift(DAY)
    case.ship_replacement(by=merchant, carrier="顺丰速运", tracking="SF0000054321")
    case.confirm_arrival(by=buyer)

    assert stored(case).status == Status.CLOSED_PLATFORM_DENIED
    assert not stored(case).succeeded
    assert owed(case) == []
    assert not examine([case.pk])


def test_goods_that_came_back_are_given_back_within_the_ships_clock(
    returning: Case, reverse: Callable[[Case], None], buyer: User
) -> None:
    case = returning
    send_back(case, buyer)
    Case.objects.filter(pk=case.pk).update(return_signed_at=stored(case).updated_at)
    case.refresh_from_db()
    reverse(case)
    assert stored(case).due_at == stored(case).updated_at + 72 * HOUR


@pytest.mark.parametrize("claim", ["128.00", "30.00"])
def test_a_shop_that_keeps_the_goods_pays_for_them(
    claim: str,
    deciding: Callable[..., Case],
    staff: User,
    reverse: Callable[[Case], None],
    buyer: User,
    now: Any,
) -> None:
    """T-15: whoever has both the goods and the money has to give one of them; all that was paid for
    them, however little of it was claimed."""
    case = deciding(amount=Decimal(claim))
    case.rule(by=staff, ruling=RETURN, responsible="merchant", grounds=GROUNDS)
    send_back(case, buyer)
    reverse(case)
    now.shift(stored(case).due_at - stored(case).updated_at)
    assert expire_all() == (1, 0)
    assert last(case).step == "refund_unshipped_remedy"
    assert paid(case) == [("微信支付", "128.00")]


def test_goods_that_come_back_for_an_exchange_are_given_back_unchanged(
    ruled: Callable[..., Case], reverse: Callable[[Case], None], buyer: User, merchant: User
) -> None:
    """S7."""
    case = ruled("exchange", type="exchange")
    send_back(case, buyer)
    case.confirm_receipt(by=merchant)
    assert stored(case).status == Status.AWAITING_MERCHANT_SHIP
    reverse(case)
    row = stored(case)
    assert (row.status, row.remedy) == (Status.AWAITING_MERCHANT_SHIP, "give_back")
    assert row.due_at == row.updated_at + 72 * HOUR


def test_a_parcel_of_missing_goods_is_not_sent_any_more(
    ruled: Callable[..., Case], reverse: Callable[[Case], None]
) -> None:
    case = ruled("resend", type="resend")
    reverse(case)
    assert stored(case).status == Status.CLOSED_PLATFORM_DENIED
    assert owed(case) == []


def test_a_ruling_that_still_waits_for_an_address_is_stopped(
    deciding: Callable[..., Case],
    staff: User,
    shop: Any,
    reverse: Callable[[Case], None],
    now: Any,
) -> None:
    """S9, D12: the platform does not carry out what was reversed."""
    case = deciding(type="return_refund")
    shop.addresses.all().delete()
    case.rule(by=staff, ruling=RETURN, responsible="merchant", grounds=GROUNDS)
    assert stored(case).status == Status.PLATFORM_REVIEW
    reverse(case)
    assert stored(case).status == Status.CLOSED_PLATFORM_DENIED
    now.shift(2 * DAY)
    expire_all()
    assert owed(case) == []


@pytest.mark.parametrize("then", ["owed", "paid", "gone out"])
def test_what_has_been_given_is_never_fetched_back(
    then: str,
    ruled: Callable[..., Case],
    reverse: Callable[[Case], None],
    buyer: User,
    merchant: User,
) -> None:
    """T-25 (ASSUMED): money that is owed or paid, and goods that went out."""
    if then == "gone out":
        case = ruled("resend", type="resend")
        case.ship_replacement(by=merchant, carrier="顺丰速运", tracking="SF0000054322")
    else:
        case = ruled("full_refund")
    if then == "paid":
        paid(case)
        case.refresh_from_db()
    before, amounts = stored(case).status, owed(case)
    reverse(case)
    assert (stored(case).status, owed(case)) == (before, amounts)
    assert last(case).details["then"] == ""
    assert not stored(case).dispute_refund


@pytest.mark.parametrize("how", ["handled anew", "in silence", "relenting"])
def test_who_takes_in_what_he_was_to_give_back_pays_for_it(
    how: str,
    returning: Case,
    reverse: Callable[[Case], None],
    buyer: User,
    merchant: User,
    second: User,
    now: Any,
) -> None:
    """T-11, T-20, T-22: the platform steps in again, and what counts is what the buyer asked for.

    Found by the oracle (R3): the goods went out again as they were, and the claim was denied.
    """
    case = returning
    send_back(case, buyer)
    reverse(case)
    case.take_over(by=second, grounds=GROUNDS)
    now.shift(48 * HOUR)
    case.catch_up()
    if how != "relenting":
        case.rule(by=second, ruling="rehandle", responsible="none", grounds=GROUNDS)
        assert (stored(case).status, stored(case).remedy) == (
            Status.AWAITING_MERCHANT_RECEIPT,
            "refund",
        )
    if how == "in silence":
        now.shift(7 * DAY)
        assert expire_all() == (1, 0)
    else:
        case.confirm_receipt(by=merchant)
    assert paid(case) == [("微信支付", "128.00")]
