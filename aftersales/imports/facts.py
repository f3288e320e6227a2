"""Columns that a shop may add to any platform's file: what no export says of an order (§1.5)."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from aftersales.enums import FreightCover
from aftersales.imports.layout import Column
from aftersales.imports.values import Wrong, exact, money

COVERS = {
    "无": FreightCover.NONE,
    "运费险": FreightCover.INSURANCE,
    "退货包运费": FreightCover.MERCHANT_FREE_RETURN,
}


def cover(text: str) -> FreightCover:
    if text not in COVERS:
        raise Wrong(gettext_noop("退货运费保障只能填：无、运费险、退货包运费"))
    return COVERS[text]


FACTS = (
    Column("free_shipping_from", ("满额包邮(元)",), money),
    Column("full_postage", ("不包邮时的邮费(元)",), money),
    Column("ship_from", ("发货地",), exact(80)),
    Column("freight_cover", ("退货运费保障",), cover),
    Column("bundle", ("套餐",), exact(40)),
    Column("gift_worth", ("赠品标价(元)",), money),
)
OF_ORDER = ("free_shipping_from", "full_postage", "ship_from", "freight_cover")


def facts_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says of them, as ``OrderRow`` has it."""
    return {column.field: values[column.field] for column in FACTS if column.field in values}
