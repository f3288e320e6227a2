"""协商方案的前提: when a plan may be offered, and what accepting it leads to (§2.6, NEG-11, NEG-12)."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from aftersales.display import plain_money
from aftersales.enums import CaseType, Freight, Purpose, Remedy, Status
from aftersales.rules import amounts, facts
from aftersales.rules.requests import MOST_PICTURES

if TYPE_CHECKING:
    from aftersales.models import Case

RETURNS = {"return_refund", "return_freight_covered"}
SENT_BACK = RETURNS | {"exchange", "repair"}  # accepted, the goods come back first
MOVES_GOODS = SENT_BACK | {"resend"}  # what a price difference never does (walk 8 of §1.7)
COUNTERS = {"partial_refund", "full_refund_no_return", *SENT_BACK, "resend"}  # 还价
CASH = {"partial_refund", "full_refund_no_return"}
ASIDE = {  # accepted besides: paid out at once by the merchant, and the demand goes on
    "coupon": Purpose.GOODWILL,
    "freight_compensation": Purpose.FREIGHT,
}
ON_ITS_WAY = {"intercept_refund", "wait_until"}  # of no use once the parcel has arrived
NOT_ACCEPTED_BY_CLICK = {"invite_evidence"}
PROMISES_NOTHING = NOT_ACCEPTED_BY_CLICK | {"wait_until"}  # neither money nor goods
MAX_WAIT_HOURS = 72
TERMS = {  # what a merchant fills in besides an amount; the rest of the terms is the engine's
    "wait_until": frozenset({"until"}),
    "invite_evidence": frozenset({"what", "count"}),
    "coupon": frozenset({"waives"}),
    "intercept_refund": frozenset({"enquiry"}),
    "exchange": frozenset({"sku"}),
    "resend": frozenset({"items"}),
    "repair": frozenset({"days"}),
    "return_freight_covered": frozenset({"pickup", "most"}),
}
WORDS = {"what", "sku", "items"}  # of the terms, those in the merchant's own words
TOLD_BY_BUYER = {"exchange", "resend"}  # what he wants instead, he says himself
REMEDIES = {  # what a case is to end with once such a plan is accepted
    "exchange": Remedy.EXCHANGE,
    "repair": Remedy.REPAIR,
    "resend": Remedy.RESEND,
}
MAX_REPAIR_DAYS = 30
MOST_FREIGHT = Decimal("9999.99")  # yuan; more is a slip of the finger


def kept_terms(code: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was filled in, what belongs to the plan; nobody forges the rest into an offer."""
    kept = TERMS.get(code, frozenset())
    return {name: value for name, value in terms.items() if name in kept}


