"""What coming back leaves behind: the record of a receipt, and the claim for the way back's freight."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.enums import Freight
from aftersales.models.people import User
from aftersales.models.placing import ShopOf


class Receipt(models.Model):
    """收货记录: what was in the parcel when it did not all come back as it should.

    ``items`` is a list of ``{"title", "sku", "expected", "received", "state"}``, a line or gift
    each, ``state`` being an ``ItemState``.
    """

    case = models.ForeignKey("Case", models.PROTECT, related_name="receipts")
    shop = ShopOf("case")
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField()
    items = models.JSONField(_("收到的商品"), default=list)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    amount = models.DecimalField(_("提议退款"), max_digits=12, decimal_places=2, null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("收货记录")
        verbose_name_plural = _("收货记录")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.at:%Y-%m-%d %H:%M}"

    def proofs(self) -> models.QuerySet[Any]:
        """The pictures of what came."""
        return self.case.evidence.filter(version=self.version).select_related("upload")


class FreightClaim(models.Model):
    """退货运费: made when goods go back and somebody other than the buyer pays for it (§1.5).

    Amounts are what was really paid, in yuan; nothing is worked out by a formula.
    ``difference``: only what the way cost more, because the address was not the one shown.
    ``pickup`` and ``most`` are the terms of the plan that the buyer accepted (§2.6).
    """

    case = models.ForeignKey("Case", models.PROTECT, related_name="freight_claims")
    shop = ShopOf("case")
    payer = models.CharField(_("由谁承担"), max_length=20, choices=Freight)
    difference = models.BooleanField(_("只承担差额"), default=False)
    pickup = models.BooleanField(_("商家安排上门取件"), default=False)
    most = models.DecimalField(_("约定的运费上限"), max_digits=12, decimal_places=2, null=True)
    at = models.DateTimeField()
    paid = models.DecimalField(_("买家实付运费"), max_digits=12, decimal_places=2, null=True)
    paid_at = models.DateTimeField(_("买家提交时间"), null=True)
    settled = models.DecimalField(_("实际赔付"), max_digits=12, decimal_places=2, null=True)
    settled_at = models.DateTimeField(_("赔付时间"), null=True)

    class Meta:
        verbose_name = _("退货运费")
        verbose_name_plural = _("退货运费")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_payer_display()}"

    @property
    def owed(self) -> Decimal | None:
        """What is to be made good, in yuan: what was paid, up to what was agreed."""
        if self.paid is None or self.most is None:
            return self.paid
        return min(self.paid, self.most)
