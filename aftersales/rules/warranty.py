"""保修期 (D19): from signing, or anew after an exchange or a repair (T-16)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aftersales.enums import Clock
from aftersales.rules.deadlines import LATER

if TYPE_CHECKING:
    from aftersales.models import Order, OrderLine


def until(line: "OrderLine", order: "Order", windows: Mapping[str, int]) -> datetime | None:
    """When the warranty of a line ends; none where nobody knows when it was signed for, by its own
    parcel where the order went out in parts."""
    own = line.parcel.signed_at if line.parcel else None
    began = line.warranty_from or own or order.signed_at
    if began is None:
        return None
    if line.warranty_days is not None:
        return began + timedelta(days=line.warranty_days)
    return began + timedelta(minutes=windows.get(str(Clock.WARRANTY), LATER[Clock.WARRANTY]))


def runs(line: "OrderLine", order: "Order", windows: Mapping[str, int], at: datetime) -> bool:
    """Not known to be over: like the other windows, one without a beginning is open."""
    end = until(line, order, windows)
    return end is None or at < end
