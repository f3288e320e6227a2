"""What staff edit in the admin: reasons, scripts, plans, outcomes, risks, scenarios.

Structure is code, numbers and texts are rows. Texts come in both languages; ``label`` and
``text`` answer in the reader's.
"""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.enums import (
    Burden,
    Freight,
    Responsible,
    Severity,
    WizardStep,
)
from aftersales.languages import either, in_both
from aftersales.rules import wording


class Bilingual(models.Model):
    """A catalogue row with a code and a label in Chinese and English."""

    code = models.CharField(_("代码"), max_length=40, unique=True)
    label_zh = models.CharField(_("名称"), max_length=120)
    label_en = models.CharField(_("英文名称"), max_length=200)
    active = models.BooleanField(_("启用"), default=True)
    position = models.PositiveIntegerField(_("顺序"), default=0)

    class Meta:
        abstract = True
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"

    @property
    def label(self) -> str:
        return self.said("label")

    def said(self, name: str) -> str:
        """The text field ``name`` in the reader's language, Chinese where English is empty."""
        return str(either(getattr(self, f"{name}_zh"), getattr(self, f"{name}_en")))


def both(named: Any) -> tuple[str, str]:
    """What a row of the catalogue is called, or a lazy text, in Chinese and in English."""
    if hasattr(named, "label_zh"):
        return named.label_zh, named.label_en
    return in_both(lambda: named or "")


def worded(name: str, named: Any) -> dict[str, str]:
    """What a history keeps of a row of the catalogue: its text of the day, in both languages."""
    text, english = both(named)
    return {name: text, f"{name}_en": english} if text else {name: ""}


def by_slot(asking: Any) -> dict[str, Any]:
    """The proofs that a reason or an outcome asks for, by the code of their slot."""
    return {proof.code: proof for proof in asking.proofs.all()}


class InForce(models.Manager[Any]):
    """Only what is in force; a case reaches the row that it was decided by through its own key."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(replaced_at=None)


class Lasting(Bilingual):
    """A row that cases point at: an edition that changes it puts a new row in its place, so that
    an old case keeps the text, and what it meant, as they were."""

    code = models.CharField(_("代码"), max_length=40)
    replaced_at = models.DateTimeField(_("被新版替代"), null=True, editable=False)

    objects: ClassVar[models.Manager[Any]] = InForce()

    class Meta(Bilingual.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=models.Q(replaced_at=None),
                name="%(class)s_in_force_once",
                violation_error_message=_("这个代码已经有了"),
            )
        ]


class OfThePlatform(InForce):
    """The catalogue's own scripts; a shop's stand beside them (``ShopScript``)."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(shopscript=None)


class Reason(Lasting):
    """买家原因 (reasons.md: U1 to R20)."""

    types = models.JSONField(_("适用的售后类型"), default=list)
    goods_states = models.JSONField(_("适用的收货情况"), default=list, blank=True)
    quality = models.BooleanField(_("计入品质退款"), default=False)
    logistics = models.BooleanField(_("物流类"), default=False)
    no_reason = models.BooleanField(_("无理由类（限七天）"), default=False)
    burden = models.CharField(_("举证责任"), max_length=20, choices=Burden, default=Burden.NONE)
    freight = models.CharField(
        _("退货运费"), max_length=20, choices=Freight, default=Freight.UNDECIDED
    )
    min_text = models.PositiveIntegerField(_("说明至少字数"), default=0)

    class Meta(Lasting.Meta):
        verbose_name = pgettext_lazy("one", "买家原因")
        verbose_name_plural = _("买家原因")


class Plan(Lasting):
    """协商方案 (§2.6): a kind of offer; what acceptance does is code, keyed by the code."""

    wants_amount = models.BooleanField(_("需填金额"), default=False)
    consequence_zh = models.CharField(_("给买家看的后果"), max_length=200, blank=True)
    consequence_en = models.CharField(_("给买家看的后果（英文）"), max_length=300, blank=True)

    class Meta(Lasting.Meta):
        verbose_name = pgettext_lazy("one", "协商方案")
        verbose_name_plural = _("协商方案")

    @property
    def consequence(self) -> str:
        return self.said("consequence")


