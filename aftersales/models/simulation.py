"""规则试算: a replay of past cases under changed rules, done batch by batch in the background."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.models.people import User


class Simulation(models.Model):
    """一次试算: what is changed, over which cases, how far it came and what it counted so far.

    ``windows`` and ``policy`` are only what differs from the rules that each case carries;
    ``counts`` are those of ``simulator.compare``. Cases are taken by key: ``reached`` is the last.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("操作人"))
    windows = models.JSONField(default=dict)
    policy = models.JSONField(default=dict)
    since = models.DateTimeField(_("自"))
    until = models.DateTimeField(_("至"))
    cases = models.PositiveIntegerField(_("售后单"), default=0)
    done = models.PositiveIntegerField(_("已重放"), default=0)
    reached = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("开始时间"))
    ended_at = models.DateTimeField(_("完成时间"), null=True)

    class Meta:
        verbose_name = _("规则试算")
        verbose_name_plural = _("规则试算")
        ordering = ["-pk"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(ended_at=None), name="simulation_running"
            )
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

    @property
    def share(self) -> int:
        """Percent of its cases that are done."""
        return 100 if self.ended_at else 100 * self.done // (self.cases or 1)

    def changed(self) -> dict[str, Any]:
        return {**self.windows, **self.policy}
