"""举证责任: who has to prove first, for the goods and the day of this claim (reasons.md)."""

from calendar import monthrange
from datetime import datetime
from typing import TYPE_CHECKING

from aftersales.enums import Burden
from aftersales.rules import facts
from aftersales.rules.worktime import CHINA

if TYPE_CHECKING:
    from aftersales.models import Case

DURABLE_MONTHS = 6  # 消法 Art. 23: a fault found within them is the merchant's to disprove


def burden_of(case: "Case") -> Burden:
    """Whose proof comes first; R18 asks what the goods are and how long the buyer has had them."""
    burden = Burden(case.reason.burden)
    if burden != Burden.DURABLE:
        return burden
    signed_at = facts.signed_at(case)
    fresh = signed_at is not None and case.applied_at < months_after(signed_at, DURABLE_MONTHS)
    return Burden.MERCHANT_FIRST if case.line.durable and fresh else Burden.BUYER_FIRST


def months_after(moment: datetime, months: int) -> datetime:
    """The same hour so many months later in China, or of that month's last day."""
    local = moment.astimezone(CHINA)
    years, month = divmod(local.month - 1 + months, 12)
    year, month = local.year + years, month + 1
    return local.replace(year=year, month=month, day=min(local.day, monthrange(year, month)[1]))
