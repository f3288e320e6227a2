"""换货、补寄、维修、退差价: goods instead of money, walked from applying to the end (§1.7)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.enums import Direction, Party, Remedy, ScanKind, Status, Turn
from aftersales.logistics import traces
from aftersales.models import Case, OrderLine, Parcel
from aftersales.rules import plans
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import (
    DAY,
    HOUR,
    SECOND,
    WHY,
    assert_moved,
    owed,
    paid,
    refused,
    steps,
    stored,
    told,
)
from tests.aftersales.negotiation.talk import plan, script
from tests.factories import OrderFactory, application_for, upload

SENT = {"carrier": "顺丰速运", "tracking": "SF20261123001"}


# The walks of §1.7 --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["exchange", "repair"])
def test_goods_go_back_are_taken_in_and_go_out_again(
    kind: str, make_case: Any, merchant: Any, buyer: Any, now: Any
) -> None:
    """T-04, T-09, T-11, T-14, T-16: walks 5 and 7; no money moves, and the warranty starts anew."""
    case = make_case("taken_in", type=kind)
    assert_moved(
        case,
        "confirm_receipt",
        Party.MERCHANT,
        Status.AWAITING_MERCHANT_RECEIPT,
        Status.AWAITING_MERCHANT_SHIP,
        merchant,
    )
    case.ship_replacement(by=merchant, **SENT)
    assert_moved(
        case,
        "ship_replacement",
        Party.MERCHANT,
        Status.AWAITING_MERCHANT_SHIP,
        Status.AWAITING_BUYER_RECEIPT,
        merchant,
    )
    assert told(case) == {buyer.username}
    now.shift(2 * DAY)
    case.confirm_arrival(by=buyer)
    assert_moved(
        case,
        "confirm_arrival",
        Party.BUYER,
        Status.AWAITING_BUYER_RECEIPT,
        Status.COMPLETED,
        buyer,
    )
    row = stored(case)
    assert (row.succeeded, row.closed_at, owed(case)) == (True, row.updated_at, [])
    assert OrderLine.objects.get(pk=case.line_id).warranty_from == row.closed_at


def test_what_is_missing_is_sent_and_nothing_comes_back(
    make_case: Any, merchant: Any, buyer: Any
) -> None:
    """T-14, T-16: walk 6; a resend restarts no warranty."""
    case = make_case(type="resend")
    case.agree_resend(by=merchant)
    assert stored(case).status == Status.AWAITING_MERCHANT_SHIP
    case.ship_replacement(by=merchant, **SENT)
    case.confirm_arrival(by=buyer)
    assert stored(case).status == Status.COMPLETED
    assert OrderLine.objects.get(pk=case.line_id).warranty_from is None
    assert Parcel.objects.filter(case=case, direction=Direction.RETURN).count() == 0


def test_a_price_difference_is_paid_and_the_claim_stays_open(
    make_case: Any, merchant: Any, buyer: Any
) -> None:
    """T-03: walk 8; what was paid less the present price, and an ordinary claim beside it."""
    case = make_case(type="price_difference")
    assert case.amount == Decimal("10.00")  # two pieces that cost ¥5.00 less by now
    case.agree(by=merchant)
    assert paid(case) == [("微信支付", "10.00")]
    line = case.order.lines.get()
    ordinary = Case.apply(line, application_for(case.order, "return_refund"), by=buyer)
    assert ordinary.amount == Decimal("118.00")


def test_a_line_has_one_price_difference(make_case: Any, buyer: Any) -> None:
    """G2: at most one beside the ordinary case."""
    case = make_case(type="price_difference")
    with pytest.raises(Refused, match="每件商品只能申请一次退差价"):
        Case.apply(case.line, application_for(case.order, "price_difference"), by=buyer)


# When each can be asked for -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["exchange", "resend", "repair"])
def test_goods_that_were_not_signed_for_are_not_exchanged(
    kind: str, order_for: Any, apply: Any
) -> None:
    """G3."""
    with pytest.raises(Refused, match="还没有签收"):
        apply(order_for("refund_not_received"), kind)


@pytest.mark.parametrize(("before", "taken"), [(SECOND, True), (timedelta(), False)])
def test_a_repair_is_claimed_while_the_warranty_runs(
    before: timedelta, taken: bool, shop: Any, buyer: Any, now: Any
) -> None:
    """D19, G4: ninety days from signing, to the second."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    now.move_to(order.signed_at + 90 * DAY - before, tick=False)
    given = application_for(order, "repair")
    if taken:
        assert Case.apply(order.lines.get(), given, by=buyer).phase == "aftersale"
        return
    with pytest.raises(Refused, match="已过保修期"):
        Case.apply(order.lines.get(), given, by=buyer)


