"""What one cell may say: each function takes a cleaned cell and returns its value, or says what is wrong.

An empty cell is ``None`` (``""`` for text): not known, which is never the same as zero.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils.translation import gettext_noop

# Since 1992 without summer time, and no order is older.
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
EARLIEST_YEAR, LATEST_YEAR = 2003, 2099
MOST_PIECES = 100_000
LONGEST_CELL = 32_767  # Excel's own limit

WHITE = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b"
NOTHING = frozenset({"-", "--", "—", "null", "NULL", "None", "0000-00-00 00:00:00"})

MONEY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,2})?")
GROUPED_MONEY = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,2}(?:\.[0-9]{1,2})?")
SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,3}")
WHOLE = re.compile(r"[0-9]{1,6}")
MOMENT = re.compile(
    r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})[ T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
)
DAY = re.compile(r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}")
ZONED = re.compile(r".*[0-9](?:Z|[+-][0-9]{2}:?[0-9]{2})")
TRACKING = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{3,39}")
BETWEEN = re.compile(r"[,，;；、\s]+")
MOBILE = re.compile(r"1[0-9]{10}")
# A number for this order alone, with its extension; a landline; or one the platform has masked.
OTHER_PHONE = re.compile(
    r"1[0-9]{10}-[0-9]{1,6}|0[0-9]{2,3}-?[0-9]{7,8}(?:-[0-9]{1,6})?|[0-9*+-]*\*[0-9*+-]*"
)
# Hong Kong, Macao and Taiwan; elsewhere abroad only what is written as such, with + or 00 before it.
NEAR = re.compile(r"85[23]-?[0-9]{8}|886-?0?[0-9]{8,9}")
ABROAD = re.compile(r"[1-9][0-9]{0,2}-?[0-9]{6,12}")
# Controls, marks that turn the writing direction, and what is not a character.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)


class Problem(NamedTuple):
    """One thing wrong in a row: the column, what stands there, and why that can't be taken."""

    column: str
    value: str
    reason: str
    facts: dict[str, Any] = {}


