"""进度 and 全部记录: what has happened, what is happening, and what comes at the latest when."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftersales.display import Entry, Shot, deadline, money
from aftersales.enums import ENDED, Clock, Party, Responsible, RoundState, Ruling, Stage, Status
from aftersales.models import Case, Event, Evidence, Message
from aftersales.rules import deadlines, visibility
from aftersales.steps import STEPS
from aftersales.templatetags.desk import as_shots
from aftersales.threads import pictures, read_mark
from buyers.showing.standing import standing

# Steps that say nothing about the way of the case: they stand in the full record at most.
ASIDE = visibility.SHOPS_OWN | {"send_message", "close_evidence", "improve_offer"}


# What has happened --------------------------------------------------------------------------------


def progress(case: Case, now: datetime) -> list[Entry]:
    """The past in short, the present, and the future with its latest times."""
    past = [
        Entry(who="", what=told(event), at=event.at, sub=_detail(event))
        for event in case.events.all()
        if event.step not in ASIDE
    ]
    if case.status in ENDED:
        if past:
            past[-1] = past[-1]._replace(kind="now")
        return past
    here = standing(case, now)
    sub = _("{until} 前").format(until=deadline(here.until, now)) if here.until else ""
    return [*past, Entry(who="", what=here.badge, sub=sub, kind="now"), *_ahead(case, now)]


def record(case: Case, now: datetime) -> list[Entry]:
    """Everything that both sides said and did, the newest first (协商记录); last what came before."""
    said = defaultdict(list)
    earlier = []
    for message in case.thread():
        if message.line_id:
            earlier.append(message)
        else:
            said[message.version].append(message)
    shown = defaultdict(list)
    for evidence in visible(case.evidence.select_related("upload"), case):
        shown[evidence.version].append(evidence)
    return [
        *(
            Entry(
                who="",
                what=told(event),
                at=event.at,
                text="\n".join(
                    filter(None, [_own_words(event), *(each.text for each in said[event.version])])
                ),
                kind="me" if event.party == Party.BUYER else "",
                shots=as_shots(shown[event.version]),
                sub=_read(said[event.version], now),
            )
            for event in case.events.order_by("-version")
            if visibility.sees_step(event.step, Party.BUYER)
        ),
        *(
            Entry(
                who="",
                what=_("申请前的沟通：{who}").format(who=_side(message.party)),
                at=message.at,
                text=message.text,
                kind="me" if message.party == Party.BUYER else "",
                shots=pictures(message.uploads.all()),
            )
            for message in reversed(earlier)
        ),
    ]


def _read(said: Sequence[Message], now: datetime) -> str:
    """Whether the shop has read what the buyer said."""
    mine = [message for message in said if message.party == Party.BUYER]
    return _("商家{read}").format(read=read_mark(mine[0], now)) if mine else ""


def visible(evidence: Iterable[Evidence], case: Case) -> list[Evidence]:
    """What the buyer may see of the evidence: the other side's only once it is time (§1.6)."""
    return [each for each in evidence if visibility.sees_content(each, case, Party.BUYER)]


def my_shots(case: Case) -> list[Shot]:
    return as_shots(case.evidence.filter(party=Party.BUYER).select_related("upload"))


def _side(party: str) -> str:
    return _("你") if party == Party.BUYER else str(Party(party).label)


def _own_words(event: Event) -> str:
    details = event.details
    if event.step in ("reject", "refuse_receipt"):
        answers = [
            _("{name}：{text}").format(name=each["point"], text=each["text"])
            for each in details.get("answers", [])
        ]
        return "\n".join([str(details.get("statement", "")), *answers])
    for name in ("text", "reason", "grounds"):
        if event.step in ("apply", "ask_platform", "rule") and details.get(name):
            if event.step == "apply" and name != "text":
                continue
            return str(details[name])
    return ""


def _detail(event: Event) -> str:
    details = event.details
    if event.step == "apply":
        return str(details.get("reason", ""))
    if event.step == "negotiate":
        count = len(details.get("plans", []))
        return (
            ngettext("发来 {n} 个方案", "发来 {n} 个方案", count).format(n=count) if count else ""
        )
    if event.step in ("reject", "refuse_receipt"):
        return str(details.get("reason", ""))
    if event.step == "reply":
        return str(details.get("text", ""))[:40]
    if event.step in ("send_back", "correct_tracking"):
        return f"{details.get('carrier', '')} {details.get('tracking', '')}".strip()
    return ""


# In words -----------------------------------------------------------------------------------------

Telling = Callable[[dict[str, Any], bool], str]
TELLING: dict[str, Telling] = {}


def tells(*steps: str) -> Callable[[Telling], Telling]:
    def decorate(function: Telling) -> Telling:
        for name in steps:
            TELLING[name] = function
        return function

    return decorate


def told(event: Event) -> str:
    """An event in one line, as the buyer would say it."""
    mine = event.party == Party.BUYER
    if event.step == "send_message":
        return _("{who}发了消息").format(who=_side(event.party))
    if telling := TELLING.get(event.step):
        return telling(event.details, mine)
    known = STEPS.get(event.step)
    return str(known.label) if known else event.step


