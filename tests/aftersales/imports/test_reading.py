import io
import zipfile

import pytest
from openpyxl import Workbook

from aftersales.enums import ImportState
from aftersales.imports import jobs, reading, samples
from aftersales.imports.reading import Unreadable
from aftersales.models import Order
from tests.aftersales.imports.conftest import (
    NUMBER,
    PINDUODUO,
    TAOBAO,
    as_xlsx,
    counts,
    pinduoduo,
    taobao,
    told,
    upload,
)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8-sig", "UTF-8 BOM"), ("utf-8", "UTF-8"), ("gbk", "GB18030"), ("gb18030", "GB18030")],
)
def test_a_file_is_read_in_the_encoding_it_has(bring_in, encoding, shown):
    job = bring_in(pinduoduo({"商品": "竹编床头灯"}).encode(encoding))

    assert job.encoding == shown
    assert Order.objects.get().lines.get().title == "竹编床头灯"


def test_characters_that_only_gb18030_has_come_through(bring_in):
    bring_in(taobao({"收货人姓名": "\U00020087㐂"}).encode("gb18030"))

    assert Order.objects.get().receiver == "\U00020087㐂"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "big5hkscs", "shift_jis"])
def test_other_encodings_are_refused_and_never_guessed(shop, encoding):
    content = pinduoduo().encode(encoding, "replace")

    try:
        job = jobs.check(upload(shop, content))
    except Unreadable:
        return
    assert job.state == ImportState.FAILED
    assert job.sentence


def test_a_file_in_no_encoding_at_all_names_the_row(check):
    broken = b"\xff\xff\xff broken \x80\r\n"

    for encoding in ("utf-8", "utf-8-sig", "gbk"):
        assert "第 3 行的文字编码" in check(pinduoduo().encode(encoding) + broken).sentence


def test_a_row_in_another_encoding_is_refused_and_not_stored_as_gibberish(check):
    header, row = taobao().splitlines(keepends=True)
    words = {"订单状态": "交易成功", "宝贝标题": "毛巾毛巾", "收货人姓名": "", "收货地址": ""}
    other = taobao({"订单编号": "2826111760719999"} | words).splitlines(keepends=True)[1]
    assert other.encode().decode("gb18030") != other  # valid in both

    mixed = check(header.encode("gbk") + row.encode("gbk") + other.encode())
    assert counts(mixed) == (1, 0, 0, 1)
    assert told(mixed) == [(3, "", "这一行的文字编码与其他行不同")]

    mixed = check(header.encode() + row.encode() + other.encode("gbk"))
    assert mixed.sentence == "第 3 行的文字编码与前面的行不同，请从平台重新导出"


def test_columns_are_known_by_name_wherever_they_stand(bring_in):
    header = ["支付时间", *reversed(samples.PINDUODUO_27), "门店名称"]

    job = bring_in(pinduoduo(header=header))

    assert counts(job) == (1, 0, 0, 0)
    assert Order.objects.get().paid == 128
    assert "门店名称" in job.ignored
    assert "订单号" in job.matched


def test_names_may_differ_in_width_case_space_and_unit(bring_in):
    text = pinduoduo(
        header=["订单号", "订单状态", "商品", "用户实付金额(元)", "商品数量(件)", "商品id"]
    )
    text = text.replace("用户实付金额(元)", " 用户实付金额（元） ").replace("商品id", "商品ID")

    assert counts(bring_in(text.replace("商品数量(件)", "商品数量"))) == (1, 0, 0, 0)


def test_lines_above_the_header_and_blank_lines_are_passed_over(check):
    text = pinduoduo({}, {"订单号": "261117-607198974342269", "用户实付金额(元)": "x"})
    header, *rows = text.splitlines()

    job = check("\r\n".join(["订单明细,,", "", header, "", *rows, "", ",,,,"]))

    assert counts(job) == (1, 0, 0, 1)
    assert [row for row, *_rest in told(job)] == [6]


def test_tabs_and_semicolons_separate_columns_too(check):
    names = ["订单号", "订单状态", "商品", "用户实付金额(元)", "商品数量(件)"]
    for mark in "\t;":
        text = pinduoduo(header=names).replace(",", mark)
        assert counts(check(text)) == (1, 0, 0, 0)


