"""平台介入: the platform's own rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.enums import Freight, Party, Responsible, Ruling, Stage, Status
from aftersales.models.people import User


class Intervention(models.Model):
    """平台介入: one request to the platform, from asking to ruling (lifecycle §1.6)."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="interventions")
    asked_by = models.CharField(_("申请方"), max_length=10, choices=Party)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("申请理由"))
    wants = models.CharField(_("希望的结果"), max_length=200, blank=True)
    stage = models.CharField(_("阶段"), max_length=10, choices=Stage, default=Stage.EVIDENCE)
    came_from = models.CharField(_("介入前状态"), max_length=30, choices=Status)
    clock_left = models.DurationField(_("介入前剩余时间"), null=True)
    at = models.DateTimeField(_("申请时间"))
    evidence_due_at = models.DateTimeField(_("举证截止"))
    decide_by = models.DateTimeField(_("目标判定时间"))
    assignee = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("审理人")
    )
    ruling = models.CharField(_("判定"), max_length=30, choices=Ruling, blank=True)
    amount = models.DecimalField(_("判定金额"), max_digits=12, decimal_places=2, null=True)
    responsible = models.CharField(_("责任方"), max_length=10, choices=Responsible, blank=True)
    freight = models.CharField(_("运费承担"), max_length=20, choices=Freight, blank=True)
    grounds = models.TextField(_("判定依据"), blank=True)
    evidence_cited = models.JSONField(_("采信的凭证"), default=list)
    counts_as_dispute = models.BooleanField(_("计入纠纷退款"), default=False)
    ruled_at = models.DateTimeField(_("判定时间"), null=True)
    ruled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("平台介入")
        verbose_name_plural = _("平台介入")
        ordering = ["pk"]
        permissions = [("rule", _("可以判定平台介入"))]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(stage__in=[Stage.EVIDENCE, Stage.DECIDING]),
                name="intervention_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.get_stage_display()}"


class Complaint(models.Model):
    """外部投诉: a complaint outside the platform, recorded on the case by the buyer or staff (S-24)."""

    class Channel(models.TextChoices):
        HOTLINE_12315 = "12315", _("12315")
        BLACK_CAT = "black_cat", _("黑猫投诉")
        CONSUMERS = "consumers", _("消费者协会")
        INDUSTRY = "industry", _("行业协会")
        COURT = "court", _("法院")
        OTHER = "other", _("其他")

    case = models.ForeignKey("Case", models.PROTECT, related_name="complaints")
    channel = models.CharField(_("渠道"), max_length=20, choices=Channel)
    number = models.CharField(_("受理编号"), max_length=60, blank=True)
    wants = models.CharField(_("诉求"), max_length=300, blank=True)
    filed_on = models.DateField(_("投诉日期"))
    party = models.CharField(max_length=10, choices=Party)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("外部投诉")
        verbose_name_plural = _("外部投诉")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.number}".strip()
