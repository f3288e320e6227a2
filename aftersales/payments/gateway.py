"""What a payment gateway must answer, whichever it is; one adapter a file."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class Answer(Enum):
    """What came of asking. After UNKNOWN the same number is asked again, never another."""

    PAID = "paid"
    ACCEPTED = "accepted"  # taken in, not yet paid: ask again later
    REFUSED = "refused"  # for good
    UNKNOWN = "unknown"  # no answer: it may or may not have paid


class Payout(NamedTuple):
    """A line of the gateway's own books."""

    number: str
    amount: Decimal
    at: datetime


class Gateway(Protocol):
    def refund(
        self, *, number: str, route: str, reference: str, amount: Decimal
    ) -> tuple[Answer, str]:
        """Ask for a payout; ``number`` is the idempotency key: asked twice, it pays once.

        Gives up after a few seconds, well within ``paying.LEASE``.
        """
        ...

    def payouts(self, since: datetime) -> Iterable[Payout]:
        """What it has paid from a moment on, whoever asked for it: its statement, not our notes."""
        ...


ADAPTERS = {"ledger": "aftersales.payments.ledger.Ledger"}


def gateway() -> Gateway:
    """The adapter that the settings name: one of ours, or a dotted path."""
    path = ADAPTERS.get(settings.GATEWAY, settings.GATEWAY)
    adapter: Gateway = import_string(path)()
    return adapter
