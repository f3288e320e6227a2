"""驳回退款: the reason that the facts allow, what it must answer, and its proofs (M9)."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from aftersales.enums import Party, WizardStep
from aftersales.forms import SlotField
from aftersales.models import Proof, RejectReason
from aftersales.models.case.proofs import asked_here
from aftersales.models.case.rejecting import GOODS_BACK_REASONS
from merchants.forms.risks import FacesRisks


def area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "class": "form-control"})


class Words(forms.CharField):
    """A text of 10 to 500 characters; ``least`` is the sentence for one that is too short."""

    def __init__(self, *, least: str, rows: int = 3, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 500)
        super().__init__(widget=area(rows), **kwargs)
        self.error_messages["max_length"] = _("最多 %(limit_value)s 个字")
        self.least = least

    def validate(self, value: str) -> None:
        if len(value.strip()) < 10:
            raise forms.ValidationError(self.least)


class RejectForm(FacesRisks):
    """The reason decides which answers and proofs are asked for."""

    def fit(self) -> None:
        super().fit()
        definition = self.case.step_form(WizardStep.REJECT)
        self.reasons: list[RejectReason] = definition.offered("reject_reasons")
        field = forms.ChoiceField(
            label=_("驳回原因"),
            choices=[(each.code, each.label) for each in self.reasons],
            widget=forms.RadioSelect,
        )
        field.refusals = {  # type: ignore[attr-defined]
            each.code: why
            for each in self.reasons
            if (why := self.case.reject_reason_refusal(each, self.warnings))
        }
        self.fields["reason"] = field
        reason = self.reason()
        self.points: list[str] = reason.must_answer if reason else []
        for number, point in enumerate(self.points):
            least = _("请说明%(point)s（至少 10 个字）") % {"point": point}
            self.fields[f"answer_{number}"] = Words(label=point, least=least)
        self.fields["statement"] = Words(
            label=_("驳回说明"),
            rows=4,
            least=_("驳回说明需 10 到 500 个字"),
            help_text=_("买家和平台都会看到"),
        )
        if reason is not None:
            self._fit_proofs(reason)
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
                error_messages={"required": _("请填写凭证面单上的快递单号")},
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
        """Pictures already filed for the same slot by this user are offered again."""
        field = self.fields[name]
        if not isinstance(field, SlotField):
            return
        shown = f"{name}_kept" in self.data
        if self.is_bound and (shown or self.data.get("reason_was") == self.raw_reason):
            return
        earlier = self.case.evidence.filter(
            party=Party.MERCHANT, slot=proof.code, upload__user=self.user
        ).select_related("upload")
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

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return self.base_answers() | {
            "reason": self.reason(),
            "statement": said.get("statement", ""),
            "answers": [said.get(f"answer_{number}", "") for number in range(len(self.points))],
            "evidence": self.evidence(),
            "proof_tracking": said.get("proof_tracking", ""),
            "mismatch": said.get("mismatch", ""),
        }
