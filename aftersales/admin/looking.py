"""What every staff list of facts shares: looked at here, and changed only by steps."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from aftersales import clock, display
from aftersales.enums import RefundState, Stage, Status
from aftersales.models import Case

COUNTED = 10_000  # beyond it a list is only said to be long

BADGES = {
    Status.PLATFORM_REVIEW: "mine",
    Status.REFUND_FAILED: "mine",
    Status.REFUNDED: "ok",
    Status.CLOSED_AGREED: "ok",
    Status.CANCELLED: "off",
    Status.CLOSED_BUYER_TIMEOUT: "off",
    Status.CLOSED_PLATFORM_DENIED: "off",
    Stage.EVIDENCE: "them",
    Stage.DECIDING: "mine",
    Stage.RULED: "ok",
    Stage.WITHDRAWN: "off",
    Stage.SETTLED: "off",
    RefundState.FAILED: "mine",
    RefundState.PAID: "ok",
}


class Capped(Paginator):
    """Counts no further than anybody pages, so that a list of millions opens at once."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED].count())


class NoEditing:
    """Facts are looked at here, and changed only by steps."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NoEditing, admin.ModelAdmin):
    show_full_result_count = False
    paginator = Capped
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER  # each would be counted to the end

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": self.opts.verbose_name_plural}
        return super().changelist_view(request, title | (extra_context or {}))

    class Media:
        css = {"all": ["admin-staff.css"]}


class Rows(NoEditing, admin.TabularInline):
    """Rows of a fact, under it."""

    extra = 0
    can_delete = False
    show_change_link = False


def may_rule(request: HttpRequest) -> bool:
    return bool(request.user.is_staff and request.user.has_perm("aftersales.rule"))


def case_link(case: Case) -> SafeString:
    url = reverse("admin:aftersales_case_change", args=[case.pk])
    return format_html('<a href="{}">{}</a>', url, case.code)


def status_of(case: Case) -> SafeString:
    return display.badge(case.get_status_display(), BADGES.get(Status(case.status), "them"))


def lines(first: Any, second: Any) -> SafeString:
    """Two lines of a cell: what one looks for, and what goes with it."""
    return format_html("{}<small>{}</small>", first, second)


def sides_of(case: Case) -> SafeString:
    return lines(case.shop, display.mask(str(case.buyer)))


def claim_of(case: Case) -> SafeString:
    return lines(case.get_type_display(), case.reason.label)


def moment(at: datetime | None) -> SafeString:
    return display.time_tag(at, display.when(at, clock.now()))


class CaseColumns:
    """Columns of a list whose rows have a ``case``."""

    @admin.display(description=_("售后单"), ordering="case__code")
    def case_code(self, row: Any) -> SafeString:
        return case_link(row.case)

    @admin.display(description=_("店铺与买家"))
    def sides(self, row: Any) -> SafeString:
        return sides_of(row.case)

    @admin.display(description=_("售后单状态"))
    def case_status(self, row: Any) -> SafeString:
        return status_of(row.case)
