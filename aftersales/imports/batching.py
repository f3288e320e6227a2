"""A file in batches to settle together, always the same ones, so that work can stop and go on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from aftersales.imports.layout import Layout, OrderRow
from aftersales.imports.reading import Record, Table
from aftersales.imports.values import Problem, plain


@dataclass
class Batch:
    """Rows to settle together. ``spoiled`` are order numbers of which a row is wrong."""

    size: int = 0
    rows: list[OrderRow] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    spoiled: dict[str, int] = field(default_factory=dict)


def batches(table: Table, latest: datetime, most: int) -> Iterator[Batch]:
    """About ``most`` rows each; neighbouring rows of one order stay together."""
    layout = table.layout
    batch = Batch()
    last = ""
    for record in table.rows:
        row, problems = _read(layout, record, latest)
        number = number_in(layout, record)
        if problems and layout.is_header(record.cells):
            problems, number = [], ""
        # An order of very many rows is cut all the same: memory stays flat.
        full = batch.size >= most and (not number or number != last or batch.size >= 5 * most)
        if full:
            yield batch
            batch = Batch()
        last = number
        batch.size += 1
        if row is not None:
            batch.rows.append(row)
        if problems:
            batch.problems.extend((record.row, problem) for problem in problems)
            if number:
                batch.spoiled.setdefault(number, record.row)
    if batch.size:
        yield batch


def passed(table: Table, count: int) -> set[int]:
    """Pass over rows that were settled before; which orders they were about, as hashes."""
    return {
        hash(number)
        for record in islice(table.rows, count)
        if (number := number_in(table.layout, record))
    }


def number_in(layout: Layout, record: Record) -> str:
    """The order number as the row has it, right or wrong."""
    place = layout.number_place
    return plain(record.cells[place]) if place < len(record.cells) else ""


def _read(
    layout: Layout, record: Record, latest: datetime
) -> tuple[OrderRow | None, list[Problem]]:
    if record.problem:
        return None, [record.problem]
    return layout.read(record.row, record.cells, latest)
