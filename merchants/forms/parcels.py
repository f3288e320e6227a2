"""Parcels: a number and its carrier, what came back in one, and what the way back cost."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.display import money
from aftersales.enums import ItemState
from aftersales.forms import MoneyField, StepForm
from aftersales.logistics.carriers import CARRIERS, OTHER, guess_carrier
from aftersales.logistics.forms import TrackingForm
from aftersales.models import Arrived, OrderLine, Proof
from merchants.forms.shop import plain_helper


class FillReturnForm(TrackingForm):
    """代填退货单号, where the buyer sent the goods and did not say by what."""


class ShipForm(forms.Form):
    """发货 of an order, or of a part of it; while a refund is asked for, with the risk
    acknowledged. ``left`` are the lines that have still to go."""

    lines = forms.MultipleChoiceField(
        label=gettext_lazy("这次发哪些商品"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "只发一部分的，订单变为“部分发货”，其余的以后再发；赠品随商品一起发"
        ),
        error_messages={"required": gettext_lazy("请选择这次要发的商品")},
    )
    tracking = forms.CharField(
        label=gettext_lazy("快递单号"),
        max_length=60,
        help_text=gettext_lazy("8–30 位字母和数字，可用扫码枪"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": gettext_lazy("请输入快递单号（8–30 位字母和数字）")},
    )
    carrier = forms.ChoiceField(
        label=gettext_lazy("快递公司"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("请选择列表中的选项")},
    )
    acknowledged = forms.BooleanField(
        label=gettext_lazy(
            "我已知晓风险：买家已申请退款，未经买家同意发货，往返运费和损失由商家承担，之后不能再以“已发货”驳回"
        ),
        required=False,
    )

    def __init__(
        self, *args: Any, asking: bool, left: Sequence[OrderLine] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.helper = plain_helper()
        carrier: Any = self.fields["carrier"]
        carrier.choices = [
            ("", _("按单号自动识别")),
            *((name, name) for name in (*CARRIERS, OTHER)),
        ]
        if not asking:
            del self.fields["acknowledged"]
        lines: Any = self.fields["lines"]
        lines.choices = [(each.pk, f"{each.title} × {each.unsent}") for each in left]
        lines.initial = [each.pk for each in left]
        if len(left) < 2:
            del self.fields["lines"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "lines" in given:
            given["lines"] = [int(pk) for pk in given["lines"]]
        if given.get("tracking") and not given.get("carrier") and "carrier" not in self.errors:
            given["carrier"] = guess_carrier(given["tracking"])
            if not given["carrier"]:
                self.add_error("carrier", _("认不出是哪家快递，请选择快递公司"))
        return given

    def refuse(self, errors: dict[str, str], sentence: str) -> None:
        for name, text in errors.items():
            self.add_error(name if name in self.fields else None, text)
        if not errors:
            self.add_error(None, sentence)


class ReceiveForm(StepForm):
    """收货登记: each thing expected, how many came and how they look; pictures; perhaps an offer."""

    def fit(self) -> None:
        self.items = self.case.expected_back()
        for number, item in enumerate(self.items):
            wrong = _("收到的件数需在 0 到 %(max)s 之间") % {"max": item.expected}
            self.fields[f"received_{number}"] = forms.IntegerField(
                label=_("收到件数"),
                min_value=0,
                max_value=item.expected,
                initial=item.expected,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                error_messages={"min_value": wrong, "max_value": wrong, "invalid": wrong},
            )
            self.fields[f"state_{number}"] = forms.ChoiceField(
                label=_("收到时的样子"),
                choices=ItemState.choices,
                initial=ItemState.INTACT,
            )
        self.fields["note"] = forms.CharField(
            label=_("说明"),
            required=False,
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 2}),
        )
        most = self.case.whole
        self.fields["amount"] = MoneyField(
            label=_("提议退款（元）"),
            required=False,
            help_text=_("买家接受后按此退款；不填则只登记，再通过“拒绝收货”协商。应退 %(most)s")
            % {"most": money(most)},
        )
        self.add_slot(
            Proof(
                code="receipt",
                label_zh=_("收货照片"),
                label_en=_("收货照片"),
                required=True,
                most=5,
                hint_zh=_("拍下收到的商品、面单和外包装"),
                hint_en=_("拍下收到的商品、面单和外包装"),
            )
        )

    @property
    def rows(self) -> list[tuple[Any, Any, Any]]:
        return [
            (item, self[f"received_{number}"], self[f"state_{number}"])
            for number, item in enumerate(self.items)
        ]

    def layout(self) -> list[Any]:
        return ["version", "key", "proof_receipt", "note", "amount"]

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "version": said.get("version"),
            "key": said.get("key", ""),
            "arrived": [
                Arrived(said[f"received_{number}"], said[f"state_{number}"])
                for number in range(len(self.items))
            ],
            "note": said.get("note", ""),
            "amount": said.get("amount"),
            "evidence": self.evidence(),
        }


class SettleFreightForm(StepForm):
    """赔付退货运费: what was claimed, or what the insurer really paid."""

    def fit(self) -> None:
        claim = self.case.unsettled_freight
        self.fields["amount"] = MoneyField(
            label=_("金额（元）"), initial=claim.owed if claim else None
        )
