"""The demo market: shops, people and orders from files, then a fortnight of cases, lived hour by hour.

Every case is told as a story of (hours before now, what happens). The stories are lived in the
order of time, with the demo's clock set to each moment, so that histories, clocks and refunds
are those that real use would leave.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import localtime

from aftersales import catalogue, clock, tasks
from aftersales.admin.people import reviewers_group
from aftersales.enums import (
    CaseType,
    Freight,
    FreightCover,
    Responsible,
    Ruling,
    ScanKind,
)
from aftersales.imports import jobs, samples
from aftersales.logistics.traces import Scan, record
from aftersales.market.desk import Desk, application_for, upload
from aftersales.market.people import BUYERS, PASSWORD, PEOPLE, SHOPS, STAFF
from aftersales.models import (
    Case,
    CounterOffer,
    LedgerMood,
    Member,
    Order,
    OrderLine,
    Outcome,
    Parcel,
    Plan,
    ReturnAddress,
    Shop,
    User,
)
from aftersales.payments import pay_due


class Told(NamedTuple):
    """One case's story: the order behind it, what is asked for, and what happens when.

    ``signed`` and ``shipped`` are hours before now; ``acts`` are (hours before now, act).
    """

    goods: str
    buyer: int
    type: CaseType
    reason: str
    acts: list[tuple[float, str]]
    shop: int = 0
    pieces: int = 1
    shipped: float | None = 150
    signed: float | None = 100
    trace: str = "self"


UNSHIPPED, NEVER, KEEP, BACK = (
    CaseType.REFUND_UNSHIPPED,
    CaseType.REFUND_NOT_RECEIVED,
    CaseType.REFUND_RECEIVED,
    CaseType.RETURN_REFUND,
)
TWO_ROUNDS = ["check", "negotiate", "reply", "negotiate", "reply"]


def _acts(start: float, *names: str, every: float = 0.5) -> list[tuple[float, str]]:
    return [(start - every * number, name) for number, name in enumerate(names)]


STORIES = [
    # waiting for the shop
    Told("mug", 0, KEEP, "R1", _acts(27, "apply"), pieces=2),
    Told("towel", 1, KEEP, "R8", _acts(46.3, "apply")),
    Told("lamp", 2, UNSHIPPED, "U1", _acts(20, "apply"), 1, shipped=None, signed=None),
    Told("slipper", 0, BACK, "R13", _acts(38, "apply")),
    Told("kettle", 1, NEVER, "N1", _acts(40, "apply"), shipped=190, signed=None, trace="stalled"),
    Told("blanket", 2, NEVER, "N3", _acts(12, "apply"), trace="other"),
    Told("rice", 0, KEEP, "R7", _acts(5, "apply"), 2),
    Told("kettle", 2, NEVER, "N4", _acts(9, "apply", "report_refusal"), signed=None, trace="back"),
    # in the tool
    Told("mug", 1, KEEP, "R1", _acts(30, "apply", "check", every=20)),
    Told("towel", 0, KEEP, "R3", [(25, "apply"), (0.4, "check"), (0.3, "negotiate")]),
    Told(
        "lamp",
        1,
        KEEP,
        "R3",
        [(28, "apply"), (3, "check"), (2.9, "negotiate"), (2.5, "counter")],
        1,
    ),
    Told("slipper", 2, BACK, "R4", [(30, "apply"), (5, "check"), (4.9, "negotiate")]),
    Told("blanket", 0, KEEP, "R1", [(33, "apply"), *_acts(4, *TWO_ROUNDS[:3]), (0.2, "negotiate")]),
    Told("kettle", 0, KEEP, "R2", [(33, "apply"), *_acts(6, *TWO_ROUNDS)]),
    Told(
        "rice", 1, KEEP, "R7", [(20, "apply"), *_acts(3, *TWO_ROUNDS[:3]), (0.5, "claim_agreed")], 2
    ),
    # turned down, with the platform, ruled
    Told("mug", 2, KEEP, "R1", [(60, "apply"), *_acts(55, *TWO_ROUNDS, "reject")], pieces=2),
    Told("lamp", 0, KEEP, "R1", [(80, "apply"), *_acts(75, *TWO_ROUNDS, "reject"), (10, "ask")], 1),
    Told("towel", 2, KEEP, "R1", [(98, "apply"), *_acts(90, *TWO_ROUNDS, "reject"), (60, "ask")]),
    Told(
        "blanket",
        1,
        KEEP,
        "R1",
        [(130, "apply"), *_acts(125, *TWO_ROUNDS, "reject"), (110, "ask"), (50, "rule_full")],
        shipped=200,
        signed=150,
    ),
    Told(
        "slipper",
        1,
        KEEP,
        "R4",
        [(130, "apply"), *_acts(125, *TWO_ROUNDS, "reject"), (110, "ask"), (50, "rule_deny")],
        shipped=200,
        signed=150,
    ),
    # goods on their way back
    Told("slipper", 0, BACK, "R4", [(30, "apply"), (26, "agree_return")]),
    Told(
        "blanket",
        2,
        BACK,
        "R1",
        [(70, "apply"), (60, "agree_return"), (40, "send_back"), (30, "move")],
    ),
    Told(
        "kettle",
        1,
        BACK,
        "R1",
        [(90, "apply"), (80, "agree_return"), (70, "send_back"), (20, "arrive")],
    ),
    Told(
        "lamp",
        2,
        BACK,
        "R13",
        [
            (98, "apply"),
            (90, "agree_return"),
            (80, "send_back"),
            (40, "arrive"),
            *_acts(30, *TWO_ROUNDS, "reject"),
        ],
        1,
    ),
    Told(
        "mug", 0, NEVER, "N2", [(26, "apply"), (20, "agree_refusal")], signed=None, trace="moving"
    ),
    # ended
    Told("towel", 1, KEEP, "R1", [(70, "apply"), (60, "agree")]),
    Told(
        "rice",
        2,
        KEEP,
        "R11",
        [(80, "apply"), (79, "check"), (78.9, "negotiate"), (78.5, "accept")],
        2,
    ),
    Told("mug", 1, UNSHIPPED, "U2", _acts(60, "apply"), shipped=None, signed=None),
    Told("slipper", 2, KEEP, "R3", [(40, "apply"), (30, "cancel")]),
    Told(
        "kettle", 2, BACK, "R13", [(290, "apply"), (280, "agree_return")], shipped=340, signed=300
    ),
    Told(
        "rice",
        0,
        KEEP,
        "R7",
        [
            (40, "apply"),
            *_acts(36, *TWO_ROUNDS[:3]),
            (33, "claim_agreed"),
            (32.5, "confirm_agreed"),
        ],
        2,
    ),
    # money that does not want to go
    Told("lamp", 1, KEEP, "R7", [(20, "apply"), (10, "gateway_refuses"), (9.9, "agree")], 1),
    Told("blanket", 0, KEEP, "R7", [(20, "apply"), (0.01, "gateway_late"), (0.005, "agree")]),
    # orders that nobody has applied for yet
    Told("mug", 0, KEEP, "R1", [], pieces=2, signed=30),
    Told("towel", 0, UNSHIPPED, "U1", [], shipped=None, signed=None),
    Told("kettle", 0, NEVER, "N2", [], shipped=60, signed=None, trace="moving"),
    Told("lamp", 1, BACK, "R13", [], 1, signed=30),
    Told("rice", 2, KEEP, "R7", [], 2, signed=20),
]


# What buyers write, by reason.
WORDS = {
    "R1": "收到后发现有一道裂纹，用手能摸到，不敢再用。",
    "R2": "用了两次以后底部开始掉漆，应该是质量问题。",
    "R3": "收到的颜色明显偏灰，和页面上的图片差得多。",
    "R4": "按尺码表买的，量出来短了两厘米，穿不了。",
    "R7": "外箱压扁了，里面也破了，撒出来一些。",
    "R8": "写的是两件，箱子里只有一件。",
    "R11": "打开有一股霉味，米里还有小虫。",
    "N1": "物流好几天没有动了，问快递也说不清楚。",
    "N2": "说好三天到，现在还没有收到。",
    "N3": "显示驿站代签，可驿站说没有这个件。",
    "N4": "外箱破得厉害，当场拒收了，快递已经带回去。",
}


class Market:
    """Builds it all, once, on an empty database."""

    def __init__(self, say: Callable[[str], Any] = lambda line: None) -> None:
        self.say = say
        self.start = clock.now()
        self.desks: dict[int, Desk] = {}
        self.orders: dict[int, Order] = {}
        self.sales: list[samples.Sale] = []

    def build(self) -> None:
        catalogue.load()
        self.people()
        self.orders_from_files()
        self.traces()
        self.live()

    # Who is there.

    def people(self) -> None:
        self.shops = [
            Shop.objects.create(code=code, name=name, platform=platform)
            for code, name, platform in SHOPS
        ]
        for shop in self.shops[:2]:
            ReturnAddress.objects.create(
                shop=shop,
                name="陈仓",
                phone="0571-88880000",
                region="浙江省杭州市余杭区",
                detail="良渚街道仓前路 1 号 3 号库",
                default=True,
            )
        by_code = {shop.code: shop for shop in self.shops}
        for name, nick, code, permissions in PEOPLE:
            user = self.user(name, nick)
            Member.objects.create(shop=by_code[code], user=user, permissions=permissions)
        self.buyers = [self.user(name, nick, phone=phone) for name, nick, phone in BUYERS]
        for name, nick, everything in STAFF:
            self.user(name, nick, is_staff=True, is_superuser=everything)
        self.reviewer = User.objects.get(username=STAFF[0][0])
        self.reviewer.groups.add(reviewers_group())
        self.reviewer = User.objects.get(pk=self.reviewer.pk)  # with the group's rights

    def user(self, name: str, nick: str, **given: Any) -> User:
        return User.objects.create_user(name, f"{name}@example.com", PASSWORD, nick=nick, **given)

    def merchant(self, shop: Shop) -> User:
        return User.objects.filter(memberships__shop=shop).order_by("pk").first() or self.reviewer

    # What they bought: an export file for each shop, imported as a merchant would.

    def orders_from_files(self) -> None:
        """The sample files, and a file of the stories' orders, imported as a merchant would."""
        folder = settings.VAR / "samples"
        samples.write(folder, self.start)
        self.bring_in(0, (folder / samples.PINDUODUO_CSV).read_bytes(), samples.PINDUODUO_CSV)
        self.bring_in(1, (folder / samples.TAOBAO_CSV).read_bytes(), samples.TAOBAO_CSV)
        for name, sales in samples.market(self.start).items():
            if name != samples.PINDUODUO_XLSX:  # left for the visitor to import
                self.sales += sales
        header = [*samples.PINDUODUO_27, samples.PHONE]
        for index in range(len(self.shops)):
            told = [(n, story) for n, story in enumerate(STORIES) if story.shop == index]
            sales = [self.sale(number, story) for number, story in told]
            self.bring_in(index, samples.pinduoduo_csv(sales, header), "订单导出.csv")
            for (number, story), sale in zip(told, sales, strict=True):
                order = Order.objects.get(shop=self.shops[index], number=sale.number)
                if story.goods == "slipper":
                    order.freight_cover = FreightCover.INSURANCE
                    order.save(update_fields=["freight_cover"])
                self.orders[number] = order
        for title, picture in samples.PICTURES.items():
            OrderLine.objects.filter(title=title).update(image=f"img/{picture}")
        self.say(f"{Order.objects.count()} orders imported")

    def bring_in(self, index: int, body: bytes, name: str) -> None:
        shop = self.shops[index]
        job = jobs.start(shop, self.merchant(shop), SimpleUploadedFile(name, body))
        jobs.run(jobs.check(job))

    def ago(self, hours: float) -> datetime:
        return self.start - timedelta(hours=hours)

    def sale(self, number: int, story: Told) -> samples.Sale:
        """The story's order, as the sample files would tell of it."""
        ordered = self.ago((story.shipped or 60) + 12)
        shipped = None if story.shipped is None else self.ago(story.shipped)
        signed = None if story.signed is None else self.ago(story.signed)
        told_as = samples.UNSHIPPED if shipped is None else samples.MOVING
        told_as = samples.SIGNED if signed else told_as
        return samples.Sale(
            number=f"{localtime(ordered):%y%m%d}-{480000000000000 + number * 7919:015d}",
            goods=samples.GOODS[story.goods],
            quantity=story.pieces,
            story=told_as,
            buyer=samples.BUYERS[story.buyer],
            postage=Decimal("0.00"),
            shop_discount=Decimal("0.00"),
            platform_discount=Decimal("0.00"),
            ordered_at=ordered,
            shipped_at=shipped,
            signed_at=signed,
            carrier="圆通速递" if shipped else "",
            tracking=f"YT{8800000000000 + number * 104729}" if shipped else "",
        )

    # What the carriers reported.

    def traces(self) -> None:
        for number, story in enumerate(STORIES):
            parcel = self.orders[number].parcels.first()
            if parcel is None or story.shipped is None:
                continue
            record(parcel, self.scans(story))
        for sale in self.sales:
            sent = Parcel.objects.filter(tracking=sale.tracking).first() if sale.tracking else None
            if sent is not None:
                record(sent, [Scan(*scan) for scan in sale.scans(self.start)])

    def scans(self, story: Told) -> list[Scan]:
        shipped = story.shipped or 0
        scans = [
            Scan(self.ago(shipped - 4), ScanKind.PICKED_UP, "杭州余杭 已揽收"),
            Scan(self.ago(shipped - 20), ScanKind.MOVING, "到达 上海转运中心"),
        ]
        if story.trace == "moving":
            scans.append(Scan(self.ago(6), ScanKind.MOVING, "离开 南京转运中心"))
        elif story.trace == "back":
            scans.append(Scan(self.ago(10), ScanKind.RETURNING, "收件人拒收，退回发件人"))
        elif story.signed is not None:
            scans.append(Scan(self.ago(story.signed + 3), ScanKind.DELIVERING, "派送中"))
            if story.trace == "other":
                scans.append(
                    Scan(self.ago(story.signed), ScanKind.SIGNED_BY_OTHER, "已放入驿站", "小区驿站")
                )
            else:
                scans.append(Scan(self.ago(story.signed), ScanKind.SIGNED, "本人签收", "本人"))
        return scans

    # What happened since.

    def live(self) -> None:
        """Live every story, hour by hour, the clock set to each moment."""
        acts = sorted(
            ((hours, number, name) for number, s in enumerate(STORIES) for hours, name in s.acts),
            reverse=True,
        )
        for hours, number, name in acts:
            clock.set_ahead(-timedelta(hours=hours))
            self.sweep()
            getattr(self, f"do_{name}")(number)
        clock.set_ahead(timedelta())
        self.sweep()
        self.say(f"{Case.objects.count()} cases lived")

    def sweep(self) -> None:
        tasks.expire_all()
        pay_due()

    def case(self, number: int) -> Case:
        desk = self.desks[number]
        desk.case = Case.objects.get(pk=desk.case.pk)
        return desk.case

    def do_apply(self, number: int) -> None:
        story, order = STORIES[number], self.orders[number]
        line = order.lines.get()
        application = application_for(
            order,
            str(story.type),
            story.reason,
            description=WORDS.get(story.reason, "不想要了，请退款。"),
        )
        case = Case.apply(line, application, by=order.buyer)
        self.desks[number] = Desk(case, self.merchant(order.shop))

    def do_check(self, number: int) -> None:
        self.case(number)
        self.desks[number].check()

    def do_negotiate(self, number: int) -> None:
        self.case(number)
        self.desks[number].negotiate()

    def do_reply(self, number: int) -> None:
        self.case(number)
        self.desks[number].reply("都不接受，照片已经拍得很清楚了，请再看看。")

    def do_counter(self, number: int) -> None:
        case = self.case(number)
        plan = Plan.objects.get(code="partial_refund")
        half = (case.amount / 2).quantize(Decimal("0.01"))
        case.reply(
            by=case.buyer,
            text="退一半我可以留着用。",
            counter=CounterOffer(plan, half),
            evidence={"reply": [upload(case.buyer)]},
        )

    def do_accept(self, number: int) -> None:
        case = self.case(number)
        case.accept_plan(by=case.buyer, offer=case.open_offers()[0])

    def do_claim_agreed(self, number: int) -> None:
        case = self.case(number)
        outcome = Outcome.objects.get(code="agreed")
        merchant = self.desks[number].merchant
        case.negotiate(
            by=merchant,
            outcome=outcome,
            explanation="已和买家在聊天里说好：补发一袋，买家不再要求退款。",
            evidence={proof.code: [upload(merchant)] for proof in outcome.proofs.all()},
            risks=[each.code for each in case.warnings() if each.ticked],
        )

    def do_confirm_agreed(self, number: int) -> None:
        case = self.case(number)
        case.confirm_agreed(by=case.buyer)

    def do_reject(self, number: int) -> None:
        self.case(number)
        self.desks[number].reject()

    def do_ask(self, number: int) -> None:
        case = self.case(number)
        case.ask_platform(
            by=case.buyer,
            reason="商家驳回没有道理，照片很清楚地拍到了问题，我要求按申请退款。",
            wants="全额退款",
        )

    def do_rule_full(self, number: int) -> None:
        self.case(number).rule(
            by=self.reviewer,
            ruling=Ruling.FULL_REFUND,
            responsible=Responsible.MERCHANT,
            grounds="买家照片可见贯穿裂纹，商家未能证明发货时完好，支持买家。",
        )

    def do_rule_deny(self, number: int) -> None:
        self.case(number).rule(
            by=self.reviewer,
            ruling=Ruling.DENY,
            responsible=Responsible.NONE,
            grounds="商品页面已写明尺码偏小，实物与描述一致，不支持退款。",
        )

    def do_agree(self, number: int) -> None:
        case = self.case(number)
        case.agree(by=self.desks[number].merchant)

    def do_agree_return(self, number: int) -> None:
        case = self.case(number)
        freight = Freight.BUYER if case.freight == Freight.UNDECIDED else Freight(case.freight)
        case.agree_return(
            by=self.desks[number].merchant,
            address=case.default_address(),
            freight=freight,
            message="请把配件一起寄回，谢谢。",
        )

    def do_agree_refusal(self, number: int) -> None:
        self.case(number).agree_refusal(by=self.desks[number].merchant)

    def do_report_refusal(self, number: int) -> None:
        case = self.case(number)
        case.report_refusal(by=case.buyer)

    def do_send_back(self, number: int) -> None:
        case = self.case(number)
        case.send_back(
            by=case.buyer, carrier="中通快递", tracking=f"ZT{75000000000 + number * 7907}"
        )

    def do_move(self, number: int) -> None:
        parcel = self.case(number).parcels.get()
        record(parcel, [Scan(clock.now(), ScanKind.MOVING, "运输中 杭州转运中心")])

    def do_arrive(self, number: int) -> None:
        parcel = self.case(number).parcels.get()
        record(parcel, [Scan(clock.now(), ScanKind.SIGNED, "仓库已签收", "仓库")])

    def do_cancel(self, number: int) -> None:
        case = self.case(number)
        case.cancel(by=case.buyer)

    def do_gateway_refuses(self, number: int) -> None:
        LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE)

    def do_gateway_late(self, number: int) -> None:
        LedgerMood.objects.create(answer=LedgerMood.Answer.LATE)