class Script(Lasting):
    """协商话术 (§2.5), with placeholders (``wording.KNOWN``)."""

    text_zh = models.TextField(_("正文"), max_length=400)
    text_en = models.TextField(_("英文正文"), max_length=800)
    editable = models.BooleanField(_("商家可修改"), default=False)
    plans = models.ManyToManyField(Plan, blank=True, verbose_name=_("配合的方案"))
    reasons = models.ManyToManyField(Reason, blank=True, verbose_name=_("限于买家原因"))

    objects: ClassVar[models.Manager[Any]] = OfThePlatform()

    class Meta(Lasting.Meta):
        verbose_name = pgettext_lazy("one", "协商话术")
        verbose_name_plural = _("协商话术")

    def clean_fields(self, exclude: Any = None) -> None:
        """NEG-13: what staff write here holds to the same rules as what merchants change in it."""
        super().clean_fields(exclude)
        errors = {
            name: told
            for name in ("text_zh", "text_en")
            if name not in (exclude or ())
            and (told := wording.script_refusal(getattr(self, name), self._most(name)))
        }
        if errors:
            raise ValidationError(errors)

    def meant_for(self, reason: Reason) -> bool:
        """A script that is kept for other buyers' reasons is not for this one."""
        codes = {each.code for each in self.reasons.all()}
        return not codes or reason.code in codes

    def _most(self, name: str) -> int:
        return int(getattr(self._meta.get_field(name), "max_length", 0))

    @property
    def text(self) -> str:
        return self.said("text")


class Outcome(Lasting):
    """第一轮结果 (§2.4): what round 2 must state; ``when`` names facts that must hold."""

    hint_zh = models.CharField(_("提示"), max_length=200, blank=True)
    hint_en = models.CharField(_("提示（英文）"), max_length=300, blank=True)
    needs_reply = models.BooleanField(_("买家回复过才可选"), default=False)
    when = models.CharField(_("成立条件"), max_length=40, blank=True)

    class Meta(Lasting.Meta):
        verbose_name = pgettext_lazy("one", "第一轮结果")
        verbose_name_plural = _("第一轮结果")

    @property
    def hint(self) -> str:
        return self.said("hint")


class RejectReason(Lasting):
    """驳回原因 (§2.7: RR-01 to RR-16; RR-17 for what is claimed as agreed)."""

    advice_zh = models.CharField(_("处理建议"), max_length=300, blank=True)
    advice_en = models.CharField(_("处理建议（英文）"), max_length=400, blank=True)
    must_answer_zh = models.JSONField(_("必答要点"), default=list, blank=True)
    must_answer_en = models.JSONField(_("必答要点（英文）"), default=list, blank=True)
    types = models.JSONField(_("适用的售后类型"), default=list)
    reasons = models.ManyToManyField(Reason, blank=True, verbose_name=_("限于买家原因"))
    when = models.CharField(_("成立条件"), max_length=40, blank=True)

    class Meta(Lasting.Meta):
        verbose_name = _("驳回原因")
        verbose_name_plural = pgettext_lazy("list", "驳回原因")

    @property
    def advice(self) -> str:
        return self.said("advice")

    @property
    def must_answer(self) -> list[str]:
        return either(self.must_answer_zh, self.must_answer_en)

    def points(self) -> list[dict[str, str]]:
        """The points to be answered, as a history keeps them."""
        english = dict(enumerate(self.must_answer_en))
        return [
            {"point": point, "point_en": english.get(number, "")}
            for number, point in enumerate(self.must_answer_zh)
        ]


class DecisionReason(Lasting):
    """判定理由 (§1.6): the coded reason of a ruling, or of declining to hear a request.

    ``decisions`` are the rulings that it can stand for, or ``decline``, or ``freight`` (somebody
    else bears it than the freight table says); ``closes`` says that a declined request ends the
    case instead of putting it back.
    """

    decisions = models.JSONField(_("适用的判定"), default=list)
    responsible = models.CharField(
        _("通常的责任方"), max_length=10, choices=Responsible, blank=True
    )
    closes = models.BooleanField(_("不予受理后关闭售后单"), default=False)

    class Meta(Lasting.Meta):
        verbose_name = _("判定理由")
        verbose_name_plural = pgettext_lazy("list", "判定理由")