class Wrong(Exception):
    """A value that can't be taken; ``reason`` is a msgid with places for ``facts``."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


@lru_cache(4096)  # most cells of a file say what others say, or nothing
def plain(cell: str) -> str:
    """What a cell says, without what exports and Excel wrap around it."""
    text = cell.strip(WHITE)
    if not text:
        return ""
    if text[0] in "='":
        if text.startswith('="') and text.endswith('"') and len(text) > 2:
            text = text[2:-1].strip(WHITE)
        text = text.removeprefix("'").strip(WHITE)
    return "" if text in NOTHING else text


def order_number(pattern: str) -> Callable[[str], str]:
    """Order numbers of one platform; they are text, whatever they look like."""
    shape = re.compile(pattern)

    def read(text: str) -> str:
        if shape.fullmatch(text):
            return text
        if SCIENTIFIC.fullmatch(text):
            raise Wrong(gettext_noop("订单号变成了科学计数法，末尾几位已经丢失，请从平台重新导出"))
        raise Wrong(gettext_noop("订单号的格式不对"))

    return read


def money(text: str) -> Decimal | None:
    """Yuan with at most two places: digits and a point; ¥ and grouping commas are let pass."""
    if not text:
        return None
    if MONEY.fullmatch(text):
        return Decimal(text)
    bare = text.lstrip("¥￥")
    if MONEY.fullmatch(bare):
        return Decimal(bare)
    if GROUPED_MONEY.fullmatch(bare):
        return Decimal(bare.replace(",", ""))
    raise Wrong(gettext_noop("金额只能是数字，最多两位小数，例如 128.00"))


def money_if_any(text: str) -> Decimal | None:
    """The same for columns that hold words in some exports: what is no amount says nothing."""
    try:
        return money(text)
    except Wrong:
        return None


def quantity(text: str) -> int | None:
    if not text:
        return None
    if WHOLE.fullmatch(text) and 1 <= int(text) <= MOST_PIECES:
        return int(text)
    raise Wrong(gettext_noop("数量必须是 1 到 {most} 的整数"), most=MOST_PIECES)


def count_if_any(text: str) -> int | None:
    """How many there are; no such things (0, or words) says nothing."""
    try:
        return quantity(text)
    except Wrong:
        return None


def moment(text: str) -> datetime | None:
    """A time as the platforms print it: on the clocks of China, without a zone."""
    if not text:
        return None
    found = MOMENT.fullmatch(text)
    if found is None:
        if DAY.fullmatch(text):
            raise Wrong(gettext_noop("时间缺少时和分，请从平台重新导出"))
        if ZONED.fullmatch(text):
            raise Wrong(gettext_noop("时间不能带时区，应为北京时间，例如 2026-05-17 09:30:00"))
        raise Wrong(gettext_noop("时间的格式不对，应类似 2026-05-17 09:30:00"))
    year, _, month, day, hour, minute, second = found.groups()
    if not EARLIEST_YEAR <= int(year) <= LATEST_YEAR:
        raise Wrong(gettext_noop("时间的年份不对"))
    try:
        return datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=CHINA
        )
    except ValueError:
        raise Wrong(gettext_noop("没有这一天或这个时刻")) from None


def trackings(text: str) -> tuple[str, ...]:
    """One or more tracking numbers; Taobao writes No: before them."""
    if not text:
        return ()
    found: list[str] = []
    for part in BETWEEN.split(text):
        number = part.removeprefix("No:").removeprefix("No：")
        if not number:
            continue
        if SCIENTIFIC.fullmatch(number):
            raise Wrong(
                gettext_noop("快递单号变成了科学计数法，末尾几位已经丢失，请从平台重新导出")
            )
        if not TRACKING.fullmatch(number):
            raise Wrong(gettext_noop("快递单号只能是字母、数字和短横线，4 到 40 位"))
        if number not in found:
            found.append(number)
    return tuple(found)


def phone(text: str) -> str:
    """A phone number without its country code; one masked by the platform stays masked."""
    if not text or MOBILE.fullmatch(text):
        return text
    number = unicodedata.normalize("NFKC", text).replace(" ", "").replace("转", "-")
    written, number = number, number.removeprefix("+").removeprefix("00")
    if NEAR.fullmatch(number):
        return number
    if written != number and not number.startswith("86") and ABROAD.fullmatch(number):
        return f"+{number}"
    if number.startswith("86") and len(number) >= 13:
        number = number[2:].removeprefix("-")
    if MOBILE.fullmatch(number) or (OTHER_PHONE.fullmatch(number) and len(number) <= 30):
        return number
    raise Wrong(gettext_noop("电话号码的格式不对"))


def words(most: int) -> Callable[[str], str]:
    """Free text; what is longer than we keep is cut, and ends in …"""

    def read(text: str) -> str:
        text = cleaned(text)
        return text if len(text) <= most else f"{text[: most - 1]}…"

    return read


def exact(most: int) -> Callable[[str], str]:
    """A name or code, which loses its meaning when cut."""

    def read(text: str) -> str:
        text = cleaned(text)
        if len(text) > most:
            raise Wrong(gettext_noop("太长了，最多 {most} 个字"), most=most)
        return text

    return read


def code(most: int) -> Callable[[str], str]:
    """A number that names something: text, and useless once Excel has rounded it."""
    limited = exact(most)

    def read(text: str) -> str:
        if SCIENTIFIC.fullmatch(text):
            raise Wrong(gettext_noop("编号变成了科学计数法，末尾几位已经丢失，请从平台重新导出"))
        return limited(text)

    return read


def cleaned(text: str) -> str:
    """Without characters that can't be seen, and those that make text lie about itself."""
    if len(text) > LONGEST_CELL:
        raise Wrong(gettext_noop("单元格太长"))
    if "\ufffd" in text:
        raise Wrong(gettext_noop("有无法识别的文字，文件可能用错误的编码保存过"))
    return text if text.isprintable() else UNPRINTABLE.sub("", text).strip(WHITE)


def status(states: dict[str, Any]) -> Callable[[str], Any]:
    """A platform's word for where an order stands; a word we don't know is no guess."""

    def read(text: str) -> Any:
        found = states.get(text)
        if found is None:
            found = states.get(text.replace(",", "，").replace(" ", ""))
        if found is None:
            raise Wrong(gettext_noop("不认识这个订单状态"))
        return found

    return read
