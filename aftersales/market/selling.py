"""The demo market's orders: as the files tell of them, and what the shops add and send by hand."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.timezone import localtime

from aftersales import clock, shipping
from aftersales.enums import FreightCover, OrderState, ScanKind
from aftersales.furnishing.changing import furnish
from aftersales.imports import samples
from aftersales.logistics.traces import Scan, record
from aftersales.market.desk import Desk, application_for
from aftersales.market.stories import STORIES, WORDS, More, Told
from aftersales.models import Case, Order, Shop, User

MODELS = [{"sku": "38-39 码", "stock": 6}, {"sku": "40-41 码", "stock": 2}]
MODELS += [{"sku": "42-43 码", "stock": 0}]


class Selling:
    """What is sold; the market knows its people."""

    orders: dict[int, Order]
    desks: dict[int, Desk]

    def ago(self, hours: float) -> datetime:
        raise NotImplementedError

    def merchant(self, shop: Shop) -> User:
        raise NotImplementedError

    def sales(self, number: int, story: Told) -> list[samples.Sale]:
        """The story's order, a row for each of its lines, as the sample files would tell of it."""
        ordered = self.ago((story.shipped or 60) + 12)
        shipped = None if story.shipped is None else self.ago(story.shipped)
        signed = None if story.signed is None else self.ago(story.signed)
        told_as = samples.UNSHIPPED if shipped is None else samples.MOVING
        told_as = samples.SIGNED if signed else told_as
        first = More(story.goods, story.pieces, story.off)
        return [
            samples.Sale(
                number=f"{localtime(ordered):%y%m%d}-{480000000000000 + number * 7919:015d}",
                goods=samples.GOODS[line.goods],
                quantity=line.pieces,
                story=told_as,
                buyer=samples.BUYERS[story.buyer],
                postage=Decimal("0.00"),
                shop_discount=Decimal(line.off),
                platform_discount=Decimal("0.00"),
                ordered_at=ordered,
                shipped_at=shipped,
                signed_at=signed,
                carrier="圆通速递" if shipped else "",
                tracking=f"YT{8800000000000 + number * 104729}" if shipped else "",
            )
            for line in (first, *story.more)
        ]

    def furnish(self, order: Order, story: Told) -> None:
        """What an export file does not say: address and the trade's success, and what the shop
        tells on the order's page."""
        order.receiver = str(order.buyer or order.buyer_nick)
        order.address = "浙江省杭州市西湖区文一路 8 号 2 幢 301"
        if story.finished is not None:
            order.state, order.finished_at = OrderState.FINISHED, self.ago(story.finished)
        order.save()
        first, *others = order.lines.all()
        facts: dict[str, Any] = dict(story.facts)
        lines: dict[int, dict[str, Any]] = {}
        if story.goods == "slipper":
            facts |= {"freight_cover": FreightCover.INSURANCE}
            lines[first.pk] = {"stock": MODELS}
        if story.bundle:
            lines = {line.pk: {"bundle": story.bundle} for line in (first, *others)}
        if story.gift:
            lines[others[-1].pk] = {"gift_of_id": first.pk}
        furnish(order, by=self.merchant(order.shop), facts=facts, lines=lines, seen=0)
        order.refresh_from_db()

    # What the shop sends in parts.

    def do_ship_part(self, number: int) -> None:
        """The first of two things leaves the shop."""
        order = self.orders[number]
        line = order.lines.earliest("pk")
        parcel = shipping.ship(
            order,
            by=self.merchant(order.shop),
            carrier="圆通速递",
            tracking=f"YT{8900000000000 + number * 104729}",
            lines=[line.pk],
        )
        record(parcel, [Scan(clock.now(), ScanKind.PICKED_UP, "杭州余杭 已揽收")])

    def do_sign_part(self, number: int) -> None:
        parcel = self.orders[number].parcels.get()
        record(parcel, [Scan(clock.now(), ScanKind.SIGNED, "本人签收", "本人")])

    def do_apply_missing(self, number: int) -> None:
        """What did not come with the first parcel is to be sent after."""
        order, story = self.orders[number], STORIES[number]
        missing = Order.objects.get(pk=order.pk).to_ship()[0]
        asked = {"missing": [{"item": missing.title, "count": missing.quantity}]}
        application = application_for(
            order,
            str(story.type),
            story.reason,
            line=missing,
            demand=asked,
            goods_state="",  # nothing of it came
            description=WORDS.get(story.reason, "少了一件。"),
        )
        case = Case.apply(missing, application, by=order.buyer)
        self.desks[number] = Desk(case, self.merchant(order.shop))
