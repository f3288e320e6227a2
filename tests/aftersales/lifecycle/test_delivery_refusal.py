"""拒收: a parcel refused at the door goes back, and then the money does (T-05, T-06, S-03)."""

from typing import Any

import pytest

from aftersales import clock
from aftersales.enums import Party, ScanKind, Status
from aftersales.logistics import traces
from aftersales.models import Parcel
from tests.aftersales.lifecycle.reading import (
    DAY,
    HOUR,
    assert_moved,
    owed,
    refused,
    stored,
    texts,
    told,
)
from tests.aftersales.negotiation.talk import plan, script


def parcel_of(case: Any) -> Parcel:
    parcel: Parcel = case.order.parcels.get(direction="outbound")
    return parcel


def scanned(case: Any, kind: ScanKind, now: Any) -> None:
    """The carrier reports one more scan, an hour later."""
    now.shift(HOUR)
    at = stored(case).updated_at + HOUR
    traces.record(parcel_of(case), [traces.Scan(at, kind, str(kind.label))])


def test_a_merchant_lets_the_parcel_be_refused(make_case: Any, merchant: Any, buyer: Any) -> None:
    """T-05: ten days for it to come back (D5), nothing is owed yet."""
    case = make_case(type="refund_not_received")

    case.agree_refusal(by=merchant)

    assert_moved(
        case,
        "agree_refusal",
        Party.MERCHANT,
        Status.PENDING_MERCHANT,
        Status.AWAITING_DELIVERY_REFUSAL,
        merchant,
    )
    row = stored(case)
    assert row.due_at == row.wake_at == row.updated_at + 10 * DAY
    assert owed(case) == []
    assert told(case) == {buyer.username}


@pytest.mark.parametrize("kind", ["refund_unshipped", "refund_received", "return_refund"])
def test_only_a_parcel_on_its_way_can_be_refused(kind: str, make_case: Any, merchant: Any) -> None:
    """T-05."""
    case = make_case(type=kind)
    with refused(case, "包裹不在运输途中，不能选择拒收后退款", by=merchant):
        case.agree_refusal(by=merchant)


def test_nor_one_that_was_signed_meanwhile(make_case: Any, merchant: Any, now: Any) -> None:
    """T-05: the type of the case does not change with it (walk 2)."""
    case = make_case(type="refund_not_received")
    scanned(case, ScanKind.SIGNED, now)
    with refused(case, "包裹不在运输途中", by=merchant):
        case.agree_refusal(by=merchant)
    assert stored(case).type == "refund_not_received"


@pytest.mark.parametrize("kind", [ScanKind.REFUSED, ScanKind.RETURNING, ScanKind.RETURNED])
def test_a_parcel_going_back_brings_the_refund(
    kind: ScanKind, make_case: Any, merchant: Any, buyer: Any, now: Any
) -> None:
    """T-06: the carrier's word is enough, and everybody is told."""
    case = make_case(type="refund_not_received")
    case.agree_refusal(by=merchant)

    scanned(case, kind, now)

    event = assert_moved(
        case,
        "take_back",
        Party.CLOCK,
        Status.AWAITING_DELIVERY_REFUSAL,
        Status.REFUNDING,
    )
    assert event.details["state"] == kind.label
    assert owed(case) == [("微信支付", "128.00")]
    assert told(case) == {buyer.username, merchant.username}


def test_the_same_scan_twice_refunds_once(make_case: Any, merchant: Any, now: Any) -> None:
    """T-06."""
    case = make_case(type="refund_not_received")
    case.agree_refusal(by=merchant)
    scanned(case, ScanKind.RETURNED, now)
    traces.follow(parcel_of(case))
    traces.watch()
    assert owed(case) == [("微信支付", "128.00")]


def test_a_scan_that_moves_on_brings_nothing(make_case: Any, merchant: Any, now: Any) -> None:
    """T-06."""
    case = make_case(type="refund_not_received")
    case.agree_refusal(by=merchant)
    scanned(case, ScanKind.DELIVERING, now)
    assert stored(case).status == Status.AWAITING_DELIVERY_REFUSAL
    with refused(case, "物流还没有显示退回", by=None):
        case.take_back(by=None)


