"""补偿: what is paid besides the refund fails for itself, and hides nothing else that waits for staff."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aftersales import clock
from aftersales.enums import ScanKind, Status
from aftersales.logistics import traces
from aftersales.models import Case, LedgerMood, Offer, Plan, User
from aftersales.payments import pay_due
from aftersales.rules import amounts
from tests.aftersales.lifecycle.reading import owed, steps, stored
from tests.aftersales.negotiation.talk import yuan
from tests.factories import Desk

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
REASON = "出差在外没有看到通知，请重新处理。"


def made_good(case: Case) -> None:
    """The buyer accepts a coupon besides; the gateway will refuse it."""
    coupon = Plan.objects.get(code="coupon")
    offer = Offer.objects.create(
        case=case, party="merchant", plan=coupon, amount=yuan("5.00"), at=clock.now()
    )
    case.accept_plan(by=case.buyer, offer=offer)
    LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE, times=1)
    pay_due()
    case.refresh_from_db()


@pytest.fixture
def lost(make_case: Callable[..., Case], merchant: User, now: Any) -> Case:
    """D5: a refused parcel that is nowhere, and before that a coupon that could not be paid."""
    case = make_case(type="refund_not_received")
    made_good(case)
    case.agree_refusal(by=merchant)
    now.shift(10 * DAY)
    case.catch_up()
    return case


@pytest.mark.parametrize("way", ["retry", "offline"])
def test_a_coupon_looked_after_leaves_the_lost_parcel_to_be_looked_for(
    way: str, lost: Case, staff: User
) -> None:
    """T-24, D5: each of the two waits for staff until it is looked after itself."""
    if way == "retry":
        lost.retry_refund(by=staff)
    else:
        lost.settle_offline(by=staff, proof="银行转账 回单号 178")

    assert (stored(lost).needs_staff, stored(lost).due_at) == (True, None)


def test_a_parcel_that_came_back_leaves_the_coupon_to_be_looked_after(
    lost: Case, staff: User
) -> None:
    """T-06, T-24."""
    scan = traces.Scan(clock.now() + DAY, ScanKind.RETURNED, "已退回发件人")
    traces.record(lost.order.parcels.get(), [scan])
    assert (stored(lost).status, stored(lost).needs_staff) == (Status.REFUNDING, True)
    lost = stored(lost)
    lost.retry_refund(by=staff)
    assert not stored(lost).needs_staff


def test_a_request_to_look_again_stays_open_while_a_coupon_is_tried_again(
    make_desk: Callable[..., Desk], buyer: User, staff: User, now: Any
) -> None:
    """T-18, T-24: and its answer leaves a coupon that has still not been paid."""
    desk = make_desk("negotiated")
    case = desk.case
    made_good(case)
    desk.reject()
    now.move_to(case.due_at, tick=False)
    case.catch_up()
    case.ask_reopen(by=buyer, reason=REASON)

    case.retry_refund(by=staff)
    assert stored(case).needs_staff
    assert case.refusal("decline_reopen", staff) == ""
    LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE, times=1)
    pay_due()
    assert steps(case).count("note_failed_payout") == 2  # also heard of while they look already
    case.refresh_from_db()
    case.decline_reopen(by=staff, note="超过时限，不予重新处理")
    assert stored(case).needs_staff
    case.retry_refund(by=staff)
    assert not stored(case).needs_staff


def test_a_coupon_that_was_paid_is_no_refund_that_forbids_to_look_again(
    make_desk: Callable[..., Desk], buyer: User, staff: User, now: Any
) -> None:
    """T-18: the buyer's claim itself has brought him nothing yet."""
    desk = make_desk("negotiated")
    case = desk.case
    made_good(case)
    case.retry_refund(by=staff)
    pay_due()
    case.refresh_from_db()
    desk.reject()
    now.move_to(case.due_at, tick=False)
    case.catch_up()
    case.ask_reopen(by=buyer, reason=REASON)

    case.reopen(by=staff, note="情况属实，恢复处理")

    assert (stored(case).status, owed(case)) == (
        Status.REJECTED,
        [(amounts.MERCHANT_ROUTE, "5.00")],
    )
