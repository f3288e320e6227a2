"""What a file makes of an order we know: it moves on or fills in, and never goes back or empties.

A later export moves an order on; an earlier one only fills in what is not known yet.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext_noop

from aftersales.enums import Direction, FreightCover, OrderState
from aftersales.imports.drafts import RANK, Draft, is_line
from aftersales.imports.facts import OF_ORDER
from aftersales.imports.layout import NOTHING, OrderRow
from aftersales.imports.values import Problem

TEXTS = ("buyer_nick", "receiver", "phone", "address", "buyer_note", "shop_note")
TIMES = ("ordered_at", "paid_at", "promised_at", "shipped_at", "confirmed_at")
UNTOLD = (None, "", NOTHING, FreightCover.NONE)  # facts that nobody has told yet
SUMS = ("goods_total", "postage", "discount")


class KnownLine(NamedTuple):
    pk: int
    order_id: int
    number: str
    goods_id: str
    title: str
    sku: str
    category: str
    quantity: int
    list_total: Decimal
    paid: Decimal
    bundle: str


class KnownPayment(NamedTuple):
    pk: int
    order_id: int
    amount: Decimal


class KnownParcel(NamedTuple):
    pk: int
    order_id: int
    direction: str
    tracking: str
    carrier: str
    shipped_at: datetime | None


@dataclass
class Known:
    """An order as we have it."""

    pk: int
    number: str
    values: dict[str, Any]
    lines: list[KnownLine] = field(default_factory=list)
    payments: list[KnownPayment] = field(default_factory=list)
    parcels: list[KnownParcel] = field(default_factory=list)


@dataclass
class Change:
    """What a draft makes of a known order."""

    known: Known
    draft: Draft
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[KnownLine, dict[str, Any]] = field(default_factory=dict)
    new_lines: list[OrderRow] = field(default_factory=list)
    payments: dict[KnownPayment, Decimal] = field(default_factory=dict)
    new_payment: Decimal | None = None
    parcels: dict[KnownParcel, dict[str, Any]] = field(default_factory=dict)
    new_parcels: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.newer = RANK[self.draft.head.state] >= RANK[self.known.values["state"]]
        self.pairs: list[tuple[KnownLine, OrderRow]] = []
        for row in self.draft.lines:
            line = self._line_of(row)
            if line:
                self.pairs.append((line, row))
            else:
                self.new_lines.append(row)

    @property
    def anything(self) -> bool:
        return bool(
            self.values
            or self.lines
            or self.new_lines
            or self.payments
            or self.new_payment
            or self.parcels
            or self.new_parcels
        )

    @property
    def ships(self) -> bool:
        """Whether the file says that an order we know as unshipped has left the shop."""
        moved = self.values.get("state") in (
            OrderState.SHIPPED,
            OrderState.SIGNED,
            OrderState.FINISHED,
        )
        return moved and self.known.values["state"] in (OrderState.PAID, OrderState.PART)

    @property
    def reprices(self) -> bool:
        """Whether the file says something else of money or goods than is known."""
        return bool(self.new_lines or self._essentials or self._details)

    def merge(self, *, has_case: bool) -> Problem | None:
        """Work out every change; a problem when one of them must not be."""
        if has_case and (self.new_lines or self._essentials):
            return self._fixed()
        self._merge_facts()
        self._merge_lines()
        if not has_case:
            self._merge_money()
        self._merge_payment()
        self._merge_parcels()
        return None

    def _line_of(self, row: OrderRow) -> KnownLine | None:
        if row.whole and self.known.lines:
            return self.known.lines[0]
        for line in self.known.lines:
            # A number that we made up ourselves names no style.
            style = "" if line.number.startswith(self.known.number) else line.number
            one = (style, line.goods_id, line.sku, line.title)
            if is_line(one, (row.style, row.goods_id, row.sku, row.title)):
                return line
        return None

    def _merge_facts(self) -> None:
        head, had = self.draft.head, self.known.values
        if self.newer and head.state != had["state"]:
            self.values["state"] = head.state.value
        if self.draft.buyer_id and not had["buyer_id"]:
            self.values["buyer_id"] = self.draft.buyer_id
        for name in (*TEXTS, *TIMES):
            said = getattr(head, name)
            if not said or said == had[name]:
                continue
            if name in TEXTS and had["contact_dropped_at"]:
                continue
            masks = name in TEXTS and "*" in said
            if not had[name] or (self.newer and not masks):
                self.values[name] = said
        for name in OF_ORDER:
            if (said := getattr(head, name)) and had[name] in UNTOLD:
                self.values[name] = said
        if head.ordered_about and not had["ordered_at"]:
            self.values["ordered_at"] = head.ordered_about
        if head.confirmed_at and not had["signed_at"]:
            self.values["signed_at"] = head.confirmed_at
        if head.confirmed_at and head.state == OrderState.FINISHED and not had["finished_at"]:
            self.values["finished_at"] = head.confirmed_at

    def _merge_lines(self) -> None:
        for line, row in self.pairs:
            for name in ("goods_id", "sku", "category", "bundle"):
                said = getattr(row, name)
                if said and not getattr(line, name):
                    self.lines.setdefault(line, {})[name] = said

    # Money: what a buyer may still claim hangs on it, so it stands once there is a case.

    @property
    def _complete(self) -> bool:
        """Whether the file names every line we know."""
        return len(self.pairs) == len(self.known.lines)

    @cached_property
    def _essentials(self) -> bool:
        """Other amounts paid or other quantities, told by an export that is not older."""
        if not self.newer or not self._complete or not self.draft.paid or self.new_lines:
            return False
        return self.draft.paid != self.known.values["paid"] or any(
            line.quantity != row.quantity for line, row in self.pairs
        )

    @cached_property
    def _details(self) -> dict[str, Decimal]:
        """How the same amount is made up, where the file says so and says it differently."""
        if not self.newer or not self._complete:
            return {}
        sums = {name: self.draft.sum(name) for name in SUMS}
        return {
            name: said
            for name, said in sums.items()
            if said is not None and said != self.known.values[name]
        }

    def _merge_money(self) -> None:
        had = self.known.values
        if self.new_lines and not self._complete:
            # Other lines of the order stand elsewhere in the file, or in another one.
            for new in self.new_lines:
                for name in (*SUMS, "paid"):
                    before = self.values.get(name, had[name])
                    self.values[name] = before + (getattr(new, name) or NOTHING)
        elif self.new_lines or self._essentials or self._details:
            self.values |= self._details
            if self.draft.paid and self.draft.paid != had["paid"]:
                self.values["paid"] = self.draft.paid
            for line, row in self.pairs:
                money = line_money(row) if row.paid else {}
                differs = {n: said for n, said in money.items() if said != getattr(line, n)}
                if differs:
                    self.lines.setdefault(line, {}).update(differs)
        if "postage" in self.values:
            self.values["free_shipping"] = not self.values["postage"]

    def _merge_payment(self) -> None:
        paid = self.values.get("paid", self.known.values["paid"])
        payments = self.known.payments
        if not payments:
            if self.draft.head.was_paid and paid:
                self.new_payment = paid
        elif "paid" in self.values:
            first, rest = payments[0], sum((each.amount for each in payments[1:]), NOTHING)
            self.payments[first] = paid - rest

    def _fixed(self) -> Problem:
        reason = gettext_noop(
            "订单已有售后单，金额和商品不能再改：已导入实付 {known} 元，文件里是 {said} 元"
        )
        facts = {"known": str(self.known.values["paid"]), "said": f"{self.draft.paid:.2f}"}
        return Problem("", str(self.draft.paid), reason, facts)

    def _merge_parcels(self) -> None:
        head = self.draft.head
        sent = {each.tracking: each for each in self.known.parcels}
        outbound = any(each.direction == Direction.OUTBOUND for each in self.known.parcels)
        for tracking in head.trackings:
            parcel = sent.get(tracking)
            if parcel is None:
                if self.newer or not outbound:  # the last parcel is the one that counts
                    self.new_parcels.append(tracking)
            elif parcel.direction == Direction.OUTBOUND:
                blanks: dict[str, Any] = {}
                if head.carrier and not parcel.carrier:
                    blanks["carrier"] = head.carrier
                if head.shipped_at and not parcel.shipped_at:
                    blanks["shipped_at"] = head.shipped_at
                if blanks:
                    self.parcels[parcel] = blanks


def line_money(line: OrderRow) -> dict[str, Any]:
    """用户实付金额 includes 邮费; what was paid for the goods does not."""
    return {
        "quantity": line.quantity,
        "list_total": line.goods_total or NOTHING,
        "paid": max(line.paid - (line.postage or NOTHING), NOTHING),
    }
