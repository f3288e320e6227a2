"""What an event of the history says, in words that staff read without the code beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import display
from aftersales.enums import CaseType, Freight, Party, Remedy, RequestKind, Responsible, Ruling
from aftersales.models import Complaint, Event, Suspension, User
from aftersales.steps import STEPS

# In the order in which an event is read.
LABELS: dict[str, Any] = {
    "member": gettext_lazy("处理人"),
    "type": gettext_lazy("售后类型"),
    "reason_code": gettext_lazy("原因代码"),
    "reason": gettext_lazy("原因"),
    "plan": gettext_lazy("方案"),
    "plans": gettext_lazy("方案"),
    "demand": gettext_lazy("要求的内容"),
    "remedy": gettext_lazy("处理方式"),
    "instead_of": gettext_lazy("原定处理方式"),
    "quantity": gettext_lazy("件数"),
    "amount": gettext_lazy("金额"),
    "terms": gettext_lazy("方案内容"),
    "still_owed": gettext_lazy("结算后还差"),
    "agreement": gettext_lazy("维权协议"),
    "round": gettext_lazy("轮次"),
    "counter": gettext_lazy("买家方案"),
    "script": gettext_lazy("话术"),
    "items": gettext_lazy("收到的商品"),
    "empty": gettext_lazy("空包裹"),
    "kind": gettext_lazy("请求"),
    "text": gettext_lazy("内容"),
    "count": gettext_lazy("几张"),
    "done": gettext_lazy("已照办"),
    "until": gettext_lazy("截止时间"),
    "paused_minutes": gettext_lazy("暂停处理时限（分钟）"),
    "outcome": gettext_lazy("上一轮结果"),
    "explanation": gettext_lazy("对上一轮的说明"),
    "agreed": gettext_lazy("协商一致的内容"),
    "counts": gettext_lazy("算作答复"),
    "statement": gettext_lazy("驳回说明"),
    "answers": gettext_lazy("必答要点"),
    "proof_tracking": gettext_lazy("面单单号"),
    "mismatch": gettext_lazy("单号不一致的说明"),
    "risks": gettext_lazy("仍存在的风险"),
    "ticked": gettext_lazy("已确认的风险"),
    "warnings": gettext_lazy("当时的风险"),
    "carrier": gettext_lazy("快递公司"),
    "tracking": gettext_lazy("快递单号"),
    "collect": gettext_lazy("到付寄回"),
    "address": gettext_lazy("退货地址"),
    "no_address": gettext_lazy("没有退货地址"),
    "before": gettext_lazy("原来"),
    "parcel": gettext_lazy("包裹"),
    "missing": gettext_lazy("少了什么"),
    "signed_at": gettext_lazy("签收时间"),
    "ruling": gettext_lazy("判定"),
    "responsible": gettext_lazy("责任方"),
    "freight": gettext_lazy("运费承担"),
    "payer": gettext_lazy("运费承担"),
    "freight_out": gettext_lazy("发货运费"),
    "freight_reason": gettext_lazy("运费改判理由"),
    "cited": gettext_lazy("采信的凭证"),
    "grounds": gettext_lazy("判定依据"),
    "of": gettext_lazy("向谁"),
    "what": gettext_lazy("补充什么"),
    "because": gettext_lazy("中止原因"),
    "days": gettext_lazy("天数"),
    "proof_by": gettext_lazy("受理凭证提交截止"),
    "unproven": gettext_lazy("没有受理凭证"),
    "execute_by": gettext_lazy("商家执行期限"),
    "channel": gettext_lazy("渠道"),
    "number": gettext_lazy("编号"),
    "filed_on": gettext_lazy("投诉日期"),
    "complaint_before": gettext_lazy("原来的进展"),
    "complaint": gettext_lazy("进展"),
    "link": gettext_lazy("链接"),
    "wants": gettext_lazy("希望的结果"),
    "routes": gettext_lazy("退款渠道"),
    "route": gettext_lazy("渠道"),
    "numbers": gettext_lazy("退款单号"),
    "error": gettext_lazy("渠道答复"),
    "proof": gettext_lazy("线下退款凭据"),
    "hours": gettext_lazy("剩余小时"),
    "expires_at": gettext_lazy("有效期至"),
    "clocks": gettext_lazy("时限"),
    "due_at": gettext_lazy("到期于"),
    "reply_due_at": gettext_lazy("等待买家回复至"),
    "evidence_due_at": gettext_lazy("举证截止"),
    "request_due_at": gettext_lazy("正式请求答复至"),
    "appeal_by": gettext_lazy("可申诉至"),
    "review_by": gettext_lazy("目标复核时间"),
    "reopen_by": gettext_lazy("可申请重新处理至"),
    "then": gettext_lazy("商品"),
    "result": gettext_lazy("自动结果"),
    "why": gettext_lazy("原因"),
    "note": gettext_lazy("处理说明"),
    "rule": gettext_lazy("自动同意规则"),
}
WORDS: dict[str, dict[str, Any]] = {
    "channel": dict(Complaint.Channel.choices),
    "because": dict(Suspension.Because.choices),
    "complaint": dict(Complaint.State.choices),
    "complaint_before": dict(Complaint.State.choices),
    "freight": dict(Freight.choices),
    "freight_out": dict(Freight.choices),
    "kind": dict(RequestKind.choices),
    "payer": dict(Freight.choices),
    "of": dict(Party.choices),
    "then": {
        "keep": gettext_lazy("买家留下"),
        "give_back": gettext_lazy("商家原样寄还"),
        "pay": gettext_lazy("按改判退款"),
    },
    "responsible": dict(Responsible.choices),
    "ruling": dict(Ruling.choices),
    "type": dict(CaseType.choices),
    "remedy": dict(Remedy.choices),
    "instead_of": dict(Remedy.choices),
}
MOMENTS = {"until", "execute_by", "proof_by", "signed_at", "expires_at", "due_at"}
FLAGS = {"empty", "no_address", "collect"}  # worth a word only where they hold
SHOWN_ELSEWHERE = {"evidence", "blocks", "key", "severity", "member_user", "code", "result_version"}


@dataclass
class Told:
    """An event as the record shows it; ``intact`` says that its hash still follows from it."""

    event: Event
    who: str
    what: str
    items: list[tuple[str, str]]
    intact: bool
    shots: list[Any]

    @property
    def moved(self) -> bool:
        return self.event.before != self.event.after


def tell(
    events: Iterable[Event],
    people: Mapping[int, User],
    pieces: Mapping[int, list[Any]],
    numbers: Mapping[int, str],
) -> list[Told]:
    """The whole history, oldest first; ``pieces`` are the shots filed with each version, and
    ``numbers`` how a ruling names the evidence that it cites."""
    told, previous = [], ""
    for event in events:
        person = _named(event, people)
        known = STEPS.get(event.step)
        told.append(
            Told(
                event=event,
                who=f"{event.get_party_display()} {person}"
                if person
                else event.get_party_display(),
                what=_("申请售后") if known is None else str(known.label),
                items=said(event.told, numbers),
                intact=event.hash == event.digest(previous),
                shots=pieces.get(event.version, []),
            )
        )
        previous = event.hash
    return told


def _named(event: Event, people: Mapping[int, User]) -> str:
    """Who took a step: staff of a shop or of the platform by name, buyers masked."""
    person = people.get(event.user_id or 0)
    if person is None:
        return ""
    return display.mask(str(person)) if event.party == Party.BUYER else str(person)


def said(details: Mapping[str, Any], numbers: Mapping[int, str]) -> list[tuple[str, str]]:
    """What an event's details say, as term and words; a database may have lost their order."""
    shown = [
        name
        for name in LABELS
        if details.get(name) not in (None, "", [], {}) and not (name in FLAGS and not details[name])
    ]
    shown += sorted(set(details) - set(LABELS) - SHOWN_ELSEWHERE)
    return [(str(LABELS.get(name, name)), words(name, details[name], numbers)) for name in shown]


