"""答复商家: what a buyer says to the plans he does not take, and what he wants instead (B10)."""

from decimal import Decimal
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.display import money, plain_money
from aftersales.enums import Status
from aftersales.forms import CARDS, MoneyField
from aftersales.models import CounterOffer, Plan
from aftersales.rules import plans
from aftersales.rules.conditions import rounds_left
from buyers.forms import BuyerForm, words

RETURNED = {  # the plans' names once the goods are back
    "partial_refund": gettext_lazy("按收到的商品退款"),
    "full_refund_no_return": gettext_lazy("全额退款"),
}


class ReplyForm(BuyerForm):
    """都不接受: with or without a counter-offer (还价), words and pictures."""

    round = forms.IntegerField(widget=forms.HiddenInput, required=False)
    offer = forms.IntegerField(widget=forms.HiddenInput, required=False)
    plan = forms.ChoiceField(
        label=gettext_lazy("我希望的方案"), required=False, widget=forms.RadioSelect
    )
    amount = MoneyField(label=gettext_lazy("希望退款的金额"), required=False)

    def fit(self) -> None:
        current = self.case.last_round
        self.initial.setdefault("round", current.pk if current else None)
        self.initial.setdefault("offer", max((o.pk for o in self.case.open_offers()), default=None))
        rows = Plan.objects.filter(code__in=plans.COUNTERS, active=True)
        self.plans = {row.code: row for row in rows if not plans.unfit(row.code, self.case)}
        back = self.case.status == Status.AWAITING_MERCHANT_RECEIPT  # then "无需退货" misleads
        returned = RETURNED if back else {}
        field: Any = self.fields["plan"]
        field.choices = [
            ("none", self._no()),
            *((code, returned.get(code, row.label)) for code, row in self.plans.items()),
        ]
        field.hints = {
            "none": _("商家可以再提方案，也可以同意")
            if rounds_left(self.case)
            else _("商家可以确认收货，也可以拒绝收货")
            if back
            else _("商家可以同意，也可以驳回")
        }
        self.fields["amount"].help_text = _("不超过申请金额 ¥{most}").format(
            most=plain_money(self.case.whole)
        )
        self._fit_terms()
        asked = {"partial_refund": "amount", "exchange": "sku_exchange", "resend": "items_resend"}
        field.inside = {code: [name] for code, name in asked.items() if code in self.plans}
        for names in field.inside.values():
            self.fields[names[0]].wanted = True  # type: ignore[attr-defined]
        self.fields["text"] = words(_("想对商家说的话"))
        self.slot("reply", _("附图"))

    def _no(self) -> str:
        if self.case.agreement_claimed:
            return _("不提方案，只告诉商家没有谈妥")
        return _("不提方案，只告诉商家不接受")

    def _fit_terms(self) -> None:
        """The same fields as the shop's plans have: which model, what is to be sent (§2.6)."""
        stock = [row["sku"] for row in self.case.line.stock if int(row["stock"]) > 0]
        if "exchange" in self.plans:
            wanted = str(self.case.demand.get("sku") or self.case.line.sku)
            self.fields["sku_exchange"] = forms.ChoiceField(
                label=_("换成哪个规格"),
                required=False,
                initial=wanted,
                choices=[(sku, sku) for sku in (stock or [wanted])],
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        if "resend" in self.plans:
            missing = self.case.demand.get("missing", [])
            self.fields["items_resend"] = forms.CharField(
                label=_("补寄什么、几件"),
                required=False,
                max_length=200,
                initial=_("、").join(f"{row['item']} × {row['count']}" for row in missing),
            )

    def layout(self) -> list[Any]:
        return [
            *("version", "key", "round", "offer"),
            Field("plan", template=CARDS),
            *("text", "proof_reply"),
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        plan = self.plans.get(given.get("plan", ""))
        if plan is None or not plan.wants_amount:
            given["amount"] = None  # typed for a plan that he then left
            self.errors.pop("amount", None)
        elif given.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("请填写希望的金额"))
        elif (amount := given.get("amount")) is not None and (wrong := self._too_little(amount)):
            self.add_error("amount", wrong)
        return given

    def _too_little(self, amount: Decimal) -> str:
        """Why nobody would ask for it: it is nothing, or no more than the shop gives anyway."""
        if amount <= 0:
            most = plain_money(self.case.whole)
            return _("退款金额需在 0.01 到 {max} 之间").format(max=most)
        cash = [each for each in self.case.open_offers() if each.plan.code in plans.CASH]
        best = max((each.amount or self.case.whole for each in cash), default=Decimal(0))
        if amount > best:
            return ""
        return _("商家已经提出退款 {amount}，直接接受即可；希望多退的，请填更高的金额").format(
            amount=money(best)
        )

    def answers(self) -> dict[str, Any]:
        given = self.cleaned_data
        plan = self.plans.get(given.get("plan", ""))
        rounds = {each.pk: each for each in self.case.rounds.all()}
        offers = {each.pk: each for each in self.case.offers.all()}
        terms = {
            "sku": given.get("sku_exchange", ""),
            "items": given.get("items_resend", "").strip(),
        }
        counter = CounterOffer(plan, given.get("amount"), terms) if plan else None
        return {
            **self.click(),
            "round": rounds.get(given.get("round") or 0),
            "offer": offers.get(given.get("offer") or 0),
            "text": given.get("text", ""),
            "counter": counter,
            "evidence": self.evidence(),
        }
