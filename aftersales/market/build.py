"""The demo market: shops, people and orders from files, then a fortnight of cases, lived hour by hour.

Every case is told as a story of (hours before now, what happens). The stories are lived in the
order of time, with the demo's clock set to each moment, so that histories, clocks and refunds
are those that real use would leave.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F

from aftersales import catalogue, clock, tasks
from aftersales.admin.people import reviewers_group
from aftersales.enums import (
    Direction,
    Freight,
    Party,
    ScanKind,
)
from aftersales.figures import rolling
from aftersales.imports import jobs, samples
from aftersales.logistics.traces import Scan, record
from aftersales.market import colleagues
from aftersales.market.desk import Desk, application_for, upload
from aftersales.market.disputes import BeforeThePlatform
from aftersales.market.people import BUYERS, PASSWORD, PEOPLE, SHOPS, STAFF
from aftersales.market.platform import HAPPENINGS, Platform
from aftersales.market.selling import Selling
from aftersales.market.stories import REFUSALS, STORIES, WORDS, Told
from aftersales.models import (
    Case,
    Conversation,
    CounterOffer,
    LedgerMood,
    Member,
    Notice,
    Order,
    OrderLine,
    Outcome,
    Parcel,
    Plan,
    ReturnAddress,
    Shop,
    User,
)
from aftersales.notices.delivering import deliver_due
from aftersales.payments import pay_due
from aftersales.service import asking


class Market(Selling, Platform, BeforeThePlatform):
    """Builds it all, once, on an empty database."""

    def __init__(self, say: Callable[[str], Any] = lambda line: None) -> None:
        self.say = say
        self.start = clock.now()
        self.desks: dict[int, Desk] = {}
        self.orders: dict[int, Order] = {}
        self.sold: list[samples.Sale] = []
        self.password = make_password(PASSWORD)  # once: it takes long on purpose

    def build(self) -> None:
        catalogue.load()
        self.people()
        self.orders_from_files()
        self.traces()
        self.live()
        colleagues.leave(self.shops[0])
        self.tell()
        rolling.catch_up()

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
        email = f"{name}@example.com"
        return User.objects.create(
            username=name, email=email, password=self.password, nick=nick, **given
        )

    def tell(self) -> None:
        """Everybody has read his notices of yesterday and before."""
        while deliver_due():
            pass
        old = Notice.objects.filter(event__at__lt=clock.now() - timedelta(hours=12))
        old.update(read_at=F("at"), mail_due_at=None)

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
                self.sold += sales
        header = [*samples.PINDUODUO_27, samples.PHONE]
        for index in range(len(self.shops)):
            told = [(n, story) for n, story in enumerate(STORIES) if story.shop == index]
            sold = [self.sales(number, story) for number, story in told]
            rows = [sale for sales in sold for sale in sales]
            self.bring_in(index, samples.pinduoduo_csv(rows, header), "订单导出.csv")
            for (number, story), sales in zip(told, sold, strict=True):
                order = Order.objects.get(shop=self.shops[index], number=sales[0].number)
                self.furnish(order, story)
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

    # What the carriers reported.

    def traces(self) -> None:
        for number, story in enumerate(STORIES):
            parcel = self.orders[number].parcels.first()
            if parcel is None or story.shipped is None:
                continue
            record(parcel, self.scans(story))
        for sale in self.sold:
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
            [
                *(
                    (hours, number, name)
                    for number, s in enumerate(STORIES)
                    for hours, name in s.acts
                ),
                *((hours, -1, name) for hours, name in HAPPENINGS),
            ],
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
        line = order.lines.filter(gift_of=None).earliest("pk")
        application = application_for(
            order,
            str(story.type),
            story.reason,
            description=WORDS.get(story.reason, "不想要了，请退款。"),
            gifts_kept=story.gift,
        )
        case = Case.apply(line, application, by=order.buyer)
        self.desks[number] = Desk(case, self.merchant(order.shop))

    def talk(self, number: int) -> Conversation:
        return Conversation(self.orders[number].lines.get())

    def do_ask_first(self, number: int) -> None:
        order, asked = self.orders[number], WORDS.get(STORIES[number].reason, "想问一下能不能退。")
        if order.buyer:
            self.talk(number).say(
                by=order.buyer, party=Party.BUYER, text=asked, uploads=[upload(order.buyer)]
            )

    def do_propose(self, number: int) -> None:
        order, talk = self.orders[number], self.talk(number)
        plan = Plan.objects.get(code="partial_refund")
        third = (talk.most(plan) / 3).quantize(Decimal("0.01"))
        talk.propose(by=self.merchant(order.shop), plan=plan, amount=third)

    def do_take_proposal(self, number: int) -> None:
        order, talk = self.orders[number], self.talk(number)
        proposal = talk.line.proposals.get()
        if order.buyer:
            talk.answer(proposal, by=order.buyer, accept=True)

    def do_apply_as_agreed(self, number: int) -> None:
        order = self.orders[number]
        line = order.lines.get()
        agreed = line.proposals.get()
        offered = self.talk(number).line_of(agreed.plan, agreed.amount)
        given = {"amount": agreed.amount, "description": f"与商家在聊天里谈妥：{offered}"}
        application = application_for(order, agreed.type, "U5", **given)
        case = Case.apply(line, application, by=order.buyer)
        self.desks[number] = Desk(case, self.merchant(order.shop))

    def do_claim_freight(self, number: int) -> None:
        case = self.case(number)
        slip = {"freight": [upload(case.buyer)]}
        case.claim_freight(by=case.buyer, amount=Decimal("12.00"), evidence=slip)

    def do_assign(self, number: int) -> None:
        """To the last of the shop's members, by the first."""
        case = self.case(number)
        case.assign(by=self.desks[number].merchant, member=case.shop.members.order_by("pk").last())

    def do_check(self, number: int) -> None:
        self.case(number)
        self.desks[number].check()

    def do_ask_evidence(self, number: int) -> None:
        self.case(number).ask_for(
            by=self.desks[number].merchant,
            kind="evidence",
            text="请拍一下门口和驿站的照片，方便我们和快递核对投放位置。",
            count=2,
        )

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
        words = REFUSALS.get(self.case(number).reason.code)
        self.desks[number].reject(**({"statement": words} if words else {}))

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
        parcel = self.case(number).parcels.get(direction=Direction.RETURN)
        record(parcel, [Scan(clock.now(), ScanKind.MOVING, "运输中 杭州转运中心")])

    def do_arrive(self, number: int) -> None:
        parcel = self.case(number).parcels.get(direction=Direction.RETURN)
        record(parcel, [Scan(clock.now(), ScanKind.SIGNED, "仓库已签收", "仓库")])

    def do_agree_resend(self, number: int) -> None:
        case = self.case(number)
        case.agree_resend(by=self.merchant(case.shop))

    def do_receive(self, number: int) -> None:
        case = self.case(number)
        case.confirm_receipt(by=self.merchant(case.shop))

    def do_ship(self, number: int) -> None:
        case = self.case(number)
        tracking = f"SF{7000000000000 + number * 104729}"
        case.ship_replacement(by=self.merchant(case.shop), carrier="顺丰速运", tracking=tracking)

    def do_bring(self, number: int) -> None:
        parcel = self.case(number).parcels.get(direction=Direction.REPLACEMENT)
        record(parcel, [Scan(clock.now(), ScanKind.SIGNED, "本人签收", "本人")])

    def do_confirm(self, number: int) -> None:
        case = self.case(number)
        case.confirm_arrival(by=case.buyer)

    def do_unrepairable(self, number: int) -> None:
        case = self.case(number)
        text = "焊缝整圈开裂，这个部件原厂已经停产，修不好。"
        case.report_unrepairable(by=self.merchant(case.shop), text=text)

    def do_cancel(self, number: int) -> None:
        case = self.case(number)
        case.cancel(by=case.buyer)

    def do_ask_service(self, number: int) -> None:
        case = self.case(number)
        asking.ask(
            case.line,
            by=case.buyer,
            problem="售后已经关闭，可是问题没有解决，商家也不再回消息。",
            wants="请平台联系商家，退货退款",
            files=[upload(case.buyer)],
        )

    def do_answer_service(self, number: int) -> None:
        asked = self.case(number).service_requests.get()
        text = "已联系商家，商家愿意再给一次退货的机会，会在聊天里告诉你地址。"
        asking.answer(asked, by=self.reviewer, text=text)

    def do_gateway_refuses(self, number: int) -> None:
        LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE)

    def do_gateway_late(self, number: int) -> None:
        LedgerMood.objects.create(answer=LedgerMood.Answer.LATE)
