"""What happened: events, evidence, refused attempts and notices. Events are never changed."""

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.enums import Party, Reminder, Scan, Status
from aftersales.languages import either, in_english
from aftersales.models.fetched import Fetched
from aftersales.models.order import OrderLine
from aftersales.models.people import User
from aftersales.models.placing import ShopOf

GENESIS = ""  # what the first event of a case is chained to
ENCODER = DjangoJSONEncoder(sort_keys=True, ensure_ascii=False)
# JSON's own kinds but for those that hold others, and what it has a way to write
AS_IT_IS, WRITTEN = {str, int, bool, type(None)}, {datetime, Decimal}


class Event(Fetched):
    """协商记录: one step of one case, and at once the queue of notices (``delivered_at``).

    Chained by hash: ``hash`` covers the content and the hash of the event before it. A database
    trigger on PostgreSQL refuses UPDATE of anything but ``delivered_at``, and DELETE. No
    foreign-key constraints: rows are only appended, by the engine, under the case's lock.
    """

    case = models.ForeignKey(
        "Case", models.PROTECT, related_name="events", db_constraint=False, db_index=False
    )
    shop = ShopOf("case")
    version = models.PositiveIntegerField()
    step = models.CharField(_("步骤"), max_length=40)
    party = models.CharField(_("角色"), max_length=10, choices=Party)
    user = models.ForeignKey(
        User, models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    before = models.CharField(_("之前"), max_length=30, choices=Status, blank=True)
    after = models.CharField(_("之后"), max_length=30, choices=Status)
    details = models.JSONField(_("内容"), default=dict)
    at = models.DateTimeField(_("时间"))
    key = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("协商记录")
        verbose_name_plural = _("协商记录")
        ordering = ["case", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "version", "shop"], name="event_once_per_version"
            ),
            models.UniqueConstraint(
                fields=["case", "key", "shop"],
                condition=~models.Q(key=""),
                name="event_once_per_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(delivered_at=None), name="event_undelivered"
            ),
            models.Index(
                fields=["shop", "at"], condition=models.Q(party="merchant"), name="event_of_shop"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}#{self.version} {self.step}"

    @property
    def told(self) -> dict[str, Any]:
        """Its details in the reader's language: a text of the catalogue was kept in both, as it
        then read (``reason`` and ``reason_en``)."""
        found: dict[str, Any] = in_language(self.details)
        return found

    def content(self) -> dict[str, Any]:
        """What the hash covers, beside the hash of the event before it."""
        return {
            "case": self.case_id,
            "version": self.version,
            "step": self.step,
            "party": self.party,
            "user": self.user_id,
            "before": self.before,
            "after": self.after,
            "details": self.details,
            "at": self.at.isoformat(),
        }

    def digest(self, previous: str) -> str:
        """SHA-256 over this event's content and the hash of the event before it."""
        return digest(self.content(), previous)


def in_language(value: Any) -> Any:
    """What was kept, read in the reader's language: each ``…_en`` in place of what it translates."""
    english = in_english()
    if isinstance(value, list):
        return [in_language(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: in_language((english and value.get(f"{name}_en")) or each)
        for name, each in value.items()
        if not name.endswith("_en")
    }


def digest(content: dict[str, Any], previous: str) -> str:
    """The hash of a link of the chain, from what it holds; also of one read from a file."""
    text = ENCODER.encode(content | {"previous": previous})
    return hashlib.sha256(text.encode()).hexdigest()


class Upload(models.Model):
    """A file as it was made safe; evidence points to it, so it can be used again.

    ``original`` is what came in, where that was changed: sealed, for staff who rule; ``received``
    is its hash. Until ``scan`` is clear nobody is shown the file.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="uploads")
    token = models.CharField(max_length=64, unique=True)
    file = models.FileField(upload_to="evidence/%Y/%m/")
    name = models.CharField(_("文件名"), max_length=120)
    kind = models.CharField(_("类型"), max_length=40)
    size = models.PositiveIntegerField(_("大小"))
    sha256 = models.CharField(max_length=64)
    original = models.FileField(upload_to="originals/%Y/%m/", blank=True)
    received = models.CharField(max_length=64, blank=True)
    scan = models.CharField(_("安全检查"), max_length=10, choices=Scan, default=Scan.CLEAR)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("上传文件")
        verbose_name_plural = _("上传文件")
        indexes = [
            models.Index(fields=["user", "received"], name="upload_received"),
            models.Index(
                fields=["id"], condition=models.Q(scan=Scan.PENDING), name="upload_unscanned"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def clear(self) -> bool:
        return self.scan == Scan.CLEAR

    @property
    def held(self) -> str:
        """Why nobody is shown it; empty if it is clear."""
        return "" if self.clear else str(self.get_scan_display())

    @property
    def image(self) -> bool:
        """A picture that may be shown."""
        return self.clear and self.kind.startswith("image/")


class Evidence(models.Model):
    """凭证: an upload put forward in a case by one side, in a named slot, with one event."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="evidence")
    shop = ShopOf("case")
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="evidence")
    version = models.PositiveIntegerField(_("随第几步"))
    party = models.CharField(_("提交方"), max_length=10, choices=Party)
    slot = models.CharField(_("凭证要求"), max_length=40, blank=True)
    label_zh = models.CharField(_("名称"), max_length=120, blank=True)
    label_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    at = models.DateTimeField(_("提交时间"))

    class Meta:
        verbose_name = _("凭证")
        verbose_name_plural = _("凭证")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_party_display()} {self.label or self.upload}"

    @property
    def label(self) -> str:
        """What its slot was called when it was filed, in the reader's language."""
        return either(self.label_zh, self.label_en)


