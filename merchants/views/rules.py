"""规则与时限: the platform's clocks to read, the shop's own rules to write, try out and switch (M24)."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from aftersales import agreeing, clock
from aftersales.enums import Permission
from aftersales.models import AgreeRule
from merchants.forms.rules import RuleForm
from merchants.showing import rules
from merchants.views.base import ShopView, must_be_able
from merchants.views.owned import EditOwned, SwitchOwned

PER_PAGE = 20
MOST_SHOWN = 100  # cases of a dry run


class Rules(ShopView, TemplateView):
    """Any member may read them; who manages the shop and may agree himself may write."""

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


class EditRule(EditOwned):
    """With a dry run of what is typed, or (``?try=1``) of the rule as it stands."""

    template_name = "merchants/rules/edit.html"
    form_class = RuleForm
    model = AgreeRule

    def form_valid(self, form: RuleForm) -> HttpResponse:
        if "try" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form, tried=form.instance))
        must_be_able(self.member, Permission.AGREE)  # it agrees in his name
        return super().form_valid(form)

    def url_after(self, row: AgreeRule) -> str:
        return reverse("merchants:edit_rule", args=[row.code]) + "?try=1"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule, query = self.standing, self.request.GET
        tried = kwargs.pop("tried", rule if "try" in query else None)
        page = None
        if rule:
            agreed = agreeing.agreed_by(rule).select_related("reason", "agreed_rule")
            page = Paginator(agreed.order_by("-handled_at"), PER_PAGE).get_page(query.get("page"))
        return super().get_context_data(
            trial=agreeing.try_out(tried, clock.now()) if tried else None,
            most_shown=MOST_SHOWN,
            page=page,
            **kwargs,
        )


class SwitchRule(SwitchOwned):
    """A rule that is switched on looks only at what comes after, and agrees in his name who did it."""

    model = AgreeRule
    list_name = "merchants:rules"
    said = (
        gettext_lazy("已停用：%(name)s"),
        gettext_lazy("已启用：%(name)s，只处理此后的申请"),
    )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.active:
            must_be_able(self.member, Permission.AGREE)
        return super().post(request, *args, **kwargs)
