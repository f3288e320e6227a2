"""延期: a staff decision that moves open deadlines later, and never earlier."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.models.people import User
from aftersales.models.policy import Window


class Extension(models.Model):
    """延期: an outage of the platform, or a window row that open cases shall have too.

    The row is the queue: until ``done_at`` it is carried out, batch by batch, as a step on each
    case under one key, so that no case has it twice (``aftersales/extending.py``).
    """

    class Kind(models.TextChoices):
        OUTAGE = "outage", _("平台故障")
        WINDOW = "window", _("时限调整")

    kind = models.CharField(_("类型"), max_length=10, choices=Kind)
    starts_at = models.DateTimeField(_("故障开始"), null=True, blank=True)
    ends_at = models.DateTimeField(_("故障结束"), null=True, blank=True)
    window = models.ForeignKey(
        Window, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("时限")
    )
    terms = models.JSONField(_("时限（快照）"), default=dict)
    why = models.CharField(_("原因"), max_length=200)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("操作人"))
    at = models.DateTimeField(_("登记时间"))
    done_at = models.DateTimeField(_("完成时间"), null=True)
    moved = models.PositiveIntegerField(_("已延期"), default=0)
    excused = models.PositiveIntegerField(_("已免责"), default=0)

    class Meta:
        verbose_name = _("延期")
        verbose_name_plural = pgettext_lazy("list", "延期")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.why}"

    @property
    def key(self) -> str:
        """What marks its steps in the history of the cases."""
        return f"extension-{self.pk}"

    @property
    def length(self) -> timedelta:
        """How long an outage lasted."""
        if self.starts_at is None or self.ends_at is None:
            return timedelta()
        return self.ends_at - self.starts_at
