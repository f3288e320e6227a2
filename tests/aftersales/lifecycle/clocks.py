"""Every clock of the life-cycle: where it runs, how long, and what it does at its end."""

from datetime import timedelta
from typing import Any, NamedTuple

from aftersales.enums import Status
from tests.aftersales.lifecycle.reading import (
    DAY,
    HOUR,
)


class Lapse(NamedTuple):
    """A clock: where it runs, how long, and what it does when it has run out."""

    trait: str
    given: dict[str, Any]
    before: Status
    length: timedelta
    step: str
    after: Status
    owes: bool


UNSHIPPED = {"type": "refund_unshipped"}
COMING = {"type": "refund_not_received"}
RETURN = {"type": "return_refund"}
S = Status
LAPSES = {
    "D1": Lapse(
        "", UNSHIPPED, S.PENDING_MERCHANT, 48 * HOUR, "agree_by_default", S.REFUNDING, True
    ),
    "D2 not received": Lapse(
        "", COMING, S.PENDING_MERCHANT, 48 * HOUR, "agree_by_default", S.REFUNDING, True
    ),
    "D2 received": Lapse(
        "", {}, S.PENDING_MERCHANT, 48 * HOUR, "agree_by_default", S.REFUNDING, True
    ),
    "D2 negotiated": Lapse(
        "negotiated", {}, S.PENDING_MERCHANT, 48 * HOUR, "agree_by_default", S.REFUNDING, True
    ),
    "D3": Lapse(
        "",
        RETURN,
        S.PENDING_MERCHANT,
        48 * HOUR,
        "agree_by_default",
        S.AWAITING_BUYER_RETURN,
        False,
    ),
    "D4": Lapse(
        "agreed",
        RETURN,
        S.AWAITING_BUYER_RETURN,
        7 * DAY,
        "close_unreturned",
        S.CLOSED_BUYER_TIMEOUT,
        False,
    ),
    "D5": Lapse(
        "refusable",
        COMING,
        S.AWAITING_DELIVERY_REFUSAL,
        10 * DAY,
        "close_unrefused",
        S.AWAITING_DELIVERY_REFUSAL,
        False,
    ),
    "D5 signed": Lapse(
        "signed",
        COMING,
        S.AWAITING_DELIVERY_REFUSAL,
        10 * DAY,
        "close_unrefused",
        S.CLOSED_BUYER_TIMEOUT,
        False,
    ),
    "D6": Lapse(
        "rejected", {}, S.REJECTED, 7 * DAY, "lapse_rejection", S.CLOSED_BUYER_TIMEOUT, False
    ),
    "D6 goods refused": Lapse(
        "refused_goods",
        RETURN,
        S.RETURN_REFUSED,
        7 * DAY,
        "lapse_rejection",
        S.CLOSED_BUYER_TIMEOUT,
        False,
    ),
    "D7": Lapse(
        "sent_back",
        RETURN,
        S.AWAITING_MERCHANT_RECEIPT,
        10 * DAY,
        "confirm_receipt_by_default",
        S.REFUNDING,
        True,
    ),
    "D7 signed": Lapse(
        "came_back",
        RETURN,
        S.AWAITING_MERCHANT_RECEIPT,
        7 * DAY,
        "confirm_receipt_by_default",
        S.REFUNDING,
        True,
    ),
}
LAPSES |= {
    "D3 exchange": Lapse(
        "",
        {"type": "exchange"},
        S.PENDING_MERCHANT,
        48 * HOUR,
        "agree_by_default",
        S.AWAITING_BUYER_RETURN,
        False,
    ),
    "D3 repair": Lapse(
        "",
        {"type": "repair"},
        S.PENDING_MERCHANT,
        48 * HOUR,
        "agree_by_default",
        S.AWAITING_BUYER_RETURN,
        False,
    ),
    "D3 resend": Lapse(
        "",
        {"type": "resend"},
        S.PENDING_MERCHANT,
        48 * HOUR,
        "agree_by_default",
        S.AWAITING_MERCHANT_SHIP,
        False,
    ),
    "D7 exchange": Lapse(
        "sent_back",
        {"type": "exchange"},
        S.AWAITING_MERCHANT_RECEIPT,
        10 * DAY,
        "confirm_receipt_by_default",
        S.AWAITING_MERCHANT_SHIP,
        False,
    ),
    "D8 exchange": Lapse(
        "taken_in",
        {"type": "exchange"},
        S.AWAITING_MERCHANT_SHIP,
        72 * HOUR,
        "refund_unshipped_remedy",
        S.REFUNDING,
        True,
    ),
    "D8 resend": Lapse(
        "agreed",
        {"type": "resend"},
        S.AWAITING_MERCHANT_SHIP,
        72 * HOUR,
        "refund_unshipped_remedy",
        S.REFUNDING,
        True,
    ),
    "D8 repair": Lapse(
        "taken_in",
        {"type": "repair"},
        S.AWAITING_MERCHANT_SHIP,
        30 * DAY,
        "refund_unshipped_remedy",
        S.REFUNDING,
        True,
    ),
    "D9": Lapse(
        "shipped_again",
        {"type": "exchange"},
        S.AWAITING_BUYER_RECEIPT,
        15 * DAY,
        "complete_by_default",
        S.COMPLETED,
        False,
    ),
    "D9 signed": Lapse(
        "arrived",
        {"type": "resend"},
        S.AWAITING_BUYER_RECEIPT,
        7 * DAY,
        "complete_by_default",
        S.COMPLETED,
        False,
    ),
}
# T-08, T-10, T-13, T-18 are the steps of these rows.
TRANSITIONS = {
    "agree_by_default": "T-08",
    "close_unreturned": "T-10",
    "close_unrefused": "T-10",
    "confirm_receipt_by_default": "T-13",
    "lapse_rejection": "T-18",
    "refund_unshipped_remedy": "T-15",
    "complete_by_default": "T-16",
}
BEFOREHAND = {"refusable": "", "signed": "", "came_back": "sent_back", "arrived": "resent"}
