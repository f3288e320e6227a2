"""Write many rows in one statement; one road for one row and for ten thousand."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, connections, models, transaction

from aftersales import clock
from aftersales.models.placing import ShopOf

MANY = 50  # fewer rows are one INSERT with their values written out

# Fields whose values the driver stores as they are.
AS_THEY_ARE = (
    models.IntegerField,
    models.BooleanField,
    models.DateTimeField,
    models.DecimalField,
    models.ForeignKey,
)


class Exactly(DjangoJSONEncoder):
    """Moments to the microsecond; Django's own encoder cuts them to what JavaScript knows."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def update_rows(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Store the named fields of saved rows of one model."""
    with Writing() as writing:
        writing.update(rows, names)


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert new rows, model by model in the order in which each model first appears."""
    with Writing() as writing:
        writing.insert(rows)


class Part(NamedTuple):
    """A statement of a few rows, and those of them that get their keys by it."""

    sql: str
    values: list[Any]
    new: Sequence[models.Model] = ()


class Writing:
    """Rows on their way to the database. Few go together in one statement, many in one of their own.

    ``with Writing() as writing`` sends what was handed over when it ends, or before what could not
    be in the same statement: a row that needs the key of another, or a row for the second time.
    """

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._touched: set[tuple[type[models.Model], Any]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: Any, *_why: Any) -> None:
        if failed is None:
            self.send()

    def update(self, rows: Sequence[models.Model], names: Sequence[str]) -> None:
        """Store the named fields of saved rows of one model.

        One row is a plain UPDATE. Many rows are one ``UPDATE … FROM`` a JSON document on PostgreSQL,
        which reads it by the types of its columns, and Django's ``bulk_update`` elsewhere (slower,
        equally correct).
        """
        if not rows or not names:
            return
        model = type(rows[0])
        fields: list[Any] = [model._meta.get_field(name) for name in names]
        if len(rows) == 1:
            [row] = rows
            if (model, row.pk) in self._touched:
                self.send()
            self._touched.add((model, row.pk))
            told = _told([(each, getattr(row, each.attname)) for each in fields])
            self._parts.append(Part(_update_of(model, tuple(fields)), [*told, row.pk]))
            return
        self.send()
        if connection.vendor == "postgresql":
            _update_from_document(model, rows, fields)
        else:
            model._base_manager.bulk_update(rows, names, batch_size=200)

    def insert(self, rows: Sequence[models.Model]) -> None:
        """Insert new rows, model by model in the order in which each model first appears.

        Few of a model are one INSERT; many are one COPY on PostgreSQL.
        """
        groups: dict[type[models.Model], list[models.Model]] = {}
        for row in rows:
            groups.setdefault(type(row), []).append(row)
        for model, group in groups.items():
            if len(group) >= MANY:
                self.send()
            if len(group) >= MANY and connection.vendor != "postgresql":
                model._base_manager.bulk_create(group, batch_size=2000)
                continue
            for row in group:
                if known := row._state.fields_cache:  # with a row that was stored just before it
                    if any(each is not None and each.pk is None for each in known.values()):
                        self.send()
                    row._prepare_related_fields_for_save(operation_name="bulk_create")  # type: ignore[attr-defined]
            fields: list[Any] = [
                each for each in model._meta.concrete_fields if not each.primary_key
            ]
            if len(group) >= MANY:
                columns = (_column(field, _values(field, group)) for field in fields)
                _keyed(group, _copy(model, fields, zip(*columns), len(group)))  # noqa: B905 # some never end
                continue
            told = _told([(each, each.pre_save(row, True)) for row in group for each in fields])
            self._parts.append(Part(_insert_of(model, len(group)), told, group))

    def delete(self, rows: Iterable[models.Model]) -> None:
        """Take rows back, with what Django deletes along."""
        for row in rows:
            self.send()
            row.delete()

    def send(self) -> None:
        """Store what was handed over until now."""
        parts, self._parts = self._parts, []
        self._touched.clear()
        if len(parts) > 1 and connection.vendor == "postgresql":
            parts = [_one_of(parts)]
        for part in parts:
            with connection.cursor() as cursor:
                cursor.execute(part.sql, part.values)
                if part.new:
                    _keyed(part.new, [int(key) for (key,) in cursor.fetchall()])


def _told(values: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Values as their fields hand them to the driver."""
    here = connections[connection.alias]  # what ``connection`` is, without a look-up for each value
    return [field.get_db_prep_save(value, here) for field, value in values]


