"""经营数据: what the figures of a shop are read from; made by ``aftersales.figures``, never by hand."""

from datetime import date

from django.db import models
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.models.people import Shop

NEVER = date.min


class Measure(TextChoices):
    """What is counted (metrics.md 4.2); how, is written in ``aftersales.figures.counting``."""

    PAID = "paid", _("付款订单")
    APPLIED = "applied", pgettext_lazy("figures", "申请售后")
    INTERVENED = "intervened", _("平台介入")
    DISPUTE_REFUNDED = "dispute_refunded", _("纠纷退款")
    QUALITY_REFUNDED = "quality_refunded", _("品质退款")
    REFUNDED = "refunded", _("成功退款")
    REFUND_TIME = "refund_time", _("退款成功")
    SELF_REFUND = "self_refund", _("仅退款自主完结")
    SELF_RETURN = "self_return", _("退货退款自主完结")
    SELF_SIGNED = "self_signed", _("退货签收后自主完结")
    RESPONDED = "responded", _("商家首次处理")
    DUE = "due", _("应处理")
    OVERDUE = "overdue", _("逾期自动同意")
    HANDLED = "handled", _("商家已处理")
    REJECTED = "rejected", pgettext_lazy("figures", "驳回")
    REJECTED_INTERVENED = "rejected_intervened", _("驳回后平台介入")
    NEGOTIATED = "negotiated", _("发起过协商")
    SETTLED = "settled", _("协商成功")


class Counted(models.Model):
    """计数依据: a case that counts under a measure on a day of China's calendar.

    ``unit`` is the key of what is counted once in a window: the order, or the case. ``base`` is
    the day that must lie in the window too: of the rejection that an intervention followed, of
    the round that led to a settlement; elsewhere the day itself. ``subject`` is the buyer's reason.
    """

    shop = models.ForeignKey(
        Shop, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    measure = models.CharField(max_length=20, choices=Measure)
    day = models.DateField(db_index=True)
    base = models.DateField()
    unit = models.BigIntegerField()
    case = models.ForeignKey(
        "Case", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    subject = models.CharField(max_length=40)
    took = models.DurationField(null=True)

    class Meta:
        verbose_name = _("计数依据")
        verbose_name_plural = _("计数依据")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "measure", "day", "case"], name="counted_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.measure} {self.case_id}"


class DayFigure(models.Model):
    """日计: how many counted in a shop on a day; for one buyer's reason, or for all (``subject`` "").

    ``last`` is the ``base`` under which the same units were counted before, or ``NEVER``. So a
    window from S to D counts every unit once: the sum over S ≤ day ≤ D, base ≥ S, last < S.
    """

    shop = models.ForeignKey(
        Shop, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    day = models.DateField()
    measure = models.CharField(max_length=20, choices=Measure)
    subject = models.CharField(max_length=40, blank=True)
    base = models.DateField()
    last = models.DateField()
    number = models.PositiveIntegerField()
    took = models.DurationField(null=True)

    class Meta:
        verbose_name = _("经营数据")
        verbose_name_plural = _("经营数据")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "subject", "day", "measure", "base", "last"],
                name="day_figure_once",
            )
        ]
        indexes = [
            models.Index(fields=["shop", "day"], name="day_figure_of_shop"),
            models.Index(fields=["day"], condition=models.Q(subject=""), name="day_figure_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.measure} {self.number}"


class RolledDay(models.Model):
    """已统计的一天: its rows are there; the newest such day is where every window may end."""

    day = models.DateField(primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("已统计的一天")
        verbose_name_plural = _("已统计的一天")

    def __str__(self) -> str:
        return str(self.day)
