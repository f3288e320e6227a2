"""Rulings that end in goods, and a shop that relents before the ruling (T-20, T-22, T-16b, D12)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.enums import Party, Remedy, Stage, Status, Turn
from aftersales.models import Case, DecisionReason, Intervention, User
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import (
    GROUNDS,
    HOUR,
    SECOND,
    assert_moved,
    owed,
    paid,
    refused,
    stored,
)
from tests.aftersales.negotiation.talk import plan, script
from tests.factories import Desk, upload

FOUND: dict[str, Any] = {"responsible": "merchant", "grounds": GROUNDS}


@pytest.mark.parametrize("late", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_what_is_to_be_resent_goes_out_within_a_day_or_is_refunded(
    late: timedelta, deciding: Callable[..., Case], staff: User, now: Any
) -> None:
    """D12, T-15, T-20: resend; 24 hours to the second, then the platform pays."""
    case = deciding()
    case.rule(by=staff, ruling="resend", **FOUND)
    event = assert_moved(
        case,
        "rule",
        Party.STAFF,
        Status.PLATFORM_REVIEW,
        Status.AWAITING_MERCHANT_SHIP,
        staff,
    )
    row, asked = stored(case), Intervention.objects.get()
    assert (row.remedy, row.turn) == (Remedy.RESEND, Turn.MINE)
    assert row.due_at == row.wake_at == asked.execute_by == event.at + 24 * HOUR
    assert owed(case) == []
    now.shift(24 * HOUR + late)
    if late < timedelta():
        assert expire_all() == (0, 0)
        assert stored(case).status == Status.AWAITING_MERCHANT_SHIP
        return
    assert expire_all() == (1, 0)
    assert stored(case).status == Status.REFUNDING
    assert owed(case) == [("微信支付", "128.00")]
    assert stored(case).dispute_refund


@pytest.mark.parametrize(
    ("ruling", "remedy"), [("exchange", Remedy.EXCHANGE), ("repair", Remedy.REPAIR)]
)
def test_an_exchange_or_a_repair_is_lived_to_its_end(
    ruling: str,
    remedy: Remedy,
    deciding: Callable[..., Case],
    staff: User,
    buyer: User,
    merchant: User,
) -> None:
    """T-20: back to the shop, out again, and complete; no money moves."""
    case = deciding()
    case.rule(by=staff, ruling=ruling, **FOUND)
    assert (stored(case).status, stored(case).remedy) == (Status.AWAITING_BUYER_RETURN, remedy)
    case.send_back(by=buyer, carrier="中通快递", tracking="ZT00001234")
    case.confirm_receipt(by=merchant)
    assert stored(case).status == Status.AWAITING_MERCHANT_SHIP
    case.ship_replacement(by=merchant, carrier="顺丰速运", tracking="SF00009999")
    case.confirm_arrival(by=buyer)
    assert (stored(case).status, owed(case)) == (Status.COMPLETED, [])


def test_goods_that_are_with_the_shop_are_exchanged_at_once(
    deciding: Callable[..., Case], staff: User
) -> None:
    """D12: nothing has to come back any more."""
    case = deciding("refused_goods", type="return_refund")
    case.rule(by=staff, ruling="exchange", **FOUND)
    row = stored(case)
    assert row.status == Status.AWAITING_MERCHANT_SHIP
    assert row.due_at == row.updated_at + 24 * HOUR


def test_a_repair_has_the_time_a_repair_takes(deciding: Callable[..., Case], staff: User) -> None:
    """D8 instead of D12: nobody repairs in a day."""
    case = deciding("refused_goods", type="return_refund")
    case.rule(by=staff, ruling="repair", **FOUND)
    row = stored(case)
    assert row.due_at == row.updated_at + timedelta(days=30)


def test_a_shop_without_an_address_loses_the_exchange_to_a_refund(
    deciding: Callable[..., Case], staff: User, shop: Any, now: Any
) -> None:
    """D12: the platform carries out what can be carried out without the shop."""
    case = deciding()
    shop.addresses.all().delete()
    case.rule(by=staff, ruling="exchange", **FOUND)
    assert stored(case).status == Status.PLATFORM_REVIEW
    now.shift(24 * HOUR)
    assert expire_all() == (1, 0)
    assert stored(case).remedy == Remedy.REFUND
    assert paid(case) == [("微信支付", "128.00")]


@pytest.fixture
def disputed(deciding: Callable[..., Case], staff: User, buyer: User, merchant: User) -> Case:
    """A replacement that is no better: before the platform for the second time."""
    case = deciding()
    case.rule(by=staff, ruling="exchange", **FOUND)
    case.send_back(by=buyer, carrier="中通快递", tracking="ZT00001234")
    case.confirm_receipt(by=merchant)
    case.ship_replacement(by=merchant, carrier="顺丰速运", tracking="SF00009999")
    case.dispute_arrival(
        by=buyer,
        reason="换来的杯子还是有裂纹，请平台处理。",
        evidence={"platform": [upload(buyer)]},
    )
    assert case.status == Status.PLATFORM_REVIEW
    return case


@pytest.mark.parametrize(
    ("ruling", "after"),
    [
        ("full_refund", Status.REFUNDING),
        ("return_then_refund", Status.AWAITING_BUYER_RETURN),
        ("exchange", Status.AWAITING_BUYER_RETURN),
        ("rehandle", Status.PENDING_MERCHANT),
        ("deny", Status.CLOSED_PLATFORM_DENIED),
    ],
)
def test_a_disputed_replacement_is_ruled_like_any_other(
    ruling: str, after: Status, disputed: Case, staff: User, now: Any
) -> None:
    """T-16b, T-20: the goods are with the buyer again, though some came back before."""
    now.shift(48 * HOUR)
    disputed.rule(by=staff, ruling=ruling, **FOUND)
    row = stored(disputed)
    assert row.status == after
    if after == Status.AWAITING_BUYER_RETURN:
        assert row.return_tracking == ""
        row.send_back(by=row.buyer, carrier="中通快递", tracking="ZT00005678")
        assert stored(disputed).status == Status.AWAITING_MERCHANT_RECEIPT


def test_goods_do_not_move_for_a_difference_in_price(
    deciding: Callable[..., Case], staff: User
) -> None:
    """Walk 8 of §1.7: no goods flow, whatever the platform finds; only money, or nothing."""
    case = deciding(type="price_difference")
    for ruling in ("return_then_refund", "exchange", "repair", "resend"):
        with refused(case, "退差价只退钱", by=staff):
            case.rule(by=staff, ruling=ruling, **FOUND)
    case.rule(by=staff, ruling="full_refund", **FOUND)
    assert owed(case) == [("微信支付", "10.00")]


# Relenting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trait", "kind", "step", "after"),
    [
        ("rejected", "refund_received", "agree", Status.REFUNDING),
        ("rejected", "return_refund", "agree_return", Status.AWAITING_BUYER_RETURN),
        ("refused_goods", "return_refund", "confirm_receipt", Status.REFUNDING),
    ],
)
def test_a_shop_relents_while_the_platform_looks(
    trait: str,
    kind: str,
    step: str,
    after: Status,
    deciding: Callable[..., Case],
    merchant: User,
) -> None:
    """T-22, §1.6: until the ruling, in the buyer's favour; the request closes by itself."""
    case = deciding(trait, type=kind)
    answers = {"address": case.default_address()} if step == "agree_return" else {}
    getattr(case, step)(by=merchant, **answers)
    assert_moved(case, step, Party.MERCHANT, Status.PLATFORM_REVIEW, after, merchant)
    row = stored(case)
    assert (row.stage, row.evidence_due_at) == (Stage.SETTLED, None)
    assert Intervention.objects.get().stage == Stage.SETTLED
    assert not row.dispute_refund


