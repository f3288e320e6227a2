"""驳回: only after talking, with reason, explanation and proofs (T-07, T-12, NEG-45 to NEG-50)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import (
    Party,
    Permission,
    Status,
    WizardStep,
)
from aftersales.models.case.negotiating import Negotiating
from aftersales.models.case.proofs import slot_errors
from aftersales.models.catalogue import RejectReason, by_slot, worded
from aftersales.models.history import Upload
from aftersales.models.order import plain_tracking
from aftersales.rules import facts, risks
from aftersales.rules.conditions import (
    negotiated,
    not_accepted,
    not_waiting_for_buyer,
)
from aftersales.steps import Refused, step

GOODS_BACK_REASONS = {"RR-08", "RR-09", "RR-10"}  # NEG-48
UNTRUE = {  # why a reason's condition does not hold, where more can be said
    "agreed": gettext_lazy("买家还没有确认；他一确认，售后就按协商一致关闭，不用驳回"),
    "not_agreed": gettext_lazy("买家申请的正是双方在沟通中谈妥的，不能用这个原因"),
}


class Rejecting(Negotiating):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("驳回退款"),
        by={Party.MERCHANT},
        permission=Permission.REJECT,
        source=[Status.PENDING_MERCHANT],
        target=Status.REJECTED,
        conditions=[not_waiting_for_buyer, not_accepted, negotiated],
    )
    def reject(self, *, by: Any, **answers: Any) -> dict[str, Any]:
        """T-07, NEG-45 to NEG-49."""
        return self._turned_down(by, **answers)

    @step(
        gettext_lazy("拒绝收货"),
        by={Party.MERCHANT},
        permission=Permission.REJECT,
        source=[Status.AWAITING_MERCHANT_RECEIPT],
        target=Status.RETURN_REFUSED,
        conditions=[not_waiting_for_buyer, not_accepted, negotiated],
    )
    def refuse_receipt(self, *, by: Any, **answers: Any) -> dict[str, Any]:
        """T-12: T-07 on goods that came back."""
        return self._turned_down(by, **answers)

    def _turned_down(
        self,
        by: Any,
        *,
        reason: RejectReason | None,
        statement: str,
        answers: Sequence[str] = (),
        evidence: Mapping[str, Sequence[Upload]] | None = None,
        risks: Sequence[str] = (),
        proof_tracking: str = "",
        mismatch: str = "",
    ) -> dict[str, Any]:
        """NEG-47, NEG-48: a reason of the catalogue, a full explanation, and every proof."""
        warnings = self.warnings(self.at)
        errors = self.rejection_errors(
            warnings,
            reason=reason,
            statement=statement,
            answers=answers,
            evidence=evidence,
            risks=risks,
            proof_tracking=proof_tracking,
            mismatch=mismatch,
        )
        if errors or reason is None:
            raise Refused(**errors)
        self._note_ticks(by, warnings, risks)
        kept = self.put_forward(Party.MERCHANT, evidence or {}, by_slot(reason))
        self.mark_handled()
        self.reply_due_at, self.agreement_claimed = None, False
        if farewell := self.farewell():
            self.say(Party.MERCHANT, by, farewell)
        return {
            "reason_code": reason.code,
            **worded("reason", reason),
            "statement": statement.strip(),
            "answers": [
                {**point, "text": answers[number].strip()}
                for number, point in enumerate(reason.points())
            ],
            "evidence": kept,
            "risks": [each.code for each in warnings],
            "proof_tracking": plain_tracking(proof_tracking),
            "mismatch": mismatch.strip(),
        }

    def rejection_errors(
        self,
        warnings: Sequence[risks.Warning],
        *,
        reason: RejectReason | None,
        statement: str,
        answers: Sequence[str] = (),
        evidence: Mapping[str, Sequence[Upload]] | None = None,
        risks: Sequence[str] = (),
        proof_tracking: str = "",
        mismatch: str = "",
    ) -> dict[str, str]:
        """All that a rejection still lacks, by field, at once; empty when it can be submitted.

        The page's dry run and the step itself ask the same (NEG-05, NEG-47, NEG-48).
        """
        errors = self.risk_errors(warnings, risks)
        form = self.step_form(WizardStep.REJECT)
        offered = {each.pk for each in form.offered("reject_reasons")}
        if reason is None or reason.pk not in offered:
            errors["reason"] = _("请选择驳回原因")
            reason = None
        elif refusal := self.reject_reason_refusal(reason, warnings):
            errors["reason"] = refusal
        if not 10 <= len(statement.strip()) <= 500:
            errors["statement"] = _("驳回说明需 10 到 500 个字")
        for number, point in enumerate(reason.must_answer if reason else []):
            said = answers[number].strip() if number < len(answers) else ""
            if len(said) < 10:
                errors[f"answer_{number}"] = _("请说明%(point)s（至少 10 个字）") % {"point": point}
        if reason is not None:
            errors |= slot_errors(reason.proofs.all(), evidence or {}, self.reason.code, only=True)
            errors |= self._label_errors(reason, plain_tracking(proof_tracking), mismatch)
        return errors

    def _label_errors(self, reason: RejectReason, number: str, mismatch: str) -> dict[str, str]:
        """NEG-48: the number on the label is that of the return, or the difference is explained."""
        if reason.code not in GOODS_BACK_REASONS or not self.return_tracking:
            return {}
        if not number:
            return {"proof_tracking": _("请填写凭证面单上的快递单号")}
        if number != self.return_tracking and len(mismatch.strip()) < 10:
            return {"mismatch": _("面单单号与退货单号不一致，请说明原因（至少 10 个字）")}
        return {}

    def reject_reason_refusal(self, reason: RejectReason, warnings: Sequence[risks.Warning]) -> str:
        """Why a reject reason can't be used in this case; empty when it can."""
        if reason.types and self.type not in reason.types:
            return _("这个原因不适用于本单的售后类型")
        narrowed = {each.code for each in reason.reasons.all()}
        if narrowed and self.reason.code not in narrowed:
            return _("这个原因与买家的申请原因不符")
        if not facts.holds(self, reason.when):  # type: ignore[arg-type]
            return str(UNTRUE.get(reason.when) or _("这个原因与本单的事实不符"))
        for warning in warnings:
            if reason.code in warning.blocks:
                if warning.code == "RW-01" and not self.return_signed_at:
                    continue  # goods on their way may still be missing; signed ones may not
                return _("不能使用这个原因：%(facts)s") % {"facts": warning.facts}
        return ""
