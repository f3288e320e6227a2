"""What every staff list of facts shares: looked at here, and changed only by steps."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from aftersales import clock, display
from aftersales.enums import RefundState, Stage, Status
from aftersales.models import Case

FEW = 50
MOST_MEANT = 1000  # rows of one kind that a word of a search may stand for
COUNTED = 10_000  # beyond it a list is only said to be long

BADGES = {
    Status.PLATFORM_REVIEW: "mine",
    Status.REFUND_FAILED: "mine",
    Status.REFUNDED: "ok",
    Status.COMPLETED: "ok",
    Status.CLOSED_AGREED: "ok",
    Status.CANCELLED: "off",
    Status.CLOSED_BUYER_TIMEOUT: "off",
    Status.CLOSED_PLATFORM_DENIED: "off",
    Stage.EVIDENCE: "them",
    Stage.DECIDING: "mine",
    Stage.SUPPLEMENT: "them",
    Stage.APPEAL: "mine",
    Stage.FINAL: "ok",
    Stage.DECLINED: "off",
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


class Kept:
    """The history refers to it: it is retired, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Few:
    """Rows under a form: as many as the 500 fields of a request hold, whatever number it claims."""

    max_num: Any

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        known: Any = super()
        most = {"max_num": self.max_num or FEW, "absolute_max": self.max_num or FEW}
        return known.get_formset(request, obj, **most | kwargs)


class ReadOnly(NoEditing, admin.ModelAdmin):
    show_full_result_count = False
    paginator = Capped
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER  # each would be counted to the end

    class Media:
        css = {"all": ["admin-staff.css"]}


class Rows(NoEditing, admin.TabularInline):
    """Rows of a fact, under it."""

    template = "admin/aftersales/parts/rows.html"
    extra = 0
    can_delete = False
    show_change_link = False


def meant(rows: QuerySet[Any]) -> list[int]:
    """The keys that a word of a search stands for. A list that has them is found by an index; one
    that is asked in the same breath for what is joined to its rows is read through."""
    return list(rows.order_by().values_list("pk", flat=True)[:MOST_MEANT])


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


def column(label: Any, path: str) -> Callable[[Any], Any]:
    """A column or line for a field that has no name of its own for people."""

    @admin.display(description=label, ordering=path)
    def read(row: Any) -> Any:
        value = getattr(row, path)
        if isinstance(value, datetime):
            return moment(value)
        if isinstance(value, Decimal):
            return display.plain_money(value)
        return display.EMPTY if value is None else value

    read.__name__ = path
    return read


def sums(model: type[Model], *names: str) -> dict[str, Any]:
    """Amounts of a row as everywhere, with commas, in place of the fields of these names."""
    return {name: column(model._meta.get_field(name).verbose_name, name) for name in names}  # type: ignore[union-attr]


class OwnPage(ReadOnly):
    """A list whose rows have a page of their own, ``record``, in place of the admin's form."""

    answers: tuple[str, ...] = ("GET", "HEAD")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request) or request.method not in self.answers:
            raise PermissionDenied
        return self.record(request, int(object_id) if object_id.isdecimal() else 0)

    def record(self, request: HttpRequest, pk: int) -> HttpResponse:
        raise NotImplementedError


class OfCase(OwnPage):
    """A list of what belongs to cases; its rows are read on the record of their case."""

    @admin.display(description=_("售后单"), ordering="case__code")
    def case_code(self, row: Any) -> SafeString:
        if row.case is None:
            return display.nothing()
        sides = f"{row.case.shop} · {display.mask(str(row.case.buyer))}"
        return lines(case_link(row.case), sides)

    @admin.display(description=_("店铺与买家"))
    def sides(self, row: Any) -> SafeString:
        return sides_of(row.case)

    @admin.display(description=_("售后单状态"))
    def case_status(self, row: Any) -> SafeString:
        return status_of(row.case)

    def record(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        if row.case_id is None:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return redirect("admin:aftersales_case_change", row.case_id)
