"""From an uploaded file to rows of text: csv or xlsx, whatever its encoding; hostile files end in a sentence."""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import PurePath
from typing import Any, BinaryIO, NamedTuple

from django.utils.translation import gettext_noop
from openpyxl import load_workbook

from aftersales.imports.layout import Layout, NotFound, TwiceThere, find_header
from aftersales.imports.pinduoduo import PINDUODUO
from aftersales.imports.taobao import TAOBAO
from aftersales.imports.values import WHITE, Problem

PLATFORMS = (PINDUODUO, TAOBAO)

MEGABYTE = 1024 * 1024
LARGEST_FILE = 50 * MEGABYTE
MOST_ROWS = 500_000
MOST_COLUMNS = 200
MOST_BLANK_ROWS = 10_000  # in a row: sheets that claim a million formatted ones
HEADER_WITHIN = 10  # records, of which the first ones may be a title
MOST_LINES_A_RECORD = 20
MOST_ENTRIES = 1_000
LARGEST_UNPACKED = 400 * MEGABYTE
LARGEST_TEXTS = 100 * MEGABYTE  # shared strings are held in memory
MOST_SQUEEZED = 200  # times smaller than what comes out: a bomb

ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NO_TEXT = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
DELIMITERS = ",\t;"
ENTITIES = (b"<!DOCTYPE", b"<!ENTITY")
SIGNS_OF_MIXTURE = 8  # Chinese characters; fewer may be valid in both encodings by chance


class Unreadable(Exception):
    """The whole file can't be read; ``reason`` is a msgid with places for ``facts``."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


class Record(NamedTuple):
    """One row as it stands in the file, and what is wrong with it before anyone reads it."""

    row: int  # as a spreadsheet numbers it: the first is 1, blank rows count
    cells: list[str]
    problem: Problem | None = None


@dataclass(frozen=True)
class Table:
    """A file whose header was found; ``rows`` is read once and streams."""

    kind: str
    encoding: str
    layout: Layout
    about: int  # how many rows there may be; exact only once they are read
    rows: Iterator[Record]


def kind_of(file: BinaryIO, name: str, size: int) -> str:
    """Csv or xlsx, by what the file holds and not only by its name."""
    ending = PurePath(name).suffix.lower()
    if ending not in (".csv", ".xlsx"):
        raise Unreadable(gettext_noop("只能导入 .csv 或 .xlsx 文件"))
    if size > LARGEST_FILE:
        raise Unreadable(
            gettext_noop("文件超过 {most} MB，请分几次导出"), most=LARGEST_FILE // MEGABYTE
        )
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise Unreadable(gettext_noop("文件是空的"))
    if head.startswith(OLD_EXCEL):
        raise Unreadable(
            gettext_noop("这是旧版 Excel（.xls）文件，请另存为 .xlsx 或 .csv 后再上传")
        )
    if head.startswith(ZIP):
        if ending == ".csv":
            raise Unreadable(
                gettext_noop("文件名是 .csv，内容却是 Excel 或压缩包，请从平台重新导出")
            )
        return "xlsx"
    if ending == ".xlsx":
        raise Unreadable(gettext_noop("文件名是 .xlsx，内容却不是 Excel，请从平台重新导出"))
    if head.startswith(UTF_16):
        raise Unreadable(gettext_noop("文件的编码是 UTF-16，请另存为 UTF-8 后再上传"))
    if head.startswith(NO_TEXT) or head.lstrip()[:1] == b"<":
        raise Unreadable(gettext_noop("文件内容不是表格"))
    return "csv"


def open_table(file: BinaryIO, name: str, size: int) -> Table:
    """Find out what a file is and where its header stands; then its rows can be streamed."""
    if kind_of(file, name, size) == "xlsx":
        return _open_xlsx(file)
    return _open_csv(file)


def _found(records: Sequence[Sequence[str]]) -> tuple[int, Layout]:
    if any(len(record) > MOST_COLUMNS for record in records):
        raise Unreadable(gettext_noop("表格超过 {most} 列"), most=MOST_COLUMNS)
    try:
        return find_header(records, PLATFORMS)
    except TwiceThere as twice:
        raise Unreadable(
            gettext_noop("表头里有两列都叫“{name}”，不知道该用哪一列"), name=twice.name[:40]
        ) from None


def _explained(problem: NotFound) -> Unreadable:
    if problem.platform is None:
        return Unreadable(
            gettext_noop("找不到认识的表头：目前能读拼多多的订单导出和淘宝的 ExportOrderList")
        )
    return Unreadable(gettext_noop("缺少这些列：{missing}"), missing="、".join(problem.missing))


# csv ----------------------------------------------------------------------------------------------


def _open_csv(file: BinaryIO) -> Table:
    lines, not_utf8 = _undecodable(file, "utf-8-sig")
    encoding = "utf-8"
    if file.read(3) == codecs.BOM_UTF8:
        encoding = "utf-8-sig"
    mixed_up = Unreadable(
        gettext_noop("第 {row} 行的文字编码与前面的行不同，请从平台重新导出"), row=not_utf8
    )
    if not_utf8:
        if encoding == "utf-8-sig":
            raise mixed_up
        lines, broken = _undecodable(file, "gb18030")
        if broken and not (not_utf8 > 1 and _starts_as_utf8(file)):
            raise Unreadable(
                gettext_noop("第 {row} 行的文字编码无法识别，请另存为 UTF-8 后再上传"), row=broken
            )
        if broken:
            raise mixed_up
        encoding = "gb18030"
    try:
        delimiter, place, layout = _header_of(file, encoding)
    except NotFound as problem:
        if not_utf8 > 1 and _starts_as_utf8(file):
            raise mixed_up from None
        raise _explained(problem) from None
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    records = _records(text, delimiter, len(layout.header), mixed=encoding == "gb18030")
    shown = {"utf-8-sig": "UTF-8 BOM", "utf-8": "UTF-8", "gb18030": "GB18030"}[encoding]
    return Table(
        "csv", shown, layout, max(lines - place, 1), _counted(islice(records, place, None))
    )


def _undecodable(file: BinaryIO, encoding: str) -> tuple[int, int]:
    """How many lines the file has, and the first that is not valid in the encoding (0: none)."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    file.seek(0)
    while True:
        block = file.read(MEGABYTE)
        try:
            lines += decoder.decode(block, final=not block).count("\n")
        except UnicodeDecodeError as error:
            file.seek(0)
            return lines, lines + error.object[: error.start].count(b"\n") + 1
        if not block:
            file.seek(0)
            return lines, 0


