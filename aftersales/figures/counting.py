"""How each measure is counted: from the history, which is only added to, so any day counts the same again.

Only what the platform itself takes back may change a past day: a reversed dispute
(``Case.dispute_refund``), an automatic result excused by an outage, orders imported late.
Those measures are ``RESTATED``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Count,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import TruncDate

from aftersales.enums import CaseType, Party, Status
from aftersales.models import Event, Order
from aftersales.models.figures import NEVER, Measure
from aftersales.rules.deadlines import CHINA

Events = QuerySet[Event]

REJECTIONS = ("reject", "refuse_receipt")
LATE = "agree_by_default"
AUTOMATIC = (LATE, "confirm_receipt_by_default")
SETTLING = (
    *("accept_plan", "accept_counter", "confirm_agreed"),
    *("agree", "agree_return", "agree_resend"),
)
MERCHANTS_TURN = (Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT)
NOT_HIS_DOING = (
    Status.CANCELLED,
    Status.PLATFORM_REVIEW,
)  # the buyer left, or went to the platform
REFUND_ONLY = (
    CaseType.REFUND_UNSHIPPED,
    CaseType.REFUND_NOT_RECEIVED,
    CaseType.REFUND_RECEIVED,
)
RESTATED = (
    Measure.PAID,
    Measure.DISPUTE_REFUNDED,
    Measure.QUALITY_REFUNDED,
    Measure.DUE,
    Measure.OVERDUE,
)

# Facts about an event's case ----------------------------------------------------------------------


def _of_case(**given: Any) -> Events:
    return Event.objects.filter(case_id=OuterRef("case_id"), **given).order_by()


def _before(*steps: str) -> Subquery:
    """When the newest of these steps before the event was taken."""
    earlier = _of_case(step__in=steps, version__lt=OuterRef("version"))
    return Subquery(earlier.order_by("-version").values("at")[:1])


def _never_with_platform() -> Any:
    return ~Exists(_of_case(after=Status.PLATFORM_REVIEW, version__lt=OuterRef("version")))


def _excused(*results: str) -> Exists:
    """Time acted for the merchant while the platform was down: nobody's fault (``excuse``)."""
    return Exists(_of_case(step="excuse", details__result__in=results))


def _since(moment: str) -> ExpressionWrapper:
    return ExpressionWrapper(F("at") - F(moment), output_field=DurationField())


# Which events count -------------------------------------------------------------------------------


def _into(status: Status) -> Callable[[Events], Events]:
    return lambda events: events.filter(after=status).exclude(before=status)


_refunded = _into(Status.REFUNDED)


def _first_refunded(events: Events) -> Events:
    """Not again by an appeal, which pays more of what was paid."""
    again = _of_case(after=Status.REFUNDED, version__lt=OuterRef("version"))
    return _refunded(events).filter(~Exists(again))


def _dispute_refunded(events: Events) -> Events:
    return _refunded(events).filter(case__dispute_refund=True)


def _quality_refunded(events: Events) -> Events:
    return _refunded(events).filter(~_excused(*AUTOMATIC), case__reason__quality=True)


def _by_himself(*types: CaseType) -> Callable[[Events], Events]:
    return lambda events: _refunded(events).filter(_never_with_platform(), case__type__in=types)


def _signed_by_himself(events: Events) -> Events:
    back = _by_himself(CaseType.RETURN_REFUND)(events)
    return back.filter(case__return_signed_at__isnull=False)


def _responded(events: Events) -> Events:
    return events.filter(party=Party.MERCHANT, at=F("case__handled_at"))


def _due(events: Events) -> Events:
    """The merchant's turn to answer is over, by his answer or by time."""
    over = events.filter(before=Status.PENDING_MERCHANT)
    over = over.exclude(after__in=[Status.PENDING_MERCHANT, *NOT_HIS_DOING])
    return over.exclude(Q(step=LATE) & _excused(LATE))


def _overdue(events: Events) -> Events:
    return events.filter(~_excused(LATE), step=LATE)


def _handled(events: Events) -> Events:
    decided = events.filter(before__in=MERCHANTS_TURN).exclude(step__in=AUTOMATIC)
    return decided.exclude(after__in=[*MERCHANTS_TURN, *NOT_HIS_DOING])