def test_two_exports_one_under_the_other_are_read_through(check):
    job = check(pinduoduo() + pinduoduo({"订单号": "261117-607198974342269"}))

    assert counts(job) == (2, 0, 0, 0)


def test_a_missing_column_is_named(check):
    names = [name for name in samples.PINDUODUO_27 if name != "用户实付金额(元)"]

    job = check(pinduoduo(header=names))

    assert job.state == ImportState.FAILED
    assert job.sentence == "缺少这些列：用户实付金额(元)"


def test_two_columns_of_one_name_are_not_chosen_between(check):
    job = check(pinduoduo(header=[*samples.PINDUODUO_27, "订单号"]))

    assert job.sentence == "表头里有两列都叫“订单号”，不知道该用哪一列"


def test_a_file_of_something_else_is_refused(check):
    assert "找不到认识的表头" in check("姓名,电话\n张三,1\n").sentence
    assert check(pinduoduo().splitlines()[0]).sentence == "只有表头，没有订单"


def test_rows_with_too_few_or_too_many_cells_are_told_by_number(check):
    header, row = pinduoduo().splitlines()

    job = check("\n".join([header, row.rsplit(",", 3)[0], f"{row},x", f"{row},,"]))

    assert counts(job) == (0, 0, 0, 3)
    assert told(job) == [
        (2, "", "表头有 27 列，这一行有 24 列"),
        (3, "", "表头有 27 列，这一行有 28 列"),
        (4, "", "同一订单的第 2 行有错，整个订单没有导入"),
    ]


def test_a_line_break_inside_a_cell_is_text(bring_in):
    bring_in(pinduoduo({"商家备注": "第一行\n第二行"}))

    assert Order.objects.get().shop_note == "第一行\n第二行"


def test_a_quote_that_is_not_closed_swallows_no_row_in_silence(check):
    header, row = pinduoduo().splitlines()
    last = row.rsplit(",", 1)[0]
    rows = [row.replace("342268", f"34227{n}") for n in range(5)]

    to_the_end = check("\n".join([header, f'{last},"open', *rows]))
    assert to_the_end.state == ImportState.FAILED
    assert "第 2 行" in to_the_end.sentence

    closed_later = check("\n".join([header, f'{last},"open', *rows[:3], f'{last},x"', rows[4]]))
    assert counts(closed_later) == (1, 0, 0, 1)
    assert told(closed_later) == [(2, "", "第 2 到 6 行之间的引号没有配对")]

    sloppy = check("\n".join([header, row.replace("青瓷", '"青瓷"', 1), rows[0]]))
    assert counts(sloppy) == (1, 0, 0, 1)


def test_a_huge_cell_ends_in_a_sentence(check):
    assert "第 2 行" in check(pinduoduo({"商品": "长" * 1_000_000})).sentence
    job = check(pinduoduo({"商品": "长" * 40_000}))
    assert told(job) == [(2, "商品", "单元格太长")]


