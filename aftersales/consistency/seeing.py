"""What a check reads of a batch of cases: a few statements, however many cases there are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from aftersales import clock
from aftersales.enums import OrderState, RefundState
from aftersales.models import Case, Event, Fault, Member, Notice, Order, Payment, Refund, User
from aftersales.models.case.loading import hand_out

WIDE = ("windows", "policy", "snapshot", "return_address", "description")  # read by no check


@dataclass
class Seen:
    """What belongs to one case. ``told`` are (event, party) of its notices; ``over`` are the
    payments of its order of which more is given back than was paid: (route, paid, owed)."""

    case: Case
    at: datetime
    events: list[Event] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    told: set[tuple[int, str]] = field(default_factory=set)
    members: list[User] = field(default_factory=list)
    over: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)
    faulty: bool = False
    order_closed: bool = False


def see(rows: QuerySet[Case]) -> list[Seen]:
    """The cases with all that the checks ask of them.

    Events are read before their notices: what is delivered meanwhile is not taken for lost.
    """
    cases = list(rows.select_related("buyer").defer(*WIDE))
    keys = [case.pk for case in cases]
    for name in ("rounds", "offers", "interventions", "refunds", "events"):
        hand_out(cases, name)
    told = defaultdict(set)
    for case_id, event_id, party in Notice.objects.filter(case__in=keys).values_list(
        "case_id", "event_id", "party"
    ):
        told[case_id].add((event_id, party))
    faulty = set(Fault.objects.filter(case__in=keys).values_list("case_id", flat=True))
    members = defaultdict(list)
    for member in Member.objects.on_duty({case.shop_id for case in cases}).select_related("user"):
        members[member.shop_id].append(member.user)
    over = _overpaid({case.order_id for case in cases if case.payouts})
    orders = Order.objects.filter(cases__in=keys, state=OrderState.CLOSED)
    closed = set(orders.values_list("pk", flat=True))
    return [
        Seen(
            case=case,
            at=clock.now(),
            events=_with_case(case),
            refunds=list(case.refunds.all()),
            told=told[case.pk],
            members=members[case.shop_id],
            over=over.get(case.order_id, []),
            faulty=case.pk in faulty,
            order_closed=case.order_id in closed,
        )
        for case in cases
    ]


def _with_case(case: Case) -> list[Event]:
    events = sorted(case.events.all(), key=lambda event: event.version)
    for event in events:
        event.case = case
    return events


def _overpaid(orders: Sequence[int] | set[int]) -> dict[int, list[tuple[str, Decimal, Decimal]]]:
    """Per order the payments of which more than was paid goes back."""
    if not orders:
        return {}
    owed = Refund.objects.filter(case__order__in=orders).exclude(state=RefundState.FAILED)
    sums = owed.order_by().values_list("case__order_id", "route", "reference")
    back = {tuple(key): total for *key, total in sums.annotate(total=Sum("amount"))}
    found = defaultdict(list)
    for payment in Payment.objects.filter(order__in=orders):
        total = back.get((payment.order_id, payment.route, payment.reference), Decimal())
        if total > payment.amount:
            found[payment.order_id].append((payment.route, payment.amount, total))
    return found