def _rejected(events: Events) -> Events:
    return events.filter(step__in=REJECTIONS)


def _intervened_after_rejection(events: Events) -> Events:
    return _into(Status.PLATFORM_REVIEW)(events).filter(Exists(_earlier(*REJECTIONS)))


def _settled(events: Events) -> Events:
    """T-21, T-03, T-04 after a round; what leaves the case where it was settles nothing."""
    done = events.filter(Exists(_earlier("negotiate")), step__in=SETTLING)
    return done.exclude(after__in=[F("before"), Status.PENDING_MERCHANT])


def _earlier(*steps: str) -> Events:
    return _of_case(step__in=steps, version__lt=OuterRef("version"))


@dataclass(frozen=True)
class How:
    """The events of a measure; once per case or per order; since when; the day it refers back to."""

    events: Callable[[Events], Events]
    unit: str = "case_id"
    took: Any = None
    base: Any = None


PER_ORDER = "case__order_id"
COUNTS: dict[Measure, How] = {
    Measure.APPLIED: How(lambda events: events.filter(before="")),
    Measure.INTERVENED: How(_into(Status.PLATFORM_REVIEW), PER_ORDER),
    Measure.DISPUTE_REFUNDED: How(_dispute_refunded, PER_ORDER),
    Measure.QUALITY_REFUNDED: How(_quality_refunded, PER_ORDER),
    Measure.REFUNDED: How(_refunded, PER_ORDER),
    Measure.REFUND_TIME: How(_first_refunded, took=_since("case__applied_at")),
    Measure.SELF_REFUND: How(_by_himself(*REFUND_ONLY), took=_since("case__applied_at")),
    Measure.SELF_RETURN: How(_by_himself(CaseType.RETURN_REFUND), took=_since("case__applied_at")),
    Measure.SELF_SIGNED: How(_signed_by_himself, took=_since("case__return_signed_at")),
    Measure.RESPONDED: How(_responded, took=_since("case__applied_at")),
    Measure.DUE: How(_due),
    Measure.OVERDUE: How(_overdue),
    Measure.HANDLED: How(_handled),
    Measure.REJECTED: How(_rejected),
    Measure.REJECTED_INTERVENED: How(_intervened_after_rejection, base=_before(*REJECTIONS)),
    Measure.NEGOTIATED: How(lambda events: events.filter(step="negotiate")),
    Measure.SETTLED: How(_settled, base=_before("negotiate")),
}
COLUMNS = ("shop_id", "measure", "day", "unit", "case_id", "subject", "base", "took")


def counted(measure: Measure, since: datetime, until: datetime) -> QuerySet[Any, Any]:
    """The rows of ``Counted`` for the events of since ≤ at < until, in the order of ``COLUMNS``."""
    how = COUNTS[measure]
    events = how.events(Event.objects.filter(at__gte=since, at__lt=until)).order_by()
    base = TruncDate(how.base if how.base is not None else "at", tzinfo=CHINA)
    took = Max(how.took) if how.took is not None else Value(None, output_field=DurationField())
    rows = events.annotate(
        shop_id=F("case__shop_id"),
        measure=Value(str(measure)),
        day=TruncDate("at", tzinfo=CHINA),
        unit=F(how.unit),
        subject=F("case__reason__code"),
    )
    grouped = rows.values("shop_id", "measure", "day", "unit", "case_id", "subject")
    return grouped.annotate(base=Max(base), took=took).values_list(*COLUMNS)


PAID_COLUMNS = ("shop_id", "measure", "day", "subject", "base", "last", "number")


def paid(since: datetime, until: datetime) -> QuerySet[Any, Any]:
    """The rows of ``DayFigure`` for orders paid: an order is paid once, so no case is needed."""
    orders = Order.objects.filter(paid_at__gte=since, paid_at__lt=until).order_by()
    rows = orders.annotate(
        measure=Value(str(Measure.PAID)),
        day=TruncDate("paid_at", tzinfo=CHINA),
        subject=Value(""),
        base=TruncDate("paid_at", tzinfo=CHINA),
        last=Value(NEVER, output_field=DateField()),
    )
    grouped = rows.values("shop_id", "measure", "day", "subject", "base", "last")
    return grouped.annotate(number=Count("pk")).values_list(*PAID_COLUMNS)
