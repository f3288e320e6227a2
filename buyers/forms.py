"""What the buyer fills in for a step; each form's ``answers()`` are its step's arguments."""

import uuid
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock
from aftersales.display import plain_money
from aftersales.enums import Party, Stage
from aftersales.forms import (
    CARDS,
    AskForForm,
    MoneyField,
    SlotField,
    SlotForm,
    StepForm,
)
from aftersales.logistics import scanning
from aftersales.logistics.forms import TrackingForm
from aftersales.models import Complaint, Offer, User
from aftersales.rules import deadlines
from aftersales.steps import Refused
from buyers.showing.offers import shown_offers


class BuyerForm(StepForm):
    """A step's form as a buyer meets it: ``answers()`` always carry version and key.

    ``missing`` maps a field to the sentence where it is empty, in the copy deck's words.
    """

    missing: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, sentence in self.missing.items():
            self.fields[name].error_messages["required"] = sentence

    def click(self) -> dict[str, Any]:
        """The page's version and the click's key."""
        return {
            "version": self.cleaned_data.get("version"),
            "key": self.cleaned_data.get("key", ""),
        }

    def answers(self) -> dict[str, Any]:
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if not isinstance(self.fields.get(name), SlotField)
        }
        if any(isinstance(field, SlotField) for field in self.fields.values()):
            given["evidence"] = self.evidence()
        return given

    def slot(self, name: str, label: str, hint: str = "", *, required: bool = False) -> None:
        """A slot of the step's own, not of the catalogue."""
        self.fields[f"proof_{name}"] = SlotField(
            user=self.user, slot=name, label=label, required=required, hint=hint
        )


class PlainForm(BuyerForm):
    """A step that asks nothing but whether one is sure."""


def words(label: Any, *, required: bool = False, rows: int = 4, **more: Any) -> forms.CharField:
    """A text of up to 500 characters, counted as it is typed."""
    field = forms.CharField(
        label=label,
        required=required,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": rows, "maxlength": 500}),
        **more,
    )
    field.error_messages["max_length"] = _("最多 500 个字")
    return field


# Negotiating --------------------------------------------------------------------------------------


class AcceptForm(BuyerForm):
    """接受方案: one of the shop's open offers; none is chosen for the buyer."""

    missing = {"offer": gettext_lazy("请选择一个方案")}
    offer = forms.ModelChoiceField(
        label=gettext_lazy("商家的方案"),
        queryset=Offer.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
    )

    def fit(self) -> None:
        offers = [each for each in shown_offers(self.case, clock.now()) if each.by_click]
        field: Any = self.fields["offer"]
        field.queryset = Offer.objects.filter(pk__in=[each.pk for each in offers])
        names = {each.pk: each.label for each in offers}
        field.label_from_instance = lambda offer: names[offer.pk]
        field.hints = {str(each.pk): each.consequence for each in offers}

    def chosen(self) -> Offer | None:
        """The offer in hand, by link or by form."""
        wanted = self.data.get("offer") if self.is_bound else self.initial.get("offer")
        field: Any = self.fields["offer"]
        known = [each for each in field.queryset.select_related("plan") if str(each.pk) == wanted]
        return known[0] if known else None

    def layout(self) -> list[Any]:
        return ["version", "key", Field("offer", template=CARDS)]


class MessageForm(BuyerForm):
    """联系商家: one message."""

    def fit(self) -> None:
        self.fields["text"] = words(_("消息"), rows=3)
        self.words_or_pictures()

    def answers(self) -> dict[str, Any]:
        return {
            **self.click(),
            "text": self.cleaned_data["text"],
            "evidence": self.evidence(),
            "as_party": "buyer",
        }


class AskForm(SlotForm):
    """先联系商家: one message before any case, with pictures (B4)."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.initial["key"] = uuid.uuid4().hex
        self.fields["text"] = words(_("想说的问题"), rows=3)
        self.words_or_pictures()


class RecallForm(AskForForm):
    """请商家拦截包裹: the one formal request of the buyer's."""

    as_party = Party.BUYER


# Sending back -------------------------------------------------------------------------------------


