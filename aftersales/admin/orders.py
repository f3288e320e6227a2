"""订单 for staff: as they came from the marketplace, with names and numbers masked; and the page on
which what no file says of one is told."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales import clock, display
from aftersales.admin.looking import ReadOnly, Rows, column, moment, sums
from aftersales.furnishing.changing import STAFF_MAY
from aftersales.furnishing.views import FactsView
from aftersales.holding import held_of
from aftersales.models import Order, OrderLine, Parcel, Payment

OF_ORDER = sums(
    *(Order, "goods_total", "discount", "postage", "paid", "free_shipping_from", "full_postage")
)
OF_LINE, OF_PAYMENT = sums(OrderLine, "paid", "list_total"), sums(Payment, "amount")


class LineRows(Rows):
    model = OrderLine
    fields = [
        *("number", "title", "sku", "quantity", OF_LINE["paid"], "payment"),
        *(OF_LINE["list_total"], "bundle", "gift_of"),
    ]
    readonly_fields = ["payment", *OF_LINE.values()]

    @admin.display(description=_("货款"))
    def payment(self, line: OrderLine) -> str:
        held = held_of([line]).get(line.pk)
        return held.told if held else display.EMPTY


class PaymentRows(Rows):
    model = Payment
    fields = ["route", "reference", OF_PAYMENT["amount"]]
    readonly_fields = list(OF_PAYMENT.values())


class ParcelRows(Rows):
    model = Parcel
    fields = ["direction", "carrier", "tracking", "state", "shipped_at", "signed_at"]


@admin.register(Order)
class OrderAdmin(ReadOnly):
    list_display = ["number", "state", "yuan", column(_("店铺"), "shop"), "buyer_name", "paid_time"]
    list_filter = ["state", "free_shipping", "freight_cover"]
    list_select_related = ["shop", "buyer"]
    search_fields = ["number__startswith", "buyer_nick__exact", "parcels__tracking__exact"]
    search_help_text = _("订单号（从头输入）、买家昵称或快递单号")
    ordering = ["-pk"]
    inlines = [LineRows, PaymentRows, ParcelRows]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "number",
                    "shop_name",
                    "state",
                    "buyer_name",
                    "receiver_name",
                    "telephone",
                ]
            },
        ),
        (
            _("金额"),
            {
                "fields": [
                    *(OF_ORDER[name] for name in ("goods_total", "discount", "postage", "paid")),
                    "free_shipping",
                ]
            },
        ),
        (
            _("订单资料"),
            {
                "fields": [
                    OF_ORDER["free_shipping_from"],
                    OF_ORDER["full_postage"],
                    "ship_from",
                    "freight_cover",
                    "edit_facts",
                    "changes_told",
                ]
            },
        ),
        (
            _("时间"),
            {
                "fields": [
                    "ordered_at",
                    "paid_at",
                    "promised_at",
                    "shipped_at",
                    "signed_at",
                    "finished_at",
                ]
            },
        ),
    ]
    readonly_fields = [
        *("shop_name", "buyer_name", "receiver_name", "telephone"),
        *("edit_facts", "changes_told"),
        *OF_ORDER.values(),
    ]

    def get_urls(self) -> list[URLPattern]:
        facts = self.admin_site.admin_view(self.facts)
        return [path("<int:pk>/facts/", facts, name="order_facts"), *super().get_urls()]

    def facts(self, request: HttpRequest, pk: int) -> HttpResponse:
        """订单资料, as the shop has it."""
        user: Any = request.user
        if not user.has_perm(STAFF_MAY):
            raise PermissionDenied
        order = get_object_or_404(Order.objects.select_related("shop"), pk=pk)
        frame = self.admin_site.each_context(request)
        page: Any = FactsPage.as_view(frame=frame, order=order)
        answer: HttpResponse = page(request)
        return answer

    @admin.display(description=_("修改"))
    def edit_facts(self, order: Order) -> SafeString:
        url = reverse("admin:order_facts", args=[order.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("补充订单资料"))

    @admin.display(description=_("变更记录"))
    def changes_told(self, order: Order) -> SafeString:
        changes = order.changes.select_related("user")
        if not changes:
            return display.nothing()
        context = {"changes": changes, "now": clock.now()}
        return render_to_string("components/order_changes.html", context)

    @admin.display(description=_("实付（元）"), ordering="paid")
    def yuan(self, order: Order) -> str:
        return display.plain_money(order.paid)

    @admin.display(description=_("买家"))
    def buyer_name(self, order: Order) -> str:
        return display.mask(str(order.buyer) if order.buyer else order.buyer_nick)

    @admin.display(description=_("店铺"))
    def shop_name(self, order: Order) -> str:
        return str(order.shop)

    @admin.display(description=_("收件人"))
    def receiver_name(self, order: Order) -> str:
        return display.mask(order.receiver)

    @admin.display(description=_("联系电话"))
    def telephone(self, order: Order) -> str:
        return display.mask_phone(order.phone)

    @admin.display(description=_("付款时间"), ordering="paid_at")
    def paid_time(self, order: Order) -> SafeString:
        return moment(order.paid_at)


class FactsPage(FactsView):
    frame: dict[str, Any] = {}  # what every page of the admin knows
    template_name = "admin/aftersales/order/facts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        told = {"title": gettext("订单资料"), "opts": Order._meta}
        return super().get_context_data(**self.frame, **told, **kwargs)

    def url_after(self, order: Order) -> str:
        return reverse("admin:aftersales_order_change", args=[order.pk])
