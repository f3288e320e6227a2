"""Queries that are made into SQL once, and several of them asked in one statement.

Django makes the statement anew each time, which takes it longer than PostgreSQL takes to answer.
What every page and step asks is therefore written as a queryset of its parameters, made once in a
process, and from then on only filled in.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models import Value
from django.db.models.query import ModelIterable, get_related_populators

populators: Any = get_related_populators
# What JSON holds as the database does; the rest goes through it as text.
PLAIN = (
    *(models.IntegerField, models.BooleanField, models.CharField, models.TextField),
    *(models.JSONField, models.FileField, models.ForeignKey),
)


class Parameter(Value):
    """Stands in a queryset for what is given when it is asked: a key, a text, a moment; as
    somebody's ``pk`` also for himself."""

    def as_sql(self, *_args: Any) -> Any:
        return "%s", [self]

    @property
    def pk(self) -> "Parameter":
        return self


class Prepared:
    """``Prepared(lambda code: Case.objects.filter(code=code))``, asked by calling it: instances,
    or tuples of values; ``counted``, the one row that says how many."""

    def __init__(self, make: Callable[..., models.QuerySet[Any]], *, counted: bool = False) -> None:
        self.make, self.counted = make, counted

    def anew(self) -> "Made":
        names = inspect.signature(self.make).parameters
        return Made(self.make(*map(Parameter, names)), list(names), counted=self.counted)

    @cached_property
    def made(self) -> "Made":
        return self.anew()

    def __call__(self, *given: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.made.sql, self.made.filled(given))
            return self.made.rows(cursor.fetchall(), self.made.converters)


class Made:
    """The SQL of a query, and how its rows are read."""

    def __init__(
        self, queryset: models.QuerySet[Any], names: list[str], *, counted: bool = False
    ) -> None:
        compiler: Any = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, parameters = compiler.as_sql()
        self.places = [
            (True, names.index(each.value)) if isinstance(each, Parameter) else (False, each)
            for each in parameters
        ]
        self.columns = [column for column, *_ in compiler.select]
        if counted:
            self.sql = f"SELECT COUNT(*) FROM ({self.sql}) AS counted"  # noqa: S608  # nosec B608 # its own
            self.columns = [Value(0)]
        self.converters = self._chained(compiler)
        self.annotated = compiler.annotation_col_map or {}
        self.model: Any = None
        if issubclass(queryset._iterable_class, ModelIterable) and not counted:
            info = compiler.klass_info
            first, last = info["select_fields"][0], info["select_fields"][-1] + 1
            self.own, self.model = slice(first, last), info["model"]
            self.names = [column.target.attname for column in self.columns[self.own]]
            self.joined = populators(info, compiler.select, DEFAULT_DB_ALIAS)

    def _chained(self, compiler: Any) -> list[tuple[int, Callable[[Any], Any]]]:
        def one(converters: Any, column: Any) -> Callable[[Any], Any]:
            def read(value: Any) -> Any:
                for convert in converters:
                    value = convert(value, column, connection)
                return value

            return read

        found = compiler.get_converters(self.columns)
        return [(at, one(*each)) for at, each in found.items()]

    def filled(self, given: Sequence[Any]) -> list[Any]:
        adapt = connection.ops.adapt_datetimefield_value
        given = [adapt(each) if isinstance(each, datetime) else each for each in given]
        return [given[value] if asked else value for asked, value in self.places]

    def rows(self, found: Iterable[Any], readers: Sequence[Any]) -> list[Any]:
        """Instances with what is joined to them, or tuples where the query asks for values."""
        made = []
        for row in found:
            values = list(row)
            for at, read in readers:
                if values[at] is not None:
                    values[at] = read(values[at])
            made.append(tuple(values) if self.model is None else self._instance(values))
        return made

    def _instance(self, values: list[Any]) -> Any:
        row = self.model.from_db(DEFAULT_DB_ALIAS, self.names, values[self.own])
        for populator in self.joined:
            populator.populate(values, row)
        for name, at in self.annotated.items():
            setattr(row, name, values[at])
        return row

    # As one column of a row that holds many queries.

    @cached_property
    def packed(self) -> str:
        names = [f"c{at}" for at in range(len(self.columns))]
        readers = dict(self.readers)
        kept = (f"{name}::text" if at in readers else name for at, name in enumerate(names))
        return (
            f"(SELECT json_agg(json_build_array({', '.join(kept)})) "  # noqa: S608  # nosec B608 # the query's own
            f"FROM ({self.sql}) AS q ({', '.join(names)}))"
        )

    @cached_property
    def readers(self) -> list[tuple[int, Callable[[Any], Any]]]:
        fields = ((at, column.output_field) for at, column in enumerate(self.columns))
        return [(at, _reader(field)) for at, field in fields if not isinstance(field, PLAIN)]


def _reader(field: Any) -> Callable[[Any], Any]:
    known: dict[Any, Callable[[Any], Any]] = {
        models.DateTimeField: datetime.fromisoformat,
        models.DecimalField: Decimal,
    }
    reader: Callable[[Any], Any] = known.get(type(field), field.to_python)
    return reader


class Written:
    """A statement written out by hand, with ``%(names)s``; it finds tuples, and is asked with a
    dictionary. Of what JSON does not hold as the database does, the text comes where it is asked
    ``together`` with others."""

    readers: Sequence[Any] = ()

    def __init__(self, sql: str, columns: int) -> None:
        self.names = re.findall(r"%\((\w+)\)s", sql)
        self.sql = re.sub(r"%\(\w+\)s", "%s", sql)
        names = ", ".join(f"c{at}" for at in range(columns))
        self.packed = (
            f"(SELECT json_agg(json_build_array({names})) "  # noqa: S608  # nosec B608 # written by us
            f"FROM ({self.sql}) AS q ({names}))"
        )

    @property
    def made(self) -> "Written":
        return self

    def __call__(self, given: dict[str, Any]) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.filled([given]))
            return list(cursor.fetchall())

    def filled(self, given: Sequence[dict[str, Any]]) -> list[Any]:
        adapt = connection.ops.adapt_datetimefield_value
        values = {
            name: adapt(each) if isinstance(each, datetime) else each
            for name, each in given[0].items()
        }
        return [values[name] for name in self.names]

    def rows(self, found: Iterable[Any], _readers: Sequence[Any]) -> list[Any]:
        return [tuple(row) for row in found]


Asked = tuple[Prepared | Written, Sequence[Any]]  # a query and what is given to it


def together(*asked: Asked) -> list[list[Any]]:
    """What each of several queries finds, in one statement (on PostgreSQL)."""
    if connection.vendor != "postgresql":
        return [query(*given) for query, given in asked]
    made = [query.made for query, _given in asked]
    sql = f"SELECT {', '.join(each.packed for each in made)}"
    values = [value for query, given in asked for value in query.made.filled(given)]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchone()
    return [each.rows(rows or (), each.readers) for each, rows in zip(made, found, strict=True)]