class Proof(models.Model):
    """凭证要求: a named slot that a reason, an outcome or a reject reason asks to be filled."""

    reason = models.ForeignKey(Reason, models.CASCADE, null=True, blank=True, related_name="proofs")
    outcome = models.ForeignKey(
        Outcome, models.CASCADE, null=True, blank=True, related_name="proofs"
    )
    reject_reason = models.ForeignKey(
        RejectReason, models.CASCADE, null=True, blank=True, related_name="proofs"
    )
    code = models.CharField(_("代码"), max_length=40)
    label_zh = models.CharField(_("名称"), max_length=80)
    label_en = models.CharField(_("英文名称"), max_length=120)
    hint_zh = models.CharField(_("拍摄提示"), max_length=200, blank=True)
    hint_en = models.CharField(_("拍摄提示（英文）"), max_length=300, blank=True)
    required = models.BooleanField(_("必传"), default=True)
    most = models.PositiveIntegerField(_("最多"), default=3)
    position = models.PositiveIntegerField(_("顺序"), default=0)
    for_buyer_reasons = models.JSONField(_("仅限买家原因代码"), default=list, blank=True)

    class Meta:
        verbose_name = _("凭证要求")
        verbose_name_plural = _("凭证要求")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="proof_has_one_owner",
                condition=(
                    models.Q(reason__isnull=False, outcome=None, reject_reason=None)
                    | models.Q(reason=None, outcome__isnull=False, reject_reason=None)
                    | models.Q(reason=None, outcome=None, reject_reason__isnull=False)
                ),
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return either(self.label_zh, self.label_en)

    @property
    def hint(self) -> str:
        return either(self.hint_zh, self.hint_en)


class Risk(Bilingual):
    """风险提示 (§2.3: RW-01 to RW-20): severity and threshold are rows, the check is code."""

    severity = models.CharField(_("级别"), max_length=10, choices=Severity)
    threshold = models.PositiveIntegerField(_("阈值"), null=True, blank=True)
    unit_zh = models.CharField(_("阈值单位"), max_length=40, blank=True)
    blocks = models.ManyToManyField(
        RejectReason, blank=True, verbose_name=_("命中时不可选的驳回原因")
    )

    class Meta(Bilingual.Meta):
        verbose_name = pgettext_lazy("one", "风险提示")
        verbose_name_plural = _("风险提示")


class Scenario(Bilingual):
    """服务场景 (S-61): logistics or goods, refund only or return, goods already back.

    The first active scenario in ``position`` whose conditions all fit a case is its scenario.
    """

    types = models.JSONField(_("售后类型"), default=list)
    logistics = models.BooleanField(_("物流类原因"), null=True, blank=True)
    goods_back = models.BooleanField(_("买家已寄回"), default=False)
    advice_zh = models.TextField(_("先沟通的建议"))
    advice_en = models.TextField(_("先沟通的建议（英文）"))

    class Meta(Bilingual.Meta):
        verbose_name = pgettext_lazy("one", "服务场景")
        verbose_name_plural = _("服务场景")

    @property
    def advice(self) -> str:
        return self.said("advice")


class StepForm(models.Model):
    """步骤定义 (S-61): what one step of the tool offers in one scenario."""

    scenario = models.ForeignKey(Scenario, models.CASCADE, related_name="forms")
    step = models.CharField(_("步骤"), max_length=10, choices=WizardStep)
    plans = models.ManyToManyField(Plan, blank=True, verbose_name=_("方案"))
    scripts = models.ManyToManyField(Script, blank=True, verbose_name=_("话术"))
    outcomes = models.ManyToManyField(Outcome, blank=True, verbose_name=_("第一轮结果"))
    reject_reasons = models.ManyToManyField(RejectReason, blank=True, verbose_name=_("驳回原因"))

    class Meta:
        verbose_name = _("步骤定义")
        verbose_name_plural = _("步骤定义")
        ordering = ["scenario", "step"]
        constraints = [models.UniqueConstraint(fields=["scenario", "step"], name="step_form_once")]

    def __str__(self) -> str:
        return f"{self.scenario} · {self.get_step_display()}"

    def offered(self, name: str) -> list[Any]:
        """The active rows of one of its lists, in their order."""
        return [row for row in getattr(self, name).all() if row.active]
