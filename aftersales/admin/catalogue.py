"""规则与文案: the catalogue as staff keep it, edition by edition. Rows are retired, never deleted."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales.admin.looking import Few, Kept
from aftersales.admin.previewing import Previewed
from aftersales.admin.publishing import Published
from aftersales.enums import CaseType, GoodsState, Ruling, WizardStep
from aftersales.models import (
    Channel,
    DecisionReason,
    Outcome,
    Plan,
    Proof,
    Reason,
    RejectReason,
    Risk,
    Scenario,
    Script,
    StepForm,
)
from aftersales.models.case.intervening import DECLINE
from aftersales.models.case.ruling import OVERRULES
from aftersales.rules import facts, wording

CONDITIONS = {
    "": _("总是"),
    "parts_missing": _("买家反映少件"),
    "nothing_missing": _("买家没有反映少件"),
    "in_transit": _("商品在途"),
    "signed_not_received": _("显示签收但买家没收到"),
    "return_in_transit": _("退货在途"),
    "goods_back": _("买家已寄回"),
    "replied": _("买家已回复"),
    "on_its_way": _("已发货，正常运输中"),
    "signed_by_self": _("本人签收"),
    "evidence_was_asked": _("已邀请过举证"),
    "not_no_reason_goods": _("不支持无理由且购买时已确认"),
    "window_over": _("超过售后期限"),
    "agreed": _("已报告协商一致"),
    "not_agreed": _("申请与事先谈好的不一致"),
}
DECISIONS = [*Ruling.choices, (DECLINE, _("不予受理")), (OVERRULES, _("改变运费承担方"))]
LISTS: dict[str, Sequence[tuple[str, Any]]] = {
    "types": CaseType.choices,
    "decisions": DECISIONS,
    "goods_states": [each for each in GoodsState.choices if each[0]],
}


# Fields -------------------------------------------------------------------------------------------


class ListField(forms.CharField):
    """A list that is written as one text."""

    between = "\n"
    split = re.compile(r"\n")

    def prepare_value(self, value: Any) -> Any:
        return self.between.join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [part.strip() for part in self.split.split(str(value or "")) if part.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class LinesField(ListField):
    """Sentences, one a line."""

    widget = forms.Textarea(attrs={"rows": 4})


class CodesField(ListField):
    """Codes of buyer's reasons, with anything between them."""

    between = " "
    split = re.compile(r"[\s,，、;；]+")

    def to_python(self, value: Any) -> Any:
        return super().to_python(str(value or "").upper())

    def validate(self, value: Any) -> None:
        super().validate(value)
        known = set(Reason.objects.values_list("code", flat=True)) if value else set()
        if unknown := [code for code in value if code not in known]:
            raise forms.ValidationError(
                gettext("没有这个买家原因：%(codes)s") % {"codes": gettext("、").join(unknown)}
            )


class CatalogueFields:
    """Lists are ticked, lines are written one below the other, conditions are chosen by name."""

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        said: dict[str, Any] = {
            "label": db_field.verbose_name,
            "required": not db_field.blank,
            "help_text": db_field.help_text,
        }
        if db_field.name in LISTS:
            ticks = forms.CheckboxSelectMultiple
            return forms.MultipleChoiceField(choices=LISTS[db_field.name], widget=ticks, **said)
        if db_field.name == "when":
            return forms.ChoiceField(
                choices=[(name, CONDITIONS.get(name, name)) for name in facts.WHEN], **said
            )
        if db_field.name.startswith("must_answer"):
            return LinesField(**said)
        if db_field.name == "for_buyer_reasons":
            return CodesField(**said)
        if db_field.name == "code" and db_field.model is Proof:
            return forms.SlugField(max_length=40, **said)
        if isinstance(db_field, models.ManyToManyField):
            kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]


class NamedCells(forms.ModelForm):
    """Fields in a list, whose names stand in another cell: each says what it is, and of which row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label} · {self.instance}"


class Bilingual(CatalogueFields, Kept, Published):
    """A row with a code: the code is how the program knows it, so it never changes."""

    list_display = ["code", "label_zh", "label_en", "active", "position"]
    list_display_links = ["code", "label_zh"]
    list_editable = ["active", "position"]
    list_filter = ["active"]
    search_fields = ["code", "label_zh", "label_en"]
    save_on_top = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["code"] if obj else []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """A new row begins in its first field: Django goes to what stands first, the button on top."""
        page: Any = super().render_change_form(request, context, *args, **kwargs)
        page.context_data["save_on_top"] = not page.context_data["add"]
        return page

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, form=NamedCells, **kwargs)


class KnownToCode(Bilingual):
    """What each of these does is code, keyed by its code: another row would do nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


def shown(codes: Iterable[str], names: Iterable[tuple[str, Any]] = CaseType.choices) -> str:
    known = dict(names)
    return gettext("、").join(str(known.get(code, code)) for code in codes)


# Proofs -------------------------------------------------------------------------------------------


