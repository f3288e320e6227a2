"""自动同意规则: which cases a shop agrees to without looking at them (M24).

Everything is judged as it stood when the buyer applied, so that a case is judged the same on any
day: by the sweep a second later, and by a dry run a month later.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.enums import SENT

if TYPE_CHECKING:
    from aftersales.models import AgreeRule, Case

LOOKS_BACK = timedelta(days=90)  # at a buyer's cases in the shop


class Shipping(models.TextChoices):
    """Where the goods were when the buyer applied."""

    UNSENT = "unsent", _("发货前")
    SENT = "sent", _("发货后")


class Earlier(NamedTuple):
    """Another case of the same buyer in the same shop; when the platform was asked, if ever."""

    applied_at: datetime
    asked_at: datetime | None


def shipping_of(case: "Case") -> Shipping:
    return Shipping.SENT if case.snapshot.get("order_state") in SENT else Shipping.UNSENT


def fits(rule: "AgreeRule", case: "Case", others: Iterable[Earlier]) -> bool:
    """Whether a rule means this case, by its conditions alone."""
    before = [each for each in others if each.applied_at < case.applied_at]
    recent = [each for each in before if each.applied_at >= case.applied_at - LOOKS_BACK]
    disputed = any(each.asked_at and each.asked_at < case.applied_at for each in before)
    return (
        case.type in rule.types
        and (not rule.reasons or case.reason.code in rule.reasons)
        and case.worth <= rule.most
        and rule.shipping in ("", shipping_of(case))
        and (rule.buyer_most is None or len(recent) < rule.buyer_most)
        and not (rule.undisputed and disputed)
    )
