"""Cases for a campaign: written straight to the tables, due within its time, with a history that is true."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import connection
from django.test import Client

from aftersales import clock
from aftersales.models import Case, User
from tests.bench.market import begin_history, due_cases
from tests.factories import MemberFactory, ReturnAddressFactory, UserFactory

UNDO = 2  # seconds in which a merchant may take an agreement back
SECOND_ROUTE = 7  # every so many have paid in two ways

# Amounts that differ, so that a mix-up shows; some in two ways.
AMOUNTS = """
UPDATE aftersales_case SET amount = 50 + id % 97 + (id % 100) / 100.0;
UPDATE aftersales_case SET refundable = amount;
UPDATE aftersales_order o SET paid = c.amount, goods_total = c.amount
    FROM aftersales_case c WHERE c.order_id = o.id;
UPDATE aftersales_orderline l SET paid = c.amount FROM aftersales_case c WHERE c.line_id = l.id;
UPDATE aftersales_payment p SET amount = c.amount FROM aftersales_case c WHERE c.order_id = p.order_id;
UPDATE aftersales_payment p SET amount = p.amount - 30
    FROM aftersales_case c WHERE c.order_id = p.order_id AND c.id % {second} = 0;
INSERT INTO aftersales_payment (order_id, shop_id, route, kind, reference, amount)
    SELECT order_id, shop_id, '礼品卡', 'money', '', 30 FROM aftersales_case WHERE id % {second} = 0;
"""

# When the database took a link in: no program's own clock is believed.
WATCH = """
CREATE TABLE faults_seen (event_id bigint PRIMARY KEY, at timestamptz NOT NULL);
CREATE FUNCTION faults_see() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO faults_seen VALUES (NEW.id, clock_timestamp()); RETURN NEW; END $$;
CREATE TRIGGER faults_see AFTER INSERT ON aftersales_event FOR EACH ROW EXECUTE FUNCTION faults_see();
"""


@dataclass
class Plan:
    """What was prepared: each case's deadline and worth, its two people's sessions."""

    due: dict[int, datetime]
    worth: dict[int, Decimal]
    codes: dict[int, str]
    merchant: str
    buyer: str
    ends: datetime


def prepare(random: Random, count: int, seconds: float, prefix: str) -> Plan:
    """``count`` open cases that fall due evenly spread over the next ``seconds``."""
    shop = MemberFactory(user__username="merchant").shop
    ReturnAddressFactory(shop=shop)
    merchant, buyer = User.objects.get(username="merchant"), UserFactory(username="buyer")
    due_cases(shop, buyer, count, prefix=prefix, due=False)
    with connection.cursor() as cursor:
        cursor.execute(AMOUNTS.format(second=SECOND_ROUTE))
        cursor.execute(
            "UPDATE aftersales_case SET policy = policy || %s::jsonb",
            [json.dumps({"undo_seconds": UNDO})],
        )
    begin_history()
    with connection.cursor() as cursor:
        cursor.execute(WATCH)
        cursor.execute("ANALYZE")
    cases = Case.objects.in_bulk()
    sessions = session_of(merchant), session_of(buyer)
    # Last of all: from now on the sweeps see them.
    begins = clock.now() + timedelta(seconds=3)
    due = {key: begins + timedelta(seconds=random.uniform(0, seconds)) for key in sorted(cases)}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE aftersales_case c SET due_at = d.at, wake_at = d.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS d (id, at) WHERE c.id = d.id",
            [list(due), list(due.values())],
        )
    return Plan(
        due,
        {key: case.amount for key, case in cases.items()},
        {key: case.code for key, case in cases.items()},
        *sessions,
        ends=begins + timedelta(seconds=seconds),
    )


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value