class ProofRows(forms.BaseInlineFormSet):
    def clean(self) -> None:
        """A slot is a field of a form: each has a name of its own."""
        super().clean()
        codes = [
            form.cleaned_data.get("code")
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        if len(codes) != len(set(codes)):
            raise forms.ValidationError(gettext("凭证要求的代码不能重复"))


class ProofInline(CatalogueFields, Few, admin.StackedInline):
    """Nothing refers to a slot (evidence keeps its own label), so a slot may go."""

    model = Proof
    formset = ProofRows
    extra = 0
    fields = [
        ("code", "position", "required", "most"),
        ("label_zh", "label_en"),
        ("hint_zh", "hint_en"),
        "for_buyer_reasons",
    ]


class ReasonProofInline(ProofInline):
    fields = ProofInline.fields[:-1]


# The rows -----------------------------------------------------------------------------------------


@admin.register(Reason)
class ReasonAdmin(Bilingual):
    list_display = [
        "code",
        "label_zh",
        "kinds",
        "quality",
        "burden",
        "freight",
        "active",
        "position",
    ]
    list_filter = ["active", "quality", "logistics", "no_reason", "burden", "freight"]
    inlines = [ReasonProofInline]

    @admin.display(description=_("适用的售后类型"))
    def kinds(self, reason: Reason) -> str:
        return shown(reason.types)


@admin.register(Plan)
class PlanAdmin(Previewed, KnownToCode):
    list_display = ["code", "label_zh", "consequence_zh", "wants_amount", "active", "position"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whether a plan has an amount is what its code does with it."""
        return ["code", "wants_amount"]


@admin.register(Script)
class ScriptAdmin(Previewed, Bilingual):
    list_display = ["code", "label_zh", "text_zh", "editable", "active", "position"]
    list_filter = ["active", "editable", "plans"]
    search_fields = ["code", "label_zh", "label_en", "text_zh", "text_en"]

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        made = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in ("text_zh", "text_en"):
            made.help_text = _("可用变量：%(names)s；不能包含电话、微信、外部链接或绝对的承诺") % {
                "names": " ".join(f"{{{name}}}" for name in wording.KNOWN)
            }
        return made


@admin.register(Outcome)
class OutcomeAdmin(Bilingual):
    list_display = ["code", "label_zh", "needs_reply", "condition", "active", "position"]
    inlines = [ProofInline]

    @admin.display(description=_("成立条件"))
    def condition(self, row: Outcome) -> str:
        return str(CONDITIONS.get(row.when, row.when))


class RejectReasonForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        """A point is answered by number, whatever language it was read in."""
        said = super().clean() or self.cleaned_data
        if len(said.get("must_answer_zh") or []) != len(said.get("must_answer_en") or []):
            self.add_error("must_answer_en", gettext("中英文的必答要点数量要一致"))
        return said


@admin.register(RejectReason)
class RejectReasonAdmin(Previewed, Bilingual):
    form = RejectReasonForm
    list_display = ["code", "label_zh", "kinds", "condition", "active", "position"]
    inlines = [ProofInline]

    @admin.display(description=_("适用的售后类型"))
    def kinds(self, row: RejectReason) -> str:
        return shown(row.types)

    @admin.display(description=_("成立条件"))
    def condition(self, row: RejectReason) -> str:
        return str(CONDITIONS.get(row.when, row.when))


@admin.register(DecisionReason)
class DecisionReasonAdmin(Bilingual):
    list_display = ["code", "label_zh", "fits", "responsible", "closes", "active", "position"]

    @admin.display(description=_("适用的判定"))
    def fits(self, row: DecisionReason) -> str:
        return shown(row.decisions, DECISIONS)


@admin.register(Risk)
class RiskAdmin(KnownToCode):
    """A tick in a list must not switch a warning off: that is done on its own page."""

    list_display = ["code", "label_zh", "severity", "threshold", "unit_zh", "active"]
    list_editable = ["threshold"]
    list_filter = ["active", "severity"]


@admin.register(Channel)
class ChannelAdmin(KnownToCode):
    """Whom buyers are told they can turn to outside the platform."""

    list_display = ["code", "label_zh", "what_zh", "site", "active", "position"]


# Scenarios ----------------------------------------------------------------------------------------


class StepFormInline(CatalogueFields, Few, Kept, admin.StackedInline):
    model = StepForm
    extra = 0
    max_num = len(WizardStep)

    def get_queryset(self, request: HttpRequest) -> Any:
        lists = ["plans", "scripts", "outcomes", "reject_reasons"]
        return super().get_queryset(request).select_related("scenario").prefetch_related(*lists)


@admin.register(Scenario)
class ScenarioAdmin(Bilingual):
    list_display = ["code", "label_zh", "kinds", "logistics", "goods_back", "active", "position"]
    inlines = [StepFormInline]

    @admin.display(description=_("售后类型"))
    def kinds(self, scenario: Scenario) -> str:
        return shown(scenario.types)
