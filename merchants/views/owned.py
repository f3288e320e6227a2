"""What a shop writes itself: a page to write and change it, and a click to put it out of use (M19, M24)."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.generic import FormView, View

from aftersales import clock
from aftersales.display import when
from aftersales.drafting import Drafting
from aftersales.enums import Permission
from aftersales.models.owned import Outdated, Owned
from merchants.views.base import ShopView


class OwnRow(ShopView):
    """Who manages the shop may write; what is another shop's is a 404."""

    kwargs: dict[str, Any]
    permission = Permission.MANAGE
    model: type[Owned]

    @cached_property
    def standing(self) -> Any:
        """The row that the address names, as it is in force; none where a new one is written."""
        if "code" not in self.kwargs:
            return None
        mine = self.model.objects.filter(shop=self.shop).select_related("author")
        return get_object_or_404(mine, code=self.kwargs["code"])


class EditOwned(OwnRow, Drafting, FormView):
    """The form's instance is the row to store, in the place of the one that ``was`` names."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"shop": self.shop, "standing": self.standing}

    def form_valid(self, form: Any) -> HttpResponse:
        row, said = form.instance, form.cleaned_data
        lists = {name: said[name] for name in self.model.LISTS}
        was = (said["was"] or 0) if self.standing else None
        try:
            row.store(by=self.member.user, was=was, **lists)
        except Outdated as outdated:
            return self.outdated(form, outdated.standing)
        self.forget()
        messages.success(self.request, _("已保存：%(name)s") % {"name": row.title})
        return redirect(self.url_after(row))

    def url_after(self, row: Any) -> str:
        raise NotImplementedError

    def outdated(self, form: Any, theirs: Owned) -> HttpResponse:
        """409: who was quicker, with what was typed; sent again it takes the place of theirs."""
        told = _("%(who)s 在 %(at)s 改过，请核对后再保存。你填写的内容已保留。") % {
            "who": theirs.author,
            "at": when(theirs.written_at, clock.now()),
        }
        form.add_error(None, told)
        form.data = self.request.POST.copy()
        form.data["was"] = str(theirs.pk)
        return self.form_invalid(form, 409, theirs=theirs)

    def form_invalid(self, form: Any, status: int = 422, **told: Any) -> HttpResponse:
        self.kept = self.keep(self.request.POST)
        return self.render_to_response(self.get_context_data(form=form, **told), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["form"] = kwargs.get("form") or self.get_form()
        return super().get_context_data(
            now=clock.now(),
            shops=self.request.shops,  # type: ignore[attr-defined]
            row=self.standing,
            history=self.standing.history() if self.standing else [],
            draft_said=self.draft_said(),
            **kwargs,
        )


class SwitchOwned(OwnRow, View):
    """Out of use, or into use again (``active``)."""

    http_method_names = ["post"]
    active = False
    list_name = ""
    said: tuple[Any, Any] = ("", "")  # once it is out of use, and in use

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            self.standing.switch(by=self.member.user, active=self.active)
        except Outdated:
            messages.error(request, _("刚刚有人改过，请核对后再操作"))
        else:
            messages.success(request, self.said[self.active] % {"name": self.standing.title})
        return redirect(self.list_name)
