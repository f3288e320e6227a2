"""What bulk work and exports ask before they begin."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.jobs.exporting import FORMATS, SOURCES
from aftersales.models import Member
from merchants.forms.shop import plain_helper

NOBODY = "0"


class BulkForm(forms.Form):
    """The answers go into the job as they are (``told``)."""

    def __init__(self, *args: Any, team: list[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = plain_helper()
        self.fit(team)

    def fit(self, team: list[Member]) -> None:
        pass

    def told(self) -> dict[str, Any]:
        return {}


class AssignManyForm(BulkForm):
    """分配处理人: to a member on duty, or to nobody where that is chosen."""

    member = forms.ChoiceField(
        label=gettext_lazy("处理人"), error_messages={"required": gettext_lazy("请选择处理人")}
    )

    def fit(self, team: list[Member]) -> None:
        self.team = {str(each.pk): each for each in team}
        named = [(pk, str(each.user)) for pk, each in self.team.items()]
        choices = [("", _("请选择")), *named, (NOBODY, _("未分配"))]
        self.fields["member"].choices = choices  # type: ignore[attr-defined]

    def told(self) -> dict[str, Any]:
        chosen = self.team.get(self.cleaned_data["member"])
        return {"member": chosen and chosen.pk, "name": str(chosen.user) if chosen else ""}


class TagManyForm(BulkForm):
    tag = forms.CharField(
        label=gettext_lazy("标签"),
        max_length=20,
        widget=forms.TextInput(attrs={"list": "shop-tags", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("请填写标签"),
            "max_length": gettext_lazy("标签最多 20 个字"),
        },
    )

    def told(self) -> dict[str, Any]:
        return {"tag": " ".join(str(self.cleaned_data["tag"]).split())}


class ExportForm(forms.Form):
    """Which columns, in which format."""

    columns = forms.MultipleChoiceField(
        label=gettext_lazy("列"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("请至少选择一列")},
    )
    format = forms.ChoiceField(label=gettext_lazy("格式"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [(key, label) for key, (label, _value) in SOURCES[of].columns.items()]
        self.fields["columns"].choices = columns  # type: ignore[attr-defined]
        self.initial.setdefault("columns", [key for key, _label in columns])
        formats: Any = self.fields["format"]
        formats.choices = [(key, each[0]) for key, each in FORMATS.items()]
        formats.hints = {
            "utf-8": _("较新的 Excel、WPS 和各种系统都能打开"),
            "gb18030": _("给不认识 UTF-8 的旧版 Excel 或系统"),
        }
        self.initial.setdefault("format", "utf-8")
        self.helper = plain_helper()
