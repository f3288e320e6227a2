"""各种要求自己的内容: what a demand asks besides reason and pieces, and what is wrong with it (S-16)."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from aftersales.enums import WANTS_GOODS, CaseType
from aftersales.rules.amounts import CENT, NOTHING, cents
from aftersales.rules.worktime import CHINA

if TYPE_CHECKING:
    from aftersales.models import Order, OrderLine

# What each demand asks of its own; anything else that comes along is refused.
ASKED: dict[str, frozenset[str]] = {
    CaseType.EXCHANGE: frozenset({"sku"}),
    CaseType.RESEND: frozenset({"missing"}),
    CaseType.REPAIR: frozenset({"fault_since"}),
    CaseType.PRICE_DIFFERENCE: frozenset({"reference_price", "reference_url"}),
}
AGREED = "U5"  # 协商一致退款
# Reasons of 退差价 that are about something else than a dropped price, or about a difference that
# is agreed on already (U5): no reference price to give.
WITHOUT_PRICE = frozenset({"R16", "R17", AGREED})
LINK = re.compile(r"https?://\S{4,300}")
SHORTEST_WHY, LONGEST_WHY = 4, 100  # characters that say why a picture can't be taken
PHONE = re.compile(r"\+?[0-9][0-9\- ]{5,19}")


def asked_of(kind: str, reason: str) -> frozenset[str]:
    """The names of what a demand asks of its own, for a reason's code."""
    if kind == CaseType.PRICE_DIFFERENCE and reason in WITHOUT_PRICE:
        return frozenset()
    return ASKED.get(kind, frozenset())


def errors(
    kind: str, reason: str, asked: Mapping[str, Any], line: "OrderLine", at: datetime
) -> dict[str, str]:
    """The sentence for each field that is missing, wrong, or another demand's."""
    if set(asked) - asked_of(kind, reason):
        return {"type": gettext("提交的内容与所选售后类型不符，请重新填写")}
    check = CHECKS.get(kind)
    return check(asked, line, at) if check and asked_of(kind, reason) else {}


def _sku(asked: Mapping[str, Any], line: "OrderLine", at: datetime) -> dict[str, str]:
    """The wanted model: one that the shop has, where its stock is known."""
    wanted = str(asked.get("sku", "")).strip()
    if not wanted:
        return {"sku": gettext("请选择或填写想换的规格")}
    if len(wanted) > 200:
        return {"sku": gettext("规格最多 200 个字")}
    stock = {row["sku"]: int(row["stock"]) for row in line.stock}
    if stock and wanted not in stock:
        return {"sku": gettext("请从列出的规格里选")}
    if stock and stock[wanted] < 1:
        return {
            "sku": gettext("“%(sku)s”已经没有库存，请换一个规格或改为退货退款") % {"sku": wanted}
        }
    return {}


def _missing(asked: Mapping[str, Any], line: "OrderLine", at: datetime) -> dict[str, str]:
    rows = asked.get("missing") or []
    if not rows:
        return {"missing": gettext("请写明少了什么、各几件")}
    if len(rows) > 20:
        return {"missing": gettext("最多写 20 样")}
    for row in rows:
        if not str(row.get("item", "")).strip() or len(str(row["item"])) > 80:
            return {"missing": gettext("请写明少了什么（每样最多 80 个字）")}
        if not 1 <= int(row.get("count", 0)) <= 999:
            return {"missing": gettext("每样的件数需在 1 到 999 之间")}
    return {}


def _fault(asked: Mapping[str, Any], line: "OrderLine", at: datetime) -> dict[str, str]:
    since = asked.get("fault_since")
    if not since:
        return {}
    try:
        told = date.fromisoformat(str(since))
    except ValueError:
        return {"fault_since": gettext("请填写日期，例如 2026-11-23")}
    today = at.astimezone(CHINA).date()
    return {"fault_since": gettext("故障日期不能晚于今天")} if told > today else {}


def _price(asked: Mapping[str, Any], line: "OrderLine", at: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    price = asked.get("reference_price")
    if not isinstance(price, Decimal) or not price.is_finite():
        found["reference_price"] = gettext("请填写现在的单价")
    elif price <= NOTHING:
        found["reference_price"] = gettext("现在的单价需大于 0")
    elif price != cents(price):
        found["reference_price"] = gettext("金额最多两位小数")
    elif dropped(line, price, 1) < CENT:
        found["reference_price"] = gettext("现在的单价不比你付的低，没有差价可退")
    url = str(asked.get("reference_url", "")).strip()
    if url and not LINK.fullmatch(url):
        found["reference_url"] = gettext("请填写以 http:// 或 https:// 开头的网址")
    return found


Check = Callable[[Mapping[str, Any], "OrderLine", datetime], dict[str, str]]
CHECKS: dict[str, Check] = {
    CaseType.EXCHANGE: _sku,
    CaseType.RESEND: _missing,
    CaseType.REPAIR: _fault,
    CaseType.PRICE_DIFFERENCE: _price,
}


def dropped(line: "OrderLine", price: Decimal, quantity: int) -> Decimal:
    """退差价: what was paid for ``quantity`` pieces less their present price; never negative."""
    paid = cents(line.paid * quantity / line.quantity)
    return max(paid - cents(price * quantity), NOTHING)


def goes_to(kind: str, other: Mapping[str, str] | None, order: "Order") -> dict[str, str] | None:
    """Where goods that are asked for go: to the ``other`` address that the buyer gave, else to the
    order's own as it stands (T-01): what a later file says of the order does not send them elsewhere."""
    if other:
        return dict(other)
    if kind not in WANTS_GOODS or not order.address:
        return None
    return {"name": order.receiver, "phone": order.phone, "address": order.address}


def address_errors(kind: str, address: Mapping[str, str] | None, orders_own: str) -> dict[str, str]:
    """Where the goods are to go; none means the order's own address, where it is known."""
    if address is None:
        missing = kind in WANTS_GOODS and not orders_own
        return {"ship_address": gettext("请填写详细的收货地址（至少 6 个字）")} if missing else {}
    if kind not in WANTS_GOODS:
        return {"type": gettext("提交的内容与所选售后类型不符，请重新填写")}
    found = {}
    if not 1 <= len(address.get("name", "").strip()) <= 40:
        found["ship_name"] = gettext("请填写收件人")
    if not PHONE.fullmatch(address.get("phone", "").strip()):
        found["ship_phone"] = gettext("请填写收件人的电话")
    if not 6 <= len(address.get("address", "").strip()) <= 200:
        found["ship_address"] = gettext("请填写详细的收货地址（至少 6 个字）")
    return found


def why_errors(told: str) -> str:
    """What is wrong with the reason for an empty slot (拍不了); empty when it is an answer."""
    if len(told.strip()) < SHORTEST_WHY:
        return gettext("请说明为什么拍不了（至少 %(n)s 个字）") % {"n": SHORTEST_WHY}
    if len(told) > LONGEST_WHY:
        return gettext("为什么拍不了，最多写 %(n)s 个字") % {"n": LONGEST_WHY}
    return ""
