"""Bring rows into a shop's orders: the same file twice changes nothing, and nothing known is lost.

A later export moves an order on; an earlier one only fills in what is not known yet. Whatever the
order in which files come in, an order never goes back, and no fact is emptied.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_noop

from aftersales.bulk import update_rows
from aftersales.enums import Direction, OrderState
from aftersales.imports.copying import insert
from aftersales.imports.layout import NOTHING, OrderRow
from aftersales.imports.values import Problem
from aftersales.models import Case, Order, OrderLine, Parcel, Payment, Shop, User

# How far along an order is; it only ever goes up.
RANK = {
    OrderState.UNPAID: 0,
    OrderState.PAID: 1,
    OrderState.SHIPPED: 2,
    OrderState.SIGNED: 3,
    OrderState.FINISHED: 4,
    OrderState.CLOSED: 5,
}
TEXTS = ("buyer_nick", "receiver", "phone", "address", "buyer_note", "shop_note")
TIMES = ("ordered_at", "paid_at", "promised_at", "shipped_at", "confirmed_at")
SUMS = ("goods_total", "postage", "discount")
CHANGEABLE = (
    *("state", "buyer_id", *TEXTS, *TIMES, "signed_at", "finished_at"),
    *(*SUMS, "paid", "free_shipping"),
)
LINE_CHANGEABLE = ("goods_id", "sku", "category", "quantity", "list_total", "paid")


@dataclass
class Outcome:
    """What became of a batch: orders by number, and problems by row."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """An order as the file tells it: what all its rows say together, and a row for each line."""

    head: OrderRow
    lines: list[OrderRow]
    rows: list[int]
    buyer_id: int | None = None

    def sum(self, name: str) -> Decimal | None:
        """Over the lines; nothing if one of them does not say."""
        parts = [getattr(line, name) for line in self.lines]
        return None if None in parts else sum(parts, NOTHING)

    @property
    def paid(self) -> Decimal:
        return sum((line.paid for line in self.lines), NOTHING)

    def refused(self, problem: Problem) -> list[tuple[int, Problem]]:
        """The problem at the row it is about, and a pointer to it at the order's other rows."""
        here = self.head.row
        return [(here, problem), *((row, elsewhere(here)) for row in self.rows if row != here)]


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
        self.newer = RANK[self.draft.head.state] >= RANK[OrderState(self.known.values["state"])]
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
    def reprices(self) -> bool:
        """Whether the file says something else of money or goods than is known."""
        return bool(self.new_lines or self._essentials() or self._details())

    def merge(self, *, has_case: bool) -> Problem | None:
        """Work out every change; a problem when one of them must not be."""
        if has_case and (self.new_lines or self._essentials()):
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
            masks = name in TEXTS and "*" in said
            if not had[name] or (self.newer and not masks):
                self.values[name] = said
        if head.ordered_about and not had["ordered_at"]:
            self.values["ordered_at"] = head.ordered_about
        if head.confirmed_at and not had["signed_at"]:
            self.values["signed_at"] = head.confirmed_at
        if head.confirmed_at and head.state == OrderState.FINISHED and not had["finished_at"]:
            self.values["finished_at"] = head.confirmed_at

    def _merge_lines(self) -> None:
        for line, row in self.pairs:
            for name in ("goods_id", "sku", "category"):
                said = getattr(row, name)
                if said and not getattr(line, name):
                    self.lines.setdefault(line, {})[name] = said

    # Money: what a buyer may still claim hangs on it, so it stands once there is a case.

    @property
    def _complete(self) -> bool:
        """Whether the file names every line we know."""
        return len(self.pairs) == len(self.known.lines)

    def _essentials(self) -> bool:
        """Other amounts paid or other quantities, told by an export that is not older."""
        if not self.newer or not self._complete or not self.draft.paid or self.new_lines:
            return False
        return self.draft.paid != self.known.values["paid"] or any(
            line.quantity != row.quantity for line, row in self.pairs
        )

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
        elif self.new_lines or self._essentials() or self._details():
            self.values |= self._details()
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


