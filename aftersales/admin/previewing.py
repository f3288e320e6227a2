"""预览: a row of the catalogue as merchants and buyers will see it, shown with a case that it fits.

Under the form it shows the row in force; beside the difference it shows what is about to be published.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from aftersales import clock, display
from aftersales.models import Case, RejectReason, Script
from aftersales.rules import wording

# What a script is filled with where the sample case has nothing, or where there is no case yet.
SAMPLE = {
    "buyer": "林**树",
    "goods": "手作陶瓷马克杯 2 只装",
    "amount": "60.00",
    "tracking": "SF1234567890",
    "carrier": "顺丰速运",
    "shop": "山岚家居旗舰店",
}


class Previewed(admin.ModelAdmin):
    """For admins of the catalogue: the preview under the form and beside the difference."""

    change_form_template = "admin/aftersales/previewed.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        shown = {"preview": preview(row) if row is not None else ""}
        return super().render_change_form(request, context | shown, *args, **kwargs)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """A rehearsal is undone: what it would look like is kept before."""
        super().save_related(request, form, formsets, change)
        request.preview = preview(form.instance)


def preview(row: Model) -> str:
    """The row as HTML, as it stands in the database now: a refused form has changed its instance."""
    row = type(row)._base_manager.get(pk=row.pk)
    case = _sample_of(row)
    context: dict[str, Any] = {"row": row, "case": case, "kind": row._meta.model_name}
    if isinstance(row, Script):
        values = _values(row, case)
        context["texts"] = [wording.fill(text, values) for text in (row.text_zh, row.text_en)]
        context["plans"] = row.plans.all()
    elif isinstance(row, RejectReason):
        context["proofs"] = row.proofs.all()
    return render_to_string("admin/aftersales/parts/preview.html", context)


def _sample_of(row: Model) -> Case | None:
    """The newest case that a row is for; None where there is none."""
    cases = Case.objects.select_related("line", "shop", "buyer", "order", "reason")
    if isinstance(row, Script | RejectReason) and (
        codes := [each.code for each in row.reasons.all()]
    ):
        cases = cases.filter(reason__code__in=codes)
    if isinstance(row, RejectReason) and row.types:
        cases = cases.filter(type__in=row.types)
    return cases.order_by("-pk").first()


def _values(script: Script, case: Case | None) -> dict[str, str]:
    soon = {"deadline": display.deadline(clock.now(), clock.now())}
    if case is None:
        return SAMPLE | soon
    amount = {"amount": display.plain_money(case.worth)}
    filled = {name: value for name, value in case.script_values([], script).items() if value}
    return SAMPLE | soon | amount | filled
