"""本店话术: the words, where they belong, and how they read in a case of the shop (M19)."""

from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.display import plain_money
from aftersales.models import Case, Plan, Reason, Scenario, Shop, ShopScript
from aftersales.models.case.negotiating import TEXT_MOST
from aftersales.rules import wording
from aftersales.steps import Refused
from merchants.forms.shop import plain_helper

MOST_LOOKED_AT = 30  # of the newest cases, for one that fits


class Rows(forms.ModelMultipleChoiceField):
    """Rows of the catalogue to tick, by their codes: an edition may put new rows in their place."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, to_field_name="code", **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.label)


class Preview(NamedTuple):
    """How the words read in ``case``; ``refusal`` where they can't be shown."""

    case: Case | None
    text: str
    refusal: str
    fits: bool


class ScriptForm(forms.ModelForm):
    """A new script, or the next row of ``standing``; saved by the view, which knows who writes."""

    was = forms.IntegerField(required=False, widget=forms.HiddenInput)
    case = forms.CharField(required=False, max_length=24)
    scenarios = Rows(
        label=gettext_lazy("适用场景"),
        queryset=Scenario.objects.filter(active=True),
        help_text=gettext_lazy("第一轮协商时，在这些场景里可选"),
        error_messages={"required": gettext_lazy("请选择适用场景")},
    )
    plans = Rows(
        label=gettext_lazy("配合的方案"),
        queryset=Plan.objects.filter(active=True),
        required=False,
        help_text=gettext_lazy("话里提到的方案，发送时至少要提出其中一个；不提具体方案就不选"),
    )
    reasons = Rows(
        label=gettext_lazy("限于买家原因"),
        queryset=Reason.objects.filter(active=True),
        required=False,
        help_text=gettext_lazy("不选就不限原因"),
    )

    class Meta:
        model = ShopScript
        fields = ("label_zh", "text_zh", "text_en", "editable", "scenarios", "plans", "reasons")
        labels = {"editable": gettext_lazy("发送前可以改动文字")}
        help_texts = {
            "label_zh": gettext_lazy("只有本店成员看到，写清什么时候用"),
            "text_en": gettext_lazy("发给使用英文的买家；不填就发中文"),
        }
        widgets = {
            "text_zh": forms.Textarea(attrs={"rows": 6, "data-count": "text-n"}),
            "text_en": forms.Textarea(attrs={"rows": 4}),
        }
        error_messages = {
            "label_zh": {"required": gettext_lazy("请填写名称")},
            "text_zh": {"required": gettext_lazy("请填写话术正文")},
        }

    def __init__(
        self, *args: Any, shop: Shop, standing: ShopScript | None = None, **kwargs: Any
    ) -> None:
        self.shop, self.standing = shop, standing
        if standing is not None:
            lists = {name: list(getattr(standing, name).all()) for name in ShopScript.LISTS}
            kwargs["instance"] = standing.fresh()
            kwargs["initial"] = lists | {"was": standing.pk}
        else:
            kwargs["instance"] = ShopScript(shop=shop)
        super().__init__(*args, **kwargs)
        self.helper = plain_helper()
        self.fields["text_en"].required = False
        for name in ("label_zh", "text_zh", "text_en"):
            self.fields[name].error_messages["max_length"] = _("最多 %(limit_value)s 个字")

    @property
    def placeholders(self) -> list[tuple[str, Any]]:
        """What may stand in the words, each with its meaning."""
        return [(f"{{{name}}}", meaning) for name, meaning in wording.KNOWN.items()]

    def chosen(self, name: str) -> list[Any]:
        """The rows ticked so far, whatever else is wrong."""
        said = getattr(self, "cleaned_data", {}).get(name)
        if said is None:
            said = () if self.is_bound else self.initial.get(name, ())
        return list(said)

    def preview(self) -> Preview:
        """The words as a case of this shop would send them; the amount is an example."""
        text = str(self["text_zh"].value() or "").strip()
        asked = str(self["case"].value() or "").strip().upper()
        case = self._case(asked)
        fits = case is not None and self._fits(case)
        if asked and case is None:
            return Preview(None, "", _("本店没有这个售后单"), fits)
        if refusal := wording.script_refusal(text, TEXT_MOST):
            return Preview(case, "", refusal, fits)
        if case is None:
            return Preview(None, "", _("本店还没有售后单可以预览"), fits)
        values = {"amount": plain_money(case.worth)} | case.script_values([])
        try:
            return Preview(case, wording.fill(text, values), "", fits)
        except KeyError as missing:
            unknown = wording.KNOWN[missing.args[0]]
            told = _("这一单没有“%(name)s”，发送时不能选这段话术") % {"name": unknown}
            return Preview(case, "", told, fits)

    def _case(self, asked: str) -> Case | None:
        """The case asked for; without one the newest that the script is for, else the newest."""
        cases = Case.objects.filter(shop=self.shop).select_related(
            "shop", "line", "order", "buyer", "reason"
        )
        if asked:
            return cases.filter(code=asked).first()
        newest = list(cases.order_by("-applied_at", "-pk")[:MOST_LOOKED_AT])
        return next((case for case in newest if self._fits(case)), next(iter(newest), None))

    def _fits(self, case: Case) -> bool:
        reasons, scenarios = self.chosen("reasons"), self.chosen("scenarios")
        if reasons and case.reason.code not in {reason.code for reason in reasons}:
            return False
        if case.type not in {kind for scenario in scenarios for kind in scenario.types}:
            return False
        try:
            return case.scenario() in scenarios
        except Refused:
            return False