def elsewhere(row: int) -> Problem:
    reason = gettext_noop("同一订单的第 {row} 行有错，整个订单没有导入")
    return Problem("", "", reason, {"row": row})


def look(shop: Shop, rows: Sequence[OrderRow], spoiled: Mapping[str, int]) -> Outcome:
    """What ``bring_in`` would do, without doing it."""
    drafts, outcome = fold(rows, spoiled)
    new, changes = compare(shop, drafts, outcome)
    outcome.new.extend(draft.head.number for draft in new)
    outcome.updated.extend(change.known.number for change in changes)
    return outcome


def bring_in(shop: Shop, rows: Sequence[OrderRow], spoiled: Mapping[str, int]) -> Outcome:
    """Store what the rows say of the shop's orders; ``spoiled`` are numbers with a bad row.

    Imports of one shop queue up behind its row. Orders that change are locked and looked at anew,
    because a buyer may just now be applying for one of them.
    """
    drafts, outcome = fold(rows, spoiled)
    with transaction.atomic():
        Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
        new, changes = compare(shop, drafts, outcome)
        if changes:
            again = {change.known.number: change.draft for change in changes}
            _none, changes = compare(shop, again, outcome, lock=True)
        add(shop, new)
        store(changes)
    outcome.new.extend(draft.head.number for draft in new)
    outcome.updated.extend(change.known.number for change in changes)
    return outcome


# From rows to orders ------------------------------------------------------------------------------


def fold(rows: Iterable[OrderRow], spoiled: Mapping[str, int]) -> tuple[dict[str, Draft], Outcome]:
    """Rows of one order belong together: several lines, or the same line at several times."""
    outcome = Outcome()
    groups: dict[str, list[OrderRow]] = {}
    for row in rows:
        if row.number in spoiled:
            outcome.problems.append((row.row, elsewhere(spoiled[row.number])))
        else:
            groups.setdefault(row.number, []).append(row)
    drafts = {}
    for number, group in groups.items():
        if len(group) == 1:
            drafts[number] = Draft(group[0], group, [group[0].row])
            continue
        lines: list[OrderRow] = []
        for row in group:
            place = next((at for at, line in enumerate(lines) if _same(line, row)), None)
            if place is None:
                lines.append(row)
            elif row.paid and lines[place].paid and row.paid != lines[place].paid:
                draft = Draft(row, lines, [each.row for each in group])
                outcome.problems.extend(draft.refused(_two_prices(lines[place], row)))
                break
            else:
                lines[place] = _combined(lines[place], row)
        else:
            drafts[number] = Draft(_head_of(lines), lines, [row.row for row in group])
    return drafts, outcome


def _two_prices(earlier: OrderRow, row: OrderRow) -> Problem:
    reason = gettext_noop("实付 {paid} 元，而同一商品在第 {row} 行是 {other} 元")
    facts = {"paid": str(row.paid), "row": earlier.row, "other": str(earlier.paid)}
    return Problem("", str(row.paid), reason, facts)


def _same(line: OrderRow, row: OrderRow) -> bool:
    return row.whole or is_line(
        (line.style, line.goods_id, line.sku, line.title),
        (row.style, row.goods_id, row.sku, row.title),
    )


