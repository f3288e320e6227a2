"""What a new database holds: kept aside, and put back after a test that emptied every table."""

from typing import Any

from django.apps import apps
from django.db import connection, transaction

from aftersales import catalogue
from aftersales.models import Policy, RulebookMark

Rows = tuple[str, list[str], list[tuple[Any, ...]]]  # table, columns, rows

_kept: list[Rows] = []


def keep() -> None:
    """Remember the catalogue's rows, table by table; load it where a run before left none."""
    if not Policy.objects.exists():
        catalogue.load()
    _kept[:] = [rows for model in _models() if (rows := _rows_of(model._meta.db_table))[2]]


def put_back() -> None:
    """As it was, ids included; far quicker than loading the catalogue again."""
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns, rows in _kept:
            names, values = ", ".join(map(quote, columns)), ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"INSERT INTO {quote(table)} ({names}) VALUES ({values})",  # noqa: S608
                rows,
            )


def _models() -> list[Any]:
    everyone = apps.get_app_config("aftersales").get_models(include_auto_created=True)
    return [model for model in everyone if model._meta.managed and model is not RulebookMark]


def _rows_of(table: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
        return table, [column[0] for column in cursor.description], cursor.fetchall()