def test_a_merchant_confirms_the_parcel_himself(make_case: Any, merchant: Any) -> None:
    """T-06."""
    case = make_case(type="refund_not_received")
    case.agree_refusal(by=merchant)
    case.take_back(by=merchant)
    assert_moved(
        case,
        "take_back",
        Party.MERCHANT,
        Status.AWAITING_DELIVERY_REFUSAL,
        Status.REFUNDING,
        merchant,
    )


def test_a_parcel_that_was_signed_for_after_all_is_said_to_end_the_case(
    make_case: Any, merchant: Any, buyer: Any, now: Any
) -> None:
    """D5, T-10: closed; there is nothing for the platform to look after."""
    case = make_case(type="refund_not_received")
    case.agree_refusal(by=merchant)
    scanned(case, ScanKind.SIGNED, now)
    now.shift(10 * DAY)
    case.catch_up()

    assert case.status == Status.CLOSED_BUYER_TIMEOUT
    closed = f"“{case.line.title}”的包裹已签收，没有拒收退回，售后已关闭"
    found = texts(case)
    assert found[merchant.username] == closed
    assert found[buyer.username].startswith(f"{closed}。确有原因没能按时操作的，可以申请重新处理")


def test_a_buyer_says_that_he_refused_the_parcel(make_case: Any, buyer: Any, merchant: Any) -> None:
    """S-03: the merchant sees it, and is told."""
    case = make_case(type="refund_not_received")
    case.report_refusal(by=buyer)
    assert_moved(
        case,
        "report_refusal",
        Party.BUYER,
        Status.PENDING_MERCHANT,
        Status.PENDING_MERCHANT,
        buyer,
    )
    assert told(case) == {merchant.username}
    assert stored(case).due_at == stored(case).applied_at + 48 * HOUR


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("refund_unshipped", "这个订单没有在途的包裹"),
        ("refund_received", "包裹已签收，不能记录为拒签"),
    ],
)
def test_a_parcel_that_is_not_on_its_way_was_not_refused(
    kind: str, sentence: str, make_case: Any, buyer: Any
) -> None:
    """S-03."""
    case = make_case(type=kind)
    with refused(case, sentence, by=buyer):
        case.report_refusal(by=buyer)


@pytest.mark.parametrize("agreed", [False, True], ids=["waiting for the shop", "to be refused"])
def test_a_parcel_that_is_signed_for_after_all_warns_both_sides(
    agreed: bool, make_case: Any, merchant: Any, buyer: Any, now: Any
) -> None:
    """Walk 2 of §1.7: the type stays, no clock moves, and once is enough."""
    case = make_case(type="refund_not_received")
    if agreed:
        case.agree_refusal(by=merchant)
    before = stored(case)
    scanned(case, ScanKind.SIGNED, now)
    event = assert_moved(case, "note_signing", Party.CLOCK, before.status, before.status)
    assert event.details["signed_at"] == parcel_of(case).signed_at.isoformat()
    assert told(case) == {merchant.username, buyer.username}
    row = stored(case)
    assert (row.type, row.due_at) == ("refund_not_received", before.due_at)
    scanned(case, ScanKind.SIGNED, now)
    assert stored(case).version == row.version


def test_a_parcel_that_comes_after_all_warns_who_is_about_to_send_another(
    make_desk: Any, now: Any
) -> None:
    """Walk 2 of §1.7: it was given up for stalled, and the shop sent the same goods twice."""
    desk = make_desk(type="refund_not_received", reason="N1")
    case = desk.case
    Parcel.objects.update(last_scan_at=clock.now() - 4 * DAY)
    desk.check()
    desk.negotiate(offers=[plan("resend", items="整单补寄")], script=script("SC-01"))
    case.accept_plan(by=desk.buyer, offer=case.offers.get())
    before = stored(case)
    assert before.status == Status.AWAITING_MERCHANT_SHIP

    scanned(case, ScanKind.SIGNED, now)

    assert_moved(case, "note_signing", Party.CLOCK, before.status, before.status)
    assert told(case) == {desk.merchant.username, desk.buyer.username}
    row = stored(case)
    assert (row.due_at, row.remedy, row.round_state) == (before.due_at, "resend", "accepted")


def test_a_buyer_who_said_so_himself_is_not_told_that_it_was_signed_for(
    make_case: Any, now: Any
) -> None:
    """Shown as signed, not received: nobody learns anything new."""
    case = make_case(type="refund_not_received", reason="N3", goods_state="signed_not_received")
    scanned(case, ScanKind.SIGNED_BY_OTHER, now)
    assert stored(case).version == 1
