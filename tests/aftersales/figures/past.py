"""Hand-made pasts: orders, cases and their events as they would have been stored, days ago."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from aftersales.enums import Party, Status
from aftersales.figures import rolling
from aftersales.models import Case, Event, Order, OrderLine, Policy, Reason, Shop, User, Window

CHINA = ZoneInfo("Asia/Shanghai")
numbers = itertools.count(1)

# step: who takes it, and the status that it leads to ("" leaves the case where it is)
STEPS: dict[str, tuple[Party, str]] = {
    "confirm_risks": (Party.MERCHANT, ""),
    "negotiate": (Party.MERCHANT, ""),
    "reply": (Party.BUYER, ""),
    "agree": (Party.MERCHANT, Status.REFUNDING),
    "agree_return": (Party.MERCHANT, Status.AWAITING_BUYER_RETURN),
    "agree_by_default": (Party.CLOCK, Status.REFUNDING),
    "excuse": (Party.STAFF, ""),
    "reject": (Party.MERCHANT, Status.REJECTED),
    "refuse_receipt": (Party.MERCHANT, Status.RETURN_REFUSED),
    "send_back": (Party.BUYER, Status.AWAITING_MERCHANT_RECEIPT),
    "confirm_receipt": (Party.MERCHANT, Status.REFUNDING),
    "confirm_receipt_by_default": (Party.CLOCK, Status.REFUNDING),
    "ask_platform": (Party.BUYER, Status.PLATFORM_REVIEW),
    "withdraw": (Party.BUYER, Status.REJECTED),
    "rule_refund": (Party.STAFF, Status.REFUNDING),
    "rule_rehandle": (Party.STAFF, Status.PENDING_MERCHANT),
    "rule_deny": (Party.STAFF, Status.CLOSED_PLATFORM_DENIED),
    "reverse_ruling": (Party.STAFF, Status.REFUNDING),
    "accept_plan": (Party.BUYER, Status.REFUNDING),
    "accept_wait": (Party.BUYER, ""),
    "confirm_agreed": (Party.BUYER, Status.CLOSED_AGREED),
    "cancel": (Party.BUYER, Status.CANCELLED),
    "finish_refund": (Party.CLOCK, Status.REFUNDED),
}
HANDLES = {"negotiate", "agree", "agree_return", "reject", "refuse_receipt", "confirm_receipt"}
NAMES = {"rule_refund": "rule", "rule_rehandle": "rule", "rule_deny": "rule"}
NAMES |= {"accept_wait": "accept_plan"}


def at(text: str) -> datetime:
    """``11-02 23:59``, in China in 2026."""
    return datetime.strptime(f"2026-{text} +0800", "%Y-%m-%d %H:%M %z")


class Past:
    """What once happened in a shop."""

    def __init__(self, shop: Shop, buyer: User) -> None:
        self.shop, self.buyer = shop, buyer

    def order(self, paid_at: datetime | None) -> Order:
        order = Order.objects.create(
            shop=self.shop,
            buyer=self.buyer,
            number=f"F{next(numbers):09d}",
            state="signed",
            paid=Decimal("60.00"),
            paid_at=paid_at,
        )
        OrderLine.objects.create(
            order=order, number=order.number, title="青瓷杯", quantity=1, paid=Decimal("60.00")
        )
        return order

    def case(
        self,
        applied_at: datetime,
        *acts: tuple[datetime, str],
        order: Order | None = None,
        reason: str = "R1",
        **given: Any,
    ) -> Case:
        """A case with its history: (moment, step), oldest first."""
        order = order or self.order(None)
        why = Reason.objects.get(code=reason)
        events = list(self.events(applied_at, acts))
        handled = [each.at for each in events if each.step in HANDLES]
        case = Case(
            **{
                "code": f"AS{next(numbers):012d}",
                "shop": self.shop,
                "order": order,
                "line": order.lines.first(),
                "buyer": self.buyer,
                "type": "refund_received",
                "reason": why,
                "quantity": 1,
                "amount": Decimal("60.00"),
                "refundable": Decimal("60.00"),
                "agreement_at": applied_at,
                "applied_at": applied_at,
                "updated_at": events[-1].at,
                "windows": Window.in_force("", applied_at),
                "policy": Policy.current().stamped(),
                "snapshot": {"title": "青瓷杯"},
                "handled_at": min(handled, default=None),
                "version": len(events),
                "status": events[-1].after,
            }
            | given
        )
        Case.objects.bulk_create([case])
        for event in events:
            event.case_id = case.pk
        Event.objects.bulk_create(events)
        return case

    def events(self, applied_at: datetime, acts: Sequence[tuple[datetime, str]]) -> Any:
        status = str(Status.PENDING_MERCHANT)
        yield Event(
            version=1, step="apply", party=Party.BUYER, before="", after=status, at=applied_at
        )
        by_time = 0
        for version, (moment, name) in enumerate(acts, start=2):
            party, after = STEPS[name]
            by_time = version if name == "agree_by_default" else by_time
            yield Event(
                version=version,
                step=NAMES.get(name, name),
                party=party,
                before=status,
                after=after or status,
                at=moment,
                details={"result": "agree_by_default", "result_version": by_time}
                if name == "excuse"
                else {},
            )
            status = str(after or status)


def november(past: Past) -> None:
    """Eight orders; one of them refunded, one disputed and lost; all in November, and counted."""
    for _number in range(6):
        past.order(at("11-10 12:00"))
    past.case(
        at("11-02 09:00"),
        (at("11-02 12:00"), "agree"),
        (at("11-02 13:30"), "finish_refund"),
        order=past.order(at("11-01 12:00")),
    )
    past.case(
        at("11-03 09:00"),
        (at("11-03 12:00"), "negotiate"),
        (at("11-04 12:00"), "reject"),
        (at("11-05 12:00"), "ask_platform"),
        (at("11-08 12:00"), "rule_refund"),
        (at("11-08 13:00"), "finish_refund"),
        order=past.order(at("11-01 12:00")),
        reason="R7",
        dispute_refund=True,
    )
    rolling.catch_up()
