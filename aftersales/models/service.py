"""平台客服工单 (S-50): a buyer asks the platform where after-sales can't help him."""

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.enums import Party, RequestState
from aftersales.models.history import Upload
from aftersales.models.order import OrderLine
from aftersales.models.people import User


class ServiceQuerySet(models.QuerySet["ServiceRequest"]):
    def for_buyer(self, user: Any) -> Self:
        return self.filter(buyer_id=user.pk)

    def open(self) -> Self:
        return self.exclude(state=RequestState.CLOSED)


class ServiceRequest(models.Model):
    """工单: what is wrong with one order line, and what the buyer wants; at most one open a line.

    ``due_at`` is when the platform must have answered; it stands only while it is its turn.
    """

    number = models.CharField(_("工单号"), max_length=24, unique=True)
    buyer = models.ForeignKey(User, models.PROTECT, related_name="service_requests")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="service_requests")
    case = models.ForeignKey(
        "Case", models.PROTECT, null=True, blank=True, related_name="service_requests"
    )
    wants = models.CharField(_("希望的结果"), max_length=200)
    state = models.CharField(
        _("状态"), max_length=10, choices=RequestState, default=RequestState.WAITING
    )
    at = models.DateTimeField(_("提交时间"))
    due_at = models.DateTimeField(_("答复时限"), null=True, blank=True)
    closed_at = models.DateTimeField(_("关闭时间"), null=True, blank=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "客服工单")
        verbose_name_plural = _("客服工单")
        ordering = ["-at"]
        permissions = [("answer_servicerequest", _("可以答复客服工单"))]
        constraints = [
            models.UniqueConstraint(
                fields=["line"],
                condition=~models.Q(state=RequestState.CLOSED),
                name="service_one_open_per_line",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="service_due"
            )
        ]

    def __str__(self) -> str:
        return self.number


class ServiceMessage(models.Model):
    """What one side said on a request, with pictures; the first is what is wrong."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="messages")
    party = models.CharField(max_length=10, choices=Party)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    text = models.TextField(_("内容"))
    files = models.ManyToManyField(Upload, blank=True, related_name="service_messages")
    key = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("工单消息")
        verbose_name_plural = _("工单消息")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:40]
