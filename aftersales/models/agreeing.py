"""自动同意规则: what a shop agrees to by itself, row by row (M24)."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.models.catalogue import InForce
from aftersales.models.owned import Owned
from aftersales.models.people import Shop
from aftersales.rules.agreeing import Shipping


class AgreeRule(Owned):
    """自动同意规则: a case that fits it is agreed to in the name of the member who wrote it.

    ``reasons`` holds codes; none means any. Money is in yuan: ``most`` for one case, ``day_most``
    for all that the rule agrees to on one day in China. It looks only at cases that buyers apply
    for after this row was written.
    """

    PLAIN = (
        *("name", "types", "reasons", "most", "shipping", "buyer_most", "undisputed"),
        "day_most",
    )
    SWITCHED = (_("停用规则"), _("启用规则"))

    code = models.CharField(_("编号"), max_length=40)
    version = models.PositiveIntegerField(_("版本"), default=1)
    active = models.BooleanField(_("启用"), default=False)
    replaced_at = models.DateTimeField(_("被新版替代"), null=True, editable=False)
    name = models.CharField(_("名称"), max_length=20)
    types = models.JSONField(_("售后类型"), default=list)
    reasons = models.JSONField(_("买家原因"), default=list, blank=True)
    most = models.DecimalField(_("单笔不超过"), max_digits=12, decimal_places=2)
    shipping = models.CharField(_("发货情况"), max_length=10, choices=Shipping, blank=True)
    buyer_most = models.PositiveIntegerField(_("买家售后单数"), null=True, blank=True)
    undisputed = models.BooleanField(_("买家没有申请过平台介入"), default=False)
    day_most = models.DecimalField(_("每天最多"), max_digits=12, decimal_places=2)

    objects: ClassVar[models.Manager[Any]] = InForce()
    ever: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        verbose_name = _("自动同意规则")
        verbose_name_plural = pgettext_lazy("list", "自动同意规则")
        ordering = ["shop", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "code"],
                condition=models.Q(replaced_at=None),
                name="agree_rule_in_force_once",
            ),
            models.UniqueConstraint(
                fields=["shop", "code", "version"], name="agree_rule_version_once"
            ),
        ]

    def __str__(self) -> str:
        """What a case's history keeps of it."""
        return f"{self.code} v{self.version}"

    @property
    def title(self) -> str:
        return self.name

    def new_code(self, number: int) -> str:
        return f"R{number}"

    def fresh(self, **changed: Any) -> Self:
        return super().fresh(version=self.version + 1, **changed)

    @classmethod
    def on(cls, shop: Shop) -> models.QuerySet[Any]:
        """The rules of a shop that are in use, the oldest first."""
        return cls.objects.filter(shop=shop, active=True).order_by("pk")
