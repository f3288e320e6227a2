"""The one thing an import asks for: a file."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.imports import jobs
from aftersales.imports.reading import LARGEST_FILE, MEGABYTE, Unreadable
from aftersales.models import ImportJob, Shop, User
from aftersales.models.importing import ACTIVE

MOST_AT_ONCE = 5


class UploadForm(forms.Form):
    """Takes a file only if it looks like one of ours; the rows are looked at later."""

    file = forms.FileField(
        label=gettext_lazy("订单文件"),
        allow_empty_file=True,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        error_messages={
            "required": gettext_lazy("请选择要导入的文件"),
            "max_length": gettext_lazy("文件名太长，请改短后再上传"),
        },
    )
    job: ImportJob

    def __init__(self, *args: Any, shop: Shop, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shop, self.user = shop, user
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.fields["file"].help_text = _(
            ".csv 或 .xlsx，最大 {most} MB；从平台导出后原样上传，不用改动"
        ).format(most=LARGEST_FILE // MEGABYTE)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "file" not in cleaned:
            return cleaned
        if self.shop.imports.filter(state__in=ACTIVE).count() >= MOST_AT_ONCE:
            raise forms.ValidationError(_("还有文件正在预检或导入，请等它们完成后再上传"))
        try:
            self.job = jobs.start(self.shop, self.user, cleaned["file"])
        except Unreadable as problem:
            self.add_error("file", _(problem.reason).format(**problem.facts))
        return cleaned