def terms_told(terms: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a plan came with besides its amount; the address stands with the parties, masked."""
    rows = [
        (_("规格"), terms.get("sku")),
        (_("少了什么"), terms.get("items")),
        (_("几天内修好"), terms.get("days")),
        (_("补充什么"), terms.get("what")),
        (_("几张"), terms.get("count")),
        (_("拦截单号"), terms.get("enquiry")),
        (_("运费承担"), Freight(terms["freight"]).label if terms.get("freight") else ""),
        (_("取件"), _("商家安排上门取件") if terms.get("pickup") else ""),
        (_("运费上限"), display.kept_money(terms.get("most"))),
        (
            _("等待至"),
            display.exact(datetime.fromisoformat(terms["until"])) if terms.get("until") else "",
        ),
        (_("接受后不再申请售后"), _("是") if terms.get("waives") else ""),
    ]
    return [(name, str(text)) for name, text in rows if text not in (None, "")]


def words(name: str, value: Any, numbers: Mapping[int, str]) -> str:
    if name == "warnings":
        return _("；").join(
            _("{name}：{text}").format(name=f"{each['code']} {each['title']}", text=each["facts"])
            for each in value
        )
    if name == "round" and value == 0:
        return _("退货验收")
    if name == "items":
        return _("；").join(display.arrivals(value))
    if name == "answers":
        return _("；").join(
            _("{name}：{text}").format(name=each["point"], text=each["text"]) for each in value
        )
    if name == "cited":
        return " ".join(numbers.get(pk, f"#{pk}") for pk in value)
    if name == "clocks":
        return _("；").join(
            _("{name}：{was} → {until}").format(
                name=LABELS.get(clock_, clock_),
                was=words("until", moved["before"], numbers),
                until=words("until", moved["until"], numbers),
            )
            for clock_, moved in value.items()
        )
    if name == "terms":
        return _("；").join(
            _("{name}：{text}").format(name=term, text=told) for term, told in terms_told(value)
        )
    if name == "demand":
        return _("；").join(
            _("{name}：{text}").format(name=term, text=told)
            for term, told in display.demanded(value)
        )
    if name == "missing":
        return _("；").join(f"{row['item']} × {row['count']}" for row in value)
    if name == "result":
        return str(STEPS[value].label) if value in STEPS else str(value)
    if name in MOMENTS:
        return display.exact(datetime.fromisoformat(str(value)))
    if name == "amount":
        return display.money(Decimal(str(value)))
    if name in WORDS:
        return str(WORDS[name].get(str(value), value))
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, Mapping):
        inner = [(each, value[each]) for each in LABELS if value.get(each)]
        return " ".join(words(each, what, numbers) for each, what in inner)
    if isinstance(value, list):
        return _("；").join(words("", each, numbers) for each in value)
    return str(value)
