"""发起协商: plans, script and what came of the round before, as the scenario defines them (M6, M8)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple, cast

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.display import plain_money, when
from aftersales.enums import Clock, RoundState, WizardStep
from aftersales.figures import advice
from aftersales.forms import MoneyField
from aftersales.models import Offering, Outcome, Plan, Proof, Script, ShopScript
from aftersales.models.case.proofs import asked_here
from aftersales.rules import deadlines, facts, limits, plans, wording
from aftersales.steps import Refused
from merchants.forms.risks import FacesRisks
from merchants.forms.terms import TERMS, fields_of, terms_of
from merchants.showing.tool import hint_of, offer_line

AGREED = "agreed"


class Card(NamedTuple):
    """A plan as a card: its own fields stand inside it, where it asks for any."""

    id: str
    code: str
    label: str
    hint: str
    chosen: bool
    amount: BoundField | None
    range: str
    more: list[BoundField]


class Preview(NamedTuple):
    """What the buyer will read, or why it can't be written yet."""

    text: str
    chips: list[str]
    until: str
    refusal: str


def _name_of(script: Script) -> str:
    if not isinstance(script, ShopScript):
        return script.label
    return _("{name}（本店话术）").format(name=script.label)


class RoundForm(FacesRisks):
    """A round of negotiation. In the second the outcome of the first decides the proofs asked for."""

    def fit(self) -> None:
        super().fit()
        self.second = self.case.round_number > 0
        definition = self.case.step_form(WizardStep.ROUND_2 if self.second else WizardStep.ROUND_1)
        self.plans: list[Plan] = []
        self.unfit: list[tuple[str, str]] = []
        if self.second:  # first, as on the page: what is wrong is told in the order of the fields
            self.outcomes: list[Outcome] = definition.offered("outcomes")
            self._fit_outcomes()
        shop = self.case.shop
        self._fit_plans(advice.in_order(definition.offered("plans"), advice.shares(shop, "plan")))
        self.scripts = advice.in_order(self.case.scripts(definition), advice.shares(shop, "script"))
        self._fit_scripts()
        if not self.second:
            self.add_slot(
                Proof(code="round", label_zh=_("附图"), label_en=_("附图"), required=False, most=3)
            )

    def raw(self, name: str) -> str:
        """What stands in a field now, before it is cleaned."""
        return str(self.data.get(name, "") if self.is_bound else self.initial.get(name, ""))

    # Plans

    def _fit_plans(self, offered: Sequence[Plan]) -> None:
        ready = self.case.default_address() is not None
        for plan in offered:
            refusal = plans.unfit(plan.code, self.case, address_ready=ready)
            if not plan.wants_amount:
                refusal = refusal or limits.offer_refusal(self.case, self.user, plan.code, None)
            if refusal:
                self.unfit.append((plan.label, refusal))
            else:
                self.plans.append(plan)
        self.fields["plans"] = forms.MultipleChoiceField(
            label=_("可接受的方案"),
            required=False,
            choices=[(plan.code, plan.label) for plan in self.plans],
            widget=forms.CheckboxSelectMultiple,
        )
        for plan in self.plans:
            if plan.wants_amount:
                field = MoneyField(
                    label=_("退款金额") if plan.code == "partial_refund" else _("补偿金额"),
                    required=False,
                )
                field.widget.attrs["class"] = "form-control amount"
                self.fields[f"amount_{plan.code}"] = field
            self.fields |= fields_of(plan, self.case)

    def cards(self) -> list[Card]:
        chosen = cast(QueryDict, self.data).getlist("plans") if self.is_bound else []
        return [self._card(plan, plan.code in chosen) for plan in self.plans]

    def _card(self, plan: Plan, chosen: bool) -> Card:
        amount = self[f"amount_{plan.code}"] if plan.wants_amount else None
        names = [f"{term}_{plan.code}" for term in TERMS]
        more = [self[name] for name in names if name in self.fields]
        most = self.case.whole
        if plan.code == "partial_refund":
            most -= Decimal("0.01")
        limit = limits.most_of(self.case, self.user)
        most = most if limit is None else min(most, limit)
        counter = self.case.open_counter()
        span = f"0.01 – {plain_money(most)}"
        if counter and counter.amount is not None and plan.code == "partial_refund":
            span = _("买家希望 %(amount)s") % {"amount": plain_money(counter.amount)}
        return Card(
            f"id_plans_{plan.code}",
            plan.code,
            plan.label,
            hint_of(plan, self.case),
            chosen,
            amount,
            span,
            more,
        )

    def offerings(self) -> list[Offering]:
        """The chosen plans as they are filled in so far."""
        chosen = self.cleaned_data.get("plans") or []
        return [self._offering(plan) for plan in self.plans if plan.code in chosen]

    def _offering(self, plan: Plan) -> Offering:
        said = self.cleaned_data
        return Offering(plan, said.get(f"amount_{plan.code}"), terms_of(plan.code, said))

    # Scripts

    def _fit_scripts(self) -> None:
        values = self.case.script_values([]) | {"amount": "…"}
        field = forms.ChoiceField(
            label=_("话术"),
            required=False,
            choices=[(script.code, _name_of(script)) for script in self.scripts],
            widget=forms.RadioSelect,
        )
        field.hints = {}  # type: ignore[attr-defined]
        field.refusals = {}  # type: ignore[attr-defined]
        for script in self.scripts:
            dated = {plan.code for plan in script.plans.all()} & {"wait_until", "repair"}
            known = values | {"deadline": "…"} if dated else values
            try:
                field.hints[script.code] = wording.fill(script.text, known)  # type: ignore[attr-defined]
            except KeyError:
                field.refusals[script.code] = _("需要运单资料，本单没有")  # type: ignore[attr-defined]
        self.fields["script"] = field
        if self.second:
            return
        chosen = self.script()
        area = forms.Textarea(attrs={"rows": 7, "class": "form-control", "data-count": "text-n"})
        if chosen is not None and not chosen.editable:
            area.attrs["readonly"] = True
        self.fields["text"] = forms.CharField(
            label=_("发给买家的话"),
            required=False,
            max_length=400,
            widget=area,
            error_messages={"max_length": _("最多 %(limit_value)s 个字")},
        )
        for name in ("text_was", "script_was"):
            self.fields[name] = forms.CharField(required=False, widget=forms.HiddenInput)

    def script(self) -> Script | None:
        code = self.raw("script")
        return next((each for each in self.scripts if each.code == code), None)

    def refresh(self) -> None:
        """Without sending: fill the script anew, unless its text has been changed by hand."""
        script = self.script()
        if self.second or script is None:
            return
        same = script.code == self.raw("script_was")
        if same and not self._untouched():
            return
        try:
            text = self.case.script_text(script, self.offerings())
        except Refused:
            text = ""
        fresh = cast(QueryDict, self.data).copy()
        for name, value in (("text", text), ("text_was", text), ("script_was", script.code)):
            fresh[name] = value
        self.data = fresh

    def _untouched(self) -> bool:
        text = self.raw("text").replace("\r\n", "\n").strip()
        return not text or text == self.raw("text_was").replace("\r\n", "\n").strip()

    def preview(self) -> Preview | None:
        """What the buyer will see, from what is chosen so far."""
        if not self.is_bound or self.script() is None:
            return None
        offers = self.offerings()
        chips = [offer_line(offer, self.case) for offer in offers]
        now = clock.now()
        until = when(deadlines.end_of(self.case, Clock.NEGOTIATION, now), now)
        if unsaid := self.case.script_refusal(cast(Script, self.script()), offers):
            return Preview("", chips, until, unsaid)
        try:
            return Preview(self._wording(offers), chips, until, "")
        except Refused as refused:
            return Preview("", chips, until, refused.sentence)

    def _wording(self, offers: Sequence[Offering]) -> str:
        script = self.script()
        if script is None:
            raise Refused(_("请选择一段话术"))
        if self.second or not script.editable or self._untouched():
            return self.case.script_text(script, offers)
        try:
            text = wording.fill(self.raw("text"), self.case.script_values(offers, script))
        except KeyError:
            raise Refused(_("话术里有没填上的变量")) from None
        if wrong := self.case.misquoted(script, offers, text):
            raise Refused(wrong)
        return text

    # What came of the round before

    def _fit_outcomes(self) -> None:
        field = forms.ChoiceField(
            label=_("第一轮的结果"),
            required=False,
            choices=[(each.code, each.label) for each in self.outcomes],
            widget=forms.RadioSelect,
        )
        field.hints = {each.code: self._asks(each) for each in self.outcomes}  # type: ignore[attr-defined]
        field.refusals = {  # type: ignore[attr-defined]
            each.code: why for each in self.outcomes if (why := self._impossible(each))
        }
        self.fields["outcome"] = field
        self.fields["explanation"] = forms.CharField(
            label=_("补充说明"),
            required=False,
            max_length=400,
            widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        )
        chosen = self.outcome()
        if chosen is not None:
            for proof in chosen.proofs.all():
                if asked_here(proof, self.case.reason.code):
                    self.add_slot(proof)

    def _impossible(self, outcome: Outcome) -> str:
        if outcome.needs_reply and self.case.round_state != RoundState.ANSWERED:
            return _("买家没有回复，不可选")
        if not facts.holds(self.case, outcome.when):
            return _("与本单的情况不符，不可选")
        return ""

    def _asks(self, outcome: Outcome) -> str:
        slots = [
            proof.label
            for proof in outcome.proofs.all()
            if proof.required and asked_here(proof, self.case.reason.code)
        ]
        if not slots:
            return outcome.hint or _("不要求凭证")
        return _("需%(slots)s") % {"slots": _("、").join(slots)}

    def outcome(self) -> Outcome | None:
        code = self.raw("outcome")
        return next((each for each in self.outcomes if each.code == code), None)

    @property
    def confirming(self) -> bool:
        """The merchant reports an agreement: no new plan is needed, the buyer is asked (NEG-46)."""
        outcome = self.outcome() if self.second else None
        return outcome is not None and outcome.code == AGREED

    def slots(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name.startswith("proof_")]

    # All of it

    def clean(self) -> dict[str, Any]:
        """Everything that is missing is said at once; the engine says the rest."""
        said = super().clean() or self.cleaned_data
        if self.second and self.outcome() is None:
            self.add_error("outcome", _("请选择第一轮的结果"))
        if self.confirming:
            return said
        chosen = said.get("plans") or []
        if not chosen and "plans" not in self.errors:
            self.add_error("plans", _("请选择至少一个方案"))
        for plan in self.plans:
            name = f"amount_{plan.code}"
            if plan.code in chosen and plan.wants_amount and name not in self.errors:
                amount = said.get(name)
                refusal = plans.amount_refusal(
                    plan.code, True, amount, self.case
                ) or limits.offer_refusal(self.case, self.user, plan.code, amount)
                if refusal:
                    self.add_error(name, refusal)
        for offer in self.offerings():
            wrong = plans.terms_refusal(offer.plan.code, offer.terms, self.case)
            for name, sentence in wrong.items():
                if name not in self.errors:
                    self.add_error(name, sentence)
        if "script" not in self.errors and (unsaid := self._unsaid(bool(chosen))):
            self.add_error("script", unsaid)
        return said

    def _unsaid(self, chosen: bool) -> str:
        """What is wrong with the choice of words, as soon as a plan is chosen to go with them."""
        script = self.script()
        if script is None:
            return _("请选择一段话术")
        return self.case.script_refusal(script, self.offerings()) if chosen else ""

    def answers(self) -> dict[str, Any]:
        answers = self.base_answers() | {
            "offers": [] if self.confirming else self.offerings(),
            "script": self.script(),
            "evidence": self.evidence(),
        }
        if self.second:
            answers |= {
                "outcome": self.outcome(),
                "explanation": self.cleaned_data.get("explanation", ""),
            }
        else:
            answers["text"] = "" if self._untouched() else self.cleaned_data.get("text", "")
        return answers
