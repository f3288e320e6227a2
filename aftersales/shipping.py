"""发货: an order leaves the shop; while a refund is asked for, only with open eyes (§1.5)."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.bulk import hold
from aftersales.enums import ENDED, PAID_BACK, CaseType, Direction, OrderState, Permission
from aftersales.models import Case, Member, Order, OrderLine, Parcel
from aftersales.models.case.returning import checked_tracking
from aftersales.steps import Refused

SHIPPABLE = (OrderState.PAID, OrderState.PART)


def open_refunds(order: Order) -> list[Case]:
    """The cases in which the buyer asks for his money because nothing was shipped, newest first."""
    cases = Case.objects.filter(order=order, type=CaseType.REFUND_UNSHIPPED)
    return list(cases.exclude(status__in=[*ENDED, *PAID_BACK]).select_related("line", "reason"))


def why_not(order: Order, user: Any) -> str:
    """Why this user can't ship the order now; empty when he can (perhaps only knowing the risk)."""
    member = Member.objects.at_work(order.shop_id, user)
    if member is None or not member.can(Permission.SHIP):
        return _("你没有“%(permission)s”权限，请联系店铺管理员") % {
            "permission": Permission.SHIP.label
        }
    if order.state not in SHIPPABLE:
        return _("订单现在是“%(state)s”，不能发货") % {"state": order.get_state_display()}
    if order.lines.exists() and not order.to_ship():
        return _("商品已全部退款，不能发货")
    return ""


def ship(
    order: Order,
    *,
    by: Any,
    carrier: str,
    tracking: str,
    lines: Sequence[int] | None = None,
    acknowledged: bool = False,
) -> Parcel:
    """Send the order off, or of what is left of it the ``lines`` with these keys: a parcel, and
    待收货, or 部分发货 while something still has to go (§1.1). Raises Refused.

    While a refund of unshipped goods is asked for it stops, or goes on only after an explicit
    acknowledgement, which every such case keeps; RW-08 then stands against rejecting.
    """
    for case in open_refunds(order):
        case.catch_up()  # what time has decided is no longer open
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order.pk)
        if refusal := why_not(order, by):
            raise Refused(refusal, conflict=True)
        carrier, tracking = checked_tracking(carrier, tracking)
        hold(f"tracking {tracking}")
        if Parcel.objects.filter(tracking=tracking).exists():
            raise Refused(tracking=_("此单号已用于另一个包裹"))
        left = order.to_ship()
        going = left if lines is None else [line for line in left if line.pk in set(lines)]
        if not going or (lines is not None and len(going) < len(set(lines))):
            raise Refused(lines=_("请选择这次要发的商品"))
        if [line for line in going if _sent_after(line)]:
            raise Refused(lines=_("买家已申请补寄其中的商品，请在售后单里发出"), conflict=True)
        asking = [case for case in open_refunds(order) if case.line in going]
        if asking and not acknowledged:
            raise Refused(
                acknowledged=_(
                    "买家已申请退款，未经买家同意发货的风险由商家承担，请先处理售后或确认知晓风险"
                )
            )
        at = clock.now()
        parcel = Parcel.objects.create(
            order=order,
            direction=Direction.OUTBOUND,
            carrier=carrier,
            tracking=tracking,
            shipped_at=at,
        )
        order.shipped_at = order.shipped_at or at
        if len(going) < len(left) or order.state == OrderState.PART:
            inside = Q(pk__in=[line.pk for line in going]) | Q(gift_of__in=going)
            order.lines.filter(inside).update(parcel=parcel)
            order.follow_parcels()
        else:
            order.state = OrderState.SHIPPED
        order.save(update_fields=["state", "shipped_at", "signed_at"])
        for case in asking:
            case.note_shipment(by=by, parcel=str(parcel), acknowledged=True)
    return parcel


def _sent_after(line: OrderLine) -> bool:
    """Whether the buyer has asked for it to be sent after, which the shop does in that case."""
    asked = Case.objects.filter(line=line, type=CaseType.RESEND)
    return asked.exclude(status__in=ENDED).exists()


def note_imported(numbers: dict[int, str]) -> None:
    """A file says that orders (key → tracking) are shipped: their open cases keep that too."""
    cases = Case.objects.filter(order_id__in=numbers, type=CaseType.REFUND_UNSHIPPED)
    for case in cases.exclude(status__in=[*ENDED, *PAID_BACK]).select_related("order"):
        shipped_at = case.order.shipped_at
        if case.shipped_meanwhile_at is None and (
            shipped_at is None or shipped_at > case.applied_at
        ):
            case.note_shipment(by=None, parcel=numbers[case.order_id])