def _one_of(parts: Sequence[Part]) -> Part:
    """All of them in one statement; it finds the keys of all new rows, in their order."""
    asked = ", ".join(f"w{at} AS ({part.sql})" for at, part in enumerate(parts))
    keys = " UNION ALL ".join(f"TABLE w{at}" for at, part in enumerate(parts) if part.new)
    return Part(
        f"WITH {asked} {keys or 'SELECT 1'}",
        [value for part in parts for value in part.values],
        [row for part in parts for row in part.new],
    )


def _keyed(rows: Sequence[models.Model], keys: Iterable[int]) -> None:
    """New rows are stored under these keys."""
    for row, key in zip(rows, keys, strict=True):
        setattr(row, row._meta.pk.attname, key)
        row._state.adding, row._state.db = False, connection.alias


# To have these made by Django takes longer than to run them.


@cache
def _insert_of(model: type[models.Model], count: int) -> str:
    quote: Any = connection.ops.quote_name
    key: Any = model._meta.pk
    columns = [quote(each.column) for each in model._meta.concrete_fields if each is not key]
    row = f"({', '.join(['%s'] * len(columns))})"
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) "  # noqa: S608  # nosec B608 # names come from the models
        f"VALUES {', '.join([row] * count)} RETURNING {quote(key.column)}"
    )


@cache
def _update_of(model: type[models.Model], fields: Sequence[Any]) -> str:
    quote: Any = connection.ops.quote_name
    told = ", ".join(f"{quote(each.column)} = %s" for each in fields)
    return (
        f"UPDATE {quote(model._meta.db_table)} SET {told} "  # noqa: S608  # nosec B608 # names come from the models
        f"WHERE {quote(model._meta.pk.column)} = %s"
    )


def insert_values(
    model: type[models.Model], rows: Sequence[dict[str, Any]], **same: Any
) -> list[int]:
    """Insert rows given as columns to plain values, all with the same columns; return their keys.

    ``same`` are the columns that hold the same in each; what is not given has its field's default.
    """
    if not rows:
        return []
    if connection.vendor != "postgresql":
        made = model._base_manager.bulk_create(
            [model(**row, **same) for row in rows], batch_size=500
        )
        return [int(each.pk) for each in made]
    fields: dict[str, Any] = {field.attname: field for field in model._meta.concrete_fields}
    left = [each for name, each in fields.items() if not each.primary_key and name not in rows[0]]
    stamp = clock.now()
    usual = [stamp if getattr(each, "auto_now_add", False) else each.get_default() for each in left]
    constants = [
        _prepared(each, [same.get(each.attname, default)])[0]
        for each, default in zip(left, usual, strict=True)
    ]
    given = [fields[name] for name in rows[0]]
    whole = ((*row.values(), *constants) for row in rows)
    return _copy(model, [*given, *left], whole, len(rows))


def _copy(
    model: type[models.Model], fields: Sequence[Any], rows: Iterable[Sequence[Any]], count: int
) -> list[int]:
    """COPY rows of prepared values; return the keys they were given."""
    quote = connection.ops.quote_name
    table, key = model._meta.db_table, model._meta.pk.column
    names = ", ".join(quote(column) for column in (key, *(field.column for field in fields)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(keys) FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS keys OFFSET 0)"
            " AS one, generate_series(1, %s)",
            [quote(table), key, count],
        )
        keys = [int(found) for (found,) in cursor.fetchall()]
        with cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copy:
            for number, row in zip(keys, rows, strict=True):
                copy.write_row((number, *row))
    return keys


