"""批量任务: a merchant's long work, and the cases that it is done to."""

import uuid
from typing import Any, Self

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.enums import JobKind, JobResult, JobState
from aftersales.models.people import Shop, User


def kept_as(job: "Job", name: str) -> str:
    """Always the same for a job, so that a second attempt leaves nothing behind of the first."""
    return f"exports/{job.code}.{name.rpartition('.')[2]}"


class JobQuerySet(models.QuerySet["Job"]):
    def for_merchant(self, user: Any) -> Self:
        return self.filter(shop__members__user=user, shop__members__active=True)

    def running(self) -> Self:
        return self.filter(state=JobState.RUNNING).order_by("pk")

    def counted(self) -> Self:
        """With how many of its cases are ``ok``, ``failed`` and ``skipped``; without the long list."""
        numbers = {
            name: Count("items", filter=Q(items__state=state))
            for name, state in (
                ("ok", JobResult.DONE),
                ("failed", JobResult.FAILED),
                ("skipped", JobResult.SKIPPED),
            )
        }
        return self.annotate(**numbers).defer("rows")


class Job(models.Model):
    """批量任务: what is to be done (``told``), for whom, and how it ended.

    In bulk the cases are its items, and whoever has time takes the next one. An export keeps the
    keys of its ``rows`` as they were listed when it was asked for; ``done`` of them are written.
    One worker is at it until ``leased_until``. ``key`` makes a double click one job.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="jobs", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("操作人"))
    kind = models.CharField(_("类型"), max_length=10, choices=JobKind)
    state = models.CharField(_("状态"), max_length=10, choices=JobState, default=JobState.RUNNING)
    told = models.JSONField(_("内容"), default=dict)
    key = models.CharField(max_length=64)
    total = models.PositiveIntegerField(_("单数"), default=0)
    rows = models.JSONField(default=list)
    done = models.PositiveIntegerField(_("已写入"), default=0)
    file = models.FileField(_("文件"), upload_to=kept_as, blank=True)
    filename = models.CharField(_("文件名"), max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("大小"), default=0)
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(_("中断次数"), default=0)
    created_at = models.DateTimeField(_("开始时间"))
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    expires_at = models.DateTimeField(_("文件保留至"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "批量任务")
        verbose_name_plural = _("批量任务")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="job_once_per_click")]
        indexes = [
            models.Index(fields=["shop", "-id"], name="job_of_shop"),
            models.Index(
                fields=["id"], condition=Q(state=JobState.RUNNING), name="job_with_work_left"
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(kind)s %(total)s 单") % {
            "kind": self.get_kind_display(),
            "total": self.total,
        }

    @property
    def running(self) -> bool:
        return self.state == JobState.RUNNING

    @property
    def is_export(self) -> bool:
        return self.kind == JobKind.EXPORT


class JobItem(models.Model):
    """One case of a job: the version that was looked at, and what came of it."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="items", db_index=False)
    case = models.ForeignKey("Case", models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    state = models.CharField(_("结果"), max_length=10, choices=JobResult, default=JobResult.WAITING)
    reason = models.CharField(_("原因"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("批量任务的售后单")
        verbose_name_plural = _("批量任务的售后单")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["job", "case"], name="case_once_per_job")]

    def __str__(self) -> str:
        return f"{self.job} {self.case}"
