"""The forms of a passkey, in our words."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class AddPasskey(AddWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("名称"), max_length=100, required=False)
    passwordless = forms.BooleanField(
        label=_("可以代替密码登录"),
        required=False,
        initial=True,
        help_text=_("登录时只用它，不输密码；设备会先核对指纹、面容或 PIN。"),
    )


class RenamePasskey(EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("名称"), max_length=100)
