"""Answering a buyer before any case, and putting a plan forward (S-46, S-47)."""

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from aftersales.display import plain_money
from aftersales.enums import Party
from aftersales.forms import MoneyField, SlotForm, soften
from aftersales.models import Conversation, User
from aftersales.rules import proposals


class TalkForm(SlotForm):
    """``take`` does what was filled in; ``key`` is the click."""

    # two of these forms stand on one page, so the field has no id
    key = forms.CharField(
        widget=forms.HiddenInput(attrs={"id": False}), required=False, max_length=64
    )

    def __init__(self, *args: Any, talk: Conversation, user: User, **kwargs: Any) -> None:
        self.talk, self.user = talk, user
        super().__init__(*args, **kwargs)
        self.initial["key"] = uuid.uuid4().hex
        self.fit()
        for name, field in self.fields.items():
            if name != "key":
                soften(field)

    def fit(self) -> None:
        raise NotImplementedError

    def words(self, label: str) -> forms.CharField:
        area = forms.Textarea(attrs={"rows": 3, "class": "form-control"})
        field = forms.CharField(label=label, required=False, max_length=500, widget=area)
        field.error_messages["max_length"] = _("最多 500 个字")
        return field


class AnswerForm(TalkForm):
    """回复买家."""

    def fit(self) -> None:
        self.fields["text"] = self.words(_("回复买家"))
        self.words_or_pictures()

    def take(self) -> None:
        self.talk.say(
            by=self.user,
            party=Party.MERCHANT,
            text=self.cleaned_data.get("text", ""),
            uploads=self.evidence().get("chat", []),
            key=self.cleaned_data.get("key", ""),
        )


class ProposeForm(TalkForm):
    """提出方案: one of those that fit the order; the others are shown with why not."""

    def fit(self) -> None:
        self.plans = {plan.code: (plan, refusal) for plan, refusal in self.talk.plans()}
        field = forms.ChoiceField(
            label=_("方案"),
            choices=[(code, plan.label) for code, (plan, _refusal) in self.plans.items()],
            widget=forms.RadioSelect,
        )
        field.refusals = {code: why for code, (_plan, why) in self.plans.items() if why}  # type: ignore[attr-defined]
        field.hints = {  # type: ignore[attr-defined]
            code: _("在下面填写金额，0.01 到 %(most)s 之间")
            % {"most": plain_money(self.talk.most(plan) - Decimal("0.01"))}
            for code, (plan, why) in self.plans.items()
            if code in proposals.PART and not why
        }
        self.fields["plan"] = field
        self.fields["amount"] = MoneyField(label=_("金额（元）"), required=False)
        self.fields["amount"].widget.attrs["class"] = "form-control"
        self.fields["amount"].wanted = True  # type: ignore[attr-defined]
        self.fields["words"] = self.words(_("想说的话"))

    def take(self) -> None:
        said = self.cleaned_data
        plan, _why = self.plans[said["plan"]]
        self.talk.propose(
            by=self.user,
            plan=plan,
            # typed for a plan that he then left, it is no part of this one
            amount=said.get("amount") if plan.code in proposals.PART else None,
            text=said.get("words", ""),
            key=said.get("key", ""),
        )
