"""Who uses the product: an account, a shop, and a member of a shop."""

from typing import Any, Self

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.enums import Permission
from aftersales.looks import Density, Theme
from aftersales.rules.roles import ROLES, Role

WHOLE_PAGES = (Permission.IMPORT, Permission.MANAGE)  # of the permissions, those that open pages


class User(AbstractUser):
    """账号: a buyer, a shop member or platform staff; which, follows from orders and memberships.

    What somebody never chose (``language`` to ``sound``) is empty: his browser decides. Within
    the quiet hours (local time, both or neither) nothing that can wait is e-mailed. A password that
    was ``password_given`` by a superuser lets him in to choose his own, and nowhere else.
    """

    nick = models.CharField(_("昵称"), max_length=80, blank=True)
    phone = models.CharField(_("手机号"), max_length=20, blank=True)
    language = models.CharField(_("语言"), max_length=10, blank=True)
    theme = models.CharField(_("外观"), max_length=10, choices=Theme, blank=True)
    density = models.CharField(_("行距"), max_length=10, choices=Density, blank=True)
    shortcuts = models.BooleanField(_("键盘快捷键"), null=True, blank=True)
    sound = models.BooleanField(_("到期提示音"), null=True, blank=True)
    quiet_from = models.TimeField(_("免打扰开始"), null=True, blank=True)
    quiet_until = models.TimeField(_("免打扰结束"), null=True, blank=True)
    password_given = models.BooleanField(_("密码由管理员设置"), default=False)

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = pgettext_lazy("list", "账号")
        indexes = [
            models.Index(fields=["nick"], opclasses=["varchar_pattern_ops"], name="user_begins")
        ]

    def __str__(self) -> str:
        return self.nick or self.username


class ShopQuerySet(models.QuerySet["Shop"]):
    def of(self, user: Any) -> Self:
        """The shops this user works in."""
        return self.filter(members__user=user, members__active=True)


class Shop(models.Model):
    """店铺."""

    code = models.SlugField(_("店铺代码"), unique=True)
    name = models.CharField(_("店铺名称"), max_length=80)
    platform = models.CharField(_("平台"), max_length=20, default="pinduoduo")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("店铺")
        verbose_name_plural = pgettext_lazy("list", "店铺")

    def __str__(self) -> str:
        return self.name


class MemberQuerySet(models.QuerySet["Member"]):
    def on_duty(self, shops: Any) -> Self:
        """Those who work in these shops now."""
        return self.filter(shop__in=shops, active=True, user__is_active=True)

    def being(self, shop_id: int, user: Any) -> Self:
        """What this user is in a shop; nothing, where he does not work there now."""
        return self.filter(shop_id=shop_id, user_id=user.pk, active=True)

    def places_of(self, user: Any) -> Self:
        """Where this user works now, the first first."""
        return self.filter(user=user, active=True).select_related("shop").order_by("pk")

    def at_work(self, shop_id: int, user: Any) -> "Member | None":
        return self.being(shop_id, user).first()


class Member(models.Model):
    """客服成员: a user in a shop, with what he may do there.

    ``agree_most`` is the most, in yuan, that he agrees to in one case; none is no limit.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    permissions = models.JSONField(_("权限"), default=list)
    agree_most = models.DecimalField(
        _("同意限额"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    active = models.BooleanField(_("在岗"), default=True)
    page_size = models.PositiveSmallIntegerField(_("工作台每页单数"), default=25)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "成员")
        verbose_name_plural = _("成员")
        constraints = [models.UniqueConstraint(fields=["shop", "user"], name="member_once")]

    def __str__(self) -> str:
        return gettext("{name}（{shop}）").format(name=self.user, shop=self.shop)

    def can(self, permission: Permission | str) -> bool:
        return self.active and str(permission) in self.permissions

    @property
    def barred(self) -> tuple[str, ...]:
        """What whole pages of the shop's menu take, and he has not."""
        return tuple(str(each) for each in WHOLE_PAGES if not self.can(each))

    @property
    def role(self) -> Role:
        held = set(self.permissions)
        return next((role for role, usual in ROLES.items() if held == usual), Role.OWN)


class ReturnAddress(models.Model):
    """退货地址 of a shop (T-04: name, phone, region and detail; not flagged bad)."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="addresses")
    name = models.CharField(_("收件人"), max_length=40)
    phone = models.CharField(_("联系电话"), max_length=20)
    region = models.CharField(_("省市区"), max_length=80)
    detail = models.CharField(_("详细地址"), max_length=200)
    default = models.BooleanField(_("默认地址"), default=False)
    flagged = models.CharField(_("停用原因"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("退货地址")
        verbose_name_plural = pgettext_lazy("list", "退货地址")
        ordering = ["-default", "pk"]

    def __str__(self) -> str:
        return f"{self.name} {self.region} {self.detail}"

    @property
    def valid(self) -> bool:
        return not self.flagged and all([self.name, self.phone, self.region, self.detail])

    def shown(self) -> dict[str, str]:
        """What the case keeps of it once agreed; later edits must not move a parcel (§1.5)."""
        return {
            "name": self.name,
            "phone": self.phone,
            "region": self.region,
            "detail": self.detail,
        }
