"""平台介入: the platform's own rows."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.enums import (
    UNRULED,
    AppealState,
    Freight,
    Party,
    PlanState,
    Responsible,
    Ruling,
    Stage,
    Status,
)
from aftersales.models.catalogue import DecisionReason
from aftersales.models.people import User
from aftersales.models.placing import ShopOf


class Intervention(models.Model):
    """平台介入: one request to the platform, from asking to ruling (lifecycle §1.6)."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="interventions")
    shop = ShopOf("case")
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
    freight = models.CharField(_("退货运费"), max_length=20, choices=Freight, blank=True)
    freight_out = models.CharField(_("发货运费"), max_length=20, choices=Freight, blank=True)
    freight_reason = models.ForeignKey(
        DecisionReason, models.PROTECT, null=True, related_name="+", verbose_name=_("运费改判理由")
    )
    decision_reason = models.ForeignKey(
        DecisionReason, models.PROTECT, null=True, related_name="+", verbose_name=_("判定理由")
    )
    grounds = models.TextField(_("判定依据"), blank=True)
    evidence_cited = models.JSONField(_("采信的凭证"), default=list)
    counts_as_dispute = models.BooleanField(_("计入纠纷退款"), default=False)
    execute_by = models.DateTimeField(_("商家执行期限"), null=True)
    appeal_by = models.DateTimeField(_("可申诉至"), null=True)
    ruled_at = models.DateTimeField(_("判定时间"), null=True)
    ruled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = pgettext_lazy("one", "平台介入")
        verbose_name_plural = _("平台介入")
        ordering = ["pk"]
        permissions = [("rule", _("可以判定平台介入"))]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "shop"],
                condition=models.Q(stage__in=sorted(UNRULED)),
                name="intervention_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.get_stage_display()}"


class Supplement(models.Model):
    """补充举证: what staff ask one side or both (``of`` empty) to prove, until when (D11)."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="supplements")
    shop = ShopOf("case")
    intervention = models.ForeignKey(Intervention, models.PROTECT, related_name="supplements")
    of = models.CharField(_("向谁"), max_length=10, choices=Party, blank=True)
    what = models.CharField(_("补充什么"), max_length=500)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("要求时间"))
    due_at = models.DateTimeField(_("截止时间"))

    class Meta:
        verbose_name = _("补充举证")
        verbose_name_plural = _("补充举证")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.case} {self.what[:20]}"

    def asks(self, party: str) -> bool:
        return self.of in ("", party)


class Suspension(models.Model):
    """中止 (T-23): why the clocks stand still, until when at most (D16), and what was left of them.

    ``proof_by`` stands as long as the acceptance of a court or the police is still to be shown.
    """

    class Because(models.TextChoices):
        SETTLING = "settling", _("双方同意自行协商")
        COURT = "court", _("已向法院起诉，有受理凭证")
        POLICE = "police", _("已报案，有受理凭证")

    case = models.ForeignKey("Case", models.PROTECT, related_name="suspensions")
    shop = ShopOf("case")
    because = models.CharField(_("中止原因"), max_length=10, choices=Because)
    note = models.CharField(_("依据"), max_length=500)
    proof = models.CharField(_("受理凭证编号"), max_length=100, blank=True)
    proof_by = models.DateTimeField(_("受理凭证提交截止"), null=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("中止时间"))
    until = models.DateTimeField(_("最晚恢复"))
    due_left = models.DurationField(_("判定剩余"), null=True)
    evidence_left = models.DurationField(_("举证剩余"), null=True)
    resumed_at = models.DateTimeField(_("恢复时间"), null=True)

    class Meta:
        verbose_name = _("中止")
        verbose_name_plural = _("中止")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.case} {self.get_because_display()}"


class SuspensionProposal(models.Model):
    """中止提议 (T-23): both sides consent, each for itself, before the case stands still."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="suspension_proposals")
    shop = ShopOf("case")
    intervention = models.ForeignKey(Intervention, models.PROTECT, related_name="+")
    party = models.CharField(_("提议方"), max_length=10, choices=Party)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    note = models.CharField(_("理由"), max_length=500)
    days = models.PositiveIntegerField(_("天数"))
    at = models.DateTimeField(_("提议时间"))
    buyer_at = models.DateTimeField(_("买家同意时间"), null=True)
    merchant_at = models.DateTimeField(_("商家同意时间"), null=True)
    state = models.CharField(_("状态"), max_length=10, choices=PlanState, default=PlanState.OPEN)

    class Meta:
        verbose_name = _("中止提议")
        verbose_name_plural = _("中止提议")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.case} {self.get_state_display()}"

    def waits_for(self, party: str) -> bool:
        """Whether this side has still to say yes or no."""
        said = {Party.BUYER: self.buyer_at, Party.MERCHANT: self.merchant_at}
        return self.state == PlanState.OPEN and party in said and said[Party(party)] is None


class AppealQuerySet(models.QuerySet["Appeal"]):
    def undecided(self) -> Self:
        return self.filter(state__in=[AppealState.OPEN, AppealState.PROPOSED])

    def overdue(self, at: datetime) -> Self:
        """Undecided at their target, which like that of a ruling only reminds (D14)."""
        return self.undecided().filter(decide_by__lte=at).order_by("decide_by")


class Appeal(models.Model):
    """申诉 (T-25): once per ruling; decided by somebody else, reversed only by two."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="appeals")
    shop = ShopOf("case")
    intervention = models.OneToOneField(Intervention, models.PROTECT, related_name="appeal")
    party = models.CharField(_("申诉方"), max_length=10, choices=Party)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("申诉理由"), max_length=500)
    at = models.DateTimeField(_("申诉时间"))
    decide_by = models.DateTimeField(_("目标复核时间"))
    state = models.CharField(
        _("状态"), max_length=10, choices=AppealState, default=AppealState.OPEN
    )
    responsible = models.CharField(_("改判责任方"), max_length=10, choices=Responsible, blank=True)
    amount = models.DecimalField(_("改判退款总额"), max_digits=12, decimal_places=2, null=True)
    grounds = models.CharField(_("复核依据"), max_length=2000, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("复核人")
    )
    decided_at = models.DateTimeField(_("复核时间"), null=True)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("第二复核人")
    )
    confirmed_at = models.DateTimeField(_("改判时间"), null=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("申诉")
        verbose_name_plural = pgettext_lazy("list", "申诉")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.case} {self.get_state_display()}"