def test_a_products_own_warranty_counts(shop: Any, buyer: Any, now: Any) -> None:
    """D19 is the default of what the product says itself."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True, lines=[{"warranty_days": 365}])
    now.move_to(order.signed_at + 364 * DAY, tick=False)
    case = Case.apply(order.lines.get(), application_for(order, "repair"), by=buyer)
    assert case.status == Status.PENDING_MERCHANT


def test_a_warranty_of_which_nobody_knows_when_it_began_is_not_said_to_be_over(
    shop: Any, buyer: Any, now: Any
) -> None:
    """S-08, D19: of a trade that succeeded the file may say no day (交易成功 in Taobao's export)."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True, signed_at=None, finished_at=None)
    case = Case.apply(order.lines.get(), application_for(order, "repair"), by=buyer)
    assert (case.phase, case.status) == ("aftersale", Status.PENDING_MERCHANT)


@pytest.mark.parametrize("kind", ["return_refund", "exchange", "repair"])
def test_after_the_trade_a_fault_is_claimed_under_guarantee(
    kind: str, shop: Any, buyer: Any, now: Any
) -> None:
    """S-08, S-10: return, exchange and repair, marked 售后保障维权."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    now.shift(40 * DAY)
    case = Case.apply(
        order.lines.get(),
        application_for(order, kind, reason="R18" if kind == "repair" else "R2"),
        by=buyer,
    )
    assert (case.phase, case.status) == ("aftersale", Status.PENDING_MERCHANT)


def test_no_reason_is_not_enough_for_a_guarantee_claim(shop: Any, buyer: Any, now: Any) -> None:
    """S-08, D17: quality only, once the seven days are over."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    now.shift(40 * DAY)
    with pytest.raises(Refused, match="已超过七天无理由期限"):
        Case.apply(order.lines.get(), application_for(order, "exchange", reason="R13"), by=buyer)
    with pytest.raises(Refused, match="只能因质量问题"):
        Case.apply(order.lines.get(), application_for(order, "exchange", reason="R20"), by=buyer)


def test_an_ordinary_claim_is_not_a_guarantee_claim(make_case: Any) -> None:
    """S-10."""
    assert make_case().phase == "onsale"


# Shipping, and what happens where it does not -----------------------------------------------------


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"carrier": "", "tracking": "SF20261123001"}, "carrier"),
        ({"carrier": "顺丰速运", "tracking": "1234567"}, "tracking"),
    ],
)
def test_a_number_that_cannot_be_is_refused(
    given: dict[str, str], field: str, make_case: Any, merchant: Any
) -> None:
    """T-14."""
    case = make_case("taken_in", type="exchange")
    with refused(case, "", by=merchant) as caught:
        case.ship_replacement(by=merchant, **given)
    assert set(caught.value.errors) == {field}


def test_a_number_is_used_once(make_case: Any, merchant: Any) -> None:
    """T-14: neither the outbound number nor the return's."""
    case = make_case("taken_in", type="exchange")
    for parcel in case.order.parcels.all():
        with refused(case, "此单号已用于另一个包裹", by=merchant):
            case.ship_replacement(by=merchant, carrier="顺丰速运", tracking=parcel.tracking)


