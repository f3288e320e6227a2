"""各种要求自己的内容 in the form: what one demand asks and no other (S-16), and where goods are to go."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field
from django import forms
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.display import mask, money
from aftersales.enums import WANTS_GOODS, CaseType
from aftersales.forms import CARDS, MoneyField, SlotForm
from aftersales.models import Order, OrderLine, Reason
from aftersales.rules import amounts, demands

MISSING_ROWS = 3  # how many kinds of missing items the form has room for
MISSING = [f"{part}_{n}" for n in range(1, MISSING_ROWS + 1) for part in ("item", "count")]
SHIPPING = ("ship", "ship_name", "ship_phone", "ship_address")
OWN = ("sku", "fault_since", "reference_price", "reference_url", *MISSING, *SHIPPING)
ORDERS_OWN, ELSEWHERE = "order", "other"


class OwnFields(SlotForm):
    """The part of a demand's form that is its own."""

    line: OrderLine
    order: Order
    kind: CaseType
    picked: Reason | None

    def given(self, name: str) -> str:
        raise NotImplementedError

    def part(self, *names: Any) -> FormHelper:
        raise NotImplementedError

    def _fit_own(self) -> None:
        """What this demand asks of its own (S-16)."""
        self.own = demands.asked_of(self.kind, self.picked.code if self.picked else "")
        if "sku" in self.own:
            self.fields["sku"] = self._sku()
        if "missing" in self.own:
            for n in range(1, MISSING_ROWS + 1):
                self._missing_row(n)
        if "fault_since" in self.own:
            self.fields["fault_since"] = forms.DateField(
                label=_("什么时候开始有问题"),
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                input_formats=["%Y-%m-%d"],
                error_messages={"invalid": _("请填写日期，例如 2026-11-23")},
            )
        if "reference_price" in self.own:
            each = money(amounts.cents(self.line.paid / self.line.quantity))
            self.fields["reference_price"] = MoneyField(
                label=_("现在的单价"),
                help_text=_("你买的时候每件实付 {amount}").format(amount=each),
            )
            self.fields["reference_price"].error_messages["required"] = _("请填写现在的单价")
            self.fields["reference_url"] = forms.CharField(
                label=_("价格页面的网址"), required=False, max_length=300
            )

    def _sku(self) -> forms.Field:
        """A choice where the stock is known, else words; the model bought is proposed."""
        stock = self.line.stock
        if not stock:
            return forms.CharField(
                label=_("想换的规格"),
                max_length=200,
                initial=self.line.sku,
                help_text=_("同款换新不用改；想换别的颜色、尺码，请写清楚"),
                error_messages={"required": _("请选择或填写想换的规格")},
            )
        choices = [(row["sku"], row["sku"]) for row in stock]
        field = forms.ChoiceField(
            label=_("想换的规格"),
            choices=choices,
            widget=forms.RadioSelect,
            error_messages={"required": _("请选择或填写想换的规格")},
        )
        field.hints = {row["sku"]: _("库存 {n} 件").format(n=row["stock"]) for row in stock}  # type: ignore[attr-defined]
        field.refusals = {row["sku"]: _("没有库存") for row in stock if int(row["stock"]) < 1}  # type: ignore[attr-defined]
        return field

    def _missing_row(self, n: int) -> None:
        whole = n == 1 and not self.line.shipped  # it never left the shop: all of it is missing
        self.fields[f"item_{n}"] = forms.CharField(
            label=_("少了什么（{n}）").format(n=n),
            required=n == 1,
            max_length=80,
            initial=self.line.title[:80] if whole else "",
        )
        self.fields[f"item_{n}"].error_messages["required"] = _("请写明少了什么、各几件")
        wrong = _("每样的件数需在 1 到 999 之间")
        self.fields[f"count_{n}"] = forms.IntegerField(
            label=_("几件（{n}）").format(n=n),
            required=False,
            min_value=1,
            max_value=999,
            initial=self.line.quantity if whole else 1,
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            error_messages={"min_value": wrong, "max_value": wrong, "invalid": wrong},
        )

    def _fit_shipping(self) -> None:
        """Where goods are to go: the order's own address, or another one."""
        if self.kind not in WANTS_GOODS:
            return
        known = bool(self.order.address)
        choices = [(ORDERS_OWN, _("订单的收货地址")), (ELSEWHERE, _("换一个地址"))]
        field = forms.ChoiceField(
            label=_("寄到哪里"),
            choices=choices if known else [(ELSEWHERE, _("下面的地址"))],
            widget=forms.RadioSelect,
            initial=ORDERS_OWN if known else ELSEWHERE,
        )
        whose = [mask(self.order.receiver)] if self.order.receiver else []
        whose.append(f"{self.order.address[:9]}…")
        field.hints = {ORDERS_OWN: " ".join(whose)}  # type: ignore[attr-defined]
        self.fields["ship"] = field
        for name, label, most, known_as in (
            ("ship_name", _("收件人"), 40, "name"),
            ("ship_phone", _("收件人电话"), 20, "tel"),
            ("ship_address", _("详细地址"), 200, "street-address"),
        ):
            typed = forms.TextInput(attrs={"autocomplete": known_as})
            if known_as == "tel":
                typed.input_type = "tel"
            elsewhere = forms.CharField(
                label=label, required=not known, max_length=most, widget=typed
            )
            elsewhere.wanted = True  # type: ignore[attr-defined]
            self.fields[name] = elsewhere
        if known:
            field.inside = {ELSEWHERE: list(SHIPPING[1:])}  # type: ignore[attr-defined]

    def _reference_price(self) -> Decimal | None:
        if "reference_price" not in self.fields or not self.is_bound:
            return None
        try:
            price = self.fields["reference_price"].clean(self.given("reference_price"))
        except forms.ValidationError:
            return None
        return Decimal(price)

    @property
    def own_helper(self) -> FormHelper:
        """What this demand asks of its own, and where goods are to go."""
        rows = [
            Div(Field(f"item_{n}"), Field(f"count_{n}", wrapper_class="short"), css_class="pair")
            for n in range(1, MISSING_ROWS + 1)
            if f"item_{n}" in self.fields
        ]
        sku = Field("sku", template=CARDS) if self.line.stock else "sku"
        first = [sku] if "sku" in self.fields else []
        since = ["fault_since"] if "fault_since" in self.fields else []
        where = []
        if "ship" in self.fields:
            where = [Field("ship", template=CARDS)]
            if not self.order.address:
                where.append(Div(*SHIPPING[1:], css_class="indent"))
        return self.part(*first, *rows, *since, *where)

    @property
    def asks_something(self) -> bool:
        return bool(self.own) or self.asks_own

    @property
    def asks_own(self) -> bool:
        return self.kind in WANTS_GOODS

    def check_own(self, given: Mapping[str, Any]) -> None:
        """The same rules that the engine asks, each sentence at its field."""
        own = self.demand_of(given)
        if self.picked and self.asks_something:
            code = self.picked.code
            wrong = demands.errors(self.kind, code, own, self.line, clock.now())
            wrong |= demands.address_errors(self.kind, self.address_of(given), self.order.address)
            for name, sentence in wrong.items():
                place = {"missing": "item_1"}.get(name, name)
                if place not in self.errors:
                    self.add_error(place if place in self.fields else None, sentence)
            if "reference_price" in self.errors:  # without it there is no most to speak of
                self.errors.pop("amount", None)

    def demand_of(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was filled in of the demand's own fields, as the engine takes it."""
        own: dict[str, Any] = {}
        for name in ("sku", "reference_price", "reference_url"):
            if name in self.own:
                own[name] = given.get(name)
        if "fault_since" in self.own:
            since = given.get("fault_since")
            own["fault_since"] = since.isoformat() if since else ""
        if "missing" in self.own:
            own["missing"] = [
                {"item": given[f"item_{n}"].strip(), "count": given.get(f"count_{n}") or 1}
                for n in range(1, MISSING_ROWS + 1)
                if (given.get(f"item_{n}") or "").strip()
            ]
        return own

    def address_of(self, given: Mapping[str, Any]) -> dict[str, str] | None:
        if given.get("ship") != ELSEWHERE:
            return None
        names = ("name", "phone", "address")
        return {name: str(given.get(f"ship_{name}", "")).strip() for name in names}