def as_kept(code: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """What the history keeps of a plan beside its name and amount (``bids.as_kept`` reads it)."""
    return {"code": code, "terms": kept_terms(code, terms)}


def promised(terms: Mapping[str, Any]) -> datetime | None:
    """The moment of a promise to wait; none where it is missing or not a moment."""
    try:
        moment = datetime.fromisoformat(str(terms.get("until", "")))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def kept_by(code: str, terms: Mapping[str, Any], at: datetime) -> datetime | None:
    """Until when a plan offered at ``at`` promises something; none where it names no time."""
    days = str(terms.get("days", ""))
    if code == "repair" and days.isdecimal() and int(days) <= MAX_REPAIR_DAYS:
        return at + timedelta(days=int(days))
    return promised(terms) if code == "wait_until" else None


def most_freight(terms: Mapping[str, Any]) -> Decimal | None:
    """Up to how many yuan the merchant said that he bears the way back; none where he set no limit."""
    try:
        return Decimal(str(terms.get("most") or ""))
    except InvalidOperation:
        return None


def unfit(code: str, case: "Case", *, address_ready: bool = True) -> str:
    """Why a plan can't be offered in this case; empty when it can (NEG-12)."""
    if code == "price_difference":
        return gettext("退差价在申请前的沟通里提议；售后中请用部分退款")
    if case.type == CaseType.PRICE_DIFFERENCE and code in MOVES_GOODS:
        return gettext("退差价只退钱，不涉及商品的退回、换货、补寄或维修")
    if code == "partial_refund":
        if case.type == CaseType.PRICE_DIFFERENCE:
            return ""
        if not facts.received(case) and not facts.parts_missing(case):
            return gettext("买家还没有收到货")
        if facts.goods_back(case):
            return ""
        return "" if case.worth > Decimal("0.01") else gettext("申请金额太小，不能再分")
    if code in SENT_BACK:
        if not facts.received(case):
            return gettext("买家还没有签收，不能退货")
        if facts.goods_back(case):
            return gettext("买家已经寄回")
        if code == "exchange" and case.line.stock and not facts.in_stock(case):
            return gettext("商品没有库存，不能换货")
        if code == "repair" and not facts.under_warranty(case):
            return gettext("已过保修期，不能维修")
        return "" if address_ready else gettext("请先设置有效的退货地址")
    if code == "resend":
        if case.line.service:
            return gettext("服务类商品不能补寄")
        missing = case.type == CaseType.RESEND or facts.parts_missing(case)
        fits = missing or facts.stalled(case, case.at)
        return "" if fits else gettext("买家没有反映少件，包裹也没有停滞")
    if code == "intercept_refund":
        fits = facts.sent(case) and not facts.signed(case) and not facts.received(case)
        return "" if fits else gettext("包裹不在运输途中")
    if code == "wait_until":
        fits = facts.in_transit(case) or facts.stalled(case, case.at)
        return "" if fits else gettext("包裹不在运输途中")
    if code == "freight_compensation":
        return "" if facts.goods_back(case) else gettext("买家还没有寄回")
    return ""


def terms_refusal(code: str, terms: Mapping[str, Any], case: "Case") -> dict[str, str]:
    """What is wrong with what a merchant filled in besides an amount, by field."""
    if code == "exchange":
        wanted = str(terms.get("sku", "")).strip()
        stock = {row["sku"]: int(row["stock"]) for row in case.line.stock}
        if len(wanted) > 200 or (stock and wanted and stock.get(wanted, 0) < 1):
            return {"sku_exchange": gettext("请选一个有库存的规格")}
    if code == "coupon" and terms.get("waives") and facts.with_shop(case):
        return {"waives_coupon": gettext("商品已经寄回，买家接受补偿后售后不能就此结束")}
    if code == "resend" and not 1 <= len(str(terms.get("items", "")).strip()) <= 200:
        return {"items_resend": gettext("请写明补寄什么、各几件（最多 200 个字）")}
    if code == "invite_evidence":
        what, count = str(terms.get("what", "")).strip(), str(terms.get("count", ""))
        if not 2 <= len(what) <= 100:
            return {"what_invite_evidence": gettext("请写明要拍什么（2 到 100 个字）")}
        if not count.isdecimal() or not 1 <= int(count) <= MOST_PICTURES:
            return {
                "count_invite_evidence": gettext("请填写 1 到 %(most)s 张")
                % {"most": MOST_PICTURES}
            }
    if code == "intercept_refund":
        enquiry = str(terms.get("enquiry", ""))
        if enquiry and not re.fullmatch(r"[A-Za-z0-9-]{4,40}", enquiry):
            return {
                "enquiry_intercept_refund": gettext("拦截单号只有字母、数字和短横线，4 到 40 位")
            }
    if code == "return_freight_covered" and (wrong := _freight_refusal(terms, case)):
        return {"most_return_freight_covered": wrong}
    if code == "repair":
        days = str(terms.get("days", ""))
        if not days.isdecimal() or not 1 <= int(days) <= MAX_REPAIR_DAYS:
            return {
                "days_repair": gettext("请填写几天内修好（1 到 %(max)s 天）")
                % {"max": MAX_REPAIR_DAYS}
            }
    return {}


def _freight_refusal(terms: Mapping[str, Any], case: "Case") -> str:
    """§1.5: no limit where the rules put the whole way on the merchant, or where he pays it himself."""
    if not terms.get("most"):
        return ""
    if terms.get("pickup"):
        return gettext("上门取件的运费由你直接付，不用填写上限")
    if Freight.MERCHANT in (case.freight, case.reason.freight):
        return gettext("按规则退货运费全部由商家承担，不能设上限")
    if not amounts.claimable(most_freight(terms), MOST_FREIGHT):
        return gettext("运费需在 0.01 到 %(max)s 之间") % {"max": MOST_FREIGHT}
    return ""


def pays_back(code: str, case: "Case") -> Decimal | None:
    """What a plan pays back that names no amount, in yuan; none where it pays nothing back (§2.6)."""
    if code in RETURNS:  # who sends everything back gets everything, also where he asked for less
        return case.refundable
    return case.whole if code in {"full_refund_no_return", "intercept_refund"} else None


def comes_to(code: str, amount: Decimal | None, case: "Case") -> Decimal:
    """What a plan comes to for the shop, in yuan, whether it pays money or gives goods."""
    if amount is not None or code in PROMISES_NOTHING:
        return amount or amounts.NOTHING
    back = pays_back(code, case)
    return case.whole if back is None else back


def amount_refusal(code: str, wants_amount: bool, amount: Decimal | None, case: "Case") -> str:
    """Why an amount is not right for a plan; empty when it is (NEG-11)."""
    if not wants_amount:
        return gettext("这个方案不能填写金额") if amount is not None else ""
    most = case.whole - Decimal("0.01") if code == "partial_refund" else case.whole
    if amount is None or not Decimal("0.01") <= amount <= most:
        return gettext("退款金额需在 0.01 到 %(max)s 之间") % {"max": plain_money(most)}
    if amount != amount.quantize(Decimal("0.01")):
        return gettext("金额最多两位小数")
    return ""


def leads_to(code: str, case: "Case", *, waives: bool = False) -> Status:
    """The status that an accepted plan moves the case to (T-21)."""
    if code in CASH:
        return Status.REFUNDING
    if code in SENT_BACK:
        return Status.AWAITING_BUYER_RETURN
    if code == "resend":
        return Status.AWAITING_MERCHANT_SHIP
    if code == "intercept_refund":
        return Status.AWAITING_DELIVERY_REFUSAL
    if code == "wait_until":
        return Status.PENDING_MERCHANT
    if code == "coupon" and waives:
        return Status.CLOSED_AGREED
    return Status(case.status)
