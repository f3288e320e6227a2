"""Short words for the tool's tests: offers, scripts, warnings, and a refusal that changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales import clock
from aftersales.models import (
    Attempt,
    Case,
    Event,
    Offering,
    Outcome,
    Plan,
    Policy,
    RejectReason,
    Risk,
    Script,
)
from aftersales.models.history import GENESIS
from aftersales.rules.risks import Warning
from aftersales.steps import Refused

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
D15 = timedelta(minutes=60)
EXPLAINED = "照片里的纹路是开片工艺，页面有说明，不是质量问题。"


def yuan(amount: str) -> Decimal:
    return Decimal(amount)


def plan(code: str, amount: str | None = None, **terms: Any) -> Offering:
    """An offer as the merchant fills it in: ``plan("partial_refund", "45.00")``."""
    if code == "invite_evidence":
        terms = {"what": "问题部位近照", "count": 1} | terms
    return Offering(Plan.objects.get(code=code), Decimal(amount) if amount else None, terms)


def until(hours: int) -> str:
    return (clock.now() + timedelta(hours=hours)).isoformat()


def script(code: str) -> Script:
    return Script.objects.get(code=code)


def outcome(code: str) -> Outcome:
    return Outcome.objects.get(code=code)


def reject_reason(code: str) -> RejectReason:
    return RejectReason.objects.get(code=code)


def found(case: Case) -> dict[str, Warning]:
    """The warnings on current data, by code."""
    return {warning.code: warning for warning in Case.objects.get(pk=case.pk).warnings()}


def set_threshold(code: str, threshold: int) -> None:
    assert Risk.objects.filter(code=code).update(threshold=threshold) == 1


def set_policy(**values: Any) -> None:
    """Change the rules for cases that are applied for from now on."""
    policy = Policy.current()
    for name, value in values.items():
        setattr(policy, name, value)
    policy.save()


def asked(case: Case) -> list[str]:
    """The warnings that want a tick now."""
    return [code for code, warning in found(case).items() if warning.ticked]


def messages(case: Case) -> list[tuple[str, str]]:
    return list(case.messages.values_list("party", "text"))


def offers(case: Case) -> list[tuple[str, str, str, Decimal | None]]:
    return list(case.offers.values_list("party", "plan__code", "state", "amount"))


def steps(case: Case) -> list[str]:
    return list(case.events.values_list("step", flat=True))


def last(case: Case) -> Event:
    event = case.events.last()
    assert event is not None
    return event


def whole(case: Case) -> bool:
    """One event per version, and every link of the chain holds."""
    events = list(case.events.order_by("version"))
    previous = GENESIS
    for version, event in enumerate(events, start=1):
        if event.version != version or event.hash != event.digest(previous):
            return False
        previous = event.hash
    row = Case.objects.get(pk=case.pk)
    return row.chain == previous and row.version == len(events)


def footprint(case: Case) -> dict[str, Any]:
    """All that a case has left behind: its row and its rows."""
    rows = ["events", "messages", "rounds", "offers", "evidence", "refunds", "prechecks"]
    return {"case": Case.objects.values().get(pk=case.pk)} | {
        name: list(getattr(case, name).values()) for name in rows
    }


@contextmanager
def refused(case: Case, sentence: str, *, field: str = "", logged: bool = True) -> Iterator[Any]:
    """The step inside is refused with the sentence, logged, and changes nothing."""
    before, tries = footprint(case), Attempt.objects.filter(case=case).count()
    with pytest.raises(Refused) as caught:
        yield caught
    assert sentence in caught.value.sentence
    if field:
        assert sentence in caught.value.errors[field]
    assert footprint(case) == before
    if logged:
        attempts = Attempt.objects.filter(case=case)
        assert attempts.count() == tries + 1
        assert sentence in attempts.last().sentence  # type: ignore[union-attr]


def at_noon_minus(**ago: Any) -> datetime:
    return clock.now() - timedelta(**ago)
