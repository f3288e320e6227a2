"""判定: the platform's written finding, carried out at once or by its deadline (T-20, D12)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.display import plain_money
from aftersales.enums import (
    FOR_BUYER,
    CaseType,
    Clock,
    Freight,
    Party,
    Permission,
    Remedy,
    Responsible,
    Ruling,
    Stage,
    Status,
)
from aftersales.models.case.fields import reasoned
from aftersales.models.case.owing import Owing
from aftersales.models.catalogue import DecisionReason, worded
from aftersales.models.people import ReturnAddress
from aftersales.rules import amounts, deadlines, eligibility, facts, rulings
from aftersales.rules.conditions import evidence_closed, executing, impartial, running
from aftersales.steps import NOT_NOW, Refused, step

OVERRULES = "freight"  # what a decision reason names where the freight table is not followed


def _ruled_status(case: Any, ruling: str, *, nothing_back: bool = False, **_: Any) -> Status:
    if ruling in rulings.PAID_AT_ONCE:
        return Status.REFUNDING
    if rulings.sent_back(ruling, case):
        return Status.AWAITING_BUYER_RETURN if case.return_address else Status.PLATFORM_REVIEW
    if ruling in rulings.REMEDIES:
        return Status.AWAITING_MERCHANT_SHIP
    if ruling == Ruling.REHANDLE:
        back = facts.with_shop(case)
        return Status.AWAITING_MERCHANT_RECEIPT if back else Status.PENDING_MERCHANT
    if ruling == Ruling.CLOSE_AGREED:
        return Status.CLOSED_AGREED
    if rulings.given_back(ruling, case) and not nothing_back:
        return Status.AWAITING_MERCHANT_SHIP
    return Status.CLOSED_PLATFORM_DENIED


class Deciding(Owing):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("平台判定"),
        by={Party.STAFF},
        source=[Status.PLATFORM_REVIEW],
        target=GET_STATE(_ruled_status, states=list(Status)),
        conditions=[running, evidence_closed],
        for_whom=[impartial],
    )
    def rule(
        self,
        *,
        by: Any,
        ruling: str,
        responsible: str,
        grounds: str,
        reason: DecisionReason | None = None,
        amount: Decimal | None = None,
        freight: str = "",
        freight_out: str = "",
        freight_reason: DecisionReason | None = None,
        exempt: bool = False,
        nothing_back: bool = False,
        cited: Sequence[int] = (),
    ) -> dict[str, Any]:
        """T-20, S-23: a written finding; who is supported against whom decides 纠纷退款.

        Freight that is not named follows the freight table; to name another bearer takes a coded
        ``freight_reason``. ``exempt`` keeps a refund from counting against the shop. What the
        merchant must do first he does by D12. A buyer who is denied has his goods back from the
        shop, unless ``nothing_back`` came to it.
        """
        asked = self.last_intervention
        if asked is None:
            raise Refused(NOT_NOW)
        if ruling not in Ruling.values:
            raise Refused(ruling=_("请选择判定结果"))
        if responsible not in Responsible.values:
            raise Refused(responsible=_("请选择责任方"))
        if reason is not None and ruling not in reason.decisions:
            raise Refused(reason=_("这个理由不适用于所选的判定"))
        grounds = reasoned(grounds)
        known = {shown.pk for shown in self.evidence.all()}  # type: ignore[attr-defined]
        if unknown := set(cited) - known:
            raise Refused(cited=_("凭证 %(ids)s 不属于本单") % {"ids": sorted(unknown)})
        if refusal := rulings.unfit(ruling, self):  # type: ignore[arg-type]
            raise Refused(ruling=refusal)
        table = self._table(ruling, responsible)
        out, back = self._ruled_freight(table, freight_out, freight)
        amount = self._ruled_amount(ruling, amount, out)
        if (out, back) == table:
            freight_reason = None
        elif freight_reason is None or OVERRULES not in freight_reason.decisions:
            raise Refused(freight_reason=_("改变运费规则的承担方，请选择理由"))
        self.end_rounds()
        execute_by = self._set_to_work(ruling, out, back, nothing_back=nothing_back)
        if ruling in (Ruling.DENY, Ruling.CLOSE_AGREED):
            self.renew_warranty()  # type: ignore[attr-defined]
        if ruling == Ruling.REHANDLE:
            self._handle_anew()
        against_shop = ruling in FOR_BUYER and responsible == Responsible.MERCHANT
        self.dispute_refund = against_shop and not exempt
        self.change(
            asked,
            stage=Stage.RULED,
            ruling=ruling,
            amount=amount,
            responsible=responsible,
            freight=back,
            freight_out=out,
            freight_reason=freight_reason,
            decision_reason=reason,
            grounds=grounds,
            evidence_cited=sorted(cited),
            counts_as_dispute=self.dispute_refund,
            execute_by=execute_by,
            appeal_by=deadlines.end_of(self, Clock.APPEAL, self.at),  # type: ignore[arg-type]
            ruled_at=self.at,
            ruled_by=by,
        )
        self.stage, self.evidence_due_at = Stage.RULED, None
        if back == Freight.MERCHANT and facts.goods_back(self):  # type: ignore[arg-type]
            self.bear_way_back()  # type: ignore[attr-defined]
        if ruling in rulings.PAID_AT_ONCE and amount is not None:
            self.owe_refund(amount)
        return {
            "ruling": ruling,
            "amount": str(amount or ""),
            "responsible": responsible,
            "reason_code": reason.code if reason else "",
            **worded("reason", reason),
            "freight": back,
            "freight_out": out,
            **worded("freight_reason", freight_reason),
            "grounds": grounds,
            "cited": sorted(cited),
            "execute_by": execute_by.isoformat() if execute_by else "",
        }

    def _handle_anew(self) -> None:
        """Sent back to the shop: what was agreed before holds only for goods that are with it."""
        self.begin_series()
        back = facts.with_shop(self)  # type: ignore[arg-type]
        if back:
            # The receipt clock ran out long ago; he who is told to look again has time to.
            self.set_due(deadlines.end_of(self, Clock.RECEIPT_SIGNED, self.at))  # type: ignore[arg-type]
        if not back or self.remedy == Remedy.GIVE_BACK:
            self.remedy = eligibility.remedy_of(self.type)
        if not back:
            self.to_refund, self.return_address, self.address_asked = None, None, None
            self.forget_travels()

    def _set_to_work(
        self, ruling: str, out: str, back: str, *, nothing_back: bool
    ) -> datetime | None:
        """Settle what the sides have to do, and by when the merchant, if he must (D12).

        A repair takes longer than a day: its own clock (D8) runs.
        """
        if ruling in FOR_BUYER:
            self.remedy = rulings.REMEDIES.get(Ruling(ruling), Remedy.REFUND)
        until = deadlines.end_of(self, Clock.EXECUTION, self.at)  # type: ignore[arg-type]
        if rulings.sent_back(ruling, self):  # type: ignore[arg-type]
            self.forget_travels()
            self.freight, self.to_refund = Freight(back), None
            if self.remedy == Remedy.REFUND:
                self.to_refund = self._with_way_out(out, self.worth_returned)
            address = self.default_address()
            self.return_address = address.shown() if address else None
            if address is not None:
                return None
        elif ruling == Ruling.REPAIR:
            until = deadlines.end_of(self, Clock.SHIP_REPAIRED, self.at)  # type: ignore[arg-type]
        elif rulings.given_back(ruling, self) and not nothing_back:  # type: ignore[arg-type]
            self.remedy, self.to_refund = Remedy.GIVE_BACK, None
            until = deadlines.end_of(self, Clock.SHIP, self._arrives_by())  # type: ignore[arg-type]
        elif ruling not in rulings.REMEDIES:
            return None
        if self.remedy != Remedy.REFUND:
            if self.replacement_shipped_at:  # the buyer has what came back, or another of it
                self.forget_travels()
            self.unrepairable_at = None
        self.set_due(until, anew=True)
        return until

    def _arrives_by(self) -> datetime:
        """By when the shop has goods that were on their way to it when the platform stepped in."""
        asked = self.last_intervention
        if asked is None or asked.came_from != Status.AWAITING_MERCHANT_RECEIPT:
            return self.at
        if self.return_signed_at is not None or asked.clock_left is None:
            return self.at
        return deadlines.goes_on(self, Clock.RECEIPT, self.at, asked.clock_left)  # type: ignore[arg-type]

    def _ruled_amount(self, ruling: str, amount: Decimal | None, out: str) -> Decimal | None:
        if ruling in (Ruling.FULL_REFUND, Ruling.KEEP_GOODS):
            return self._with_way_out(out, self.whole)
        if ruling != Ruling.PARTIAL_REFUND:
            return None
        most = self.whole - amounts.CENT
        if amount is None or not amounts.claimable(amount, most):
            raise Refused(
                amount=_("部分退款需在 0.01 到 %(max)s 之间") % {"max": plain_money(most)}
            )
        if amount != amounts.cents(amount):
            raise Refused(amount=_("金额最多两位小数"))
        return amount

    def _with_way_out(self, out: str, amount: Decimal) -> Decimal:
        """All that the claim comes to, by who bears the way out (§1.5): its postage comes back where
        the shop does, and stays gone where the buyer does. What his reason said before counts no more."""
        made: amounts.Refundable | None = self.composition  # type: ignore[attr-defined]
        if made is None or self.type == CaseType.PRICE_DIFFERENCE:
            return amount
        if out == Freight.BUYER:
            return max(min(amount, made.total - made.postage), amounts.NOTHING)
        if out == Freight.MERCHANT and amount == self.refundable:  # else he claimed a part of it
            besides = amounts.NOTHING if made.postage else self.postage_left()
            return amount + besides + made.shipping
        return amount

    def _table(self, ruling: str, responsible: str) -> tuple[str, str]:
        """By the freight table: the way out and back; empty where the ruling moves nothing."""
        if ruling not in FOR_BUYER:
            return "", ""
        out, back = rulings.freight_of(self, ruling, responsible)  # type: ignore[arg-type]
        return str(out), str(back) if rulings.moves_back(self, ruling) else ""  # type: ignore[arg-type]

    def _ruled_freight(self, table: tuple[str, str], out: str, back: str) -> tuple[str, str]:
        """What staff named, else what the table says; nothing is named where nothing moves."""
        for name, named in (("freight_out", out), ("freight", back)):
            if named not in ("", *rulings.BEARERS):
                raise Refused(**{name: _("请选择运费由谁承担")})
        return table[0] and (out or table[0]), table[1] and (back or table[1])

    @step(
        gettext_lazy("按判定提供退货地址"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        source=[Status.PLATFORM_REVIEW],
        target=Status.AWAITING_BUYER_RETURN,
        conditions=[executing],
    )
    def give_address(self, *, by: Any, address: ReturnAddress | None) -> dict[str, Any]:
        """D12: the merchant says where the goods go, as the ruling needs it."""
        if address is None or address.shop_id != self.shop_id:
            raise Refused(address=_("请选择退货地址"))
        if not address.valid:
            raise Refused(address=_("这个退货地址已停用：%(why)s") % {"why": address.flagged})
        self.return_goods_to(address.shown())
        return {"freight": str(self.freight)}

    @step(
        gettext_lazy("商家逾期未执行，平台执行判定"),
        by={Party.CLOCK},
        source=[Status.PLATFORM_REVIEW],
        target=GET_STATE(
            lambda case, **_: (
                Status.AWAITING_BUYER_RETURN if case.return_address else Status.REFUNDING
            ),
            states=[Status.AWAITING_BUYER_RETURN, Status.REFUNDING],
        ),
    )
    def execute_ruling(self, *, by: Any) -> dict[str, Any]:
        """D12: the platform carries it out: to the shop's default address, else without a return."""
        if (address := self.default_address()) is not None:
            self.return_goods_to(address.shown())
            return {"freight": str(self.freight)}
        self.remedy = Remedy.REFUND
        self.owe_refund(self.to_refund or self.worth)
        return {"amount": str(self.to_refund), "no_address": True}