class ReturnForm(BuyerForm, TrackingForm):
    """填写退货单号; whether the receiver is to pay on delivery (到付) is said with it."""

    collect = forms.BooleanField(label=gettext_lazy("到付寄回"), required=False)
    scan = forms.FileField(
        label=gettext_lazy("扫一扫"),
        required=False,
        help_text=gettext_lazy("拍下面单上的条形码，自动填写单号"),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )

    def fit(self) -> None:
        super().fit()
        photo = self.files.get("scan") if self.is_bound else None
        if photo and ("refresh" in self.data or not self.data.get("tracking")):
            self._scan(photo)
        if self.case.return_tracking:
            del self.fields["collect"]  # how it was sent can't be corrected
            return
        self.fields["collect"].help_text = (
            _("商家同意到付，运费由商家在签收时支付")
            if self.case.collect_agreed
            else _("商家没有同意到付：到付的包裹商家可以拒收，由此产生的运费由你承担")
        )

    def _scan(self, photo: UploadedFile) -> None:
        """Take the number from the picture; whoever sends the form still looks at it first."""
        try:
            number = scanning.number_in(photo)
            told = (
                "" if number else _("照片里认不出单号，请把条形码拍得近一些、清楚一些，或直接输入")
            )
        except Refused as refused:
            number, told = "", refused.sentence
        if number:
            data: Any = self.data.copy()  # type: ignore[attr-defined]
            data["tracking"] = number
            self.data = data
            told = _("已从照片识别：%(number)s，请和底单核对") % {"number": number}
        self.scanned = bool(number)
        self.fields["scan"].help_text = told

    scanned = False  # a number that nobody has looked at yet

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        given.pop("scan", None)
        if self.scanned:
            self.add_error("tracking", _("单号是从照片识别的，请核对后再提交"))
        return given

    def layout(self) -> list[Any]:
        rest = [name for name in ("carrier", "collect") if name in self.fields]
        return [
            "version",
            "key",
            "tracking",
            Field("scan", template="buyers/cases/_scan.html"),
            *rest,
        ]


class AnswerAddressForm(BuyerForm):
    """答复更换退货地址: yes or no."""

    missing = {"agreed": gettext_lazy("请选择是否同意")}
    agreed = forms.ChoiceField(
        label=gettext_lazy("是否同意"),
        choices=[
            ("yes", gettext_lazy("同意，寄到新地址")),
            ("no", gettext_lazy("不同意，仍寄到原地址")),
        ],
        widget=forms.RadioSelect,
    )

    def layout(self) -> list[Any]:
        return ["version", "key", Field("agreed", template=CARDS)]

    def answers(self) -> dict[str, Any]:
        return {**self.click(), "agreed": self.cleaned_data["agreed"] == "yes"}


class FreightForm(BuyerForm):
    """申报退货运费: what was really paid, and the slip."""

    amount = MoneyField(label=gettext_lazy("实付运费"))

    def fit(self) -> None:
        self.slot("freight", _("寄件底单或付款记录"), required=True)

    def layout(self) -> list[Any]:
        return ["version", "key", Field("amount", wrapper_class="short"), "proof_freight"]


class RefusalForm(BuyerForm):
    """已拒签退回: perhaps with a picture of the slip (S-03)."""

    def fit(self) -> None:
        self.slot("slip", _("拒收面单"), _("请快递员注明拒收原因，拍下面单"))


# Evidence and the platform ------------------------------------------------------------------------


class EvidenceForm(BuyerForm):
    """补充凭证: pictures, and a word about them."""

    def fit(self) -> None:
        self.slot("added", _("凭证"), _("照片、聊天记录、物流记录都可以"), required=True)
        self.fields["text"] = words(_("说明"), rows=3)

    def answers(self) -> dict[str, Any]:
        return {
            **self.click(),
            "evidence": self.evidence(),
            "text": self.cleaned_data["text"],
            "as_party": "buyer",
        }


class PlatformForm(BuyerForm):
    """申请平台介入: why, what is wanted, and proofs (S-39, S-40)."""

    missing = {
        "reason": gettext_lazy("请说明申请介入的理由"),
        "wants": gettext_lazy("请写明你希望的结果"),
    }

    def fit(self) -> None:
        self.fields["reason"] = words(_("申请理由"), required=True, rows=5)
        self.fields["reason"].help_text = _("说清楚发生了什么、商家的说法哪里不对，10 到 500 个字")
        self.fields["wants"] = forms.CharField(
            label=_("我希望的结果"),
            max_length=200,
        )
        told = _("退款 ¥{amount}").format(amount=plain_money(self.case.worth))
        example = _("例如：{wish}，不退货")
        if self.case.wants_goods:
            told = str(self.case.get_type_display())
        if self.case.wants_goods or self.case.needs_return:
            example = _("例如：{wish}")
        self.fields["wants"].help_text = example.format(wish=told)
        self.initial.setdefault("wants", told)
        before = self.case.last_intervention
        again = before is not None and before.stage == Stage.DECLINED
        told = _("之前交过的凭证平台都看得到，不用再传")
        if again:
            told = _("上一次没有受理，这次需要平台还没看过的凭证")
        self.slot("platform", _("介入凭证"), told, required=again)


