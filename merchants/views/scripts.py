"""协商话术: the platform's to read, the shop's own to write; nothing is deleted (M19)."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View

from aftersales import clock
from aftersales.display import when
from aftersales.drafting import Drafting
from aftersales.enums import Permission
from aftersales.models import ShopScript
from aftersales.models.owned import Outdated
from merchants.forms.scripts import ScriptForm
from merchants.showing import scripts
from merchants.views.base import ShopView


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


class OwnScript(ShopView):
    kwargs: dict[str, Any]
    permission = Permission.MANAGE

    @cached_property
    def standing(self) -> ShopScript | None:
        """The script of this shop that the address names; none where a new one is written."""
        if "code" not in self.kwargs:
            return None
        mine = ShopScript.objects.filter(shop=self.shop)
        found: ShopScript = get_object_or_404(mine, code=self.kwargs["code"])
        return found


class EditScript(OwnScript, Drafting, FormView):
    template_name = "merchants/scripts/edit.html"
    form_class = ScriptForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"shop": self.shop, "standing": self.standing}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "preview" not in request.POST:
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        form.is_valid()
        form.errors.clear()
        return self.render_to_response(self.get_context_data(form=form))

    def form_valid(self, form: ScriptForm) -> HttpResponse:
        said = form.cleaned_data
        lists = {name: said[name] for name in ShopScript.LISTS}
        was = (said["was"] or 0) if self.standing else None
        try:
            form.instance.store(by=self.member.user, was=was, **lists)
        except Outdated as outdated:
            standing: ShopScript = outdated.standing
            told = _("%(who)s 在 %(at)s 改过这段话术，请核对后再保存。你填写的内容已保留。") % {
                "who": standing.author,
                "at": when(standing.written_at, clock.now()),
            }
            form.add_error(None, told)
            fresh = self.request.POST.copy()
            fresh["was"] = str(standing.pk)
            form.data = fresh
            return self.form_invalid(form, 409, theirs=standing)
        self.forget()
        messages.success(self.request, _("话术已保存：%(name)s") % {"name": form.instance.label})
        return redirect("merchants:scripts")

    def form_invalid(self, form: ScriptForm, status: int = 422, **told: Any) -> HttpResponse:
        self.kept = self.keep(self.request.POST)
        return self.render_to_response(self.get_context_data(form=form, **told), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["form"] = form = kwargs.get("form") or self.get_form()
        return super().get_context_data(
            now=clock.now(),
            shops=self.request.shops,  # type: ignore[attr-defined]
            script=self.standing,
            history=self.standing.history() if self.standing else [],
            preview=form.preview(),
            draft_said=self.draft_said(),
            page_url=self.request.path,
            **kwargs,
        )


class SetAside(OwnScript, View):
    """停用, and 恢复使用."""

    http_method_names = ["post"]
    active = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.standing is None:
            raise Http404
        try:
            self.standing.switch(by=self.member.user, active=self.active)
        except Outdated:
            messages.error(request, _("这段话术刚刚有改动，请核对后再操作"))
            return redirect(reverse("merchants:edit_script", args=[self.standing.code]))
        name = {"name": self.standing.label}
        if self.active:
            messages.success(request, _("已恢复使用：%(name)s") % name)
        else:
            messages.success(request, _("已停用：%(name)s，已经发出的不受影响") % name)
        return redirect("merchants:scripts")