class Attempt(models.Model):
    """被拒绝的操作: somebody tried a step that the rules refused; nothing else changed (NEG-20)."""

    case = models.ForeignKey("Case", models.PROTECT, related_name="attempts")
    shop = ShopOf("case")
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    step = models.CharField(_("步骤"), max_length=40)
    sentence = models.CharField(_("答复"), max_length=300)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = pgettext_lazy("one", "被拒绝的操作")
        verbose_name_plural = _("被拒绝的操作")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.step}: {self.sentence}"


MOST_UNREAD = 100  # nobody is told a larger number
OF_ACCOUNT = "account"  # the kind of what is said of the reader's own account


class NoticeQuerySet(models.QuerySet["Notice"]):
    def shown_to(self, user: Any) -> Self:
        """What the notice centre shows: one of each case and kind for as long as it is unread."""
        return self.filter(user=user.pk, latest=True)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def waiting_for(self, user: Any) -> Self:
        """What he has not read, as far as it is counted."""
        return self.shown_to(user).unread()[:MOST_UNREAD]

    def mark_read(self, at: datetime) -> int:
        """Nothing is e-mailed of what has been read, but for what becomes of an account: who read
        it may be the one it warns of."""
        still = models.Case(models.When(kind=OF_ACCOUNT, then="mail_due_at"))
        return self.unread().update(read_at=at, mail_due_at=still)


class Notice(models.Model):
    """通知 to one person about one event; made from the event after it is stored.

    What is said of an order line before any case, of a service request or of a job, has no event:
    then ``line``, ``request`` or ``job`` names it, as ``check_run`` does what the daily check found;
    what becomes of the reader's account has its ``kind`` alone (``OF_ACCOUNT``). A reminder has none
    either: its ``mark`` names the clock and the moment, so that nobody is reminded twice. ``kind``
    is the step or the reminder; while one of a case and kind is unread, newer ones take its place
    (``latest``) and count it (``many``).
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    case = models.ForeignKey("Case", models.CASCADE, null=True, related_name="notices")
    event = models.ForeignKey(
        Event, models.CASCADE, null=True, related_name="notices", db_constraint=False
    )
    line = models.ForeignKey(OrderLine, models.CASCADE, null=True, related_name="notices")
    request = models.ForeignKey(
        "ServiceRequest", models.CASCADE, null=True, related_name="notices", db_index=False
    )
    job = models.ForeignKey("Job", models.CASCADE, null=True, related_name="notices")
    check_run = models.ForeignKey("Check", models.CASCADE, null=True, related_name="notices")
    party = models.CharField(max_length=10, choices=Party)
    kind = models.CharField(_("类别"), max_length=40, blank=True)
    mark = models.CharField(max_length=60, blank=True)
    latest = models.BooleanField(_("最新一条"), default=True)
    many = models.PositiveIntegerField(_("合并条数"), default=1)
    text_zh = models.TextField(_("内容"))
    text_en = models.TextField(_("内容（英文）"))
    at = models.DateTimeField(_("时间"))
    read_at = models.DateTimeField(_("已读"), null=True, blank=True)
    mail_due_at = models.DateTimeField(_("邮件待发"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("邮件已发"), null=True, blank=True)
    mail_tries = models.PositiveIntegerField(default=0)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "通知")
        verbose_name_plural = _("通知")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "user"], name="notice_once_per_event"),
            models.UniqueConstraint(
                fields=["user", "case", "mark"],
                condition=~models.Q(mark=""),
                name="notice_once_per_mark",
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_due_at"],
                condition=models.Q(mail_due_at__isnull=False),
                name="notice_mail_due",
            ),
            models.Index(fields=["user", "-id"], name="notice_of_user"),
            models.Index(
                fields=["user", "-id"],
                condition=models.Q(read_at=None, latest=True),
                name="notice_unread",
            ),
        ]

    def __str__(self) -> str:
        return self.text_zh

    @property
    def text(self) -> str:
        return either(self.text_zh, self.text_en)

    @property
    def reminder(self) -> str:
        """What a reminder is called; empty for news."""
        return str(Reminder(self.kind).label) if self.kind in Reminder.values else ""

    @property
    def about(self) -> str:
        """The number of the case or request, or of the order where there is neither."""
        if self.case is not None:
            return self.case.code
        if self.request is not None:
            return self.request.number
        if self.job is not None:
            return str(self.job)
        if self.check_run is not None:
            return gettext("一致性核对")
        if self.kind == OF_ACCOUNT:
            return gettext("账号安全")
        return self.line.order.number if self.line else ""


class Fault(models.Model):
    """A row that a sweep could not move, for staff to see; set aside until then (poisoned row)."""

    case = models.OneToOneField("Case", models.CASCADE, related_name="fault")
    shop = ShopOf("case")
    sweep = models.CharField(_("任务"), max_length=40)
    error = models.TextField(_("错误"))
    tries = models.PositiveIntegerField(default=1)
    next_try_at = models.DateTimeField()
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("自动处理失败")
        verbose_name_plural = pgettext_lazy("list", "自动处理失败")

    def __str__(self) -> str:
        return f"{self.case} {self.sweep}"


def plain(value: Any) -> Any:
    """A value as the history keeps it: only JSON's own kinds, so that its hash is stable."""
    kind = type(value)
    if kind in AS_IT_IS:
        return value
    if kind in WRITTEN:
        return ENCODER.default(value)
    if kind is dict:
        return {str(name): plain(each) for name, each in value.items()}
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))
