"""The sentence in which a buyer is told where his case stands."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from aftersales.enums import FOR_BUYER, RULED, CaseType
from aftersales.models import Case


@dataclass(frozen=True)
class Standing:
    """One sentence and what belongs to it; ``badge`` and ``kind`` name whose turn it is."""

    headline: str
    badge: str
    kind: str
    what_now: str = ""
    until: datetime | None = None
    until_for: str = ""  # what is to happen within the time left
    otherwise: str = ""
    paid: bool = False  # money has gone back, and 钱款去向 says where to

    @property
    def mine(self) -> bool:
        return self.kind == "mine"


def lost(case: Case) -> str:
    """What can't be asked for any more once the claim is over (S-17)."""
    if case.type == CaseType.PRICE_DIFFERENCE:
        return _("这件商品不能再次申请退差价")
    return _("这件商品不能再次申请售后")


def lost_by_leaving(case: Case) -> str:
    """The same where it is withdrawn (S-18)."""
    return _("撤销后，{lost}").format(lost=lost(case))


def supported(case: Case) -> bool:
    """Whether the platform has ruled for the buyer, and nothing has been asked of it since."""
    asked = case.last_intervention
    return case.stage in RULED and asked is not None and asked.ruling in FOR_BUYER


def given_back(case: Case) -> Decimal:
    """What was agreed or ruled to be paid back, else what was asked for."""
    return case.to_refund or case.worth
