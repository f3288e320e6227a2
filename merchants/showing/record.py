"""协商记录: what happened, in the words of the page, with the exact texts and the evidence."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from aftersales import clock, platform
from aftersales.bids import as_kept
from aftersales.display import Entry, Shot, arrivals, kept_money
from aftersales.enums import (
    SIDES,
    WANTS_GOODS,
    CaseType,
    Party,
    Remedy,
    RequestKind,
    Severity,
)
from aftersales.models import Case, Complaint, Event, Evidence, Message
from aftersales.rules import visibility
from aftersales.steps import STEPS
from aftersales.threads import pictures, read_mark

# Steps of the platform whose own words stand under them.
PLATFORM = {
    "take_over",
    "ask_supplement",
    "suspend",
    "decline",
    "rule",
    "uphold_appeal",
    "reverse_ruling",
}

SHORT = 6  # lines of a record that needs no narrowing

Told = Callable[[dict[str, Any]], str]
TOLD: dict[str, Told] = {}


def tells(*steps: str) -> Callable[[Told], Told]:
    def decorate(function: Told) -> Told:
        for step in steps:
            TOLD[step] = function
        return function

    return decorate


def record_of(case: Case) -> list[Entry]:
    """Every step, the newest first, with what was said and shown in it; last what came before."""
    said = defaultdict(list)
    earlier = []
    for message in case.thread():
        if message.line_id:
            earlier.append(message)
        else:
            said[message.version].append(message)
    shown = defaultdict(list)
    for evidence in case.load_along().handed("evidence"):
        shown[evidence.version].append(evidence)
    past = case.handed("events")
    answered = max((each.version for each in past if each.party == Party.BUYER), default=0)
    events = reversed(past)
    now = clock.now()
    return [
        *(
            Entry(
                who=actor(event),
                what=what(event),
                at=event.at,
                text="\n".join(
                    filter(None, [_own_words(event), *(each.text for each in said[event.version])])
                ),
                kind="me" if event.party == Party.MERCHANT else "",
                shots=shots_of(shown[event.version], case, Party.MERCHANT),
                sub=_sub(event) or _read(said[event.version], now, answered),
                sort=_sort(event, said[event.version]),
            )
            for event in events
            if visibility.sees_step(event.step, Party.MERCHANT)
        ),
        *(
            Entry(
                who=actor(message),
                what=_("申请前的沟通"),
                at=message.at,
                text=message.text,
                kind="me" if message.party == Party.MERCHANT else "",
                shots=pictures(message.uploads.all()),
                sort="talk",
            )
            for message in reversed(earlier)
        ),
    ]


def sifted(record: Sequence[Entry]) -> list[tuple[str, str, int]]:
    """By what a long record may be narrowed (M2), each with how much there is of it."""
    found = [
        ("", _("全部"), len(record)),
        ("talk", pgettext("list", "消息"), sum("talk" in each.sort for each in record)),
        ("proof", _("凭证"), sum(bool(each.shots) for each in record)),
        ("system", _("系统与平台"), sum("system" in each.sort for each in record)),
    ]
    return [each for each in found if each[2]] if len(record) > SHORT else []


def _sort(event: Event, said: Sequence[Message]) -> str:
    sorts = ["talk"] if said else []
    return " ".join(sorts if event.party in SIDES else [*sorts, "system"])


def _read(said: Sequence[Message], now: datetime, answered: int) -> str:
    """Whether the buyer has read what we said; who acted afterwards, as of ``answered``, is not
    called one who has not."""
    mine = [message for message in said if message.party == Party.MERCHANT]
    if not mine:
        return ""
    if mine[0].read_at is None:
        return "" if mine[0].version < answered else _("买家未读")
    return _("买家 %(read)s") % {"read": read_mark(mine[0], now)}


def actor(event: Event | Message) -> str:
    if isinstance(event, Event) and event.details.get("rule"):
        return _("自动同意规则 %(rule)s") % {"rule": event.details["rule"]}
    if event.party == Party.MERCHANT and event.user:
        return str(event.user)
    return str(Party(event.party).label)


def what(event: Event) -> str:
    told = TOLD.get(event.step)
    if told:
        return told(event.told)
    known = STEPS.get(event.step)
    return str(known.label) if known else event.step


def _own_words(event: Event) -> str:
    """What was written into the step itself, where it is not a message of the thread."""
    details = event.told
    if event.step == "apply":
        return str(details.get("text", ""))
    if event.step in ("reject", "refuse_receipt"):
        answers = [
            _("{name}：{text}").format(name=each["point"], text=each["text"])
            for each in details.get("answers", [])
        ]
        return "\n".join([str(details.get("statement", "")), *answers])
    if event.step == "receive_part":
        return "\n".join(filter(None, [*arrivals(details["items"]), details.get("text", "")]))
    if event.step in ("ask_for", "answer_request"):
        return str(details.get("text", ""))
    if event.step in ("ask_platform", "appeal", "ask_reopen", "dispute_arrival"):
        return str(details.get("reason", ""))
    if event.step in ("extend", "excuse"):
        return str(details.get("why", ""))
    if event.step in ("reopen", "decline_reopen"):
        return str(details.get("note", ""))
    if event.step in PLATFORM:
        return str(details.get("what") or details.get("note") or details.get("grounds") or "")
    return ""


def _sub(event: Event) -> str:
    details = event.told
    if event.step == "negotiate" and details.get("outcome"):
        told = _("上一轮结果：%(outcome)s") % {"outcome": details["outcome"]}
        return f"{told} {details.get('explanation', '')}".strip()
    if event.step in ("reject", "refuse_receipt") and details.get("mismatch"):
        return _("面单单号不一致的说明：%(why)s") % {"why": details["mismatch"]}
    return ""


@tells("apply")
def _applied(details: dict[str, Any]) -> str:
    if details.get("type") in WANTS_GOODS:
        return _("申请%(what)s，%(reason)s") % {
            "what": CaseType(details["type"]).label,
            "reason": details.get("reason", ""),
        }
    return _("申请退款 %(amount)s，%(reason)s") % {
        "amount": kept_money(details.get("amount")),
        "reason": details.get("reason", ""),
    }


@tells("confirm_receipt", "confirm_receipt_by_default")
def _received(details: dict[str, Any]) -> str:
    if details.get("remedy"):
        return _("收到寄回的商品，等待商家发出")
    return _("确认收货，退款 %(amount)s，原路退回") % {"amount": kept_money(details.get("amount"))}


@tells("agree", "agree_by_default", "take_back")
def _paid_back(details: dict[str, Any]) -> str:
    if "missing" in details:
        return _("同意补寄，等待商家发出")
    if details.get("amount"):
        return _("同意退款 %(amount)s，原路退回") % {"amount": kept_money(details["amount"])}
    return _("按买家要求同意，等待买家寄回")


@tells("agree_return")
def _to_be_sent_back(details: dict[str, Any]) -> str:
    what = details.get("remedy") or Remedy.REFUND
    if what == Remedy.REFUND:
        return _("同意退货，等待买家寄回")
    return _("同意%(what)s，等待买家寄回") % {"what": Remedy(what).label}


@tells("ship_replacement")
def _shipped(details: dict[str, Any]) -> str:
    return _("发出商品 %(carrier)s %(tracking)s") % {
        "carrier": details.get("carrier", ""),
        "tracking": details.get("tracking", ""),
    }


@tells("refund_instead", "refund_unshipped_remedy", "choose_refund")
def _turned_into_money(details: dict[str, Any]) -> str:
    return _("改为退款 %(amount)s，原路退回") % {"amount": kept_money(details.get("amount"))}


@tells("confirm_risks")
def _checked(details: dict[str, Any]) -> str:
    asked = [
        each
        for each in details.get("warnings", [])
        if each.get("severity") == str(Severity.CONFIRM)
    ]
    told = ngettext(
        "核实 %(count)s 项风险，全部确认", "核实 %(count)s 项风险，全部确认", len(asked)
    )
    return told % {"count": len(asked)}


@tells("negotiate")
def _sent(details: dict[str, Any]) -> str:
    now = clock.now()
    plans = " / ".join(as_kept(each, now) for each in details.get("plans", []))
    told = _("发送第 %(n)s 轮协商") % {"n": details.get("round", 1)}
    return _("{name}：{text}").format(name=told, text=plans) if plans else told


@tells("improve_offer")
def _improved(details: dict[str, Any]) -> str:
    return _("把“%(plan)s”从 %(before)s 提高到 %(amount)s") % {
        "plan": details.get("plan", ""),
        "before": kept_money(details.get("before")),
        "amount": kept_money(details.get("amount")),
    }


def _request(details: dict[str, Any]) -> str:
    kind = details.get("kind", "")
    return str(RequestKind(kind).label) if kind in RequestKind.values else str(kind)


@tells("ask_for")
def _asked_for(details: dict[str, Any]) -> str:
    return _("提出请求：%(what)s") % {"what": _request(details)}


@tells("answer_request")
def _answered_request(details: dict[str, Any]) -> str:
    told = _("照办：%(what)s") if details.get("done") else _("不能照办：%(what)s")
    return told % {"what": _request(details)}


@tells("lapse_request")
def _lapsed_request(details: dict[str, Any]) -> str:
    what = _("、").join(_request({"kind": kind}) for kind in details.get("kinds", []))
    return _("请求逾期未答复：%(what)s") % {"what": what}


@tells("reply")
def _replied(details: dict[str, Any]) -> str:
    if details.get("round") == 0:  # to the receiving desk
        if details.get("counter"):
            wanted = as_kept(details, clock.now(), "counter")
            return _("不接受验收后的提议，希望：%(plan)s") % {"plan": wanted}
        return _("不接受验收后的提议")
    if details.get("counter"):
        return _("都不接受，希望：%(plan)s") % {"plan": as_kept(details, clock.now(), "counter")}
    return _("答复：都不接受")


@tells("accept_plan", "accept_counter")
def _accepted(details: dict[str, Any]) -> str:
    return _("接受方案：%(plan)s") % {"plan": as_kept(details, clock.now())}


@tells("record_complaint")
def _complained(details: dict[str, Any]) -> str:
    channel = dict(Complaint.Channel.choices).get(details.get("channel", ""), "")
    told = _("登记外部投诉：%(channel)s") % {"channel": channel}
    return f"{told} {details.get('number', '')}".strip()


@tells("update_complaint")
def _complaint_went_on(details: dict[str, Any]) -> str:
    state = dict(Complaint.State.choices).get(details.get("complaint", ""), "")
    return _("外部投诉：%(state)s") % {"state": state}


@tells("stop_waiting")
def _waited(details: dict[str, Any]) -> str:
    return _("第 %(n)s 轮等待结束，买家未在规定时间内回复") % {"n": details.get("round", 1)}


@tells("receive_part")
def _received_part(details: dict[str, Any]) -> str:
    told = str(STEPS["receive_part"].label)
    if not details.get("amount"):
        return told
    return _("%(what)s，提议退款 %(amount)s") % {
        "what": told,
        "amount": kept_money(details["amount"]),
    }


@tells("reject", "refuse_receipt")
def _rejected(details: dict[str, Any]) -> str:
    return _("驳回：%(reason)s") % {"reason": details.get("reason", "")}


@tells("send_back", "correct_tracking")
def _sent_back(details: dict[str, Any]) -> str:
    return _("填写退货单号 %(carrier)s %(tracking)s") % {
        "carrier": details.get("carrier", ""),
        "tracking": details.get("tracking", ""),
    }


@tells("assign")
def _assigned(details: dict[str, Any]) -> str:
    if details.get("member"):
        return _("分配给 %(name)s") % {"name": details["member"]}
    return _("取消分配")


@tells("send_message")
def _said(details: dict[str, Any]) -> str:
    return _("发送消息")


@tells("add_evidence")
def _added(details: dict[str, Any]) -> str:
    return _("补充凭证 %(count)s 份") % {"count": len(details.get("evidence", []))}


@tells("rule")
def _ruled(details: dict[str, Any]) -> str:
    told, who = platform.found(details)
    return _("判定：%(ruling)s，责任方：%(side)s") % {"ruling": told, "side": who}


@tells("propose_suspension")
def _suspension_proposed(details: dict[str, Any]) -> str:
    return _("提议中止 %(n)s 天：%(note)s") % {
        "n": details.get("days", ""),
        "note": details.get("note", ""),
    }


@tells("answer_suspension")
def _suspension_answered(details: dict[str, Any]) -> str:
    if not details.get("agreed"):
        return _("不同意中止")
    return _("同意中止，处理已中止") if details.get("until") else _("同意中止")


@tells("prove_suspension")
def _suspension_proven(details: dict[str, Any]) -> str:
    return _("提交受理凭证：%(number)s") % {"number": details.get("number", "")}


@tells("ask_supplement")
def _supplement_asked(details: dict[str, Any]) -> str:
    names = {str(Party.BUYER): _("买家"), str(Party.MERCHANT): _("商家")}
    return _("平台请{side}补充凭证").format(side=names.get(details.get("of", ""), _("双方")))


@tells("decline")
def _declined(details: dict[str, Any]) -> str:
    return _("平台不予受理：{reason}").format(reason=details.get("reason", ""))


@tells("execute_ruling")
def _executed(details: dict[str, Any]) -> str:
    if details.get("amount"):
        return _("商家逾期未执行，平台退款 {amount}").format(amount=kept_money(details["amount"]))
    return _("商家逾期未执行，平台使用店铺的默认退货地址")


@tells("reverse_ruling")
def _reversed(details: dict[str, Any]) -> str:
    if details.get("amount"):
        return _("申诉成立，改判退款 {amount}").format(amount=kept_money(details["amount"]))
    return _("申诉成立，已改判；不影响已付的退款")


@tells("finish_refund")
def _arrived(details: dict[str, Any]) -> str:
    return _("退款到账 %(amount)s") % {"amount": kept_money(details.get("amount"))}


# Evidence -----------------------------------------------------------------------------------------


def shots_of(
    pieces: Iterable[Evidence], case: Case, party: Party, *, unseen: Iterable[int] = ()
) -> list[Shot]:
    """Evidence as thumbnails; what the other side filed in an open window shows that it is there."""
    fresh = set(unseen)
    shots = []
    for number, piece in enumerate(pieces, start=1):
        name = piece.label or piece.upload.name
        alt = _("%(party)s凭证 %(n)s：%(name)s") % {
            "party": piece.get_party_display(),
            "n": number,
            "name": name,
        }
        if not visibility.sees_content(piece, case, party):
            shots.append(Shot("", "", alt, _("举证结束后可见")))
            continue
        url = reverse("file", args=[piece.upload.token])
        thumb = f"{url}?thumb=1" if piece.upload.image else ""
        shots.append(
            Shot(
                url,
                thumb,
                alt,
                name,
                piece.upload.held or (_("未查看") if piece.pk in fresh else ""),
            )
        )
    return shots
