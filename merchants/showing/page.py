"""The case page (M2) as plain values: clock, buttons, record, and what stands at the right."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from aftersales import calls, platform
from aftersales.bids import agreed_terms
from aftersales.display import (
    Entry,
    Shot,
    Way,
    demanded,
    mask,
    mask_phone,
    money,
    settled,
    type_tag,
    when,
)
from aftersales.enums import (
    GATHERING,
    NEGOTIABLE,
    CaseType,
    Clock,
    Party,
    Phase,
    Remedy,
    RoundState,
    ScanKind,
    Status,
)
from aftersales.holding import Held, held
from aftersales.models import (
    Case,
    Member,
    Parcel,
    Supplement,
    User,
    VirtualNumber,
)
from aftersales.rules import facts
from aftersales.rules.deadlines import executing, no_reason_until
from aftersales.steps import STEPS
from merchants.showing import tool
from merchants.showing.beside import Beside
from merchants.showing.record import record_of, shots_of, sifted
from merchants.showing.standing import (
    Standing,
    clock_title,
    otherwise,
    proving,
    standing,
)

SCANS = 5
SHIPPING = (Status.AWAITING_MERCHANT_SHIP, Status.AWAITING_BUYER_RECEIPT)


class Button(NamedTuple):
    """A step as a control. Refused, it stays visible and answers why; ``entry`` opens the tool."""

    name: str
    label: str
    url: str
    refusal: str = ""
    look: str = "quiet"
    key: str = ""
    entry: bool = False


class Scan(NamedTuple):
    at: datetime | None
    text: str


@dataclass
class Page:
    """Everything around the panel."""

    standing: Standing
    tag: str
    title: str
    clock: str
    otherwise: str
    buttons: list[Button]
    entry: Button | None
    record: list[Entry]
    sifted: list[tuple[str, str, int]]
    claim: list[tuple[str, Any]]
    shots: list[Shot]
    order: list[tuple[str, Any]]
    scans: Way[Scan]
    parcel: Parcel | None
    stalled: bool
    contact: list[tuple[str, Any]]
    number: VirtualNumber | None
    call_hours: int
    returned: list[tuple[str, Any]] = field(default_factory=list)
    return_scans: Way[Scan] = field(default_factory=Way)
    ship_to: list[tuple[str, Any]] = field(default_factory=list)
    label: str = ""  # recipient and address, to be copied onto a waybill
    replacement_scans: Way[Scan] = field(default_factory=Way)
    platform: list[tuple[str, Any]] = field(default_factory=list)
    evidence_until: datetime | None = None
    supplement: Supplement | None = None
    stops: list[Any] = field(default_factory=list)
    mobile: bool = False
    decided: bool = False
    next_look: str = "primary"
    may_talk: bool = True
    may_ask: bool = False
    may_add: bool = False
    may_improve: bool = False
    assignee: str = ""
    team: list[tuple[int, str]] = field(default_factory=list)


def page_of(
    case: Case, user: User, now: datetime, found: Beside, *, team: list[Member], trail: str = ""
) -> Page:
    """``trail`` goes with every address: it names the list that the case was opened from."""
    moves = {move.name: move.refusal for move in case.moves(user, Party.MERCHANT)}
    parcel, back = facts.outbound(case), facts.returned(case)
    theirs = [each for each in case.handed("evidence") if each.party == Party.BUYER]
    unseen = [each.pk for each in facts.merchant_evidence_unseen(case)]
    member = case.member_of(user)
    shown = buttons(case, moves, trail)
    busy = any(each.look == "primary" for each in shown)
    record = record_of(case)
    return Page(
        standing=standing(case, now),
        tag=type_tag(case),
        title=f"{case.line.title} × {case.quantity}",
        clock=clock_title(case),
        otherwise=otherwise(case, now),
        buttons=shown,
        entry=entry_button(case, user, trail),
        record=record,
        sifted=sifted(record),
        claim=claim_of(case, now),
        shots=shots_of(theirs, case, Party.MERCHANT, unseen=unseen),
        order=order_of(case, parcel, now, held(found.claimed[0])),
        scans=scans_of(parcel),
        parcel=parcel,
        stalled=facts.stalled(case, now),
        contact=contact_of(case, found),
        number=calls.live(case, member, now),
        call_hours=case.windows[str(Clock.CALL)] // 60,
        returned=return_of(case, now),
        return_scans=scans_of(back),
        ship_to=ship_to(case, now) if case.status in SHIPPING else [],
        label=label_of(case) if case.status in SHIPPING else "",
        replacement_scans=scans_of(facts.replacement(case)),
        platform=platform.rows(case, Party.MERCHANT, now),
        evidence_until=_evidence_until(case),
        supplement=platform.asked_of(case, Party.MERCHANT),
        stops=tool.stops(case, now) if tool.opened(case) else [],
        mobile=bool(found.policy and found.policy[0].mobile_negotiation),
        decided=case.status not in NEGOTIABLE,
        next_look="quiet" if busy else "primary",
        may_talk="send_message" in moves and not moves["send_message"],
        may_ask="ask_for" in moves and not moves["ask_for"],
        may_add="add_evidence" in moves and not moves["add_evidence"],
        assignee=assignee_of(case),
        team=[] if moves.get("assign", "no") else [(each.pk, str(each.user)) for each in team],
        may_improve=not moves.get("improve_offer", "no") and bool(improvable(case)),
    )


# Buttons ------------------------------------------------------------------------------------------


def buttons(case: Case, moves: dict[str, str], trail: str = "") -> list[Button]:
    """The answers to this claim, the main one first; each obeys the engine's own refusal."""
    wanted: list[tuple[str, str, str, str]] = []
    amount = money(case.worth)
    if case.status in (Status.PENDING_MERCHANT, Status.REJECTED):
        main = case.status == Status.PENDING_MERCHANT
        if case.type == CaseType.RESEND:
            wanted.append(("agree_resend", _("同意补寄"), "primary" if main else "quiet", "g"))
        elif case.needs_return:
            wanted.append(("agree_return", agree_label(case), "primary" if main else "quiet", "g"))
        else:
            wanted.append(("agree", _("同意退款"), "primary" if main else "quiet", "g"))
        if case.type == CaseType.REFUND_NOT_RECEIVED and case.status == Status.PENDING_MERCHANT:
            wanted.append(("agree_refusal", _("同意拒收后退款"), "quiet", ""))
    elif case.status in (Status.AWAITING_MERCHANT_RECEIPT, Status.RETURN_REFUSED):
        main = case.status == Status.AWAITING_MERCHANT_RECEIPT
        label = _("确认收货并退款") if case.remedy == Remedy.REFUND else _("确认收货")
        wanted.append(("confirm_receipt", label, "primary" if main else "quiet", "g"))
        if main:
            if counter := tool.counter_line(case):
                accept = _("接受买家方案：%(plan)s") % {"plan": counter}
                wanted.append(("accept_counter", accept, "quiet", ""))
            wanted.append(("receive_part", _("验收，登记收货问题"), "quiet", ""))
        else:
            wanted.append(("ask_platform", _("申请平台介入"), "quiet", ""))
    elif case.status == Status.AWAITING_BUYER_RETURN:
        if case.excused_at:
            wanted.append(("ask_reopen", _("申请重新处理"), "quiet", ""))
        wanted.append(("fill_return", _("代填退货单号"), "quiet", ""))
        wanted.append(("ask_address", _("更换退货地址"), "quiet", ""))
    elif case.status == Status.AWAITING_DELIVERY_REFUSAL:
        label = _("包裹已退回，退款 %(amount)s") % {"amount": amount}
        wanted.append(("take_back", label, "primary", "g"))
    elif case.status == Status.AWAITING_MERCHANT_SHIP:
        wanted.append(("ship_replacement", _("填写发货单号"), "primary", "g"))
        if case.remedy == Remedy.REPAIR:
            wanted.append(("report_unrepairable", _("修不好"), "quiet", ""))
        amount = money(case.worth_unsent)
        label = _("无法发出，退款 %(amount)s") % {"amount": amount}
        wanted.append(("refund_instead", label, "quiet", ""))
    elif case.status == Status.PLATFORM_REVIEW:
        if executing(case):
            wanted.append(("give_address", _("提供退货地址"), "primary", "g"))
        elif case.stage in GATHERING:
            proved = proving(case) and bool(platform.filed(case, Party.MERCHANT))
            label = _("继续补充凭证") if proved else _("提交凭证")
            wanted.append(("add_evidence", label, "quiet" if proved else "primary", ""))
        wanted += relenting(case, moves)
        asked = case.last_intervention
        if asked is not None and asked.asked_by == Party.MERCHANT:
            wanted.append(("withdraw", _("撤回介入申请"), "quiet", ""))
        if moves.get("propose_suspension") == "":
            wanted.append(("propose_suspension", _("提议中止"), "quiet", ""))
    if moves.get("allow_again") == "" and not Case.why_not(case.line):
        wanted.append(("allow_again", _("同意买家再次申请"), "quiet", ""))
    if moves.get("appeal") == "":
        wanted.append(("appeal", _("对判定申诉"), "quiet", ""))
    if moves.get("settle_freight") == "":
        wanted.append(("settle_freight", _("赔付退货运费"), "quiet", ""))
    return [
        Button(name, label, step_url(name, case) + trail, moves[name], look, key)
        for name, label, look, key in wanted
        if name in moves
    ]