def _header_of(file: BinaryIO, encoding: str, errors: str = "strict") -> tuple[str, int, Layout]:
    """The delimiter, how many records come up to and with the header, and the header."""
    file.seek(0)
    head = codecs.getincrementaldecoder(encoding)(errors).decode(file.read(MEGABYTE // 4))
    nearest = NotFound()
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        records: list[list[str]] = []
        try:
            records.extend(islice(reader, HEADER_WITHIN))
        except csv.Error:
            if not records:
                continue
        try:
            place, layout = _found(records)
        except NotFound as problem:
            nearest = problem if problem.platform else nearest
        else:
            return delimiter, place + 1, layout
    raise nearest


def _starts_as_utf8(file: BinaryIO) -> bool:
    try:
        _header_of(file, "utf-8", "replace")
    except NotFound:
        return False
    return True


def _records(lines: Iterable[str], delimiter: str, width: int, *, mixed: bool) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        before = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field larger" in str(error) or "unexpected end" in str(error):
                raise Unreadable(
                    gettext_noop("第 {row} 行有引号没有配对，或有一格太长，后面的内容无法读取"),
                    row=row,
                ) from None
            yield Record(row, [], _unpaired(before + 1, reader.line_num))
            continue
        several = reader.line_num - before > 1
        if several and _swallowed(cells, delimiter, width, reader.line_num - before):
            yield Record(row, cells, _unpaired(before + 1, reader.line_num))
            continue
        while len(cells) > width and not cells[-1].strip(WHITE):
            cells.pop()
        if len(cells) != width and any(cell.strip(WHITE) for cell in cells):
            yield Record(row, cells, _uneven(width, len(cells)))
        elif mixed and _is_utf8(cells):
            reason = gettext_noop("这一行的文字编码与其他行不同")
            yield Record(row, cells, Problem("", "", reason))
        else:
            yield Record(row, cells)


def _unpaired(first: int, last: int) -> Problem:
    reason = gettext_noop("第 {first} 到 {last} 行之间的引号没有配对")
    return Problem("", "", reason, {"first": first, "last": last})


def _uneven(width: int, found: int) -> Problem:
    reason = gettext_noop("表头有 {width} 列，这一行有 {found} 列")
    return Problem("", "", reason, {"width": width, "found": found})


def _swallowed(cells: list[str], delimiter: str, width: int, lines: int) -> bool:
    """Whether a cell of several lines holds whole rows: somewhere a quote was not closed."""
    if lines > MOST_LINES_A_RECORD:
        return True
    return any(
        line.count(delimiter) >= width - 1
        for cell in cells
        if "\n" in cell
        for line in cell.splitlines()
    )


def _is_utf8(cells: list[str]) -> bool:
    """Whether a row of a GBK file was in fact UTF-8, and would be stored as gibberish."""
    text = "".join(cells)
    if text.isascii() or sum(letter > "\x7f" for letter in text) < SIGNS_OF_MIXTURE:
        return False
    try:
        text.encode("gb18030").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# xlsx ---------------------------------------------------------------------------------------------


def _open_xlsx(file: BinaryIO) -> Table:
    _search(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # whatever openpyxl stumbles over, the file is at fault
        raise _broken() from error
    nearest = NotFound()
    for sheet in book.worksheets[:20]:
        sheet.reset_dimensions()
        head = [record.cells for record in islice(_sheet_records(sheet, 0), HEADER_WITHIN)]
        try:
            place, layout = _found(head)
        except NotFound as problem:
            nearest = problem if problem.platform else nearest
            continue
        records = islice(_sheet_records(sheet, len(layout.header)), place + 1, None)
        return Table("xlsx", "", layout, 0, _counted(records))
    raise _explained(nearest)


def _broken() -> Unreadable:
    return Unreadable(gettext_noop("Excel 文件已损坏或加了密码，请从平台重新导出"))


def _search(file: BinaryIO) -> None:
    """Look into the archive before anything is unpacked."""
    too_much = Unreadable(gettext_noop("Excel 文件展开后太大，请改用 .csv 或分几次导出"))
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            packed = sum(entry.compress_size for entry in entries)
            if len(entries) > MOST_ENTRIES or unpacked > LARGEST_UNPACKED:
                raise too_much
            if unpacked > MEGABYTE and unpacked > packed * MOST_SQUEEZED:
                raise too_much
            names = {entry.filename for entry in entries}
            if "[Content_Types].xml" not in names or any(entry.flag_bits & 1 for entry in entries):
                raise _broken()
            for entry in entries:
                if entry.filename.endswith("haredStrings.xml") and entry.file_size > LARGEST_TEXTS:
                    raise too_much
                if not entry.filename.endswith((".xml", ".rels")):
                    continue
                with archive.open(entry) as part:
                    if any(sign in part.read(4096).upper() for sign in ENTITIES):
                        raise Unreadable(
                            gettext_noop("Excel 文件里有不允许的内容，请从平台重新导出")
                        )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise _broken() from error
    finally:
        file.seek(0)


def _sheet_records(sheet: Any, width: int) -> Iterator[Record]:
    """Rows of a sheet as text; ``width`` 0 is for finding the header."""
    blank = 0
    try:
        for row, values in enumerate(
            sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True), start=1
        ):
            cells = [_text(value) for value in values]
            while cells and not cells[-1]:
                cells.pop()
            blank = 0 if cells else blank + 1
            if blank > MOST_BLANK_ROWS:
                return
            if width and len(cells) > width:
                yield Record(row, cells, _uneven(width, len(cells)))
            else:
                cells.extend([""] * (width - len(cells)))
                yield Record(row, cells)
    except Exception as error:
        raise _broken() from error


def _text(value: Any) -> str:
    """A cell as text. Excel keeps 15 digits: a longer number shows itself as rounded."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else f"{value:.6e}"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 10**15:
            return str(int(value))
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


# Both ---------------------------------------------------------------------------------------------


def _counted(records: Iterable[Record]) -> Iterator[Record]:
    """Without blank rows, and no more than we take."""
    count = 0
    for record in records:
        if not record.problem and not any(cell.strip(WHITE) for cell in record.cells):
            continue
        count += 1
        if count > MOST_ROWS:
            raise Unreadable(gettext_noop("超过 {most} 行，请分几次导出"), most=MOST_ROWS)
        yield record
