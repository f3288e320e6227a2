"""部分发货: an order that goes out in parts, and what each part allows (lifecycle §1.1, G3)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales import clock, shipping
from aftersales.enums import GoodsState, OrderState, ScanKind, Status
from aftersales.logistics.traces import Scan, record
from aftersales.models import Case, LedgerMood, Order, OrderLine
from aftersales.payments import pay_due
from aftersales.steps import Refused
from tests.aftersales.lifecycle.reading import steps
from tests.factories import OrderFactory, application_for, upload


@pytest.fixture
def order(shop: Any, buyer: Any) -> Order:
    """A pot and a cup, paid and not shipped."""
    parts = [("壶", "88.00"), ("杯", "40.00")]
    made: Order = OrderFactory(
        shop=shop,
        buyer=buyer,
        unshipped=True,
        lines=[{"title": title, "quantity": 1, "paid": Decimal(paid)} for title, paid in parts],
    )
    return made


def send(order: Order, merchant: Any, *titles: str, tracking: str = "SF1234567890") -> Any:
    keys = list(order.lines.filter(title__in=titles).values_list("pk", flat=True))
    return shipping.ship(order, by=merchant, carrier="顺丰速运", tracking=tracking, lines=keys)


def sign(parcel: Any) -> None:
    record(parcel, [Scan(clock.now(), ScanKind.SIGNED, "本人签收", "本人")])


def line(order: Order, title: str) -> OrderLine:
    return OrderLine.objects.select_related("order", "parcel").get(order=order, title=title)


def state(order: Order) -> str:
    return str(Order.objects.get(pk=order.pk).state)


def open_to(order: Order, title: str) -> set[str]:
    demands = Case.demands_of(line(order, title), clock.now())
    return {str(each.type) for each in demands if not each.refusal}


def test_a_part_leaves_and_the_order_stands_in_parts(order: Order, merchant: Any) -> None:
    """§1.1: the state is what its parcels make of it, up to the last signature."""
    pot = send(order, merchant, "壶")
    assert state(order) == OrderState.PART
    assert [line(order, title).state for title in "壶杯"] == [OrderState.SHIPPED, OrderState.PAID]

    sign(pot)
    assert state(order) == OrderState.PART
    assert line(order, "壶").state == OrderState.SIGNED

    cup = send(order, merchant, "杯", tracking="SF1234567891")
    assert state(order) == OrderState.SHIPPED
    assert [line(order, title).state for title in "壶杯"] == [OrderState.SIGNED, OrderState.SHIPPED]

    sign(cup)
    found = Order.objects.get(pk=order.pk)
    assert (found.state, found.signed_at) == (OrderState.SIGNED, clock.now())


def test_each_part_allows_what_fits_it(order: Order, merchant: Any) -> None:
    """§1.1, G3: unsigned → only refunds, and 补寄 for what is missing of a part shipment."""
    beside = {"price_difference"}
    assert open_to(order, "杯") == {"refund_unshipped"} | beside

    pot = send(order, merchant, "壶")
    assert open_to(order, "杯") == {"refund_unshipped", "resend"} | beside
    assert open_to(order, "壶") == {"refund_not_received", "resend"} | beside

    sign(pot)
    signed = {"refund_not_received", "refund_received", "return_refund", "exchange", "resend"}
    assert open_to(order, "壶") == signed | beside
    assert open_to(order, "杯") == {"refund_unshipped", "resend"} | beside


def test_the_days_of_a_return_run_from_the_part_s_own_signature(
    order: Order, merchant: Any, now: Any
) -> None:
    """D17, S-05."""
    sign(send(order, merchant, "壶"))
    now.shift(timedelta(days=8))
    assert "return_refund" not in open_to(order, "壶")

    sign(send(order, merchant, "杯", tracking="SF1234567891"))
    assert state(order) == OrderState.SIGNED
    assert "return_refund" not in open_to(order, "壶")
    assert "return_refund" in open_to(order, "杯")


def test_the_warranty_of_a_part_runs_from_its_own_signature(
    order: Order, merchant: Any, now: Any
) -> None:
    """D19: ninety days; the last part's signature is no news of the first one."""
    sign(send(order, merchant, "壶"))
    now.shift(timedelta(days=60))
    sign(send(order, merchant, "杯", tracking="SF1234567891"))
    finished = {"state": OrderState.FINISHED, "finished_at": clock.now()}
    Order.objects.filter(pk=order.pk).update(**finished)
    now.shift(timedelta(days=31))
    assert "repair" not in open_to(order, "壶")
    assert "repair" in open_to(order, "杯")


