"""What a page of a case asks of the shop beside the case: its buyer there, the payment, the switches."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef

from aftersales.holding import CLAIMED
from aftersales.models import Case, Intervention, Order, OrderLine, Policy
from aftersales.prepared import Prepared

# What a page of the shop reads with the case, beyond what both sides' pages read.
OF_THE_SHOP = ("virtual_numbers", "notes", "tags", "shop.tags")
ORDERS = Prepared(
    lambda shop, buyer: (
        Order.objects.filter(shop=shop, buyer=buyer)
        .order_by()
        .values("buyer")
        .annotate(n=Count("pk"))
        .values_list("n")
    )
)
CASES = Prepared(
    lambda shop, buyer: (
        Case.objects.filter(shop=shop, buyer=buyer)
        .order_by()
        .values("buyer")
        .annotate(
            n=Count("pk"),
            asked=Count("pk", filter=Exists(Intervention.objects.filter(case=OuterRef("pk")))),
        )
        .values_list("n", "asked")
    )
)
POLICY = Prepared(lambda: Policy.objects.order_by("pk")[:1])


class Beside(NamedTuple):
    """What else is read for a page, each as the rows that were found (``beside``)."""

    orders: list[tuple[int]]
    cases: list[tuple[int, int]]
    claimed: list[OrderLine]
    policy: list[Policy]


def beside(case: Case) -> list[tuple[Prepared, Sequence[Any]]]:
    pair = (case.shop_id, case.buyer_id)
    return [(ORDERS, pair), (CASES, pair), (CLAIMED, (case.line_id,)), (POLICY, ())]
