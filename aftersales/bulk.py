"""Write many rows in one statement; one road for one row and for ten thousand."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert new rows, model by model in the order in which each model first appears.

    Many rows of a model are one ``INSERT … SELECT FROM unnest(arrays)`` on PostgreSQL.
    """
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    for model, group in groups.items():
        fresh = all(row.pk is None for row in group)
        if len(group) > 1 and fresh and connection.vendor == "postgresql":
            _insert_from_arrays(model, group)
        else:
            model._base_manager.bulk_create(group, batch_size=2000)


def _update_from_arrays(
    model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[Any]
) -> int:
    quote = connection.ops.quote_name
    key: Any = model._meta.pk
    arrays, columns, parameters = _arrays(
        [key, *fields], rows, lambda row, field: getattr(row, field.attname)
    )
    names = [f"c{number}" for number in range(len(columns))]
    sets = ", ".join(
        f"{quote(field.column)} = v.{column}"
        for field, column in zip(fields, columns[1:], strict=True)
    )
    sql = (
        f"UPDATE {quote(model._meta.db_table)} AS t SET {sets} "  # noqa: S608 (names come from the models)
        f"FROM unnest({arrays}) AS v({', '.join(names)}) "
        f"WHERE t.{quote(key.column)} = v.c0"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def _insert_from_arrays(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    quote = connection.ops.quote_name
    key: Any = model._meta.pk
    fields: list[Any] = [field for field in model._meta.concrete_fields if field is not key]
    for row in rows:  # a row that was stored just before may be what this one refers to
        row._prepare_related_fields_for_save(operation_name="bulk_create")  # type: ignore[attr-defined]
    arrays, columns, parameters = _arrays(
        fields, rows, lambda row, field: field.pre_save(row, True)
    )
    names = [f"c{number}" for number in range(len(columns))]
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} "  # noqa: S608 (names come from the models)
        f"({', '.join(quote(field.column) for field in fields)}) "
        f"SELECT {', '.join(f'v.{column}' for column in columns)} "
        f"FROM unnest({arrays}) WITH ORDINALITY AS v({', '.join(names)}, nth) ORDER BY nth "
        f"RETURNING {quote(key.column)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        keys = cursor.fetchall()
    for row, (pk,) in zip(rows, keys, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, connection.alias


def _arrays(
    fields: Sequence[Any], rows: Sequence[models.Model], value_of: Callable[[Any, Any], Any]
) -> tuple[str, list[str], list[list[Any]]]:
    """One array a field: the casts for ``unnest``, how its columns are read, the parameters."""
    casts, columns, parameters = [], [], []
    for number, field in enumerate(fields):
        values = [field.get_db_prep_save(value_of(row, field), connection) for row in rows]
        kind = _plain_type(field)
        if kind == "jsonb":  # arrays of documents travel as text
            values = [each.dumps(each.obj) if hasattr(each, "obj") else each for each in values]
            casts.append("%s::text[]")
            columns.append(f"c{number}::jsonb")
        else:
            casts.append(f"%s::{kind}[]")
            columns.append(f"c{number}")
        parameters.append(values)
    return ", ".join(casts), columns, parameters


def _plain_type(field: Any) -> str:
    kind = str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))
    return kind.split("(")[0].strip()


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


@contextmanager
def filled(
    model: type[models.Model], names: Sequence[str], rows: models.QuerySet
) -> Iterator[None]:
    """For as long as it is used, the temporary table of a model, holding what a query finds."""
    table = connection.ops.quote_name(model._meta.db_table)
    sql, parameters = rows.query.sql_with_params()
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {table} AS WITH found ({columns}) AS ({sql}) "  # noqa: S608 (names come from the models)
            "SELECT * FROM found",
            parameters,
        )
        yield
        cursor.execute(f"DROP TABLE {table}")


def hold(name: str) -> None:
    """Queue up behind whoever holds the same name, until this transaction ends.

    For what no row stands for yet (a tracking number that two people type at the same moment).
    SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