def is_line(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> bool:
    """Whether two (style, goods, sku, title) name one line, of which either may say less."""
    if one[0] and other[0]:
        return one[0] == other[0]
    for mine, theirs in ((one[1], other[1]), (one[2], other[2])):
        if mine and theirs and mine != theirs:
            return False
    return one[3] == other[3] or bool(one[1] and one[1] == other[1])


def _head_of(lines: Sequence[OrderRow]) -> OrderRow:
    """What all lines say of the order; one that was refunded does not close the others."""
    alive = [line for line in lines if line.state != OrderState.CLOSED]
    head, *others = sorted(alive, key=lambda line: -RANK[line.state]) or lines
    for line in [*others, *(line for line in lines if alive and line not in alive)]:
        head = _filled(head, line)
    return head


def _combined(one: OrderRow, other: OrderRow) -> OrderRow:
    """Of two rows of one line that which is further along, with the other's answers for blanks."""
    if RANK[other.state] >= RANK[one.state]:
        one, other = other, one
    return _filled(one, other)


def _filled(one: OrderRow, other: OrderRow) -> OrderRow:
    blanks = {
        each.name: said
        for each in fields(OrderRow)
        if getattr(one, each.name) in (None, "") and (said := getattr(other, each.name))
    }
    numbers = tuple(dict.fromkeys((*other.trackings, *one.trackings)))
    paid = one.paid or other.paid
    was_paid = one.was_paid or other.was_paid
    return replace(one, **blanks, trackings=numbers, paid=paid, was_paid=was_paid)


# Against what is known ----------------------------------------------------------------------------


def compare(
    shop: Shop, drafts: Mapping[str, Draft], outcome: Outcome, *, lock: bool = False
) -> tuple[list[Draft], list[Change]]:
    """The new orders and the changed ones; unchanged and refused ones go into the outcome."""
    known = load(shop, drafts, lock=lock)
    new = [draft for number, draft in drafts.items() if number not in known]
    changes = [Change(known[number], draft) for number, draft in drafts.items() if number in known]
    link_buyers([*new, *(each.draft for each in changes if not each.known.values["buyer_id"])])
    repriced = [change for change in changes if change.reprices]
    fixed = set(
        Case.objects.filter(order_id__in=[change.known.pk for change in repriced])
        .order_by()
        .values_list("order_id", flat=True)
        if repriced
        else ()
    )
    different = []
    for change in changes:
        problem = change.merge(has_case=change.known.pk in fixed)
        if problem:
            outcome.problems.extend(change.draft.refused(problem))
        elif change.anything:
            different.append(change)
        else:
            outcome.unchanged.append(change.known.number)
    return new, different


def load(shop: Shop, numbers: Collection[str], *, lock: bool) -> dict[str, Known]:
    """The shop's orders of these numbers with all that hangs on them."""
    rows = Order.objects.filter(shop=shop, number__in=numbers).order_by("pk")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    names = ("pk", "number", *CHANGEABLE)
    known = {}
    for pk, number, *values in rows.values_list(*names):
        known[pk] = Known(pk, number, dict(zip(CHANGEABLE, values, strict=True)))
    if known:
        for line in OrderLine.objects.filter(order_id__in=known).values_list(*KnownLine._fields):
            known[line[1]].lines.append(KnownLine._make(line))
        for payment in Payment.objects.filter(order_id__in=known).values_list(
            *KnownPayment._fields
        ):
            known[payment[1]].payments.append(KnownPayment._make(payment))
        for parcel in Parcel.objects.filter(order_id__in=known).values_list(*KnownParcel._fields):
            known[parcel[1]].parcels.append(KnownParcel._make(parcel))
    return {order.number: order for order in known.values()}


def link_buyers(drafts: Sequence[Draft]) -> None:
    """Whose orders these are: 买家会员名 is a username, or 用户购买手机号 one user's phone."""
    names = {draft.head.username for draft in drafts} - {""}
    phones = {draft.head.buyer_phone for draft in drafts if "*" not in draft.head.buyer_phone}
    phones -= {""}
    active = User.objects.filter(is_active=True).order_by()
    by_name: dict[str, int] = {}
    by_phone: dict[str, list[int]] = defaultdict(list)
    if names:
        by_name = dict(active.filter(username__in=names).values_list("username", "pk"))
    if phones:
        for phone, pk in active.filter(phone__in=phones).values_list("phone", "pk"):
            by_phone[phone].append(pk)
    for draft in drafts:
        found = by_name.get(draft.head.username)
        holders = by_phone.get(draft.head.buyer_phone, [])
        draft.buyer_id = found or (holders[0] if len(holders) == 1 else None)


# Storing ------------------------------------------------------------------------------------------


def add(shop: Shop, drafts: Sequence[Draft]) -> None:
    """New orders with their lines, payments and parcels."""
    keys = insert(Order, [_order_values(shop, draft) for draft in drafts])
    lines, payments, parcels = [], [], []
    for key, draft in zip(keys, drafts, strict=True):
        head = draft.head
        lines += [_line_values(key, line, at) for at, line in enumerate(draft.lines, start=1)]
        if head.was_paid and draft.paid:
            payments.append(_payment_values(key, head, draft.paid))
        parcels += [_parcel_values(key, head, tracking) for tracking in head.trackings]
    insert(OrderLine, lines)
    insert(Payment, payments)
    insert(Parcel, parcels)


def store(changes: Sequence[Change]) -> None:
    """What changed of known orders, one statement a table."""
    update_rows(
        [
            Order(pk=change.known.pk, **(change.known.values | change.values))
            for change in changes
            if change.values
        ],
        CHANGEABLE,
    )
    update_rows(
        [
            OrderLine(pk=line.pk, **({n: getattr(line, n) for n in LINE_CHANGEABLE} | values))
            for change in changes
            for line, values in change.lines.items()
        ],
        LINE_CHANGEABLE,
    )
    update_rows(
        [
            Payment(pk=payment.pk, amount=amount)
            for change in changes
            for payment, amount in change.payments.items()
        ],
        ["amount"],
    )
    update_rows(
        [
            Parcel(
                pk=parcel.pk,
                **({"carrier": parcel.carrier, "shipped_at": parcel.shipped_at} | values),
            )
            for change in changes
            for parcel, values in change.parcels.items()
        ],
        ["carrier", "shipped_at"],
    )
    lines, payments, parcels = [], [], []
    for change in changes:
        key, head = change.known.pk, change.draft.head
        there = len(change.known.lines)
        lines += [
            _line_values(key, line, there + at) for at, line in enumerate(change.new_lines, 1)
        ]
        if change.new_payment:
            payments.append(_payment_values(key, head, change.new_payment))
        parcels += [_parcel_values(key, head, tracking) for tracking in change.new_parcels]
    insert(OrderLine, lines)
    insert(Payment, payments)
    insert(Parcel, parcels)


def _order_values(shop: Shop, draft: Draft) -> dict[str, Any]:
    head = draft.head
    finished = head.confirmed_at if head.state == OrderState.FINISHED else None
    postage = draft.sum("postage") or NOTHING
    return {
        "shop_id": shop.pk,
        "number": head.number,
        "state": head.state.value,
        "buyer_id": draft.buyer_id,
        "buyer_nick": head.buyer_nick,
        "receiver": head.receiver,
        "phone": head.phone,
        "address": head.address,
        "buyer_note": head.buyer_note,
        "shop_note": head.shop_note,
        "ordered_at": head.ordered_at or head.ordered_about,
        "paid_at": head.paid_at,
        "promised_at": head.promised_at,
        "shipped_at": head.shipped_at,
        "confirmed_at": head.confirmed_at,
        "signed_at": head.confirmed_at,
        "finished_at": finished,
        "goods_total": draft.sum("goods_total") or NOTHING,
        "postage": postage,
        "discount": draft.sum("discount") or NOTHING,
        "paid": draft.paid,
        "free_shipping": not postage,
    }


def _line_values(key: int, line: OrderRow, at: int) -> dict[str, Any]:
    number = line.style or (line.number if line.whole else f"{line.number}-{at}")
    return {
        "order_id": key,
        "number": number,
        "goods_id": line.goods_id,
        "title": line.title,
        "sku": line.sku,
        "category": line.category,
        **line_money(line),
    }


def line_money(line: OrderRow) -> dict[str, Any]:
    """用户实付金额 includes 邮费; what was paid for the goods does not."""
    return {
        "quantity": line.quantity,
        "list_total": line.goods_total or NOTHING,
        "paid": max(line.paid - (line.postage or NOTHING), NOTHING),
    }


def _payment_values(key: int, head: OrderRow, amount: Decimal) -> dict[str, Any]:
    return {"order_id": key, "route": head.route, "reference": head.reference, "amount": amount}


def _parcel_values(key: int, head: OrderRow, tracking: str) -> dict[str, Any]:
    return {
        "order_id": key,
        "direction": Direction.OUTBOUND.value,
        "carrier": head.carrier,
        "tracking": tracking,
        "shipped_at": head.shipped_at,
    }
