import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.imports import values
from aftersales.imports.values import Wrong

number = values.order_number("[0-9]{6}-[0-9]{6,20}")


@given(st.integers(0, 99_999_999_999))
def test_every_amount_a_platform_prints_is_read_to_the_cent(cents):
    text = f"{cents // 100}.{cents % 100:02d}"

    assert values.money(text) == Decimal(text)


@given(st.text(alphabet="0123456789.,-+eE¥ ０１²٣_x", max_size=14))
def test_money_is_digits_and_a_point_or_nothing_at_all(text):
    plain = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", text, re.ASCII)
    grouped = re.fullmatch(r"[0-9]{1,3}(,[0-9]{3}){1,2}(\.[0-9]{1,2})?", text.lstrip("¥"))
    marked = re.fullmatch(r"¥+[0-9]{1,9}(\.[0-9]{1,2})?", text, re.ASCII)
    if text == "":
        assert values.money(text) is None
    elif plain or grouped or marked:
        assert values.money(text) == Decimal(text.lstrip("¥").replace(",", ""))
    else:
        with pytest.raises(Wrong):
            values.money(text)


@pytest.mark.parametrize(
    "text",
    [
        *("1E300000", "NaN", "Infinity", "1_000", "12,5", "-0", "-8.00", "0.005", "1" * 20),
        *("\uff11\uff12.\uff15", "0x10", "\u0663", "\u00b2", "1e5", ".5", "5.", "1 000", "免费"),
    ],
)
def test_what_only_looks_like_money_is_refused(text):
    with pytest.raises(Wrong, match="金额"):
        values.money(text)


@given(
    st.datetimes(
        datetime(2003, 1, 1),  # noqa: DTZ001 (the wall clock of China)
        datetime(2099, 12, 31, 23, 59),  # noqa: DTZ001
    )
)
def test_times_without_a_zone_are_those_of_china(wall):
    wall = wall.replace(microsecond=0)

    for shape in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
        read = values.moment(wall.strftime(shape))
        assert read is not None
        assert read.astimezone(UTC).replace(tzinfo=None) == wall - timedelta(hours=8)


def test_times_as_excel_saves_them_are_read():
    assert values.moment("2026/6/6 13:41") == datetime(2026, 6, 6, 5, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026/2/30 10:00", "没有这一天"),
        ("2026-02-28 25:00:00", "没有这一天"),
        ("26/11/2026 10:00:00", "格式不对"),
        ("45000", "格式不对"),
        ("昨天", "格式不对"),
        ("9999-01-01 00:00:00", "年份"),
        ("2026-02-28", "缺少时和分"),
        ("2026-02-28 10:00:00+08:00", "时区"),
        ("2026-02-28T10:00:00Z", "时区"),
    ],
)
def test_a_time_that_is_no_time_in_china_is_refused(text, reason):
    with pytest.raises(Wrong, match=reason):
        values.moment(text)


@given(st.text(max_size=30))
def test_no_text_makes_a_reader_stumble(text):
    readers = [values.money, values.moment, values.quantity, values.trackings, values.phone]
    for read in [*readers, number, values.words(20), values.exact(20), values.code(20)]:
        with suppress(Wrong):
            read(values.plain(text))


@pytest.mark.parametrize("text", ["2.60517E+20", "1.23457E+17", "2e17"])
def test_an_order_number_in_scientific_notation_is_refused_with_the_reason(text):
    with pytest.raises(Wrong, match="科学计数法"):
        number(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e3", "\uff11", "100001", "9" * 30, "两"])
def test_a_quantity_is_a_whole_number_of_pieces(text):
    with pytest.raises(Wrong, match="整数"):
        values.quantity(text)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="2826111760719833"', "2826111760719833"),
        ("168.99\t", "168.99"),
        ("\ufeff商品", "商品"),
        ("'13800000001", "13800000001"),
        ("'null", ""),
        ("　", ""),
        ("--", ""),
    ],
)
def test_what_exports_wrap_around_a_value_is_taken_off(cell, text):
    assert values.plain(cell) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("+86 13812345678", "13812345678"),
        ("0086-13812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("\uff11\uff13\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "13812345678"),
        ("18412345678-1234", "18412345678-1234"),
        ("0571-88880000", "0571-88880000"),
        ("138****5678", "138****5678"),
        ("852-91234567", "852-91234567"),  # Hong Kong
        ("00852 9123 4567", "85291234567"),
        ("886-912345678", "886-912345678"),  # Taiwan
        ("+65 91234567", "+6591234567"),
    ],
)
def test_phone_numbers_are_kept_in_one_way_of_writing(text, kept):
    assert values.phone(text) == kept


@pytest.mark.parametrize(
    "text", ["138123456789", "12345", "call me", "9" * 40, "6591234567", "85291234", "+12"]
)
def test_what_is_no_phone_number_is_refused(text):
    with pytest.raises(Wrong, match="电话"):
        values.phone(text)


def test_several_tracking_numbers_may_stand_in_one_cell():
    assert values.trackings("No:SF1234567890，YT0987654321;SF1234567890") == (
        "SF1234567890",
        "YT0987654321",
    )


def test_text_loses_what_cannot_be_seen():
    assert values.words(200)("杯\u202e子\x00\x85 ok") == "杯子 ok"


def test_long_text_is_cut_and_says_so():
    assert values.words(5)("一二三四五六") == "一二三四…"


def test_what_would_be_wrong_when_cut_is_refused():
    with pytest.raises(Wrong, match="太长"):
        values.exact(5)("一二三四五六")


def test_text_that_was_already_broken_is_refused():
    with pytest.raises(Wrong, match="编码"):
        values.words(200)("青\ufffd杯")
