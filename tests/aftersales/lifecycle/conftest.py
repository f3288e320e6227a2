"""What the tests of the life-cycle share: an order to apply on, and clocks that run."""

from collections.abc import Callable
from typing import Any

import pytest

from aftersales.enums import ScanKind
from aftersales.logistics import traces
from aftersales.models import Case
from tests.aftersales.lifecycle.clocks import BEFOREHAND, Lapse
from tests.aftersales.lifecycle.reading import (
    stored,
)
from tests.factories import OrderFactory, application_for

ORDERS: dict[str, dict[str, Any]] = {
    "refund_unshipped": {"unshipped": True},
    "refund_not_received": {"in_transit": True},
    "refund_received": {},
    "return_refund": {},
    "exchange": {},
    "resend": {},
    "repair": {"finished": True},
    "price_difference": {},
}


SIGNED_BY = {"signed": "outbound", "came_back": "return", "arrived": "replacement"}


@pytest.fixture
def order_for(shop: Any, buyer: Any) -> Any:
    """An order of our shop on which the type can be applied for."""

    def make(kind: str = "refund_received", **given: Any) -> Any:
        return OrderFactory(shop=shop, buyer=buyer, **(ORDERS[kind] | given))

    return make


@pytest.fixture
def apply(buyer: Any) -> Any:
    """Apply for the order's first line as its buyer."""

    def take(order: Any, kind: str = "refund_received", *, key: str = "", **given: Any) -> Case:
        case: Case = Case.apply(
            order.lines.first(), application_for(order, kind, **given), by=buyer, key=key
        )
        return case

    return take


@pytest.fixture
def standing(make_case: Any, merchant: Any, now: Any) -> Callable[[Lapse], Case]:
    """A case in which the clock of the row has just begun to run."""

    def make(row: Lapse) -> Case:
        case: Case = make_case(BEFOREHAND.get(row.trait, row.trait), **row.given)
        if row.trait in ("refusable", "signed"):
            case.agree_refusal(by=merchant)
        if row.trait in SIGNED_BY:
            direction = SIGNED_BY[row.trait]
            parcel = case.order.parcels.get(direction=direction)
            traces.record(
                parcel, [traces.Scan(stored(case).updated_at, ScanKind.SIGNED, "本人签收")]
            )
            case.refresh_from_db()
        assert case.status == row.before
        return case

    return make
