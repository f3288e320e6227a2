"""个人中心与我的订单: the buyer's orders, one order, and finding an order again (B1 to B3)."""

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from aftersales import clock
from aftersales.enums import OrderState
from aftersales.models import Case, CaseQuerySet, Order
from buyers.forms import FindForm
from buyers.showing.orders import refundable_now, shown_orders, traces
from buyers.showing.standing import FIRST_DUE, WAITING_FOR_BUYER, standing
from buyers.views.base import BuyerPage

DONE = (OrderState.SIGNED, OrderState.FINISHED, OrderState.CLOSED)
TABS: dict[str, tuple[OrderState, ...]] = {
    "all": tuple(OrderState),
    "unshipped": (OrderState.PAID, OrderState.PART),
    "coming": (OrderState.PART, OrderState.SHIPPED),
    "done": DONE,
}
A_PAGE = 20
MOST_TRIES = 5
TRIES_WITHIN = 15 * 60  # seconds


class Home(BuyerPage, TemplateView):
    """个人中心 (B1)."""

    template_name = "buyers/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        mine = caught_up(Case.objects.for_buyer(self.user))
        waiting = mine.filter(WAITING_FOR_BUYER)
        first = waiting.select_related("line", "order", "shop").order_by(FIRST_DUE, "pk")[:3]
        return super().get_context_data(
            now=now,
            waiting=waiting.count(),
            orders=Order.objects.for_buyer(self.user).count(),
            cases=[(case, standing(case, now)) for case in first],
            **kwargs,
        )


class Orders(BuyerPage, TemplateView):
    """我的订单 (B2)."""

    template_name = "buyers/orders/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tab = self.request.GET.get("tab", "all")
        tab = tab if tab in TABS else "all"
        asked = self.request.GET.get("q", "").strip()[:80]
        caught_up(Case.objects.for_buyer(self.user))
        orders = Order.objects.for_buyer(self.user).filter(state__in=TABS[tab])
        if asked:
            orders = orders.filter(
                Q(number__icontains=asked)
                | Q(shop__name__icontains=asked)
                | Q(lines__title__icontains=asked)
                | Q(lines__sku__icontains=asked)
            ).distinct()
        orders = orders.select_related("shop").prefetch_related("lines__parcel")
        page = Paginator(orders, A_PAGE).get_page(self.request.GET.get("page"))
        now = clock.now()
        names = {
            "all": _("全部"),
            "unshipped": _("待发货"),
            "coming": _("待收货"),
            "done": _("已完成"),
        }
        return super().get_context_data(
            now=now,
            tab=tab,
            tabs=list(names.items()),
            q=asked,
            page_obj=page,
            orders=shown_orders(list(page), now),
            **kwargs,
        )


class OrderPage(BuyerPage, TemplateView):
    """One order: lines, logistics, and what can be refunded (B3)."""

    template_name = "buyers/orders/order.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = Order.objects.for_buyer(self.user).select_related("shop")
        found = found.prefetch_related("lines__parcel", "parcels", "payments")
        order = get_object_or_404(
            found, shop__code=self.kwargs["shop"], number=self.kwargs["number"]
        )
        caught_up(Case.objects.for_buyer(self.user))
        now = clock.now()
        [shown] = shown_orders([order], now)
        lines = [(line, *refundable_now(line.line)) for line in shown.lines]
        return super().get_context_data(
            now=now,
            order=order,
            shown=shown,
            lines=lines,
            traces=traces(order),
            inspect_first=not order.signed and order.state != OrderState.CLOSED,
            times=[
                (_("下单"), order.ordered_at),
                (_("付款"), order.paid_at),
                (_("发货"), order.shipped_at),
                (_("签收"), order.signed_at),
                (_("交易成功"), order.finished_at),
            ],
            **kwargs,
        )


class FindOrder(BuyerPage, FormView):
    """找回订单: claim an imported order that nobody has yet, with its number and what was paid.

    One answer for wrong, unknown and taken, and few tries: nobody learns of another's order.
    """

    template_name = "buyers/orders/find.html"
    form_class = FindForm

    def form_valid(self, form: FindForm) -> HttpResponse:
        if self._tried_too_often():
            form.add_error(None, _("试的次数太多了，请 15 分钟后再试"))
            return self.render_to_response(self.get_context_data(form=form), status=429)
        number, paid = form.cleaned_data["number"].strip(), form.cleaned_data["paid"]
        free = Order.objects.filter(number=number, paid=paid, buyer=None).exclude(
            shop__members__user=self.user
        )
        found = list(free.select_related("shop")[:2])
        if len(found) == 1:
            order = found[0]
            if Order.objects.filter(pk=order.pk, buyer=None).update(buyer=self.user):
                messages.success(self.request, _("订单已找回，可以在这里申请售后"))
                return redirect(reverse("buyers:order", args=[order.shop.code, order.number]))
        if mine := Order.objects.for_buyer(self.user).filter(number=number).first():
            messages.info(self.request, _("这笔订单已经在你的账号下"))
            return redirect(reverse("buyers:order", args=[mine.shop.code, mine.number]))
        form.add_error(None, _("没有找到这笔订单，请核对订单号和实付金额"))
        return self.form_invalid(form)

    def form_invalid(self, form: FindForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _tried_too_often(self) -> bool:
        key = f"find-order:{self.user.pk}"
        cache.add(key, 0, TRIES_WITHIN)
        try:
            return cache.incr(key) > MOST_TRIES
        except ValueError:  # it ran out between the two
            return False


def caught_up(cases: CaseQuerySet) -> CaseQuerySet:
    """Let lapsed time act on the due ones first, so that no list says what is no longer so."""
    for case in cases.due().select_related("order", "line", "reason", "shop", "buyer"):
        case.catch_up()
    return cases
