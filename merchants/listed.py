"""The cases of one page of a work list, with all that their rows show."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from itertools import islice
from typing import Any

from django.db import connection

from aftersales.models import Case, Parcel, User
from aftersales.prepared import Made
from aftersales.rules import facts
from merchants.counting import UNSEEN

# Of the case itself; whatever else is read of it would be one more query a row.
READ = (
    *("code", "version", "status", "turn", "stage", "suspended", "type", "remedy", "policy"),
    *("quantity", "amount", "refundable", "round_number", "round_state", "prechecked_at"),
    *("due_at", "reply_due_at", "evidence_due_at", "applied_at", "updated_at", "closed_at"),
    *("return_tracking", "return_filed_at", "return_signed_at", "replacement_signed_at"),
    *("unrepairable_at", "shop_id", "order_id", "assignee_id"),
)
BETWEEN = "\x1f"  # two tags; no text that was sent has it (aftersales/middleware.py)
OF_CASE = ("id", *READ)
BESIDE = (
    *("order_state", "goods", "sku", "image", "own_parcel", "reason_zh", "reason_en"),
    *("assigned_to", "proofs", "unseen", "proved", "drafted"),
)
MOMENTS = ("shipped_at", "last_scan_at", "signed_at", "unreached_at")
OF_PARCEL = ("id", "direction", "state", *MOMENTS)


def listed(page: Made, given: Sequence[Any], user: User) -> list[Any]:
    """The cases whose keys a query finds, each with what it has ``BESIDE``, with the tags that are
    ``tags_on`` it, and its ``parcel``."""
    with connection.cursor() as cursor:
        cursor.execute(_listing(page.sql), [*page.filled(given), user.pk])
        found = cursor.fetchall()
    rows: list[Any] = []
    sent: list[Parcel] = []
    for values in found:
        left = iter(values)
        own = list(islice(left, len(OF_CASE)))
        beside = dict(zip(BESIDE, left, strict=False))
        *parcel, tagged = values[-len(OF_PARCEL) - 1 :]
        if not rows or rows[-1].pk != own[0]:
            for at, read in _readers():
                own[at] = own[at] if own[at] is None else read(own[at])
            row = Case.from_db(connection.alias, OF_CASE, own)
            vars(row).update(beside, tags_on=tagged.split(BETWEEN) if tagged else [])
            rows.append(row)
            sent = row.sent = []
        if parcel[0]:
            moments = map(_moment, parcel[-len(MOMENTS) :])
            sent.append(Parcel.from_db(None, OF_PARCEL, [*parcel[: -len(MOMENTS)], *moments]))
    for row in rows:
        row.parcel = facts.brought(row.sent, row.order_state, row.own_parcel)
    return rows


@lru_cache(256)  # one for each way to filter
def _listing(page: str) -> str:
    """Written out: the page is found first, so that what its rows show is looked up for them alone,
    and to have the whole built from querysets takes longer than to run it."""
    joined = "string_agg" if connection.vendor == "postgresql" else "group_concat"
    return f"""
        WITH page AS (SELECT id, row_number() OVER () AS place FROM ({page}) AS found)
        SELECT c.id, {", ".join(f"c.{name}" for name in READ)},
            o.state AS order_state, l.title AS goods, l.sku AS sku, l.image AS image,
            l.parcel_id AS own_parcel, r.label_zh AS reason_zh, r.label_en AS reason_en,
            CASE WHEN a.active THEN COALESCE(NULLIF(u.nick, ''), u.username) END AS assigned_to,
            (SELECT count(*) FROM aftersales_evidence e
                WHERE e.case_id = c.id AND e.party = 'buyer') AS proofs,
            (SELECT count(*) FROM aftersales_evidence e WHERE {UNSEEN}) AS unseen,
            CASE WHEN c.status = 'platform_review' THEN (
                SELECT count(*) FROM aftersales_evidence e
                WHERE e.case_id = c.id AND e.party = 'merchant'
                AND e.at >= COALESCE(c.evidence_from, c.platform_asked_at, e.at)
            ) ELSE 0 END AS proved,
            EXISTS (SELECT 1 FROM aftersales_draft d
                WHERE d.case_id = c.id AND d.user_id = %s) AS drafted,
            p.id AS parcel_id, p.direction, p.state, p.shipped_at, p.last_scan_at, p.signed_at,
            p.unreached_at,
            (SELECT {joined}(name, '{BETWEEN}') FROM (
                SELECT t.name FROM aftersales_tag_cases tc JOIN aftersales_tag t ON t.id = tc.tag_id
                WHERE tc.case_id = c.id ORDER BY t.name) AS named) AS tagged
        FROM page JOIN aftersales_case c ON c.id = page.id
        JOIN aftersales_order o ON o.id = c.order_id JOIN aftersales_orderline l ON l.id = c.line_id
        JOIN aftersales_reason r ON r.id = c.reason_id
        LEFT JOIN aftersales_member a ON a.id = c.assignee_id
        LEFT JOIN aftersales_user u ON u.id = a.user_id
        LEFT JOIN aftersales_parcel p ON p.order_id = c.order_id AND p.direction = 'outbound'
        ORDER BY page.place, p.id
    """  # noqa: S608  # nosec B608 # the ORM's own SQL for the page; what was sent is a parameter


@cache
def _readers() -> list[tuple[int, Callable[[Any], Any]]]:
    """Which columns of a case are not what the driver finds, and how they are read."""
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for at, name in enumerate(OF_CASE):
        column: Any = Case._meta.get_field(name).get_col("c")  # type: ignore[union-attr]
        ways = column.get_db_converters(connection) + connection.ops.get_db_converters(column)
        found += [(at, partial(way, expression=column, connection=connection)) for way in ways]
    return found


def _moment(value: Any) -> Any:
    """SQLite keeps moments as text, and Django reads them in columns of the model alone."""
    read = getattr(connection.ops, "convert_datetimefield_value", None)
    return read(value, None, connection) if read else value
