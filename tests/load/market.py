"""Many cases of many shops and buyers, written straight to the tables, and the people who sign in."""

from random import Random
from typing import NamedTuple

from django.db import connection

from aftersales.admin.people import reviewers_group
from aftersales.models import Case, Shop, User
from tests.bench.market import begin_history, due_cases
from tests.factories import MemberFactory, ReturnAddressFactory, UserFactory
from tests.faults.cases import session_of

EACH = 20  # cases of a buyer
KNOWN = 500  # cases that a person opens, again and again

# Every order, and with it its case, belongs to one of the crowd in turn.
SHARE_OUT = """
UPDATE aftersales_order SET buyer_id = (%(crowd)s::bigint[])[1 + id %% %(many)s];
UPDATE aftersales_case c SET buyer_id = o.buyer_id FROM aftersales_order o WHERE o.id = c.order_id;
"""
# Every shop has been told of its cases and has read nothing, which is the most that a page has to count.
TOLD = """
INSERT INTO aftersales_notice
    (user_id, case_id, event_id, party, kind, mark, latest, many, text_zh, text_en, at, mail_tries)
SELECT m.user_id, e.case_id, e.id, 'merchant', e.step, '', true, 1, '买家申请了退款', 'A claim', e.at, 0
FROM aftersales_event e JOIN aftersales_member m ON m.shop_id = e.shop_id;
UPDATE aftersales_event SET delivered_at = at
"""


class Person(NamedTuple):
    """Who signs in: as what, with which session, and the cases (key, number) that are his to open."""

    kind: str
    session: str
    cases: list[tuple[int, str]]


def prepare(cases: int, users: int, random: Random) -> list[Person]:
    """``cases`` open refund cases, and ``users`` people: half buyers, four in ten merchants, staff."""
    staff, merchants = max(1, users // 10), max(1, users * 4 // 10)
    shops = [MemberFactory(user__username=f"merchant{n}").shop for n in range(merchants)]
    buyers = [UserFactory(username=f"buyer{n}") for n in range(users - merchants - staff)]
    others = User.objects.bulk_create(
        [User(username=f"crowd{n}") for n in range(max(0, cases // EACH - len(buyers)))]
    )
    for number, shop in enumerate(shops):
        ReturnAddressFactory(shop=shop)
        share = cases // merchants + (number < cases % merchants)
        due_cases(shop, buyers[0], share, prefix=f"L{number:03d}", due=False)
    crowd = [user.pk for user in [*buyers, *others]]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for statement in SHARE_OUT.strip().split(";\n"):
            cursor.execute(statement, {"crowd": crowd, "many": len(crowd)})
        begin_history()
        for statement in TOLD.strip().split(";\n"):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")
    return [
        *(_merchant(shop, random) for shop in shops),
        *(_person("buyer", user, Case.objects.filter(buyer=user), random) for user in buyers),
        *(_person("staff", user, Case.objects.all(), random) for user in _reviewers(staff)),
    ]


def _merchant(shop: Shop, random: Random) -> Person:
    user = User.objects.get(memberships__shop=shop)
    return _person("merchant", user, Case.objects.filter(shop=shop), random)


def _person(kind: str, user: User, cases: object, random: Random) -> Person:
    known = list(cases.order_by("pk").values_list("pk", "code")[: 20 * KNOWN])  # type: ignore[attr-defined]
    return Person(kind, session_of(user), random.sample(known, min(KNOWN, len(known))))


def _reviewers(count: int) -> list[User]:
    found = [UserFactory(username=f"reviewer{n}", is_staff=True) for n in range(count)]
    for user in found:
        user.groups.set([reviewers_group()])
    return found