def test_what_has_come_back_is_received_and_not_asked_for_again(
    deciding: Callable[..., Case], merchant: User
) -> None:
    case = deciding("refused_goods", type="return_refund")
    with refused(case, "商品已经寄回，请选择确认收货", by=merchant):
        case.agree_return(by=merchant, address=case.default_address())
    other = deciding("rejected", type="return_refund")
    with refused(other, "商品还没有寄回", by=merchant):
        other.confirm_receipt(by=merchant)


def test_after_the_ruling_nobody_relents(
    deciding: Callable[..., Case], merchant: User, shop: Any, staff: User
) -> None:
    """T-22: a ruling that waits to be carried out is carried out."""
    case = deciding(type="return_refund")
    address = case.default_address()
    shop.addresses.update(flagged="停用")
    case.rule(by=staff, ruling="return_then_refund", **FOUND)
    with refused(case, "平台已经判定", by=merchant):
        case.agree_return(by=merchant, address=address)


# Goods sent back for all that was paid, though less was claimed -----------------------------------


@pytest.fixture
def refused_return(make_desk: Callable[..., Desk], now: Any) -> Case:
    """¥30.00 of ¥128.00 were claimed, a return for all of it was agreed on, the goods came back,
    the shop refused them, and the platform is to decide."""
    desk = make_desk("checked", amount=Decimal("30.00"))
    desk.negotiate(offers=[plan("return_refund")], script=script("SC-03"))
    desk.case.accept_plan(by=desk.buyer, offer=desk.case.open_offers()[0])
    desk.case.send_back(by=desk.buyer, carrier="中通快递", tracking="ZT00001234")
    for _round in range(2):
        desk.negotiate()
        desk.reply()
    desk.reject()
    desk.case.ask_platform(by=desk.buyer, reason=GROUNDS)
    now.shift(48 * HOUR)
    desk.case.catch_up()
    return desk.case


