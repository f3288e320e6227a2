"""Write many changed rows in one statement; one road for one row and for ten thousand."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def update_rows(rows: Sequence[models.Model], names: Sequence[str]) -> int:
    """Store the named fields of saved rows of one model; return how many rows were found.

    One row is a plain UPDATE. Many rows are one ``UPDATE … FROM unnest(arrays)`` on PostgreSQL,
    and Django's ``bulk_update`` elsewhere (slower, equally correct).
    """
    if not rows or not names:
        return 0
    model = type(rows[0])
    fields = [model._meta.get_field(name) for name in names]
    if len(rows) == 1:
        values = {field.attname: getattr(rows[0], field.attname) for field in fields}  # type: ignore[union-attr]
        return int(model._base_manager.filter(pk=rows[0].pk).update(**values))
    if connection.vendor == "postgresql":
        return _update_from_arrays(model, rows, fields)
    return int(model._base_manager.bulk_update(rows, names, batch_size=200))


def _update_from_arrays(
    model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[Any]
) -> int:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    key = model._meta.pk
    columns = [key, *fields]
    arrays: list[list[Any]] = [
        [field.get_db_prep_save(getattr(row, field.attname), connection=connection) for row in rows]
        for field in columns
    ]
    casts, parameters = [], []
    for field, values in zip(columns, arrays, strict=True):
        kind = _plain_type(field)
        if kind == "jsonb":  # arrays of documents travel as text
            values = [
                value.dumps(value.obj) if hasattr(value, "obj") else value for value in values
            ]
            casts.append("%s::text[]")
        else:
            casts.append(f"%s::{kind}[]")
        parameters.append(values)
    names = [f"c{number}" for number in range(len(columns))]
    sets = ", ".join(
        f"{quote(field.column)} = v.{name}" + ("::jsonb" if _plain_type(field) == "jsonb" else "")
        for field, name in zip(fields, names[1:], strict=True)
    )
    sql = (
        f"UPDATE {table} AS t SET {sets} "  # noqa: S608 (names come from the models)
        f"FROM unnest({', '.join(casts)}) AS v({', '.join(names)}) "
        f"WHERE t.{quote(str(key.column))} = v.c0"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def _plain_type(field: Any) -> str:
    kind = str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))
    return kind.split("(")[0].strip()


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert new rows, model by model in the order in which each model first appears."""
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    for model, group in groups.items():
        model._base_manager.bulk_create(group, batch_size=2000)


def insert_from(model: type[models.Model], names: Sequence[str], rows: models.QuerySet) -> int:
    """Insert what a query finds, without fetching it; its columns are ``names``, in this order."""
    quote = connection.ops.quote_name
    sql, parameters = rows.query.sql_with_params()
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    columns = ", ".join(quote(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({columns}) {sql}",
            parameters,
        )
        return int(cursor.rowcount)


def hold(name: str) -> None:
    """Queue up behind whoever holds the same name, until this transaction ends.

    For what no row stands for yet (a tracking number that two people type at the same moment).
    SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
