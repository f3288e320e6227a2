"""货款: what an order line brings its shop, and whether an open case holds it back (T-01, T-02).

Nothing is stored: a case holds the line's payment from the application until it ends, and what
has gone back to the buyer is taken off it.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from aftersales.display import money
from aftersales.enums import Purpose
from aftersales.models import Case, OrderLine
from aftersales.prepared import Prepared

NOTHING = Decimal("0.00")


class Held(NamedTuple):
    """Yuan; ``refunded`` is what was paid back of the line, not what the shop made good besides."""

    paid: Decimal
    refunded: Decimal
    open: bool

    @property
    def left(self) -> Decimal:
        return max(self.paid - self.refunded, NOTHING)

    @property
    def told(self) -> str:
        if self.refunded and not self.left:
            return _("已全部退给买家，没有可结算的货款")
        if self.open:
            return _("%(amount)s 暂不结算，售后结束后放行") % {"amount": money(self.left)}
        if self.refunded:
            words = _("%(amount)s 可结算（已扣退款 %(refunded)s）")
            return words % {"amount": money(self.left), "refunded": money(self.refunded)}
        return _("%(amount)s 可结算") % {"amount": money(self.left)}


def held_of(lines: Iterable[OrderLine]) -> dict[int, Held]:
    """The payment of each line that was ever claimed, by its key; one query however many."""
    return {row.pk: held(row) for row in _claimed(pk__in=[line.pk for line in lines])}


def held(row: Any) -> Held:
    """The payment of a line as ``CLAIMED`` finds it."""
    return Held(row.paid, min(row.refunded or NOTHING, row.paid), row.running)


def _claimed(**lines: Any) -> QuerySet[OrderLine]:
    running = Case.objects.open().filter(line=OuterRef("pk"))
    refunded = Sum("cases__refunds__amount", filter=Q(cases__refunds__purpose=Purpose.REFUND))
    claimed = OrderLine.objects.filter(cases__isnull=False, **lines)
    return claimed.annotate(running=Exists(running), refunded=refunded)


CLAIMED = Prepared(lambda line: _claimed(pk=line))
