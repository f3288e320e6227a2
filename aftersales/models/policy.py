"""What staff set for all cases: the windows of the clocks, the switches, the claim agreement."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.enums import CaseType, Clock, Phase
from aftersales.languages import either
from aftersales.models.order import OrderLine
from aftersales.rules import deadlines, eligibility, worktime

Minutes = dict[str, Any]  # clock → minutes, and its working hours beside it


class Window(models.Model):
    """时限: how long a clock runs (D1 to D19); the most specific row in force is taken.

    A row with a case type beats one without, then one with a category of goods, with a phase, and
    with dates. With working hours, its minutes count only then, on working days
    (``rules/worktime.py``).
    """

    clock = models.CharField(_("时限"), max_length=10, choices=Clock)
    case_type = models.CharField(_("售后类型"), max_length=30, choices=CaseType, blank=True)
    phase = models.CharField(_("阶段"), max_length=12, choices=Phase, blank=True)
    category = models.CharField(_("类目"), max_length=60, blank=True)
    minutes = models.PositiveIntegerField(_("分钟"), validators=[MinValueValidator(1)])
    starts_on = models.DateField(_("起"), null=True, blank=True)
    ends_on = models.DateField(_("止"), null=True, blank=True)
    works_from = models.TimeField(_("工作时间起"), null=True, blank=True)
    works_until = models.TimeField(_("工作时间止"), null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("one", "时限")
        verbose_name_plural = _("时限")
        ordering = ["clock", "case_type", "phase", "category", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["clock", "case_type", "phase", "category", "starts_on"],
                name="window_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.get_clock_display())

    @property
    def hours(self) -> str:
        """The working hours in which it counts, ``10:00-18:00``; empty where it runs on."""
        if self.works_from is None or self.works_until is None:
            return ""
        return str(worktime.Hours(self.works_from, self.works_until))

    @property
    def scope(self) -> dict[str, str]:
        """The cases that the row is for; what is empty is for all."""
        return {"case_type": self.case_type, "phase": self.phase, "category": self.category}

    @classmethod
    def in_force(cls, case_type: str, at: datetime, line: OrderLine | None = None) -> Minutes:
        """Minutes per clock for a case type, and for an order line, at a moment."""
        return cls.choose(cls.standing(at), case_type, line)

    @classmethod
    def standing(cls, at: datetime) -> list["Window"]:
        """All rows that hold on the day of a moment in China."""
        today = timezone.localtime(at).date()
        return [
            row
            for row in cls.objects.all()
            if (row.starts_on is None or row.starts_on <= today)
            and (row.ends_on is None or today <= row.ends_on)
        ]

    @staticmethod
    def choose(rows: Iterable["Window"], case_type: str, line: OrderLine | None = None) -> Minutes:
        """Of the rows that fit, the most specific for each clock.

        Beside the minutes of a clock in working time stand its hours (``deadlines.hours_of``).
        """
        phase = str(eligibility.phase_of(line.order)) if line else ""
        asked = {"case_type": case_type, "phase": phase, "category": line.category if line else ""}
        fitting = [
            row
            for row in rows
            if all(wanted in ("", asked[name]) for name, wanted in row.scope.items())
        ]
        fitting.sort(
            key=lambda row: (
                bool(row.case_type),
                bool(row.category),
                bool(row.phase),
                bool(row.starts_on or row.ends_on),
            )
        )
        taken = {str(row.clock): row for row in fitting}
        minutes: Minutes = {clock: row.minutes for clock, row in taken.items()}
        hours = {deadlines.hours_of(clock): row.hours for clock, row in taken.items() if row.hours}
        return minutes | hours


class Policy(models.Model):
    """规则: the platform's switches, one row; stamped on each case when the buyer applies."""

    max_applications_per_line = models.PositiveIntegerField(_("每件商品可申请次数"), default=1)
    cancel_is_final = models.BooleanField(_("撤销后不可再次申请"), default=True)
    min_rounds = models.PositiveIntegerField(_("驳回前协商轮数"), default=2)
    any_message_counts = models.BooleanField(_("买家任何留言都算回复"), default=True)
    negotiation_pauses_deadline = models.BooleanField(_("协商期间暂停处理时限"), default=False)
    mobile_negotiation = models.BooleanField(_("手机端开放驳回协商"), default=False)
    allow_early_intervention = models.BooleanField(_("商家处理前可申请平台介入"), default=False)
    order_grace_minutes = models.PositiveIntegerField(
        _("付款后多少分钟内退掉的未发货订单不计入订单数"), default=0, help_text=_("0 为都计入")
    )
    max_images = models.PositiveIntegerField(_("每次申请凭证上限"), default=8)
    agreement_version = models.CharField(_("维权协议版本"), max_length=20, default="2026-11")
    undo_seconds = models.PositiveIntegerField(_("同意后可撤销的秒数"), default=10)
    bulk_most_cases = models.PositiveIntegerField(_("一次最多批量同意多少单"), default=100)
    bulk_most_yuan = models.PositiveIntegerField(_("一次最多批量同意退款（元）"), default=20_000)

    NOT_OF_A_CASE = ("id", "bulk_most_cases", "bulk_most_yuan")

    class Meta:
        verbose_name = pgettext_lazy("one", "规则")
        verbose_name_plural = _("规则")

    def __str__(self) -> str:
        return str(_("平台规则"))

    @classmethod
    def current(cls) -> "Policy":
        return cls.objects.order_by("pk").first() or cls()

    def stamped(self) -> dict[str, Any]:
        """What a case keeps of the rules in force when the buyer applied."""
        return {
            field.name: getattr(self, field.name)
            for field in self._meta.concrete_fields
            if field.name not in self.NOT_OF_A_CASE
        }


class Agreement(models.Model):
    """维权协议: the text a buyer accepts before an application is saved (S-11, G9)."""

    version = models.CharField(_("版本"), max_length=20, unique=True)
    text_zh = models.TextField(_("正文"))
    text_en = models.TextField(_("英文正文"))

    class Meta:
        verbose_name = _("维权协议")
        verbose_name_plural = pgettext_lazy("list", "维权协议")

    def __str__(self) -> str:
        return self.version

    @property
    def text(self) -> str:
        return either(self.text_zh, self.text_en)
