"""出价往来: what was asked and offered over time, and the gap in yuan, for both sides' pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from aftersales.display import deadline, kept_money, money
from aftersales.enums import NEGOTIABLE, Party, PlanState, Status
from aftersales.models import Case, Offer, Offering
from aftersales.rules import plans

AT_ODDS = (*NEGOTIABLE, Status.REJECTED, Status.RETURN_REFUSED, Status.PLATFORM_REVIEW)


class Bid(NamedTuple):
    """One side's wish or offer; ``amount`` is what it comes to in yuan, where it is money."""

    at: datetime
    who: str
    what: str
    amount: Decimal | None
    state: str


def bids_of(case: Case, now: datetime) -> list[Bid]:
    """The demand, then every offer and counter-offer, oldest first; nothing before there is one."""
    offers = _offers(case)
    if not offers:
        return []
    worth = None if case.wants_goods else case.amount
    buyer, shop = str(Party.BUYER.label), str(Party.MERCHANT.label)
    return [
        Bid(case.applied_at, buyer, str(case.get_type_display()), worth, _("申请")),
        *(
            Bid(
                offer.at,
                buyer if offer.party == Party.BUYER else shop,
                with_terms(offer, now),
                value_of(offer, case),
                str(PlanState(offer.state).label),
            )
            for offer in offers
        ),
    ]


def terms_of(offer: Offer | Offering, now: datetime) -> str:
    """What was filled in besides an amount, in words; empty where nothing was."""
    return _told(offer.plan.code, offer.terms, now)


def _told(code: str, terms: Mapping[str, Any], now: datetime) -> str:
    if code == "wait_until" and (until := plans.promised(terms)):
        return _("到 %(until)s") % {"until": deadline(until, now)}
    if code == "repair" and terms.get("days"):
        return _("%(n)s 天内修好") % {"n": terms["days"]}
    if code == "invite_evidence" and terms.get("count"):
        return _("%(what)s（%(n)s 张）") % {"what": terms["what"], "n": terms["count"]}
    if code == "intercept_refund" and terms.get("enquiry"):
        return _("拦截单号 %(number)s") % {"number": terms["enquiry"]}
    if code == "coupon" and terms.get("waives"):
        return _("买家接受后结束本次售后")
    if code == "return_freight_covered" and terms.get("pickup"):
        return _("商家安排上门取件")
    if code == "return_freight_covered" and (most := plans.most_freight(terms)) is not None:
        return _("运费最多 %(most)s") % {"most": money(most)}
    return str(terms.get("sku") or terms.get("items") or "")


def with_terms(offer: Offer | Offering, now: datetime, amount: Decimal | None = None) -> str:
    """The plan, what it comes to, and what was filled in: 退货退款 ¥128.00：商家安排上门取件."""
    return _line(_name(offer), "" if amount is None else money(amount), terms_of(offer, now))


def _name(offer: Offer | Offering) -> str:
    at_desk = isinstance(offer, Offer) and offer.round_id is None
    return _back() if at_desk else str(offer.plan.label)


def _back() -> str:
    """A plan of the receiving desk (M18), outside the rounds, is for goods that are back."""
    return _("按收到的商品退款")


def as_kept(details: Mapping[str, Any], now: datetime, name: str = "plan") -> str:
    """The plan that an event keeps under ``name``, in the same words."""
    told = _told(details.get("code", ""), details.get("terms") or {}, now)
    plan = _back() if details.get("round") == 0 else str(details.get(name, ""))
    return _line(plan, kept_money(details.get("amount")), told)


def _line(name: str, amount: str, told: str) -> str:
    head = f"{name} {amount}".strip()
    return _("{name}：{text}").format(name=head, text=told) if told else head


def agreed_terms(case: Case, now: datetime) -> str:
    """What the two agreed on besides money, by the plan accepted last: which model, what is sent;
    or what the shop reported as agreed and the buyer confirmed (NEG-46)."""
    if case.status == Status.CLOSED_AGREED and (said := case.last_event("confirm_agreed")):
        return str(said.details.get("agreed", ""))
    taken = [offer for offer in _offers(case) if offer.state == PlanState.ACCEPTED]
    return terms_of(taken[-1], now) if taken else ""


def gap_of(case: Case) -> Decimal | None:
    """What still lies between the buyer's last wish and the shop's last offer, in yuan.

    None while nothing is offered in money, and once the two are no longer at odds, by whatever: an
    offer accepted, the claim agreed to, the case over; zero where the shop offers as much or more.
    """
    offers = _offers(case)
    if case.status not in AT_ODDS or any(_settled(each, case) for each in offers):
        return None
    asked = _last(offers, Party.BUYER, case)
    offered = _last(offers, Party.MERCHANT, case)
    if offered is None:
        return None
    return max((case.whole if asked is None else asked) - offered, Decimal("0.00"))


def gap_text(case: Case) -> str:
    gap = gap_of(case)
    return "" if gap is None else money(gap)


def value_of(offer: Offer, case: Case) -> Decimal | None:
    """What an offer settles the claim with, in yuan; a plan on the side settles nothing."""
    return offer.amount if offer.amount is not None else plans.pays_back(offer.plan.code, case)


def _settled(offer: Offer, case: Case) -> bool:
    """An accepted offer of this handling that meets the claim itself, in money or in goods."""
    now = offer.round is None or offer.round.series == case.series
    code = offer.plan.code
    meets = code in plans.REMEDIES or (
        code not in plans.ASIDE and value_of(offer, case) is not None
    )
    return now and meets and offer.state == PlanState.ACCEPTED


def _offers(case: Case) -> list[Offer]:
    return sorted(case.load_along("offers").offers.all(), key=lambda offer: (offer.at, offer.pk))


def _last(offers: Sequence[Offer], party: Party, case: Case) -> Decimal | None:
    """The best of what a side put forward the last time it put forward money."""
    told = [
        offer
        for offer in offers
        if offer.party == party
        and (offer.round is None or offer.round.series == case.series)
        and offer.plan.code in plans.CASH
    ]
    if not told:
        return None
    latest = [offer for offer in told if offer.round_id == told[-1].round_id]
    standing = [offer for offer in latest if offer.state != PlanState.REPLACED] or latest
    return max(value_of(offer, case) or Decimal("0.00") for offer in standing)
