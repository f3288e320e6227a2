"""经营数据: what the figures of a shop are read from; made by ``aftersales.figures``, never by hand."""

from datetime import date, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import TextChoices
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.models.people import Shop

NEVER = date.min
DAYS = 30  # the length of a window, ending yesterday
DRAWN = 90  # the most days that a figure's course is drawn over


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
    REJECTED_LOST = "rejected_lost", _("驳回后判商家责任")
    NEGOTIATED = "negotiated", _("发起过协商")
    SETTLED = "settled", _("协商成功")


class Lived(models.Model):
    """An event with all that a measure asks about it: a temporary table, for as long as days are counted.

    ``…_at`` is when the case was last rejected, negotiated, with the platform or refunded before
    this event; ``excused`` is whether an outage was found to be the cause.
    """

    case = models.ForeignKey("Case", models.DO_NOTHING, related_name="+", db_constraint=False)
    step = models.CharField(max_length=40)
    party = models.CharField(max_length=10)
    before = models.CharField(max_length=30)
    after = models.CharField(max_length=30)
    at = models.DateTimeField()
    day = models.DateField()
    shop = models.ForeignKey(Shop, models.DO_NOTHING, related_name="+", db_constraint=False)
    order_id = models.BigIntegerField()
    type = models.CharField(max_length=30)
    subject = models.CharField(max_length=40)
    quality = models.BooleanField()
    dispute = models.BooleanField()
    applied_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    return_signed_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    negotiated_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    refunded_at = models.DateTimeField(null=True)
    excused = models.BooleanField()

    class Meta:
        managed = False
        db_table = "aftersales_lived"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.case_id} {self.step}"


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
    day = models.DateField()
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


class DayFigureQuerySet(models.QuerySet["DayFigure"]):
    def in_window(self, last: Any) -> Self:
        """The rows that add up to the 30 days ending on ``last``, of all reasons together; a date,
        or an expression of one."""
        first = last - timedelta(days=DAYS - 1)
        if not isinstance(last, date):
            first = Cast(first, models.DateField())
        rows = self.filter(day__range=(first, last), base__gte=first, last__lt=first)
        return rows.filter(subject="").order_by()


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

    objects = DayFigureQuerySet.as_manager()

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

    @classmethod
    def newest_of_all(cls) -> models.Subquery:
        """The same day within another query; no day is none there."""
        return models.Subquery(cls.objects.order_by("-day").values("day")[:1])

    @classmethod
    def newest(cls) -> date | None:
        """No window can end later."""
        newest: date | None = cls.objects.aggregate(newest=models.Max("day"))["newest"]
        return newest
