"""订单导入: one uploaded order file on its way in, and what is wrong with its rows."""

import secrets
import uuid
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.enums import ImportState
from aftersales.models.people import Shop, User

ACTIVE = (ImportState.CHECKING, ImportState.QUEUED, ImportState.IMPORTING)


def kept_as(job: "ImportJob", name: str) -> str:
    """Under a name nobody can guess; only the ending is the uploader's."""
    return f"imports/{secrets.token_hex(16)}{PurePath(name).suffix.lower()[:5]}"


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def for_merchant(self, user: Any) -> Self:
        return self.filter(shop__members__user=user, shop__members__active=True)

    def waiting(self, at: Any) -> Self:
        """Jobs with work left that no worker is at; one whose worker died counts again."""
        free = models.Q(leased_until=None) | models.Q(leased_until__lte=at)
        return self.filter(free, state__in=ACTIVE).order_by("pk")


class ImportJob(models.Model):
    """导入任务: a file, what it was found to be, and how far the check or the import has come.

    ``done`` is the checkpoint: rows up to it are dealt with, in the same transaction that wrote
    it. ``lease`` names the worker at it; whoever finds another lease there stops.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="imports")
    uploader = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("上传人")
    )
    file = models.FileField(_("文件"), upload_to=kept_as)
    filename = models.CharField(_("文件名"), max_length=200)
    size = models.PositiveIntegerField(_("大小"))
    sha256 = models.CharField(max_length=64)
    state = models.CharField(
        _("状态"), max_length=10, choices=ImportState, default=ImportState.CHECKING
    )
    platform = models.CharField(_("平台"), max_length=20, blank=True)
    kind = models.CharField(_("格式"), max_length=10, blank=True)
    encoding = models.CharField(_("编码"), max_length=20, blank=True)
    matched = models.JSONField(_("识别的列"), default=list)
    ignored = models.JSONField(_("忽略的列"), default=list)
    sample = models.JSONField(_("样例"), default=list)
    rows = models.PositiveIntegerField(_("行数"), default=0)
    done = models.PositiveIntegerField(_("已检查行数"), default=0)
    new = models.PositiveIntegerField(_("新订单"), default=0)
    updated = models.PositiveIntegerField(_("有更新"), default=0)
    unchanged = models.PositiveIntegerField(_("无变化"), default=0)
    failed = models.PositiveIntegerField(_("失败行数"), default=0)
    error = models.CharField(_("无法读取的原因"), max_length=200, blank=True)
    error_facts = models.JSONField(default=dict)
    tries = models.PositiveIntegerField(_("中断次数"), default=0)
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("上传时间"))
    started_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("确认导入时间"), null=True, blank=True)
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "订单导入")
        verbose_name_plural = _("订单导入")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(state__in=ACTIVE), name="import_with_work_left"
            )
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def active(self) -> bool:
        """Whether a worker still has something to do on it."""
        return self.state in ACTIVE

    @property
    def dropped_at(self) -> datetime:
        """When the file itself is deleted; the report and the orders stay."""
        return self.created_at + timedelta(days=settings.IMPORT_FILE_DAYS)

    @property
    def percent(self) -> int:
        """How much is done; the last hundredth is for the state to say."""
        if not self.rows:
            return 0
        return min(99, self.done * 100 // self.rows)

    @property
    def share(self) -> int | None:
        """The percent as far as it is known."""
        return self.percent if self.rows else None

    @property
    def sentence(self) -> str:
        """Why the file can't be read, in the reader's language."""
        return gettext(self.error).format(**self.error_facts) if self.error else ""


class RowError(models.Model):
    """错误: one thing wrong in one row; ``reason`` is a msgid, so that each reads his language."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="errors", db_index=False)
    row = models.PositiveIntegerField(_("行"))
    column = models.CharField(_("列"), max_length=60, blank=True)
    value = models.CharField(_("值"), max_length=100, blank=True)
    reason = models.CharField(_("原因"), max_length=200)
    facts = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("导入错误")
        verbose_name_plural = _("导入错误")
        ordering = ["row", "pk"]
        indexes = [models.Index(fields=["job", "row"], name="import_error_by_row")]

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.sentence}"

    @property
    def sentence(self) -> str:
        return gettext(self.reason).format(**self.facts)
