"""核实风险: the warnings with their concrete facts, and a tick for each that asks for one."""

from typing import Any, NamedTuple

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from aftersales.enums import Severity
from aftersales.forms import StepForm
from aftersales.models import Risk
from aftersales.rules import facts, risks


class Row(NamedTuple):
    """A warning as a block of the page; ``tick`` is its check box, if it is still to be ticked."""

    warning: risks.Warning
    look: str
    tick: BoundField | None
    known: bool
    unseen: bool


# A tick for evidence that nobody has opened would confirm nothing (NEG-35).
OF_EVIDENCE = ("RW-11", "RW-12")
LOOKS = {Severity.BLOCK: "stop", Severity.CONFIRM: "warn", Severity.INFO: ""}


def tick_name(code: str) -> str:
    return f"risk_{code}"


class FacesRisks(StepForm):
    """A form that re-evaluates every warning and has a tick for each new one (NEG-05)."""

    warnings: list[risks.Warning]

    def fit(self) -> None:
        self.warnings = self.case.warnings()
        self.unseen = bool(facts.merchant_evidence_unseen(self.case))
        self.known = self.case.ticks()
        for warning in risks.unticked(self.warnings, self.known):
            self.fields[tick_name(warning.code)] = forms.BooleanField(
                label=_("我已核实"),
                error_messages={"required": _("请先确认：%(risk)s") % {"risk": warning.facts}},
            )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for code in OF_EVIDENCE:
            if self.unseen and given.get(tick_name(code)):
                self.add_error(tick_name(code), _("请先点开看过买家的凭证，再确认"))
        return given

    @property
    def hard(self) -> list[risks.Warning]:
        return [warning for warning in self.warnings if warning.hard]

    @property
    def open_ticks(self) -> int:
        """How many warnings are still to be ticked; hints are not."""
        return sum(row.tick is not None for row in self.rows())

    def rows(self) -> list[Row]:
        return [self._row(warning) for warning in self.warnings]

    def fresh_rows(self) -> list[Row]:
        """Only what appeared since the warnings were last confirmed, and what now forbids it."""
        return [row for row in self.rows() if row.tick or row.warning.hard]

    def _row(self, warning: risks.Warning) -> Row:
        name = tick_name(warning.code)
        tick = self[name] if name in self.fields else None
        unseen = self.unseen and warning.code in OF_EVIDENCE
        return Row(warning, LOOKS[warning.severity], tick, warning.ticked and tick is None, unseen)

    def ticked(self) -> list[str]:
        return [
            warning.code
            for warning in self.warnings
            if self.cleaned_data.get(tick_name(warning.code))
        ]

    def base_answers(self) -> dict[str, Any]:
        return {
            "version": self.cleaned_data.get("version"),
            "key": self.cleaned_data.get("key", ""),
            "risks": self.ticked(),
        }


class RisksForm(FacesRisks):
    """核实风险: the first page of the tool (M5)."""

    def answers(self) -> dict[str, Any]:
        return self.base_answers()

    def passed(self) -> list[str]:
        """The checks that found nothing, by name."""
        found = {warning.code for warning in self.warnings}
        return [row.label for row in Risk.objects.filter(active=True) if row.code not in found]