def test_nul_and_other_invisible_characters_are_not_stored(bring_in):
    bring_in(pinduoduo({"商品": "青\x00瓷\u202e杯", "商家备注": "\x85 ok"}))

    order = Order.objects.get()
    assert order.lines.get().title == "青瓷杯"
    assert order.shop_note == "ok"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("orders.csv", b"", "文件是空的"),
        ("orders.csv", b"\xef\xbb\xbf \r\n", "文件是空的"),
        ("orders.pdf", b"%PDF-1.7", "只能导入 .csv 或 .xlsx 文件"),
        ("orders", b"a,b", "只能导入 .csv 或 .xlsx 文件"),
        ("orders.xls", b"\xd0\xcf\x11\xe0", "只能导入 .csv 或 .xlsx 文件"),
        ("orders.csv", b"\xd0\xcf\x11\xe0 old", "旧版 Excel"),
        ("orders.csv", b"PK\x03\x04 zip", "内容却是 Excel"),
        ("orders.xlsx", "订单号,".encode(), "内容却不是 Excel"),
        ("orders.csv", b"%PDF-1.7", "不是表格"),
        ("orders.csv", b"<html><table>", "不是表格"),
        ("orders.csv", "订单号".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_that_is_not_what_it_seems_is_refused_at_the_door(shop, name, content, sentence):
    with pytest.raises(Unreadable) as refused:
        upload(shop, content, name)

    assert sentence in refused.value.reason
    assert not shop.imports.exists()


def test_a_file_that_is_too_large_is_refused_at_the_door(shop, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_FILE", 100)

    with pytest.raises(Unreadable, match="超过"):
        upload(shop, pinduoduo())


def test_more_rows_than_we_take_end_in_a_sentence(check, monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    rows = [{"订单号": f"261117-60719897434{n:04d}"} for n in range(4)]

    assert check(pinduoduo(*rows)).sentence == "超过 3 行，请分几次导出"


# xlsx


def test_a_workbook_is_read_from_the_sheet_that_holds_orders(bring_in):
    header = [*samples.PINDUODUO_23]
    row = [PINDUODUO.get(name, "") for name in header]

    job = bring_in(as_xlsx([header, row], sheets=["说明", "订单明细"]), "orders.xlsx")

    assert (job.kind, counts(job)) == ("xlsx", (1, 0, 0, 0))
    assert Order.objects.get().number == NUMBER


def test_amounts_and_times_may_be_numbers_and_dates_of_excel(bring_in):
    values = PINDUODUO | {
        "用户实付金额(元)": 35.9,
        "商品总价(元)": 17.95 * 2,
        "商品数量(件)": 2,
        "商品id": 754299529443,
    }
    names = list(PINDUODUO)

    bring_in(as_xlsx([names, [values[name] for name in names]]), "orders.xlsx")

    order = Order.objects.get()
    assert (str(order.paid), str(order.goods_total)) == ("35.90", "35.90")
    assert order.lines.get().goods_id == "754299529443"


def test_an_order_number_that_excel_has_rounded_is_refused(check):
    names = list(TAOBAO)
    good = [TAOBAO[name] for name in names]

    job = check(as_xlsx([names, [2826111760719833128, *good[1:]]]), "orders.xlsx")

    assert counts(job) == (0, 0, 0, 1)
    assert "科学计数法" in told(job)[0][2]


def test_a_serial_number_of_excel_is_no_time(check):
    names = list(PINDUODUO)
    values: dict[str, object] = PINDUODUO | {"订单成交时间": 46152.5}

    job = check(as_xlsx([names, [values[name] for name in names]]), "orders.xlsx")

    assert told(job)[0][1] == "订单成交时间"


def test_a_formula_without_a_value_is_an_empty_cell(check):
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    names = list(PINDUODUO)
    sheet.append(names)
    sheet.append([f'="{PINDUODUO[name]}"' for name in names])
    out = io.BytesIO()
    book.save(out)

    assert check(out.getvalue(), "orders.xlsx").sentence == "只有表头，没有订单"


def rezipped(**changed: bytes) -> bytes:
    """A good workbook with parts replaced or added: ``xl__workbook__xml=b"…"``."""
    good = as_xlsx([list(PINDUODUO), list(PINDUODUO.values())])
    parts = {name.replace("__", "/", 1).replace("__", "."): part for name, part in changed.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(out, "w") as made:
        for entry in source.infolist():
            if entry.filename not in parts:
                made.writestr(entry, source.read(entry))
        for name, part in parts.items():
            made.writestr(name, part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: b"PK\x03\x04 not a zip", "损坏"),
        (lambda: as_xlsx([list(PINDUODUO)])[:1500], "损坏"),
        (lambda: rezipped(xl__bomb__bin=b"\0" * 300_000_000), "展开后太大"),
        (
            lambda: rezipped(xl__workbook__xml=b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
            "不允许的内容",
        ),
        (lambda: rezipped(xl__workbook__xml=b"<workbook><sheets>"), "损坏"),
        (lambda: rezipped(xl__workbook__xml=b"not xml"), "损坏"),
    ],
    ids=["no zip", "cut", "bomb", "entities", "cut xml", "no xml"],
)
def test_a_hostile_workbook_ends_in_a_sentence(check, content, sentence):
    job = check(content(), "orders.xlsx")

    assert job.state == ImportState.FAILED
    assert sentence in job.sentence


def test_a_zip_of_a_million_entries_is_not_unpacked(check):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(2000):
            made.writestr(f"xl/{number}.xml", b"")

    assert "太大" in check(out.getvalue(), "orders.xlsx").sentence