class ReopenForm(BuyerForm):
    """申请重新处理: why what time closed should be looked at again."""

    missing = {"reason": gettext_lazy("请说明申请重新处理的理由")}

    def fit(self) -> None:
        self.fields["reason"] = words(_("申请理由"), required=True, rows=5)
        self.fields["reason"].help_text = _("说清楚为什么没能按时操作，10 到 500 个字")


class DisputeForm(PlatformForm):
    """收到的商品仍有问题 (T-16b): pictures of what came are needed."""

    def fit(self) -> None:
        super().fit()
        self.fields["reason"].label = _("哪里有问题")
        self.fields["reason"].help_text = _("收到的商品和约定的有什么不同，10 到 500 个字")
        self.fields.pop("proof_platform")
        self.slot("platform", _("收到的商品"), _("拍清楚问题，连同包装和面单"), required=True)


class AppealForm(BuyerForm):
    """申诉 (T-25): why, and what is new."""

    missing = {"reason": gettext_lazy("请说明申诉的理由")}

    def fit(self) -> None:
        self.fields["reason"] = words(_("申诉理由"), required=True, rows=5)
        self.fields["reason"].help_text = _("判定哪里不对，新的凭证说明什么，10 到 500 个字")
        self.slot("appeal", _("新的凭证"), _("判定时平台没有看到的凭证"), required=True)

    def answers(self) -> dict[str, Any]:
        return {**super().answers(), "as_party": "buyer"}


class ComplaintForm(BuyerForm):
    """登记外部投诉 (S-24)."""

    missing = {
        "channel": gettext_lazy("请选择投诉渠道"),
        "filed_on": gettext_lazy("请填写投诉日期"),
    }

    channel = forms.ChoiceField(
        label=gettext_lazy("投诉渠道"),
        choices=[("", gettext_lazy("请选择")), *Complaint.Channel.choices],
    )
    number = forms.CharField(label=gettext_lazy("受理编号"), max_length=60, required=False)
    filed_on = forms.DateField(
        label=gettext_lazy("投诉日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy("请填写日期，例如 2026-11-23")},
    )
    wants = forms.CharField(label=gettext_lazy("诉求"), max_length=300, required=False)
    link = forms.CharField(
        label=gettext_lazy("链接"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("投诉页面的网址，有的话填写"),
        widget=forms.URLInput,
    )

    def fit(self) -> None:
        today = clock.now().astimezone(deadlines.CHINA).date()
        self.fields["filed_on"].widget.attrs["max"] = today.isoformat()
        self.slot("complaint", _("投诉材料"), _("受理通知、投诉页面截图等"))


class ComplaintStateForm(BuyerForm):
    """更新外部投诉: how it stands."""

    missing = {"complaint": gettext_lazy("请选择是哪一条投诉")}

    complaint = forms.TypedChoiceField(label=gettext_lazy("外部投诉"), coerce=int)
    state = forms.ChoiceField(label=gettext_lazy("进展"), choices=Complaint.State.choices)
    number = forms.CharField(
        label=gettext_lazy("受理编号"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("没有变化就不用填"),
    )
    note = forms.CharField(label=gettext_lazy("进展说明"), max_length=300, required=False)
    link = forms.CharField(
        label=gettext_lazy("链接"), max_length=300, required=False, widget=forms.URLInput
    )

    def fit(self) -> None:
        found = list(self.case.complaints.all())
        field: Any = self.fields["complaint"]
        field.choices = [(each.pk, f"{each} · {each.filed_on}") for each in found]
        named = next(
            (each for each in found if str(each.pk) == str(self.initial.get("complaint"))), None
        )
        if named or found:
            self.initial.setdefault("state", (named or found[-1]).state)
            self.initial.setdefault("complaint", (named or found[-1]).pk)
        self.slot("complaint", _("投诉材料"), _("受理通知、处理结果等"))


# Orders -------------------------------------------------------------------------------------------


class FindForm(forms.Form):
    """找回订单: what only the one who paid knows."""

    number = forms.CharField(
        label=gettext_lazy("订单号"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
        error_messages={"required": gettext_lazy("请填写订单号")},
    )
    paid = MoneyField(
        label=gettext_lazy("实付金额"), help_text=gettext_lazy("订单里的实付款，精确到分")
    )
