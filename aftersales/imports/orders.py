"""Bring rows into a shop's orders: the same file twice changes nothing, and nothing known is lost."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from aftersales.bulk import among, among_texts, insert_values, planned_anew, update_rows
from aftersales.enums import Direction, FreightCover, OrderState, PaymentKind
from aftersales.imports.drafts import Draft, Outcome, fold
from aftersales.imports.facts import OF_ORDER
from aftersales.imports.layout import NOTHING, OrderRow
from aftersales.imports.merging import (
    SUMS,
    TEXTS,
    TIMES,
    Change,
    Known,
    KnownLine,
    KnownParcel,
    KnownPayment,
    line_money,
)
from aftersales.models import Case, Order, OrderLine, Parcel, Payment, Shop, User
from aftersales.shipping import note_imported

CHANGEABLE = (
    *("state", "buyer_id", *TEXTS, *TIMES, "signed_at", "finished_at"),
    *(*SUMS, "paid", "free_shipping"),
    *OF_ORDER,
    "contact_dropped_at",  # read only: what was dropped is not filled in again
)
LINE_CHANGEABLE = ("goods_id", "sku", "category", "quantity", "list_total", "paid", "bundle")


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
        store(shop, changes)
        note_imported(
            {
                change.known.pk: ", ".join(change.draft.head.trackings)
                for change in changes
                if change.ships
            }
        )
    outcome.new.extend(draft.head.number for draft in new)
    outcome.updated.extend(change.known.number for change in changes)
    return outcome


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
    rows = Order.objects.filter(among_texts("number", numbers), shop=shop).order_by("pk")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    names = ("pk", "number", *CHANGEABLE)
    with planned_anew():
        found = list(rows.values_list(*names))
    known = {
        pk: Known(pk, number, dict(zip(CHANGEABLE, values, strict=True)))
        for pk, number, *values in found
    }
    if known:
        of_these = among("order_id", known)
        goods = OrderLine.objects.filter(of_these, gift_of=None)
        for line in goods.values_list(*KnownLine._fields):
            known[line[1]].lines.append(KnownLine._make(line))
        money = Payment.objects.filter(of_these, kind=PaymentKind.MONEY)
        for payment in money.values_list(*KnownPayment._fields):
            known[payment[1]].payments.append(KnownPayment._make(payment))
        for parcel in Parcel.objects.filter(of_these).values_list(*KnownParcel._fields):
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
    keys = insert_values(Order, [_order_values(shop, draft) for draft in drafts])
    lines: list[dict[str, Any]] = []
    payments, parcels = [], []
    gifts: dict[int, OrderRow] = {}
    for key, draft in zip(keys, drafts, strict=True):
        head = draft.head
        for at, line in enumerate(draft.lines, start=1):
            if line.gift:
                gifts[len(lines)] = line
            lines.append(_line_values(key, line, at))
        if head.was_paid and draft.paid:
            payments.append(_payment_values(key, head, draft.paid))
        payments += _in_kind_values(key, head)
        parcels += [_parcel_values(key, head, tracking) for tracking in head.trackings]
    made = insert_values(OrderLine, lines, shop_id=shop.pk)
    given = [_gift_values(made[at], lines[at], line) for at, line in gifts.items()]
    insert_values(OrderLine, given, shop_id=shop.pk)
    insert_values(Payment, payments, shop_id=shop.pk)
    insert_values(Parcel, parcels, shop_id=shop.pk)


def store(shop: Shop, changes: Sequence[Change]) -> None:
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
    insert_values(OrderLine, lines, shop_id=shop.pk)
    insert_values(Payment, payments, shop_id=shop.pk)
    insert_values(Parcel, parcels, shop_id=shop.pk)


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
        "free_shipping_from": head.free_shipping_from,
        "full_postage": head.full_postage or NOTHING,
        "ship_from": head.ship_from,
        "freight_cover": str(head.freight_cover or FreightCover.NONE),
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
        "bundle": line.bundle,
        **line_money(line),
    }


def _gift_values(key: int, line: dict[str, Any], row: OrderRow) -> dict[str, Any]:
    """A gift comes with its line; what it is worth only the shop can say, in a column of its own."""
    return {
        "order_id": line["order_id"],
        "number": f"{line['number']}-赠",
        "goods_id": row.gift_id,
        "title": row.gift,
        "sku": row.gift_sku,
        "quantity": row.gift_pieces or 1,
        "list_total": row.gift_worth or NOTHING,
        "paid": NOTHING,
        "gift_of_id": key,
    }


def _in_kind_values(key: int, head: OrderRow) -> list[dict[str, Any]]:
    """Coupons and points that paid for the order besides money."""
    given = [
        ("卡券抵扣", PaymentKind.COUPON, head.coupon),
        ("积分", PaymentKind.POINTS, head.points),
    ]
    return [
        {
            "order_id": key,
            "route": route,
            "reference": head.reference,
            "amount": amount,
            "kind": kind.value,
        }
        for route, kind, amount in given
        if amount and head.was_paid
    ]


def _payment_values(key: int, head: OrderRow, amount: Decimal) -> dict[str, Any]:
    return {
        "order_id": key,
        "route": head.route,
        "reference": head.reference,
        "amount": amount,
        "kind": PaymentKind.MONEY.value,
    }


def _parcel_values(key: int, head: OrderRow, tracking: str) -> dict[str, Any]:
    return {
        "order_id": key,
        "direction": Direction.OUTBOUND.value,
        "carrier": head.carrier,
        "tracking": tracking,
        "shipped_at": head.shipped_at,
    }
