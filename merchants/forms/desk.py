"""What members keep for themselves: notes and tags on a case, and saved views."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.models import Case, Member, Note, SavedView, Tag
from aftersales.models.desk import MOST_TAGS
from merchants.forms.shop import plain_helper

MOST_VIEWS = 30  # of one member
LONGEST_QUERY = 1000


class NoteForm(forms.ModelForm):
    """Stands beside another form with words on many pages: its ids are its own."""

    keeps_drafts = True
    draft_said = ""

    class Meta:
        model = Note
        fields = ("text",)
        widgets = {"text": forms.Textarea(attrs={"rows": 2, "class": "form-control"})}
        error_messages = {
            "text": {
                "required": gettext_lazy("请填写备注"),
                "max_length": gettext_lazy("备注最多 1000 个字"),
            }
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"auto_id": "id_note_%s"})


class TagForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("标签"),
        max_length=20,
        error_messages={
            "required": gettext_lazy("请填写标签"),
            "max_length": gettext_lazy("标签最多 20 个字"),
        },
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if self.case.tags.exclude(name=name).count() >= MOST_TAGS:
            raise forms.ValidationError(_("一单最多 10 个标签"))
        return name

    def save(self) -> None:
        Tag.put_on(self.case, self.cleaned_data["name"])


class ViewForm(forms.ModelForm):
    """保存当前筛选, and renaming: the name is one's own only once."""

    class Meta:
        model = SavedView
        fields = ("name", "shared")
        error_messages = {
            "name": {
                "required": gettext_lazy("请填写名称"),
                "max_length": gettext_lazy("名称最多 20 个字"),
            }
        }

    def __init__(self, *args: Any, member: Member, query: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.member = member
        if query:
            self.instance.query = query
        self.fields["shared"].label = _("店铺成员都能看到")
        self.helper = plain_helper()

    def clean(self) -> dict[str, Any]:
        if len(self.instance.query) > LONGEST_QUERY:
            raise forms.ValidationError(_("筛选条件太多，不能保存"))
        return dict(self.cleaned_data)

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        mine = SavedView.objects.filter(member=self.instance.member).exclude(pk=self.instance.pk)
        if mine.filter(name=name).exists():
            raise forms.ValidationError(_("你已经有一个同名的筛选"))
        if self.instance.pk is None and mine.count() >= MOST_VIEWS:
            raise forms.ValidationError(_("最多保存 30 个筛选，请先删除不用的"))
        return name
