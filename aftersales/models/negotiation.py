"""The tool's own rows: pre-checks, rounds, offers, messages and virtual numbers."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales.enums import (
    AnswerState,
    CaseType,
    Party,
    PlanState,
    RequestKind,
    RoundState,
)
from aftersales.models.catalogue import Outcome, Plan, Script
from aftersales.models.history import Upload
from aftersales.models.order import OrderLine
from aftersales.models.people import Member, User
from aftersales.models.placing import ShopOf

MOST, WITHIN = 20, timedelta(minutes=10)  # messages of one person in one conversation


class Precheck(models.Model):
    """风险核实: the warnings as they stood when a merchant clicked 驳回退款, and his ticks.

    ``warnings`` is a list of ``{"code", "severity", "title", "facts"}`` (NEG-02 to NEG-05);
    ``ticked`` maps a code to the facts that were confirmed, so that new facts ask again.
    """

    case = models.ForeignKey("Case", models.PROTECT, related_name="prechecks")
    shop = ShopOf("case")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    warnings = models.JSONField(default=list)
    ticked = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("风险核实")
        verbose_name_plural = _("风险核实")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.at:%Y-%m-%d %H:%M}"


class Round(models.Model):
    """协商轮次: one scripted message with plans, sent to the buyer, and the wait for an answer."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="rounds")
    shop = ShopOf("case")
    series = models.PositiveIntegerField(_("第几次处理"), default=1)
    number = models.PositiveIntegerField(_("轮次"))
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    script = models.ForeignKey(Script, models.PROTECT, null=True)
    text = models.TextField(_("发给买家的话"))
    outcome = models.ForeignKey(Outcome, models.PROTECT, null=True)
    explanation = models.TextField(_("对上一轮结果的说明"), blank=True)
    state = models.CharField(max_length=10, choices=RoundState, default=RoundState.WAITING)
    sent_at = models.DateTimeField(_("发送时间"))
    due_at = models.DateTimeField(_("等待至"))
    read_at = models.DateTimeField(_("买家已读"), null=True)
    answered_at = models.DateTimeField(_("买家回复时间"), null=True)
    answer = models.TextField(_("买家回复"), blank=True)
    late = models.BooleanField(_("逾期后回复"), default=False)

    class Meta:
        verbose_name = _("协商轮次")
        verbose_name_plural = _("协商轮次")
        ordering = ["series", "number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "series", "number", "shop"], name="round_once")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} · {self.series}.{self.number}"


class Offer(models.Model):
    """协商方案 on the table: the merchant's in a round, or the buyer's counter-offer (还价).

    What came back in part is offered for without a round (``Receipt``).
    """

    case = models.ForeignKey("Case", models.PROTECT, related_name="offers")
    shop = ShopOf("case")
    round = models.ForeignKey(Round, models.PROTECT, null=True, related_name="offers")
    party = models.CharField(max_length=10, choices=Party)
    plan = models.ForeignKey(Plan, models.PROTECT)
    amount = models.DecimalField(_("金额"), max_digits=12, decimal_places=2, null=True)
    terms = models.JSONField(_("条件"), default=dict)
    state = models.CharField(max_length=10, choices=PlanState, default=PlanState.OPEN)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("方案")
        verbose_name_plural = _("方案")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.plan} {self.amount or ''}".strip()


class MessageQuerySet(models.QuerySet["Message"]):
    def hurry(self, user: Any, at: datetime) -> str:
        """What to say to who writes faster than anybody reads; empty if he does not."""
        lately = self.filter(user=user, at__gt=at - WITHIN)
        return gettext("消息发得太快了，请过 10 分钟再发") if lately.count() >= MOST else ""


class Message(models.Model):
    """消息: what one side said to the other, as it was sent: in a case's thread, or before any case.

    Before a case (S-06, S-46) it stands with the order line alone; ``Case.thread`` has both.
    ``read_at`` is when the other side first saw it.
    """

    case = models.ForeignKey("Case", models.PROTECT, null=True, related_name="messages")
    line = models.ForeignKey(OrderLine, models.PROTECT, null=True, related_name="messages")
    shop = ShopOf("case", "line.order")
    version = models.PositiveIntegerField(default=0)
    party = models.CharField(max_length=10, choices=Party)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    text = models.TextField(_("内容"))
    uploads = models.ManyToManyField(Upload, related_name="messages", verbose_name=_("附图"))
    at = models.DateTimeField()
    read_at = models.DateTimeField(_("对方已读"), null=True)
    key = models.CharField(max_length=64, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("消息")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="message_of_a_case_or_of_a_line",
                condition=(
                    models.Q(case__isnull=False, line=None)
                    | models.Q(case=None, line__isnull=False)
                ),
            ),
            models.UniqueConstraint(
                fields=["line", "key", "shop"],
                condition=~models.Q(key="") & models.Q(line__isnull=False),
                name="message_once_per_click",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop", "party", "line"],
                condition=models.Q(read_at=None, line__isnull=False),
                name="message_unread",
            )
        ]

    def __str__(self) -> str:
        return self.text[:40]


class Proposal(models.Model):
    """谈妥的方案: what a merchant puts forward before any case, and the buyer may accept (S-47).

    Accepted, ``type`` and ``amount`` (yuan) are the demand it was turned into.
    """

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="proposals")
    shop = ShopOf("line.order")
    message = models.OneToOneField(Message, models.PROTECT, related_name="proposal")
    plan = models.ForeignKey(Plan, models.PROTECT)
    amount = models.DecimalField(_("金额"), max_digits=12, decimal_places=2, null=True)
    type = models.CharField(_("售后类型"), max_length=30, choices=CaseType, blank=True)
    state = models.CharField(max_length=10, choices=PlanState, default=PlanState.OPEN)
    at = models.DateTimeField()
    answered_at = models.DateTimeField(_("答复时间"), null=True)

    class Meta:
        verbose_name = _("申请前的方案")
        verbose_name_plural = _("申请前的方案")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.plan} {self.amount or ''}".strip()


class CaseRequest(models.Model):
    """正式请求: please add evidence, withdraw, refuse or recall the parcel; with its own deadline.

    ``party`` asks, the other side answers until ``due_at``; ``count`` is how many pictures are
    asked for. A request moves no other clock of the case.
    """

    case = models.ForeignKey("Case", models.PROTECT, related_name="requests")
    shop = ShopOf("case")
    kind = models.CharField(_("请求"), max_length=10, choices=RequestKind)
    party = models.CharField(_("提出方"), max_length=10, choices=Party)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    series = models.PositiveIntegerField(_("第几次处理"), default=1)
    text = models.TextField(_("内容"))
    count = models.PositiveIntegerField(_("张数"), null=True)
    state = models.CharField(max_length=10, choices=AnswerState, default=AnswerState.OPEN)
    at = models.DateTimeField(_("提出时间"))
    due_at = models.DateTimeField(_("答复至"))
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    answer = models.TextField(_("答复"), blank=True)

    class Meta:
        verbose_name = _("正式请求")
        verbose_name_plural = _("正式请求")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "shop"],
                condition=models.Q(state=AnswerState.OPEN),
                name="request_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_state_display()}"


class VirtualNumber(models.Model):
    """虚拟号: a number handed out for one case and one shop user, for a while (NEG-23)."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="virtual_numbers")
    shop = ShopOf("case")
    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    number = models.CharField(max_length=30)
    at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("虚拟号码")
        verbose_name_plural = _("虚拟号码")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.number
