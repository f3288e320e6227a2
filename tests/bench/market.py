"""Many cases at once for benchmarks: written straight to the tables, true enough to be swept."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, models

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
    if count < 1:
        return
    at = clock.now() - timedelta(days=2)
    paid, number = Decimal("128.00"), f"{prefix}-{0:09d}"
    order = Order(shop=shop, buyer=buyer, number=number, state="signed", paid=paid)
    order.paid_at = order.signed_at = at
    line = OrderLine(order=order, number="1", title="杯", quantity=2, paid=paid)
    payment = Payment(order=order, route="微信支付", amount=paid)
    for row in (order, line, payment):
        type(row)._base_manager.bulk_create([row])
    due_at = clock.now() + (timedelta(minutes=-1) if due else timedelta(days=1))
    case = _case(shop, buyer, line, at, due_at)
    Case.objects.bulk_create([case])
    _multiply(count - 1, prefix, order=order, line=line, payment=payment, case=case)


def _multiply(count: int, prefix: str, **rows: models.Model) -> None:
    """As many more of the same, by the database itself: a million take it a minute."""
    new = {
        "order": {"number": "%(prefix)s || lpad(n::text, 9, '0')"},
        "line": {"order_id": "o.id"},
        "payment": {"order_id": "o.id"},
        "case": {"order_id": "o.id", "line_id": "l.id", "code": "'AS' || right(o.number, 18)"},
    }
    copied = {name: _copied(row, new[name]) for name, row in rows.items()}
    keys = {name: row.pk for name, row in rows.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH o AS ({copied["order"]} CROSS JOIN generate_series(1, %(count)s) n
                    WHERE t.id = %(order)s RETURNING id, number),
                l AS ({copied["line"]} CROSS JOIN o WHERE t.id = %(line)s RETURNING id, order_id),
                p AS ({copied["payment"]} CROSS JOIN o WHERE t.id = %(payment)s)
            {copied["case"]} CROSS JOIN o JOIN l ON l.order_id = o.id WHERE t.id = %(case)s
            """,  # names come from the models
            keys | {"count": count, "prefix": f"{prefix}-"},
        )


def _copied(row: models.Model, new: dict[str, str]) -> str:
    """The INSERT of a row that differs in some columns."""
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    values = ", ".join(new.get(column, f't."{column}"') for column in columns)
    table, names = row._meta.db_table, ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t"  # noqa: S608


def _case(shop: Shop, buyer: User, line: OrderLine, at: datetime, due_at: datetime) -> Case:
    return Case(
        code=f"AS{line.order.number[-18:]}",
        shop=shop,
        order=line.order,
        line=line,
        buyer=buyer,
        type="refund_received",
        reason=Reason.objects.get(code="R1"),
        goods_state="received",
        quantity=2,
        amount=Decimal("128.00"),
        refundable=Decimal("128.00"),
        agreement_version="2026-11",
        agreement_at=at,
        applied_at=at,
        windows=Window.in_force("refund_received", at),
        policy=Policy.current().stamped(),
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
