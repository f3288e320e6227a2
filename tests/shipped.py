"""What a new database holds, and how a database is made new after a test that wrote to it for good."""

from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from aftersales import catalogue
from aftersales.models import Policy

Rows = bytes  # of a table, as COPY writes them

_kept: dict[str, Rows] = {}


def keep() -> None:
    """Remember every row, table by table; load the catalogue where a run before left none."""
    if not Policy.objects.exists():
        catalogue.load()
    if connection.vendor == "postgresql":
        _kept.update({table: rows for table in _tables() if (rows := _read(table))})


def start_over(*_case: Any) -> None:
    """As it was, ids included. Ten times as fast as emptying every table and loading the catalogue."""
    if connection.vendor != "postgresql":
        call_command("flush", verbosity=0, interactive=False)
        catalogue.load()
        return
    with transaction.atomic(), connection.cursor() as cursor:
        # neither triggers nor foreign keys: all is right again at the end
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in {*_kept, *_filled()}:
            rows = _kept.get(table)
            if rows and rows == _read(table):
                continue
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 # names come from the models
            if rows:
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)


def _tables() -> list[str]:
    quote, known = connection.ops.quote_name, connection.introspection
    return [quote(name) for name in known.django_table_names(True, include_views=False)]


def _filled() -> list[str]:
    """The tables that hold anything, asked in one statement."""
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})"  # noqa: S608
        for table in _tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [table for (table,) in cursor.fetchall()]


def _read(table: str) -> Rows:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(copy)
