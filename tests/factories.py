"""Things to test with. Cases are brought to where they stand by real steps, so their history is true.

``make_case(type="return_refund", negotiated=True)``: traits are phrases, taken in the order in
which a case lives: checked, waiting, answered, expired, one_round, second_waiting, negotiated,
rejected, agreed, sent_back, taken_in, shipped_again, resent, under_review, deciding.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from aftersales import clock
from aftersales.enums import Direction, OrderState, Permission, ScanKind
from aftersales.market.desk import Desk, application_for, numbers, picture, proofs_for, upload
from aftersales.models import (
    Case,
    Member,
    Order,
    OrderLine,
    Parcel,
    Payment,
    ReturnAddress,
    Shop,
    User,
)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"user{number}")
    nick = factory.LazyAttribute(lambda user: f"昵称{user.username}")
    password = factory.django.Password("secret-for-tests")


class ShopFactory(DjangoModelFactory):
    class Meta:
        model = Shop

    code = factory.Sequence(lambda number: f"shop{number}")
    name = "山岚家居旗舰店"


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = Member

    shop = factory.SubFactory(ShopFactory)
    user = factory.SubFactory(UserFactory)
    permissions = factory.LazyFunction(lambda: [str(each) for each in Permission])


class ReturnAddressFactory(DjangoModelFactory):
    class Meta:
        model = ReturnAddress

    shop = factory.SubFactory(ShopFactory)
    name = "陈仓"
    phone = "0571-88880000"
    region = "浙江省杭州市西湖区"
    detail = "文三路 1 号 3 幢"
    default = True


class OrderFactory(DjangoModelFactory):
    """A paid order of one line: two mugs for ¥128.00, signed the day before yesterday."""

    class Meta:
        model = Order
        skip_postgeneration_save = True

    class Params:
        unshipped = factory.Trait(state=OrderState.PAID, shipped_at=None, signed_at=None)
        in_transit = factory.Trait(state=OrderState.SHIPPED, signed_at=None)
        finished = factory.Trait(
            state=OrderState.FINISHED,
            finished_at=factory.LazyFunction(lambda: clock.now() - timedelta(days=1)),
        )

    shop = factory.SubFactory(ShopFactory)
    buyer = factory.SubFactory(UserFactory)
    number = factory.Sequence(lambda number: f"261120-{number:015d}")
    state = OrderState.SIGNED
    buyer_nick = "林溪树"
    receiver = "林溪树"
    phone = "13812345678"
    address = "浙江省杭州市余杭区 某路 9 号"
    goods_total = Decimal("128.00")
    paid = Decimal("128.00")
    ordered_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=6))
    paid_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=6))
    promised_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=4))
    shipped_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=5))
    signed_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=2))

    @factory.post_generation
    def lines(order, create: bool, given: Any, **kwargs: Any) -> None:  # type: ignore[misc]
        for number, line in enumerate(given or [{}], start=1):
            OrderLine.objects.create(
                **{
                    "order": order,
                    "number": f"{order.number}-{number}",
                    "goods_id": "G1",
                    "title": "青瓷开片手冲咖啡杯",
                    "sku": "300ml 青绿",
                    "quantity": 2,
                    "list_total": order.goods_total,
                    "paid": order.paid - order.postage,
                }
                | line
            )

    @factory.post_generation
    def payments(order, create: bool, given: Any, **kwargs: Any) -> None:  # type: ignore[misc]
        for route, amount in given or [("微信支付", order.paid)]:
            Payment.objects.create(
                order=order, route=route, reference=f"P{order.pk}{route}", amount=amount
            )

    @factory.post_generation
    def parcel(order, create: bool, given: Any, **kwargs: Any) -> None:  # type: ignore[misc]
        if order.shipped_at is None or given is False:
            return
        trace = [_scan(order.shipped_at, ScanKind.PICKED_UP, "杭州转运中心 已揽收")]
        if order.signed_at:
            trace.append(_scan(order.signed_at, ScanKind.SIGNED, "本人签收"))
        else:
            trace.append(_scan(clock.now() - timedelta(hours=3), ScanKind.MOVING, "运输中"))
        Parcel.objects.create(
            **{
                "order": order,
                "direction": Direction.OUTBOUND,
                "carrier": "顺丰速运",
                "tracking": f"SF{next(numbers):010d}",
                "shipped_at": order.shipped_at,
                "state": trace[-1]["kind"],
                "first_scan_at": order.shipped_at,
                "last_scan_at": order.signed_at or clock.now() - timedelta(hours=3),
                "signed_at": order.signed_at,
                "signer": "本人" if order.signed_at else "",
                "trace": trace,
            }
            | (given or {})
        )


def _scan(at: Any, kind: ScanKind, text: str) -> dict[str, str]:
    return {"at": at.isoformat(), "kind": str(kind), "text": text}


TRAITS: dict[str, tuple[str, ...]] = {
    "checked": ("check",),
    "waiting": ("check", "negotiate"),
    "answered": ("check", "negotiate", "reply"),
    "expired": ("check", "negotiate", "wait"),
    "second_waiting": ("check", "negotiate", "reply", "negotiate"),
    "negotiated": ("check", "negotiate", "reply", "negotiate", "reply"),
    "rejected": ("check", "negotiate", "reply", "negotiate", "reply", "reject"),
    "agreed": ("agree",),
    "sent_back": ("agree", "send_back"),
    "taken_in": ("agree", "send_back", "receive"),
    "shipped_again": ("agree", "send_back", "receive", "ship"),
    "resent": ("agree", "ship"),
    "refused_goods": (
        "agree",
        "send_back",
        "check",
        "negotiate",
        "reply",
        "negotiate",
        "reply",
        "reject",
    ),
    "under_review": ("check", "negotiate", "reply", "negotiate", "reply", "reject", "ask"),
}


def desk_maker(
    shop: Shop, merchant: User, buyer: User, travel: Callable[[timedelta], None]
) -> Callable[..., Desk]:
    """What the ``make_desk`` fixture is: a case brought to a trait by real steps."""

    def make(trait: str = "", *, order: Order | None = None, **given: Any) -> Desk:
        kind = given.get("type", "refund_received")
        traits = {
            "refund_unshipped": {"unshipped": True},
            "refund_not_received": {"in_transit": True},
            "repair": {"finished": True},
        }.get(kind, {})
        order = order or OrderFactory(shop=shop, buyer=buyer, **traits)
        line = order.lines.first()
        assert line is not None
        case = Case.apply(line, application_for(order, **given), by=buyer)
        desk = Desk(case, merchant)
        for verb in TRAITS.get(trait, ()):
            _advance(desk, verb, travel)
        return desk

    return make


def _advance(desk: Desk, verb: str, travel: Callable[[timedelta], None]) -> None:
    case = desk.case
    if verb == "wait":
        travel(timedelta(minutes=60))
        case.catch_up()
    elif verb == "agree":
        if case.needs_return:
            address = case.default_address()
            case.agree_return(by=desk.merchant, address=address)
        elif case.type == "resend":
            case.agree_resend(by=desk.merchant)
        else:
            case.agree(by=desk.merchant)
    elif verb == "send_back":
        case.send_back(by=desk.buyer, carrier="中通快递", tracking=f"ZT{next(numbers):010d}")
    elif verb == "receive":
        case.confirm_receipt(by=desk.merchant)
    elif verb == "ship":
        tracking = f"SF{next(numbers):010d}"
        case.ship_replacement(by=desk.merchant, carrier="顺丰速运", tracking=tracking)
    elif verb == "ask":
        case.ask_platform(by=desk.buyer, reason="商家驳回没有道理，照片很清楚地拍到裂纹。")
    else:
        getattr(desk, verb)()


__all__ = [
    "Desk",
    "MemberFactory",
    "OrderFactory",
    "ReturnAddressFactory",
    "ShopFactory",
    "UserFactory",
    "application_for",
    "desk_maker",
    "picture",
    "proofs_for",
    "upload",
]