def _update_from_document(
    model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[Any]
) -> None:
    """What is the same in every row is written once, and only what differs goes by the document."""
    quote = connection.ops.quote_name
    key: Any = model._meta.pk
    columns = {field: list(map(attrgetter(field.attname), rows)) for field in (key, *fields)}
    same = [each for each in fields if columns[each].count(columns[each][0]) == len(rows)]
    other = [each for each in columns if each not in same]
    names = [each.column for each in other]
    values = zip(*(columns[each] for each in other), strict=True)
    document = json.dumps([dict(zip(names, row, strict=True)) for row in values], cls=Exactly)
    table = quote(model._meta.db_table)
    types = ", ".join(f"{quote(each.column)} {each.db_type(connection)}" for each in other)
    sets = [f"{quote(each.column)} = %s" for each in same]
    sets += [f"{name} = v.{name}" for name in map(quote, names[1:])]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET {', '.join(sets)} "  # noqa: S608  # nosec B608 # names come from the models
            f"FROM json_to_recordset(%s) AS v({types}) "
            f"WHERE t.{quote(key.column)} = v.{quote(key.column)}",
            [*(_prepared(each, columns[each][:1])[0] for each in same), document],
        )


def _values(field: Any, rows: Sequence[models.Model]) -> list[Any]:
    """A column of new rows."""
    stamped = getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False)
    if stamped or isinstance(field, models.FileField | ShopOf):
        return [field.pre_save(row, True) for row in rows]
    return list(map(attrgetter(field.attname), rows))


def _column(field: Any, values: list[Any]) -> Iterable[Any]:
    """A column as COPY takes it; what is the same in every row is made once."""
    if values.count(values[0]) < len(values):
        return _prepared(field, values)
    (value,) = _prepared(field, values[:1])
    return repeat(None if value is None else str(value))


def _prepared(field: Any, values: list[Any]) -> list[Any]:
    """A column of values as the driver takes them."""
    if isinstance(field, AS_THEY_ARE):
        return values
    if isinstance(field, models.JSONField):
        ready: Callable[[Any], Any] = partial(json.dumps, cls=field.encoder)
    elif isinstance(field, models.CharField | models.TextField):
        ready = str
    else:
        ready = partial(field.get_db_prep_save, connection=connection)
    return [None if value is None else ready(value) for value in values]


def among(column: str, keys: Iterable[int]) -> Any:
    """A condition ``column IN keys`` for many keys: one array on PostgreSQL, not a value each."""
    if connection.vendor != "postgresql":
        return models.Q(**{f"{column}__in": list(keys)})
    return any_of(column, models.Value(array(keys)))


def among_texts(column: str, texts: Iterable[str]) -> Any:
    """The same of many texts."""
    if connection.vendor != "postgresql":
        return models.Q(**{f"{column}__in": list(texts)})
    return any_of(column, models.Value(list(texts)), "text")


@contextmanager
def planned_anew() -> Iterator[None]:
    """Statements that PostgreSQL plans for what they are asked.

    A plan that it made once, while a table was thought to be empty, as on the day of a first import,
    compares each row with each of a thousand numbers one by one.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield
        # else each foreign key of each row of the transaction around it is planned anew as well
        cursor.execute("SET LOCAL plan_cache_mode TO DEFAULT")


def array(keys: Iterable[int]) -> str:
    return f"{{{','.join(map(str, keys))}}}"


def any_of(column: str, keys: Any, kind: str = "bigint") -> Any:
    """The same of an array that is given when the query is asked (PostgreSQL)."""
    return models.Func(
        models.F(column),
        keys,
        template=f"%(expressions)s::{kind}[])",
        arg_joiner=" = ANY(",
        output_field=models.BooleanField(),
    )


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
            f"CREATE TEMPORARY TABLE {table} AS WITH found ({columns}) AS ({sql}) "  # noqa: S608  # nosec B608 # names come from the models
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
