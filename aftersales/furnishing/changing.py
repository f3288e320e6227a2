"""Set an order's facts, checked whole and logged; running cases keep what they were stamped with."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.enums import Party, Permission
from aftersales.models import Case, Member, Order, OrderChange, OrderLine
from aftersales.steps import NOT_YOURS, Refused

OF_ORDER = ("free_shipping_from", "full_postage", "ship_from", "freight_cover")
OF_LINE = ("bundle", "gift_of_id", "list_total", "stock", "durable")
STAFF_MAY = "aftersales.change_order"


def side_of(order: Order, user: Any) -> Party:
    """On whose side this user may change the order's facts; Refused where on none."""
    member = Member.objects.at_work(order.shop_id, user)
    if member is None:
        if user.is_staff and user.has_perm(STAFF_MAY):
            return Party.STAFF
        raise Refused(NOT_YOURS)
    if not member.can(Permission.IMPORT):
        raise Refused(
            _("你没有“%(permission)s”权限，请联系店铺管理员")
            % {"permission": Permission.IMPORT.label}
        )
    return Party.MERCHANT


def furnish(
    order: Order,
    *,
    by: Any,
    facts: Mapping[str, Any],
    lines: Mapping[int, Mapping[str, Any]],
    seen: int,
) -> OrderChange | None:
    """Set ``facts`` (``OF_ORDER``) and those of ``lines`` by key (``OF_LINE``); the log's new row,
    or nothing where nothing is different. ``seen`` is the number of changes that the page knew.

    Yuan with two places; ``stock`` is a list of ``{"sku": str, "stock": int}``. Refused names
    fields as the form does: a fact of a line by ``<name>_<key>``.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order.pk)
        party = side_of(order, by)
        if order.changes.count() != seen:
            raise Refused(_("订单资料刚被别人改过，请核对后再保存"), conflict=True)
        known = {line.pk: line for line in order.lines.all()}
        changed = _set(order, facts, OF_ORDER, 0)
        for pk, line in known.items():
            changed += _set(line, lines.get(pk, {}), OF_LINE, pk)
        if not changed:
            return None
        if wrong := _errors(order, known):
            raise Refused(**wrong)
        order.save(update_fields=OF_ORDER)
        OrderLine.objects.bulk_update(known.values(), OF_LINE)
        return OrderChange.objects.create(
            order=order, user=by, party=party, at=clock.now(), changed=changed
        )


def _set(row: Any, values: Mapping[str, Any], names: tuple[str, ...], line: int) -> list[Any]:
    """Set what differs; for the log: line (0: the order), name, before and after."""
    changed = []
    for name in names:
        if name in values and values[name] != (before := getattr(row, name)):
            setattr(row, name, values[name])
            changed.append([line, name, _plain(before), _plain(values[name])])
    return changed


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _errors(order: Order, lines: Mapping[int, OrderLine]) -> dict[str, str]:
    """What can't be so, by the form's field."""
    found: dict[str, str] = {}
    if order.free_shipping_from is not None and not order.full_postage:
        found["full_postage"] = _("设了满额包邮，请填写不包邮时的邮费")
    claimed = set(Case.objects.filter(order=order).values_list("line_id", flat=True))
    for pk, line in lines.items():
        if line.gift_of_id is not None and (why := _no_gift(line, lines, claimed)):
            found[f"gift_of_{pk}"] = why
    bundles: dict[str, list[OrderLine]] = {}
    for line in lines.values():
        if line.bundle:
            bundles.setdefault(line.bundle, []).append(line)
    for parts in bundles.values():
        if why := _no_bundle(parts):
            found[f"bundle_{parts[0].pk}"] = why
    return found


def _no_gift(line: OrderLine, lines: Mapping[int, OrderLine], claimed: set[int]) -> str:
    goods = lines.get(line.gift_of_id or 0)
    if goods is None or goods.pk == line.pk or goods.gift_of_id is not None:
        return _("请选择这个订单里的另一件商品")
    if line.paid:
        return _("赠品的实付应为 0，这件付了 %(paid)s 元") % {"paid": line.paid}
    if line.pk in claimed:
        return _("这件商品已有售后单，不能改为赠品")
    return ""


def _no_bundle(parts: list[OrderLine]) -> str:
    if len(parts) < 2:
        return _("一个套餐至少有两件商品")
    if any(part.gift_of_id is not None for part in parts):
        return _("赠品不能算在套餐里")
    if not all(part.list_total for part in parts):
        return _("请填写套餐里每件商品的单买价合计")
    if sum(part.list_total for part in parts) < sum(part.paid for part in parts):
        return _("套餐各件的单买价加起来，不能低于实付")
    return ""
