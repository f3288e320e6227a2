"""退货: sending back and where to, who pays the way, confirming, and both sides' silence (T-09 to T-11, T-13)."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.bulk import hold
from aftersales.display import plain_money
from aftersales.enums import (
    Direction,
    Freight,
    Party,
    Permission,
    PlanState,
    Purpose,
    Remedy,
    Status,
)
from aftersales.models.case.owing import Owing
from aftersales.models.catalogue import worded
from aftersales.models.history import Upload
from aftersales.models.order import Parcel, plain_tracking
from aftersales.models.people import ReturnAddress
from aftersales.models.returning import FreightClaim
from aftersales.rules import amounts, deadlines, eligibility, facts, plans
from aftersales.rules.conditions import (
    address_change_asked,
    consent_wanted,
    freight_claimed,
    freight_to_claim,
    goods_came_back,
    return_not_filed,
    return_not_scanned,
    sent_collect_unasked,
    tracking_not_corrected,
    unruled,
)
from aftersales.rules.limits import within_limit
from aftersales.steps import NOT_NOW, Refused, step

TRACKING = re.compile(r"[A-Z0-9]{8,30}")
AFTER_RECEIPT = [Status.REFUNDING, Status.AWAITING_MERCHANT_SHIP]


def after_receipt(case: Any) -> Status:
    """T-11, T-13: goods that are to be exchanged or repaired go out again; else money is owed."""
    return Status.REFUNDING if case.remedy == Remedy.REFUND else Status.AWAITING_MERCHANT_SHIP


def checked_tracking(carrier: str, tracking: str) -> tuple[str, str]:
    """Carrier and number as they are stored, or Refused at their fields."""
    carrier, tracking = carrier.strip(), plain_tracking(tracking)
    if not carrier:
        raise Refused(carrier=_("请选择快递公司"))
    if not TRACKING.fullmatch(tracking):
        raise Refused(tracking=_("请输入快递单号（8–30 位字母和数字）"))
    return carrier, tracking


class Returning(Owing):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("填写退货单号"),
        by={Party.BUYER},
        source=[Status.AWAITING_BUYER_RETURN],
        target=Status.AWAITING_MERCHANT_RECEIPT,
    )
    def send_back(
        self, *, by: Any, carrier: str, tracking: str, collect: bool = False
    ) -> dict[str, Any]:
        """T-09: carrier and number, checked; from then on the merchant's receipt clock runs."""
        return self._file_return(carrier, tracking, collect=collect)

    @step(
        gettext_lazy("商家代填退货单号"),
        by={Party.MERCHANT},
        permission=Permission.RECEIVE,
        source=[Status.AWAITING_BUYER_RETURN, Status.AWAITING_MERCHANT_RECEIPT],
        target=Status.AWAITING_MERCHANT_RECEIPT,
        conditions=[return_not_filed],
    )
    def fill_return(self, *, by: Any, carrier: str, tracking: str) -> dict[str, Any]:
        """T-09 in the buyer's place, where he sent the goods and did not say by what (§1.5)."""
        return self._file_return(carrier, tracking)

    def _file_return(self, carrier: str, tracking: str, *, collect: bool = False) -> dict[str, Any]:
        carrier, tracking = self._checked_tracking(carrier, tracking)
        self.return_carrier, self.return_tracking = carrier, tracking
        self.return_filed_at = self.at
        self.return_collect = collect
        self.address_asked = None
        self.begin_series()
        self.add(
            Parcel(
                order=self.order,
                case_id=self.pk,
                direction=Direction.RETURN,
                carrier=carrier,
                tracking=tracking,
                shipped_at=self.at,
            )
        )
        self._claim_freight_back()
        return {"carrier": carrier, "tracking": tracking, "collect": collect}

    def _claim_freight_back(self) -> None:
        """§1.5, T-09: the claim on whoever bears this way back, or what it cost more than shown; a
        replacement that goes back has one of its own."""
        if self.return_collect:
            return
        payer, difference = self.freight, False
        if payer == Freight.BUYER and self.goes_elsewhere:
            payer, difference = Freight.MERCHANT, True
        if payer in (Freight.MERCHANT, Freight.INSURANCE):
            claim = FreightClaim(case_id=self.pk, payer=payer, difference=difference, at=self.at)
            if payer == Freight.MERCHANT and not difference:
                agreed = self.freight_terms()
                claim.pickup, claim.most = bool(agreed.get("pickup")), plans.most_freight(agreed)
            self.add(claim)

    def bear_way_back(self) -> None:
        """T-20: the platform found that the merchant bears the way that the goods have come."""
        claims = self.freight_claims.all()  # type: ignore[attr-defined]
        made = [each for each in claims if self.return_filed_at and each.at >= self.return_filed_at]
        if made and not made[-1].difference:
            return
        self.freight = Freight.MERCHANT
        if not made:
            self._claim_freight_back()
        elif made[-1].paid is None:
            self.change(made[-1], difference=False)

    @property
    def unclaimed_freight(self) -> FreightClaim | None:
        """The first way back of which the buyer has yet to say what it cost."""
        claims = self.freight_claims.all()  # type: ignore[attr-defined]
        return next((each for each in claims if each.paid is None), None)

    @property
    def unsettled_freight(self) -> FreightClaim | None:
        """The first way back whose freight is claimed and not made good yet."""
        claims = self.freight_claims.all()  # type: ignore[attr-defined]
        return next((each for each in claims if each.paid and each.settled is None), None)

    def freight_terms(self) -> dict[str, Any]:
        """How the merchant bears the way back, as accepted with the plan: picked up, or up to how
        much. A ruling afterwards knows no such terms."""
        taken = self.offers.filter(  # type: ignore[attr-defined]
            plan__code="return_freight_covered", state=PlanState.ACCEPTED
        ).last()
        asked = self.last_intervention
        if taken is None or (asked and asked.ruling and asked.ruled_at > taken.at):
            return {}
        return dict(taken.terms)

    def stamped(self, name: str) -> Any:
        """A fact of the order as it stood when the buyer applied: a later change is not this case's."""
        return self.snapshot[name] if name in self.snapshot else getattr(self.order, name)

    @property
    def goes_elsewhere(self) -> bool:
        """The return address is not where the goods' page said that they come from (Art. 52)."""
        region = (self.return_address or {}).get("region", "")
        return bool(region) and amounts.other_place(self.stamped("ship_from"), region)

    @step(
        gettext_lazy("拒收到付件"),
        by={Party.MERCHANT},
        permission=Permission.RECEIVE,
        source=[Status.AWAITING_MERCHANT_RECEIPT],
        target=Status.AWAITING_BUYER_RETURN,
        conditions=[sent_collect_unasked],
    )
    def refuse_collect(self, *, by: Any) -> dict[str, Any]:
        """Taobao Art. 50-51: freight-collect without consent may be refused; whose fault, bears."""
        before = self.return_tracking
        self.return_carrier = self.return_tracking = ""
        self.return_filed_at, self.return_collect = None, False
        self.end_rounds()
        return {"before": before}

    @step(
        gettext_lazy("请求更换退货地址"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        source=[Status.AWAITING_BUYER_RETURN],
    )
    def ask_address(self, *, by: Any, address: ReturnAddress | None) -> dict[str, Any]:
        """Taobao Art. 41: a change after the agreement needs the buyer's consent."""
        if address is None or address.shop_id != self.shop_id:
            raise Refused(address=_("请选择退货地址"))
        if not address.valid:
            raise Refused(address=_("这个退货地址已停用：%(why)s") % {"why": address.flagged})
        if address.shown() == self.return_address:
            raise Refused(address=_("买家现在就是寄到这个地址"))
        self.address_asked = address.shown()
        return {"address": str(address)}

    @step(
        gettext_lazy("答复更换退货地址"),
        by={Party.BUYER},
        source=[Status.AWAITING_BUYER_RETURN],
        conditions=[address_change_asked],
    )
    def answer_address(self, *, by: Any, agreed: bool) -> dict[str, Any]:
        """The buyer's yes or no; without a yes the agreed address stands."""
        asked = self.address_asked or {}
        self.address_asked = None
        if agreed:
            self.return_goods_to(asked)
        return {"agreed": agreed, "address": " ".join(str(part) for part in asked.values())}

    @step(
        gettext_lazy("申报退货运费"),
        by={Party.BUYER},
        source=list(Status),
        conditions=[freight_to_claim],
        versioned=False,
    )
    def claim_freight(
        self,
        *,
        by: Any,
        amount: Decimal,
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """§1.5: what the way back really cost, with the carrier's slip."""
        if not amounts.claimable(amount, plans.MOST_FREIGHT):
            raise Refused(amount=_("运费需在 0.01 到 %(max)s 之间") % {"max": plans.MOST_FREIGHT})
        if not any((evidence or {}).values()):
            raise Refused(proof_freight=_("请上传寄件底单或付款记录"))
        claim = self.unclaimed_freight
        if claim is None:
            raise Refused(NOT_NOW)
        self.change(claim, paid=amounts.cents(amount), paid_at=self.at)
        kept = self.put_forward(Party.BUYER, evidence or {}, {"freight": gettext_lazy("寄件底单")})
        return {"amount": str(claim.paid), "evidence": kept}

    @step(
        gettext_lazy("赔付退货运费"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        source=list(Status),
        conditions=[freight_claimed],
        versioned=False,
    )
    def settle_freight(self, *, by: Any, amount: Decimal) -> dict[str, Any]:
        """§1.5: the merchant pays exactly what was claimed, up to what was agreed; of an insurer's
        payment he records what it came to. A claim he doubts is for talking about, never cut alone."""
        claim = self.unsettled_freight
        if claim is None:
            raise Refused(NOT_NOW)
        if not amounts.claimable(amount, plans.MOST_FREIGHT):
            raise Refused(amount=_("运费需在 0.01 到 %(max)s 之间") % {"max": plans.MOST_FREIGHT})
        if claim.payer == Freight.MERCHANT:
            if amount != claim.owed:
                raise Refused(
                    amount=_("应赔付 ¥%(owed)s；有疑问请先和买家沟通")
                    % {"owed": plain_money(claim.owed)}
                )
            self.owe(amount, purpose=Purpose.FREIGHT)
        self.change(claim, settled=amounts.cents(amount), settled_at=self.at)
        return {"amount": str(claim.settled), "payer": claim.payer}

    @step(
        gettext_lazy("更正退货单号"),
        by={Party.BUYER},
        source=[Status.AWAITING_MERCHANT_RECEIPT],
        conditions=[tracking_not_corrected, return_not_scanned],
    )
    def correct_tracking(self, *, by: Any, carrier: str, tracking: str) -> dict[str, Any]:
        """Once, and before the carrier's first scan (§1.5): the number, the carrier, or both."""
        parcel = facts.returned(self)  # type: ignore[arg-type]
        carrier, tracking = self._checked_tracking(carrier, tracking, correcting=parcel)
        before = self.return_tracking
        if (carrier, tracking) == (self.return_carrier, before):
            raise Refused(tracking=_("快递公司和单号都和现在填写的一样"))
        if parcel is not None:
            self.change(parcel, carrier=carrier, tracking=tracking)
        self.return_carrier, self.return_tracking = carrier, tracking
        self.return_corrected = True
        return {"carrier": carrier, "tracking": tracking, "before": before}

    def _checked_tracking(
        self, carrier: str, tracking: str, *, correcting: Parcel | None = None
    ) -> tuple[str, str]:
        """Not a number by which goods went out, nor one that brought back anything before."""
        carrier, tracking = checked_tracking(carrier, tracking)
        hold(f"tracking {tracking}")  # two cases may be typing it at the same moment
        sent = {
            parcel.tracking.upper()
            for parcel in self.order.parcels.all()
            if parcel.direction != Direction.RETURN
        }
        if tracking in sent:
            raise Refused(tracking=_("不能与发货单号相同"))
        taken = Parcel.objects.filter(tracking=tracking)
        if correcting is not None:
            taken = taken.exclude(pk=correcting.pk)
        if known := taken.first():
            if known.case_id == self.pk:
                raise Refused(tracking=_("此单号已用于另一个包裹"))
            raise Refused(tracking=_("此单号已用于另一笔售后"))
        return carrier, tracking

    @step(
        gettext_lazy("退货已签收"),
        by={Party.CLOCK},
        source=[Status.AWAITING_MERCHANT_RECEIPT],
    )
    def note_delivery(self, *, by: Any) -> dict[str, Any]:
        """D7: the carrier's signature at the return address brings the receipt clock forward."""
        parcel = facts.returned(self)  # type: ignore[arg-type]
        if parcel is None or parcel.signed_at is None or self.return_signed_at:
            raise Refused(_("没有新的签收记录"))
        self.return_signed_at = parcel.signed_at
        signed = deadlines.due_at(self, self.due_from or self.at)  # type: ignore[arg-type]
        self.set_due(min(end for end in (self.due_at, signed) if end))
        return {"parcel": str(parcel), "signed_at": parcel.signed_at.isoformat()}

    @step(
        gettext_lazy("逾期未寄回，售后关闭"),
        by={Party.CLOCK},
        source=[Status.AWAITING_BUYER_RETURN],
        target=Status.CLOSED_BUYER_TIMEOUT,
    )
    def close_unreturned(self, *, by: Any) -> dict[str, Any]:
        """T-10: no tracking number by D4."""
        self.consent_wanted = True
        return {}

    @step(
        gettext_lazy("同意买家再次申请"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        source=[Status.CLOSED_BUYER_TIMEOUT],
        conditions=[consent_wanted],
    )
    def allow_again(self, *, by: Any) -> dict[str, Any]:
        """T-10: the same reason once more; how often a line is claimed at all is the policy's (G2)."""
        self.consent_wanted = False
        return worded("reason", self.reason)

    @step(
        gettext_lazy("确认收货"),
        by={Party.MERCHANT},
        permission=Permission.RECEIVE,
        for_whom=[within_limit],
        source=[
            Status.AWAITING_MERCHANT_RECEIPT,
            Status.RETURN_REFUSED,
            Status.PLATFORM_REVIEW,
        ],
        target=GET_STATE(lambda case, **_: after_receipt(case), states=AFTER_RECEIPT),
        conditions=[unruled, goods_came_back],
    )
    def confirm_receipt(self, *, by: Any) -> dict[str, Any]:
        """T-11, and T-22 after a refused receipt: the refund is owed, or the goods are, at once."""
        self.mark_handled()
        self.settle()
        return self._take_in()

    @step(
        gettext_lazy("逾期未确认收货，视为已收货"),
        by={Party.CLOCK},
        source=[Status.AWAITING_MERCHANT_RECEIPT],
        target=GET_STATE(lambda case, **_: after_receipt(case), states=AFTER_RECEIPT),
    )
    def confirm_receipt_by_default(self, *, by: Any) -> dict[str, Any]:
        """T-13: the receipt clock (D7) ran out."""
        self.auto_agreed = True
        return self._take_in()

    def _take_in(self) -> dict[str, Any]:
        """What was to go back as it was (T-25) and is taken in after all ends as the buyer asked."""
        self.end_rounds()
        if self.remedy == Remedy.GIVE_BACK:
            self.remedy = eligibility.remedy_of(self.type)
        if self.remedy != Remedy.REFUND:
            return {"remedy": str(self.remedy)}
        self.owe_refund(self.whole)
        return {"amount": str(self.to_refund)}
