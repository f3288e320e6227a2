"""订单导入 for staff: which files came in, how they were read, and what was wrong with their rows."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from aftersales.admin.looking import ReadOnly, Rows, column, lines, moment
from aftersales.models import ImportJob, RowError

MOST_ERRORS = 100


class ErrorRows(Rows):
    """The first of them; the shop has them all in a file."""

    model = RowError
    fields = ["row", "column", "value", "told"]
    readonly_fields = ["row", "column", "value", "told"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RowError]:
        rows = super().get_queryset(request)
        match = request.resolver_match
        job = str(match.kwargs.get("object_id", "")) if match else ""
        mine = rows.filter(job_id=int(job)) if job.isdecimal() else rows.none()
        return rows.filter(pk__in=list(mine.values_list("pk", flat=True)[:MOST_ERRORS]))

    @admin.display(description=_("原因"))
    def told(self, error: RowError) -> str:
        return error.sentence


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnly):
    list_display = ["filename", "state", column(_("店铺"), "shop"), "counted", "failed", "came"]
    list_filter = ["state", "platform"]
    list_select_related = ["shop", "uploader"]
    search_fields = ["filename", "shop__name", "shop__code"]
    ordering = ["-pk"]
    inlines = [ErrorRows]
    fieldsets = [
        (None, {"fields": ["filename", "state", "told", "shop_name", "came", "size", "sha256"]}),
        (_("格式"), {"fields": ["platform", "kind", "encoding", "matched", "ignored"]}),
        (_("结果"), {"fields": ["rows", "done", "new", "updated", "unchanged", "failed", "tries"]}),
        (_("时间"), {"fields": ["created_at", "started_at", "confirmed_at", "finished_at"]}),
    ]

    @admin.display(description=_("店铺"))
    def shop_name(self, job: ImportJob) -> str:
        return str(job.shop)

    @admin.display(description=_("新订单、有更新、无变化"))
    def counted(self, job: ImportJob) -> str:
        return f"{job.new} / {job.updated} / {job.unchanged}"

    @admin.display(description=_("上传"), ordering="created_at")
    def came(self, job: ImportJob) -> SafeString:
        return lines(moment(job.created_at), job.uploader or "")

    @admin.display(description=_("无法读取的原因"))
    def told(self, job: ImportJob) -> Any:
        return job.sentence
