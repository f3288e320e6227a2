"""What a case is: its fields, its facts, and what every leg of its life uses."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales.enums import (
    ENDED,
    SENDS_BACK,
    UNRULED,
    WANTS_GOODS,
    CaseType,
    Clock,
    Freight,
    GoodsState,
    Party,
    Phase,
    PlanState,
    Remedy,
    Reopening,
    RoundState,
    Ruling,
    Stage,
    Status,
    Turn,
)
from aftersales.models.agreeing import AgreeRule
from aftersales.models.case.loading import Loaded
from aftersales.models.catalogue import Reason, both
from aftersales.models.edition import Edition
from aftersales.models.fetched import StampField
from aftersales.models.history import Event, Evidence, Upload
from aftersales.models.intervention import Intervention
from aftersales.models.negotiation import Message, Offer, Round
from aftersales.models.order import Order, OrderLine
from aftersales.models.people import Member, Shop, User
from aftersales.rules import amounts, deadlines, eligibility, facts, reminders, wording
from aftersales.steps import Refused

KEEP = object()  # the step sets no clock of its own


class CaseFields(Loaded):
    """售后单: one application for one order line, from applying to its end.

    Money is in yuan. ``windows`` (clock → minutes) and ``policy`` are the catalogue as it stood
    when the buyer applied: a later change never moves a running clock. ``demand`` holds what its
    type asks of its own (rules/demands.py), ``ship_to`` where goods that are asked for go.
    """

    code = models.CharField(_("售后单号"), max_length=24)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="cases", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="cases")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="cases")
    buyer = models.ForeignKey(User, models.PROTECT, related_name="cases", db_index=False)
    type = models.CharField(_("售后类型"), max_length=30, choices=CaseType)
    phase = models.CharField(_("阶段"), max_length=12, choices=Phase, default=Phase.ONSALE)
    reason = models.ForeignKey(Reason, models.PROTECT, related_name="+", db_index=False)
    goods_state = models.CharField(_("收货情况"), max_length=24, choices=GoodsState, blank=True)
    quantity = models.PositiveIntegerField(_("申请件数"))
    amount = models.DecimalField(_("申请金额"), max_digits=12, decimal_places=2)
    refundable = models.DecimalField(_("可退金额"), max_digits=12, decimal_places=2)
    description = models.TextField(_("说明"), blank=True)
    demand = models.JSONField(_("要求的内容"), default=dict)
    ship_to = models.JSONField(_("收货地址"), null=True, blank=True)
    goods_intact = models.BooleanField(_("商品完好"), default=False)
    gifts_kept = models.BooleanField(_("赠品不寄回"), default=False)
    freight = models.CharField(_("退货运费"), max_length=20, choices=Freight, default=Freight.NONE)
    agreement_version = models.CharField(_("维权协议版本"), max_length=20)
    agreement_at = models.DateTimeField(_("同意协议时间"))
    applied_at = models.DateTimeField(_("申请时间"))
    windows = StampField(_("时限（快照）"))
    policy = StampField(_("规则（快照）"))
    snapshot = models.JSONField(_("商品与订单（快照）"))
    edition = models.ForeignKey(
        Edition, models.PROTECT, null=True, related_name="+", db_index=False
    )

    assignee = models.ForeignKey(
        Member,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("处理人"),
        related_name="assigned",
        db_index=False,
    )
    due_from = models.DateTimeField(_("时限起算"), null=True, blank=True)
    remind_at = models.DateTimeField(_("下次提醒"), null=True, blank=True)
    turn = models.CharField(_("轮到谁"), max_length=10, choices=Turn, default=Turn.MINE)
    handled_at = models.DateTimeField(_("商家首次处理"), null=True, blank=True)
    closed_at = models.DateTimeField(_("完结时间"), null=True, blank=True)
    remedy = models.CharField(_("处理方式"), max_length=10, choices=Remedy, default=Remedy.REFUND)
    to_refund = models.DecimalField(
        _("约定退款"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    auto_agreed = models.BooleanField(_("商家逾期"), default=False)
    # until the shop's rules have looked at it, and the one that agreed (aftersales/agreeing.py)
    rules_at = models.DateTimeField(_("待规则处理"), null=True, blank=True)
    agreed_rule = models.ForeignKey(
        AgreeRule,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("自动同意规则"),
        related_name="+",
        db_index=False,
    )
    needs_staff = models.BooleanField(_("需要平台跟进"), default=False)
    # Time decided while the platform was down: no figure counts it as anybody's fault.
    excused_at = models.DateTimeField(_("故障免责"), null=True, blank=True)
    reopen_by = models.DateTimeField(_("可申请重新处理至"), null=True, blank=True)
    reopening = models.CharField(_("重新处理"), max_length=10, choices=Reopening, blank=True)
    consent_wanted = models.BooleanField(_("同样原因再次申请需商家同意"), default=False)

    series = models.PositiveIntegerField(_("第几次处理"), default=1)
    round_number = models.PositiveIntegerField(_("已发起轮数"), default=0)
    round_state = models.CharField(_("本轮状态"), max_length=10, choices=RoundState, blank=True)
    prechecked_at = models.DateTimeField(_("风险核实时间"), null=True, blank=True)
    paused = models.DurationField(_("已暂停时长"), default=timedelta)
    evidence_asked_at = models.DateTimeField(_("邀请举证时间"), null=True, blank=True)
    request_due_at = models.DateTimeField(_("正式请求答复至"), null=True, blank=True)
    agreement_claimed = models.BooleanField(_("商家报告已协商一致"), default=False)
    promised_until = models.DateTimeField(_("约定等待至"), null=True, blank=True)
    merchant_seen_at = models.DateTimeField(_("商家看过凭证"), null=True, blank=True)

    return_address = models.JSONField(_("退货地址"), null=True, blank=True)
    return_carrier = models.CharField(_("退货快递"), max_length=40, blank=True)
    return_tracking = models.CharField(_("退货单号"), max_length=40, blank=True)
    return_filed_at = models.DateTimeField(_("填写退货单号时间"), null=True, blank=True)
    return_signed_at = models.DateTimeField(_("退货签收时间"), null=True, blank=True)
    return_corrected = models.BooleanField(_("已改过单号"), default=False)
    return_collect = models.BooleanField(_("到付寄回"), default=False)
    collect_agreed = models.BooleanField(_("商家接受到付"), default=False)
    address_asked = models.JSONField(_("请求更换的退货地址"), null=True, blank=True)
    shipped_meanwhile_at = models.DateTimeField(_("退款申请期间发货"), null=True, blank=True)

    replacement_shipped_at = models.DateTimeField(_("换货或补寄发出时间"), null=True, blank=True)
    replacement_signed_at = models.DateTimeField(_("换货或补寄签收时间"), null=True, blank=True)
    unrepairable_at = models.DateTimeField(_("商家报告修不好"), null=True, blank=True)

    stage = models.CharField(_("介入阶段"), max_length=10, choices=Stage, blank=True)
    platform_asked_at = models.DateTimeField(_("申请介入时间"), null=True, blank=True)
    evidence_from = models.DateTimeField(_("本次举证起"), null=True, blank=True)
    dispute_refund = models.BooleanField(_("计入纠纷退款"), default=False)
    payouts = models.PositiveIntegerField(_("退款笔数"), default=0)

    class Meta:
        abstract = True

    # the deadline that the step in hand sets itself
    _due: Any = KEEP
    _due_anew = False

    def __str__(self) -> str:
        return self.code

    # What the engine asks.

    def parties_of(self, user: Any) -> set[Party]:
        """The sides this user stands on in this case; nobody is the clock."""
        if user is None:
            return {Party.CLOCK}
        if isinstance(user, AnonymousUser) or not user.is_active:
            return set()
        parties = set()
        if user.pk == self.buyer_id:
            parties.add(Party.BUYER)
        if self.member_of(user) is not None:
            parties.add(Party.MERCHANT)
        if user.is_staff and user.has_perm("aftersales.rule"):
            parties.add(Party.STAFF)
        return parties

    def member_of(self, user: Any) -> Member | None:
        known: dict[Any, Member | None] = self.__dict__.setdefault("_members", {})
        if user.pk not in known:
            known[user.pk] = Member.objects.at_work(self.shop_id, user)
        return known[user.pk]

    def seen_by(self, member: Member | None, user: Any = None) -> None:
        """What somebody is in the shop was read already; nobody, if ``member`` is none."""
        who = user.pk if member is None else member.user_id
        self.__dict__.setdefault("_members", {})[who] = member

    def restart_clock(self, before: str) -> None:
        """A new status starts its clock; a step that sets its own (``set_due``) has its way."""
        was, moved = self.due_at, self.status != before
        if self._due is not KEEP:
            self.due_at = self._due
        elif moved:
            self.due_at = deadlines.due_at(self, self.at)  # type: ignore[arg-type]
        anew = moved or self._due_anew
        if anew:
            self.due_from = self.at
        if anew or self.due_at != was:
            self.remind_at = reminders.next_at(self, self.at)  # type: ignore[arg-type]
        self._due, self._due_anew = KEEP, False
        if moved and self.status in ENDED:
            self.closed_at = self.at
            self.order.follow(self)
        if moved and self.status == Status.CLOSED_BUYER_TIMEOUT:
            self.reopen_by = deadlines.end_of(self, Clock.GRACE, self.at)  # type: ignore[arg-type]
        self.turn = deadlines.turn_of(self)  # type: ignore[arg-type]

    def set_due(self, due_at: datetime | None, *, anew: bool = False) -> None:
        """The step's own deadline: the running clock moved, or one that begins ``anew``."""
        self._due, self._due_anew = due_at, anew

    def clocks(self) -> list[tuple[datetime, str]]:
        """The clocks that run now, each with the step it takes when it runs out."""
        watch = deadlines.watch_of(self)  # type: ignore[arg-type]
        running = []
        if self.due_at and watch and watch.otherwise:
            running.append((self.due_at, watch.otherwise))
        if self.reply_due_at:
            running.append((self.reply_due_at, "stop_waiting"))
        if self.evidence_due_at:
            running.append((self.evidence_due_at, "close_evidence"))
        if self.request_due_at and not self.suspended:
            running.append((self.request_due_at, "lapse_request"))
        return running

    def next_clock(self) -> tuple[datetime, str] | None:
        return min(self.clocks(), default=None)

    # Facts.

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def asks_staff(self) -> bool:
        """Whether the case waits for staff apart from payouts: a refused parcel that is nowhere
        (D5), or a result of time to look at again."""
        lost = self.status == Status.AWAITING_DELIVERY_REFUSAL and self.due_at is None
        return lost or self.reopening == Reopening.ASKED

    @property
    def succeeded(self) -> bool:
        """Ended with what was asked or agreed (S-49)."""
        return self.status in (Status.REFUNDED, Status.COMPLETED, Status.CLOSED_AGREED)

    @property
    def needs_return(self) -> bool:
        """The demand itself sends the goods back."""
        return self.type in SENDS_BACK

    @property
    def wants_goods(self) -> bool:
        """The demand asks for goods instead of money: its amount is nothing (G6)."""
        return self.type in WANTS_GOODS

    @property
    def worth(self) -> Decimal:
        """What settling in money comes to, in yuan: the applied amount, or, where goods were
        asked for, what was paid for the pieces concerned (T-15)."""
        return self.refundable if self.wants_goods else self.amount

    @property
    def worth_returned(self) -> Decimal:
        """What is refunded for goods that go back, in yuan: what was asked for them; all that was
        paid for them where the buyer had not asked to send them back."""
        return self.worth if self.needs_return else self.refundable

    @property
    def whole(self) -> Decimal:
        """What settling all of it in money comes to now, in yuan: ``worth``, but for goods that the
        shop has back never less than was agreed for them."""
        if not facts.with_shop(self):  # type: ignore[arg-type]
            return self.worth
        asked = self.last_intervention
        if self.to_refund is not None and asked and asked.ruling == Ruling.RETURN_THEN_REFUND:
            return self.to_refund  # less where the buyer was found to bear the way out
        return max(self.worth_returned, self.to_refund or amounts.NOTHING)

    @property
    def worth_unsent(self) -> Decimal:
        """What is refunded where exchanged, repaired or missing goods never go out, in yuan: what
        was paid for the pieces that the shop has back, else what settling comes to (T-15)."""
        back = facts.goods_back(self)  # type: ignore[arg-type]
        return self.refundable if back else self.worth

    @property
    def applied_late(self) -> bool:
        """It was asked for when the time for it was over, by what is known by now (RR-12)."""
        self.line.order = self.order
        quality = self.reason.quality
        return eligibility.over(self.type, self.line, self.applied_at, self.windows, quality)

    @property
    def last_round(self) -> Round | None:
        return facts.last_round(self)  # type: ignore[arg-type]

    @property
    def last_intervention(self) -> Intervention | None:
        if self.platform_asked_at is None:
            return None
        asked = list(self.handed("interventions"))
        return asked[-1] if asked else None

    def nothing_new(self, evidence: Mapping[str, Sequence[Upload]] | None) -> str:
        """Why files bring nothing to look at anew (T-25, §1.6); empty when one of them does."""
        known = {each.upload.sha256 for each in self.handed("evidence")}
        files = [upload for uploads in (evidence or {}).values() for upload in uploads]
        seen = all(upload.sha256 in known for upload in files)
        return gettext("这些凭证本单里已经有了，请上传新的") if seen else ""

    def last_event(self, *steps: str) -> Event | None:
        """The newest event of these steps."""
        taken = [each for each in self.handed("events") if each.step in steps]
        return taken[-1] if taken else None

    def open_offers(self) -> list[Offer]:
        return [
            offer
            for offer in self.handed("offers")
            if offer.party == Party.MERCHANT and offer.state == PlanState.OPEN
        ]

    def open_counter(self) -> Offer | None:
        """The buyer's counter-offer that still stands."""
        stands = [
            offer
            for offer in self.handed("offers")
            if offer.party == Party.BUYER and offer.state == PlanState.OPEN
        ]
        return stands[-1] if stands else None

    def default_address(self) -> Any:
        """The shop's default valid return address, or any valid one, or nothing (RW-17, D3)."""
        valid = [address for address in self.shop.addresses.all() if address.valid]
        return valid[0] if valid else None

    # What bodies share.

    def end_rounds(self) -> None:
        """Close the open round and its plans: the case moves on another way (NEG-21, NEG-52)."""
        current = self.last_round
        if current is not None and self.round_state == RoundState.WAITING:
            self.change(current, state=RoundState.CLOSED)
            self.round_state = RoundState.CLOSED
        self.drop_offers()
        self.reply_due_at = None
        self.agreement_claimed = False

    def begin_series(self) -> None:
        """A new handling begins: rounds count anew (NEG-50)."""
        self.series += 1
        self.round_number, self.round_state, self.prechecked_at = 0, "", None
        self.reply_due_at = None

    def drop_offers(self, state: PlanState = PlanState.DECLINED, keep: Offer | None = None) -> None:
        for offer in self.handed("offers"):
            if offer.state == PlanState.OPEN and (keep is None or offer.pk != keep.pk):
                self.change(offer, state=state)

    def settle(self) -> None:
        """The parties need the platform no more: an open intervention closes by itself."""
        asked = self.last_intervention
        if asked is not None and self.stage in UNRULED:
            self.change(asked, stage=Stage.SETTLED)
            self.stage = Stage.SETTLED
        self.evidence_due_at = None

    def say(self, party: Party, by: User | None, text: str) -> None:
        self.add(
            Message(
                case_id=self.pk, version=self.version, party=party, user=by, text=text, at=self.at
            )
        )

    def put_forward(
        self, party: Party, evidence: Mapping[str, Sequence[Upload]], labels: Mapping[str, Any]
    ) -> list[dict[str, str]]:
        """File evidence by slot; what the history keeps of it: slot, name and hash.

        ``labels`` are what the slots are called: rows of the catalogue, or lazy texts.
        """
        kept = []
        for slot, uploads in evidence.items():
            label_zh, label_en = both(labels.get(slot, ""))
            for upload in uploads:
                self.add(
                    Evidence(
                        case_id=self.pk,
                        upload=upload,
                        version=self.version,
                        party=party,
                        slot=slot,
                        label_zh=label_zh,
                        label_en=label_en,
                        at=self.at,
                    )
                )
                kept.append({"slot": slot, "name": upload.name, "sha256": upload.sha256})
        return kept

    def mark_handled(self) -> None:
        if self.handled_at is None:
            self.handled_at = self.at

    def forget_travels(self) -> None:
        """What went back and out again so far is over, its parcels stay: a replacement that goes
        back is a return of its own, and a repair ordered anew has not failed."""
        self.return_carrier = self.return_tracking = ""
        self.return_filed_at = self.return_signed_at = None
        self.return_corrected = False
        self.replacement_shipped_at = self.replacement_signed_at = None
        self.unrepairable_at = None

    def return_goods_to(self, address: Mapping[str, str]) -> None:
        self.return_address = dict(address)


def required(text: str, sentence: Any, field: str) -> str:
    """A text that must be there, stripped, or Refused at its field."""
    if not text.strip():
        raise Refused(**{field: sentence})
    return text.strip()


def in_house(text: str, field: str) -> str:
    """What a merchant writes to the buyer, stripped, or Refused at its field: money and contact stay
    on the platform, by whatever door (NEG-13)."""
    if found := wording.contact_found(text):
        said = gettext("不能包含电话、微信或外部链接：「%(found)s」") % {"found": found}
        raise Refused(**{field: said})
    return text.strip()


def reasoned(grounds: str) -> str:
    """Why staff decide as they do, in words that both sides read; at least ten characters."""
    grounds = required(grounds, gettext("请写明依据"), "grounds")
    if len(grounds) < 10:
        raise Refused(grounds=gettext("依据至少 10 个字，双方都会看到"))
    return grounds
