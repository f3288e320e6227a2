"""驳回退款: the reason that the facts allow, what it must answer, and its proofs (M9)."""

from typing import Any, NamedTuple

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from aftersales.enums import Party, WizardStep
from aftersales.forms import SlotField
from aftersales.models import Proof, RejectReason
from aftersales.models.case.proofs import asked_here
from aftersales.models.case.rejecting import GOODS_BACK_REASONS
from aftersales.templatetags.desk import control_id
from merchants.forms.risks import FacesRisks


def area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "class": "form-control"})


class Check(NamedTuple):
    """A line of the checklist: what is asked for, whether it is there, and where it belongs."""

    label: str
    done: bool
    told: str = ""
    target: str = ""


def words(rows: int = 3, **kwargs: Any) -> forms.CharField:
    """A text of up to 500 characters; the engine says when it is too short."""
    field = forms.CharField(max_length=500, widget=area(rows), **kwargs)
    field.error_messages["max_length"] = _("最多 %(limit_value)s 个字")
    return field


class RejectForm(FacesRisks):
    """The reason decides which answers and proofs are asked for.

    All that is missing is said at once, by the very function that the step asks
    (``Case.rejection_errors``); the checklist shows the same before anything is submitted.
    """

    def fit(self) -> None:
        super().fit()
        self.missing: dict[str, str] | None = None
        definition = self.case.step_form(WizardStep.REJECT)
        offered: list[RejectReason] = definition.offered("reject_reasons")
        refusals = {
            each.code: why
            for each in offered
            if (why := self.case.reject_reason_refusal(each, self.warnings))
        }
        self.reasons = sorted(
            offered, key=lambda each: each.code in refusals
        )  # those that fit first
        field = forms.ChoiceField(
            label=_("驳回原因"),
            choices=[(each.code, each.label) for each in self.reasons],
            widget=forms.RadioSelect,
        )
        field.refusals = refusals  # type: ignore[attr-defined]
        self.fields["reason"] = field
        reason = self.reason()
        self.points: list[str] = reason.must_answer if reason else []
        for number, point in enumerate(self.points):
            self.fields[f"answer_{number}"] = words(
                label=point, help_text=_("至少 10 个字，写明依据")
            )
        if reason is not None:
            self._fit_proofs(reason)
        self.fields["statement"] = words(
            4, label=_("驳回说明"), help_text=_("买家和平台都会看到，10 到 500 个字")
        )
        self.fields["declared"] = forms.BooleanField(
            label=_("以上说明和凭证真实有效，我知道驳回后不能撤回，只能转为同意。"),
            error_messages={"required": _("请确认说明和凭证真实有效")},
        )

    def reason(self) -> RejectReason | None:
        code = str(self.data.get("reason", "")) if self.is_bound else ""
        return next((each for each in self.reasons if each.code == code), None)

    def _fit_proofs(self, reason: RejectReason) -> None:
        for proof in reason.proofs.all():
            if asked_here(proof, self.case.reason.code):
                self._offer_again(proof, self.add_slot(proof))
        if reason.code in GOODS_BACK_REASONS and self.case.return_tracking:
            self.fields["proof_tracking"] = forms.CharField(
                label=_("凭证面单上的快递单号"),
                max_length=40,
                widget=forms.TextInput(attrs={"class": "form-control"}),
            )
            self.fields["mismatch"] = forms.CharField(
                label=_("单号不一致的原因"),
                required=False,
                max_length=300,
                help_text=_("面单单号与退货单号 %(tracking)s 不一致时必填")
                % {"tracking": self.case.return_tracking},
                widget=area(2),
            )

    def _offer_again(self, proof: Proof, name: str) -> None:
        """Pictures that the shop has filed for the same slot already are offered again."""
        field = self.fields[name]
        if not isinstance(field, SlotField):
            return
        shown = f"{name}_kept" in self.data
        if self.is_bound and (shown or self.data.get("reason_was") == self.raw_reason):
            return
        earlier = self.case.evidence.filter(party=Party.MERCHANT, slot=proof.code).select_related(
            "upload"
        )
        field.again = [piece.upload for piece in earlier][-field.most :]  # type: ignore[attr-defined]

    @property
    def raw_reason(self) -> str:
        return str(self.data.get("reason", ""))

    def show_earlier(self) -> None:
        """After the slots were cleaned: put the earlier pictures into those that are empty."""
        for field in self.fields.values():
            if isinstance(field, SlotField) and not field.kept:
                field.kept = list(getattr(field, "again", ()))

    def slots(self) -> list[BoundField]:
        return [self[name] for name, field in self.fields.items() if isinstance(field, SlotField)]

    def point_fields(self) -> list[BoundField]:
        return [self[f"answer_{number}"] for number in range(len(self.points))]

    def carried(self) -> list[tuple[str, str]]:
        """Everything filled in, as the review page carries it on; files by their tokens."""
        if not self.is_bound:
            return []
        pairs: list[tuple[str, str]] = []
        for name, field in self.fields.items():
            if isinstance(field, SlotField):
                pairs += [(f"{name}_kept", upload.token) for upload in field.kept]
            elif name not in ("version", "key") and self.data.get(name):
                pairs.append((name, self.data[name]))
        return [*pairs, ("reason_was", self.raw_reason)]

    # What is still missing

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        self.missing = self.case.rejection_errors(self.warnings, **self._asked())
        for name, sentence in self.missing.items():
            if self.has_error(name, "required"):
                del self.errors[name]  # the rule's own sentence instead of “please fill in”
            if name not in self.fields:
                self.add_error(None, sentence)
            elif name not in self.errors:
                self.add_error(name, sentence)
        return said

    def lacks(self) -> dict[str, str]:
        """The engine's sentences by field, for what is filled in so far."""
        if self.missing is None:
            self.missing = self.case.rejection_errors(
                self.warnings, reason=self.reason(), statement=""
            )
        return self.missing

    def checklist(self) -> list[Check]:
        """Gates, risks, reason, answers, proofs and words, each with whether it is there."""
        lacks, reason = self.lacks(), self.reason()
        rounds = _("已完成 %(n)s 轮协商，没有等待中的答复") % {"n": self.case.round_number}
        risk = next((name for name in lacks if name.startswith("risk")), "")
        rows = [Check(rounds, True), self._check(_("风险提示都已核实"), risk)]
        rows.append(self._check(_("驳回原因"), "reason"))
        rows += [self._check(point, f"answer_{n}") for n, point in enumerate(self.points)]
        rows += [
            self._check(str(slot.label), slot.name)
            for slot in self.slots()
            if slot.field.required or slot.name in lacks
        ]
        for name in ("proof_tracking", "mismatch"):
            if name in self.fields and (name != "mismatch" or name in lacks):
                rows.append(self._check(str(self.fields[name].label), name))
        if reason is None:
            rows.append(Check(_("必答要点和凭证（选定原因后列出）"), False))
        rows.append(self._check(_("驳回说明"), "statement"))
        declared = bool(self.is_bound and self.data.get("declared"))
        rows.append(Check(_("确认说明和凭证真实有效"), declared, "", "id_declared"))
        return rows

    def _check(self, label: str, name: str) -> Check:
        told = self.lacks().get(name, "")
        return Check(label, not told, told, control_id(self[name]) if name in self.fields else "")

    def left(self) -> int:
        return sum(not check.done for check in self.checklist())

    def answers(self) -> dict[str, Any]:
        return self.base_answers() | self._asked()

    def _asked(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "risks": self.ticked(),
            "reason": self.reason(),
            "statement": said.get("statement", ""),
            "answers": [said.get(f"answer_{number}", "") for number in range(len(self.points))],
            "evidence": self.evidence(),
            "proof_tracking": said.get("proof_tracking", ""),
            "mismatch": said.get("mismatch", ""),
        }
