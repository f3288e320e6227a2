"""Insert many new rows: COPY on PostgreSQL, ``bulk_create`` elsewhere (slower, equally correct)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

from aftersales import clock


def insert(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Store rows, given as columns to values, all with the same columns; return their keys.

    A column that is not given has its field's default.
    """
    if not rows:
        return []
    constants = _defaults(model, rows[0])
    if connection.vendor == "postgresql":
        return _copy(model, rows, constants)
    made = model._base_manager.bulk_create(
        [model(**row, **constants) for row in rows], batch_size=500
    )
    return [int(each.pk) for each in made]


def _defaults(model: type[models.Model], given: Iterable[str]) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key or field.attname in given:
            continue
        stamped = getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False)
        left[field.attname] = clock.now() if stamped else field.get_default()
    return left


def _copy(
    model: type[models.Model], rows: Sequence[dict[str, Any]], constants: dict[str, Any]
) -> list[int]:
    quote = connection.ops.quote_name
    table, key = model._meta.db_table, model._meta.pk
    fields: Any = {field.attname: field for field in model._meta.concrete_fields}
    rest = [
        fields[name].get_db_prep_save(value, connection=connection)
        for name, value in constants.items()
    ]
    columns = [key.column, *(fields[name].column for name in [*rows[0], *constants])]
    names = ", ".join(quote(str(column)) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [quote(table), key.column, len(rows)],
        )
        keys = [int(found[0]) for found in cursor.fetchall()]
        with cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copy:
            for number, row in zip(keys, rows, strict=True):
                copy.write_row([number, *row.values(), *rest])
    return keys
