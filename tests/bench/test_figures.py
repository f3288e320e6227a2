"""What figures cost: to read, against a list of 25 cases; to rebuild, against one pass over the history."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from aftersales.figures import reading, rolling
from aftersales.figures.definitions import FIGURES
from aftersales.models import Case, Measure, Shop, User
from aftersales.models.figures import Counted, DayFigure
from tests.bench.market import due_cases
from tests.bench.reporting import Rates, report, seconds, settle

FULL = os.environ.get("SIZE") == "full"
SHOPS, CASES = (1_000, 1_000_000) if FULL else (4, 10_000)
ROUNDS = 7

# Each case is applied for, agreed to and refunded on one of 90 days; every fifth goes to the platform.
LIVED = """
INSERT INTO aftersales_event (case_id, shop_id, version, step, party, before, after, details, at, key, hash)
SELECT c.id, c.shop_id, s.version, s.step, s.party, s.before, s.after, '{}',
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

# The floor of a rebuild: every event with its case and reason once, counted by day; then the same
# rows as a rebuild writes, known already.
PASS = """
SELECT c.shop_id, e.step, (e.at AT TIME ZONE 'Asia/Shanghai')::date, r.code,
    COUNT(DISTINCT c.order_id), SUM(e.at - c.applied_at)
FROM aftersales_event e JOIN aftersales_case c ON c.id = e.case_id
    JOIN aftersales_reason r ON r.id = c.reason_id
GROUP BY 1, 2, 3, 4
"""
WRITTEN = [Counted._meta.db_table, DayFigure._meta.db_table]


@pytest.fixture
def lived(transactional_db: Any, django_user_model: type[User]) -> Shop:
    """One of several shops with 90 days behind them."""
    buyer = django_user_model.objects.create(username="bench")
    for number in range(SHOPS):
        shop = Shop.objects.create(code=f"bench-{number}", name="bench")
        due_cases(shop, buyer, CASES // SHOPS, prefix=f"FIG{number}", due=False)
    with connection.cursor() as cursor:
        cursor.execute(LIVED)
    settle()
    return shop


def rebuild() -> None:
    last = rolling.yesterday()
    rolling.roll_up(last - timedelta(days=89), last)


@pytest.mark.bench
@pytest.mark.postgres
def test_rebuilding(lived: Shop) -> None:
    rebuild()
    with connection.cursor() as cursor:
        for table in WRITTEN:
            cursor.execute(f"CREATE TABLE known_{table} AS TABLE {table}")

    def one_pass() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(PASS)
            assert cursor.fetchall()
            for table in WRITTEN:
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 # names come from the models
                cursor.execute(f"INSERT INTO {table} TABLE known_{table}")

    rates: Rates = {"floor": [], "ours": []}
    for _number in range(ROUNDS):
        for name, way in (("floor", one_pass), ("ours", rebuild)):
            settle()
            rates[name].append(CASES / seconds(way))
    with connection.cursor() as cursor:
        for table in WRITTEN:
            cursor.execute(f"DROP TABLE known_{table}")
    report("rebuilding figures", rates, goal=0.5)


@pytest.mark.bench
@pytest.mark.postgres
def test_figures(lived: Shop) -> None:
    shop, last = lived, rolling.yesterday()
    rebuild()
    settle()

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

    rates: Rates = {"floor": [], "ours": []}
    for _number in range(ROUNDS):
        rates["floor"].append(1 / seconds(listed))
        rates["ours"].append(1 / seconds(figures))
    report("figures", rates, goal=0.25)
    window = reading.Window(last)
    number = reading.figures_of(shop, last).tally(Measure.REFUNDED, window).number
    assert (
        number == reading.counted_in(shop, Measure.REFUNDED, window).count() > CASES // SHOPS // 5
    )
