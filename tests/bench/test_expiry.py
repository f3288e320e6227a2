"""How near the real sweep comes to the database's own speed: cases expired per second."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction

from aftersales import memory
from aftersales.enums import Status
from aftersales.models import Case, Event, Refund, Shop, User
from aftersales.sweeping import take_all
from tests.bench.market import due_cases
from tests.bench.reporting import Rates, report, rounds, settle

FULL = os.environ.get("SIZE") == "full"
DUE = 100_000 if FULL else int(os.environ.get("N", "4000"))
STANDING = 1_000_000 if FULL else 20_000
ROUNDS = 5
BATCH = 1_000

# The same rows as the real sweep writes, decided nowhere: one statement a thousand cases.
FLOOR = """
WITH due AS (
    SELECT c.id, c.shop_id, c.code, c.version, c.amount FROM aftersales_case c
    WHERE c.wake_at <= now() ORDER BY c.wake_at LIMIT %s FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE aftersales_case c SET status = 'refunding', turn = 'refund', version = c.version + 1,
        due_at = NULL, wake_at = NULL, updated_at = now(), auto_agreed = true,
        to_refund = c.amount, payouts = 1, chain = repeat('f', 64)
    FROM due WHERE c.id = due.id RETURNING c.id
), owed AS (
    INSERT INTO aftersales_refund (case_id, shop_id, number, route, reference, amount, purpose, state,
        tries, due_at, error, owed_at, proof)
    SELECT id, shop_id, 'RF' || substr(code, 3) || '-1', '微信支付', '', amount, 'refund', 'owed', 0, now(),
        '', now(), '' FROM due
)
INSERT INTO aftersales_event (case_id, shop_id, version, step, party, before, after, details, at, key, hash)
SELECT id, shop_id, version + 1, 'agree_by_default', 'clock', 'pending_merchant', 'refunding',
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
    taken, broken = take_all(Case, BATCH, most=10**6)
    assert not broken
    return taken


def by_two(way: Callable[[], int]) -> float:
    """Two processes at once, each with its own connection; return the seconds that both took."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    ready, moved = context.Barrier(3), context.Queue()

    def work() -> None:
        connection.ensure_connection()
        ready.wait()
        moved.put(way())

    workers = [context.Process(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    ready.wait()
    start = time.perf_counter()
    counts = [moved.get() for _ in workers]
    took = time.perf_counter() - start
    for worker in workers:
        worker.join()
    assert sum(counts) == DUE
    return took


def alone(way: Callable[[], int]) -> float:
    start = time.perf_counter()
    assert way() == DUE
    return time.perf_counter() - start


@contextmanager
def horizon_pinned() -> Iterator[None]:
    """A long transaction elsewhere, a report or a backup: no row version may be forgotten."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with psycopg.connect(**parameters) as report_elsewhere:
        report_elsewhere.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        report_elsewhere.execute("SELECT count(*) FROM aftersales_shop")
        yield


@pytest.fixture
def market(transactional_db: Any, django_user_model: type[User]) -> Callable[[str], None]:
    """Many cases that are not due, and on demand those of a round, which are."""
    memory.settle()  # as programs do when they start
    shop = Shop.objects.create(code="bench", name="bench")
    buyer = django_user_model.objects.create(username="bench")
    for part in range(0, STANDING, 50_000):
        count = min(50_000, STANDING - part)
        due_cases(shop, buyer, count, prefix=f"STAND{part}", due=False)

    def fall_due(prefix: str) -> None:
        due_cases(shop, buyer, DUE, prefix=prefix)
        settle()

    return fall_due


def compared(market: Callable[[str], None], ours: Callable[[], float]) -> Rates:
    """Cases a second, the floor's by one connection; every round is counted after."""
    ways: dict[str, Callable[[], float]] = {"floor": lambda: alone(floor), "ours": ours}
    rates: Rates = {"floor": [], "ours": []}
    for number, order in rounds(ROUNDS):
        for name in order:
            market(f"R{number}{name[0]}")
            before = Event.objects.count(), Refund.objects.count()
            rates[name].append(DUE / ways[name]())
            after = Event.objects.count(), Refund.objects.count()
            assert (after[0] - before[0], after[1] - before[1]) == (DUE, DUE)
    assert Case.objects.filter(status=Status.REFUNDING).count() == 2 * ROUNDS * DUE
    return rates


@pytest.mark.bench
@pytest.mark.postgres
def test_expiry(market: Callable[[str], None]) -> None:
    report("expiry, one worker", compared(market, lambda: alone(sweep)), goal=0.5)


@pytest.mark.bench
@pytest.mark.postgres
def test_expiry_by_two(market: Callable[[str], None]) -> None:
    report("expiry, two workers", compared(market, lambda: by_two(sweep)), goal=0.8)


@pytest.mark.bench
@pytest.mark.postgres
def test_expiry_while_a_report_runs(market: Callable[[str], None]) -> None:
    """Nothing that was swept is forgotten while somebody reads: the sweep is as fast all the same."""
    rates: Rates = {"floor": [], "ours": []}
    for number, order in rounds(ROUNDS):
        for name in order:
            market(f"H{number}{name[0]}")
            with horizon_pinned() if name == "ours" else nullcontext():
                rates[name].append(DUE / alone(sweep))
    report("expiry, horizon pinned", rates, goal=0.9)
