"""发布: what staff change in the catalogue is shown as a difference, and becomes an edition.

"Save" first only rehearses: the form is saved in a transaction that is undone, and what would
have changed is shown. Confirmed, with a reason and a time, it is published as an edition.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aftersales import catalogue, clock, display
from aftersales.catalogue import Change
from aftersales.models import Edition

PREFIX = "edition"
ASIDE = {"csrfmiddlewaretoken", "publish", "revise"}  # what is not the catalogue's
FURTHEST = timedelta(days=366)


class PublishForm(forms.Form):
    """From when, and why."""

    when = forms.ChoiceField(
        label=gettext_lazy("何时生效"),
        choices=[
            ("now", gettext_lazy("立即生效")),
            ("later", gettext_lazy("定时生效")),
        ],
        initial="now",
        widget=forms.RadioSelect,
    )
    effective_from = forms.DateTimeField(
        label=gettext_lazy("生效时间"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": gettext_lazy("请输入时间，例如 2026-12-01 00:00")},
    )
    note = forms.CharField(
        label=gettext_lazy("修改原因"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("记入规则版本，之后可以查到"),
        error_messages={"required": gettext_lazy("请填写修改原因")},
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("when") == "later" and "effective_from" not in self.errors:
            at = said.get("effective_from")
            if at is None:
                self.add_error("effective_from", _("请填写生效时间"))
            elif not clock.now() < at <= clock.now() + FURTHEST:
                self.add_error("effective_from", _("生效时间须在此刻之后、一年之内"))
        return said

    def moment(self) -> datetime:
        said = self.cleaned_data
        at: datetime = clock.now() if said["when"] == "now" else said["effective_from"]
        return at


class Published(admin.ModelAdmin):
    """An admin of the catalogue: nothing is saved but by publishing an edition."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"publishes": True} | (extra_context or {})

        def save() -> Any:
            return super(Published, self).changeform_view(request, object_id, form_url, context)

        return self._publish(request, save) if request.method == "POST" else save()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        def save() -> Any:
            return super(Published, self).changelist_view(request, extra_context)

        saves = request.method == "POST" and "_save" in request.POST
        return self._publish(request, save) if saves else save()

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Going back from the difference shows the form again with everything that was typed."""
        form = super().get_form(request, *args, **kwargs)
        if "revise" not in request.POST:
            return form
        return type(form.__name__, (form,), {"is_valid": lambda self: self.errors is None})

    def message_user(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """A rehearsal says nothing of having saved."""
        if not getattr(request, "rehearsing", False):
            super().message_user(request, *args, **kwargs)

    def _publish(self, request: Any, save: Callable[[], Any]) -> HttpResponse:
        answer, changes = self._rehearse(request, save)
        if answer.status_code != 302:
            return answer  # type: ignore[no-any-return]
        if not changes:
            self.message_user(request, _("没有改动，没有生成新版本"), messages.INFO)
            return redirect(self.back(request))
        sent = "publish" in request.POST
        form = PublishForm(request.POST if sent else None, prefix=PREFIX)
        if not sent or not form.is_valid():
            return self._difference(request, form, changes)
        edition = Edition.publish(
            changes, by=request.user, note=form.cleaned_data["note"], at=form.moment()
        )
        self.message_user(request, published(edition), messages.SUCCESS)
        return redirect(self.back(request))

    def _rehearse(self, request: Any, save: Callable[[], Any]) -> tuple[Any, list[Change]]:
        """Save, look what has become different, and undo it."""
        before = catalogue.content()
        request.rehearsing = True
        with transaction.atomic():
            answer = save()
            saved = answer.status_code == 302
            changes = catalogue.differences(before, catalogue.content()) if saved else []
            transaction.set_rollback(True)
        request.rehearsing = False
        return answer, changes

    def _difference(
        self, request: HttpRequest, form: PublishForm, changes: list[Change]
    ) -> HttpResponse:
        carried = [
            (name, value)
            for name in request.POST
            if name not in ASIDE and not name.startswith(f"{PREFIX}-")
            for value in request.POST.getlist(name)
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("核对改动"),
            "opts": self.opts,
            "form": form,
            "changes": [shown(change) for change in changes],
            "carried": carried,
            "preview": getattr(request, "preview", ""),
            "revisable": request.resolver_match is not None
            and not str(request.resolver_match.url_name).endswith("changelist"),
            "back": self.back(request),
        }
        name = "admin/aftersales/edition/publish.html"
        return TemplateResponse(request, name, context, status=422 if form.errors else 200)

    def back(self, request: HttpRequest) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """The editions tell what became of the rules, by whom and why."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:aftersales_edition_changelist")


def published(edition: Edition) -> str:
    if edition.number:
        return _("已发布规则版本 v{number}，立即生效").format(number=edition.number)
    at = display.when(edition.effective_from, clock.now())
    return _("已发布，将于 {time} 生效").format(time=at)


# A difference in words -----------------------------------------------------------------------------


def model_of(kind: str) -> Any:
    names = {catalogue.POLICY: "Policy", catalogue.WINDOW: "Window", **catalogue.KINDS}
    return apps.get_model("aftersales", names[kind])


def shown(change: Change) -> dict[str, Any]:
    """A change for people: which row, and field by field what it said and says."""
    model, before, after = model_of(change["kind"]), change["before"], change["after"]
    row = after or before or {}
    fields = [
        (_label(model, name), _value(name, was), _value(name, now))
        for name in row
        for was, now in [((before or {}).get(name), (after or {}).get(name))]
        if was != now
    ]
    changed = _("修改") if after is not None else _("移除")
    name = row.get("label_zh") or (
        model(**{"clock": row["clock"]}).get_clock_display() if "clock" in row else ""
    )
    return {
        "kind": model._meta.verbose_name,
        "key": "" if change["key"] == catalogue.POLICY else change["key"],
        "name": name,
        "sort": changed if before is not None else _("新增"),
        "fields": fields,
    }


def _label(model: Any, name: str) -> str:
    inside = {"proof": _("凭证要求"), "form": _("步骤定义")}
    return inside[name] if name in inside else str(model._meta.get_field(name).verbose_name)


def _value(name: str, value: Any) -> str:
    """A field's value in words; minutes also as the days or hours that they are."""
    if name.endswith("minutes") and value:
        return f"{value} · {display.span(timedelta(minutes=value))}"
    return _words(value)


def _words(value: Any) -> str:
    """A value of a row as people write it."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if value in (None, "", []):
        return display.EMPTY
    if isinstance(value, dict):
        return _("；").join(
            f"{_words(each)}" for each in value.values() if each not in (None, "", [])
        )
    if isinstance(value, list):
        apart = "\n" if any(isinstance(each, dict) for each in value) else _("、")
        return apart.join(_words(each) for each in value)
    return str(value)


def counted(changes: list[Change]) -> str:
    return ngettext("{n} 项改动", "{n} 项改动", len(changes)).format(n=len(changes))