def relenting(case: Case, moves: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """T-22: until the platform has ruled, the shop may still do what the buyer asked for."""
    names = [
        ("confirm_receipt", _("确认收货")),
        ("agree_return", agree_label(case)),
        ("agree_resend", _("同意补寄")),
        ("agree", _("同意退款")),
    ]
    fitting = [(name, label, "quiet", "") for name, label in names if moves.get(name) == ""]
    return fitting[:1]


def agree_label(case: Case) -> str:
    return {
        CaseType.EXCHANGE: _("同意换货"),
        CaseType.REPAIR: _("同意维修"),
    }.get(CaseType(case.type), _("同意退货"))


def agreed_words(step: str, case: Case) -> str:
    """同意退款 ¥128.00: what has just been agreed to."""
    if step == "agree":
        return _("同意退款 %(amount)s") % {"amount": money(case.worth)}
    return agree_label(case) if step == "agree_return" else str(STEPS[step].label)


def entry_button(case: Case, user: User, trail: str = "") -> Button | None:
    """驳回退款: opens the tool where it stands; never rejects by itself (NEG-01, NEG-02)."""
    if case.status not in NEGOTIABLE:
        return None
    refusal = case.refusal(tool.entry(case), user)
    url = step_url("confirm_risks", case) + trail
    return Button("entry", tool.name_of(case), url, refusal, "danger-x line", "r", entry=True)


def step_url(name: str, case: Case) -> str:
    return reverse(f"merchants:{name}", args=[case.code])


def improvable(case: Case) -> list[Any]:
    """Open offers with an amount that may still be raised (NEG-24)."""
    if case.round_state not in (RoundState.WAITING, RoundState.EXPIRED):
        return []
    sent = [offer for offer in case.open_offers() if offer.round_id]  # not the receiving desk's
    return [offer for offer in sent if offer.amount is not None]


def assignee_of(case: Case) -> str:
    """Who looks after it; one who has left is said to have left."""
    member = case.assignee
    if member is None:
        return ""
    return str(member.user) if member.active else _("%(name)s（已离岗）") % {"name": member.user}


# The right column ---------------------------------------------------------------------------------


def claim_of(case: Case, now: datetime) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = [
        (_("原因"), case.reason.label),
        (_("申请时间"), when(case.applied_at, now)),
        (_("申请件数"), f"{case.quantity} / {case.snapshot.get('bought', case.quantity)}"),
    ]
    if case.goods_state:
        rows.append((_("收货情况"), case.get_goods_state_display()))
    if case.needs_return:
        rows.append((_("退货运费"), case.get_freight_display()))
    rows += demand_of(case)
    if told := agreed_terms(case, now):
        rows.append((_("约定内容"), told))
    rows.append((_("可退金额"), money(case.refundable)))
    return rows + settled(case.composition)


def demand_of(case: Case) -> list[tuple[str, Any]]:
    """What the demand asks of its own, in words (S-16)."""
    rows: list[tuple[str, Any]] = []
    if case.phase == Phase.AFTERSALE:
        rows.append((_("阶段"), case.get_phase_display()))
    rows += demanded(case.demand)
    if case.remedy not in (Remedy.REFUND, case.type):
        rows.append((_("约定改为"), case.get_remedy_display()))
    return rows


def ship_to(case: Case, now: datetime) -> list[tuple[str, Any]]:
    """What was agreed on to be sent and where it is to go; the number is rung virtually."""
    order, other = case.order, case.ship_to or {}
    told = agreed_terms(case, now)
    what = [(_("约定内容"), told)] if told else []
    if not (other or order.address):
        return [*what, (_("地址"), _("订单里没有收货地址，请在聊天里向买家确认"))]
    return [
        *what,
        (_("收件人"), other.get("name") or order.receiver),
        (_("电话"), mask_phone(other.get("phone") or order.phone)),
        (_("地址"), other.get("address") or order.address),
    ]


def label_of(case: Case) -> str:
    order, other = case.order, case.ship_to or {}
    address = other.get("address") or order.address
    return f"{other.get('name') or order.receiver} {address}".strip() if address else ""


def order_of(case: Case, parcel: Parcel | None, now: datetime, held: Held) -> list[tuple[str, Any]]:
    order, line, signed_at = case.order, case.line, facts.signed_at(case)
    rows: list[tuple[str, Any]] = [
        (_("规格"), line.sku),
        (_("实付"), money(order.paid)),
        (_("付款时间"), when(order.paid_at, now)),
        (_("承诺发货"), when(order.promised_at, now)),
        (_("发货"), when(facts.shipped_at(case), now)),
    ]
    if parcel is not None and parcel.signed_at:
        how = parcel.get_state_display() if parcel.state in facts.SIGNED else ""
        rows.append((_("签收"), f"{when(parcel.signed_at, now)} {how}".strip()))
    elif signed_at:
        rows.append((_("签收"), when(signed_at, now)))
    if not line.no_reason:
        rows.append((_("七天无理由"), _("不支持")))
    elif signed_at:
        end = no_reason_until(signed_at, case.windows[str(Clock.NO_REASON)])
        rows.append((_("七天无理由"), _("支持，至 %(end)s") % {"end": when(end, now)}))
    else:
        rows.append((_("七天无理由"), _("支持")))
    return [*rows, (_("货款"), held.told)]


def scans_of(parcel: Parcel | None) -> Way[Scan]:
    """The last scans of a parcel, the newest first."""
    if parcel is None:
        return Way()
    kinds = dict(ScanKind.choices)
    scans = (
        Scan(parse_datetime(str(line["at"])), str(line.get("text") or kinds.get(line["kind"], "")))
        for line in reversed(parcel.trace[-SCANS:])
    )
    return Way(scans, parcel.unreached_at)


def contact_of(case: Case, found: Beside) -> list[tuple[str, Any]]:
    orders = found.orders[0][0] if found.orders else 0
    n, asked = found.cases[0]
    told = _("%(n)s 次，平台介入 %(asked)s 次") % {"n": n, "asked": asked}
    return [
        (_("买家"), mask(case.order.buyer_nick or str(case.buyer))),
        (_("本店订单"), _("%(n)s 笔") % {"n": orders}),
        (_("本店售后"), told),
    ]


def return_of(case: Case, now: datetime) -> list[tuple[str, Any]]:
    if not case.return_address and not case.return_tracking:
        return []
    rows: list[tuple[str, Any]] = []
    if case.return_tracking:
        rows += [
            (_("退货快递"), f"{case.return_carrier} {case.return_tracking}".strip()),
            (_("填写时间"), when(case.return_filed_at, now)),
            (_("签收时间"), when(case.return_signed_at, now)),
        ]
    rows.append((_("运费"), case.get_freight_display()))
    address = case.return_address or {}
    if address:
        rows.append((_("寄到"), f"{address.get('name', '')} {address.get('region', '')}".strip()))
    return rows


def _evidence_until(case: Case) -> datetime | None:
    """Until when evidence comes in, while the platform gathers it."""
    gathering = case.status == Status.PLATFORM_REVIEW and case.stage in GATHERING
    return case.evidence_due_at if gathering else None
