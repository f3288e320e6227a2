"""The shop's own things: return addresses, and members with what they may do."""

import re
import unicodedata
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import Permission
from aftersales.forms import MoneyField
from aftersales.models import Member, ReturnAddress, Shop, User
from aftersales.rules.roles import ROLES, Role

PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|[48]00-?\d{3}-?\d{4}")


def plain_helper() -> FormHelper:
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    return helper


class AddressForm(forms.ModelForm):
    class Meta:
        model = ReturnAddress
        fields = ("name", "phone", "region", "detail", "default")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = plain_helper()
        self.fields["phone"].help_text = _("手机号或座机（区号-号码），只给寄回商品的买家看")
        self.fields["region"].help_text = _("例如：浙江省杭州市西湖区")
        self.fields["default"].label = _("设为默认地址")
        for name, field in self.fields.items():
            if name != "default":
                field.error_messages["required"] = _("请填写%(label)s") % {"label": field.label}
                field.error_messages["max_length"] = _("最多 %(limit_value)s 个字")

    def clean_phone(self) -> str:
        phone = unicodedata.normalize("NFKC", str(self.cleaned_data["phone"]))
        phone = re.sub(r"\s", "", phone)
        if not PHONE.fullmatch(phone):
            raise forms.ValidationError(_("请输入正确的手机号或座机号码"))
        return phone


class MemberForm(forms.Form):
    """A role or permissions of his own, and whether on duty; a new member is named by his account."""

    username = forms.CharField(label=gettext_lazy("账号"), max_length=150)
    role = forms.ChoiceField(
        label=gettext_lazy("岗位"),
        required=False,
        choices=Role.choices,
        widget=forms.RadioSelect,
        initial=Role.AGENT,
    )
    permissions = forms.MultipleChoiceField(
        label=gettext_lazy("权限"),
        required=False,
        choices=Permission.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    agree_most = MoneyField(
        label=gettext_lazy("同意限额"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("一单最多能同意多少钱，超过的要由别人同意；不填就是不限"),
    )
    active = forms.BooleanField(label=gettext_lazy("在岗"), required=False, initial=True)

    def __init__(self, *args: Any, shop: Shop, member: Member | None = None, **kwargs: Any) -> None:
        self.shop, self.member = shop, member
        if member is not None:
            told = ("permissions", "active", "role", "agree_most")
            kwargs["initial"] = {name: getattr(member, name) for name in told}
        super().__init__(*args, **kwargs)
        self.helper = plain_helper()
        self.fields["permissions"].hints = {  # type: ignore[attr-defined]
            str(Permission.AGREE): _("同意退款、同意退货、接受买家方案"),
            str(Permission.NEGOTIATE): _("发起协商、聊天、虚拟号码、提交凭证"),
            str(Permission.REJECT): _("核实风险、驳回退款、拒绝收货"),
            str(Permission.RECEIVE): _("确认收货、确认拒收件退回"),
            str(Permission.SHIP): _("订单发货、寄出换货与补寄"),
            str(Permission.IMPORT): _("导入平台订单文件、补充订单资料"),
            str(Permission.EXPORT): _("把售后单和订单导出为文件"),
            str(Permission.MANAGE): _(
                "退货地址、成员与权限、本店话术、自动同意规则，整理共享的筛选"
            ),
        }
        if member is not None:
            del self.fields["username"]
        else:
            del self.fields["active"]
            self.fields["username"].help_text = _("对方登录售后台用的账号名")
            self.fields["username"].error_messages["required"] = _("请填写账号")

        names = dict(Permission.choices)
        self.fields["role"].hints = {  # type: ignore[attr-defined]
            str(role): _("、").join(str(names[each]) for each in Permission if each in usual)
            for role, usual in ROLES.items()
        } | {str(Role.READER): _("只能查看"), str(Role.OWN): _("逐项勾选权限")}

    def clean(self) -> dict[str, Any]:
        """The permissions that go with the role, unless they are his own."""
        said: dict[str, Any] = super().clean() or {}
        role = said.pop("role", "") or Role.OWN
        if role != Role.OWN:
            said["permissions"] = [str(each) for each in Permission if each in ROLES[Role(role)]]
        return said

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"]).strip()
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise forms.ValidationError(_("没有这个账号"))
        self.user = user
        if user.is_staff:  # who stands on a side may not rule: no shop is to choose who can't
            raise forms.ValidationError(_("平台客服的账号不能成为店铺成员"))
        if Member.objects.filter(shop=self.shop, user=user).exists():
            raise forms.ValidationError(_("这个账号已经是本店成员"))
        return name
