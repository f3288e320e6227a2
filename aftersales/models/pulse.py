"""脉搏: when beat and the worker were last seen alive. A row, so that every process sees the same."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales import clock

LATE = timedelta(seconds=60)  # several pulses missed: somebody has to look


class Pulse(models.Model):
    """When a part of the machinery was last seen alive; one row each."""

    class Part(models.TextChoices):
        BEAT = "beat", _("定时器")
        WORKER = "worker", _("后台任务")

    part = models.CharField(max_length=10, choices=Part, unique=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("脉搏")
        verbose_name_plural = _("脉搏")

    def __str__(self) -> str:
        return f"{self.get_part_display()} {self.at}"

    @classmethod
    def mark(cls, part: str) -> None:
        """This part is alive now."""
        cls.objects.update_or_create(part=part, defaults={"at": clock.now()})

    @property
    def late(self) -> bool:
        return self.at < clock.now() - LATE
