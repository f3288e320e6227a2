"""What a step leaves behind, read back from the database: state, history, money and notices."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from aftersales.enums import Party
from aftersales.models import Attempt, Case, Event, LedgerEntry, Notice, Refund, User
from aftersales.notices import delivering
from aftersales.payments import pay_due
from aftersales.steps import Refused

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
WHY = "商家驳回没有道理，照片很清楚地拍到裂纹。"  # why a buyer asks the platform
GROUNDS = "照片显示裂纹贯穿杯身，属于质量问题。"  # why staff rule as they do


@contextmanager
def undone() -> Iterator[None]:
    """What happens within is taken back: many answers to one and the same case."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def stored(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def steps(case: Case) -> list[str]:
    """The names of all steps taken, oldest first."""
    return list(Event.objects.filter(case=case).order_by("version").values_list("step", flat=True))


def last(case: Case) -> Event:
    event = Event.objects.filter(case=case).order_by("version").last()
    assert event is not None
    return event


def assert_moved(
    case: Case, step: str, party: Party, before: str, after: str, user: User | None = None
) -> Event:
    """The case stands where it should, and the last link of its chain says how it came there."""
    row, event = stored(case), last(case)
    assert (event.step, event.party, event.user) == (step, party, user)
    assert (event.before, event.after, row.status) == (before, after, after)
    assert (row.version, row.chain) == (event.version, event.hash)
    assert row.updated_at == event.at
    return event


def owed(case: Case) -> list[tuple[str, str]]:
    """Route and yuan of every payout, in order."""
    return [
        (refund.route, str(refund.amount))
        for refund in Refund.objects.filter(case=case).order_by("pk")
    ]


def paid(case: Case) -> list[tuple[str, str]]:
    """What the gateway's own books say was paid for the case, after it was asked."""
    pay_due()
    numbers = Refund.objects.filter(case=case).values_list("number", flat=True)
    entries = LedgerEntry.objects.filter(number__in=numbers).order_by("pk")
    return [(entry.route, str(entry.amount)) for entry in entries]


def told(case: Case) -> set[str]:
    """Who was told of the last event, by name."""
    delivering.deliver_due()
    notices = Notice.objects.filter(event=last(case))
    return set(notices.values_list("user__username", flat=True))


def texts(case: Case) -> dict[str, str]:
    """What each was told of the last event, by name."""
    delivering.deliver_due()
    notices = Notice.objects.filter(event=last(case))
    return dict(notices.values_list("user__username", "text_zh"))


@contextmanager
def refused(case: Case, sentence: str, *, by: User | None) -> Iterator[Any]:
    """The step inside is refused with the sentence; it is noted, and nothing else has changed."""
    before = Case.objects.filter(pk=case.pk).values().get()
    history, money = steps(case), owed(case)
    attempts = Attempt.objects.filter(case=case).count()

    with pytest.raises(Refused, match=sentence or None) as caught:
        yield caught

    assert Case.objects.filter(pk=case.pk).values().get() == before
    assert (steps(case), owed(case)) == (history, money)
    noted = Attempt.objects.filter(case=case).order_by("pk")
    if by is None:
        assert noted.count() == attempts
    else:
        assert noted.count() == attempts + 1
        attempt = noted.last()
        assert attempt is not None
        assert (attempt.user, attempt.sentence) == (by, caught.value.sentence)


def refusal_to(apply: Any, order: Any, kind: str = "refund_received", **given: Any) -> Refused:
    """The refusal of an application; no case and no event came of it."""
    before = Case.objects.count(), Event.objects.count()
    with pytest.raises(Refused) as caught:
        apply(order, kind, **given)
    assert (Case.objects.count(), Event.objects.count()) == before
    return caught.value
