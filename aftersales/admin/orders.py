"""订单 for staff: as they came from the marketplace, with names and numbers masked."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from aftersales import display
from aftersales.admin.looking import ReadOnly, Rows, column, moment
from aftersales.models import Order, OrderLine, Parcel, Payment


class LineRows(Rows):
    model = OrderLine
    fields = ["number", "title", "sku", "quantity", "paid", "no_reason"]


class PaymentRows(Rows):
    model = Payment
    fields = ["route", "reference", "amount"]


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
    ordering = ["-paid_at", "-pk"]
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
            {"fields": ["goods_total", "discount", "postage", "paid", "free_shipping"]},
        ),
        (_("运费"), {"fields": ["freight_cover"]}),
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
    readonly_fields = ["shop_name", "buyer_name", "receiver_name", "telephone"]

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
