"""延期 for staff: an outage, or a window row for open cases; what it will do is shown first."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aftersales import clock, display, extending
from aftersales.admin.looking import ReadOnly, case_link, moment
from aftersales.admin.policies import PLAIN, scope_of
from aftersales.models import Extension, User, Window
from aftersales.telling import LABELS

LONGEST = timedelta(days=30)


class MomentField(forms.DateTimeField):
    """A moment of China, to the minute or the second."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
        )
        invalid = gettext_lazy("请输入时间，例如 2026-12-01 00:00")
        super().__init__(widget=widget, error_messages={"invalid": invalid}, **kwargs)


class WhyForm(forms.Form):
    why = forms.CharField(
        label=gettext_lazy("原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("会写进通知，买卖双方都会看到"),
        error_messages={"required": gettext_lazy("请填写原因")},
    )


class OutageForm(WhyForm):
    """平台故障: from when to when people could not act, or time acted alone."""

    starts_at = MomentField(label=gettext_lazy("故障开始"))
    ends_at = MomentField(label=gettext_lazy("故障结束"))

    field_order = ["starts_at", "ends_at", "why"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        starts, ends = said.get("starts_at"), said.get("ends_at")
        if starts is None or ends is None:
            return said
        if ends <= starts:
            self.add_error("ends_at", _("结束时间要晚于开始时间"))
        elif ends > clock.now():
            self.add_error("ends_at", _("结束时间不能晚于现在，请在恢复之后登记"))
        elif ends - starts > LONGEST:
            self.add_error("ends_at", _("一次故障最长 30 天，请核对时间"))
        elif Extension.objects.filter(starts_at__lt=ends, ends_at__gt=starts).exists():
            self.add_error("starts_at", _("这段时间已登记过故障，不能重复延期"))
        return said

    def decision(self, user: User, at: datetime) -> Extension:
        said = self.cleaned_data
        return Extension(
            kind=Extension.Kind.OUTAGE,
            starts_at=said["starts_at"],
            ends_at=said["ends_at"],
            why=said["why"],
            user=user,
            at=at,
        )


class WindowChoice(forms.ModelChoiceField):
    def label_from_instance(self, window: Any) -> str:
        parts = [
            window.clock,
            window.get_clock_display(),
            scope_of(window),
            display.span(timedelta(minutes=window.minutes)),
            window.hours,
        ]
        if window.starts_on:
            parts.append(f"{window.starts_on} – {window.ends_on or ''}")
        return " · ".join(filter(None, parts))


class WindowForm(WhyForm):
    """时限调整: open cases shall have this row too, where it gives them more time."""

    window = WindowChoice(
        label=gettext_lazy("时限"),
        queryset=Window.objects.none(),
        help_text=gettext_lazy("带日期的时限只用于截止时间落在这些日期内的售后单"),
        error_messages={"required": gettext_lazy("请选择时限")},
    )

    field_order = ["window", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = localtime(clock.now()).date()
        current: Any = self.fields["window"]
        current.queryset = Window.objects.filter(Q(ends_on=None) | Q(ends_on__gte=today)).exclude(
            clock__in=PLAIN
        )

    def decision(self, user: User, at: datetime) -> Extension:
        window, why = self.cleaned_data["window"], self.cleaned_data["why"]
        terms = {
            "clock": window.clock,
            **window.scope,
            "minutes": window.minutes,
            "hours": window.hours,
            "starts_on": str(window.starts_on or ""),
            "ends_on": str(window.ends_on or ""),
        }
        return Extension(
            kind=Extension.Kind.WINDOW, window=window, terms=terms, why=why, user=user, at=at
        )


@admin.register(Extension)
class ExtensionAdmin(ReadOnly):
    change_list_template = "admin/aftersales/extension/list.html"
    list_display = ["kind", "span", "why", "moved", "excused", "user", "recorded", "done"]
    list_display_links = None
    list_filter = ["kind"]
    list_select_related = ["user"]

    @admin.display(description=gettext_lazy("内容"))
    def span(self, extension: Extension) -> str:
        if extension.kind == Extension.Kind.OUTAGE:
            now = clock.now()
            starts = display.when(extension.starts_at, now)
            return f"{starts} – {display.when(extension.ends_at, now)}"
        terms = extension.terms
        length = display.span(timedelta(minutes=terms["minutes"]))
        days = f"{terms['starts_on']} – {terms['ends_on']}" if terms["starts_on"] else ""
        return " ".join(filter(None, [terms["clock"], length, terms["hours"], days]))

    @admin.display(description=gettext_lazy("登记时间"), ordering="at")
    def recorded(self, extension: Extension) -> SafeString:
        return moment(extension.at)

    @admin.display(description=gettext_lazy("完成时间"), ordering="done_at")
    def done(self, extension: Extension) -> SafeString | str:
        return moment(extension.done_at) if extension.done_at else _("正在处理")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("outage/", wrap(self.outage), name="record_outage"),
            path("window/", wrap(self.window), name="extend_window"),
            *super().get_urls(),
        ]

    def outage(self, request: HttpRequest) -> HttpResponse:
        return self._decide(request, OutageForm, _("登记平台故障"))

    def window(self, request: HttpRequest) -> HttpResponse:
        return self._decide(request, WindowForm, _("把时限用于进行中的售后单"))

    def _decide(self, request: Any, form_class: Any, title: str) -> HttpResponse:
        """The form; what it will do; and, confirmed, the decision, carried out by the queue."""
        if not request.user.has_perm("aftersales.change_policy"):
            raise PermissionDenied
        form = form_class(request.POST or None)
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "outage": form_class is OutageForm,
        }
        page = "admin/aftersales/extension/decide.html"
        if request.method != "POST" or "edit" in request.POST or not form.is_valid():
            refused = request.method == "POST" and "edit" not in request.POST
            return TemplateResponse(request, page, context, status=422 if refused else 200)
        decision = form.decision(request.user, clock.now())
        if "confirmed" in request.POST:
            decision.save()
            said = _("已登记，正在逐单延期；买卖双方会收到通知")
            self.message_user(request, said, messages.SUCCESS)
            return redirect("admin:aftersales_extension_changelist")
        plans, moved, results, excused = extending.preview(decision)
        context |= {
            "confirming": True,
            "now": clock.now(),
            "plans": [
                (case_link(plan.case), [(LABELS[name], *move) for name, move in plan.moves.items()])
                for plan in plans
            ],
            "moved": ngettext("{n} 个售后单的时限会延后", "{n} 个售后单的时限会延后", moved).format(
                n=moved
            ),
            "results": [(case_link(event.case), event) for event in results],
            "excused": ngettext(
                "{n} 个自动结果发生在故障期间", "{n} 个自动结果发生在故障期间", excused
            ).format(n=excused),
            "any_results": excused,
            "service": extending.service_requests(decision).count(),
            "carried": [(name, form.data[name]) for name in form.fields],
        }
        return TemplateResponse(request, page, context)