def yuan(value: Any) -> str:
    try:
        return money(Decimal(str(value)))
    except InvalidOperation:
        return ""


@tells("apply")
def _applied(details: dict[str, Any], mine: bool) -> str:
    return _("你申请了退款 {amount}").format(amount=yuan(details.get("amount")))


@tells("cancel")
def _cancelled(details: dict[str, Any], mine: bool) -> str:
    return _("你撤销了申请")


@tells("agree", "confirm_receipt", "take_back")
def _agreed(details: dict[str, Any], mine: bool) -> str:
    return _("商家同意退款 {amount}").format(amount=yuan(details.get("amount")))


@tells("agree_return")
def _agreed_to_return(details: dict[str, Any], mine: bool) -> str:
    return _("商家同意退货")


@tells("agree_refusal")
def _agreed_to_refusal(details: dict[str, Any], mine: bool) -> str:
    return _("商家同意拒收后退款")


@tells("agree_by_default", "confirm_receipt_by_default")
def _by_default(details: dict[str, Any], mine: bool) -> str:
    return _("商家逾期未处理，按你的要求达成协议")


@tells("report_refusal")
def _refused_parcel(details: dict[str, Any], mine: bool) -> str:
    return _("你记录了包裹已拒签退回")


@tells("negotiate")
def _negotiated(details: dict[str, Any], mine: bool) -> str:
    number = int(details.get("round", 1))
    return _("商家开始协商") if number == 1 else _("商家发来第 {n} 轮协商").format(n=number)


@tells("improve_offer")
def _improved(details: dict[str, Any], mine: bool) -> str:
    return _("商家把方案提高到 {amount}").format(amount=yuan(details.get("amount")))


@tells("reply")
def _replied(details: dict[str, Any], mine: bool) -> str:
    if details.get("counter"):
        wanted = f"{details['counter']} {yuan(details.get('amount'))}".strip()
        return _("你提出了方案：{plan}").format(plan=wanted)
    return _("你没有接受商家的方案")


@tells("accept_plan")
def _accepted(details: dict[str, Any], mine: bool) -> str:
    plan = f"{details.get('plan', '')} {yuan(details.get('amount'))}".strip()
    return _("你接受了方案：{plan}").format(plan=plan)


@tells("accept_counter")
def _accepted_mine(details: dict[str, Any], mine: bool) -> str:
    plan = f"{details.get('plan', '')} {yuan(details.get('amount'))}".strip()
    return _("商家接受了你的方案：{plan}").format(plan=plan)


@tells("confirm_agreed")
def _confirmed(details: dict[str, Any], mine: bool) -> str:
    return _("你确认了已协商一致")


@tells("stop_waiting")
def _stopped(details: dict[str, Any], mine: bool) -> str:
    return _("协商等待时间结束，你没有答复")


@tells("add_evidence")
def _added(details: dict[str, Any], mine: bool) -> str:
    count = len(details.get("evidence", []))
    who = _("你") if mine else _("商家")
    return ngettext("{who}补充了 {n} 份凭证", "{who}补充了 {n} 份凭证", count).format(
        who=who, n=count
    )


@tells("reject")
def _rejected(details: dict[str, Any], mine: bool) -> str:
    return _("商家驳回了申请")


@tells("refuse_receipt")
def _refused(details: dict[str, Any], mine: bool) -> str:
    return _("商家拒绝收货")


@tells("send_back")
def _sent_back(details: dict[str, Any], mine: bool) -> str:
    return _("你寄回了商品")


@tells("correct_tracking")
def _corrected(details: dict[str, Any], mine: bool) -> str:
    return _("你更正了快递单号")


@tells("ask_platform")
def _asked(details: dict[str, Any], mine: bool) -> str:
    return _("你申请了平台介入") if mine else _("商家申请了平台介入")


@tells("withdraw")
def _withdrawn(details: dict[str, Any], mine: bool) -> str:
    return _("你撤回了平台介入") if mine else _("商家撤回了平台介入")


@tells("rule")
def _ruled(details: dict[str, Any], mine: bool) -> str:
    ruling, side = details.get("ruling", ""), details.get("responsible", "")
    words = str(Ruling(ruling).label) if ruling in Ruling.values else str(ruling)
    who = str(Responsible(side).label) if side in Responsible.values else str(side)
    return _("平台判定：{ruling}，责任方：{side}").format(ruling=words, side=who)


@tells("finish_refund", "settle_offline")
def _arrived(details: dict[str, Any], mine: bool) -> str:
    return _("退款到账 {amount}").format(amount=yuan(details.get("amount"))).strip()


@tells("fail_refund")
def _failed(details: dict[str, Any], mine: bool) -> str:
    return _("退款遇到问题，平台正在处理")


@tells("close_unreturned", "close_unrefused", "lapse_rejection")
def _lapsed(details: dict[str, Any], mine: bool) -> str:
    return _("超过时限，售后已关闭")


