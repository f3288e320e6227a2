"""How each measure is counted: from the history, which is only added to, so any day counts the same again.

Only what the platform itself takes back may change a past day: a reversed dispute
(``Case.dispute_refund``), an automatic result excused by an outage, orders imported late.
Those measures are ``RESTATED``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case as Choice
from django.db.models import (
    Count,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    RowRange,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, TruncDate

from aftersales.enums import CaseType, Party, Status
from aftersales.models import Case, Event, Order, OrderLine
from aftersales.models.figures import NEVER, Lived, Measure
from aftersales.rules.deadlines import CHINA
from aftersales.steps import STEPS

Events = QuerySet[Lived]

REJECTIONS = ("reject", "refuse_receipt")
LATE = "agree_by_default"
AUTOMATIC = (LATE, "confirm_receipt_by_default")
ACTED = (*AUTOMATIC, "refund_unshipped_remedy")  # time, in the merchant's place
SETTLING = (
    *("accept_plan", "accept_counter", "confirm_agreed"),
    *("agree", "agree_return", "agree_resend"),
)
UNDOABLE = [name for name, known in STEPS.items() if known.undoable]
MERCHANTS_TURN = (Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT)
# The buyer left, or somebody went to the platform.
NOT_HIS_DOING = (Status.CANCELLED, Status.PLATFORM_REVIEW)
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
    Measure.REJECTED_LOST,
)

# What is known of an event ------------------------------------------------------------------------


def _earlier(**given: Any) -> Window:
    """When such an event of the same case last came before; none if it never did."""
    return Window(Max("at", filter=Q(**given)), "case_id", "version", RowRange(end=-1))


def _excused() -> Any:
    """Whether time acted for the merchant while the platform was down: nobody's fault (``excuse``).

    Of what time did itself, and of a refund that came of it; a result that was looked at again
    (``reopen``) brings no refund.
    """
    excuses = Event.objects.filter(case_id=OuterRef("case_id"), step="excuse")
    excuses = excuses.annotate(
        of=Cast(KeyTextTransform("result_version", "details"), IntegerField())
    )
    undone = Event.objects.filter(
        case_id=OuterRef("case_id"), step="reopen", version__gt=OuterRef("of")
    )
    led_here = excuses.filter(details__result__in=ACTED).exclude(Exists(undone))
    return Choice(
        When(step__in=ACTED, then=Exists(excuses.filter(of=OuterRef("version")))),
        When(after=Status.REFUNDED, then=Exists(led_here)),
        default=Value(False),
    )


FACTS: dict[str, Any] = {
    "day": TruncDate("at", tzinfo=CHINA),
    "order_id": F("case__order_id"),
    "type": F("case__type"),
    "subject": F("case__reason__code"),
    "quality": F("case__reason__quality"),
    "dispute": F("case__dispute_refund"),
    "applied_at": F("case__applied_at"),
    "handled_at": F("case__handled_at"),
    "return_signed_at": F("case__return_signed_at"),
    "rejected_at": _earlier(step__in=REJECTIONS),
    "negotiated_at": _earlier(step="negotiate"),
    "reviewed_at": _earlier(after=Status.PLATFORM_REVIEW),
    "refunded_at": _earlier(after=Status.REFUNDED),
    "excused": _excused(),
}
PLAIN = ("id", "case_id", "shop_id", "step", "party", "before", "after", "at")


def lasting(events: QuerySet[Event]) -> QuerySet[Event]:
    """Without agreements that were taken back within seconds, and without the taking back."""
    taken_back = Event.objects.filter(
        case_id=OuterRef("case_id"), step="undo", version=OuterRef("version") + 1
    )
    undone = Q(step__in=UNDOABLE) & Exists(taken_back)
    return events.exclude(step="undo").exclude(undone)


def lived(since: datetime, until: datetime) -> QuerySet[Event, Any]:
    """The rows of ``Lived``: the whole history of each case with an event of since ≤ at < until."""
    cases = Event.objects.filter(at__gte=since, at__lt=until).order_by().values("case_id")
    events = lasting(Event.objects.filter(case_id__in=cases)).order_by()
    return events.annotate(**FACTS).values_list(*PLAIN, *FACTS)


# Which events count -------------------------------------------------------------------------------


def _into(status: Status) -> Callable[[Events], Events]:
    return lambda events: events.filter(after=status).exclude(before=status)


_refunded = _into(Status.REFUNDED)


def _first_refunded(events: Events) -> Events:
    """Not again by an appeal, which pays more of what was paid."""
    return _refunded(events).filter(refunded_at=None)


def _dispute_refunded(events: Events) -> Events:
    return _refunded(events).filter(dispute=True)


def _quality_refunded(events: Events) -> Events:
    return _refunded(events).filter(quality=True, excused=False)


def _by_himself(*types: CaseType) -> Callable[[Events], Events]:
    return lambda events: _refunded(events).filter(reviewed_at=None, type__in=types)


def _signed_by_himself(events: Events) -> Events:
    return _by_himself(CaseType.RETURN_REFUND)(events).filter(return_signed_at__isnull=False)


def _responded(events: Events) -> Events:
    return events.filter(party=Party.MERCHANT, at=F("handled_at"))


def _due(events: Events) -> Events:
    """The merchant's turn to answer is over, by his answer or by time."""
    over = events.filter(before=Status.PENDING_MERCHANT)
    over = over.exclude(after__in=[Status.PENDING_MERCHANT, *NOT_HIS_DOING])
    return over.exclude(step=LATE, excused=True)


