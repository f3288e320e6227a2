"""订单资料, as the page of whoever may complete them: the shop, or the platform in the admin."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import FormView

from aftersales.drafting import Drafting
from aftersales.furnishing.forms import FactsForm
from aftersales.models import Order
from aftersales.steps import Refused


class FactsView(Drafting, FormView):
    """What was typed is a draft until it is taken; a page out of date is a 409."""

    form_class = FactsForm
    order: Any = None

    def url_after(self, order: Order) -> str:
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"order": self.order}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(order=self.order, **kwargs)
        return context | {"draft_said": self.draft_said()}

    def form_valid(self, form: FactsForm) -> HttpResponse:
        try:
            form.take(self.request.user)
        except Refused as refused:
            form.refuse(refused)
            return self.form_invalid(form, status=409 if refused.conflict else 422)
        self.forget()
        messages.success(self.request, _("订单资料已保存"))
        return redirect(self.url_after(self.order))

    def form_invalid(self, form: FactsForm, status: int = 422) -> HttpResponse:
        self.remember(form)
        return self.render_to_response(self.get_context_data(form=form), status=status)
