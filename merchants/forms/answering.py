"""The merchant's other answers: agreeing to a return, raising an offer, chat, evidence, platform."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.display import plain_money
from aftersales.enums import Freight
from aftersales.forms import MoneyField, StepForm
from aftersales.logistics.forms import TrackingForm
from aftersales.models import Member, Offer, Proof, ReturnAddress
from merchants.showing.page import improvable
from merchants.showing.tool import offer_line


class AddressForm(StepForm):
    """A step that names one of the shop's return addresses; those of no use say why."""

    address_label = gettext_lazy("退货地址")
    chosen = True  # the first of use, before anybody chooses

    def fit(self) -> None:
        self.addresses = list(self.case.shop.addresses.all())
        field = forms.ChoiceField(
            label=self.address_label,
            choices=[(str(each.pk), f"{each.name} {each.phone}") for each in self.addresses],
            widget=forms.RadioSelect,
        )
        field.hints = {str(each.pk): f"{each.region} {each.detail}" for each in self.addresses}  # type: ignore[attr-defined]
        refusals = {str(each.pk): self.why_not(each) for each in self.addresses}
        field.refusals = {pk: why for pk, why in refusals.items() if why}  # type: ignore[attr-defined]
        if self.chosen:
            usable = next((pk for pk, why in refusals.items() if not why), "")
            self.initial.setdefault("address", usable)
        self.fields["address"] = field

    def why_not(self, address: ReturnAddress) -> str:
        return "" if address.valid else address.flagged or _("地址不完整")

    def answers(self) -> dict[str, Any]:
        said = dict(self.cleaned_data)
        said["address"] = next(
            (each for each in self.addresses if str(each.pk) == said["address"]), None
        )
        return said


class AgreeReturnForm(AddressForm):
    """同意退货: where to, who bears the freight, and a word to the buyer (M4)."""

    def fit(self) -> None:
        super().fit()
        self._fit_freight()
        self.fields["collect"] = forms.BooleanField(
            label=_("接受到付"),
            required=False,
            help_text=_("不勾选时，买家用到付寄回的，可以拒收"),
        )
        self.fields["message"] = forms.CharField(
            label=_("给买家留言"),
            required=False,
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        )

    def _fit_freight(self) -> None:
        ruled = Freight(self.case.freight)
        kinds = [Freight.MERCHANT, Freight.BUYER]
        if ruled == Freight.INSURANCE:
            kinds.insert(0, ruled)
        field = forms.ChoiceField(
            label=_("退货运费"),
            choices=[(str(kind), kind.label) for kind in kinds],
            widget=forms.RadioSelect,
        )
        if ruled == Freight.MERCHANT:
            field.refusals = {str(Freight.BUYER): _("按规则运费由商家承担，不能改由买家承担")}  # type: ignore[attr-defined]
        agreed = self.case.agreed_before()
        if agreed and agreed.plan.code == "return_freight_covered":  # what was promised in the chat
            self.initial.setdefault("freight", str(Freight.MERCHANT))
        if ruled in kinds:
            self.initial.setdefault("freight", str(ruled))
            field.hints = {str(ruled): _("按规则：%(reason)s") % {"reason": self.case.reason.label}}  # type: ignore[attr-defined]
        self.fields["freight"] = field


class ShipForm(TrackingForm):
    """发出换货、补寄或修好的商品 (T-14)."""


class UnrepairableForm(StepForm):
    """修不好: why, for the buyer to read before he chooses (walk 7 of §1.7)."""

    def fit(self) -> None:
        self.fields["text"] = forms.CharField(
            label=_("修不好的原因"),
            max_length=500,
            help_text=_("买家会看到，10 到 500 个字"),
            widget=forms.Textarea(attrs={"rows": 4}),
        )


class ImproveForm(StepForm):
    """提高方案金额: only upwards (NEG-24)."""

    def fit(self) -> None:
        self.offers: list[Offer] = improvable(self.case)
        field = forms.ChoiceField(
            label=_("方案"),
            choices=[(str(each.pk), offer_line(each, self.case)) for each in self.offers],
            widget=forms.RadioSelect,
        )
        if len(self.offers) == 1:
            self.initial.setdefault("offer", str(self.offers[0].pk))
        self.fields["offer"] = field
        self.fields["amount"] = MoneyField(
            label=_("提高到（元）"),
            help_text=_("高于现在的金额，最多 %(most)s") % {"most": plain_money(self._most())},
        )

    def _most(self) -> Decimal:
        """As much as a plan may come to here: a part stays below the whole (NEG-11)."""
        whole = all(each.plan.code != "partial_refund" for each in self.offers)
        return self.case.whole if whole else self.case.whole - Decimal("0.01")

    def answers(self) -> dict[str, Any]:
        said = dict(self.cleaned_data)
        said["offer"] = next((each for each in self.offers if str(each.pk) == said["offer"]), None)
        return said


