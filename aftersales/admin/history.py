"""What went wrong and what was told: faults of the sweeps, refused attempts, notices."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from aftersales.admin.looking import OfCase, column, moment
from aftersales.models import Attempt, Fault, Notice
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
    search_fields = ["case__code"]
    ordering = ["-pk"]

    @admin.display(description=_("下次尝试"), ordering="next_try_at")
    def next_try(self, fault: Fault) -> SafeString:
        return moment(fault.next_try_at)


@admin.register(Attempt)
class AttemptAdmin(Timed, OfCase):
    list_display = ["time", "case_code", "tried", column(_("账号"), "user"), "sentence"]
    list_display_links = None
    list_select_related = ["case__shop", "case__buyer", "user"]
    search_fields = ["case__code"]
    ordering = ["-pk"]

    @admin.display(description=_("步骤"), ordering="step")
    def tried(self, attempt: Attempt) -> str:
        known = STEPS.get(attempt.step)
        return str(known.label) if known else attempt.step


@admin.register(Notice)
class NoticeAdmin(Timed, OfCase):
    list_display = ["time", column(_("收件人"), "user"), "text", "case_code", "read", "mailed"]
    list_display_links = None
    list_filter = ["party"]
    list_select_related = ["case__shop", "case__buyer", "user"]
    search_fields = ["case__code", "user__username"]
    ordering = ["-pk"]

    @admin.display(description=_("已读"))
    def read(self, notice: Notice) -> SafeString:
        return moment(notice.read_at)

    @admin.display(description=_("邮件已发"))
    def mailed(self, notice: Notice) -> SafeString:
        return moment(notice.mailed_at)
