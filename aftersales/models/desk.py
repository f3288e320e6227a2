"""What a shop keeps for itself beside its cases: tags, notes and saved views.

None of it is part of a case: no step writes it, no history, notice or dossier holds it, and
neither the buyer nor the platform sees it.
"""

from typing import Any, Self

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.bulk import hold
from aftersales.models.people import Member, Shop
from aftersales.models.placing import ShopOf

MOST_TAGS = 10  # on one case


class Tag(models.Model):
    """标签: a word that a shop's members put on cases to find them by."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="tags", db_index=False)
    name = models.CharField(_("标签"), max_length=20)
    cases: models.ManyToManyField = models.ManyToManyField(
        "aftersales.Case", related_name="tags", blank=True
    )

    class Meta:
        verbose_name = _("标签")
        verbose_name_plural = _("标签")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["shop", "name"], name="tag_once_per_shop")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def put_on(cls, case: Any, name: str) -> None:
        """The shop's word of that name, made if it has none."""
        with transaction.atomic():
            hold(f"tag {case.shop_id} {name}")  # not in the moment in which it goes
            tag, _made = cls.objects.get_or_create(shop_id=case.shop_id, name=name)
            tag.cases.add(case)

    def take_off(self, case: Any) -> None:
        """A tag that no case wears any more is gone from the shop's list."""
        with transaction.atomic():
            hold(f"tag {self.shop_id} {self.name}")
            self.cases.remove(case)
            Tag.objects.filter(pk=self.pk, cases=None).delete()


class Note(models.Model):
    """内部备注 on a case, for the members of its shop alone."""

    case = models.ForeignKey("Case", models.CASCADE, related_name="notes")
    shop = ShopOf("case")
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(_("备注"), max_length=1000)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("内部备注")
        verbose_name_plural = _("内部备注")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def for_member(self, member: Member) -> Self:
        """One's own, and those that colleagues on duty share with the shop."""
        return self.open_to(member.pk, member.shop_id)

    def open_to(self, member: Any, shop: Any) -> Self:
        shared = models.Q(shared=True, member__shop=shop, member__active=True)
        return self.filter(models.Q(member=member) | shared)


class SavedView(models.Model):
    """保存的筛选: a work list by its query string, under a name; one's own or the shop's."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="views", db_index=False)
    name = models.CharField(_("名称"), max_length=20)
    query = models.CharField(_("筛选"), max_length=1000)
    shared = models.BooleanField(_("店铺共用"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("保存的筛选")
        verbose_name_plural = _("保存的筛选")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["member", "name"], name="view_once_per_member")
        ]

    def __str__(self) -> str:
        return self.name
