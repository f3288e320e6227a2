"""What comes from the marketplace: orders, their lines, how they were paid, and their parcels."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.bulk import among
from aftersales.enums import (
    ARRIVED,
    PAID_BACK,
    SENT,
    CaseType,
    Direction,
    FreightCover,
    OrderState,
    Party,
    PaymentKind,
    ScanKind,
)
from aftersales.models.fetched import Fetched
from aftersales.models.people import Shop, User
from aftersales.models.placing import ShopOf

# What is paid back under these had not left the shop, where its line is in no parcel.
NEVER_LEFT = (CaseType.REFUND_UNSHIPPED, CaseType.RESEND)


class OrderQuerySet(models.QuerySet["Order"]):
    def for_buyer(self, user: Any) -> Self:
        return self.filter(buyer=user)


class Order(Fetched):
    """订单. Money is in yuan, as paid; times are when it happened on the marketplace."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="orders", db_index=False)
    buyer = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="orders")
    number = models.CharField(_("订单号"), max_length=40)
    state = models.CharField(
        _("订单状态"), max_length=10, choices=OrderState, default=OrderState.PAID
    )
    buyer_nick = models.CharField(_("买家昵称"), max_length=80, blank=True)
    receiver = models.CharField(_("收件人"), max_length=80, blank=True)
    phone = models.CharField(_("联系电话"), max_length=30, blank=True)
    address = models.CharField(_("收货地址"), max_length=300, blank=True)
    buyer_note = models.CharField(_("买家留言"), max_length=500, blank=True)
    shop_note = models.CharField(_("商家备注"), max_length=500, blank=True)
    goods_total = models.DecimalField(
        _("商品总价"), max_digits=12, decimal_places=2, default=Decimal("0.00")
    )
    postage = models.DecimalField(
        _("邮费"), max_digits=12, decimal_places=2, default=Decimal("0.00")
    )
    discount = models.DecimalField(
        _("优惠合计"), max_digits=12, decimal_places=2, default=Decimal("0.00")
    )
    paid = models.DecimalField(_("实付"), max_digits=12, decimal_places=2)
    free_shipping = models.BooleanField(_("包邮"), default=True)
    free_shipping_from = models.DecimalField(
        _("满额包邮（元）"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    full_postage = models.DecimalField(
        _("不包邮时的邮费"), max_digits=12, decimal_places=2, default=Decimal("0.00")
    )
    ship_from = models.CharField(_("发货地"), max_length=80, blank=True)
    freight_cover = models.CharField(
        _("退货运费保障"), max_length=20, choices=FreightCover, default=FreightCover.NONE
    )
    ordered_at = models.DateTimeField(_("下单时间"), null=True, blank=True)
    paid_at = models.DateTimeField(_("付款时间"), null=True, blank=True)
    promised_at = models.DateTimeField(_("承诺发货时间"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("发货时间"), null=True, blank=True)
    signed_at = models.DateTimeField(_("签收时间"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("买家确认收货时间"), null=True, blank=True)
    finished_at = models.DateTimeField(_("交易成功时间"), null=True, blank=True)
    imported_at = models.DateTimeField(auto_now_add=True)
    # since when nobody needs them: who received it, where, and the notes (privacy/retention.py)
    contact_dropped_at = models.DateTimeField(_("联系方式已清除"), null=True, editable=False)

    objects = OrderQuerySet.as_manager()

    _gone: dict[tuple[str, str], Decimal]

    class Meta:
        verbose_name = _("订单")
        verbose_name_plural = pgettext_lazy("list", "订单")
        ordering = ["-paid_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="order_once_per_shop")
        ]
        indexes = [
            models.Index(fields=["shop", "-paid_at", "-id"], name="order_of_shop"),
            models.Index(fields=["buyer", "-paid_at"], name="order_of_buyer"),
            models.Index(fields=["number"], opclasses=["varchar_pattern_ops"], name="order_begins"),
            models.Index(fields=["buyer_nick"], name="order_of_nick"),
            models.Index(
                fields=["id"],
                condition=models.Q(contact_dropped_at=None),
                name="order_with_contact",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def signed(self) -> bool:
        return self.state in ARRIVED

    @property
    def shipped(self) -> bool:
        return self.state in SENT

    def to_ship(self) -> "list[OrderLine]":
        """The goods that have still to leave the shop: neither in a parcel, nor paid back as not
        shipped or never sent after (补寄), nor sent after under a case of their own. Gifts go with
        their goods. Of each line ``unsent`` says how many pieces."""
        gone: dict[int, int] = {}
        parcels = self.parcels.all()
        out_again = {each.case_id for each in parcels if each.direction == Direction.REPLACEMENT}
        resent = set()
        for case in self.cases.all():
            if case.type in NEVER_LEFT and case.status in PAID_BACK:
                gone[case.line_id] = gone.get(case.line_id, 0) + case.quantity
            if case.type == CaseType.RESEND and case.pk in out_again:
                resent.add(case.line_id)
        lines = list(self.lines.all())
        for line in lines:
            line.unsent = line.quantity - gone.get(line.pk, 0)
        return [
            line
            for line in lines
            if line.gift_of_id is None
            and line.parcel_id is None
            and line.pk not in resent
            and line.unsent > 0
        ]

    def follow_parcels(self) -> dict[str, Any]:
        """Of an order that went out in parts: the state and time of signing that its parcels make
        (§1.1), set here and returned by field; nothing for any other order."""
        parts = {line.parcel_id: line.parcel for line in self.lines.all() if line.parcel}
        if not parts or self.state not in (OrderState.PAID, OrderState.PART, OrderState.SHIPPED):
            return {}
        signed = [each.signed_at for each in parts.values() if each.signed_at]
        if self.to_ship():
            self.state = OrderState.PART
        elif len(signed) < len(parts):
            self.state = OrderState.SHIPPED
        else:
            self.state, self.signed_at = OrderState.SIGNED, max(signed)
        return {"state": self.state, "signed_at": self.signed_at}

    def follow(self, case: Any) -> None:
        """Of an order shipped in part, what a case has settled need not be shipped any more."""
        if self.state == OrderState.PART and (moved := self.follow_parcels()):
            case.change(self, **moved)

    def given_back(self) -> dict[tuple[str, str], Decimal]:
        """Yuan already owed or paid back, per (route, reference) of its payments."""
        if "_gone" not in self.__dict__:
            Order.load_given_back([self])
        return self._gone

    @classmethod
    def load_given_back(cls, orders: Sequence["Order"]) -> None:
        """Work out ``given_back`` for many orders in one query."""
        by_pk = {order.pk: order for order in orders}
        for order in orders:
            order._gone = defaultdict(Decimal)
        paid = cls.objects.filter(among("id", by_pk), cases__refunds__isnull=False).values_list(
            "pk", "cases__refunds__route", "cases__refunds__reference", "cases__refunds__amount"
        )
        for pk, route, reference, amount in paid:
            by_pk[pk]._gone[(route, reference)] += amount

    def note_given_back(self, paid: Sequence[tuple[str, str, Decimal]]) -> None:
        """The same of one order, whose refunds were read already: (route, reference, yuan)."""
        self._gone = defaultdict(Decimal)
        for route, reference, amount in paid:
            self._gone[(route, reference)] += amount


class OrderLine(Fetched):
    """商品行: one kind of goods in an order; an application is made for a line (§1.5).

    Lines with the same ``bundle`` were bought as one (套餐); ``list_total`` is what they cost
    singly. A gift (赠品) names the line it came with; ``list_total`` is its stated price.
    ``stock`` is a list of ``{"sku": str, "stock": int}``, empty where nobody knows; the warranty
    runs ``warranty_days`` (else D19) from signing, or from ``warranty_from`` once it restarted.
    Of an order that goes out in parts each line names its ``parcel``; elsewhere none is named.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    shop = ShopOf("order")
    number = models.CharField(_("子订单号"), max_length=40)
    goods_id = models.CharField(_("商品编号"), max_length=40, blank=True)
    title = models.CharField(_("商品名称"), max_length=200)
    sku = models.CharField(_("规格"), max_length=200, blank=True)
    image = models.CharField(_("图片"), max_length=200, blank=True)
    category = models.CharField(_("类目"), max_length=60, blank=True)
    quantity = models.PositiveIntegerField(_("数量"), default=1)
    list_total = models.DecimalField(
        _("标价合计"), max_digits=12, decimal_places=2, default=Decimal("0.00")
    )
    paid = models.DecimalField(_("实付（不含邮费）"), max_digits=12, decimal_places=2)
    bundle = models.CharField(_("套餐"), max_length=40, blank=True)
    gift_of = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="gifts",
        verbose_name=_("是哪件商品的赠品"),
    )
    no_reason = models.BooleanField(_("支持七天无理由"), default=True)
    exception_confirmed = models.BooleanField(_("购买时已确认不支持无理由"), default=False)
    service = models.BooleanField(_("服务类商品"), default=False)
    durable = models.BooleanField(_("耐用品"), default=False)
    stock = models.JSONField(_("可换的规格与库存"), default=list, blank=True)
    warranty_days = models.PositiveIntegerField(_("保修天数"), null=True, blank=True)
    warranty_from = models.DateTimeField(_("保修重新起算"), null=True, blank=True)
    parcel = models.ForeignKey(
        "Parcel",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="lines",
        verbose_name=_("装在哪个包裹"),
    )

    class Meta:
        verbose_name = _("商品行")
        verbose_name_plural = _("商品行")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number", "shop"], name="line_once")
        ]
        indexes = [models.Index(fields=["goods_id"], name="line_goods")]

    unsent: int  # of its pieces, as ``Order.to_ship`` finds them

    def __str__(self) -> str:
        return self.title

    @property
    def state(self) -> OrderState:
        """Where the line stands: as its order, or as its own parcel while that is under way in
        parts (§1.1)."""
        state = OrderState(self.order.state)
        if state not in (OrderState.PART, OrderState.SHIPPED):
            return state
        if self.parcel is None:
            return OrderState.PAID if state == OrderState.PART else state
        return OrderState.SIGNED if self.parcel.signed_at else OrderState.SHIPPED

    @property
    def shipped(self) -> bool:
        return self.state in SENT

    @property
    def signed(self) -> bool:
        return self.state in ARRIVED

    @property
    def shipped_at(self) -> datetime | None:
        if self.order.state == OrderState.PART:
            return self.parcel.shipped_at if self.parcel else None
        return self.order.shipped_at

    @property
    def signed_at(self) -> datetime | None:
        """By its own parcel's signature where it has one: another part's is no news of it."""
        return (self.parcel.signed_at if self.parcel else None) or self.order.signed_at

    @property
    def position(self) -> int:
        """Its place in the order, from 1: how the buyers' pages name it."""
        return 1 + OrderLine.objects.filter(order_id=self.order_id, pk__lt=self.pk).count()

    def worth(self, pieces: int) -> Decimal:
        """What was paid for so many of its pieces, in yuan."""
        return (self.paid * pieces / self.quantity).quantize(Decimal("0.01"))

    def singly(self, pieces: int) -> Decimal:
        """What so many of its pieces cost bought singly, in yuan."""
        return (self.list_total * pieces / self.quantity).quantize(Decimal("0.01"))

    def gifts_worth(self) -> Decimal:
        """The stated prices of the gifts that came with it, in yuan."""
        return sum((gift.list_total for gift in self.gifts.all()), Decimal("0.00"))


class Payment(Fetched):
    """支付: what came in by one route; refunds go back the same ways (S-37).

    Money is in yuan; coupons and points go back in kind, ``amount`` being the coupon's value in
    yuan or the number of points. They are not part of what the order ``paid``.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="payments")
    shop = ShopOf("order")
    route = models.CharField(_("支付渠道"), max_length=40)
    reference = models.CharField(_("支付单号"), max_length=64, blank=True)
    amount = models.DecimalField(_("金额"), max_digits=12, decimal_places=2)
    kind = models.CharField(
        _("支付形式"), max_length=10, choices=PaymentKind, default=PaymentKind.MONEY
    )

    class Meta:
        verbose_name = _("支付")
        verbose_name_plural = _("支付")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.route} {self.amount}"


def plain_tracking(written: str) -> str:
    """A tracking number as it is stored: without gaps and in capitals, as carriers write it."""
    return re.sub(r"[\s-]", "", written).upper()


class Parcel(Fetched):
    """包裹: goods on their way, with the trace the carrier gave.

    ``trace`` is a list of ``{"at": ISO time, "kind": ScanKind, "text": str}``, oldest first;
    ``last_scan_at``, ``first_scan_at`` and ``state`` say the same for queries. While the carrier
    cannot be asked, ``unreached_at`` is since when: the trace is what was known then.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="parcels")
    shop = ShopOf("order")
    case = models.ForeignKey(
        "Case", models.CASCADE, null=True, blank=True, related_name="parcels", db_index=True
    )
    direction = models.CharField(
        _("方向"), max_length=12, choices=Direction, default=Direction.OUTBOUND
    )
    carrier = models.CharField(_("快递公司"), max_length=40, blank=True)
    tracking = models.CharField(_("快递单号"), max_length=40, db_index=True)
    shipped_at = models.DateTimeField(_("寄出时间"), null=True, blank=True)
    state = models.CharField(_("物流状态"), max_length=20, choices=ScanKind, blank=True)
    first_scan_at = models.DateTimeField(_("首次扫描"), null=True, blank=True)
    last_scan_at = models.DateTimeField(_("最近扫描"), null=True, blank=True)
    signed_at = models.DateTimeField(_("签收时间"), null=True, blank=True)
    signer = models.CharField(_("签收人"), max_length=80, blank=True)
    trace = models.JSONField(_("物流轨迹"), default=list)
    unreached_at = models.DateTimeField(_("物流信息取不到"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("包裹")
        verbose_name_plural = _("包裹")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "tracking", "shop"], name="parcel_once_per_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking}".strip()


class OrderChange(models.Model):
    """订单资料变更: who set which facts of an order that no file says, and what they were before.

    ``changed`` is a list of [line's key (0: the order), field, before, after].
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="changes")
    shop = ShopOf("order")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    party = models.CharField(_("身份"), max_length=10, choices=Party)
    at = models.DateTimeField(_("时间"))
    changed = models.JSONField(_("变更"))

    class Meta:
        verbose_name = _("订单资料变更")
        verbose_name_plural = _("订单资料变更")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return "; ".join(f"{what}: {before} → {after}" for what, before, after in self.told())

    def told(self) -> list[tuple[str, str, str]]:
        """What was changed, from what, to what, in words."""
        lines = {line.pk: line for line in self.order.lines.all()}
        found = []
        for pk, name, *values in self.changed:
            model: Any = OrderLine if pk else Order
            field = model._meta.get_field(name.removesuffix("_id"))
            what = (
                f"{lines[pk].title} · {field.verbose_name}" if pk in lines else field.verbose_name
            )
            before, after = (_in_words(field, value, lines) for value in values)
            found.append((str(what), before, after))
        return found


def _in_words(field: Any, value: Any, lines: dict[int, OrderLine]) -> str:
    if value in (None, "", []):
        return "—"
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if field.name == "gift_of":
        return lines[value].title if value in lines else str(value)
    if field.name == "stock":
        return "、".join(f"{row['sku']} {row['stock']}" for row in value)
    return str(dict(field.flatchoices).get(value, value))
