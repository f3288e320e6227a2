"""What went wrong and what was told: faults of the sweeps, refused attempts, notices."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from aftersales.admin.looking import OfCase, column, meant, moment
from aftersales.models import Attempt, Case, Fault, Finding, Notice, User
from aftersales.steps import STEPS


class Timed:
    @admin.display(description=_("时间"), ordering="at")
    def time(self, row: Any) -> SafeString:
        return moment(row.at)


@admin.register(Fault)
class FaultAdmin(Timed, OfCase):
    """A row that a sweep could not move; it is tried again at the time shown."""

    list_display = [
        "case_code",
        "case_status",
        "error",
        column(_("尝试次数"), "tries"),
        "time",
        "next_try",
    ]
    list_display_links = None
    list_select_related = ["case__shop", "case__buyer"]
    search_fields = ["case__code__startswith"]
    ordering = ["-pk"]

    @admin.display(description=_("下次尝试"), ordering="next_try_at")
    def next_try(self, fault: Fault) -> SafeString:
        return moment(fault.next_try_at)


class Open(admin.SimpleListFilter):
    """Those that still stand, unless the others are asked for."""

    title = _("状态")
    parameter_name = "closed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("已恢复")), ("all", _("全部"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": _("未恢复")}, *others]

    def queryset(self, request: HttpRequest, rows: QuerySet[Finding]) -> QuerySet[Finding]:
        if self.value() == "all":
            return rows
        return rows.filter(closed_at__isnull=self.value() != "yes")


@admin.register(Finding)
class FindingAdmin(OfCase):
    """What the daily check found; closed by the next check that finds it mended."""

    list_display = ["case_code", "case_status", "kind", "sentence", "found", "closed"]
    list_display_links = None
    list_filter = [Open, "kind"]
    list_select_related = ["case__shop", "case__buyer"]
    search_fields = ["case__code__startswith"]
    ordering = ["-pk"]

    @admin.display(description=_("不一致"))
    def sentence(self, finding: Finding) -> str:
        return finding.sentence

    @admin.display(description=_("发现时间"), ordering="found_at")
    def found(self, finding: Finding) -> SafeString:
        return moment(finding.found_at)

    @admin.display(description=_("已恢复"), ordering="closed_at")
    def closed(self, finding: Finding) -> SafeString:
        return moment(finding.closed_at)


@admin.register(Attempt)
class AttemptAdmin(Timed, OfCase):
    list_display = ["time", "case_code", "tried", column(_("账号"), "user"), "sentence"]
    list_display_links = None
    list_select_related = ["case__shop", "case__buyer", "user"]
    search_fields = ["case__code__startswith"]
    ordering = ["-pk"]

    @admin.display(description=_("步骤"), ordering="step")
    def tried(self, attempt: Attempt) -> str:
        known = STEPS.get(attempt.step)
        return str(known.label) if known else attempt.step


class BySide(admin.ChoicesFieldListFilter):
    """As which side somebody is told."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("角色")


@admin.register(Notice)
class NoticeAdmin(Timed, OfCase):
    list_display = ["time", column(_("收件人"), "user"), "says", "case_code", "read", "mailed"]
    list_display_links = None
    list_filter = [("party", BySide)]
    list_select_related = ["case__shop", "case__buyer", "user"]
    search_fields = ["case__code"]
    search_help_text = _("售后单号或收件人的账号，都从头输入")
    ordering = ["-pk"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Notice], search_term: str
    ) -> tuple[QuerySet[Notice], bool]:
        term = search_term.strip()
        cases = meant(Case.objects.filter(code__startswith=term.upper()))
        people = meant(User.objects.filter(username__startswith=term))
        found = Q(case__in=cases) | Q(user__in=people)
        return queryset.filter(found) if term else queryset, False

    @admin.display(description=_("内容"))
    def says(self, notice: Notice) -> str:
        return notice.text

    @admin.display(description=_("已读"))
    def read(self, notice: Notice) -> SafeString:
        return moment(notice.read_at)

    @admin.display(description=_("邮件已发"))
    def mailed(self, notice: Notice) -> SafeString:
        return moment(notice.mailed_at)
