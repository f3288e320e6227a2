"""判定: whether a ruling fits the case, and who bears the freight after it (§1.6, §1.5)."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from aftersales.enums import CaseType, Freight, OrderState, Remedy, Ruling
from aftersales.rules import amounts, facts

if TYPE_CHECKING:
    from aftersales.models import Case

PAID_AT_ONCE = frozenset({Ruling.FULL_REFUND, Ruling.PARTIAL_REFUND, Ruling.KEEP_GOODS})
SENT_BACK = frozenset({Ruling.RETURN_THEN_REFUND, Ruling.EXCHANGE, Ruling.REPAIR})
MOVES_GOODS = SENT_BACK | {Ruling.RESEND}  # what a price difference never does (walk 8 of §1.7)
REMEDIES = {  # rulings that end in goods; every other one ends in money or nothing
    Ruling.EXCHANGE: Remedy.EXCHANGE,
    Ruling.RESEND: Remedy.RESEND,
    Ruling.REPAIR: Remedy.REPAIR,
}
BEARERS = (Freight.MERCHANT, Freight.BUYER)


def unfit(ruling: str, case: "Case") -> str:
    """Why a ruling can't be made in this case; empty when it can."""
    if case.type == CaseType.PRICE_DIFFERENCE and ruling in MOVES_GOODS:
        return gettext("退差价只退钱，不涉及商品的退回、换货、补寄或维修")
    if ruling in SENT_BACK:
        if ruling == Ruling.RETURN_THEN_REFUND and facts.with_shop(case):
            return gettext("商品已经退回，请选择退款或不支持")
        if not facts.signed(case):
            return gettext("商品还没有签收，不能判退货")
    if ruling == Ruling.RESEND and not facts.sent(case) and case.order.state != OrderState.PART:
        return gettext("商品还没有发出，不能判补寄")
    if ruling == Ruling.KEEP_GOODS:
        if facts.with_shop(case):
            return gettext("商品已经退回，请选择退款或不支持")
        if not facts.signed(case):
            return gettext("商品还没有签收，请选择全额退款")
    if ruling == Ruling.FULL_REFUND and _with_goods(case):
        return gettext("买家要求退货，商品还在买家处：请选择退货后退款，或商品不值得退回")
    return ""


def _with_goods(case: "Case") -> bool:
    return case.type == CaseType.RETURN_REFUND and not facts.with_shop(case)


def sent_back(ruling: str, case: "Case") -> bool:
    """Whether the buyer has to send goods back before the ruling can be carried out."""
    return ruling in SENT_BACK and not facts.with_shop(case)


def given_back(ruling: str, case: "Case") -> bool:
    """Whether the shop sends back as they are the goods for which the buyer gets nothing: it does
    not keep both them and the price, as after a reversal (T-25)."""
    return ruling == Ruling.DENY and facts.with_shop(case)


def freight_of(case: "Case", ruling: str, responsible: str) -> amounts.Bearers:
    """The preset of a ruling: who bears the way out and back, as the freight table has it (§1.5)."""
    made = case.composition
    return amounts.bearers(
        CaseType.EXCHANGE if ruling == Ruling.EXCHANGE else case.type,
        case.reason,
        case.order,
        breaks_free_shipping=made is not None and made.shipping > 0,
        responsible=responsible,
        agreed=case.freight if case.return_address else "",
    )


def moves_back(case: "Case", ruling: str) -> bool:
    """Whether goods go back under this ruling, or have come back already."""
    return ruling in SENT_BACK or facts.goods_back(case)
