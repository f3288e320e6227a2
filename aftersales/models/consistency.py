"""核对: what the daily check of all cases found that does not fit together."""

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.enums import RefundState, RoundState, Stage, Status, Turn

WORDS: dict[str, Any] = {
    str(value): label
    for words in (RefundState, RoundState, Turn, Stage, Status)
    for value, label in words.choices
}


class Check(models.Model):
    """一次核对: one way through all cases; ``reached`` is how far, so that it can be gone on with.

    ``day`` is the day (in China) of a daily check; one that somebody asked for has none.
    """

    day = models.DateField(gettext_lazy("日期"), null=True, unique=True)
    started_at = models.DateTimeField(gettext_lazy("开始时间"))
    ended_at = models.DateTimeField(gettext_lazy("完成时间"), null=True)
    reached = models.BigIntegerField(default=0)
    cases = models.PositiveIntegerField(gettext_lazy("核对售后单"), default=0)
    found = models.PositiveIntegerField(gettext_lazy("发现不一致"), default=0)

    class Meta:
        verbose_name = gettext_lazy("一致性核对")
        verbose_name_plural = gettext_lazy("一致性核对")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class Finding(models.Model):
    """不一致: one thing that does not fit in one case, until a later check finds that it does.

    ``facts`` fill the sentence of ``code``; states stand in it as their codes.
    """

    class Kind(models.TextChoices):
        HISTORY = "history", gettext_lazy("状态与历史不符")
        NOBODY = "nobody", gettext_lazy("没有人负责")
        DEADLINE = "deadline", gettext_lazy("缺少截止时间")
        QUEUE = "queue", gettext_lazy("应退的钱没有排队")
        AMOUNT = "amount", gettext_lazy("退款金额不符")
        NOTICE = "notice", gettext_lazy("通知丢失")
        SIDES = "sides", gettext_lazy("双方看到的状态不同")

    SENTENCES: dict[str, Any] = {
        "history_empty": gettext_lazy("没有任何历史"),
        "history_gap": gettext_lazy("历史缺第 %(version)s 步"),
        "history_link": gettext_lazy("第 %(version)s 步从“%(before)s”开始，前一步到“%(after)s”"),
        "history_step": gettext_lazy(
            "第 %(version)s 步 %(step)s 不能从“%(before)s”到“%(after)s”，或不该由这一方操作"
        ),
        "history_last": gettext_lazy("历史到“%(history)s”，售后单是“%(status)s”"),
        "history_end": gettext_lazy("历史到第 %(version)s 步，售后单记着第 %(case)s 步"),
        "nobody_status": gettext_lazy("“%(status)s”没有规定由谁处理"),
        "nobody_turn": gettext_lazy("应在“%(turn)s”，却列在“%(listed)s”"),
        "nobody_member": gettext_lazy("轮到商家，但店铺没有在岗成员"),
        "deadline_due": gettext_lazy("“%(status)s”没有截止时间"),
        "deadline_reply": gettext_lazy("正在等买家回复，但没有等待期限"),
        "deadline_evidence": gettext_lazy("正在举证，但没有举证期限"),
        "deadline_wake": gettext_lazy("到期时不会自动处理"),
        "queue_refund": gettext_lazy("退款 %(number)s 是“%(state)s”，但不在付款队列里"),
        "queue_nothing": gettext_lazy("“退款中”却没有任何应退的钱"),
        "queue_untold": gettext_lazy("退款已有结果，售后单一小时后仍是“退款中”"),
        "amount_sum": gettext_lazy("约定退款 ¥%(said)s，退款合计 ¥%(owed)s"),
        "amount_unpaid": gettext_lazy("“退款成功”，但退款 %(number)s 是“%(state)s”"),
        "amount_count": gettext_lazy("记着 %(said)s 笔退款，实有 %(many)s 笔"),
        "amount_route": gettext_lazy("%(route)s 付了 ¥%(paid)s，却要退 ¥%(owed)s"),
        "amount_elsewhere": gettext_lazy(
            "订单文件说这笔订单已关闭，售后单还开着：钱可能已在别处退还，请先核实，以免再退一次"
        ),
        "notice_waiting": gettext_lazy("第 %(version)s 步的通知一直没有发出"),
        "notice_missing": gettext_lazy("第 %(version)s 步没有通知该通知的人"),
        "sides_round": gettext_lazy("本轮是“%(round)s”，售后单记着“%(listed)s”"),
        "sides_wait": gettext_lazy("这一轮等到的时间与售后单记的不同"),
        "sides_stage": gettext_lazy("介入是“%(stage)s”，售后单记着“%(listed)s”"),
        "sides_review": gettext_lazy("介入是“%(stage)s”，售后单却是“%(status)s”"),
        "sides_open": gettext_lazy("售后已结束，但协商或方案还开着"),
    }

    case = models.ForeignKey("Case", models.CASCADE, related_name="findings")
    kind = models.CharField(gettext_lazy("类别"), max_length=10, choices=Kind)
    code = models.CharField(max_length=30)
    facts = models.JSONField(default=dict)
    found_at = models.DateTimeField(gettext_lazy("发现时间"))
    seen_at = models.DateTimeField(gettext_lazy("最近一次发现"))
    closed_at = models.DateTimeField(gettext_lazy("已恢复"), null=True)

    class Meta:
        verbose_name = pgettext_lazy("one", "不一致")
        verbose_name_plural = gettext_lazy("不一致")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "code"],
                condition=models.Q(closed_at=None),
                name="finding_open_once",
            )
        ]
        indexes = [
            models.Index(fields=["-id"], condition=models.Q(closed_at=None), name="finding_open")
        ]

    def __str__(self) -> str:
        return _("{name}：{text}").format(name=self.get_kind_display(), text=self.sentence)

    @property
    def sentence(self) -> str:
        """What does not fit, in words."""
        told = {name: WORDS.get(str(value), value) for name, value in self.facts.items()}
        return str(self.SENTENCES[self.code]) % told
