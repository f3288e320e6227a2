"""批量任务 for staff: what shops have begun, how far each is, and stopping what should not go on."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from aftersales import display
from aftersales.admin.looking import ReadOnly, Rows, case_link, column, lines, moment
from aftersales.enums import JobResult, JobState
from aftersales.jobs import running
from aftersales.models import Job, JobItem

MOST_ITEMS = 100
FAILED_FIRST = Case(When(state=JobResult.FAILED, then=Value(0)), default=Value(1))
KINDS = {
    JobState.RUNNING: "mine",
    JobState.DONE: "ok",
    JobState.FAILED: "mine",
    JobState.CANCELLED: "off",
}


class ItemRows(Rows):
    """The first of them, those that failed on top; the shop sees them all."""

    model = JobItem
    fields = ["of", "state", "reason"]
    readonly_fields = ["of"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobItem]:
        rows = super().get_queryset(request).select_related("case")
        match = request.resolver_match
        job = str(match.kwargs.get("object_id", "")) if match else ""
        mine = rows.filter(job_id=int(job)) if job.isdecimal() else rows.none()
        first = mine.order_by(FAILED_FIRST, "pk")
        keys = list(first.values_list("pk", flat=True)[:MOST_ITEMS])
        return rows.filter(pk__in=keys).order_by(FAILED_FIRST, "pk")

    @admin.display(description=_("售后单"))
    def of(self, item: JobItem) -> SafeString:
        return case_link(item.case)


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = ["what", "standing", "progress", column(_("店铺"), "shop"), "begun", "over"]
    list_filter = ["kind", "state"]
    list_select_related = ["shop", "user"]
    search_fields = ["shop__name", "shop__code", "user__username"]
    search_help_text = _("店铺或操作人")
    ordering = ["-pk"]
    actions = ["stop"]
    inlines = [ItemRows]
    fieldsets = [
        (None, {"fields": ["what", "standing", "progress", "shop_name", "user", "tries"]}),
        (_("文件"), {"fields": ["filename", "size", "expires_at"]}),
        (_("时间"), {"fields": ["created_at", "ended_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        counted = {
            f"n_{state}": Count("items", filter=Q(items__state=state)) for state in JobResult
        }
        jobs: QuerySet[Job] = super().get_queryset(request).defer("rows")
        return jobs.annotate(**counted)

    @admin.display(description=_("内容"), ordering="kind")
    def what(self, job: Job) -> str:
        return str(job)

    @admin.display(description=_("状态"), ordering="state")
    def standing(self, job: Job) -> SafeString:
        return display.badge(job.get_state_display(), KINDS[JobState(job.state)])

    @admin.display(description=_("进度"))
    def progress(self, job: Any) -> str:
        if job.is_export:
            return f"{job.done} / {job.total}"
        return gettext("成功 {done}，失败 {failed}，未处理 {rest}").format(
            done=job.n_done, failed=job.n_failed, rest=job.n_waiting + job.n_skipped
        )

    @admin.display(description=_("店铺"))
    def shop_name(self, job: Job) -> str:
        return str(job.shop)

    @admin.display(description=_("开始"), ordering="created_at")
    def begun(self, job: Job) -> SafeString:
        return lines(moment(job.created_at), job.user)

    @admin.display(description=_("结束"), ordering="ended_at")
    def over(self, job: Job) -> SafeString:
        return moment(job.ended_at)

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("aftersales.change_job"))

    @admin.action(description=_("取消剩余"), permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """What is done stays done; asked for once more before the rest is left out."""
        jobs = list(queryset.filter(state=JobState.RUNNING))
        if jobs and "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": _("取消剩余"),
                "opts": self.opts,
                "jobs": [(job, self.progress(job)) for job in jobs],
            }
            return TemplateResponse(request, "admin/aftersales/job/stop.html", context)
        stopped = sum(running.cancel(job) for job in jobs)
        said = ngettext("已取消 {n} 个任务的剩余部分", "已取消 {n} 个任务的剩余部分", stopped)
        self.message_user(request, said.format(n=stopped), messages.SUCCESS)
        return None
