"""同意限额 (M23): how much, in yuan, a member settles in one case; what he offers binds the shop too."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from aftersales.enums import Party
from aftersales.rules import plans
from aftersales.steps import refuses

if TYPE_CHECKING:
    from aftersales.models import Case

BEYOND = _("金额超过你的同意限额，请交给有权限的同事")


def most_of(case: "Case", user: Any) -> Decimal | None:
    """The limit of this member; none where he has none."""
    member = case.member_of(user)
    return member.agree_most if member else None


def _settles(case: "Case", user: Any, amount: Decimal) -> bool:
    most = most_of(case, user)
    return most is None or amount <= most


@refuses(BEYOND)
def within_limit(case: "Case", party: Party, user: Any) -> bool:
    """A member settles no more in one case than his shop lets him."""
    return party != Party.MERCHANT or _settles(case, user, case.whole)


@refuses(BEYOND)
def counter_within_limit(case: "Case", party: Party, user: Any) -> bool:
    """The same of what the buyer proposes in place of his claim."""
    offer = case.open_counter()
    if party != Party.MERCHANT or offer is None:
        return within_limit(case, party, user)
    return _settles(case, user, plans.comes_to(offer.plan.code, offer.amount, case))


def offer_refusal(case: "Case", user: Any, code: str, amount: Decimal | None) -> str:
    """Why a member may not offer a plan, which the buyer's click alone carries out; empty when he may."""
    return "" if _settles(case, user, plans.comes_to(code, amount, case)) else str(BEYOND)


LIMITS = (within_limit, counter_within_limit)
