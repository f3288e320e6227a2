"""A list of orders, exactly as a query string names them: on the page, and in an export of it."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from aftersales.enums import OrderState
from aftersales.models import Order, Shop


class OrderList:
    def __init__(self, query: Mapping[str, str], shop: Shop) -> None:
        self.shop = shop
        self.asked = query.get("q", "").strip()[:60]
        state = query.get("state", "")
        self.state = state if state in OrderState.values else ""

    @property
    def query(self) -> str:
        said = {"state": self.state, "q": self.asked}
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def orders(self) -> QuerySet[Order]:
        orders, asked = Order.objects.filter(shop=self.shop), self.asked
        if self.state:
            orders = orders.filter(state=self.state)
        if asked:
            parcels = Q(parcels__tracking__iexact=asked)
            goods = Q(lines__title__icontains=asked)
            people = Q(buyer_nick__icontains=asked) | Q(receiver__icontains=asked)
            orders = orders.filter(Q(number__icontains=asked) | parcels | goods | people).distinct()
        return orders.select_related("buyer").prefetch_related("lines__parcel", "cases")
