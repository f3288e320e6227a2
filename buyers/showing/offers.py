"""The shop's offers in the buyer's words: what it is, and what follows from accepting it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from aftersales.bids import terms_of
from aftersales.display import deadline, money
from aftersales.enums import CaseType, Freight, Party, PaymentKind, Status
from aftersales.models import Case, Offer
from aftersales.rules import facts, plans
from buyers.showing.sentence import lost


@dataclass(frozen=True)
class Shown:
    """An offer on the case page: its key, its line, and the consequence under it."""

    pk: int
    code: str
    label: str
    consequence: str
    round: int
    less: str = ""  # than in the round before

    @property
    def by_click(self) -> bool:
        return self.code not in plans.NOT_ACCEPTED_BY_CLICK


def shown(offer: Offer, case: Case, now: datetime) -> Shown:
    return Shown(
        offer.pk,
        offer.plan.code,
        label_of(offer, case, now),
        consequence_of(offer, case, now),
        offer.round.number if offer.round else 0,
        _less(offer, case),
    )


def _less(offer: Offer, case: Case) -> str:
    """A later round takes the place of the one before: that it gives less is said."""
    if offer.round is None or offer.plan.code not in plans.CASH:
        return ""
    earlier = [
        (each.round.number, each.amount or case.whole)
        for each in case.handed("offers")
        if each.party == Party.MERCHANT
        and each.round is not None
        and each.round.series == offer.round.series
        and each.round.number < offer.round.number
        and each.plan.code in plans.CASH
    ]
    before = max(earlier)[1] if earlier else Decimal(0)
    less = before - (offer.amount or case.whole)
    if less <= 0:
        return ""
    return _("比上一轮的 {before} 少 {less}").format(before=money(before), less=money(less))


def shown_offers(case: Case, now: datetime) -> list[Shown]:
    """The shop's offers that can be accepted now."""
    return [shown(offer, case, now) for offer in case.open_offers()]


def label_of(offer: Offer, case: Case, now: datetime) -> str:
    code, amount = offer.plan.code, money(offer.amount)
    back = facts.with_shop(case)
    if offer.round_id is None or (back and code == "partial_refund"):
        return _("按收到的商品退款 {amount}").format(amount=amount)
    if back and code == "full_refund_no_return":
        return _("全额退款 {amount}").format(amount=money(offer.amount or case.whole))
    if code == "partial_refund":
        return _("退款 {amount}，不用退货").format(amount=amount)
    if code == "full_refund_no_return":
        return _("退全款 {amount}，不用退货").format(amount=money(offer.amount or case.whole))
    if code in plans.RETURNS:
        return _("退货后退全款 {amount}").format(amount=money(case.refundable))
    if code == "exchange":
        sku = str(offer.terms.get("sku") or case.line.sku)
        return _("换货：{sku}").format(sku=sku) if sku else offer.plan.label
    if code == "resend":
        return _("补寄：{items}").format(items=offer.terms.get("items", ""))
    if code == "repair":
        return _("维修，{n} 天内修好").format(n=offer.terms.get("days", ""))
    if code == "intercept_refund":
        return _("拒收后退款 {amount}").format(amount=money(case.worth))
    if code == "wait_until" and (until := wait_of(offer)):
        return _("再等一等物流，到 {until}").format(until=deadline(until, now))
    if code == "freight_compensation":
        return _("补偿运费 {amount}").format(amount=amount)
    if code == "coupon":
        return _("补偿 {amount}").format(amount=amount) if offer.amount else offer.plan.label
    return offer.plan.label if offer.amount is None else f"{offer.plan.label} {amount}"


def consequence_of(offer: Offer, case: Case, now: datetime) -> str:
    """The catalogue's sentence, with who bears the freight where goods go back."""
    if offer.round_id is None or (offer.plan.code in plans.CASH and facts.with_shop(case)):
        return _("接受后立即按此金额原路退回，售后结束")
    if case.type == CaseType.PRICE_DIFFERENCE and offer.plan.code in plans.CASH:
        return _("接受后立即退款，原路退回；不影响这件商品的其他售后")
    if offer.terms.get("waives"):
        return _("接受后售后关闭，{lost}").format(lost=lost(case))
    told = offer.plan.consequence or _("接受后你的申请继续有效")
    if offer.plan.code == "return_freight_covered" and (how := terms_of(offer, now)):
        return _("{how}；{consequence}").format(how=how, consequence=told)
    if offer.plan.code in plans.SENT_BACK - {"return_freight_covered"}:
        bearer = bearer_words(str(offer.terms.get("freight", case.freight)))
        return _("{bearer}；{consequence}").format(bearer=bearer, consequence=told)
    return told


