"""退货运费, as the buyer is told: who pays the way back, and what became of what he paid."""

from django.utils.translation import gettext as _

from aftersales.display import money
from aftersales.enums import Freight, FreightCover
from aftersales.models import Case, FreightClaim
from aftersales.rules import plans


def who_pays(case: Case) -> str:
    """One sentence on the return page: who pays at the counter, and who pays in the end (§1.5)."""
    if case.freight == Freight.INSURANCE:
        return _("这个订单有运费险：请先付运费，填写单号后申报实付金额，由保险公司赔付")
    if case.freight == Freight.MERCHANT:
        terms = case.freight_terms()
        if terms.get("pickup"):
            return _("商家安排上门取件，运费由商家承担；自己寄出的，填写单号后申报实付金额")
        if (most := plans.most_freight(terms)) is not None:
            return _("请先付运费，填写单号后申报实付金额，由商家付给你，按约定最多 {most}").format(
                most=money(most)
            )
        covered = case.stamped("freight_cover") == FreightCover.MERCHANT_FREE_RETURN
        if covered and case.reason.freight != Freight.MERCHANT:
            return _("这个订单退货包运费：请先付运费，填写单号后申报实付金额，由商家付给你")
        return _("请先付运费，填写单号后申报实付金额，由商家付给你")
    if case.freight == Freight.BUYER and case.goes_elsewhere:
        return _(
            "运费由你承担；退货地址和商品页的发货地不同，多出的部分由商家承担，填写单号后可以申报"
        )
    if case.freight == Freight.BUYER:
        return _("运费由你承担，退款时不退")
    return ""


def claim_of(case: Case) -> str:
    """Where the claims for the ways back stand; nothing where there is none."""
    claims = [claim for claim in case.freight_claims.all() if claim.paid is not None]
    return _("；").join(map(_stands, claims))


def _stands(claim: FreightClaim) -> str:
    if claim.settled is not None:
        return _("退货运费已赔付 {amount}").format(amount=money(claim.settled))
    return _("你申报了退货运费 {amount}，等{payer}赔付").format(
        amount=money(claim.paid),
        payer=_("保险公司") if claim.payer == Freight.INSURANCE else _("商家"),
    )
