"""Tables for spreadsheets: a file that Excel opens as it is, and no cell of it is run or rounded."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from aftersales.display import exact
from aftersales.imports.values import plain

# A long number in a csv, as Excel would show it: rounded.
LONG_NUMBER = re.compile(r"[0-9]{12,}")
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Cell = str | int | Decimal | datetime | None


def neutral(cell: str) -> str:
    """A cell that a spreadsheet neither runs as a formula nor rounds."""
    text = plain(cell) if cell.lstrip().startswith(("=", "'")) else cell
    if LONG_NUMBER.fullmatch(text.strip()):
        return f"{text.strip()}\t"
    if text.startswith(DANGEROUS) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def write_csv(file: IO[bytes], rows: Iterable[Sequence[Cell]], encoding: str) -> None:
    """Rows as csv; ``utf-8-sig`` begins with the mark by which Excel knows UTF-8."""
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([neutral(_told(cell)) for cell in row])
    text.flush()
    text.detach()  # the file stays open


def write_xlsx(file: IO[bytes], rows: Iterable[Sequence[Cell]]) -> None:
    """Rows as a workbook: amounts are numbers, everything else is text and no formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([_cell(sheet, cell) for cell in row])
    book.save(file)


def _cell(sheet: Any, value: Cell) -> Any:
    if isinstance(value, int | Decimal):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", _told(value)))
    cell.data_type = "s"
    return cell


def _told(value: Cell) -> str:
    if value is None:
        return ""
    return exact(value) if isinstance(value, datetime) else str(value)
