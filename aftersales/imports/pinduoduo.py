"""拼多多订单导出: 27 columns, 23 columns, or those the merchant has chosen."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from aftersales.enums import OrderState
from aftersales.imports.facts import FACTS, facts_of
from aftersales.imports.layout import Column, OrderRow, Platform, total
from aftersales.imports.values import (
    CHINA,
    code,
    count_if_any,
    exact,
    moment,
    money,
    order_number,
    phone,
    quantity,
    status,
    trackings,
    words,
)

REFUNDED = "退款成功"  # of 售后状态; no other of its words says where an order stands
ROUTE = "拼多多支付"  # where the file does not say how it was paid


class Standing(NamedTuple):
    state: OrderState
    was_paid: bool = True


STATUSES = {
    "待支付": Standing(OrderState.UNPAID, was_paid=False),
    "待付款": Standing(OrderState.UNPAID, was_paid=False),
    "待发货": Standing(OrderState.PAID),
    "已发货，待收货": Standing(OrderState.SHIPPED),
    "已发货，待签收": Standing(OrderState.SHIPPED),
    "已收货": Standing(OrderState.SIGNED),
    "已签收": Standing(OrderState.SIGNED),
    "已取消": Standing(OrderState.CLOSED, was_paid=False),
    "已取消，退款成功": Standing(OrderState.CLOSED),
    "未成交，退款成功": Standing(OrderState.CLOSED),
    "未发货，退款成功": Standing(OrderState.CLOSED),
    "已发货，退款成功": Standing(OrderState.CLOSED),
    "已收货，退款成功": Standing(OrderState.CLOSED),
    "已签收，退款成功": Standing(OrderState.CLOSED),
}

COLUMNS = (
    Column("number", ("订单号",), order_number("[0-9]{6}-[0-9]{6,20}"), needed=True, filled=True),
    Column("standing", ("订单状态",), status(STATUSES), needed=True, filled=True),
    Column("after_sale", ("售后状态",), words(40)),
    Column("title", ("商品", "商品名称"), words(200), needed=True, filled=True),
    Column("paid", ("用户实付金额(元)",), money, needed=True, filled=True),
    Column("quantity", ("商品数量(件)",), quantity, needed=True, filled=True),
    Column("goods_total", ("商品总价(元)",), money),
    Column("postage", ("邮费(元)",), money),
    Column("shop_discount", ("店铺优惠折扣(元)",), money),
    Column("platform_discount", ("平台优惠折扣(元)",), money),
    Column("instant_discount", ("多多支付立减金额(元)",), money),
    Column("goods_id", ("商品id",), code(40)),
    Column("style", ("样式ID",), code(40)),
    Column("sku", ("商品规格",), words(200)),
    Column("category", ("商品一级类目",), words(60)),
    Column("closed_deal_at", ("订单成交时间",), moment),
    Column("ordered_at", ("下单时间",), moment),
    Column("paid_at", ("支付时间",), moment),
    Column("promised_at", ("承诺发货时间",), moment),
    Column("shipped_at", ("发货时间",), moment),
    Column("confirmed_at", ("确认收货时间",), moment),
    Column("trackings", ("快递单号",), trackings),
    Column("carrier", ("快递公司",), exact(40)),
    Column("shop_note", ("商家备注",), words(500)),
    Column("buyer_note", ("买家留言",), words(500)),
    Column("province", ("省",), exact(40)),
    Column("city", ("市",), exact(40)),
    Column("district", ("区",), exact(40)),
    Column("street", ("街道/镇",), exact(80)),
    Column("buyer_phone", ("用户购买手机号",), phone),
    Column("route", ("支付方式",), exact(40)),
    Column("gift", ("赠品名称",), words(200)),
    Column("gift_id", ("赠品id",), code(40)),
    Column("gift_sku", ("赠品规格",), words(200)),
    Column("gift_pieces", ("赠品数量",), count_if_any),
    Column("reference", ("支付ID",), code(64)),
    *FACTS,
)


def assemble(row: int, values: dict[str, Any]) -> OrderRow:
    standing: Standing = values["standing"]
    confirmed_at: datetime | None = values.get("confirmed_at")
    state = standing.state
    if state == OrderState.SIGNED and confirmed_at:
        state = OrderState.FINISHED  # the buyer has confirmed: the trade has succeeded
    if values.get("after_sale") == REFUNDED:
        state = OrderState.CLOSED  # as 已收货，退款成功: the money has gone back already
    number: str = values["number"]
    deal_at: datetime | None = values.get("closed_deal_at")
    paid: Decimal = values["paid"]
    ordered_at = values.get("ordered_at") or deal_at
    paid_at = values.get("paid_at") or (deal_at if standing.was_paid else None)
    buyer_phone: str = values.get("buyer_phone", "")
    place = [values.get(name, "") for name in ("province", "city", "district", "street")]
    return OrderRow(
        row=row,
        number=number,
        state=state,
        paid=paid,
        was_paid=standing.was_paid,
        title=values["title"],
        quantity=values["quantity"],
        whole=False,
        style=values.get("style", ""),
        goods_id=values.get("goods_id", ""),
        sku=values.get("sku", ""),
        category=values.get("category", ""),
        goods_total=values.get("goods_total"),
        postage=values.get("postage"),
        discount=total(
            values.get("shop_discount"),
            values.get("platform_discount"),
            values.get("instant_discount"),
        ),
        buyer_phone=buyer_phone,
        phone=buyer_phone,
        address="".join(place),
        buyer_note=values.get("buyer_note", ""),
        shop_note=values.get("shop_note", ""),
        ordered_at=ordered_at,
        ordered_about=None if ordered_at else day_of(number),
        paid_at=paid_at,
        promised_at=values.get("promised_at"),
        shipped_at=values.get("shipped_at"),
        confirmed_at=confirmed_at,
        carrier=values.get("carrier", ""),
        trackings=values.get("trackings", ()),
        route=values.get("route") or ROUTE,
        reference=values.get("reference", ""),
        gift=values.get("gift", ""),
        gift_id=values.get("gift_id", ""),
        gift_sku=values.get("gift_sku", ""),
        gift_pieces=values.get("gift_pieces"),
        **facts_of(values),
    )


def day_of(number: str) -> datetime | None:
    """The day that an order number begins with; 订单成交时间 is blank in some exports."""
    try:
        return datetime(2000 + int(number[:2]), int(number[2:4]), int(number[4:6]), tzinfo=CHINA)
    except ValueError:
        return None


PINDUODUO = Platform("pinduoduo", COLUMNS, assemble)
