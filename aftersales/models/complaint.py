"""外部投诉 (S-24, S-41): whom a buyer can turn to outside the platform, and that he did."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.enums import Party
from aftersales.models.catalogue import Bilingual
from aftersales.models.placing import ShopOf
from aftersales.rules import worktime

WORKING_DAYS = 7  # 投诉举报处理暂行办法 Art. 14: taken up or not, and told so


class Channel(Bilingual):
    """投诉渠道: what it is for, what it needs, how long it takes; its code is a complaint's channel."""

    what_zh = models.TextField(_("能做什么"))
    what_en = models.TextField(_("能做什么（英文）"))
    needs_zh = models.TextField(_("需要准备"))
    needs_en = models.TextField(_("需要准备（英文）"))
    time_zh = models.CharField(_("多久"), max_length=200, blank=True)
    time_en = models.CharField(_("多久（英文）"), max_length=300, blank=True)
    site = models.CharField(_("官方网站"), max_length=80, blank=True)

    class Meta(Bilingual.Meta):
        verbose_name = _("投诉渠道")
        verbose_name_plural = pgettext_lazy("list", "投诉渠道")

    @property
    def what(self) -> str:
        return self.said("what")

    @property
    def needs(self) -> str:
        return self.said("needs")

    @property
    def time(self) -> str:
        return self.said("time")


class Complaint(models.Model):
    """外部投诉: a complaint outside the platform, recorded on the case by the buyer or staff (S-24).

    Its papers are evidence in the slot ``slot``.
    """

    class Channel(models.TextChoices):
        HOTLINE_12315 = "12315", _("12315")
        BLACK_CAT = "black_cat", _("黑猫投诉")
        CONSUMERS = "consumers", _("消费者协会")
        INDUSTRY = "industry", _("行业协会")
        COURT = "court", _("法院")
        OTHER = "other", _("其他")

    class State(models.TextChoices):
        FILED = "filed", _("已提交")
        ACCEPTED = "accepted", _("已受理")
        REFUSED = "refused", _("不予受理")
        MEDIATING = "mediating", _("调解中")
        SETTLED = "settled", _("已办结")
        WITHDRAWN = "withdrawn", _("已撤回")

    case = models.ForeignKey("Case", models.PROTECT, related_name="complaints")
    shop = ShopOf("case")
    channel = models.CharField(_("渠道"), max_length=20, choices=Channel)
    number = models.CharField(_("受理编号"), max_length=60, blank=True)
    wants = models.CharField(_("诉求"), max_length=300, blank=True)
    link = models.URLField(_("链接"), max_length=300, blank=True)
    state = models.CharField(_("进展"), max_length=10, choices=State, default=State.FILED)
    note = models.CharField(_("进展说明"), max_length=300, blank=True)
    filed_on = models.DateField(_("投诉日期"))
    version = models.PositiveIntegerField(_("随第几步"), default=0)
    party = models.CharField(max_length=10, choices=Party)
    at = models.DateTimeField()
    updated_at = models.DateTimeField(_("更新时间"), null=True)

    class Meta:
        verbose_name = pgettext_lazy("one", "外部投诉")
        verbose_name_plural = _("外部投诉")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.number}".strip()

    @property
    def slot(self) -> str:
        return f"complaint-{self.version}"

    @property
    def told_by(self) -> date | None:
        """By when 12315 says whether it takes the complaint up: seven working days on."""
        if self.channel != self.Channel.HOTLINE_12315 or self.state != self.State.FILED:
            return None
        return worktime.days_on(self.filed_on, WORKING_DAYS)
