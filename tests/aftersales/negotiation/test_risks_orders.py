"""风险提示 on the order, the goods and the rules: RW-07 to RW-10, RW-17 to RW-19."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Direction, OrderState, Severity
from aftersales.models import Case, Order, OrderLine, Parcel, Refund, ReturnAddress
from tests.aftersales.negotiation.talk import (
    DAY,
    HOUR,
    asked,
    at_noon_minus,
    found,
    plan,
    refused,
    reject_reason,
    script,
    yuan,
)
from tests.factories import OrderFactory, application_for


def change(row, **values):
    type(row).objects.filter(pk=row.pk).update(**values)


def ship(case, *, scanned):
    """The merchant ships an order that was unshipped when the buyer applied."""
    at = clock.now()
    change(case.order, state=OrderState.SHIPPED, shipped_at=at)
    Parcel.objects.create(
        order=case.order,
        direction=Direction.OUTBOUND,
        carrier="顺丰速运",
        tracking="SF9990001112",
        shipped_at=at,
        state="picked_up" if scanned else "",
        first_scan_at=at if scanned else None,
        last_scan_at=at if scanned else None,
    )


# RW-07 已超过承诺发货时间


def test_rw_07_stops_the_way_when_the_promise_is_past_and_nothing_shipped(make_desk):
    desk = make_desk(type="refund_unshipped")

    warning = found(desk.case)["RW-07"]

    assert warning.severity == Severity.BLOCK
    assert warning.facts == "承诺 11-19 12:00 前发货，至今未发货"
    with refused(desk.case, "这单不能驳回"):
        desk.case.confirm_risks(by=desk.merchant, risks=asked(desk.case))


def test_rw_07_is_silent_before_the_promised_time(make_desk, shop, buyer):
    order = OrderFactory(
        shop=shop, buyer=buyer, unshipped=True, promised_at=clock.now() + timedelta(hours=1)
    )

    assert "RW-07" not in found(make_desk(type="refund_unshipped", order=order).case)


def test_rw_07_wants_a_tick_when_the_order_shipped_late(make_desk, shop, buyer):
    order = OrderFactory(shop=shop, buyer=buyer, promised_at=at_noon_minus(days=5, hours=2))

    warning = found(make_desk(order=order).case)["RW-07"]

    assert warning.severity == Severity.CONFIRM
    assert warning.facts == "承诺 11-18 10:00 前发货，实际 11-18 12:00 发货"
    assert not warning.blocks


def test_rw_07_rules_out_no_reason_once_it_is_on_its_way(make_desk, shop, buyer):
    order = OrderFactory(
        shop=shop, buyer=buyer, in_transit=True, promised_at=at_noon_minus(days=5, hours=2)
    )
    case = make_desk(order=order, type="refund_not_received", reason="N2").case

    assert "RW-07" in found(case)
    assert case.reject_reason_refusal(reject_reason("RR-01"), case.warnings()) == ""


def test_rw_07_is_silent_when_shipped_in_time_or_nothing_was_promised(make_desk, shop, buyer):
    silent = OrderFactory(shop=shop, buyer=buyer, promised_at=None)

    assert "RW-07" not in found(make_desk().case)
    assert "RW-07" not in found(make_desk(order=silent).case)


def test_an_order_closed_elsewhere_is_not_said_to_be_unshipped_or_shipped(make_desk):
    """RW-07, RW-18: what was refunded on the marketplace meanwhile stands as it did."""
    came, unsent = make_desk().case, make_desk(type="refund_unshipped").case
    Order.objects.update(state=OrderState.CLOSED)

    assert "RW-07" not in found(came)
    assert found(unsent)["RW-18"].facts == "订单未发货，买家申请退款不可驳回"


# RW-08 申请退款后才发货


def test_rw_08_stops_the_way_when_shipped_after_the_buyer_asked(make_desk, now):
    desk = make_desk(type="refund_unshipped")
    now.shift(2 * HOUR)
    ship(desk.case, scanned=True)

    warning = found(desk.case)["RW-08"]

    assert warning.severity == Severity.BLOCK
    assert warning.facts == "买家 12:00 申请退款，14:00 才发货"
    with refused(desk.case, "这单不能驳回"):
        desk.case.confirm_risks(by=desk.merchant, risks=asked(desk.case))


def test_rw_08_is_silent_when_shipped_before(make_case):
    assert "RW-08" not in found(make_case())


def test_rw_08_is_silent_for_who_wants_the_goods_and_only_asks_for_a_difference(
    make_desk, shop, buyer, now
):
    order = OrderFactory(shop=shop, buyer=buyer, unshipped=True, promised_at=None)
    desk = make_desk(type="price_difference", order=order)
    now.shift(2 * HOUR)
    ship(desk.case, scanned=True)

    assert "RW-08" not in found(desk.case)


# RW-09, RW-10 七天无理由


def test_rw_09_wants_a_tick_and_names_the_seven_days(make_case):
    warning = found(make_case())["RW-09"]

    assert warning.severity == Severity.CONFIRM
    assert warning.facts == (
        "11-21 12:00 签收，七天无理由到 11-29 00:00；买家在期限内申请，商品支持无理由"
    )


def test_rw_09_rules_out_the_reason_about_no_reason_goods(make_case):
    case = make_case(type="return_refund", reason="R14")
    reason = reject_reason("RR-11")
    reason.when = ""  # its own condition aside: the warning alone rules it out

    assert "七天无理由到" in case.reject_reason_refusal(reason, case.warnings())


@pytest.mark.parametrize(
    ("signed", "fires"),
    [({"days": 7, "hours": 11}, True), ({"days": 8, "hours": 13}, False)],
    ids=["last day", "a day too late"],
)
def test_rw_09_ends_with_the_seventh_day_after_signing(make_desk, shop, buyer, signed, fires):
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        shipped_at=at_noon_minus(days=11),
        promised_at=None,
        signed_at=at_noon_minus(**signed),
    )

    assert ("RW-09" in found(make_desk(order=order).case)) is fires


def test_rw_09_counts_the_day_of_the_application_not_of_the_look(make_case, now):
    case = make_case()
    change(case, due_at=clock.now() + 30 * DAY, wake_at=clock.now() + 30 * DAY)
    now.shift(10 * DAY)

    assert "RW-09" in found(case)


def test_rw_09_is_silent_for_goods_on_the_exception_list(make_case):
    case = make_case()
    OrderLine.objects.filter(pk=case.line_id).update(no_reason=False, exception_confirmed=True)

    assert not {"RW-09", "RW-10"} & found(case).keys()


def test_rw_10_rules_out_the_reason_when_the_buyer_never_confirmed(make_case):
    case = make_case(type="return_refund", reason="R14")
    OrderLine.objects.filter(pk=case.line_id).update(no_reason=False, exception_confirmed=False)
    case = Case.objects.get(pk=case.pk)
    reason = reject_reason("RR-11")
    reason.when = ""

    warning = found(case)["RW-10"]

    assert warning.facts == (
        "“青瓷开片手冲咖啡杯”标记为不支持七天无理由，但没有买家购买时单独确认的记录"
    )
    assert "RR-11" in warning.blocks
    assert "没有买家购买时单独确认的记录" in case.reject_reason_refusal(reason, case.warnings())


# RW-17 没有退货地址


def test_rw_17_says_that_no_return_can_be_offered_and_the_plan_is_refused(make_desk, shop):
    desk = make_desk("checked")
    ReturnAddress.objects.filter(shop=shop).update(flagged="多次退件")

    warning = found(desk.case)["RW-17"]

    assert warning.severity == Severity.INFO
    assert "没有有效的默认退货地址" in warning.facts
    with refused(desk.case, "请先设置有效的退货地址", field="plans"):
        desk.negotiate(offers=[plan("return_refund")], script=script("SC-03"))


def test_rw_17_is_silent_with_an_address_or_while_the_goods_never_came(make_case, shop):
    assert "RW-17" not in found(make_case())
    ReturnAddress.objects.filter(shop=shop).delete()
    assert "RW-17" not in found(make_case(type="refund_not_received"))


# RW-18 不可驳回


def test_rw_18_stops_the_way_for_an_order_that_has_not_shipped(make_desk):
    desk = make_desk(type="refund_unshipped")

    warning = found(desk.case)["RW-18"]

    assert (warning.severity, warning.facts) == (
        Severity.BLOCK,
        "订单未发货，买家申请退款不可驳回",
    )


def test_rw_18_does_not_take_a_click_on_ship_for_a_shipment(make_desk, now):
    desk = make_desk(type="refund_unshipped")
    now.shift(HOUR)
    ship(desk.case, scanned=False)

    assert found(desk.case)["RW-18"].facts == ("订单标记已发货，但运单没有承运商扫描记录，不可驳回")


def test_rw_18_stops_the_way_for_a_no_reason_return(make_desk):
    desk = make_desk(type="return_refund", reason="R13")

    warning = found(desk.case)["RW-18"]

    assert warning.severity == Severity.BLOCK
    assert warning.facts == "买家在七天无理由期内申请，商品支持无理由，不可驳回"
    with refused(desk.case, "这单不能驳回：买家在七天无理由期内申请"):
        desk.case.confirm_risks(by=desk.merchant, risks=asked(desk.case))


def test_rw_18_lets_no_reason_goods_be_inspected_once_they_came_back(make_case):
    assert "RW-18" not in found(make_case("sent_back", type="return_refund", reason="R13"))


def test_rw_18_is_silent_for_a_fault(make_case):
    assert "RW-18" not in found(make_case())


# RW-19 金额异常


def test_rw_19_says_what_was_asked_for_and_what_is_possible(make_case):
    case = make_case()
    assert "RW-19" not in found(case)
    change(case, refundable=yuan("100.00"))

    warning = found(case)["RW-19"]

    assert warning.severity == Severity.INFO
    assert warning.facts == "申请金额 ¥128.00 超过可退金额 ¥100.00，可以提出部分退款"


def test_rw_19_counts_what_went_back_for_the_order_since(make_desk, shop, buyer):
    half = {"quantity": 1, "list_total": yuan("64.00"), "paid": yuan("64.00")}
    order = OrderFactory(shop=shop, buyer=buyer, lines=[half, half | {"goods_id": "G2"}])
    case = make_desk(order=order).case
    second = order.lines.last()
    other = Case.apply(second, replace(application_for(order), amount=yuan("64.00")), by=buyer)
    other.agree(by=make_desk().merchant)
    assert "RW-19" not in found(case)

    Refund.objects.filter(case=other).update(amount=yuan("84.00"))  # staff gave more than the line

    assert "超过可退金额 ¥44.00" in found(case)["RW-19"].facts