def _overdue(events: Events) -> Events:
    return events.filter(step=LATE, excused=False)


def _handled(events: Events) -> Events:
    decided = events.filter(before__in=MERCHANTS_TURN).exclude(step__in=AUTOMATIC)
    return decided.exclude(after__in=[*MERCHANTS_TURN, *NOT_HIS_DOING])


def _rejected(events: Events) -> Events:
    return events.filter(step__in=REJECTIONS)


def _intervened_after_rejection(events: Events) -> Events:
    return _into(Status.PLATFORM_REVIEW)(events).filter(rejected_at__isnull=False)


def _lost_after_rejection(events: Events) -> Events:
    """T-20 for the buyer and against the shop, unless an appeal took it back (RW-14)."""
    return events.filter(step="rule", rejected_at__isnull=False, dispute=True)


def _settled(events: Events) -> Events:
    """T-21, T-03, T-04 after a round; what leaves the case where it was settles nothing."""
    done = events.filter(negotiated_at__isnull=False, step__in=SETTLING)
    return done.exclude(after__in=[F("before"), Status.PENDING_MERCHANT])


def _since(moment: str) -> ExpressionWrapper:
    return ExpressionWrapper(F("at") - F(moment), output_field=DurationField())


@dataclass(frozen=True)
class How:
    """The events of a measure; once per case or per order; since when; what it refers back to."""

    events: Callable[[Events], Events]
    unit: str = "case_id"
    took: Any = None
    base: str = "at"


