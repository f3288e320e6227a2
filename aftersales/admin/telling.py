"""What an event of the history says, in words that staff read without the code beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock, display
from aftersales.enums import CaseType, Freight, Responsible, Ruling
from aftersales.models import Complaint, Event, User
from aftersales.steps import STEPS

LABELS: dict[str, Any] = {
    "agreed": gettext_lazy("协商一致的内容"),
    "agreement": gettext_lazy("维权协议"),
    "amount": gettext_lazy("金额"),
    "answers": gettext_lazy("必答要点"),
    "before": gettext_lazy("原来"),
    "carrier": gettext_lazy("快递公司"),
    "channel": gettext_lazy("渠道"),
    "cited": gettext_lazy("采信的凭证"),
    "code": gettext_lazy("代码"),
    "counter": gettext_lazy("买家方案"),
    "counts": gettext_lazy("算作答复"),
    "error": gettext_lazy("渠道答复"),
    "expires_at": gettext_lazy("有效期至"),
    "explanation": gettext_lazy("对上一轮的说明"),
    "facts": gettext_lazy("事实"),
    "filed_on": gettext_lazy("投诉日期"),
    "freight": gettext_lazy("运费承担"),
    "grounds": gettext_lazy("判定依据"),
    "hours": gettext_lazy("剩余小时"),
    "mismatch": gettext_lazy("单号不一致的说明"),
    "number": gettext_lazy("编号"),
    "numbers": gettext_lazy("退款单号"),
    "outcome": gettext_lazy("上一轮结果"),
    "parcel": gettext_lazy("包裹"),
    "plan": gettext_lazy("方案"),
    "plans": gettext_lazy("方案"),
    "point": gettext_lazy("要点"),
    "proof": gettext_lazy("线下退款凭据"),
    "proof_tracking": gettext_lazy("面单单号"),
    "quantity": gettext_lazy("件数"),
    "reason": gettext_lazy("原因"),
    "reason_code": gettext_lazy("原因代码"),
    "responsible": gettext_lazy("责任方"),
    "risks": gettext_lazy("仍存在的风险"),
    "round": gettext_lazy("轮次"),
    "route": gettext_lazy("渠道"),
    "routes": gettext_lazy("退款渠道"),
    "ruling": gettext_lazy("判定"),
    "script": gettext_lazy("话术"),
    "signed_at": gettext_lazy("签收时间"),
    "statement": gettext_lazy("驳回说明"),
    "text": gettext_lazy("内容"),
    "ticked": gettext_lazy("已确认的风险"),
    "title": gettext_lazy("标题"),
    "tracking": gettext_lazy("快递单号"),
    "type": gettext_lazy("售后类型"),
    "until": gettext_lazy("等待至"),
    "wants": gettext_lazy("希望的结果"),
    "warnings": gettext_lazy("当时的风险"),
}
WORDS: dict[str, dict[str, Any]] = {
    "channel": dict(Complaint.Channel.choices),
    "freight": dict(Freight.choices),
    "responsible": dict(Responsible.choices),
    "ruling": dict(Ruling.choices),
    "type": dict(CaseType.choices),
}
MOMENTS = {"until", "signed_at", "expires_at"}
SHOWN_ELSEWHERE = {"evidence", "blocks", "key", "severity"}


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
    events: Iterable[Event], people: Mapping[int, User], pieces: Mapping[int, list[Any]]
) -> list[Told]:
    """The whole history, oldest first; ``pieces`` are the shots filed with each version."""
    told, previous = [], ""
    for event in events:
        person = people.get(event.user_id or 0)
        known = STEPS.get(event.step)
        told.append(
            Told(
                event=event,
                who=f"{event.get_party_display()} {person}"
                if person
                else event.get_party_display(),
                what=_("申请售后") if known is None else str(known.label),
                items=said(event.details),
                intact=event.hash == event.digest(previous),
                shots=pieces.get(event.version, []),
            )
        )
        previous = event.hash
    return told


def said(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an event's details say, as term and words."""
    return [
        (str(LABELS.get(name, name)), words(name, value))
        for name, value in details.items()
        if name not in SHOWN_ELSEWHERE and value not in ("", None, [], {})
    ]


def words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if name in MOMENTS:
        return display.when(datetime.fromisoformat(str(value)), clock.now())
    if name == "amount":
        return f"¥{value}"
    if name in WORDS:
        return str(WORDS[name].get(str(value), value))
    if isinstance(value, Mapping):
        return " ".join(
            words(each, inner)
            for each, inner in value.items()
            if each not in SHOWN_ELSEWHERE and inner
        )
    if isinstance(value, list):
        return "；".join(words("", each) for each in value)
    return str(value)
