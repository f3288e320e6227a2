"""申请前谈妥的方案: which demand a plan agreed in conversation leads to, by where the line stands (S-47)."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from aftersales.display import plain_money

if TYPE_CHECKING:
    from aftersales.models import OrderLine

# The plans that may be proposed before a case, in the order in which a merchant sees them.
PROPOSABLE = (
    "partial_refund",
    "full_refund_no_return",
    "return_refund",
    "return_freight_covered",
    "exchange",
    "resend",
    "repair",
    "price_difference",
)
PART = {"partial_refund", "price_difference"}  # less than all of it
_SAME = {"exchange", "resend", "repair", "price_difference"}  # plan and demand have one code


def demand_of(code: str, line: "OrderLine") -> str:
    """The type of the case that the plan leads to; empty where it leads to none now."""
    if code in _SAME:
        return code
    if code in {"return_refund", "return_freight_covered"}:
        return "return_refund"
    if not line.shipped:
        return "refund_unshipped" if code == "full_refund_no_return" else ""
    if line.signed:
        return "refund_received"
    return "refund_not_received" if code == "full_refund_no_return" else ""


def amount_refusal(code: str, amount: Decimal | None, most: Decimal) -> str:
    """Why an amount is not right for a proposal; empty when it is."""
    if code not in PART:
        return gettext("这个方案不能填写金额") if amount is not None else ""
    most -= Decimal("0.01")
    if amount is None or not Decimal("0.01") <= amount <= most:
        return gettext("退款金额需在 0.01 到 %(max)s 之间") % {"max": plain_money(most)}
    if amount != amount.quantize(Decimal("0.01")):
        return gettext("金额最多两位小数")
    return ""