class AssignForm(StepForm):
    """分配处理人: to a member on duty, or to nobody (NEG-54)."""

    def fit(self) -> None:
        here = Member.objects.on_duty([self.case.shop_id]).select_related("user").order_by("pk")
        self.team = {str(each.pk): each for each in here}
        team = [(pk, str(each.user)) for pk, each in self.team.items()]
        self.fields["member"] = forms.ChoiceField(
            label=_("处理人"), required=False, choices=[("", _("未分配")), *team]
        )
        self.initial.setdefault("member", str(self.case.assignee_id or ""))

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {"key": said.get("key", ""), "member": self.team.get(said["member"])}


class MessageForm(StepForm):
    """发送消息."""

    text = forms.CharField(
        label="",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "data-count": "text-n"}),
    )

    def fit(self) -> None:
        self.fields["text"].label = _("消息")
        self.fields["text"].error_messages["max_length"] = _("最多 500 个字")
        self.fields["text"].required = False  # a picture may be enough; the engine asks for one
        self.words_or_pictures()

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "version": said.get("version"),
            "key": said.get("key", ""),
            "text": said.get("text", ""),
            "evidence": self.evidence(),
            "as_party": "merchant",
        }


class EvidenceForm(StepForm):
    """补充凭证: outside a round, or for the platform."""

    def fit(self) -> None:
        self.add_slot(
            Proof(code="added", label_zh=_("凭证"), label_en=_("凭证"), required=True, most=5)
        )
        self.fields["text"] = forms.CharField(
            label=_("说明"),
            required=False,
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 3}),
        )

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "key": said.get("key", ""),
            "evidence": self.evidence(),
            "text": said.get("text", ""),
            "as_party": "merchant",
        }


class AskReopenForm(StepForm):
    """申请重新处理: what an outage decided in the merchant's place."""

    def fit(self) -> None:
        self.fields["reason"] = forms.CharField(
            label=_("申请理由"),
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=_(
                "平台故障期间系统按买家要求自动同意了退货；说明你本来会怎样处理，10 到 500 个字"
            ),
        )


class GiveAddressForm(AddressForm):
    """按判定提供退货地址 (D12)."""


class AskAddressForm(AddressForm):
    """请求更换退货地址: to another than the one that the goods are on their way to."""

    address_label = gettext_lazy("换到")
    chosen = False

    def why_not(self, address: ReturnAddress) -> str:
        if address.valid and address.shown() != self.case.return_address:
            return ""
        return address.flagged or _("买家现在就是寄到这个地址")


class AppealForm(StepForm):
    """申诉 (T-25): why, and what is new."""

    def fit(self) -> None:
        self.fields["reason"] = forms.CharField(
            label=_("申诉理由"),
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=_("判定哪里不对，新的凭证说明什么，10 到 500 个字"),
        )
        self.add_slot(
            Proof(
                code="appeal",
                label_zh=_("新的凭证"),
                label_en=_("新的凭证"),
                hint_zh=_("判定时平台没有看到的凭证"),
                hint_en=_("判定时平台没有看到的凭证"),
                required=True,
                most=5,
            )
        )

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "version": said.get("version"),
            "key": said.get("key", ""),
            "reason": said["reason"],
            "evidence": self.evidence(),
            "as_party": "merchant",
        }


class AskPlatformForm(StepForm):
    """申请平台介入, after refused goods (T-17)."""

    def fit(self) -> None:
        self.fields["reason"] = forms.CharField(
            label=_("申请介入的理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 4})
        )
        self.fields["wants"] = forms.CharField(
            label=_("希望的结果"), required=False, max_length=200
        )
        self.add_slot(
            Proof(code="platform", label_zh=_("凭证"), label_en=_("凭证"), required=False, most=5)
        )

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "version": said.get("version"),
            "key": said.get("key", ""),
            "reason": said["reason"],
            "wants": said.get("wants", ""),
            "evidence": self.evidence(),
        }