def routes(case: Case) -> str:
    """微信支付、余额: where the money goes back to."""
    names = dict.fromkeys(
        payment.route for payment in case.order.payments.all() if payment.kind == PaymentKind.MONEY
    )
    return _("、").join(names)


def bearer_words(freight: str) -> str:
    """Who bears the way back, as the buyer is told."""
    return {
        Freight.MERCHANT: _("运费商家承担"),
        Freight.BUYER: _("运费由你承担"),
        Freight.INSURANCE: _("运费由运费险承担"),
        Freight.UNDECIDED: _("运费由谁承担，由商家或平台确定"),
    }.get(Freight(freight), _("不用寄回，没有运费"))


def _freight_told(offer: Offer, case: Case) -> str:
    """Who bears the way back, and how the merchant does it where he said so (§2.6)."""
    bearer = bearer_words(str(offer.terms.get("freight", case.freight)))
    if offer.terms.get("pickup"):
        return _("{bearer}，商家安排上门取件").format(bearer=bearer)
    if (most := plans.most_freight(offer.terms)) is not None:
        return _("{bearer}，凭寄件底单，最多 {most}").format(bearer=bearer, most=money(most))
    return bearer


def wait_of(offer: Offer) -> datetime | None:
    return parse_datetime(str(offer.terms.get("until", "")))


def after_accepting(offer: Offer, case: Case) -> list[tuple[str, str]]:
    """金额、方式、什么时候: what the page of accepting says, line by line (B10)."""
    code = offer.plan.code
    target = plans.leads_to(code, case, waives=bool(offer.terms.get("waives")))
    rows: list[tuple[str, str]] = []
    if code in plans.CASH:
        rows.append((_("退款金额"), money(offer.amount or case.whole)))
    elif code in plans.RETURNS:
        rows.append((_("退款金额"), money(case.refundable)))
    elif code == "intercept_refund":
        rows.append((_("退款金额"), money(case.worth)))
    elif offer.amount is not None:
        rows.append((_("金额"), money(offer.amount)))
    if code in plans.CASH or code in plans.RETURNS or code == "intercept_refund":
        way = routes(case)
        back = _("原路退回（{routes}）").format(routes=way) if way else _("原路退回")
        rows.append((_("退到哪里"), back))
    if code in plans.SENT_BACK:
        rows.append((_("退货运费"), _freight_told(offer, case)))
    rows.append((_("什么时候"), _when_it_happens(target, code)))
    return rows


def _when_it_happens(target: Status, code: str) -> str:
    if target == Status.REFUNDING:
        return _("接受后立即提交退款，到账时间以银行为准")
    if code in plans.REMEDIES:
        if target == Status.AWAITING_BUYER_RETURN:
            return _("你寄回、商家收到后发出；商家逾期不发出，自动退款")
        return _("商家随即发出；逾期不发出，自动退款")
    if target == Status.AWAITING_BUYER_RETURN:
        return _("商家收到退货并确认后退款；商家逾期不确认，自动退款")
    if target == Status.AWAITING_DELIVERY_REFUSAL:
        return _("包裹退回商家后自动退款")
    if target == Status.CLOSED_AGREED:
        return _("接受后立即生效，售后关闭")
    if code == "wait_until":
        return _("到约定时间还没有结果，商家必须处理你的申请")
    return _("接受后立即生效")


def lost_by(offer: Offer, case: Case, now: datetime) -> list[str]:
    """What the shop gives besides (补偿), and takes with it that is not accepted before this plan."""
    if offer.plan.code in plans.ASIDE and not ends_here(offer, case):
        return []
    others = [each for each in case.acceptable_offers() if each.pk != offer.pk]
    besides = [each for each in others if each.plan.code in plans.ASIDE]
    return [label_of(each, case, now) for each in besides if not each.terms.get("waives")]


def ends_here(offer: Offer, case: Case) -> bool:
    """Whether accepting it ends the matter for this line: then the page warns."""
    waives = bool(offer.terms.get("waives"))
    target = plans.leads_to(offer.plan.code, case, waives=waives)
    return target not in (Status(case.status), Status.PENDING_MERCHANT)


def verb_of(offer: Offer, case: Case) -> str:
    """What the button says; the amount is in it where money moves at once."""
    if offer.plan.code in plans.CASH:
        return _("接受，退款 {amount}").format(amount=money(offer.amount or case.whole))
    return _("接受这个方案")
