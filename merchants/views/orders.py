"""订单: the shop's orders by list and search, one order with its cases, shipping and facts."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from aftersales import clock, shipping
from aftersales.display import mask
from aftersales.enums import Direction, OrderState, Permission
from aftersales.furnishing.views import FactsView
from aftersales.holding import held_of
from aftersales.models import Case, Order
from aftersales.steps import Refused
from merchants.forms.parcels import ShipForm
from merchants.orderlist import OrderList
from merchants.views.base import ShopView, must_be_able

A_PAGE = 20


class Orders(ShopView, TemplateView):
    template_name = "merchants/orders/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = OrderList(self.request.GET, self.shop)
        page = Paginator(found.orders, A_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            now=clock.now(),
            shops=self.request.shops,  # type: ignore[attr-defined]
            asked=found.asked,
            state=found.state,
            export_query=urlencode({"of": "orders", "list": found.query}),
            may_export=self.member.can(Permission.EXPORT),
            tabs=[("", _("全部")), *((each.value, each.label) for each in OrderState)],
            page_obj=page,
            rows=[(order, mask(order.buyer_nick or str(order.buyer or ""))) for order in page],
            **kwargs,
        )


class OrderPage(ShopView, TemplateView):
    """One order; POST ships it, or says why not (409), or asks for the risk to be acknowledged."""

    template_name = "merchants/orders/order.html"

    def order(self) -> Order:
        orders = Order.objects.filter(shop=self.shop).select_related("buyer")
        found: Order = get_object_or_404(orders, number=self.kwargs["number"])
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        order = self.order()
        cases = list(Case.objects.filter(order=order).select_related("line"))
        for case in cases:
            case.catch_up()
        asking = shipping.open_refunds(order)
        refusal = shipping.why_not(order, self.request.user)
        lines = list(order.lines.select_related("parcel"))
        for line in lines:
            line.order = order
        held = held_of(lines)
        left = order.to_ship() if order.state in shipping.SHIPPABLE else []
        unsent = {line.pk: line.unsent for line in left}
        kwargs.setdefault("form", ShipForm(asking=bool(asking), left=left))
        return super().get_context_data(
            now=clock.now(),
            shops=self.request.shops,  # type: ignore[attr-defined]
            order=order,
            buyer=mask(order.buyer_nick or str(order.buyer or "")),
            receiver=mask(order.receiver) if order.receiver else "",
            lines=[(line, held.get(line.pk), unsent.get(line.pk)) for line in lines],
            payments=order.payments.all(),
            sent=[each for each in order.parcels.all() if each.direction == Direction.OUTBOUND],
            cases=cases,
            changes=order.changes.select_related("user"),
            may_furnish=self.member.can(Permission.IMPORT),
            asking=asking,
            shippable=order.state in shipping.SHIPPABLE,
            the_rest=left[0] if len(left) == 1 < len(lines) else None,
            ship_refusal=refusal,
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        must_be_able(self.member, Permission.SHIP)
        order = self.order()
        left, asking = order.to_ship(), bool(shipping.open_refunds(order))
        form = ShipForm(request.POST, asking=asking, left=left)
        status = 422
        if form.is_valid():
            try:
                parcel = shipping.ship(order, by=request.user, **form.cleaned_data)
            except Refused as refused:
                if "acknowledged" in refused.errors and "acknowledged" not in form.fields:
                    form = ShipForm(
                        request.POST, asking=True, left=left
                    )  # asked for while we typed
                form.refuse(refused.errors, refused.sentence)
                status = 409 if refused.conflict or "acknowledged" in refused.errors else 422
            else:
                messages.success(request, _("已发货：%(parcel)s") % {"parcel": parcel})
                return redirect("merchants:order", number=order.number)
        return self.render_to_response(self.get_context_data(form=form), status=status)


class Facts(ShopView, FactsView):
    """订单资料: what no file says of the order; who may bring orders in may complete them."""

    template_name = "merchants/orders/facts.html"
    permission = Permission.IMPORT

    @cached_property
    def order(self) -> Order:
        orders = Order.objects.filter(shop=self.shop)
        found: Order = get_object_or_404(orders, number=self.kwargs["number"])
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shops = self.request.shops  # type: ignore[attr-defined]
        running = Case.objects.open().filter(order=self.order).count()
        return super().get_context_data(shops=shops, running=running, **kwargs)

    def url_after(self, order: Order) -> str:
        return reverse("merchants:order", args=[order.number])
