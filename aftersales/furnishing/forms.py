"""The form of an order's facts: a part for the order, and one for each of its lines."""

import re
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext as _

from aftersales.enums import FreightCover
from aftersales.forms import MoneyField, soften
from aftersales.furnishing.changing import OF_ORDER, furnish
from aftersales.models import Order, OrderChange, OrderLine
from aftersales.steps import Refused

STOCK = re.compile(r"(.{1,100}?)[\s,，:：]+([0-9]{1,6})")
MOST_MODELS = 50


class StockField(forms.CharField):
    """可换的规格与库存: one model a line, its name and how many are left."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=4000, **kwargs)
        self.widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows: dict[str, int] = {}
        for text in str(super().clean(value)).splitlines():
            if not text.strip():
                continue
            found = STOCK.fullmatch(text.strip())
            if found is None:
                raise forms.ValidationError(
                    _("“%(text)s”看不懂：每行写一个规格和它的库存，例如：40 码 3")
                    % {"text": text.strip()[:40]}
                )
            if found[1] in rows:
                raise forms.ValidationError(_("规格“%(sku)s”写了两次") % {"sku": found[1]})
            rows[found[1]] = int(found[2])
        if len(rows) > MOST_MODELS:
            raise forms.ValidationError(_("最多写 %(most)s 个规格") % {"most": MOST_MODELS})
        return [{"sku": sku, "stock": left} for sku, left in rows.items()]


class FactsForm(forms.Form):
    """``seen`` is how many changes there were when the page was opened."""

    keeps_drafts = True
    draft_said = ""
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order, self.lines = order, list(order.lines.all())
        self.initial["seen"] = order.changes.count()
        self._fit_order()
        for line in self.lines:
            self._fit_line(line)
        for name, field in self.fields.items():
            if name != "seen":
                soften(field)

    def _fit_order(self) -> None:
        order = self.order
        self._add(
            "free_shipping_from",
            MoneyField(
                label=_("满额包邮（元）"),
                required=False,
                min_value=Decimal("0.01"),
                help_text=_("没有门槛的不填；部分退货后不足这个金额的，发货邮费由买家承担"),
            ),
            order.free_shipping_from,
        )
        postage = MoneyField(label=_("不包邮时的邮费（元）"), min_value=Decimal("0.00"))
        self._add("full_postage", postage, order.full_postage)
        place = forms.CharField(
            label=_("发货地"),
            required=False,
            max_length=80,
            help_text=_(
                "商品页写的发货地，例如：浙江杭州。退货地址不在这里的，多出的运费由商家承担"
            ),
        )
        self._add("ship_from", place, order.ship_from)
        cover = forms.ChoiceField(label=_("退货运费保障"), choices=FreightCover.choices)
        self._add("freight_cover", cover, order.freight_cover)

    def _fit_line(self, line: OrderLine) -> None:
        others = [each for each in self.lines if each.pk != line.pk]
        if others:
            bundle = forms.CharField(
                label=_("套餐"),
                required=False,
                max_length=40,
                help_text=_("一起买的几件填同一个名字，不是套餐的不填"),
            )
            self._add(f"bundle_{line.pk}", bundle, line.bundle)
            choices = [("", _("不是赠品")), *((each.pk, each.title) for each in others)]
            gift = forms.ChoiceField(label=_("是哪件商品的赠品"), required=False, choices=choices)
            self._add(f"gift_of_{line.pk}", gift, line.gift_of_id or "")
        single = MoneyField(
            label=_("单买价合计（元）"),
            min_value=Decimal("0.00"),
            help_text=_("单独买这些件要多少钱；赠品填标价"),
        )
        self._add(f"list_total_{line.pk}", single, line.list_total)
        stock = StockField(
            label=_("可换的规格与库存"),
            help_text=_("每行一个规格和它的库存，例如：40 码 3；不清楚的不填"),
        )
        told = "\n".join(f"{row['sku']} {row['stock']}" for row in line.stock)
        self._add(f"stock_{line.pk}", stock, told)
        durable = forms.BooleanField(
            label=_("耐用品"),
            required=False,
            help_text=_("电器、手机、家具等；签收后六个月内出故障的，由商家先举证"),
        )
        self._add(f"durable_{line.pk}", durable, line.durable)

    def _add(self, name: str, field: forms.Field, initial: Any) -> None:
        self.fields[name], self.initial[name] = field, initial

    # What the page shows.

    @property
    def helper(self) -> FormHelper:
        return self._part("seen", *(name for name in self.fields if name in OF_ORDER))

    @property
    def parts(self) -> list[tuple[OrderLine, FormHelper]]:
        return [
            (line, self._part(*(name for name in self.fields if name.endswith(f"_{line.pk}"))))
            for line in self.lines
        ]

    def _part(self, *names: str) -> FormHelper:
        helper = FormHelper()
        helper.form_tag, helper.disable_csrf = False, True
        helper.layout = Layout(*names)
        return helper

    # What it comes to.

    def take(self, by: Any) -> OrderChange | None:
        said = self.cleaned_data
        lines = {
            line.pk: {
                "bundle": said.get(f"bundle_{line.pk}", line.bundle).strip(),
                "gift_of_id": int(said.get(f"gift_of_{line.pk}") or 0) or None,
                "list_total": said[f"list_total_{line.pk}"],
                "stock": said[f"stock_{line.pk}"],
                "durable": said[f"durable_{line.pk}"],
            }
            for line in self.lines
        }
        facts = {name: said[name] for name in OF_ORDER}
        return furnish(self.order, by=by, facts=facts, lines=lines, seen=said["seen"])

    def refuse(self, refused: Refused) -> None:
        for name, sentence in refused.errors.items():
            self.add_error(name if name in self.fields else None, sentence)
        if not refused.errors:
            self.add_error(None, refused.sentence)
