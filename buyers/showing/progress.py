"""进度 and 全部记录: what has happened, what is happening, and what comes at the latest when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from aftersales.display import Entry, Shot, arrivals, deadline
from aftersales.enums import (
    ENDED,
    RULED,
    CaseType,
    Clock,
    Party,
    Remedy,
    RoundState,
    Stage,
    Status,
)
from aftersales.models import Case, Event, Evidence, Message
from aftersales.rules import deadlines, visibility
from aftersales.rules.conditions import rounds_left
from aftersales.templatetags.desk import as_shots
from aftersales.threads import pictures, read_mark
from buyers.showing.standing import standing
from buyers.showing.telling import side_of, told

# Steps that say nothing about the way of the case: they stand in the full record at most.
REQUESTS = {"ask_for", "answer_request", "lapse_request"}
ASIDE = visibility.SHOPS_OWN | {"send_message", "close_evidence", "improve_offer"} | REQUESTS
# Steps whose own words stand under them in the record.
IN_WORDS = {
    "apply",
    "ask_for",
    "answer_request",
    "ask_platform",
    "dispute_arrival",
    "take_over",
    "ask_supplement",
    "suspend",
    "decline",
    "rule",
    "appeal",
    "uphold_appeal",
    "reverse_ruling",
}


# What has happened --------------------------------------------------------------------------------


def progress(case: Case, now: datetime) -> list[Entry]:
    """The past in short, the present, and the future with its latest times."""
    past = [
        Entry(who="", what=told(event), at=event.at, sub=_detail(event))
        for event in case.events.all()
        if event.step not in ASIDE and visibility.sees_step(event.step, Party.BUYER)
    ]
    if case.status in ENDED:
        last = len(past) - 1
        while last > 0 and past[last].at != case.closed_at:
            last -= 1  # what came after the end (a complaint, an excuse) is not where it stands
        return [
            entry._replace(kind="now") if number == max(last, 0) else entry
            for number, entry in enumerate(past)
        ]
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
    for evidence in visible(case.load_along().handed("evidence"), case):
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
            for event in reversed(case.handed("events"))
            if visibility.sees_step(event.step, Party.BUYER)
        ),
        *(
            Entry(
                who="",
                what=_("申请前的沟通：{who}").format(who=side_of(message.party)),
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
    return as_shots([each for each in case.handed("evidence") if each.party == Party.BUYER])


def _own_words(event: Event) -> str:
    details = event.told
    if event.step in ("reject", "refuse_receipt"):
        answers = [
            _("{name}：{text}").format(name=each["point"], text=each["text"])
            for each in details.get("answers", [])
        ]
        return "\n".join([str(details.get("statement", "")), *answers])
    if event.step == "receive_part":
        return "\n".join(filter(None, [*arrivals(details["items"]), details.get("text", "")]))
    for name in ("text", "what", "note", "grounds", "reason"):
        if event.step in IN_WORDS and details.get(name):
            if event.step == "apply" and name != "text":
                continue
            return str(details[name])
    return ""


def _detail(event: Event) -> str:
    details = event.told
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
    if event.step in ("send_back", "correct_tracking", "ship_replacement"):
        return f"{details.get('carrier', '')} {details.get('tracking', '')}".strip()
    return ""


# What comes ---------------------------------------------------------------------------------------


def _ahead(case: Case, now: datetime) -> list[Entry]:
    """The steps to come, each with the latest time it can take (worst case from here)."""
    status = Status(case.status)
    if status in (Status.PENDING_MERCHANT, Status.REJECTED):
        pending = status == Status.PENDING_MERCHANT
        return _after_pending(case, now) if pending else _after_no(case, now)
    if status == Status.RETURN_REFUSED:
        return _after_no(case, now)
    if status == Status.AWAITING_BUYER_RETURN:
        back = _later(case, Clock.RECEIPT, case.due_at)
        return [_receipt(case, back, now), *_at_last(case, back, now)]
    if status == Status.AWAITING_DELIVERY_REFUSAL:
        return [
            _next(_("包裹退回商家"), _("{until} 前").format(until=deadline(case.due_at, now))),
            _money_in(),
        ]
    if status == Status.AWAITING_MERCHANT_RECEIPT:
        return _at_last(case, case.due_at, now, _("商家若拒绝收货，你可以申请平台介入"))
    if status == Status.AWAITING_MERCHANT_SHIP:
        if deadlines.beyond_repair(case):
            return []  # what comes is his to choose
        until = deadline(case.due_at, now)
        return [
            _next(_("商家发出商品"), _("最晚 {until}，逾期自动退款").format(until=until)),
            _check(),
        ]
    if status == Status.AWAITING_BUYER_RECEIPT:
        until = deadline(case.due_at, now)
        return [_next(_("售后完成"), _("最晚 {until}，没有提出问题就自动完成").format(until=until))]
    if status == Status.PLATFORM_REVIEW and deadlines.executing(case):
        latest = _("{until} 前").format(until=deadline(case.due_at, now))
        return [_next(_("商家提供退货地址，或由平台执行"), latest), _money_in()]
    if case.suspended:
        return [_next(_("平台恢复处理，作出判定"))]
    if status == Status.PLATFORM_REVIEW:
        asked = case.last_intervention
        decide_by = asked.decide_by if asked else None
        expected = _("预计 {until} 前").format(until=deadline(decide_by, now))
        late = decide_by is not None and now >= decide_by
        return [
            _next(_("平台作出判定"), _("已超过预计时间") if late else expected),
            _next(_("按判定结果退款、退货或关闭")),
        ]
    return [_money_in()] if status == Status.REFUNDING else []


def _after_pending(case: Case, now: datetime) -> list[Entry]:
    sub = _("{until} 前必须处理完").format(until=deadline(case.due_at, now))
    if case.type == CaseType.RESEND:
        agreed = _next(_or_else(case, pgettext("next", "商家同意补寄")), sub)
        return [agreed, *_at_last(case, case.due_at, now, _if_rejected(case))]
    if case.needs_return:
        told_ = pgettext("next", "商家同意退货")
        if case.wants_goods:
            told_ = pgettext("next", "商家同意{what}").format(what=case.get_type_display())
        back_by = _later(case, Clock.BUYER_RETURN, case.due_at)
        received_by = _later(case, Clock.RECEIPT, back_by)
        return [
            _next(_or_else(case, told_), sub),
            _next(
                _("你寄回商品"), _("最晚 {until} 前填写单号").format(until=deadline(back_by, now))
            ),
            _receipt(case, received_by, now),
            *_at_last(case, received_by, now, _if_rejected(case)),
        ]
    return [
        _next(_or_else(case, pgettext("next", "商家同意退款")), sub),
        _money_in(_if_rejected(case)),
    ]


def _or_else(case: Case, agreed: str) -> str:
    """What the shop may do in place of agreeing: it rejects only once it has talked (NEG-45)."""
    if not rounds_left(case):
        return _("{agreed}，或驳回").format(agreed=agreed)
    if case.round_state == RoundState.WAITING:
        return _("{agreed}，或再协商一轮").format(agreed=agreed)
    return _("{agreed}，或与你协商").format(agreed=agreed)


def _if_rejected(case: Case) -> str:
    days = deadlines.length(case, Clock.AFTER_REJECT).days
    return ngettext(
        "商家若驳回，你有 {n} 天可申请平台介入", "商家若驳回，你有 {n} 天可申请平台介入", days
    ).format(n=days)


def _after_no(case: Case, now: datetime) -> list[Entry]:
    """As if the platform were asked at the last moment."""
    evidence = deadlines.length(case, Clock.EVIDENCE)
    decision = deadlines.length(case, Clock.DECISION)
    return [
        _next(
            _("申请平台介入后，双方举证"),
            _("申请后 {n} 小时，最晚 {until}").format(
                n=hours(evidence), until=_late(case, Clock.EVIDENCE, case.due_at, now)
            ),
        ),
        _next(
            _("平台作出判定"),
            _("申请后约 {n} 小时，预计最晚 {until}").format(
                n=hours(decision), until=_late(case, Clock.DECISION, case.due_at, now)
            ),
        ),
    ]


def _late(case: Case, clock: Clock, since: datetime | None, now: datetime) -> str:
    return deadline(_later(case, clock, since), now)


def _later(case: Case, clock: Clock, since: datetime | None) -> datetime | None:
    """When a clock that begins at the latest at ``since`` runs out."""
    return deadlines.end_of(case, clock, since) if since else None


def _receipt(case: Case, latest: datetime | None, now: datetime) -> Entry:
    late = deadline(latest, now)
    if case.remedy != Remedy.REFUND:
        return _next(_("商家收货并确认"), _("最晚 {until}，逾期视为已收货").format(until=late))
    return _next(_("商家收货并确认"), _("最晚 {until}，逾期自动退款").format(until=late))


def _at_last(case: Case, since: datetime | None, now: datetime, otherwise: str = "") -> list[Entry]:
    """What the case ends with: the money, or the goods and a look at them. ``since``: the latest
    moment from which the shop's time to ship runs."""
    if case.remedy == Remedy.REFUND:
        return [_money_in(otherwise)]
    clock = Clock.SHIP_REPAIRED if case.remedy == Remedy.REPAIR else Clock.SHIP
    late = _late(case, clock, since, now)
    told_ = _("最晚 {until}，逾期自动退款").format(until=late)
    return [_next(_("商家发出商品"), " · ".join(filter(None, [told_, otherwise]))), _check()]


def _check() -> Entry:
    return _next(_("你收货并确认"), _("有问题可以申请平台介入"))


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
        case.last_event("reject", "refuse_receipt")
        if case.status in (Status.REJECTED, Status.RETURN_REFUSED, Status.PLATFORM_REVIEW)
        or case.stage in (*RULED, Stage.DECIDING)
        else None
    )
