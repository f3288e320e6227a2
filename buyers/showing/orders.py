"""我的订单: lines with what can be done about each, in few queries however many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from aftersales.display import Entry, money
from aftersales.enums import CaseType, Direction, OrderState, ScanKind
from aftersales.models import Case, Order, OrderLine, Parcel
from buyers.showing.sentence import Standing
from buyers.showing.standing import standing


@dataclass(frozen=True)
class Line:
    """A line of an order: what it is, its case if there is one, and whether one can apply."""

    line: OrderLine
    position: int
    case: Case | None
    standing: Standing | None
    why_not: str
    apply_url: str
    ask_url: str
    service_url: str
    part: str  # where the line stands, where its order goes out in parts

    @property
    def image(self) -> str:
        return self.line.image


@dataclass(frozen=True)
class Shown:
    """An order as the list shows it."""

    order: Order
    badge: str
    kind: str
    url: str
    lines: list[Line]


def order_url(order: Order) -> str:
    return reverse("buyers:order", args=[order.shop.code, order.number])


def apply_url(order: Order, position: int) -> str:
    return reverse("buyers:apply", args=[order.shop.code, order.number, position])


def ask_url(order: Order, position: int) -> str:
    return reverse("buyers:ask", args=[order.shop.code, order.number, position])


def service_url(order: Order, position: int) -> str:
    return reverse("buyers:ask_service", args=[order.shop.code, order.number, position])


def shown_orders(orders: Sequence[Order], now: datetime) -> list[Shown]:
    """Orders (with ``shop`` and ``lines`` loaded) as the list shows them."""
    lines = [line for order in orders for line in order.lines.all()]
    for order in orders:
        for line in order.lines.all():
            line.order = order
    why = Case.why_not_each(lines)
    cases: dict[int, Case] = {}
    found = Case.objects.filter(line__in=lines).select_related("order", "line", "shop")
    for case in found.prefetch_related("offers__plan", "interventions", "evidence").order_by(
        "applied_at"
    ):
        cases[case.line_id] = case
    return [
        Shown(
            order,
            str(OrderState(order.state).label),
            kind_of(order),
            order_url(order),
            [
                Line(
                    line,
                    position,
                    cases.get(line.pk),
                    standing(cases[line.pk], now) if line.pk in cases else None,
                    why[line.pk],
                    apply_url(order, position),
                    ask_url(order, position),
                    service_url(order, position),
                    part_of(line),
                )
                for position, line in enumerate(order.lines.all(), start=1)
            ],
        )
        for order in orders
    ]


def part_of(line: OrderLine) -> str:
    in_parts = line.parcel_id or line.order.state == OrderState.PART
    return str(line.state.label) if in_parts else ""


def kind_of(order: Order) -> str:
    if order.state == OrderState.FINISHED:
        return "ok"
    return "off" if order.state in (OrderState.CLOSED, OrderState.UNPAID) else "them"


@dataclass(frozen=True)
class Trace:
    """A parcel with its scans, the newest first."""

    parcel: Parcel
    state: str
    scans: list[Entry]
    inside: str  # its goods, where the order went out in parts


def traces(order: Order) -> list[Trace]:
    kinds = dict(ScanKind.choices)
    lines = list(order.lines.all())
    found = []
    for parcel in order.parcels.all():
        if parcel.direction != Direction.OUTBOUND:
            continue
        scans = [
            Entry(
                who="",
                what=str(line.get("text") or kinds.get(line["kind"], "")),
                at=parse_datetime(str(line["at"])),
                kind="now" if number == 0 else "",
            )
            for number, line in enumerate(reversed(parcel.trace))
        ]
        state = str(kinds.get(parcel.state, _("还没有揽收记录")))
        inside = [
            f"{each.title} × {each.quantity}" for each in lines if each.parcel_id == parcel.pk
        ]
        found.append(Trace(parcel, state, scans, _("、").join(inside)))
    return found


def refundable_now(line: OrderLine) -> tuple[Decimal, list[tuple[str, str]]]:
    """The most that the line can bring back now, and how that is made up (怎么算的)."""
    order = line.order
    left = line.quantity - Case.past_of(line).quantity
    if left < 1:
        return Decimal("0.00"), []
    kind = CaseType.REFUND_RECEIVED if line.shipped else CaseType.REFUND_UNSHIPPED
    most = Case.refundable_for(line, left, kind, None)
    rows = [
        (_("商品实付"), _("{amount}，共 {n} 件").format(amount=money(line.paid), n=line.quantity)),
        (_("本次可退商品"), money(most.goods)),
    ]
    if most.postage:
        rows.append((_("随最后一件未发货商品退的邮费"), money(most.postage)))
    if most.earlier:
        rows.append((_("已退或正在申请"), money(most.earlier)))
    if line.shipped and order.postage:
        rows.append(
            (
                _("邮费"),
                _("{amount}，商家有责任且整单退时一起退").format(amount=money(order.postage)),
            )
        )
    return most.total, rows
