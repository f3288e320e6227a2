"""自动同意规则: what a shop agrees to by itself (M24)."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import CaseType
from aftersales.forms import MoneyField
from aftersales.models import AgreeRule, Reason, Shop
from aftersales.rules.agreeing import Shipping
from merchants.forms.shop import plain_helper

LEAST = MinValueValidator(Decimal("0.01"), gettext_lazy("金额需大于 0"))
MOST_RULES = 20  # of a shop


def reasons() -> list[tuple[str, str]]:
    return [(row.code, row.label) for row in Reason.objects.filter(active=True)]


class RuleForm(forms.ModelForm):
    """A new rule, or the next version of ``standing``; saved by the view, which knows who writes."""

    was = forms.IntegerField(required=False, widget=forms.HiddenInput)
    types = forms.MultipleChoiceField(
        label=gettext_lazy("售后类型"),
        choices=CaseType.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("请选择售后类型")},
    )
    reasons = forms.MultipleChoiceField(
        label=gettext_lazy("限于买家原因"),
        choices=reasons,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("不选就不限原因"),
    )
    most = MoneyField(
        label=gettext_lazy("单笔不超过（元）"),
        validators=[LEAST],
        error_messages={"required": gettext_lazy("请填写单笔不超过多少元")},
    )
    day_most = MoneyField(
        label=gettext_lazy("每天最多（元）"),
        validators=[LEAST],
        error_messages={"required": gettext_lazy("请填写每天最多同意多少元")},
        help_text=gettext_lazy("这条规则一天同意的合计到此为止，其余留给人工"),
    )
    shipping = forms.ChoiceField(
        label=gettext_lazy("发货情况"),
        choices=[("", gettext_lazy("不限")), *Shipping.choices],
        required=False,
        help_text=gettext_lazy("按买家申请时这件商品有没有发出"),
    )
    buyer_most = forms.IntegerField(
        label=gettext_lazy("买家 90 天内在本店的售后单不超过"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=gettext_lazy("含这一单；不填就不限"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": gettext_lazy("请输入整数"),
            "min_value": gettext_lazy("请输入 1 到 99"),
            "max_value": gettext_lazy("请输入 1 到 99"),
        },
    )

    class Meta:
        model = AgreeRule
        fields = AgreeRule.PLAIN
        error_messages = {
            "name": {
                "required": gettext_lazy("请填写名称"),
                "max_length": gettext_lazy("名称最多 20 个字"),
            }
        }

    def __init__(
        self, *args: Any, shop: Shop, standing: AgreeRule | None = None, **kwargs: Any
    ) -> None:
        self.standing, self.shop = standing, shop
        kwargs["instance"] = standing.fresh() if standing else AgreeRule(shop=shop)
        kwargs["initial"] = {"was": standing.pk} if standing else {}
        super().__init__(*args, **kwargs)
        self.helper = plain_helper()
        self.fields["undisputed"].label = _("买家在本店没有申请过平台介入")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        most, day_most = said.get("most"), said.get("day_most")
        if most and day_most and day_most < most:
            self.add_error("day_most", _("每天最多的金额不能低于单笔金额"))
        if self.standing is None and AgreeRule.objects.filter(shop=self.shop).count() >= MOST_RULES:
            raise forms.ValidationError(_("最多 20 条规则，请修改已有的规则"))
        return said
