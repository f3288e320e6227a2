"""时限与规则: the numbers and switches as staff keep them, and the agreement that buyers accept."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from aftersales import catalogue
from aftersales.admin.looking import Kept
from aftersales.admin.publishing import Published
from aftersales.enums import Clock
from aftersales.models import Agreement, Case, Policy, Window

LEAST_WAIT, MOST_WAIT = 15, 24 * 60  # minutes of D15
# Spans that are counted from a day, that are only a limit, or that belong to no turn: never in
# working time.
PLAIN = {
    Clock.NO_REASON,
    Clock.AFTER_SALE,
    Clock.WARRANTY,
    Clock.PRICE,
    Clock.SPOILED,
    Clock.SUSPENSION,
    Clock.SUPPLEMENT_MOST,
    Clock.SERVICE,
    Clock.CALL,
    Clock.RESTORED,
    Clock.GRACE,
}


class WindowForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        given = {
            name: said.get(name, getattr(self.instance, name))
            for name in ("clock", *catalogue.SCOPE, "starts_on", "ends_on", "minutes")
        }
        starts, ends = given["starts_on"], given["ends_on"]
        if ends and not starts:
            self.add_error("starts_on", gettext("有止日时，请填写起日"))
        elif starts and ends and ends < starts:
            self.add_error("ends_on", gettext("止日不能早于起日"))
        waits = given["clock"] == Clock.NEGOTIATION and given["minutes"]
        if waits and not LEAST_WAIT <= given["minutes"] <= MOST_WAIT:
            self.add_error(
                "minutes",
                gettext("协商等待需在 %(least)s 到 %(most)s 分钟之间")
                % {"least": LEAST_WAIT, "most": MOST_WAIT},
            )
        self._check_hours(given["clock"], said.get("works_from"), said.get("works_until"))
        scope = {name: given[name] or "" for name in catalogue.SCOPE}
        if self._overlaps(given["clock"], scope, starts, ends):
            raise forms.ValidationError(
                gettext("同一时限、同一范围在这段日期已有一行，请改那一行或另选日期")
            )
        return said

    def _check_hours(self, clock: str, opens: Any, closes: Any) -> None:
        if (opens is None) != (closes is None):
            self.add_error("works_until", gettext("工作时间的起止要同时填写，或都不填"))
        elif opens is not None and opens >= closes:
            self.add_error("works_until", gettext("工作时间的止要晚于起"))
        elif opens is not None and clock in PLAIN:
            self.add_error("works_from", gettext("这个时限只按自然时间计算"))

    def _overlaps(
        self, clock: str, scope: dict[str, str], starts: date | None, ends: date | None
    ) -> bool:
        """An undated row stands behind the dated ones; of each sort only one holds at a time."""
        others = Window.objects.filter(clock=clock, **scope).exclude(pk=self.instance.pk)
        if starts is None:
            return others.filter(starts_on=None).exists()
        others = others.filter(starts_on__isnull=False)
        others = others.filter(models.Q(ends_on=None) | models.Q(ends_on__gte=starts))
        return (others.filter(starts_on__lte=ends) if ends else others).exists()


def scope_of(window: Window) -> str:
    """维修 · 售后保障维权 · 水果生鲜, or 全部."""
    parts = [
        str(window.get_case_type_display()),
        str(window.get_phase_display()),
        str(window.category),
    ]
    return " · ".join(filter(None, parts)) or gettext("全部")


@admin.register(Window)
class WindowAdmin(Kept, Published):
    form = WindowForm
    list_display = ["clock", "kind", "length", "hours", "starts_on", "ends_on"]
    list_filter = ["clock", "case_type", "phase", "category"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "clock",
                    "case_type",
                    ("phase", "category"),
                    "minutes",
                    ("works_from", "works_until"),
                    ("starts_on", "ends_on"),
                ],
                "description": _(
                    "只影响此后申请的售后单；已在处理的按申请时的时限。"
                    "时长按分钟填写：60 是 1 小时，1440 是 1 天。"
                    "填写工作时间后，只在工作日（按国务院节假日安排，含调休）的这段时间内计时。"
                ),
            },
        )
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The row that is for all and for always stays; only its length changes."""
        if obj is None:
            return []
        always = not any(obj.scope.values()) and obj.starts_on is None
        return ["clock", *catalogue.SCOPE, *(["starts_on", "ends_on"] if always else [])]

    @admin.display(description=_("只计工作时间"), empty_value="")
    def hours(self, window: Window) -> str:
        return window.hours

    @admin.display(description=_("适用范围"), empty_value="")
    def kind(self, window: Window) -> str:
        return scope_of(window)

    @admin.display(description=_("时长"), ordering="minutes")
    def length(self, window: Window) -> str:
        minutes = window.minutes
        if minutes % (24 * 60) == 0 and minutes > 3 * 24 * 60:
            return ngettext("{n} 天", "{n} 天", minutes // (24 * 60)).format(n=minutes // (24 * 60))
        if minutes % 60 == 0 and minutes > 60:
            return ngettext("{n} 小时", "{n} 小时", minutes // 60).format(n=minutes // 60)
        return ngettext("{n} 分钟", "{n} 分钟", minutes).format(n=minutes)


def versions() -> list[tuple[str, str]]:
    return [(each, each) for each in Agreement.objects.values_list("version", flat=True)]


@admin.register(Policy)
class PolicyAdmin(Kept, Published):
    list_display = ["__str__", "max_applications_per_line", "min_rounds", "agreement_version"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Policy.objects.exists()

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "agreement_version":
            return forms.ChoiceField(choices=versions, label=db_field.verbose_name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Agreement)
class AgreementAdmin(Kept, admin.ModelAdmin):
    """What buyers have accepted stays as they read it; a change is a new version."""

    list_display = ["version", "accepted"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return []
        accepted = Case.objects.filter(agreement_version=obj.version).exists()
        return ["version", *(["text_zh", "text_en"] if accepted else [])]

    @admin.display(description=_("已有买家同意"), boolean=True)
    def accepted(self, agreement: Agreement) -> bool:
        return Case.objects.filter(agreement_version=agreement.version).exists()
