"""Order files made of rows, and the doors they come in by."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.files.base import ContentFile
from openpyxl import Workbook

from aftersales.imports import jobs, samples
from aftersales.models import ImportJob, Shop
from tests.factories import ShopFactory

NUMBER = "261117-607198974342268"

PINDUODUO = {
    "商品": "青瓷开片手冲咖啡杯",
    "订单号": NUMBER,
    "订单状态": "待发货",
    "商品总价(元)": "128.00",
    "邮费(元)": "0",
    "店铺优惠折扣(元)": "0",
    "平台优惠折扣(元)": "0",
    "多多支付立减金额(元)": "0",
    "用户实付金额(元)": "128.00",
    "商品数量(件)": "2",
    "商品id": "754299529443",
    "商品规格": "300ml 青绿",
    "样式ID": "1607198974342",
    "售后状态": "无售后或售后取消",
    "订单成交时间": "2026-11-17 08:22:00",
}
TAOBAO = {
    "订单编号": "2826111760719833",
    "买家会员名": "linshu",
    "买家应付货款": "128.00",
    "买家应付邮费": "0.00",
    "买家实际支付金额": "128.00",
    "订单状态": "买家已付款,等待卖家发货",
    "收货人姓名": "林溪树",
    "收货地址": "浙江省杭州市余杭区 某路 9 号",
    "联系手机": "'13812345678",
    "订单创建时间": "2026-11-17 08:20:00",
    "订单付款时间": "2026-11-17 08:22:00",
    "宝贝标题": "青瓷开片手冲咖啡杯",
    "宝贝种类": "1",
    "宝贝总数量": "2",
}


def pinduoduo(*rows: dict[str, str], header: Sequence[str] = samples.PINDUODUO_27) -> str:
    """A Pinduoduo csv; each row says only what differs from a good one."""
    return as_csv(PINDUODUO, rows, header)


def taobao(*rows: dict[str, str], header: Sequence[str] = samples.TAOBAO_38) -> str:
    """A Taobao csv, likewise."""
    return as_csv(TAOBAO, rows, header)


def as_csv(good: dict[str, str], rows: Sequence[dict[str, str]], header: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([(good | row).get(name, "") for name in header] for row in rows or [{}])
    return out.getvalue()


def as_xlsx(rows: Sequence[Sequence[Any]], *, sheets: Sequence[str] = ("订单明细",)) -> bytes:
    """A workbook whose last sheet holds the rows."""
    book = Workbook(write_only=True)
    for name in sheets:
        sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(shop: Shop, content: str | bytes, name: str = "orders.csv") -> ImportJob:
    """A job whose file waits for its check."""
    content = content.encode() if isinstance(content, str) else content
    return jobs.start(shop, None, ContentFile(content, name=name))


@pytest.fixture
def shop(db: Any, now: Any) -> Shop:
    return ShopFactory()


@pytest.fixture
def check(shop: Shop) -> Callable[..., ImportJob]:
    """Upload a file and check it: ``check(pinduoduo({...}))``."""

    def do(content: str | bytes, name: str = "orders.csv", into: Shop = shop) -> ImportJob:
        return jobs.check(upload(into, content, name))

    return do


@pytest.fixture
def bring_in(check: Callable[..., ImportJob]) -> Callable[..., ImportJob]:
    """Upload a file, check it, and import it."""

    def do(*args: Any, **kwargs: Any) -> ImportJob:
        return jobs.run(check(*args, **kwargs))

    return do


def counts(job: ImportJob) -> tuple[int, int, int, int]:
    """New, updated, unchanged, failed."""
    return job.new, job.updated, job.unchanged, job.failed


def told(job: ImportJob) -> list[tuple[int, str, str]]:
    """Row, column and reason of every error."""
    return [(error.row, error.column, error.sentence) for error in job.errors.all()]
