"""What is owed to the buyer: refunds by the routes that he paid with, and what is made good."""

from collections import Counter
from decimal import Decimal
from typing import Any

from aftersales.enums import CaseType, PaymentKind, Purpose, RefundState, Status
from aftersales.models.case.fields import CaseFields
from aftersales.models.refund import Refund
from aftersales.rules import amounts


class Owing(CaseFields):
    class Meta:
        abstract = True

    def owe(self, amount: Decimal, *, purpose: str = Purpose.REFUND) -> None:
        """Owe the buyer ``amount``; the gateway is called later.

        A refund goes back by the routes he paid with, and coupons and points with it in kind.
        What the merchant makes good (freight) is paid from his own account.
        """
        if purpose != Purpose.REFUND:
            self._pay_out(amounts.MERCHANT_ROUTE, "", amount, purpose)
            return
        gone = self.order.given_back()
        paid = list(self.order.handed("payments"))
        routes = self._routes()
        whole = sum((p.amount for p in paid if p.kind == PaymentKind.MONEY), amounts.NOTHING)
        before = whole - sum((room for _route, _reference, room in routes), amounts.NOTHING)
        for route, reference, part in amounts.by_route(amount, routes):
            self._pay_out(route, reference, part, purpose)
            gone[(route, reference)] += part
        for each in paid:
            back = amounts.NOTHING
            if each.kind == PaymentKind.POINTS:
                back = amounts.in_kind(each.amount, whole, before, amount)
            elif each.kind == PaymentKind.COUPON:
                last = amounts.coupon_comes_back(whole, before, amount)
                back = each.amount if last else amounts.NOTHING
            if back > 0:
                self._pay_out(each.route, each.reference, back, each.kind)
                gone[(each.route, each.reference)] += back

    def owe_refund(self, amount: Decimal) -> None:
        self.to_refund = amount
        self.owe(amount)

    def postage_left(self) -> Decimal:
        """The postage of the order, as far as no claim brings it back already; nothing where
        something of the order is not claimed back (§1.5)."""
        claims: Any = type(self)._default_manager.filter(order=self.order_id).exclude(pk=self.pk)
        others = [case for case in claims if not case.ended or case.status == Status.REFUNDED]
        taken: Counter[int] = Counter()
        for case in (*others, self):
            if case.type != CaseType.PRICE_DIFFERENCE:
                taken[case.line_id] += case.quantity
        if any(taken[each.pk] < each.quantity for each in self.order.lines.filter(gift_of=None)):
            return amounts.NOTHING
        promised = sum((case.to_refund or case.worth for case in others), amounts.NOTHING)
        left = self.order.paid - promised - self.refundable
        return max(min(self.order.postage, left), amounts.NOTHING)

    def _routes(self) -> list[tuple[str, str, Decimal]]:
        """What each payment of the order can still give back, in yuan."""
        gone = self.order.given_back()
        return [
            (
                payment.route,
                payment.reference,
                payment.amount - gone[(payment.route, payment.reference)],
            )
            for payment in self.order.handed("payments")
            if payment.kind == PaymentKind.MONEY
        ]

    def _pay_out(self, route: str, reference: str, amount: Decimal, purpose: str) -> None:
        self.payouts += 1
        self.add(
            Refund(
                case_id=self.pk,
                number=f"RF{self.code[2:]}-{self.payouts}",
                route=route,
                reference=reference,
                amount=amount,
                purpose=purpose,
                state=RefundState.OWED,
                due_at=self.at + self.hold,
                owed_at=self.at,
            )
        )
