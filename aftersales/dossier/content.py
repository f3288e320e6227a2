"""What a reader finds in a dossier, section by section, as plain values in the reader's language.

The PDF sets these sections and the ZIP carries them as JSON. The other side's personal data are
masked; what the reader may not see yet is named and not shown.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from aftersales import display
from aftersales.display import exact, money
from aftersales.dossier.blocks import Section, entry
from aftersales.dossier.stages import asked_for, plan_told, rounds, stages
from aftersales.enums import CaseType, Clock, Party, Remedy, Status
from aftersales.models import Case, Event, Evidence, Message, Policy, Proposal, User
from aftersales.rules import deadlines, visibility
from aftersales.steps import STEPS
from aftersales.telling import said


@dataclass(frozen=True)
class Piece:
    """A piece of evidence under its number; ``shown`` says whether this reader sees it yet."""

    number: str
    evidence: Evidence
    shown: bool


class Content:
    """One case for one reader at one moment."""

    def __init__(self, case: Case, reader: Party, at: datetime) -> None:
        self.case, self.reader, self.at = case, reader, at

    # What it is made from.

    @cached_property
    def events(self) -> list[Event]:
        """As far as the case had come when it was read: a step taken meanwhile is not in it."""
        return list(self.case.events.filter(version__lte=self.case.version).order_by("version"))

    @cached_property
    def people(self) -> Mapping[int, User]:
        return User.objects.in_bulk({each.user_id for each in self.events if each.user_id})

    @cached_property
    def pieces(self) -> list[Piece]:
        rows = self.case.evidence.select_related("upload")
        return [
            Piece(f"E{number}", row, visibility.sees_content(row, self.case, self.reader))
            for number, row in enumerate(rows, start=1)
        ]

    @cached_property
    def unseen(self) -> set[int]:
        """The versions with which something was filed that the reader may not see yet."""
        return {piece.evidence.version for piece in self.pieces if not piece.shown}

    def sealed(self, event: Event) -> str:
        """Why the reader is given an event's hash only; empty where he is given all of it."""
        if not visibility.sees_step(event.step, self.reader):
            return _("商家内部操作，内容不提供")
        if event.version in self.unseen:
            return _("对方在举证期内提交，举证结束后可见")
        return ""

    def own(self, party: str) -> bool:
        """Whether a side's personal data are the reader's to see."""
        return self.reader in (Party.STAFF, party)

    def who(self, party: str, user_id: int | None) -> str:
        """A side, and who acted for it: by name on the reader's own side, else masked."""
        side, user = str(Party(party).label), self.people.get(user_id or 0)
        if user is None or (party == Party.STAFF and self.reader != Party.STAFF):
            return side
        return f"{side} {user if self.own(party) else display.mask(str(user))}"

    # The sections, in the order in which one reads.

    def sections(self) -> list[Section]:
        made = [
            self.summary(),
            self.parties(),
            self.order(),
            self.rules(),
            self.course(),
            self.messages(),
            self.negotiation(),
            self.platform(),
            self.refunds(),
            self.complaints(),
            self.proofs(),
            self.checking(),
        ]
        return [section for section in made if section.blocks]

    def summary(self) -> Section:
        case, section = self.case, Section(_("概要"))
        section.pairs(
            [
                (_("售后单号"), case.code),
                (_("状态"), case.get_status_display()),
                (_("售后类型"), f"{case.get_type_display()} · {case.get_phase_display()}"),
                (_("商品"), f"{case.line.title} {case.line.sku} × {case.quantity}"),
                (_("申请金额"), money(case.amount)),
                (_("约定退款"), money(case.to_refund) if case.to_refund is not None else ""),
                (_("原因"), case.reason.label),
                (_("收货情况"), case.get_goods_state_display() if case.goods_state else ""),
                (_("说明"), case.description),
                (_("退货运费"), case.get_freight_display()),
                (_("申请时间"), exact(case.applied_at)),
                (_("完结时间"), exact(case.closed_at) if case.closed_at else ""),
                (_("当前时限"), exact(case.due_at) if case.due_at else ""),
                (
                    _("维权协议"),
                    _("{version} 版，{at} 同意").format(
                        version=case.agreement_version, at=exact(case.agreement_at)
                    ),
                ),
                (_("导出方"), self.reader.label),
                (_("导出时间"), exact(self.at)),
                (_("记录条数"), len(self.events)),
                (_("记录链首"), case.chain),
            ]
        )
        section.note(_("时间均为北京时间，金额单位为元。"))
        if self.reader != Party.STAFF:
            section.note(_("对方的个人信息已隐去。"))
        return section

    def parties(self) -> Section:
        case, section = self.case, Section(_("双方"))
        order, plain = case.order, self.own(Party.BUYER)
        buyer, address = str(case.buyer), case.return_address or {}
        section.pairs(
            [
                (_("买家"), buyer if plain else display.mask(buyer)),
                (_("收件人"), order.receiver if plain else display.mask(order.receiver)),
                (_("联系电话"), order.phone if plain else display.mask_phone(order.phone)),
                (_("收货地址"), order.address if plain else display.mask_address(order.address)),
                (_("换货或补寄寄往"), self._ship_to(plain)),
            ]
        )
        plain = self.own(Party.MERCHANT)
        name, phone = address.get("name", ""), address.get("phone", "")
        place = [
            name if plain else display.mask(name),
            phone if plain else display.mask_phone(phone),
            address.get("region", ""),
            address.get("detail", ""),
        ]
        section.pairs(
            [
                (_("商家"), f"{case.shop}（{case.shop.code}）"),
                (_("退货地址"), " ".join(place) if address else ""),
            ]
        )
        return section

    def _ship_to(self, plain: bool) -> str:
        """Where exchanged or missing goods go, as it was asked for."""
        there = self.case.ship_to or {}
        told = [there.get(name, "") for name in ("name", "phone", "address")]
        if not plain:
            masks = (display.mask, display.mask_phone, display.mask_address)
            told = [masked(each) for masked, each in zip(masks, told, strict=True)]
        return " ".join(told) if there else ""

    def order(self) -> Section:
        order, section = self.case.order, Section(_("订单、付款与物流"))
        section.pairs(
            [
                (_("订单号"), order.number),
                (_("订单状态"), order.get_state_display()),
                (_("实付"), money(order.paid)),
                (_("邮费"), money(order.postage)),
                (_("优惠合计"), money(order.discount) if order.discount else ""),
                (_("退货运费保障"), order.get_freight_cover_display()),
                (_("下单时间"), exact(order.ordered_at)),
                (_("付款时间"), exact(order.paid_at)),
                (_("发货时间"), exact(order.shipped_at)),
                (_("签收时间"), exact(order.signed_at)),
                (_("交易成功时间"), exact(order.finished_at) if order.finished_at else ""),
            ]
        )
        section.table(
            [_("商品"), _("规格"), _("数量"), _("实付")],
            [5, 4, 1, 2],
            [
                [line.title, line.sku, str(line.quantity), money(line.paid)]
                for line in order.lines.all()
            ],
        )
        section.table(
            [_("支付渠道"), _("支付单号"), _("金额")],
            [3, 5, 2],
            [
                [each.route, display.shorten(each.reference), money(each.amount)]
                for each in order.payments.all()
            ],
        )
        for parcel in order.parcels.all():
            signed = f" · {parcel.get_state_display()}" if parcel.state else ""
            scans = [
                (exact(datetime.fromisoformat(str(scan["at"]))), scan.get("text", ""))
                for scan in parcel.trace
            ]
            section.entries(
                [entry(f"{parcel.get_direction_display()} {parcel}{signed}", "", scans)]
            )
        return section

    def rules(self) -> Section:
        """The windows and the policy in force when the buyer applied: they hold for its whole life."""
        section, names = Section(_("适用规则")), dict(Clock.choices)
        section.note(_("以下是买家申请时生效的时限与规则，适用于本单全程；之后的改动不影响本单。"))
        section.table(
            [_("编号"), _("时限"), _("长度")],
            [2, 6, 3],
            [
                [
                    code,
                    str(names.get(code, code)),
                    f"{display.span(timedelta(minutes=minutes))} {hours}".strip(),
                ]
                for code, minutes, hours in sorted(deadlines.stamped(self.case), key=_by_number)
            ],
        )
        section.pairs([(_("规则版本"), self.case.edition)])
        # A database may have lost the order of what was stamped.
        stamped = self.case.policy
        labels = {each.name: str(each.verbose_name) for each in Policy._meta.concrete_fields}
        known = [name for name in labels if name in stamped]
        rest = sorted(stamped.keys() - set(known))
        section.table(
            [_("规则"), _("取值")],
            [8, 3],
            [[labels.get(name, name), _yes_no(stamped[name])] for name in [*known, *rest]],
        )
        return section

    def course(self) -> Section:
        """Every event of the chain: what was done, what changed, which clock began, and its hash."""
        section = Section(_("经过"))
        section.note(
            _(
                "每一条记录都带有哈希，并包含前一条的哈希；改动、删去或插入任何一条，后面的都对不上。"
            )
        )
        filed: dict[int, list[str]] = defaultdict(list)
        for piece in self.pieces:
            filed[piece.evidence.version].append(piece.number)
        numbers = {piece.evidence.pk: piece.number for piece in self.pieces}
        section.entries([self._event(event, filed, numbers) for event in self.events])
        return section

    def _event(
        self, event: Event, filed: Mapping[int, list[str]], numbers: Mapping[int, str]
    ) -> dict[str, Any]:
        why = self.sealed(event)
        foot = f"SHA-256 {event.hash}"
        if not visibility.sees_step(event.step, self.reader):
            return entry(f"{event.version} · {exact(event.at)}", why, foot=foot)
        known = STEPS.get(event.step)
        label = str(known.label) if known else _("申请售后")
        pairs: list[Any] = [] if why else list(said(event.told, numbers))
        if event.before != event.after:
            moved = [Status(each).label for each in (event.before, event.after) if each]
            pairs.append((_("状态"), " → ".join(str(each) for each in moved)))
            pairs += [(_("时限"), self._clock(event))] if self._clock(event) else []
        if filed.get(event.version):
            pairs.append((_("凭证"), " ".join(filed[event.version])))
        head = f"{event.version} · {exact(event.at)} · {self.who(event.party, event.user_id)} · {label}"
        return entry(head, why, pairs, foot)

    def _clock(self, event: Event) -> str:
        """The clock that began with a status, by the windows stamped on the case."""
        watch = deadlines.WATCHES.get(Status(event.after))
        if watch is None:
            return ""
        pending = event.after == Status.PENDING_MERCHANT
        clock = deadlines.HANDLING[CaseType(self.case.type)] if pending else watch.clock
        if event.after == Status.AWAITING_MERCHANT_SHIP and self._mends(event):
            clock = Clock.SHIP_REPAIRED
        minutes = self.case.windows.get(str(clock)) if clock else None
        if clock is None or minutes is None:
            return ""
        length = display.span(timedelta(minutes=minutes))
        return _("{code} {name}：{length}").format(
            code=clock.value, name=clock.label, length=length
        )

    def _mends(self, event: Event) -> bool:
        """Whether the goods are to be repaired, as the event had it."""
        return bool(Remedy.REPAIR in (event.details.get("remedy"), event.details.get("ruling")))

    def messages(self) -> Section:
        section = Section(_("消息"))
        section.entries([self._message(number, each) for number, each in self.said])
        return section

    @cached_property
    def said(self) -> list[tuple[int, Message]]:
        """Every message under its number, also those from before the case."""
        return list(enumerate(self.case.thread(), start=1))

    @cached_property
    def proposed(self) -> Mapping[int, Proposal]:
        """The plans that were put forward before the case, by the message that did it."""
        rows = Proposal.objects.filter(line=self.case.line_id).select_related("plan")
        return {row.message_id: row for row in rows}

    def _message(self, number: int, message: Message) -> dict[str, Any]:
        told = [
            (_("附图 {n}").format(n=f"M{number}-{n}"), f"{each.name} SHA-256 {each.sha256}")
            for n, each in enumerate(message.uploads.all(), start=1)
        ]
        if message.pk in self.proposed:
            told.append((_("方案"), plan_told(self.proposed[message.pk])))
        head = f"M{number} · {exact(message.at)} · {self.who(message.party, message.user_id)}"
        return entry(head, message.text, told)

    def negotiation(self) -> Section:
        section = Section(_("协商轮次与方案"))
        section.entries(rounds(self.case))
        section.entries([asked_for(each) for each in self.case.requests.all()])
        return section

    def platform(self) -> Section:
        section = Section(_("平台介入与判定"))
        numbers = {piece.evidence.pk: piece.number for piece in self.pieces}
        for each in self.case.interventions.all():
            cited = " ".join(numbers.get(pk, "") for pk in each.evidence_cited)
            section.pairs(
                [
                    (_("申请方"), each.get_asked_by_display()),
                    (_("申请时间"), exact(each.at)),
                    (_("申请理由"), each.reason),
                    (_("希望的结果"), each.wants),
                    (_("阶段"), each.get_stage_display()),
                    (_("举证截止"), exact(each.evidence_due_at)),
                    (_("目标判定时间"), exact(each.decide_by)),
                    (_("判定"), each.get_ruling_display() if each.ruling else ""),
                    (_("判定金额"), money(each.amount) if each.amount is not None else ""),
                    (_("责任方"), each.get_responsible_display() if each.responsible else ""),
                    (_("运费承担"), each.get_freight_display() if each.freight else ""),
                    (_("判定依据"), each.grounds),
                    (_("采信的凭证"), cited),
                    (_("判定时间"), exact(each.ruled_at) if each.ruled_at else ""),
                    (_("商家执行期限"), exact(each.execute_by) if each.execute_by else ""),
                ]
            )
        section.entries(stages(self.case))
        return section

    def refunds(self) -> Section:
        section = Section(_("退款"))
        section.table(
            [_("退款单号"), _("渠道"), _("金额"), _("状态"), _("应退时间"), _("到账时间")],
            [5, 2, 2, 2, 3, 3],
            [
                [
                    each.number,
                    f"{each.route} {display.shorten(each.reference) if each.reference else ''}",
                    money(each.amount),
                    str(each.get_state_display()),
                    exact(each.owed_at),
                    exact(each.paid_at),
                ]
                for each in self.case.refunds.all()
            ],
        )
        return section

    def complaints(self) -> Section:
        section = Section(_("外部投诉"))
        section.table(
            [_("渠道"), _("受理编号"), _("投诉日期"), _("诉求"), _("进展"), _("登记方")],
            [3, 4, 3, 4, 3, 2],
            [
                [
                    str(each.get_channel_display()),
                    each.number or display.EMPTY,
                    each.filed_on.isoformat(),
                    each.wants or display.EMPTY,
                    f"{each.get_state_display()} {each.note}".strip(),
                    str(each.get_party_display()),
                ]
                for each in self.case.complaints.all()
            ],
        )
        return section

    def proofs(self) -> Section:
        section = Section(_("凭证"))
        section.entries([self._proof(piece) for piece in self.pieces])
        return section

    def _proof(self, piece: Piece) -> dict[str, Any]:
        row = piece.evidence
        head = f"{piece.number} · {row.get_party_display()} · {exact(row.at)}"
        if not piece.shown:
            return entry(head, _("举证结束后可见"))
        pairs = [
            (_("名称"), row.label),
            (_("文件名"), row.upload.name),
            (_("大小"), display.file_size(row.upload.size)),
            (_("随第几步"), row.version),
        ]
        told = [(str(name), str(value)) for name, value in pairs if value]
        picture = {"picture": piece.number} if row.upload.image else {}
        return entry(head, "", told, f"SHA-256 {row.upload.sha256}") | picture

    def checking(self) -> Section:
        section = Section(_("怎样核验"))
        section.note(
            _(
                "ZIP 卷宗里有本文件、全部凭证原件、记录链（events.json）和清单（manifest.json）。"
                "平台或任何装有售后台的人可用 manage.py verify_dossier 核验：文件被改动、缺少、增加，"
                "或记录链断开，都会被指出。"
            )
        )
        return section


def _by_number(row: tuple[str, int, str]) -> int:
    """The clocks in the order of the field: D2 before D11, what has no number last."""
    codes = list(Clock.values)
    return codes.index(row[0]) if row[0] in codes else len(codes)


def _yes_no(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return str(value)
