"""What every form asks of a parcel: its number, and by which carrier it goes."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.forms import StepForm
from aftersales.logistics.carriers import CARRIERS, OTHER, guess_carrier, is_number, read_tracking


class TrackingForm(StepForm):
    """A parcel's number; the carrier is read from what was pasted or guessed from the number, and
    can be chosen."""

    tracking = forms.CharField(
        label=gettext_lazy("快递单号"),
        max_length=100,
        help_text=gettext_lazy("8–30 位字母和数字，在寄件底单上；可以连快递公司一起粘贴"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    carrier = forms.ChoiceField(label=gettext_lazy("快递公司"), required=False)
    # What the page before had guessed, so that a guess is not taken for a choice with another number.
    recognised = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = _("请输入快递单号（8–30 位字母和数字）")
        self.fields["tracking"].error_messages["required"] = told

    def fit(self) -> None:
        field: Any = self.fields["carrier"]
        field.choices = [("", _("按单号自动识别")), *((name, name) for name in (*CARRIERS, OTHER))]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        guessed = given.pop("recognised", "")
        if not given.get("tracking"):
            return given
        given["tracking"], named = read_tracking(given["tracking"])
        found = named or guess_carrier(given["tracking"])
        if given.get("carrier") == guessed:
            given["carrier"] = ""
        recognised = found if "refresh" in self.data or not given.get("carrier") else ""
        if recognised:
            given["carrier"] = recognised
            self["carrier"].help_text = _("已自动识别，不对请改")
        if not is_number(given["tracking"]):
            self.add_error("tracking", self.fields["tracking"].error_messages["required"])
        elif not given.get("carrier"):
            self.add_error("carrier", _("认不出是哪家快递，请选择快递公司"))
        data = self.data.copy()  # type: ignore[attr-defined]
        for name in ("tracking", "carrier"):
            data[name] = given.get(name, "")
        data["recognised"] = recognised
        self.data = data  # the page shows what was recognised
        return given
