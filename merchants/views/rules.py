"""规则与时限: the platform's clocks to read, the shop's own rules to write, try out and switch (M24)."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View

from aftersales import agreeing, clock
from aftersales.display import when
from aftersales.drafting import Drafting
from aftersales.enums import Permission
from aftersales.models import AgreeRule
from aftersales.models.owned import Outdated
from merchants.forms.rules import RuleForm
from merchants.showing import rules
from merchants.views.base import ShopView, must_be_able

PER_PAGE = 20
MOST_SHOWN = 100  # cases of a dry run


class Rules(ShopView, TemplateView):
    """Any member may read them."""

    template_name = "merchants/rules/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        return super().get_context_data(
            now=now,
            shops=self.request.shops,  # type: ignore[attr-defined]
            rules=rules.rules_of(self.shop, now),
            clocks=rules.clocks(now),
            manages=self.member.can(Permission.MANAGE),
            **kwargs,
        )


class OwnRule(ShopView):
    """Who writes a rule manages the shop; it agrees in his name, so he may agree himself."""

    kwargs: dict[str, Any]
    permission = Permission.MANAGE

    @cached_property
    def standing(self) -> AgreeRule | None:
        if "code" not in self.kwargs:
            return None
        mine = AgreeRule.objects.filter(shop=self.shop).select_related("author")
        found: AgreeRule = get_object_or_404(mine, code=self.kwargs["code"])
        return found


class EditRule(OwnRule, Drafting, FormView):
    template_name = "merchants/rules/edit.html"
    form_class = RuleForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"shop": self.shop, "standing": self.standing}

    def form_valid(self, form: RuleForm) -> HttpResponse:
        if "try" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form, tried=form.instance))
        must_be_able(self.member, Permission.AGREE)
        rule = form.instance
        was = (form.cleaned_data["was"] or 0) if self.standing else None
        try:
            rule.store(by=self.member.user, was=was)
        except Outdated as outdated:
            standing: AgreeRule = outdated.standing
            told = _("%(who)s 在 %(at)s 改过这条规则，请核对后再保存。你填写的内容已保留。") % {
                "who": standing.author,
                "at": when(standing.written_at, clock.now()),
            }
            form.add_error(None, told)
            fresh = self.request.POST.copy()
            fresh["was"] = str(standing.pk)
            form.data = fresh
            return self.form_invalid(form, 409)
        self.forget()
        messages.success(self.request, _("规则已保存：%(name)s") % {"name": rule.name})
        return redirect(reverse("merchants:edit_rule", args=[rule.code]) + "?try=1")

    def form_invalid(self, form: RuleForm, status: int = 422) -> HttpResponse:
        self.kept = self.keep(self.request.POST)
        return self.render_to_response(self.get_context_data(form=form), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["form"] = kwargs.get("form") or self.get_form()
        now = clock.now()
        tried = kwargs.pop("tried", None)
        if tried is None and self.standing and "try" in self.request.GET:
            tried = self.standing
        page = None
        if self.standing:
            agreed = agreeing.agreed_by(self.standing).select_related("reason", "agreed_rule")
            pages = Paginator(agreed.order_by("-handled_at"), PER_PAGE)
            page = pages.get_page(self.request.GET.get("page"))
        return super().get_context_data(
            now=now,
            shops=self.request.shops,  # type: ignore[attr-defined]
            rule=self.standing,
            history=self.standing.history() if self.standing else [],
            trial=agreeing.try_out(tried, now) if tried else None,
            most_shown=MOST_SHOWN,
            page=page,
            draft_said=self.draft_said(),
            **kwargs,
        )


class SwitchRule(OwnRule, View):
    """启用, and 停用; a rule that is switched on looks only at what comes after."""

    http_method_names = ["post"]
    active = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.standing is None:
            raise Http404
        if self.active:
            must_be_able(self.member, Permission.AGREE)
        try:
            self.standing.switch(by=self.member.user, active=self.active)
        except Outdated:
            messages.error(request, _("这条规则刚刚有改动，请核对后再操作"))
            return redirect(reverse("merchants:edit_rule", args=[self.standing.code]))
        name = {"name": self.standing.name}
        if self.active:
            messages.success(request, _("已启用：%(name)s，只处理此后的申请") % name)
        else:
            messages.success(request, _("已停用：%(name)s") % name)
        return redirect("merchants:rules")