def test_what_is_missing_is_sent_after_and_not_twice(
    order: Order, merchant: Any, buyer: Any
) -> None:
    """Walk 6 of §1.7: claimed as never come, shipped in the case; then nothing is left to ship."""
    sign(send(order, merchant, "壶"))
    cup = line(order, "杯")
    case = Case.apply(cup, application_for(order, "resend", line=cup, goods_state=""), by=buyer)
    assert case.goods_state == GoodsState.NEVER_CAME
    with pytest.raises(Refused, match="请在售后单里发出"):
        send(order, merchant, "杯", tracking="SF1234567891")

    case.agree_resend(by=merchant)
    case.ship_replacement(by=merchant, carrier="顺丰速运", tracking="SF1234567892")
    assert shipping.why_not(Order.objects.get(pk=order.pk), merchant)
    case.confirm_arrival(by=buyer)

    assert case.status == Status.COMPLETED
    assert state(order) == OrderState.SIGNED


def test_a_part_sent_after_is_sent_however_its_case_ends(
    order: Order, merchant: Any, buyer: Any, staff: Any, now: Any
) -> None:
    """T-16b, T-20: what came is disputed in vain; nothing of the order is left to ship."""
    sign(send(order, merchant, "壶"))
    cup = line(order, "杯")
    case = Case.apply(cup, application_for(order, "resend", line=cup, goods_state=""), by=buyer)
    case.agree_resend(by=merchant)
    case.ship_replacement(by=merchant, carrier="顺丰速运", tracking="SF1234567892")
    photo = {"platform": [upload(buyer)]}
    case.dispute_arrival(by=buyer, reason="补寄来的杯子颜色不对。", evidence=photo)
    now.shift(timedelta(hours=48))
    case.catch_up()
    case.rule(by=staff, ruling="deny", responsible="buyer", grounds="照片里的杯子与订单一致。")

    assert case.status == Status.CLOSED_PLATFORM_DENIED
    assert state(order) == OrderState.SIGNED


def test_what_is_paid_back_need_not_be_shipped(order: Order, merchant: Any, buyer: Any) -> None:
    """§1.1, G3: the part never shipped is refunded; the order is then as far as its parcels."""
    send(order, merchant, "壶")
    cup = line(order, "杯")
    case = Case.apply(cup, application_for(order, "refund_unshipped", line=cup), by=buyer)
    case.agree(by=merchant)
    pay_due()

    case.refresh_from_db()
    assert (case.status, case.to_refund) == (Status.REFUNDED, Decimal("40.00"))
    assert state(order) == OrderState.SHIPPED


def test_a_part_never_sent_after_is_paid_back_and_not_shipped_besides(
    order: Order, merchant: Any, buyer: Any, now: Any
) -> None:
    """T-15: silence turns 补寄 into money, and then nothing of it is left to ship."""
    sign(send(order, merchant, "壶"))
    cup = line(order, "杯")
    case = Case.apply(cup, application_for(order, "resend", line=cup, goods_state=""), by=buyer)
    case.agree_resend(by=merchant)
    now.shift(timedelta(hours=72))
    case.catch_up()
    assert case.status == Status.REFUNDING

    with pytest.raises(Refused, match="不能发货"):
        send(order, merchant, "杯", tracking="SF1234567892")
    pay_due()

    case.refresh_from_db()
    assert (case.status, case.to_refund) == (Status.REFUNDED, Decimal("40.00"))
    assert state(order) == OrderState.SIGNED


def test_what_is_paid_back_past_the_gateway_need_not_be_shipped_either(
    order: Order, merchant: Any, buyer: Any, staff: Any
) -> None:
    """T-24: paid offline, the order is as far as its parcels too."""
    sign(send(order, merchant, "壶"))
    cup = line(order, "杯")
    case = Case.apply(cup, application_for(order, "refund_unshipped", line=cup), by=buyer)
    case.agree(by=merchant)
    LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE)
    pay_due()
    case.refresh_from_db()
    case.settle_offline(by=staff, proof="网银转账 20261125-0071")

    assert case.status == Status.REFUNDED
    assert state(order) == OrderState.SIGNED


def test_the_signature_for_another_part_is_no_news(order: Order, merchant: Any, buyer: Any) -> None:
    """Walk 2 of §1.7: both are warned of their own parcel, once."""
    pot, cup = send(order, merchant, "壶"), send(order, merchant, "杯", tracking="SF1234567891")
    mine = line(order, "壶")
    case = Case.apply(mine, application_for(order, "refund_not_received", line=mine), by=buyer)

    sign(pot)
    sign(cup)

    assert steps(case) == ["apply", "note_signing"]


def test_a_part_not_shipped_cannot_be_rejected_as_shipped(
    order: Order, merchant: Any, buyer: Any
) -> None:
    """RW-18: the other part's parcel proves nothing."""
    send(order, merchant, "壶")
    cup = line(order, "杯")
    case = Case.apply(cup, application_for(order, "refund_unshipped", line=cup), by=buyer)

    assert "RW-18" in {each.code for each in case.warnings()}


@pytest.mark.parametrize("chosen", [[], [0]])
def test_nothing_and_what_is_not_there_is_not_shipped(
    order: Order, merchant: Any, chosen: list[int]
) -> None:
    with pytest.raises(Refused) as refused:
        shipping.ship(order, by=merchant, carrier="顺丰速运", tracking="SF1234567890", lines=chosen)

    assert "lines" in refused.value.errors
    assert state(order) == OrderState.PAID
