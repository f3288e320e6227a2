"""规则版本 for staff: every change of the rules with its difference, and the whole as it then was."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import catalogue, display
from aftersales.admin.looking import OwnPage, moment
from aftersales.admin.publishing import counted, model_of, shown
from aftersales.admin.simulating import simulate, simulated
from aftersales.catalogue import Change
from aftersales.models import Edition


@admin.register(Edition)
class EditionAdmin(OwnPage):
    change_list_template = "admin/aftersales/edition/list.html"
    list_display = ["version", "effective", "what", "note", "author"]
    list_display_links = ["version"]
    list_select_related = ["author"]
    search_fields = ["note"]
    search_help_text = gettext_lazy("修改原因")

    @admin.display(description=gettext_lazy("版本"), ordering="number")
    def version(self, edition: Edition) -> str:
        return _title(edition)

    @admin.display(description=gettext_lazy("生效时间"), ordering="effective_from")
    def effective(self, edition: Edition) -> SafeString | str:
        return _effective(edition)

    @admin.display(description=gettext_lazy("改动"))
    def what(self, edition: Edition) -> str:
        return counted(edition.changes)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content")

    def get_urls(self) -> list[URLPattern]:
        withdraw = self.admin_site.admin_view(self.withdraw)
        trial = self.admin_site.admin_view(self.simulate)
        return [
            path("<int:pk>/withdraw/", withdraw, name="withdraw_edition"),
            path("simulate/", trial, name="simulate"),
            path(
                "simulate/<int:pk>/", self.admin_site.admin_view(self.simulated), name="simulated"
            ),
            *super().get_urls(),
        ]

    def simulate(self, request: HttpRequest) -> HttpResponse:
        return simulate(request, {**self.admin_site.each_context(request), "opts": self.opts})

    def simulated(self, request: HttpRequest, pk: int) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return simulated(request, pk, frame)

    def record(self, request: HttpRequest, pk: int) -> HttpResponse:
        edition = get_object_or_404(Edition, pk=pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _title(edition),
            "opts": self.opts,
            "edition": edition,
            "effective": _effective(edition),
            "changes": [shown(change) for change in edition.changes],
            "whole": _whole(edition),
            "withdrawable": edition.waiting and self._may_withdraw(request),
        }
        return TemplateResponse(request, "admin/aftersales/edition/edition.html", context)

    def _may_withdraw(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("aftersales.change_policy"))

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """An edition that is not in force yet can be taken back; one that is, only changed again."""
        if not self._may_withdraw(request):
            raise PermissionDenied
        edition = get_object_or_404(Edition, pk=pk)
        if request.method != "POST" and edition.waiting:
            context = {
                **self.admin_site.each_context(request),
                "title": _("撤回这一版"),
                "edition": edition,
                "effective": _effective(edition),
                "changes": [shown(change) for change in edition.changes],
            }
            return TemplateResponse(request, "admin/aftersales/edition/withdraw.html", context)
        if request.method == "POST" and edition.withdraw():
            self.message_user(request, _("已撤回，不会生效"), messages.SUCCESS)
        else:
            self.message_user(request, _("已经生效或已撤回，不能再撤回"), messages.ERROR)
        return redirect("admin:aftersales_edition_change", pk)


def _title(edition: Edition) -> str:
    if edition.number:
        return f"v{edition.number}"
    return _("待生效") if edition.waiting else _("已撤回")


def _effective(edition: Edition) -> SafeString | str:
    first = edition.number == 1 and edition.author_id is None
    return display.EMPTY if first else moment(edition.effective_from)


def _whole(edition: Edition) -> list[tuple[str, list[dict[str, Any]]]]:
    """The whole catalogue of an edition, kind by kind, for reading."""
    content = edition.content or {}
    return [
        (
            str(model_of(kind)._meta.verbose_name),
            [
                shown(Change(kind=kind, key=key, before=None, after=row))
                for key, row in content[kind].items()
            ],
        )
        for kind in (catalogue.POLICY, catalogue.WINDOW, *catalogue.KINDS)
        if kind in content
    ]
