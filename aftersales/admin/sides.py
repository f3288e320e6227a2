"""The two sides of a ruling, question by question: what each says and shows, and leaves open (W7)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from aftersales import display
from aftersales.admin.record import Record, Sent
from aftersales.enums import AnswerState, Party, RoundState
from aftersales.models import Message, Offer
from aftersales.models.case.proofs import asked_here


@dataclass
class Answer:
    """What one side has to say to one question; ``lacks`` is said where that is nothing."""

    items: list[tuple[str, Any]] = field(default_factory=list)
    shots: list[display.Shot] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    lacks: str = ""
    question: str = ""


@dataclass
class Side:
    """One party's column; the n-th answers of both columns answer the same question."""

    party: Party
    name: str
    answers: list[Answer] = field(default_factory=list)


def both_sides(record: Record) -> tuple[Side, Side]:
    """The buyer's column and the merchant's, row by row the same questions."""
    case = record.case
    sides = (
        Side(Party.BUYER, display.mask(str(case.buyer))),
        Side(Party.MERCHANT, str(case.shop)),
    )
    questions: list[tuple[str, Callable[[Party], Answer]]] = [
        (_("主张"), lambda party: _claimed(record, party)),
        (_("要求"), lambda party: _wanted(record, party)),
        *((_nth(sent), lambda party, sent=sent: _dealt(sent, party)) for sent in record.rounds),
        (_("必答与必传"), lambda party: _required(record, party)),
        (_("凭证"), lambda party: _shown(record, party)),
        (_("没有回应的"), lambda party: Answer(open=_open(record, party), lacks=_("无"))),
    ]
    if any(record.thread(side.party) for side in sides):
        questions.append((_("留言"), lambda party: _said(record, party)))
    for question, answer in questions:
        for side in sides:
            given = answer(side.party)
            given.question = question
            given.items = [(name, value) for name, value in given.items if value not in (None, "")]
            side.answers.append(given)
    return sides


def _nth(sent: Sent) -> str:
    nth = _("第 {n} 轮协商").format(n=sent.round.number)
    if sent.round.series > 1:
        return _("第 {s} 次处理").format(s=sent.round.series) + f" {nth}"
    return nth


def _claimed(record: Record, party: Party) -> Answer:
    case = record.case
    if party == Party.BUYER:
        return Answer(
            [
                (_("原因"), case.reason.label),
                (_("件数"), case.quantity),
                (_("收货情况"), case.get_goods_state_display() if case.goods_state else ""),
                (_("说明"), case.description),
            ]
        )
    items: list[tuple[str, Any]] = []
    for event in record.rejections:
        said = event.told
        items += [
            (_("驳回原因"), f"{said.get('reason_code')} {said.get('reason')}"),
            (_("驳回说明"), said.get("statement")),
            (_("面单单号"), said.get("proof_tracking")),
            (_("单号不一致的说明"), said.get("mismatch")),
        ]
    return Answer(items, lacks=_("没有驳回过"))


def _wanted(record: Record, party: Party) -> Answer:
    case = record.case
    items: list[tuple[str, Any]] = []
    if party == Party.BUYER:
        kind = case.get_type_display()
        claim = kind if case.wants_goods else f"{kind} {display.money(case.amount)}"
        items = [
            (_("要求"), claim),
            *display.demanded(case.demand),
            *display.settled(case.composition),
        ]
    for asked in record.interventions:
        if asked.asked_by == party:
            items += [(_("申请介入的理由"), asked.reason), (_("希望的结果"), asked.wants)]
    return Answer(items, lacks=_("没有另提要求"))


def _dealt(sent: Sent, party: Party) -> Answer:
    """What the merchant offered, and what the buyer said to it."""
    offers = [
        (_("买家方案") if party == Party.BUYER else _("方案"), _offer(offer))
        for offer in sent.offers
        if offer.party == party
    ]
    if party == Party.MERCHANT:
        outcome = sent.round.outcome
        return Answer(
            [
                *offers,
                (_("对上一轮"), outcome.label if outcome else ""),
                (_("商家说明"), sent.round.explanation),
            ]
        )
    state = _("{state}（{waited}）").format(
        state=sent.round.get_state_display(), waited=sent.waited
    )
    return Answer([(_("结果"), state), (_("答复"), sent.round.answer), *offers])


def _required(record: Record, party: Party) -> Answer:
    """What the buyer's reason had to be shown by, and what the reject reason had to be answered."""
    items: list[tuple[str, Any]] = []
    if party == Party.BUYER:
        items = [(label, numbers or _("未提交")) for label, numbers in _asked_slots(record)]
        return Answer(items, lacks=_("这个原因没有必传的凭证"))
    for event in record.rejections:
        answers = event.told.get("answers", [])
        items += [(each["point"], each["text"] or _("未回答")) for each in answers]
        filed: dict[str, list[str]] = {}
        for piece in record.pieces_of(party):
            if piece.evidence.version == event.version:
                filed.setdefault(piece.evidence.label, []).append(piece.number)
        items += [(label, " ".join(numbers)) for label, numbers in filed.items()]
    return Answer(items, lacks=_("没有驳回过"))


def _asked_slots(record: Record) -> list[tuple[str, str]]:
    """The slots that the buyer's reason must fill, each with the numbers of what is in it."""
    case, pieces = record.case, record.pieces_of(Party.BUYER)
    return [
        (
            proof.label,
            " ".join(piece.number for piece in pieces if piece.evidence.slot == proof.code),
        )
        for proof in case.reason.proofs.all()
        if proof.required and asked_here(proof, case.reason.code)
    ]


def _shown(record: Record, party: Party) -> Answer:
    shots = [piece.shot for piece in record.pieces_of(party)]
    return Answer(shots=shots, lacks=_("没有提交凭证"))


def _said(record: Record, party: Party) -> Answer:
    return Answer(messages=record.thread(party), lacks=_("没有留言"))


def _open(record: Record, party: Party) -> list[str]:
    """Each thing that was asked of a side and that it never answered, by name."""
    found = [
        _("没有答复正式请求：{request}").format(request=each.get_kind_display())
        for each in record.case.requests.all()
        if each.party != party and each.state == AnswerState.LAPSED
    ]
    if party == Party.BUYER:
        found += [
            _("没有按时答复{round}").format(round=_nth(sent))
            for sent in record.rounds
            if sent.round.state == RoundState.EXPIRED
        ]
        found += [
            _("没有提交：{slot}").format(slot=label)
            for label, numbers in _asked_slots(record)
            if not numbers
        ]
        return found
    found += [
        _("没有回答：{point}").format(point=each["point"])
        for event in record.rejections
        for each in event.told.get("answers", [])
        if not each["text"]
    ]
    found += [
        _("忽略的风险：{risk}").format(risk=f"{each.code} {each.title}")
        for each in record.warnings
        if each.ignored
    ]
    return found


def _offer(offer: Offer) -> str:
    amount = f" {display.money(offer.amount)}" if offer.amount is not None else ""
    return _("{plan}（{state}）").format(
        plan=f"{offer.plan.label}{amount}", state=offer.get_state_display()
    )
