"""发货: an order leaves the shop; while a refund is asked for, only with open eyes (§1.5)."""

import re
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.bulk import hold
from aftersales.enums import ENDED, CaseType, Direction, OrderState, Permission, Status
from aftersales.models import Case, Member, Order, Parcel
from aftersales.steps import Refused

TRACKING = re.compile(r"[A-Z0-9]{8,30}")
PAID_BACK = (Status.REFUNDING, Status.REFUND_FAILED, Status.REFUNDED)


def open_refunds(order: Order) -> list[Case]:
    """The cases in which the buyer asks for his money because nothing was shipped, newest first."""
    cases = Case.objects.filter(order=order, type=CaseType.REFUND_UNSHIPPED)
    return list(cases.exclude(status__in=[*ENDED, *PAID_BACK]).select_related("line", "reason"))


def why_not(order: Order, user: Any) -> str:
    """Why this user can't ship the order now; empty when he can (perhaps only knowing the risk)."""
    member = Member.objects.filter(shop_id=order.shop_id, user=user, active=True).first()
    if member is None or not member.can(Permission.SHIP):
        return _("你没有“%(permission)s”权限，请联系店铺管理员") % {
            "permission": Permission.SHIP.label
        }
    if order.state != OrderState.PAID:
        return _("订单现在是“%(state)s”，不能发货") % {"state": order.get_state_display()}
    back = Case.objects.filter(
        order=order, type=CaseType.REFUND_UNSHIPPED, status__in=PAID_BACK
    ).values_list("line", "quantity")
    gone: dict[int, int] = {}
    for line, pieces in back:
        gone[line] = gone.get(line, 0) + pieces
    goods = [line for line in order.lines.all() if line.gift_of_id is None]
    if goods and all(gone.get(line.pk, 0) >= line.quantity for line in goods):
        return _("商品已全部退款，不能发货")
    return ""


def ship(
    order: Order, *, by: Any, carrier: str, tracking: str, acknowledged: bool = False
) -> Parcel:
    """Send the order off: a parcel, and 待收货. Raises Refused.

    While a refund of unshipped goods is asked for it stops, or goes on only after an explicit
    acknowledgement, which every such case keeps; RW-08 then stands against rejecting.
    """
    for case in open_refunds(order):
        case.catch_up()  # what time has decided is no longer open
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order.pk)
        if refusal := why_not(order, by):
            raise Refused(refusal, conflict=True)
        carrier, tracking = carrier.strip(), re.sub(r"[\s-]", "", tracking).upper()
        if not carrier:
            raise Refused(carrier=_("请选择快递公司"))
        if not TRACKING.fullmatch(tracking):
            raise Refused(tracking=_("请输入快递单号（8–30 位字母和数字）"))
        hold(f"tracking {tracking}")
        if Parcel.objects.filter(tracking=tracking).exists():
            raise Refused(tracking=_("此单号已用于另一个包裹"))
        asking = open_refunds(order)
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
        order.state, order.shipped_at = OrderState.SHIPPED, at
        order.save(update_fields=["state", "shipped_at"])
        for case in asking:
            case.note_shipment(by=by, parcel=str(parcel), acknowledged=True)
    return parcel


def note_imported(numbers: dict[int, str]) -> None:
    """A file says that orders (key → tracking) are shipped: their open cases keep that too."""
    cases = Case.objects.filter(order_id__in=numbers, type=CaseType.REFUND_UNSHIPPED)
    for case in cases.exclude(status__in=[*ENDED, *PAID_BACK]).select_related("order"):
        shipped_at = case.order.shipped_at
        if case.shipped_meanwhile_at is None and (
            shipped_at is None or shipped_at > case.applied_at
        ):
            case.note_shipment(by=None, parcel=numbers[case.order_id])
