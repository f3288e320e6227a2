"""Many cases at once for benchmarks: written straight to the tables, true enough to be swept."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from aftersales import clock
from aftersales.enums import Party, Status
from aftersales.models import (
    Case,
    Event,
    Order,
    OrderLine,
    Payment,
    Policy,
    Reason,
    Shop,
    User,
    Window,
)


def due_cases(shop: Shop, buyer: User, count: int, *, prefix: str, due: bool = True) -> None:
    """``count`` refund cases of one shop, each with its order, all due a minute ago (or in a day)."""
    at = clock.now() - timedelta(days=2)
    reason = Reason.objects.get(code="R1")
    windows, policy = Window.in_force("refund_received", at), Policy.current().stamped()
    due_at = clock.now() + (timedelta(minutes=-1) if due else timedelta(days=1))
    orders = Order.objects.bulk_create(
        [
            Order(
                shop=shop,
                buyer=buyer,
                number=f"{prefix}-{number:09d}",
                state="signed",
                paid=Decimal("128.00"),
                paid_at=at,
                signed_at=at,
            )
            for number in range(count)
        ],
        batch_size=5000,
    )
    lines = OrderLine.objects.bulk_create(
        [
            OrderLine(order=order, number="1", title="杯", quantity=2, paid=Decimal("128.00"))
            for order in orders
        ],
        batch_size=5000,
    )
    Payment.objects.bulk_create(
        [Payment(order=order, route="微信支付", amount=Decimal("128.00")) for order in orders],
        batch_size=5000,
    )
    Case.objects.bulk_create(
        [_case(shop, buyer, line, reason, windows, policy, at, due_at) for line in lines],
        batch_size=2000,
    )


def _case(
    shop: Shop,
    buyer: User,
    line: OrderLine,
    reason: Reason,
    windows: dict[str, int],
    policy: dict[str, Any],
    at: Any,
    due_at: Any,
) -> Case:
    return Case(
        code=f"AS{line.order.number[-18:]}",
        shop=shop,
        order=line.order,
        line=line,
        buyer=buyer,
        type="refund_received",
        reason=reason,
        goods_state="received",
        quantity=2,
        amount=Decimal("128.00"),
        refundable=Decimal("128.00"),
        agreement_version="2026-11",
        agreement_at=at,
        applied_at=at,
        windows=windows,
        policy=policy,
        snapshot={"title": "杯"},
        status=Status.PENDING_MERCHANT,
        version=1,
        due_at=due_at,
        wake_at=due_at,
        updated_at=at,
    )


def begin_history(batch: int = 5000) -> None:
    """The first link of every chain, as ``open_case`` writes it."""
    keys = list(Case.objects.order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(keys), batch):
        cases = list(Case.objects.filter(pk__in=keys[first : first + batch]))
        events = [_applied(case) for case in cases]
        for case, event in zip(cases, events, strict=True):
            event.hash = case.chain = event.digest("")
        Event.objects.bulk_create(events, batch_size=1000)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE aftersales_case c SET chain = d.chain"
                " FROM unnest(%s::bigint[], %s::text[]) AS d (id, chain) WHERE c.id = d.id",
                [[case.pk for case in cases], [case.chain for case in cases]],
            )


def _applied(case: Case) -> Event:
    return Event(
        case=case,
        version=1,
        step="apply",
        party=Party.BUYER,
        user_id=case.buyer_id,
        before="",
        after=case.status,
        at=case.applied_at,
    )