def test_who_cannot_ship_refunds_at_once(make_case: Any, merchant: Any) -> None:
    """T-15 before its time: what was paid for the pieces."""
    case = make_case("taken_in", type="exchange")
    case.refund_instead(by=merchant)
    assert paid(case) == [("微信支付", "128.00")]
    assert stored(case).status == Status.REFUNDED
    assert stored(case).remedy == Remedy.REFUND


def test_part_of_a_line_is_worth_its_part(make_case: Any, now: Any) -> None:
    """T-15: the affected quantity, to the cent."""
    case = make_case("agreed", type="resend", quantity=1)
    now.shift(72 * HOUR)
    assert expire_all()[1] == 0
    assert owed(case) == [("微信支付", "64.00")]


def test_a_failed_repair_is_told_without_contact_data(make_case: Any, merchant: Any) -> None:
    """NEG-13: the buyer reads the reason in the thread."""
    case = make_case("taken_in", type="repair")

    with refused(case, "不能包含电话、微信或外部链接：「13812345678」", by=merchant):
        case.report_unrepairable(by=merchant, text="主板烧毁，修不好，详情请打 13812345678。")


def test_a_failed_repair_leaves_the_choice_to_the_buyer(
    make_case: Any, merchant: Any, buyer: Any, now: Any
) -> None:
    """Walk 7 of §1.7: exchange; the shop has the whole D8 anew."""
    case = make_case("taken_in", type="repair")
    case.report_unrepairable(by=merchant, text="主板烧毁，原厂已停产这个部件，修不好。")
    assert stored(case).turn == Turn.REPLY
    with refused(case, "请等买家选择换货或退款", by=merchant):
        case.ship_replacement(by=merchant, **SENT)
    now.shift(DAY)
    case.choose_exchange(by=buyer)
    row = stored(case)
    assert row.turn == Turn.MINE
    assert (row.remedy, row.due_at) == (Remedy.EXCHANGE, row.updated_at + 72 * HOUR)
    case.ship_replacement(by=merchant, **SENT)
    assert stored(case).status == Status.AWAITING_BUYER_RECEIPT


def test_a_failed_repair_may_become_money(make_case: Any, merchant: Any, buyer: Any) -> None:
    """Walk 7 of §1.7: refund."""
    case = make_case("taken_in", type="repair")
    with refused(case, "商家没有报告修不好", by=buyer):
        case.choose_refund(by=buyer)
    case.report_unrepairable(by=merchant, text="主板烧毁，原厂已停产这个部件，修不好。")
    case.choose_refund(by=buyer)
    assert paid(case) == [("微信支付", "128.00")]


def test_only_a_repair_can_fail(make_case: Any, merchant: Any) -> None:
    case = make_case("taken_in", type="exchange")
    with refused(case, "只有待维修的商品才能报告修不好", by=merchant):
        case.report_unrepairable(by=merchant, text="主板烧毁，原厂已停产这个部件，修不好。")


@pytest.mark.parametrize("day", [3, 14])
def test_the_carriers_signature_starts_the_buyers_seven_days(
    day: int, make_case: Any, now: Any
) -> None:
    """D9: seven days from signing, also where the parcel took long; fifteen only without it."""
    case = make_case("shipped_again", type="exchange")
    shipped = stored(case).updated_at
    now.shift(day * DAY)
    parcel = Parcel.objects.get(case=case, direction=Direction.REPLACEMENT)
    scan = traces.Scan(shipped + day * DAY, ScanKind.SIGNED, "本人签收")
    traces.record(parcel, [scan])
    traces.follow(Parcel.objects.get(pk=parcel.pk))
    assert steps(case).count("note_arrival") == 1
    assert stored(case).due_at == stored(case).wake_at == shipped + (day + 7) * DAY


# Goods that are still wrong -----------------------------------------------------------------------


