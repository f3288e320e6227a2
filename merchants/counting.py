"""How many cases wait where, for the tabs, the navigation and the summary of a shop.

Nothing is counted beyond ``MOST``: who has more waiting is told that it is more, and his page costs
what that of a small shop does.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.core.cache import cache as kept
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localtime

from aftersales import cached, clock
from aftersales.enums import NEGOTIABLE, Party, Turn
from aftersales.models import Evidence, Member

Number = int | str  # 12, or 1000+
# How long numbers may be behind of what is no step: questions, and what becomes urgent.
SECONDS = 15
MOST = 1000
SAMPLED = ("answered", "unseen")  # there may be more behind those with the least time
TURNS = [str(turn) for turn in Turn if turn not in (Turn.MINE, Turn.DONE)]
# Evidence ``e`` at which the shop of the case ``c`` has not looked yet; see ``unseen``.
UNSEEN = """e.case_id = c.id AND e.party = 'buyer'
    AND (c.merchant_seen_at IS NULL OR e.at > c.merchant_seen_at)"""
NAMES = ("mine", "urgent", *SAMPLED, *TURNS, "asked", "handled")


def numbers_of(member: Member, moved: Any) -> dict[str, Number]:
    """The numbers of his shop, in which a case was last ``moved`` (``merchants/team.py``): counted
    anew once another one has moved, and after ``SECONDS``."""
    key = cached.numbers(member.shop_id)
    known = kept.get(key)
    if not known or known.get("moved") != moved:
        known = _counted(member.shop_id) | {"moved": moved}
        kept.set(key, known, SECONDS)
    return _for(member, known)


def soon() -> datetime:
    """What falls due before this moment is urgent."""
    return clock.now() + timedelta(hours=settings.DUE_URGENT_HOURS)


def unseen() -> Exists:
    """The buyer has put forward something at which the shop has not looked yet."""
    theirs = Evidence.objects.filter(case=OuterRef("pk"), party=Party.BUYER)
    seen = OuterRef("merchant_seen_at")
    return Exists(theirs.filter(Q(at__gt=seen) | Q(case__merchant_seen_at=None)))


def many(rows: QuerySet[Any]) -> Number:
    return told(rows.order_by()[: MOST + 1].count())


def told(number: int, *, more: bool = False) -> Number:
    """``more``: not everything was looked at."""
    return f"{min(number, MOST)}+" if more or number > MOST else number


@cache
def _counting(most: int) -> str:
    """One statement, written out: to have it built from querysets takes longer than to run it.

    What is the shop's turn is looked at in the order of its deadlines; handled is what a member
    moved on today, or where he opened a round. The limit is written out: with one that is given,
    PostgreSQL plans the whole anew each time, which takes twice as long as to count.
    """
    negotiable = ", ".join(f"'{status}'" for status in NEGOTIABLE)
    turns = ", ".join(f"('{turn}')" for turn in TURNS)
    return f"""
        WITH mine AS (
            SELECT id, assignee_id, due_at, round_state, status, merchant_seen_at
            FROM aftersales_case
            WHERE shop_id = %(shop)s AND turn = 'mine' ORDER BY due_at, id LIMIT {most}
        )
        SELECT 'mine', assignee_id, count(*), count(*) FILTER (WHERE due_at < %(soon)s),
            count(*) FILTER (WHERE round_state = 'answered' AND status IN ({negotiable}))
        FROM mine GROUP BY assignee_id
        UNION ALL SELECT 'unseen', 0, count(*), 0, 0 FROM mine c
        WHERE EXISTS (SELECT 1 FROM aftersales_evidence e WHERE {UNSEEN})
        UNION ALL SELECT 'asked', 0, count(*), 0, 0 FROM (
            SELECT DISTINCT line_id FROM aftersales_message
            WHERE shop_id = %(shop)s AND party = 'buyer' AND read_at IS NULL
            AND line_id IS NOT NULL LIMIT {most}) asked
        UNION ALL SELECT 'handled', 0, count(*), 0, 0 FROM (
            SELECT DISTINCT case_id FROM aftersales_event
            WHERE shop_id = %(shop)s AND party = 'merchant' AND at >= %(today)s
            AND (before <> after OR step = 'negotiate') LIMIT {most}) handled
        UNION ALL SELECT column1, 0, (SELECT count(*) FROM (
            SELECT 1 FROM aftersales_case
            WHERE shop_id = %(shop)s AND turn = column1 LIMIT {most}) of_turn), 0, 0
        FROM (VALUES {turns}) AS turns
    """  # noqa: S608  # nosec B608 # our own words and a number


def _counted(shop_id: int) -> dict[str, Any]:
    midnight = localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            _counting(MOST + 1),
            {
                "shop": shop_id,
                "soon": moment(soon()),
                "today": moment(midnight),
            },
        )
        found = cursor.fetchall()
    known: dict[str, Any] = dict.fromkeys(NAMES, 0) | {"of": {}}
    for name, who, number, urgent, answered in found:
        known[name] += number
        known["urgent"] += urgent
        known["answered"] += answered
        if name == "mine":
            known["of"][who] = number
    return known


def _for(member: Member, known: dict[str, Any]) -> dict[str, Number]:
    """By turn; of those in the shop's hands the ``urgent``, ``answered``, ``unseen`` and those
    ``assigned`` to this member, among the ``MOST`` with the least time; ``handled`` today; and how
    many buyers have ``asked`` something unread before any case."""
    more = known["mine"] > MOST
    numbers = {name: told(known[name], more=more and name in SAMPLED) for name in NAMES}
    return numbers | {"assigned": told(known["of"].get(member.pk, 0), more=more)}