@tells("extend")
def _extended(details: dict[str, Any], mine: bool) -> str:
    return _("时限已延后：{why}").format(why=details.get("why", ""))


@tells("excuse")
def _excused(details: dict[str, Any], mine: bool) -> str:
    return _("自动处理发生在平台故障期间，不计为任何一方的责任")


@tells("ask_reopen")
def _asked_again(details: dict[str, Any], mine: bool) -> str:
    return _("你申请了重新处理") if mine else _("商家申请了重新处理")


@tells("reopen")
def _reopened(details: dict[str, Any], mine: bool) -> str:
    return _("平台已重新处理，时限重新计算")


@tells("decline_reopen")
def _not_reopened(details: dict[str, Any], mine: bool) -> str:
    return _("平台维持自动结果：{note}").format(note=details.get("note", ""))


@tells("record_complaint")
def _complained(details: dict[str, Any], mine: bool) -> str:
    return _("登记了外部投诉")


# What comes ---------------------------------------------------------------------------------------


def _ahead(case: Case, now: datetime) -> list[Entry]:
    """The steps to come, each with the latest time it can take (worst case from here)."""
    status = Status(case.status)
    if status in (Status.PENDING_MERCHANT, Status.REJECTED):
        return _after_pending(case, now) if status == Status.PENDING_MERCHANT else _after_no(case)
    if status == Status.RETURN_REFUSED:
        return _after_no(case)
    if status == Status.AWAITING_BUYER_RETURN:
        return [_receipt(case, case.due_at, now), _money_in()]
    if status == Status.AWAITING_DELIVERY_REFUSAL:
        return [
            _next(_("包裹退回商家"), _("{until} 前").format(until=deadline(case.due_at, now))),
            _money_in(),
        ]
    if status == Status.AWAITING_MERCHANT_RECEIPT:
        return [_money_in(_("商家若拒绝收货，你可以申请平台介入"))]
    if status == Status.PLATFORM_REVIEW:
        asked = case.last_intervention
        until = deadline(asked.decide_by, now) if asked else ""
        return [
            _next(_("平台作出判定"), _("预计 {until} 前").format(until=until)),
            _next(_("按判定结果退款、退货或关闭")),
        ]
    return [_money_in()] if status == Status.REFUNDING else []


def _after_pending(case: Case, now: datetime) -> list[Entry]:
    sub = _("{until} 前必须处理完").format(until=deadline(case.due_at, now))
    waiting = case.round_state == RoundState.WAITING
    if case.needs_return:
        told_ = _("商家同意退货，或再协商一轮") if waiting else _("商家同意退货，或与你协商")
        back_by = case.due_at + deadlines.length(case, Clock.BUYER_RETURN) if case.due_at else None
        return [
            _next(told_, sub),
            _next(
                _("你寄回商品"), _("最晚 {until} 前填写单号").format(until=deadline(back_by, now))
            ),
            _receipt(case, back_by, now),
            _money_in(_if_rejected(case)),
        ]
    told_ = _("商家同意退款，或再协商一轮") if waiting else _("商家同意退款，或与你协商")
    return [_next(told_, sub), _money_in(_if_rejected(case))]


def _if_rejected(case: Case) -> str:
    days = deadlines.length(case, Clock.AFTER_REJECT).days
    return ngettext(
        "商家若驳回，你有 {n} 天可申请平台介入", "商家若驳回，你有 {n} 天可申请平台介入", days
    ).format(n=days)


def _after_no(case: Case) -> list[Entry]:
    evidence = deadlines.length(case, Clock.EVIDENCE)
    decision = deadlines.length(case, Clock.DECISION)
    return [
        _next(_("申请平台介入后，双方举证"), _("{n} 小时内").format(n=hours(evidence))),
        _next(_("平台作出判定"), _("申请后约 {n} 小时内").format(n=hours(decision))),
    ]


def _receipt(case: Case, sent_by: datetime | None, now: datetime) -> Entry:
    latest = sent_by + deadlines.length(case, Clock.RECEIPT) if sent_by else None
    return _next(
        _("商家收货并确认"), _("最晚 {until}，逾期自动退款").format(until=deadline(latest, now))
    )


def _money_in(sub: str = "") -> Entry:
    return _next(_("退款到账"), sub or _("提交退款后，到账时间以银行为准"))


def _next(what: str, sub: str = "") -> Entry:
    return Entry(who="", what=what, sub=sub, kind="next")


def hours(length: timedelta) -> int:
    return int(length.total_seconds() // 3600)


# The shop's no ------------------------------------------------------------------------------------


def last_rejection(case: Case) -> Event | None:
    """The rejection that still stands in the room, with its reason, statement and proofs."""
    return (
        case.events.filter(step__in=("reject", "refuse_receipt")).order_by("-version").first()
        if case.status in (Status.REJECTED, Status.RETURN_REFUSED, Status.PLATFORM_REVIEW)
        or case.stage in (Stage.RULED, Stage.DECIDING)
        else None
    )
