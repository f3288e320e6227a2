"""商家处理: the merchant's answers in the buyer's favour, and what his silence means (T-03 to T-08)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.enums import (
    CaseType,
    Freight,
    Party,
    Permission,
    Remedy,
    RoundState,
    ScanKind,
    Status,
)
from aftersales.models.agreeing import AgreeRule
from aftersales.models.case.fields import in_house
from aftersales.models.case.owing import Owing
from aftersales.models.history import Upload
from aftersales.models.people import ReturnAddress
from aftersales.rules import amounts, eligibility, facts
from aftersales.rules.conditions import (
    goods_not_back,
    not_signed_for,
    parcel_in_transit,
    parcel_sent,
    payout_failed,
    refund_only,
    unruled,
    wants_resend,
    wants_return,
    wants_undelivered,
)
from aftersales.rules.limits import within_limit
from aftersales.steps import Refused, step

# T-22: also after a rejection, and until the platform has ruled
ANSWERABLE = [Status.PENDING_MERCHANT, Status.REJECTED, Status.PLATFORM_REVIEW]


def _by_default(case: Any) -> Status:
    if case.type == CaseType.RESEND:
        return Status.AWAITING_MERCHANT_SHIP
    back = case.needs_return and case.return_address
    return Status.AWAITING_BUYER_RETURN if back else Status.REFUNDING


class Handling(Owing):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("同意退款"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        for_whom=[within_limit],
        source=ANSWERABLE,
        target=Status.REFUNDING,
        conditions=[unruled, refund_only, goods_not_back],
        undoable=True,
    )
    def agree(self, *, by: Any, rule: AgreeRule | None = None) -> dict[str, Any]:
        """T-03, T-22: exactly the applied amount; less is only possible as an accepted plan."""
        self._grant()
        self.owe_refund(self.worth)
        return {"amount": str(self.worth), **self._by_rule(rule)}

    @step(
        gettext_lazy("同意补寄"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        for_whom=[within_limit],
        source=ANSWERABLE,
        target=Status.AWAITING_MERCHANT_SHIP,
        conditions=[unruled, wants_resend, goods_not_back],
        undoable=True,
    )
    def agree_resend(self, *, by: Any, rule: AgreeRule | None = None) -> dict[str, Any]:
        """Walk 6 of §1.7: what is missing is sent; nothing comes back."""
        self._grant()
        if self.replacement_shipped_at:
            self.forget_travels()
        return {"missing": self.demand.get("missing", []), **self._by_rule(rule)}

    @step(
        gettext_lazy("同意退货"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        for_whom=[within_limit],
        source=ANSWERABLE,
        target=Status.AWAITING_BUYER_RETURN,
        conditions=[unruled, wants_return, goods_not_back],
        undoable=True,
    )
    def agree_return(
        self,
        *,
        by: Any,
        address: ReturnAddress | None,
        freight: str = "",
        message: str = "",
        collect: bool = False,
        rule: AgreeRule | None = None,
    ) -> dict[str, Any]:
        """T-04: with a valid return address and who bears the freight, never worse than the rule."""
        if address is None or address.shop_id != self.shop_id:
            raise Refused(address=_("请选择退货地址"))
        if not address.valid:
            raise Refused(address=_("这个退货地址已停用：%(why)s") % {"why": address.flagged})
        message = in_house(message, "message")
        self.freight = self._freight_agreed(freight)
        self.collect_agreed = collect
        self._grant()
        self.forget_travels()
        self.return_goods_to(address.shown())
        if message:
            self.say(Party.MERCHANT, by, message)
        return {
            "freight": str(self.freight),
            "text": message,
            "remedy": str(self.remedy),
            **self._by_rule(rule),
        }

    def _grant(self) -> None:
        """What the buyer applied for is agreed to: talking and dispute are over."""
        self.mark_handled()
        self.end_rounds()
        self.settle()
        self.remedy = eligibility.remedy_of(self.type)

    def _by_rule(self, rule: AgreeRule | None) -> dict[str, str]:
        """Whether a rule of the shop agreed, and which; nothing where a person did (M24)."""
        self.agreed_rule = rule
        return {"rule": str(rule)} if rule else {}

    def _freight_agreed(self, chosen: str) -> Freight:
        """What the rule says, or better for the buyer; where the rule is silent, one of the two."""
        if self.freight in (Freight.NONE, Freight.UNDECIDED):
            if chosen not in (Freight.MERCHANT, Freight.BUYER):
                raise Refused(freight=_("请选择退货运费由谁承担"))
            return Freight(chosen)
        if chosen not in ("", self.freight, Freight.MERCHANT):
            raise Refused(
                freight=_("按规则运费为“%(rule)s”，只能改由商家承担")
                % {"rule": Freight(self.freight).label}
            )
        return Freight(chosen or self.freight)

    @step(
        gettext_lazy("同意拒收后退款"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        for_whom=[within_limit],
        source=[Status.PENDING_MERCHANT],
        target=Status.AWAITING_DELIVERY_REFUSAL,
        conditions=[parcel_in_transit],
        undoable=True,
    )
    def agree_refusal(self, *, by: Any) -> dict[str, Any]:
        """T-05: the buyer refuses the parcel, the refund follows when it is back."""
        self.mark_handled()
        self.end_rounds()
        parcel = facts.outbound(self)  # type: ignore[arg-type]
        return {"parcel": str(parcel or "")}

    @step(
        gettext_lazy("已拒签退回"),
        by={Party.BUYER},
        source=[Status.PENDING_MERCHANT, Status.AWAITING_DELIVERY_REFUSAL],
        conditions=[parcel_sent, not_signed_for],
    )
    def report_refusal(
        self, *, by: Any, evidence: Mapping[str, Sequence[Upload]] | None = None
    ) -> dict[str, Any]:
        """S-03: the buyer records that the parcel was refused and is going back."""
        return {
            "evidence": self.put_forward(
                Party.BUYER, evidence or {}, {"slip": gettext_lazy("拒收面单")}
            )
        }

    @step(
        gettext_lazy("售后期间物流显示签收"),
        by={Party.CLOCK},
        source=[
            *ANSWERABLE,
            Status.AWAITING_DELIVERY_REFUSAL,
            Status.AWAITING_MERCHANT_SHIP,
        ],
        conditions=[wants_undelivered],
    )
    def note_signing(self, *, by: Any) -> dict[str, Any]:
        """Walk 2 of §1.7: the parcel is signed for after all: both are warned, the type stays.

        Who agreed to wait for it has it: what was agreed is done, and the claim is handled anew.
        What was agreed to be sent once more is still agreed; the sides know that it came.
        """
        parcel = facts.outbound(self)  # type: ignore[arg-type]
        if parcel is None or parcel.signed_at is None:
            raise Refused(_("没有新的签收记录"))
        sends = self.status == Status.AWAITING_MERCHANT_SHIP
        if self.round_state == RoundState.ACCEPTED and not sends:
            self.begin_series()
        return {"parcel": str(parcel), "signed_at": parcel.signed_at.isoformat()}

    @step(
        gettext_lazy("拒收件已退回"),
        by={Party.MERCHANT, Party.CLOCK},
        permission=Permission.RECEIVE,
        for_whom=[within_limit],
        source=[Status.AWAITING_DELIVERY_REFUSAL],
        target=Status.REFUNDING,
    )
    def take_back(self, *, by: Any) -> dict[str, Any]:
        """T-06: the carrier says refused or returned, or the merchant confirms it."""
        parcel = facts.outbound(self)  # type: ignore[arg-type]
        if by is None and not (parcel and parcel.state in facts.GOING_BACK):
            raise Refused(_("物流还没有显示退回"))
        self.needs_staff = payout_failed(self)  # type: ignore[arg-type]
        self.owe_refund(self.worth)
        state = ScanKind(parcel.state).label if parcel and parcel.state else ""
        return {"amount": str(self.worth), "parcel": str(parcel or ""), "state": str(state)}

    @step(
        gettext_lazy("逾期未处理，按买家要求达成协议"),
        by={Party.CLOCK},
        source=[Status.PENDING_MERCHANT],
        target=GET_STATE(
            lambda case, **_: _by_default(case),
            states=[
                Status.AWAITING_BUYER_RETURN,
                Status.AWAITING_MERCHANT_SHIP,
                Status.REFUNDING,
            ],
        ),
    )
    def agree_by_default(self, *, by: Any) -> dict[str, Any]:
        """T-08: exactly the buyer's demand; without a valid address, refunded without a return."""
        self.auto_agreed = True
        self.end_rounds()
        if self.type == CaseType.RESEND:
            return {"missing": self.demand.get("missing", [])}
        if self.needs_return:
            address = self.default_address()
            if address is not None:
                self.return_goods_to(address.shown())
                self.freight = amounts.unsaid(self.freight)
                return {"freight": str(self.freight)}
        self.remedy = Remedy.REFUND
        self.owe_refund(self.worth)
        return {"amount": str(self.worth), "no_address": self.needs_return}

    @step(
        gettext_lazy("拒收期限已到"),
        by={Party.CLOCK},
        source=[Status.AWAITING_DELIVERY_REFUSAL],
        target=GET_STATE(
            lambda case, **_: (
                Status.CLOSED_BUYER_TIMEOUT
                if facts.signed(case)
                else Status.AWAITING_DELIVERY_REFUSAL
            ),
            states=[Status.CLOSED_BUYER_TIMEOUT, Status.AWAITING_DELIVERY_REFUSAL],
        ),
    )
    def close_unrefused(self, *, by: Any) -> dict[str, Any]:
        """D5: signed after all closes the case; otherwise staff look where the parcel is."""
        self.consent_wanted = facts.signed(self)  # type: ignore[arg-type]
        if not self.consent_wanted:
            self.needs_staff = True
            self.set_due(None)
        return {"signed": facts.signed(self)}  # type: ignore[arg-type]
