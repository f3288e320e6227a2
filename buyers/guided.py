"""照着拍: the slots of a reason one after the other, with a drawing each, and 拍不了 with its reason."""

from collections.abc import Mapping
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.translation import gettext as _

from aftersales.forms import SlotField, SlotForm
from aftersales.models import Reason
from aftersales.rules import demands

# What the picture of a slot is to look like, by the slot's code: static/img/shot-….svg
DRAWINGS = {
    "close": "close",
    "damage": "close",
    "goods": "close",
    "fault": "close",
    "print": "print",
    "tag": "print",
    "whole": "whole",
    "ruler": "ruler",
    "weight": "ruler",
    "box": "box",
    "parcel": "box",
    "label": "label",
    "slip": "label",
    "all": "all",
}


class GuidedSlots(SlotForm):
    """The slots that a reason asks for, numbered in the order in which they are shot.

    A slot that must be filled may be left empty with a reason (``why_<code>``) instead.
    """

    picked: Reason | None

    def given(self, name: str) -> str:
        raise NotImplementedError

    def _fit_slots(self) -> None:
        proofs = list(self.picked.proofs.all()) if self.picked else []
        for number, proof in enumerate(proofs, start=1):
            field: Any = self.fields[self.add_slot(proof)]
            field.number = number if len(proofs) > 1 else 0
            if proof.code in DRAWINGS:
                field.drawing = f"img/shot-{DRAWINGS[proof.code]}.svg"
            if not proof.required:
                continue
            field.required = not self.given(why(proof.code)).strip()
            self.fields[why(proof.code)] = forms.CharField(
                label=_("为什么拍不了{slot}").format(slot=proof.label),
                required=False,
                max_length=demands.LONGEST_WHY,
                help_text=_("写明原因（至少 {n} 个字），也可以提交；商家会看到").format(
                    n=demands.SHORTEST_WHY
                ),
            )

    @property
    def asks_slots(self) -> list[str]:
        return [name for name, field in self.fields.items() if isinstance(field, SlotField)]

    @property
    def slots_layout(self) -> list[Any]:
        """Each slot, followed by the place for saying why it stays empty."""
        rows: list[Any] = []
        for name in self.asks_slots:
            rows.append(name)
            reason = why(name.removeprefix("proof_"))
            if reason in self.fields:
                rows.append(Field(reason, template="buyers/apply/_why.html"))
        return rows

    def unable_of(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Why a slot stays empty, by its code; nothing where there is a picture after all."""
        found = {}
        for name in self.asks_slots:
            code = name.removeprefix("proof_")
            told = str(given.get(why(code)) or "").strip()
            if told and not given.get(name):
                found[code] = told
        return found


def why(code: str) -> str:
    return f"why_{code}"


def is_why(name: str) -> bool:
    return name.startswith("why_")
