"""中止 as its readers meet it: the card on a case's pages, and the forms of its steps (T-23, D16)."""

from datetime import datetime
from typing import Any, NamedTuple

from crispy_forms.layout import Field
from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.enums import Clock, Party
from aftersales.forms import CARDS, SlotField, StepForm
from aftersales.models import Case, Suspension
from aftersales.rules import deadlines

PAGES = {Party.BUYER: "buyers", Party.MERCHANT: "merchants"}


class Card(NamedTuple):
    """A proposal that waits, or a suspension that must still be proven; with ``url`` it is this
    side's to answer."""

    title: str
    text: str
    hint: str
    url: str
    label: str
    until: datetime | None = None


def card_of(case: Case, party: Party) -> Card | None:
    """What stands at the top of a case's page, for the one who reads it."""
    stood = case.last_suspension if case.suspended else None
    if stood is not None:
        return _to_prove(case, stood, party) if stood.proof_by else None
    proposal = case.suspension_proposal
    if proposal is None:
        return None
    title = _("{who}提议中止处理 {n} 天，由双方自行协商").format(
        who=_("你") if proposal.party == party in PAGES else proposal.get_party_display(),
        n=proposal.days,
    )
    mine = proposal.waits_for(party)
    waiting = [side for side in PAGES if side != party and proposal.waits_for(side)]
    names = _("、").join(str(side.label) for side in waiting)
    return Card(
        title,
        proposal.note,
        _("双方都同意才中止；时限停止计算，恢复后从剩余的时间继续。")
        if mine
        else _("等{who}答复").format(who=names),
        _url(case, party, "answer_suspension") if mine else "",
        _("答复中止提议"),
    )


def _to_prove(case: Case, stood: Suspension, party: Party) -> Card:
    return Card(
        _("等受理凭证"),
        _("{because}。逾期没有提交受理凭证的，平台恢复处理。").format(
            because=stood.get_because_display()
        ),
        "",
        _url(case, party, "prove_suspension"),
        _("提交受理凭证"),
        stood.proof_by,
    )


def _url(case: Case, party: Party, name: str) -> str:
    return reverse(f"{PAGES[party]}:{name}", args=[case.code]) if party in PAGES else ""


class Sided(StepForm):
    """A form that says for which side it is filled in."""

    as_party = Party.MERCHANT

    def answers(self) -> dict[str, Any]:
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if not isinstance(self.fields.get(name), SlotField)
        }
        return given | {"as_party": str(self.as_party)}


class ProposeForm(Sided):
    """提议中止: why, and for how many days."""

    def fit(self) -> None:
        most = deadlines.length(self.case, Clock.SUSPENSION).days
        self.fields["note"] = forms.CharField(
            label=_("为什么中止"),
            max_length=500,
            help_text=_("例如：双方同意自行协商一周。6 到 500 个字，双方都会看到"),
            widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        )
        self.fields["days"] = forms.IntegerField(
            label=_("中止几天"),
            min_value=1,
            help_text=_("最多 {n} 天，到期自动恢复").format(n=most),
            widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "form-control"}),
        )
        self.initial.setdefault("days", min(7, most))


class AnswerForm(Sided):
    """答复中止提议: yes or no."""

    def fit(self) -> None:
        self.fields["agreed"] = forms.ChoiceField(
            label=_("是否同意中止"),
            choices=[("yes", _("同意中止")), ("no", _("不同意，平台继续处理"))],
            widget=forms.RadioSelect,
        )

    def layout(self) -> list[Any]:
        return ["version", "key", Field("agreed", template=CARDS)]

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        return given | {"agreed": given["agreed"] == "yes"}


class ProofForm(Sided):
    """提交受理凭证: the number of the court's or the police's acceptance, and a picture of it."""

    def fit(self) -> None:
        self.fields["number"] = forms.CharField(label=_("受理凭证编号"), max_length=100)
        self.fields["proof_acceptance"] = SlotField(
            user=self.user,
            slot="acceptance",
            label=_("受理凭证"),
            required=self.as_party != Party.STAFF,
        )

    def answers(self) -> dict[str, Any]:
        return super().answers() | {"evidence": self.evidence()}