def test_the_platform_rules_on_what_was_agreed_for_goods_that_are_back(
    refused_return: Case, staff: User
) -> None:
    """T-20, T-21: the shop has the goods, so all of it is all that was agreed for them."""
    with refused(refused_return, "部分退款需在 0.01 到 127.99 之间", by=staff):
        refused_return.rule(by=staff, ruling="partial_refund", amount=Decimal("128.00"), **FOUND)
    refused_return.rule(by=staff, ruling="full_refund", **FOUND)
    assert owed(refused_return) == [("微信支付", "128.00")]


def test_a_shop_that_has_the_goods_relents_for_what_was_agreed(
    refused_return: Case, merchant: User
) -> None:
    """T-22: not by agreeing to the smaller claim."""
    with refused(refused_return, "商品已经寄回，请选择确认收货", by=merchant):
        refused_return.agree(by=merchant)
    refused_return.confirm_receipt(by=merchant)
    assert owed(refused_return) == [("微信支付", "128.00")]


def test_a_ruled_return_brings_back_all_that_was_paid(
    deciding: Callable[..., Case], staff: User, buyer: User, merchant: User
) -> None:
    """T-20: as by a plan; who claimed ¥30.00 off and has to send all of it back is paid for it."""
    case = deciding(amount=Decimal("30.00"))
    case.rule(by=staff, ruling="return_then_refund", **FOUND)
    case.send_back(by=buyer, carrier="中通快递", tracking="ZT00001234")
    case.confirm_receipt(by=merchant)
    assert owed(case) == [("微信支付", "128.00")]


def test_nobody_settles_goods_that_are_back_beyond_his_limit(
    refused_return: Case, shop: Any, merchant: User
) -> None:
    """M23: the limit is held against what is paid, not against what was claimed."""
    shop.members.filter(user=merchant).update(agree_most=Decimal("100.00"))
    with refused(refused_return, "金额超过你的同意限额", by=merchant):
        refused_return.confirm_receipt(by=merchant)


@pytest.mark.parametrize("shipped", [True, False])
def test_goods_that_the_buyer_keeps_have_their_warranty_anew(
    shipped: bool, make_case: Callable[..., Case], staff: User, now: Any
) -> None:
    """T-16, T-16b, D19: also where the platform does not support him against the replacement."""
    case = make_case("shipped_again" if shipped else "rejected", type="exchange")
    if shipped:
        case.dispute_arrival(
            by=case.buyer, reason=GROUNDS, evidence={"platform": [upload(case.buyer)]}
        )
    else:
        case.ask_platform(by=case.buyer, reason=GROUNDS)
    now.shift(48 * HOUR)
    case.catch_up()
    case.rule(by=staff, ruling="deny", responsible="none", grounds=GROUNDS)
    assert stored(case).line.warranty_from == (stored(case).closed_at if shipped else None)


def test_the_warranty_is_as_new_where_the_platform_does_not_hear_him(
    make_case: Callable[..., Case], staff: User
) -> None:
    """T-16, §1.6: not accepted for good, and the replacement stays with the buyer."""
    case = make_case("shipped_again", type="exchange")
    shown = {"platform": [upload(case.buyer)]}
    case.dispute_arrival(by=case.buyer, reason=GROUNDS, evidence=shown)
    case.decline(by=staff, reason=DecisionReason.objects.get(code="DN-05"), grounds=GROUNDS)
    assert stored(case).status == Status.CLOSED_PLATFORM_DENIED
    assert stored(case).line.warranty_from == stored(case).closed_at
