"""协商话术: the platform's to read, the shop's own to write; nothing is deleted (M19)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from aftersales import clock
from aftersales.enums import Permission
from aftersales.models import ShopScript
from merchants.forms.scripts import ScriptForm
from merchants.showing import scripts
from merchants.views.base import ShopView
from merchants.views.owned import EditOwned, SwitchOwned


class Scripts(ShopView, TemplateView):
    """Any member may read them; who manages the shop may write."""

    template_name = "merchants/scripts/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        used, archived = scripts.own(self.shop)
        return super().get_context_data(
            now=clock.now(),
            shops=self.request.shops,  # type: ignore[attr-defined]
            used=used,
            archived=archived,
            groups=scripts.of_the_platform(self.shop),
            manages=self.member.can(Permission.MANAGE),
            **kwargs,
        )


class EditScript(EditOwned):
    template_name = "merchants/scripts/edit.html"
    form_class = ScriptForm
    model = ShopScript

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "preview" not in request.POST:
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        form.is_valid()
        form.errors.clear()
        return self.render_to_response(self.get_context_data(form=form))

    def url_after(self, row: ShopScript) -> str:
        return reverse("merchants:scripts")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form") or self.get_form()
        return super().get_context_data(**kwargs | {"form": form, "preview": form.preview()})


class SwitchScript(SwitchOwned):
    model = ShopScript
    list_name = "merchants:scripts"
    said = (
        gettext_lazy("已停用：%(name)s，已经发出的不受影响"),
        gettext_lazy("已恢复使用：%(name)s"),
    )
