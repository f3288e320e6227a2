"""退款: payouts as rows with a life of their own, and the ledger that stands in for a gateway."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.display import money
from aftersales.enums import IN_KIND, Purpose, RefundState
from aftersales.models.fetched import Fetched
from aftersales.models.placing import ShopOf


class Refund(Fetched):
    """One payout by one route under a fixed number: owed → sent → paid or failed (T-24).

    The row is the payment queue: ``due_at`` says when it is to be tried (next). Every try uses
    the same ``number``, so the gateway pays once however often it is asked.
    """

    case = models.ForeignKey("Case", models.PROTECT, related_name="refunds")
    shop = ShopOf("case")
    number = models.CharField(_("退款单号"), max_length=40)
    route = models.CharField(_("退款渠道"), max_length=40)
    reference = models.CharField(_("原支付单号"), max_length=64, blank=True)
    amount = models.DecimalField(_("金额"), max_digits=12, decimal_places=2)
    purpose = models.CharField(_("用途"), max_length=20, choices=Purpose, default=Purpose.REFUND)
    state = models.CharField(_("状态"), max_length=10, choices=RefundState)
    tries = models.PositiveIntegerField(_("尝试次数"), default=0)
    due_at = models.DateTimeField(_("下次尝试"), null=True, blank=True)
    error = models.CharField(_("渠道答复"), max_length=300, blank=True)
    owed_at = models.DateTimeField(_("应退时间"))
    sent_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    paid_at = models.DateTimeField(_("到账时间"), null=True, blank=True)
    proof = models.CharField(_("线下退款凭据"), max_length=200, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("one", "退款")
        verbose_name_plural = _("退款")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["number", "shop"], name="refund_once_per_number"),
            models.CheckConstraint(name="refund_positive", condition=models.Q(amount__gt=0)),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="refund_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {money(self.amount)}"

    @property
    def in_kind(self) -> bool:
        """Coupons and points: ``amount`` is not yuan that was paid."""
        return self.purpose in IN_KIND


class LedgerEntry(models.Model):
    """What the shipped ledger gateway has paid: the other side's books, not ours."""

    number = models.CharField(max_length=40, unique=True)
    route = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("one", "演示支付渠道流水")
        verbose_name_plural = _("演示支付渠道流水")

    def __str__(self) -> str:
        return f"{self.number} {money(self.amount)}"


class LedgerMood(models.Model):
    """How the ledger gateway shall answer next: a switch for demonstrations and tests."""

    class Answer(models.TextChoices):
        REFUSE = "refuse", _("拒绝（永久失败）")
        BUSY = "busy", _("暂时失败")
        TIMEOUT = "timeout", _("付款后超时")
        LATE = "late", _("延迟到账")

    answer = models.CharField(_("答复方式"), max_length=10, choices=Answer)
    times = models.PositiveIntegerField(_("次数"), default=1)

    class Meta:
        verbose_name = pgettext_lazy("one", "演示支付渠道开关")
        verbose_name_plural = _("演示支付渠道开关")

    def __str__(self) -> str:
        return f"{self.get_answer_display()} × {self.times}"