PER_ORDER = "order_id"
COUNTS: dict[Measure, How] = {
    Measure.APPLIED: How(lambda events: events.filter(before="")),
    Measure.INTERVENED: How(_into(Status.PLATFORM_REVIEW), PER_ORDER),
    Measure.DISPUTE_REFUNDED: How(_dispute_refunded, PER_ORDER),
    Measure.QUALITY_REFUNDED: How(_quality_refunded, PER_ORDER),
    Measure.REFUNDED: How(_refunded, PER_ORDER),
    Measure.REFUND_TIME: How(_first_refunded, took=_since("applied_at")),
    Measure.SELF_REFUND: How(_by_himself(*REFUND_ONLY), took=_since("applied_at")),
    Measure.SELF_RETURN: How(_by_himself(CaseType.RETURN_REFUND), took=_since("applied_at")),
    Measure.SELF_SIGNED: How(_signed_by_himself, took=_since("return_signed_at")),
    Measure.RESPONDED: How(_responded, took=_since("applied_at")),
    Measure.DUE: How(_due),
    Measure.OVERDUE: How(_overdue),
    Measure.HANDLED: How(_handled),
    Measure.REJECTED: How(_rejected),
    Measure.REJECTED_INTERVENED: How(_intervened_after_rejection, base="rejected_at"),
    Measure.REJECTED_LOST: How(_lost_after_rejection, base="rejected_at"),
    Measure.NEGOTIATED: How(lambda events: events.filter(step="negotiate")),
    Measure.SETTLED: How(_settled, base="negotiated_at"),
}
COLUMNS = ("shop_id", "measure", "day", "unit", "case_id", "subject", "base", "took")


def counted(measure: Measure, since: datetime, until: datetime) -> QuerySet[Lived, Any]:
    """The rows of ``Counted`` for the events of since ≤ at < until, in the order of ``COLUMNS``."""
    how = COUNTS[measure]
    events = how.events(Lived.objects.filter(at__gte=since, at__lt=until)).order_by()
    took = Max(how.took) if how.took is not None else Value(None, output_field=DurationField())
    rows = events.annotate(measure=Value(str(measure)), unit=F(how.unit))
    # the numbers first: rows are sorted by them, and texts are hardly ever compared
    grouped = rows.values("case_id", "day", "unit", "shop_id", "measure", "subject")
    base = Max(TruncDate(how.base, tzinfo=CHINA))
    return grouped.annotate(base=base, took=took).values_list(*COLUMNS)


PAID_COLUMNS = ("shop_id", "measure", "day", "subject", "base", "last", "number")


def orders_paid(since: datetime, until: datetime) -> QuerySet[Order]:
    """Orders paid in since ≤ at < until, without those that the buyer left at once.

    Left is an order of which every piece went back before it was shipped, each asked for within
    the grace period (``Policy.order_grace_minutes``) that its case was stamped with.
    """
    graced = Cast(KeyTextTransform("order_grace_minutes", "policy"), IntegerField())
    grace = ExpressionWrapper(graced * Value(timedelta(minutes=1)), output_field=DurationField())
    unsent = Case.objects.filter(
        line=OuterRef("pk"), type=CaseType.REFUND_UNSHIPPED, status=Status.REFUNDED
    )
    left = unsent.filter(applied_at__lt=OuterRef("order__paid_at") + grace).order_by()
    pieces = left.values("line").annotate(pieces=Sum("quantity")).values("pieces")
    goods = OrderLine.objects.filter(order=OuterRef("pk"), gift_of=None)  # gifts go with them
    kept = goods.annotate(gone=Coalesce(Subquery(pieces), 0)).filter(gone__lt=F("quantity"))
    orders = Order.objects.filter(paid_at__gte=since, paid_at__lt=until)
    begun = Case.objects.filter(order=OuterRef("pk"), type=CaseType.REFUND_UNSHIPPED)
    gone = Q(Exists(begun), ~Exists(kept), shipped_at=None)
    return orders.exclude(gone)


def paid(since: datetime, until: datetime) -> QuerySet[Any, Any]:
    """The rows of ``DayFigure`` for orders paid: an order is paid once, so no case is needed."""
    orders = orders_paid(since, until).order_by()
    rows = orders.annotate(
        measure=Value(str(Measure.PAID)),
        day=TruncDate("paid_at", tzinfo=CHINA),
        subject=Value(""),
        base=Cast(TruncDate("paid_at", tzinfo=CHINA), DateField()),  # another column than day
        last=Value(NEVER, output_field=DateField()),
    )
    grouped = rows.values("shop_id", "measure", "day", "subject", "base", "last")
    return grouped.annotate(number=Count("pk")).values_list(*PAID_COLUMNS)
