"""What the figures of a shop cost to read, against a list of 25 of its cases; equal to a recount."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from aftersales.figures import reading, rolling
from aftersales.figures.definitions import FIGURES
from aftersales.models import Case, Measure, Shop, User
from tests.bench.market import due_cases
from tests.bench.test_expiry import report

FULL = os.environ.get("SIZE") == "full"
CASES = 200_000 if FULL else 10_000
ROUNDS = 7

# Each case is applied for, agreed to and refunded on one of 90 days; every fifth goes to the platform.
LIVED = """
INSERT INTO aftersales_event (case_id, version, step, party, before, after, details, at, key, hash)
SELECT c.id, s.version, s.step, s.party, s.before, s.after, '{}',
    now() - interval '1 day' * (c.id % 90) + interval '1 hour' * s.version, '', ''
FROM aftersales_case c CROSS JOIN (VALUES
    (1, 'apply', 'buyer', '', 'pending_merchant'),
    (2, 'reject', 'merchant', 'pending_merchant', 'rejected'),
    (3, 'ask_platform', 'buyer', 'rejected', 'platform_review'),
    (4, 'agree', 'merchant', 'pending_merchant', 'refunding'),
    (5, 'finish_refund', 'clock', 'refunding', 'refunded')
) AS s (version, step, party, before, after)
WHERE (c.id % 5 = 0) = (s.version IN (2, 3)) OR s.version = 1
"""


def seconds(way: Callable[[], Any]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


@pytest.mark.bench
@pytest.mark.postgres
def test_figures(transactional_db: Any, catalogue_rows: Any, django_user_model: type[User]) -> None:
    shop = Shop.objects.create(code="bench", name="bench")
    buyer = django_user_model.objects.create(username="bench")
    due_cases(shop, buyer, CASES, prefix="FIG", due=False)
    with connection.cursor() as cursor:
        cursor.execute(LIVED)
        cursor.execute("VACUUM ANALYZE")
    last = rolling.yesterday()
    first = last - timedelta(days=89)
    rolling.roll_up(first, last)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")

    def listed() -> None:
        assert (
            len(list(Case.objects.filter(shop=shop, turn="mine").order_by("due_at", "pk")[:25]))
            == 25
        )

    def figures() -> None:
        found = reading.figures_of(shop, last)
        window = reading.Window(last)
        for each in (window, window.before):
            assert any(found.value(figure, each) for figure in FIGURES)

    rates: dict[str, list[float]] = {"floor": [], "ours": []}
    for _number in range(ROUNDS):
        rates["floor"].append(1 / seconds(listed))
        rates["ours"].append(1 / seconds(figures))
    report("figures", rates, goal=0.25)
    window = reading.Window(last)
    number = reading.figures_of(shop, last).tally(Measure.REFUNDED, window).number
    assert number == reading.counted_in(shop, Measure.REFUNDED, window).count() > CASES // 5
