"""对账: our refunds beside the gateway's own books; it reads, and neither pays nor marks anything.

Above all after an older backup was restored: what the gateway has paid since then is owed here
again, or unknown. Nothing is paid twice by that, for numbers are fixed and a number is paid once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from aftersales.display import money
from aftersales.enums import RefundState
from aftersales.models import Case, Refund
from aftersales.payments.gateway import Payout, gateway

MARGIN = timedelta(days=1)  # between the gateway's time of a payout and ours
BATCH = 1000

AGAIN = "paid by the gateway, not yet here: the next sweep is told so, and nothing is paid again"
FAILED = "paid by the gateway, failed here: press 重试退款, nothing is paid again"
UNKNOWN = "paid by the gateway, not known here: the case stands at {status}"
NOWHERE = "paid by the gateway, and there is no such case here"
AMOUNT = "the gateway paid {paid}, here it is {amount}"
TWICE = "paid by the gateway more than once"
MISSING = "paid here, not in the gateway's books"


class Difference(NamedTuple):
    """One number on which the two sets of books do not agree; ``case`` is the case's number."""

    number: str
    case: str
    amount: Decimal
    told: str

    def __str__(self) -> str:
        return f"{self.case}  {self.number}  {money(self.amount)}  {self.told}"


class Books:
    """Both sides since a moment; ``payouts`` and ``refunds`` count what was compared."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.payouts = self.refunds = 0
        self.seen: set[str] = set()

    def differences(self) -> Iterator[Difference]:
        """All of them: what the gateway has paid first, then what it knows nothing of."""
        batch: list[Payout] = []
        for payout in gateway().payouts(self.since - MARGIN):
            self.payouts += 1
            if payout.number in self.seen:
                yield self._told(payout, TWICE)
                continue
            self.seen.add(payout.number)
            batch.append(payout)
            if len(batch) == BATCH:
                yield from self._theirs(batch)
                batch = []
        yield from self._theirs(batch)
        yield from self._ours()

    def _theirs(self, batch: list[Payout]) -> Iterator[Difference]:
        numbers = [each.number for each in batch]
        known = {each.number: each for each in Refund.objects.filter(number__in=numbers)}
        strange = [_code_of(number) for number in numbers if number not in known]
        cases = {each.code: each for each in Case.objects.filter(code__in=strange)}
        for payout in batch:
            refund = known.get(payout.number)
            if refund is None:
                case = cases.get(_code_of(payout.number))
                status = case.get_status_display() if case else ""
                yield self._told(payout, UNKNOWN.format(status=status) if case else NOWHERE)
            elif refund.amount != payout.amount:
                told = AMOUNT.format(paid=money(payout.amount), amount=money(refund.amount))
                yield self._told(payout, told)
            elif refund.state == RefundState.FAILED:
                yield self._told(payout, FAILED)
            elif refund.state != RefundState.PAID:
                yield self._told(payout, AGAIN)

    def _ours(self) -> Iterator[Difference]:
        """What was paid outside the gateway has a proof, and is not looked for."""
        paid = Refund.objects.filter(paid_at__gte=self.since, proof="").order_by("pk")
        for refund in paid.iterator(chunk_size=BATCH):
            self.refunds += 1
            if refund.number not in self.seen:
                code = _code_of(refund.number)
                yield Difference(refund.number, code, refund.amount, MISSING)

    def _told(self, payout: Payout, told: str) -> Difference:
        return Difference(payout.number, _code_of(payout.number), payout.amount, told)


def _code_of(number: str) -> str:
    """The number of the case that a refund's number is made of."""
    return f"AS{number.removeprefix('RF').rpartition('-')[0]}"
