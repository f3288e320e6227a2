"""The steps that staff take, through the same StepView as everyone else."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock
from aftersales.enums import UNRULED, Party, RefundState, Stage, Status
from aftersales.forms import SlotField, StepForm
from aftersales.models import Case, Complaint, Refund
from aftersales.steps import STEPS
from aftersales.views import ABOUT, StepView


def place_of(case: Case) -> str:
    """Where staff go on with a case: its ruling page while it waits for one, else its record."""
    asked = case.last_intervention
    if asked is not None and case.stage in (*UNRULED, Stage.APPEAL):
        return reverse("admin:rule", args=[asked.pk])
    return reverse("admin:aftersales_case_change", args=[case.pk])


def step_url(case: Case, name: str) -> str:
    """The page of a staff step of this case."""
    if name == "rule":
        asked = case.last_intervention
        return reverse("admin:rule", args=[asked.pk]) if asked else ""
    return reverse(f"admin:{name}", args=[case.code])


class StaffStep(StepView):
    """A step in the platform's name: only cases that this reviewer may rule exist for him."""

    party = Party.STAFF
    template_name = "admin/aftersales/case/step.html"
    intro: Any = ""
    button: Any = ""

    def found(self, code: str) -> Sequence[Case]:
        mine = Case.objects.for_staff(self.request.user)
        return list(mine.filter(code=code).select_related(*ABOUT))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        label = STEPS[self.step].label
        return super().get_context_data(
            **admin.site.each_context(self.request)
            | {
                "title": label,
                "subtitle": self.case.code,
                "opts": Case._meta,
                "intro": self.intro,
                "button": self.button or label,
                "back": place_of(self.case),
                "payouts": self.payouts(),
            }
            | kwargs
        )

    def payouts(self) -> list[Refund]:
        """The payouts that the step is about."""
        return []

    def get_success_url(self) -> str:
        return place_of(self.case)


class MessageForm(StepForm):
    text = forms.CharField(
        label=gettext_lazy("消息"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("最多 500 个字。买家和商家都会看到，并收到通知。"),
    )

    def answers(self) -> dict[str, Any]:
        return super().answers() | {"as_party": str(Party.STAFF)}


class SendMessage(StaffStep):
    step = "send_message"
    form_class = MessageForm
    button = gettext_lazy("发送给双方")
    intro = gettext_lazy("以平台客服的名义给买卖双方留言，例如说明处理进度或提醒补充凭证。")
    done = gettext_lazy("已发送给双方")


class ComplaintForm(StepForm):
    channel = forms.ChoiceField(label=gettext_lazy("渠道"), choices=Complaint.Channel.choices)
    filed_on = forms.DateField(
        label=gettext_lazy("投诉日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": gettext_lazy("请输入日期，例如 2026-11-23")},
    )
    number = forms.CharField(label=gettext_lazy("受理编号"), max_length=60, required=False)
    wants = forms.CharField(
        label=gettext_lazy("诉求"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    link = forms.CharField(
        label=gettext_lazy("链接"), max_length=300, required=False, widget=forms.URLInput
    )

    def fit(self) -> None:
        today = localtime(clock.now()).date()
        self.fields["filed_on"].widget.attrs["max"] = today.isoformat()
        add_papers(self)

    def answers(self) -> dict[str, Any]:
        return with_papers(self)


def add_papers(form: StepForm) -> None:
    form.fields["proof_complaint"] = SlotField(
        user=form.user, slot="complaint", label=_("投诉材料"), required=False
    )


def with_papers(form: StepForm) -> dict[str, Any]:
    given = dict(form.cleaned_data)
    given.pop("proof_complaint", None)
    return given | {"evidence": form.evidence()}


class RecordComplaint(StaffStep):
    step = "record_complaint"
    form_class = ComplaintForm
    button = gettext_lazy("登记")
    intro = gettext_lazy("把收到的外部投诉（12315、黑猫等）记在售后单上，之后的处理都看得到。")
    done = gettext_lazy("已登记外部投诉")


class ComplaintStateForm(StepForm):
    complaint = forms.TypedChoiceField(label=gettext_lazy("外部投诉"), coerce=int)
    state = forms.ChoiceField(label=gettext_lazy("进展"), choices=Complaint.State.choices)
    number = forms.CharField(
        label=gettext_lazy("受理编号"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("没有变化就不用填"),
    )
    note = forms.CharField(
        label=gettext_lazy("进展说明"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def fit(self) -> None:
        field: Any = self.fields["complaint"]
        found = self.case.complaints.all()
        field.choices = [(each.pk, f"{each} · {each.filed_on}") for each in found]
        add_papers(self)

    def answers(self) -> dict[str, Any]:
        return with_papers(self)


class UpdateComplaint(StaffStep):
    step = "update_complaint"
    form_class = ComplaintStateForm
    button = gettext_lazy("更新")
    intro = gettext_lazy("记下外部投诉的进展：受理、调解、办结。买家也看得到。")
    done = gettext_lazy("已更新外部投诉")


class RetryRefund(StaffStep):
    step = "retry_refund"
    button = gettext_lazy("重试退款")
    intro = gettext_lazy(
        "用原来的退款单号再次提交支付渠道。渠道按单号只付一次，即使上次其实已付，也不会重复付款。"
    )
    done = gettext_lazy("已重新提交退款，结果稍后显示")

    def payouts(self) -> list[Refund]:
        return list(Refund.objects.filter(case=self.case, state=RefundState.FAILED))


class OfflineForm(StepForm):
    proof = forms.CharField(
        label=gettext_lazy("线下退款凭据"),
        max_length=200,
        help_text=gettext_lazy("写明付款方式和流水号，例如：银行转账 回单号 20261123000178"),
    )


class SettleOffline(StaffStep):
    step = "settle_offline"
    form_class = OfflineForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What failed besides the refund, such as a compensation, ends nothing."""
        if self.case.status == Status.REFUND_FAILED:
            button = _("登记，售后单完结")
            intro = _(
                "只在钱已经通过其他方式付给买家之后登记。登记后售后单完结为“退款成功”，不再通过支付渠道付款，不能更改。"
            )
        else:
            button = _("登记")
            intro = _(
                "只在钱已经通过其他方式付给买家之后登记。登记后不再通过支付渠道付款，不能更改；售后单的状态不变。"
            )
        return super().get_context_data(button=button, intro=intro, **kwargs)

    def success_message(self) -> str:
        ended = self.case.status == Status.REFUNDED
        return _("已登记线下退款，售后单已完结") if ended else _("已登记线下退款")

    def payouts(self) -> list[Refund]:
        return list(Refund.objects.filter(case=self.case).exclude(state=RefundState.PAID))


class NoteForm(StepForm):
    note = forms.CharField(
        label=gettext_lazy("处理说明"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("双方都会看到，请写明为什么。"),
    )


class Reopen(StaffStep):
    step = "reopen"
    form_class = NoteForm
    button = gettext_lazy("重新处理")
    intro = gettext_lazy(
        "自动结果作废，售后单回到之前的状态，时限重新计算。已经发出的退款不会追回，因此不能这样处理。"
    )


class DeclineReopen(StaffStep):
    step = "decline_reopen"
    form_class = NoteForm
    button = gettext_lazy("不予重新处理")
    intro = gettext_lazy("自动结果维持不变，不能再次申请重新处理。")


VIEWS = {
    view.step: view
    for view in (
        SendMessage,
        RecordComplaint,
        UpdateComplaint,
        RetryRefund,
        SettleOffline,
        Reopen,
        DeclineReopen,
    )
}