def test_goods_that_are_still_wrong_come_before_the_platform(
    make_case: Any, buyer: Any, merchant: Any
) -> None:
    """T-16b: with evidence, within D9."""
    case = make_case("shipped_again", type="exchange")
    with refused(case, "请上传能看出问题的照片", by=buyer):
        case.dispute_arrival(by=buyer, reason=WHY)
    case.dispute_arrival(by=buyer, reason=WHY, evidence={"platform": [upload(buyer)]})
    assert_moved(
        case,
        "dispute_arrival",
        Party.BUYER,
        Status.AWAITING_BUYER_RECEIPT,
        Status.PLATFORM_REVIEW,
        buyer,
    )
    assert case.interventions.get().came_from == Status.AWAITING_BUYER_RECEIPT
    assert told(case) == {merchant.username}


def test_after_its_time_nothing_is_disputed(make_case: Any, buyer: Any, now: Any) -> None:
    """T-16b, D9: lapsed time acts first."""
    case = make_case("shipped_again", type="exchange")
    now.shift(15 * DAY)
    with pytest.raises(Refused, match="处理时限已过"):
        case.dispute_arrival(by=buyer, reason=WHY, evidence={"platform": [upload(buyer)]})
    assert stored(case).status == Status.COMPLETED


# Plans that give goods ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "terms", "status", "remedy"),
    [
        ("exchange", {"sku": "300ml 青绿"}, Status.AWAITING_BUYER_RETURN, Remedy.EXCHANGE),
        ("repair", {"days": "7"}, Status.AWAITING_BUYER_RETURN, Remedy.REPAIR),
        ("resend", {"items": "杯盖 1 个"}, Status.AWAITING_MERCHANT_SHIP, Remedy.RESEND),
    ],
)
def test_an_accepted_plan_gives_goods_instead(
    code: str, terms: dict[str, str], status: str, remedy: str, make_desk: Any, merchant: Any
) -> None:
    """T-21, NEG-56: the demand stays what it was; the case ends with what was agreed."""
    desk = make_desk("checked", reason="R8")
    desk.negotiate(offers=[plan(code, **terms)], script=script("SC-01"))
    case = desk.case
    case.accept_plan(by=desk.buyer, offer=case.open_offers()[0])
    row = stored(case)
    assert (row.status, row.remedy, row.type) == (status, remedy, "refund_received")
    if status == Status.AWAITING_BUYER_RETURN:
        case.send_back(by=desk.buyer, carrier="中通快递", tracking="ZT20261123001")
        case.confirm_receipt(by=merchant)
    case.ship_replacement(by=merchant, **SENT)
    case.confirm_arrival(by=desk.buyer)
    assert (stored(case).status, owed(case)) == (Status.COMPLETED, [])


@pytest.mark.parametrize(
    ("code", "terms", "field"),
    [
        ("exchange", {"sku": "红色"}, "sku_exchange"),
        ("resend", {"items": ""}, "items_resend"),
        ("repair", {"days": "0"}, "days_repair"),
        ("repair", {"days": "31"}, "days_repair"),
        ("repair", {"days": "很快"}, "days_repair"),
    ],
)
def test_a_plan_that_gives_goods_says_which(
    code: str, terms: dict[str, str], field: str, make_desk: Any
) -> None:
    """NEG-11, NEG-12: also forged."""
    desk = make_desk("checked", reason="R8")
    desk.case.line.stock = [{"sku": "300ml 青绿", "stock": 2}]
    desk.case.line.save()
    with pytest.raises(Refused) as caught:
        desk.negotiate(offers=[plan(code, **terms)], script=script("SC-01"))
    assert set(caught.value.errors) == {field}


def test_what_is_out_of_stock_is_not_offered(make_desk: Any) -> None:
    """NEG-12: exchange without stock, repair without warranty, resend of a service."""
    case = make_desk(reason="R8").case
    case.line.stock = [{"sku": "300ml 青绿", "stock": 0}]
    assert plans.unfit("exchange", case) == "商品没有库存，不能换货"
    case.line.warranty_days = 0
    assert plans.unfit("repair", case) == "已过保修期，不能维修"
    case.line.service = True
    assert plans.unfit("resend", case) == "服务类商品不能补寄"
