"""淘宝「已卖出的宝贝」ExportOrderList: 38 columns, GBK or UTF-8; a row is a whole order."""

from decimal import Decimal
from typing import Any

from aftersales.enums import OrderState
from aftersales.imports.facts import FACTS, facts_of
from aftersales.imports.layout import NOTHING, Column, OrderRow, Platform
from aftersales.imports.values import (
    exact,
    moment,
    money,
    money_if_any,
    order_number,
    phone,
    quantity,
    status,
    trackings,
    words,
)

ROUTE = "支付宝"

STATUSES = {
    "等待买家付款": OrderState.UNPAID,
    "买家已付款，等待卖家发货": OrderState.PAID,
    "卖家部分发货": OrderState.PART,
    "卖家已发货，等待买家确认": OrderState.SHIPPED,
    "买家已签收": OrderState.SIGNED,
    "交易成功": OrderState.FINISHED,
    "交易关闭": OrderState.CLOSED,
    "交易被淘宝关闭": OrderState.CLOSED,
}

COLUMNS = (
    Column("number", ("订单编号",), order_number("[0-9]{10,25}"), needed=True, filled=True),
    Column("state", ("订单状态",), status(STATUSES), needed=True, filled=True),
    Column("title", ("宝贝标题", "商品标题"), words(200), needed=True, filled=True),
    Column("paid", ("买家实际支付金额",), money, needed=True, filled=True),
    Column("quantity", ("宝贝总数量",), quantity, needed=True, filled=True),
    Column("kinds", ("宝贝种类",), quantity),
    Column("nick", ("买家会员名",), exact(80)),
    Column("goods_total", ("买家应付货款",), money),
    Column("postage", ("买家应付邮费",), money),
    Column("receiver", ("收货人姓名",), exact(80)),
    Column("address", ("修改后的收货地址",), exact(300)),
    Column("first_address", ("收货地址",), exact(300)),
    Column("mobile", ("联系手机",), phone),
    Column("landline", ("联系电话",), phone),
    Column("ordered_at", ("订单创建时间",), moment),
    Column("paid_at", ("订单付款时间",), moment),
    Column("shipped_at", ("发货时间",), moment),
    Column("confirmed_at", ("确认收货时间",), moment),
    Column("trackings", ("物流单号",), trackings),
    Column("carrier", ("物流公司",), exact(40)),
    Column("buyer_note", ("买家留言",), words(500)),
    Column("shop_note", ("订单备注",), words(500)),
    Column("sku", ("修改后的sku",), words(200)),
    Column("coupon", ("卡券抵扣",), money_if_any),
    Column("points", ("买家实际支付积分",), money_if_any),
    Column("reference", ("支付单号", "支付宝交易号"), exact(64)),
    *FACTS,
)


def assemble(row: int, values: dict[str, Any]) -> OrderRow:
    state: OrderState = values["state"]
    paid: Decimal = values["paid"]
    goods_total: Decimal | None = values.get("goods_total")
    postage: Decimal | None = values.get("postage")
    paid_at = values.get("paid_at")
    pieces, kinds = values["quantity"], values.get("kinds") or 1
    discount = None
    if goods_total is not None and paid:
        discount = max(goods_total + (postage or NOTHING) - paid, NOTHING)
    nick: str = values.get("nick", "")
    sku: str = values.get("sku", "")
    if kinds > 1:
        # What each kind cost is not in this file, so the order is one lot, not ``pieces`` equal ones.
        sku, pieces = sku or f"共 {kinds} 种 {pieces} 件", 1
    return OrderRow(
        row=row,
        number=values["number"],
        state=state,
        paid=paid,
        was_paid=state != OrderState.UNPAID and (paid_at is not None or state != OrderState.CLOSED),
        title=values["title"],
        quantity=pieces,
        whole=True,
        sku=sku,
        goods_total=goods_total,
        postage=postage,
        discount=discount,
        username=nick,
        buyer_nick=nick,
        receiver=values.get("receiver", ""),
        phone=values.get("mobile") or values.get("landline", ""),
        address=values.get("address") or values.get("first_address", ""),
        buyer_note=values.get("buyer_note", ""),
        shop_note=values.get("shop_note", ""),
        ordered_at=values.get("ordered_at"),
        paid_at=paid_at,
        shipped_at=values.get("shipped_at"),
        confirmed_at=values.get("confirmed_at"),
        carrier=values.get("carrier", ""),
        trackings=values.get("trackings", ()),
        route=ROUTE,
        reference=values.get("reference", ""),
        coupon=values.get("coupon"),
        points=values.get("points"),
        **facts_of(values),
    )


TAOBAO = Platform("taobao", COLUMNS, assemble)
