"""本店话术: what a shop words for itself, beside the platform's scripts (M19)."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.models.catalogue import InForce, Scenario, Script
from aftersales.models.owned import Owned
from aftersales.models.people import Shop


class ShopScript(Owned, Script):
    """本店话术: a script of one shop, offered in the first round of the scenarios it names."""

    PLAIN = ("label_zh", "text_zh", "text_en", "editable")
    LISTS = ("scenarios", "plans", "reasons")
    SWITCHED = (_("停用"), _("恢复使用"))

    scenarios = models.ManyToManyField(Scenario, related_name="+", verbose_name=_("适用场景"))

    objects: ClassVar[models.Manager[Any]] = InForce()
    ever: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "本店话术")
        verbose_name_plural = _("本店话术")
        ordering = ["code"]

    @property
    def title(self) -> str:
        return self.label

    def new_code(self, number: int) -> str:
        return f"S{self.shop_id}-{number:03}"

    @classmethod
    def offered(cls, shop: Shop, scenario_id: int) -> list[Self]:
        rows = cls.objects.filter(shop=shop, active=True, scenarios=scenario_id)
        return list(rows.prefetch_related("reasons", "plans"))
