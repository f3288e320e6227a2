"""风险提示 on what the parcels say: RW-01 to RW-06, each with its concrete facts (NEG-03)."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Direction, ScanKind, Severity, Status
from aftersales.logistics import traces
from aftersales.models import Parcel
from tests.aftersales.negotiation.talk import (
    HOUR,
    asked,
    at_noon_minus,
    found,
    refused,
    reject_reason,
    set_threshold,
)
from tests.factories import OrderFactory


def scan(kind, *, signer="", **ago):
    return traces.Scan(clock.now() - timedelta(**ago), ScanKind(kind), "扫描", signer)


def outbound(case):
    return Parcel.objects.get(order=case.order, direction=Direction.OUTBOUND)


def change(parcel, **values):
    Parcel.objects.filter(pk=parcel.pk).update(**values)


@pytest.fixture
def sent_back(make_desk):
    return make_desk("sent_back", type="return_refund")


# RW-01 商品已寄回


def test_rw_01_says_with_which_parcel_the_goods_come_back(sent_back):
    case = sent_back.case

    warning = found(case)["RW-01"]

    assert warning.severity == Severity.CONFIRM
    assert warning.facts == f"买家已于 12:00 填写退货单号 中通快递 {case.return_tracking}"


def test_rw_01_says_where_the_return_was_scanned_last(sent_back, now):
    now.shift(3 * HOUR)
    traces.record(sent_back.case.parcels.get(), [scan("moving", hours=1)])

    facts = found(sent_back.case)["RW-01"].facts

    assert facts == f"退货 中通快递 {sent_back.case.return_tracking} 在途，最近扫描 14:00"


def test_rw_01_says_when_the_return_was_signed_for_and_asks_again(sent_back, now):
    before = found(sent_back.case)["RW-01"].key
    now.shift(26 * HOUR)
    traces.record(sent_back.case.parcels.get(), [scan("signed", hours=1, signer="陈仓")])

    warning = found(sent_back.case)["RW-01"]

    assert warning.facts == f"退货 中通快递 {sent_back.case.return_tracking} 已于 13:00 签收"
    assert warning.key != before
    assert warning.severity == Severity.CONFIRM


def test_rw_01_asks_again_once_the_return_number_was_corrected(sent_back):
    case = sent_back.case
    sent_back.check()
    assert "RW-01" in case.ticks()

    case.correct_tracking(by=sent_back.buyer, carrier="圆通速递", tracking="YT7654321000")

    assert "圆通速递 YT7654321000" in found(case)["RW-01"].facts
    with refused(case, "圆通速递 YT7654321000"):
        case.confirm_risks(by=sent_back.merchant, risks=[])


def test_rw_01_is_silent_while_the_goods_are_with_the_buyer(make_case):
    assert "RW-01" not in found(make_case("agreed", type="return_refund"))


def test_rw_01_rules_out_never_arrived_only_when_the_carrier_says_signed(sent_back, now):
    case, reason = sent_back.case, reject_reason("RR-10")
    assert case.reject_reason_refusal(reason, case.warnings()) == ""

    now.shift(26 * HOUR)
    traces.record(case.parcels.get(), [scan("signed", hours=1, signer="陈仓")])
    case.refresh_from_db()

    assert "签收" in case.reject_reason_refusal(reason, case.warnings())


# RW-02 物流断更


@pytest.mark.parametrize(("hours", "fires"), [(72, False), (73, True)])
def test_rw_02_fires_after_three_days_without_a_scan(make_case, hours, fires):
    case = make_case(type="refund_not_received")
    change(outbound(case), last_scan_at=at_noon_minus(hours=hours))

    assert ("RW-02" in found(case)) is fires


def test_rw_02_names_parcel_moment_and_hours(make_case):
    case = make_case(type="refund_not_received")
    parcel = outbound(case)
    change(parcel, last_scan_at=at_noon_minus(hours=80))

    warning = found(case)["RW-02"]

    assert warning.severity == Severity.CONFIRM
    assert warning.facts == (
        f"顺丰速运 {parcel.tracking} 自 11-20 04:00 起 80 小时没有新的物流信息，且未签收"
    )


def test_rw_02_takes_its_threshold_from_the_catalogue(make_case):
    case = make_case(type="refund_not_received")
    change(outbound(case), last_scan_at=at_noon_minus(hours=30))
    assert "RW-02" not in found(case)

    set_threshold("RW-02", 24)

    assert "RW-02" in found(case)


def test_rw_02_is_silent_once_signed(make_case):
    case = make_case(type="refund_received")
    change(outbound(case), last_scan_at=at_noon_minus(days=9))

    assert "RW-02" not in found(case)


# RW-03 发货后无揽收记录


@pytest.mark.parametrize(("hours", "fires"), [(23, False), (24, True), (70, True)])
def test_rw_03_fires_a_day_after_shipping_without_a_first_scan(make_case, hours, fires):
    case = make_case(type="refund_not_received")
    parcel = outbound(case)
    shipped_at = at_noon_minus(hours=hours)
    change(parcel, shipped_at=shipped_at, first_scan_at=None, last_scan_at=None, state="", trace=[])

    warning = found(case).get("RW-03")

    assert bool(warning) is fires
    if warning:
        assert warning.severity == Severity.CONFIRM
        assert f"顺丰速运 {parcel.tracking} 于 11-2" in warning.facts
        assert "没有揽收记录" in warning.facts


def test_rw_03_takes_its_threshold_from_the_catalogue(make_case):
    case = make_case(type="refund_not_received")
    change(
        outbound(case),
        shipped_at=at_noon_minus(hours=30),
        first_scan_at=None,
        last_scan_at=None,
        state="",
    )
    set_threshold("RW-03", 48)

    assert "RW-03" not in found(case)


# RW-04 包裹未签收, RW-05 代签


def test_rw_04_names_the_last_scan_of_an_unsigned_parcel(make_case):
    case = make_case(type="refund_not_received")

    warning = found(case)["RW-04"]

    assert warning.severity == Severity.CONFIRM
    assert warning.facts == (
        f"买家反馈未收到货；顺丰速运 {outbound(case).tracking} 尚未签收，最近一条 09:00 运输中"
    )


def test_rw_04_is_silent_when_signed_or_when_the_goods_are_with_the_buyer(make_desk, shop, buyer):
    signed = OrderFactory(shop=shop, buyer=buyer)
    never = make_desk(type="refund_not_received", reason="N3", order=signed).case

    assert "RW-04" not in found(never)
    assert "RW-04" not in found(make_desk(type="refund_received").case)


def test_rw_05_names_who_signed_instead_of_the_buyer(make_desk, shop, buyer):
    order = OrderFactory(
        shop=shop, buyer=buyer, parcel={"state": ScanKind.SIGNED_BY_OTHER, "signer": "丰巢快递柜"}
    )
    case = make_desk(type="refund_not_received", reason="N3", order=order).case

    warning = found(case)["RW-05"]

    assert warning.severity == Severity.CONFIRM
    assert f"顺丰速运 {outbound(case).tracking} 于 11-21 12:00 由“丰巢快递柜”签收" in warning.facts


def test_rw_05_is_silent_when_the_buyer_signed_himself(make_desk, shop, buyer):
    order = OrderFactory(shop=shop, buyer=buyer)
    case = make_desk(type="refund_not_received", reason="N3", order=order).case

    assert "RW-05" not in found(case)


# RW-06 已拒收/退回途中


@pytest.mark.parametrize("state", ["refused", "returning", "returned"])
def test_rw_06_stops_the_way_when_the_parcel_is_coming_back(make_desk, state):
    desk = make_desk(type="refund_not_received")
    parcel = outbound(desk.case)
    change(parcel, state=state)

    warning = found(desk.case)["RW-06"]

    assert warning.severity == Severity.BLOCK
    assert f"顺丰速运 {parcel.tracking}：{ScanKind(state).label}（09:00）" in warning.facts
    with refused(desk.case, "这单不能驳回"):
        desk.case.confirm_risks(by=desk.merchant, risks=asked(desk.case))


def test_rw_06_found_between_the_rounds_stops_the_second(make_desk):
    desk = make_desk("answered", type="refund_not_received")
    change(outbound(desk.case), state=ScanKind.RETURNING)

    with refused(desk.case, "这单不能驳回"):
        desk.negotiate()
    assert desk.case.status == Status.PENDING_MERCHANT


def test_rw_06_is_silent_while_the_parcel_travels_to_the_buyer(make_case):
    assert "RW-06" not in found(make_case(type="refund_not_received"))
