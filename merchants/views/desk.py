"""What members keep for themselves (M2, M21): notes, tags, who is looking, and saved views.

None of it moves a case, so none of it is a step; see ``aftersales/models/desk.py``.
"""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View

from aftersales import cached, clock
from aftersales.drafting import Drafting
from aftersales.enums import Permission
from aftersales.models import Note, SavedView
from merchants import presence
from merchants.forms.desk import NoteForm, TagForm, ViewForm
from merchants.views.base import MerchantCase, ShopView, ask_first
from merchants.views.case import CasePage
from merchants.worklist import WorkList


class AddNote(CasePage, Drafting):
    """A note is written under the case page; a mistake shows that page again with the text."""

    @property
    def shown_at(self) -> str:
        return self.url_of("case") + "#notes"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(self.shown_at)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        note = Note(case=self.case, member=self.member, at=clock.now())
        form = NoteForm(request.POST, instance=note)
        if not form.is_valid():
            self.remember(form)
            context = self.get_context_data(form=form, note_form=form)
            return self.render_to_response(context, status=422)
        form.save()
        self.forget()
        messages.success(request, _("备注已保存，只有本店成员可见"))
        return redirect(self.shown_at)


class DropNote(MerchantCase, View):
    """Whoever wrote a note may take it away again."""

    @property
    def note(self) -> Note:
        mine = self.case.notes.filter(member__user=self.request.user.pk)
        return get_object_or_404(mine, pk=self.kwargs["pk"])

    @property
    def back_url(self) -> str:
        return self.url_of("case") + "#notes"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        heading, button = _("删除这条备注？"), _("删除备注")
        return ask_first(request, heading, self.note.text, button, self.back_url)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.note.delete()
        messages.success(request, _("备注已删除"))
        return redirect(self.back_url)


class AddTag(CasePage):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = TagForm(request.POST, case=self.case)
        if not form.is_valid():
            context = self.get_context_data(form=form, tag_form=form)
            return self.render_to_response(context, status=422)
        form.save()
        return redirect(self.url_of("case"))


class DropTag(MerchantCase, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        get_object_or_404(self.case.tags, pk=kwargs["pk"]).take_off(self.case)
        return redirect(self.url_of("case"))


class Presence(MerchantCase, TemplateView):
    """Who else is on this case; asked every 30 s, which also says that one still is oneself."""

    template_name = "merchants/cases/_looking.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        presence.enter(self.case, self.member)
        team = request.team  # type: ignore[attr-defined]
        looking = presence.elsewhere(team, self.member).get(self.case.pk, [])
        if presence.told(looking) == request.GET.get("told"):  # nobody hears it twice
            return HttpResponse(status=204)
        told = {
            "looking": looking,
            "told": presence.told(looking),
            "others_unknown": cached.away(),
            "now": clock.now(),
        }
        return self.render_to_response(told)


# Saved views --------------------------------------------------------------------------------------


class Views(ShopView, TemplateView):
    """M21: one's own views to rename, share or delete, and those of colleagues to use."""

    template_name = "merchants/views/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = SavedView.objects.for_member(self.member).select_related("member__user")
        return super().get_context_data(
            now=clock.now(),
            shops=self.request.shops,  # type: ignore[attr-defined]
            mine=[view for view in known if view.member_id == self.member.pk],
            theirs=[view for view in known if view.member_id != self.member.pk],
            manages=self.member.can(Permission.MANAGE),
            **kwargs,
        )


class SaveView(ShopView, FormView):
    """The list in hand under a name: posted from the queue, or corrected on its own page."""

    template_name = "merchants/views/edit.html"
    form_class = ViewForm

    @cached_property
    def view(self) -> SavedView | None:
        if "pk" not in self.kwargs:
            return None
        return get_object_or_404(SavedView, member=self.member, pk=self.kwargs["pk"])

    @cached_property
    def query(self) -> str:
        """The list as the queue itself would write it, whatever was sent."""
        if self.view is not None:
            return self.view.query
        sent = self.request.POST or self.request.GET
        team = self.request.team  # type: ignore[attr-defined]
        return WorkList(QueryDict(sent.get("query", "")), self.member, team).query

    def get_form_kwargs(self) -> dict[str, Any]:
        known = {"instance": self.view} if self.view else {"query": self.query}
        return super().get_form_kwargs() | known | {"member": self.member}

    def form_valid(self, form: ViewForm) -> HttpResponse:
        saved = form.save()
        messages.success(self.request, _("筛选已保存：%(name)s") % {"name": saved.name})
        queue = f"{reverse('merchants:queue')}?{saved.query}"
        return redirect("merchants:views" if self.view else queue)

    def form_invalid(self, form: ViewForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            now=clock.now(),
            shops=self.request.shops,  # type: ignore[attr-defined]
            view=self.view,
            query=self.query,
            **kwargs,
        )


class DropView(ShopView, View):
    """One's own; a shared one also by who manages the shop."""

    @cached_property
    def view(self) -> SavedView:
        may = Q(member=self.member)
        if self.member.can(Permission.MANAGE):
            may |= Q(shared=True, member__shop=self.shop)
        return get_object_or_404(SavedView.objects.filter(may), pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        heading, button = _("删除这个筛选？"), _("删除筛选")
        return ask_first(request, heading, self.view.name, button, reverse("merchants:views"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.view.delete()
        messages.success(request, _("已删除筛选：%(name)s") % {"name": self.view.name})
        return redirect("merchants:views")
