"""判定 carried out: what is owed at once, what the shop must do first, and D12 (T-20)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales import clock, platform
from aftersales.enums import Freight, Party, Stage, Status, Turn
from aftersales.models import Case, DecisionReason, Intervention, ReturnAddress, User
from aftersales.steps import Refused
from aftersales.tasks import expire_all
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
from tests.factories import ReturnAddressFactory, upload

RETURN: dict[str, Any] = {
    "ruling": "return_then_refund",
    "responsible": "merchant",
    "grounds": GROUNDS,
}


@pytest.fixture
def homeless(deciding: Callable[..., Case], shop: Any, staff: User) -> Case:
    """A return was ruled, and the shop has no address to send it to."""
    case = deciding(type="return_refund")
    shop.addresses.all().delete()
    case.rule(by=staff, **RETURN)
    return case


def test_a_ruling_that_needs_an_address_waits_a_day_for_the_shop(
    homeless: Case, buyer: User, merchant: User
) -> None:
    """D12, T-20: the merchant's turn, for 24 hours."""
    event = last(homeless)
    row, asked = stored(homeless), Intervention.objects.get()
    assert (row.status, row.stage) == (Status.PLATFORM_REVIEW, Stage.RULED)
    assert row.due_at == row.wake_at == asked.execute_by == event.at + 24 * HOUR
    assert row.turn == Turn.MINE
    assert told(homeless) == {buyer.username, merchant.username}
    for name in ("cancel", "accept_plan", "withdraw", "add_evidence"):
        assert homeless.refusal(name, buyer)


def test_the_shop_names_the_address(homeless: Case, shop: Any, merchant: User) -> None:
    """D12."""
    address = ReturnAddressFactory(shop=shop)
    homeless.give_address(by=merchant, address=address)
    assert_moved(
        homeless,
        "give_address",
        Party.MERCHANT,
        Status.PLATFORM_REVIEW,
        Status.AWAITING_BUYER_RETURN,
        merchant,
    )
    row = stored(homeless)
    assert row.return_address == address.shown()
    assert row.due_at == row.updated_at + 7 * DAY
    assert row.freight == Freight.MERCHANT


def test_an_address_is_the_shops_own_and_valid(homeless: Case, merchant: User, shop: Any) -> None:
    flagged = ReturnAddressFactory(shop=shop, flagged="买家反映无法送达", default=False)
    foreign = ReturnAddressFactory()
    for address in (None, foreign, flagged):
        with refused(homeless, "退货地址", by=merchant):
            homeless.give_address(by=merchant, address=address)


