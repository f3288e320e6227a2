"""What is filled in on a request: the question, and what is said afterwards."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.forms import SlotField, SlotForm, soften
from aftersales.models import Upload, User


class TalkForm(SlotForm):
    """One message with pictures; ``key`` is this one click."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    text = forms.CharField(
        label=gettext_lazy("内容"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 500}),
    )
    pictures = 3

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.initial = {"key": uuid.uuid4().hex, **self.initial}
        for name, field in self.fields.items():
            if name != "key":
                soften(field)
                if isinstance(field, forms.CharField):
                    most = field.max_length
                    field.error_messages["max_length"] = _("最多 {n} 个字").format(n=most)
        self.fields["proof_files"] = SlotField(
            user=user, slot="files", label=_("附图"), required=False, most=self.pictures
        )

    def pieces(self) -> list[Upload]:
        return list(self.cleaned_data.get("proof_files") or [])

    def given(self) -> dict[str, Any]:
        """What is to be said, as ``asking`` takes it."""
        return {
            "text": self.cleaned_data["text"],
            "files": self.pieces(),
            "key": self.cleaned_data["key"],
        }


class AskForm(TalkForm):
    """联系平台客服: what is wrong, what is wanted."""

    text = None  # type: ignore[assignment]
    problem = forms.CharField(
        label=gettext_lazy("遇到的问题"),
        max_length=500,
        help_text=gettext_lazy("说清楚发生了什么、为什么售后解决不了，10 到 500 个字"),
        widget=forms.Textarea(attrs={"rows": 5, "maxlength": 500}),
    )
    wants = forms.CharField(label=gettext_lazy("我希望的结果"), max_length=200)
    pictures = 6

    def given(self) -> dict[str, Any]:
        return {
            "problem": self.cleaned_data["problem"],
            "wants": self.cleaned_data["wants"],
            "files": self.pieces(),
            "key": self.cleaned_data["key"],
        }


class AnswerForm(TalkForm):
    """The platform's answer."""

    close = forms.BooleanField(
        label=gettext_lazy("答复后关闭工单"),
        required=False,
        help_text=gettext_lazy("关闭后买家不能再回复，但可以重新提交。"),
    )

    def given(self) -> dict[str, Any]:
        return super().given() | {"close": self.cleaned_data["close"]}
