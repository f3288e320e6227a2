"""申请表: what a demand asks, its own fields and no other's; fits itself to reason and quantity."""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Layout
from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock, uploads
from aftersales.display import money, plain_money
from aftersales.enums import SENDS_BACK, WANTS_GOODS, CaseType, Freight, GoodsState
from aftersales.forms import MoneyField, soften
from aftersales.models import Application, Case, OrderLine, Policy, Reason, User, Window
from aftersales.models.case.proofs import too_many
from aftersales.rules import amounts, demands, eligibility
from aftersales.steps import Refused
from buyers.forms import words
from buyers.guided import GuidedSlots, is_why, why
from buyers.own import MISSING, OWN, SHIPPING, OwnFields

ASKED = (
    *("goods_state", "reason", "quantity", "gifts_kept"),
    *("amount", "description", "goods_intact"),
    *OWN,
)
# A field that belongs to another demand is refused, not ignored (S-16); goods_intact and the price
# may be left over from another reason of the same one.
TELLING = {"goods_state", "quantity", "amount", "sku", "fault_since", *MISSING, *SHIPPING}


class DemandForm(OwnFields, GuidedSlots):
    """The form of one demand for one line. ``most`` remembers the amount that was proposed, so
    that a change of quantity proposes anew only where the buyer has not typed his own."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    most = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    reason = forms.ModelChoiceField(
        label=gettext_lazy("申请原因"),
        queryset=Reason.objects.none(),
        empty_label=gettext_lazy("请选择原因"),
        to_field_name="code",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: MultiValueDict[str, Any] | None = None,
        *,
        line: OrderLine,
        kind: CaseType,
        user: User,
    ) -> None:
        self.line, self.kind, self.user = line, kind, user
        self.order, self.policy = line.order, Policy.current()
        self.left = line.quantity - Case.past_of(line).quantity
        super().__init__(data, files)
        self.initial["key"] = uuid.uuid4().hex
        self._fit_goods()
        self._fit_reason()
        self._fit_quantity()
        self._fit_gifts()
        self._fit_own()
        self._fit_amount()
        self._fit_shipping()
        self._fit_words()
        self._fit_slots()
        for name, field in self.fields.items():
            if name not in ("key", "most"):
                soften(field)
        self.fields["reason"].error_messages["invalid_choice"] = _("这个原因不适用于所选的售后类型")
        if self.picked and self.picked.min_text:
            self.fields["description"].error_messages["required"] = self._too_short
        self.spare = self._spare()

    # What the fields depend on.

    def given(self, name: str) -> str:
        return str(self.data.get(name, "") or "") if self.is_bound else ""

    def _fit_goods(self) -> None:
        states = eligibility.goods_states(self.kind, self.line)
        self.goods = str(states[0]) if len(states) == 1 else ""
        if len(states) > 1:
            told = self.given("goods_state")
            self.goods = told if told in states else ""
            self.fields["goods_state"] = forms.ChoiceField(
                label=_("收货情况"),
                choices=[(state.value, state.label) for state in states],
                widget=forms.RadioSelect,
            )

    def _fit_reason(self) -> None:
        at, windows = clock.now(), Window.in_force(self.kind, clock.now(), self.line)
        goods = [self.goods] if self.goods else eligibility.goods_states(self.kind, self.line)
        rows = Reason.objects.filter(active=True).prefetch_related("proofs")
        self.reasons = [
            row
            for row in rows
            if not Case.agreed_refusal(self.line, self.kind, row)
            and any(
                not eligibility.reason_refusal(row, self.kind, str(state), self.line, at, windows)
                for state in (goods or [GoodsState.NONE])
            )
        ]
        field: Any = self.fields["reason"]
        field.queryset = Reason.objects.filter(pk__in=[row.pk for row in self.reasons])
        field.label_from_instance = lambda row: row.label
        chosen = self.given("reason")
        self.picked = next((row for row in self.reasons if row.code == chosen), None)

    def _fit_quantity(self) -> None:
        """How many; not asked where there is but one, or where nothing came at all."""
        self.pieces = self.left
        if self.left < 2 or self.kind == CaseType.REFUND_NOT_RECEIVED:
            return
        told = self.given("quantity")
        if told.isdecimal() and 1 <= int(told) <= self.left:
            self.pieces = int(told)
        wrong = _("件数需在 1 到 {max} 之间").format(max=self.left)
        told, first = _("最多 {max} 件"), self.left
        if self.kind == CaseType.RESEND and self.line.shipped:  # what came is not claimed (T-15)
            told, first = _("缺了的是几件，最多 {max} 件；到期没有补寄的，按这几件退款"), 1
        self.fields["quantity"] = forms.IntegerField(
            label=_("申请件数"),
            min_value=1,
            max_value=self.left,
            initial=first,
            help_text=told.format(max=self.left),
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            error_messages={"min_value": wrong, "max_value": wrong, "invalid": wrong},
        )

    def _fit_gifts(self) -> None:
        """Gifts come back with the last piece of their goods, or their stated price is deducted."""
        self.gifts = [] if self.kind != CaseType.RETURN_REFUND else list(self.line.gifts.all())
        self.gifts_kept = False
        if not self.gifts or self.pieces < self.left:
            return
        self.gifts_kept = bool(self.given("gifts_kept"))
        self.fields["gifts_kept"] = forms.BooleanField(
            label=_("赠品不寄回"),
            required=False,
            help_text=_("{gifts}，标价 {price}。不寄回的，从退款里扣除标价。").format(
                gifts=_("、").join(f"{gift.title} × {gift.quantity}" for gift in self.gifts),
                price=money(self.line.gifts_worth()),
            ),
        )

    def _fit_amount(self) -> None:
        """At most what is refundable for this quantity; fixed where nothing was shipped."""
        self.refundable = Case.refundable_for(
            self.line, self.pieces, self.kind, self.picked, gifts_kept=self.gifts_kept
        )
        total = self.refundable.total
        if self.kind in WANTS_GOODS:
            return
        if (price := self._reference_price()) is not None:
            total = min(total, demands.dropped(self.line, price, self.pieces))
        known = self.kind != CaseType.PRICE_DIFFERENCE or bool(price is not None and total)
        self.initial["most"] = str(total) if known else ""
        if self.kind == CaseType.REFUND_UNSHIPPED or self.refundable.settled_to_nothing:
            return
        wrong = _("退款金额需在 0.01 到 {max} 之间").format(max=plain_money(total))
        self.fields["amount"] = MoneyField(
            label=_("退款金额"),
            initial=total if known else None,
            min_value=Decimal("0.01"),
            max_value=total,
            help_text=_("最多 {max}").format(max=money(total))
            if known or not self.own
            else _("填好现在的单价，这里按差价算好"),
        )
        self.fields["amount"].error_messages |= {"min_value": wrong, "max_value": wrong}
        if self.is_bound and known:
            self._propose(total)

    def _propose(self, total: Decimal) -> None:
        before, typed = self.given("most"), self.given("amount").strip()
        if "most" in self.data and before != str(total) and typed in ("", before):
            data = self.data.copy()  # type: ignore[attr-defined]
            data["amount"], data["most"] = str(total), str(total)
            self.data = data

    def _fit_words(self) -> None:
        least = self.picked.min_text if self.picked else 0
        field = words(_("说明"), required=least > 0)
        if least:
            field.help_text = _("至少 {n} 个字").format(n=least)
        self.fields["description"] = field
        if self.picked and self.picked.no_reason:
            self.fields["goods_intact"] = forms.BooleanField(
                label=_("商品完好：没有使用痕迹，吊牌、配件和赠品齐全"),
                error_messages={"required": _("七天无理由退货需要商品完好，请确认")},
            )

    def _spare(self) -> list[tuple[str, str]]:
        """Pictures of another reason's slots: carried along, so that going back finds them."""
        if not self.is_bound:
            return []
        kept: list[tuple[str, str]] = []
        for name in self.data:
            slot = name.removesuffix("_kept")
            if name.startswith("proof_") and name.endswith("_kept") and slot not in self.fields:
                tokens = self.data.getlist(name) if isinstance(self.data, QueryDict) else []
                kept += [(name, upload.token) for upload in uploads.of(self.user, tokens)]
        for name in self.files or {}:
            if name.startswith("proof_") and name not in self.fields:
                for file in self.files.getlist(name):
                    try:
                        kept.append((f"{name}_kept", uploads.keep(file, self.user).token))
                    except Refused:
                        continue  # nobody asks for it now
        return kept

    # What the page shows.

    @property
    def freight(self) -> str:
        """Who bears the way back, told and not asked; nothing where nothing goes back."""
        if self.kind not in SENDS_BACK:
            return ""
        if self.picked is None:
            return _("选好原因后告诉你")
        bearer = amounts.return_freight(self.kind, self.picked, self.order)
        return {
            Freight.MERCHANT: _("商家承担（{why}）"),
            Freight.INSURANCE: _("运费险承担（{why}）"),
            Freight.BUYER: _("你承担（{why}）"),
        }.get(bearer, _("同意退货时由商家确定（{why}）")).format(why=self.picked.label)

    def layout(self) -> list[Any]:
        names = (
            *("goods_state", "reason", "quantity", "gifts_kept"),
            *("reference_price", "reference_url"),
        )
        return ["key", "most", *(name for name in names if name in self.fields)]

    @property
    def proofs_helper(self) -> FormHelper:
        """The slots of the reason, the description and the ticks: what follows the amount."""
        names = [name for name in ("description", "goods_intact") if name in self.fields]
        return self.part(*self.slots_layout, *names)

    @property
    def amount_helper(self) -> FormHelper:
        return self.part(Field("amount", wrapper_class="short") if "amount" in self.fields else "")

    def part(self, *names: Any) -> FormHelper:
        helper = FormHelper()
        helper.form_tag, helper.disable_csrf = False, True
        helper.layout = Layout(*(name for name in names if name))
        return helper

    @property
    def _too_short(self) -> str:
        least = self.picked.min_text if self.picked else 0
        return _("请填写说明（至少 {n} 个字）").format(n=least)

    # What it comes to.

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if any(name in self.data and name not in self.fields for name in TELLING):
            self.add_error(None, _("提交的内容与所选售后类型不符，请重新填写"))
        text = str(given.get("description", "")).strip()
        if self.picked and text and len(text) < self.picked.min_text:
            self.add_error("description", self._too_short)
        if self.picked and (refusal := Case.consent_refusal(self.line, self.picked)):
            self.add_error("reason", refusal)
        self.check_own(given)
        for code, told in self.unable_of(given).items():
            if sentence := demands.why_errors(told):
                self.add_error(why(code), sentence)
        shown = [upload for name in self.asks_slots for upload in given.get(name) or []]
        if refusal := too_many(shown, self.policy.max_images):
            self.add_error(None, refusal)
        return given

    def application(self, agreement_version: str = "") -> Application:
        given = self.cleaned_data
        amount = given.get("amount")
        return Application(
            type=str(self.kind),
            reason=given["reason"],
            quantity=given.get("quantity") or self.left,
            amount=self._fixed_amount() if amount is None else amount,
            demand=self.demand_of(given),
            ship_to=self.address_of(given),
            goods_state=self.goods,
            description=given.get("description", ""),
            goods_intact=bool(given.get("goods_intact")),
            gifts_kept=bool(given.get("gifts_kept")),
            agreement_version=agreement_version,
            evidence=self.evidence(),
            unable=self.unable_of(given),
        )

    def _fixed_amount(self) -> Decimal:
        return amounts.NOTHING if self.kind in WANTS_GOODS else self.refundable.total

    def kept(self) -> dict[str, list[str]]:
        """The draft: everything filled in, files by their tokens; what makes the same form again."""
        draft = {
            name: self.data.getlist(name)  # type: ignore[attr-defined]
            for name in ("key", "most", *ASKED, *filter(is_why, self.fields))
            if name in self.data and name in self.fields
        }
        for name in self.asks_slots:
            field: Any = self.fields[name]
            draft[f"{name}_kept"] = [upload.token for upload in field.kept]
        for name, token in self.spare:
            draft.setdefault(name, []).append(token)
        return draft