@pytest.mark.parametrize("late", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_a_shop_that_does_nothing_is_passed_over_to_the_second(
    late: timedelta, homeless: Case, now: Any
) -> None:
    """D12: then the platform carries it out: without an address, refunded without a return."""
    due = stored(homeless).due_at
    assert due is not None
    now.move_to(due + late, tick=False)
    if late < timedelta():
        assert expire_all() == (0, 0)
        assert (stored(homeless).status, owed(homeless)) == (Status.PLATFORM_REVIEW, [])
        return
    assert expire_all() == (1, 0)
    assert_moved(homeless, "execute_ruling", Party.CLOCK, Status.PLATFORM_REVIEW, Status.REFUNDING)
    assert owed(homeless) == [("微信支付", "128.00")]


def test_too_late_an_address_finds_that_the_platform_has_acted(
    homeless: Case, now: Any, merchant: User, shop: Any
) -> None:
    """D12: lapsed time acts first."""
    address = ReturnAddressFactory(shop=shop)
    now.shift(24 * HOUR)
    with pytest.raises(Refused, match="处理时限已过"):
        homeless.give_address(by=merchant, address=address)
    # an address that came to be in time is the default by now: the goods go there
    row = stored(homeless)
    assert (row.status, row.return_address) == (Status.AWAITING_BUYER_RETURN, address.shown())
    assert owed(homeless) == []


def test_with_a_default_address_nobody_waits(ruled: Callable[..., Case]) -> None:
    """T-20: what needs nothing of the shop is carried out at once."""
    case = ruled("return_then_refund", type="return_refund")
    row, asked = stored(case), Intervention.objects.get()
    assert (row.status, asked.execute_by) == (Status.AWAITING_BUYER_RETURN, None)
    assert row.return_address == ReturnAddress.objects.get().shown()


def test_goods_that_are_not_worth_it_stay_with_the_buyer(ruled: Callable[..., Case]) -> None:
    """§1.6: refund without return."""
    case = ruled("keep_goods", type="return_refund")
    assert stored(case).status == Status.REFUNDING
    assert paid(case) == [("微信支付", "128.00")]
    assert stored(case).dispute_refund


def test_a_demand_with_return_is_not_quietly_made_one_without(
    deciding: Callable[..., Case], staff: User
) -> None:
    """T-20: who rules chooses between return and no return."""
    case = deciding(type="return_refund")
    with refused(case, "买家要求退货，商品还在买家处", by=staff):
        case.rule(by=staff, ruling="full_refund", responsible="merchant", grounds=GROUNDS)


def test_closed_by_agreement_pays_nothing_and_counts_for_nobody(ruled: Callable[..., Case]) -> None:
    """§1.6: close by agreement."""
    case = ruled("close_agreed")
    row = stored(case)
    assert (row.status, row.dispute_refund, owed(case)) == (Status.CLOSED_AGREED, False, [])


@pytest.mark.parametrize(
    ("responsible", "postage", "out", "back"),
    [
        ("merchant", "0.00", "merchant", "merchant"),
        ("carrier", "0.00", "merchant", "merchant"),
        ("none", "8.00", "merchant", "buyer"),
        ("buyer", "0.00", "merchant", "buyer"),
        ("buyer", "8.00", "buyer", "buyer"),
    ],
)
def test_freight_that_is_not_named_follows_the_table(
    responsible: str,
    postage: str,
    out: str,
    back: str,
    deciding: Callable[..., Case],
    staff: User,
) -> None:
    """T-20, §1.5: who is at fault bears it; where it is unclear, out the shop and back the buyer."""
    case = deciding(type="return_refund")
    free = Decimal(postage) == 0
    type(case.order).objects.filter(pk=case.order_id).update(postage=postage, free_shipping=free)
    case.refresh_from_db()
    case.rule(by=staff, **(RETURN | {"responsible": responsible}))
    asked = Intervention.objects.get()
    assert (asked.freight_out, asked.freight) == (out, back)
    assert stored(case).freight == back


def test_another_bearer_than_the_tables_takes_a_coded_reason(
    deciding: Callable[..., Case], staff: User, buyer: User, merchant: User
) -> None:
    """§1.5: the table is the preset; who overrules it says why, and both sides read it."""
    case = deciding(type="return_refund")
    named = RETURN | {"freight": "buyer", "freight_out": "merchant"}
    for wrong in (None, DecisionReason.objects.get(code="DR-01")):
        with refused(case, "改变运费规则的承担方，请选择理由", by=staff) as caught:
            case.rule(by=staff, **named, freight_reason=wrong)
        assert list(caught.value.errors) == ["freight_reason"]
    case.rule(by=staff, **named, freight_reason=DecisionReason.objects.get(code="FR-02"))
    asked = Intervention.objects.get()
    assert (asked.freight_out, asked.freight) == ("merchant", "buyer")
    assert stored(case).freight == "buyer"
    for party in (Party.BUYER, Party.MERCHANT):
        told = dict(platform.rows(stored(case), party, clock.now()))
        assert told["运费改判理由"] == "一方未经同意用到付或更贵的寄递方式，由其承担"


def test_naming_whom_the_table_names_takes_no_reason(
    deciding: Callable[..., Case], staff: User
) -> None:
    case = deciding(type="return_refund")
    reason = DecisionReason.objects.get(code="FR-05")
    case.rule(by=staff, **RETURN, freight="merchant", freight_reason=reason)
    assert Intervention.objects.get().freight_reason is None


def test_a_ruling_has_a_reason_that_fits_it(deciding: Callable[..., Case], staff: User) -> None:
    """T-20: coded; one for denying does not stand for a refund."""
    case = deciding()
    wrong, right = (DecisionReason.objects.get(code=code) for code in ("DR-16", "DR-01"))
    found: dict[str, Any] = {"ruling": "full_refund", "responsible": "merchant", "grounds": GROUNDS}
    with refused(case, "这个理由不适用", by=staff) as caught:
        case.rule(by=staff, reason=wrong, **found)
    assert list(caught.value.errors) == ["reason"]
    case.rule(by=staff, reason=right, **found)
    assert Intervention.objects.get().decision_reason == right
    assert last(case).details["reason_code"] == "DR-01"


def test_staff_may_keep_a_refund_from_counting(ruled: Callable[..., Case]) -> None:
    """T-20: 纠纷退款 is said with the ruling."""
    case = ruled("full_refund", exempt=True)
    assert not stored(case).dispute_refund
    assert not Intervention.objects.get().counts_as_dispute


def test_the_way_back_that_a_ruling_lays_on_the_shop_can_be_claimed(
    make_case: Callable[..., Case], buyer: User, merchant: User, staff: User, now: Any
) -> None:
    """§1.5, S-23: the buyer paid it himself, for he had changed his mind; the shop is at fault."""
    case = make_case("refused_goods", type="return_refund", reason="R13")
    assert case.refusal("claim_freight", buyer) == "没有可以申报的退货运费"
    case.ask_platform(by=buyer, reason="商品完好寄回，商家无故拒收。")
    now.shift(timedelta(hours=48))
    case.catch_up()
    case.rule(
        by=staff, ruling="full_refund", responsible="merchant", grounds="拆包照片里商品完好。"
    )
    case.claim_freight(by=buyer, amount=Decimal("12.00"), evidence={"freight": [upload(buyer)]})
    case.settle_freight(by=merchant, amount=Decimal("12.00"))

    assert case.freight == "merchant"
    owed = case.refunds.order_by("pk").values_list("purpose", "amount")
    assert list(owed) == [("refund", Decimal("128.00")), ("freight", Decimal("12.00"))]
