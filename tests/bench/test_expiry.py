"""How near the real sweep comes to the database's own speed: cases expired per second."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from aftersales.enums import Status
from aftersales.models import Case, Event, Refund, Shop, User
from aftersales.sweeping import take_due
from tests.bench.market import due_cases
from tests.bench.reporting import report, rounds, settle

FULL = os.environ.get("SIZE") == "full"
DUE = 20_000 if FULL else 4_000
STANDING = 200_000 if FULL else 20_000
ROUNDS = 5
BATCH = 1_000

# The same rows as the real sweep writes, decided nowhere: one statement a thousand cases.
FLOOR = """
WITH due AS (
    SELECT c.id, c.code, c.version, c.amount FROM aftersales_case c
    WHERE c.wake_at <= now() ORDER BY c.wake_at LIMIT %s FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE aftersales_case c SET status = 'refunding', turn = 'refund', version = c.version + 1,
        due_at = NULL, wake_at = NULL, updated_at = now(), auto_agreed = true,
        to_refund = c.amount, payouts = 1, chain = repeat('f', 64)
    FROM due WHERE c.id = due.id RETURNING c.id
), owed AS (
    INSERT INTO aftersales_refund (case_id, number, route, reference, amount, purpose, state,
        tries, due_at, error, owed_at, proof)
    SELECT id, 'RF' || substr(code, 3) || '-1', '微信支付', '', amount, 'refund', 'owed', 0, now(),
        '', now(), '' FROM due
)
INSERT INTO aftersales_event (case_id, version, step, party, before, after, details, at, key, hash)
SELECT id, version + 1, 'agree_by_default', 'clock', 'pending_merchant', 'refunding',
    '{"amount": "128.00", "no_address": false}', now(), '', repeat('f', 64) FROM due
"""


def floor() -> int:
    moved = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FLOOR, [BATCH])
            if not cursor.rowcount:
                return moved
            moved += cursor.rowcount


def sweep() -> int:
    moved = 0
    while True:
        taken, broken = take_due(Case, BATCH)
        assert not broken
        moved += taken
        if taken < BATCH:
            return moved


@pytest.mark.bench
@pytest.mark.postgres
def test_expiry(transactional_db: Any, django_user_model: type[User]) -> None:
    shop = Shop.objects.create(code="bench", name="bench")
    buyer = django_user_model.objects.create(username="bench")
    due_cases(shop, buyer, STANDING, prefix="STAND", due=False)
    rates: dict[str, list[float]] = {"floor": [], "ours": []}
    for number in range(ROUNDS):
        ways = [("floor", floor), ("ours", sweep)]
        for name, way in ways if number % 2 else reversed(ways):
            due_cases(shop, buyer, DUE, prefix=f"R{number}{name[0]}")
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
            before = Event.objects.count(), Refund.objects.count()
            start = time.perf_counter()
            moved = way()
            rates[name].append(moved / (time.perf_counter() - start))
            after = Event.objects.count(), Refund.objects.count()
            assert moved == DUE
            assert (after[0] - before[0], after[1] - before[1]) == (DUE, DUE)
    assert Case.objects.filter(status=Status.REFUNDING).count() == 2 * ROUNDS * DUE
    report("expiry", rates, goal=0.5)
