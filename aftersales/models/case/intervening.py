"""平台介入: evidence, asking, withdrawing, ruling, and what lapses after a rejection (T-17 to T-20)."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.enums import (
    Clock,
    Freight,
    Party,
    Permission,
    Responsible,
    RoundState,
    Ruling,
    Stage,
    Status,
)
from aftersales.models.case.fields import CaseFields, required
from aftersales.models.history import Upload
from aftersales.models.intervention import Complaint, Intervention
from aftersales.rules import amounts, deadlines, facts
from aftersales.rules.conditions import (
    asked_himself,
    buyer_or_refused_goods,
    evidence_closed,
    evidence_open,
    impartial,
    merchant_answered,
    no_open_intervention,
    not_ruled,
)
from aftersales.steps import NOT_NOW, Refused, step

OPEN = [
    Status.PENDING_MERCHANT,
    Status.REJECTED,
    Status.AWAITING_BUYER_RETURN,
    Status.AWAITING_DELIVERY_REFUSAL,
    Status.AWAITING_MERCHANT_RECEIPT,
    Status.RETURN_REFUSED,
    Status.PLATFORM_REVIEW,
]
FOR_BUYER = {Ruling.FULL_REFUND, Ruling.PARTIAL_REFUND, Ruling.RETURN_THEN_REFUND}


def _ruled_status(case: Any, ruling: str, **_: Any) -> Status:
    if ruling in (Ruling.FULL_REFUND, Ruling.PARTIAL_REFUND):
        return Status.REFUNDING
    if ruling == Ruling.RETURN_THEN_REFUND:
        return Status.AWAITING_BUYER_RETURN
    if ruling == Ruling.REHANDLE:
        back = facts.goods_back(case)
        return Status.AWAITING_MERCHANT_RECEIPT if back else Status.PENDING_MERCHANT
    return Status.CLOSED_PLATFORM_DENIED


class Intervening(CaseFields):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("补充凭证"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=OPEN,
        conditions=[evidence_open],
        versioned=False,
    )
    def add_evidence(
        self,
        *,
        by: Any,
        evidence: Mapping[str, Sequence[Upload]],
        text: str = "",
        as_party: str = "",
    ) -> dict[str, Any]:
        """G10, NEG-35: always welcome; late for an intervention it is refused; asked for, it is a reply."""
        if not any(evidence.values()):
            raise Refused(evidence=_("请选择要上传的凭证"))
        if len(text) > 500:
            raise Refused(text=_("最多 500 个字"))
        party = self.acting
        kept = self.put_forward(party, evidence, {"added": _("补充凭证")})
        if text.strip():
            self.say(party, by, text.strip())
        asked = any(offer.plan.code == "invite_evidence" for offer in self.open_offers())
        current = self.last_round
        waiting = self.round_state in (RoundState.WAITING, RoundState.EXPIRED)
        if party == Party.BUYER and asked and current is not None and waiting:
            self._answered(current, text.strip() or _("已补充凭证"))  # type: ignore[attr-defined]
        return {"evidence": kept, "text": text.strip()}

    @step(
        gettext_lazy("申请平台介入"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=[Status.REJECTED, Status.RETURN_REFUSED, Status.PENDING_MERCHANT],
        target=Status.PLATFORM_REVIEW,
        conditions=[no_open_intervention, merchant_answered],
        for_whom=[buyer_or_refused_goods],
    )
    def ask_platform(
        self,
        *,
        by: Any,
        reason: str,
        wants: str = "",
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """T-17, S-22, S-39, S-40: the buyer after a rejection, the merchant after refused goods."""
        party = self.acting
        reason = required(reason, _("请说明申请介入的理由"), "reason")
        if not 10 <= len(reason) <= 500:
            raise Refused(reason=_("理由需 10 到 500 个字"))
        self.open_intervention(party, by, reason, wants)
        kept = self.put_forward(party, evidence or {}, {"platform": _("介入凭证")})
        return {"reason": reason, "wants": wants.strip()[:200], "evidence": kept}

    def open_intervention(self, party: Party, by: Any, reason: str, wants: str = "") -> None:
        """The case comes before the platform: both sides' evidence window opens (D11), and staff
        mean to decide by D14. Where it came from and the time left there are kept for T-19.

        The step itself names ``Status.PLATFORM_REVIEW`` as its target.
        """
        self.stage, self.platform_asked_at = Stage.EVIDENCE, self.at
        self.evidence_due_at = self.at + deadlines.length(self, Clock.EVIDENCE)  # type: ignore[arg-type]
        self.agreement_claimed = False
        self.add(
            Intervention(
                case_id=self.pk,
                asked_by=party,
                user=by,
                reason=reason,
                wants=wants.strip()[:200],
                came_from=str(self.status),
                clock_left=self.due_at - self.at if self.due_at else None,
                at=self.at,
                evidence_due_at=self.evidence_due_at,
                decide_by=self.at + deadlines.length(self, Clock.DECISION),  # type: ignore[arg-type]
            )
        )

    @step(
        gettext_lazy("举证时间结束"),
        by={Party.CLOCK},
        source=list(Status),
    )
    def close_evidence(self, *, by: Any) -> dict[str, Any]:
        """D11: what was filed is now visible to the other side; staff decide on what is there."""
        self.evidence_due_at = None
        asked = self.last_intervention
        if asked is not None and self.stage == Stage.EVIDENCE:
            self.change(asked, stage=Stage.DECIDING)
            self.stage = Stage.DECIDING
        return {}

    @step(
        gettext_lazy("撤回平台介入"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=[Status.PLATFORM_REVIEW],
        target=GET_STATE(
            lambda case, **_: Status(case.__dict__["_came_from"]), states=list(Status)
        ),
        conditions=[not_ruled],
        for_whom=[asked_himself],
    )
    def withdraw(self, *, by: Any) -> dict[str, Any]:
        """T-19: by who asked; the remaining time is restored, at least 24 hours."""
        asked = self.last_intervention
        if asked is None:
            raise Refused(NOT_NOW)
        left = max(asked.clock_left or timedelta(), deadlines.length(self, Clock.RESTORED))  # type: ignore[arg-type]
        self.__dict__["_came_from"] = asked.came_from
        self.set_due(self.at + left)
        self.change(asked, stage=Stage.WITHDRAWN)
        self.stage, self.evidence_due_at = Stage.WITHDRAWN, None
        return {"hours": int(left.total_seconds() // 3600)}

    @step(
        gettext_lazy("平台判定"),
        by={Party.STAFF},
        source=[Status.PLATFORM_REVIEW],
        target=GET_STATE(_ruled_status, states=list(Status)),
        conditions=[evidence_closed],
        for_whom=[impartial],
    )
    def rule(
        self,
        *,
        by: Any,
        ruling: str,
        responsible: str,
        grounds: str,
        amount: Decimal | None = None,
        freight: str = "",
        cited: Sequence[int] = (),
    ) -> dict[str, Any]:
        """T-20, S-23: a written finding, carried out at once; who is supported decides 纠纷退款."""
        asked = self.last_intervention
        if asked is None:
            raise Refused(NOT_NOW)
        if ruling not in Ruling.values:
            raise Refused(ruling=_("请选择判定结果"))
        if responsible not in Responsible.values:
            raise Refused(responsible=_("请选择责任方"))
        grounds = required(grounds, _("请写明判定依据"), "grounds")
        if len(grounds) < 10:
            raise Refused(grounds=_("判定依据至少 10 个字，双方都会看到"))
        known = {shown.pk for shown in self.evidence.all()}  # type: ignore[attr-defined]
        if unknown := set(cited) - known:
            raise Refused(cited=_("凭证 %(ids)s 不属于本单") % {"ids": sorted(unknown)})
        amount = self._ruled_amount(ruling, amount)
        self.end_rounds()
        if ruling == Ruling.RETURN_THEN_REFUND:
            self._rule_return(freight)
        elif ruling == Ruling.REHANDLE:
            self.begin_series()
            if facts.goods_back(self):  # type: ignore[arg-type]
                # The receipt clock ran out long ago; he who is told to look again has time to.
                self.set_due(self.at + deadlines.length(self, Clock.RECEIPT_SIGNED))  # type: ignore[arg-type]
        self.dispute_refund = ruling in FOR_BUYER and responsible == Responsible.MERCHANT
        self.change(
            asked,
            stage=Stage.RULED,
            ruling=ruling,
            amount=amount,
            responsible=responsible,
            freight=freight,
            grounds=grounds,
            evidence_cited=sorted(cited),
            counts_as_dispute=self.dispute_refund,
            ruled_at=self.at,
            ruled_by=by,
        )
        self.stage, self.evidence_due_at = Stage.RULED, None
        if ruling in (Ruling.FULL_REFUND, Ruling.PARTIAL_REFUND) and amount is not None:
            self.owe_refund(amount)
        return {
            "ruling": ruling,
            "amount": str(amount or ""),
            "responsible": responsible,
            "freight": freight,
            "grounds": grounds,
            "cited": sorted(cited),
        }

    def _ruled_amount(self, ruling: str, amount: Decimal | None) -> Decimal | None:
        if ruling == Ruling.FULL_REFUND:
            return self.amount
        if ruling != Ruling.PARTIAL_REFUND:
            return None
        most = self.amount - amounts.CENT
        if amount is None or not amounts.claimable(amount, most):
            raise Refused(amount=_("部分退款需在 0.01 到 %(max)s 之间") % {"max": most})
        if amount != amounts.cents(amount):
            raise Refused(amount=_("金额最多两位小数"))
        return amount

    def _rule_return(self, freight: str) -> None:
        if facts.goods_back(self):  # type: ignore[arg-type]
            raise Refused(ruling=_("商品已经退回，请选择退款或不支持"))
        if not facts.signed(self):  # type: ignore[arg-type]
            raise Refused(ruling=_("商品还没有签收，不能判退货"))
        if freight not in (Freight.MERCHANT, Freight.BUYER):
            raise Refused(freight=_("请选择退货运费由谁承担"))
        address = self.default_address()
        if address is None:
            raise Refused(ruling=_("商家没有有效的退货地址，请改为无需退货"))
        self.return_goods_to(address.shown())
        self.freight, self.to_refund = Freight(freight), self.amount

    @step(
        gettext_lazy("买家逾期未回应驳回，售后关闭"),
        by={Party.CLOCK},
        source=[Status.REJECTED, Status.RETURN_REFUSED],
        target=Status.CLOSED_BUYER_TIMEOUT,
    )
    def lapse_rejection(self, *, by: Any) -> dict[str, Any]:
        """T-18: the buyer did nothing by D6."""
        self.drop_offers()
        return {}

    @step(
        gettext_lazy("登记外部投诉"),
        by={Party.BUYER, Party.STAFF},
        source=list(Status),
        versioned=False,
    )
    def record_complaint(
        self, *, by: Any, channel: str, filed_on: date, number: str = "", wants: str = ""
    ) -> dict[str, Any]:
        """S-24: what was complained of outside, recorded on the case (RW-20)."""
        if channel not in Complaint.Channel.values:
            raise Refused(channel=_("请选择投诉渠道"))
        if filed_on > self.at.astimezone(deadlines.CHINA).date():
            raise Refused(filed_on=_("投诉日期不能晚于今天"))
        self.add(
            Complaint(
                case_id=self.pk,
                channel=channel,
                number=number.strip()[:60],
                wants=wants.strip()[:300],
                filed_on=filed_on,
                party=self.acting,
                at=self.at,
            )
        )
        return {"channel": channel, "number": number.strip()[:60], "filed_on": str(filed_on)}
