"""The rejection-negotiation tool as pages: at which step a case is, and what came of the rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.bids import gap_text, with_terms
from aftersales.display import Stop, money, when
from aftersales.enums import NEGOTIABLE, Clock, Freight, Party, RoundState, Status
from aftersales.models import Case, Offer, Offering, Plan, Round
from aftersales.rules import deadlines, facts, plans

RISKS, NEGOTIATE, WAIT, REJECT, DONE = "risks", "negotiate", "wait", "reject", "done"
TURNED_DOWN = (Status.REJECTED, Status.RETURN_REFUSED)


def stage(case: Case) -> str:
    """The step of the tool that this case is at; empty where the tool has no business."""
    if case.status in TURNED_DOWN:
        return DONE
    if case.status not in NEGOTIABLE:
        return ""
    if case.round_state == RoundState.WAITING:
        return WAIT
    if case.prechecked_at is None:
        return RISKS
    return REJECT if case.round_number >= int(case.policy["min_rounds"]) else NEGOTIATE


def verb(case: Case) -> str:
    """The step with which the tool ends here: T-07, or T-12 on goods that came back."""
    back = case.status in (Status.AWAITING_MERCHANT_RECEIPT, Status.RETURN_REFUSED)
    return "refuse_receipt" if back else "reject"


def name_of(case: Case) -> str:
    """What the tool is called here: there is no refund to reject where goods are asked for."""
    if verb(case) == "refuse_receipt":
        return _("拒绝收货")
    return _("驳回申请") if case.wants_goods else _("驳回退款")


def entry(case: Case) -> str:
    """The engine's step behind the button 驳回退款, whose refusal the button shows."""
    return {RISKS: "confirm_risks", NEGOTIATE: "negotiate"}.get(stage(case), verb(case))


def stage_url(case: Case) -> str:
    names = {
        RISKS: "confirm_risks",
        NEGOTIATE: "negotiate",
        WAIT: "wait",
        REJECT: verb(case),
        DONE: "rejected",
    }
    return reverse(f"merchants:{names.get(stage(case), 'case')}", args=[case.code])


def opened(case: Case) -> bool:
    """Whether there is something of the tool to show on the case page."""
    return bool(stage(case) and (case.prechecked_at or case.round_number))


def wait_minutes(case: Case) -> int:
    return int(deadlines.length(case, Clock.NEGOTIATION).total_seconds() // 60)


def rounds_of(case: Case) -> list[Round]:
    """The rounds of this handling, oldest first."""
    return [each for each in case.rounds.all() if each.series == case.series]


def stops(case: Case, now: datetime, on: str = "", risks: str = "") -> list[Stop]:
    """The six steps; ``on`` is the page being looked at, ``risks`` says how many there are."""
    at = on or stage(case)
    rounds = rounds_of(case)
    checked = case.prechecked_at is not None
    line = [Stop(_("风险核实"), risks or _checked(case, now), _state(at == RISKS, checked))]
    for number in range(1, max(2, int(case.policy["min_rounds"])) + 1):
        sent = rounds[number - 1] if len(rounds) >= number else None
        writing = at == NEGOTIATE and len(rounds) == number - 1
        waiting = sent is not None and sent.state == RoundState.WAITING
        name = {1: _("第一轮协商"), 2: _("第二轮协商")}.get(
            number, _("第 %(n)s 轮协商") % {"n": number}
        )
        told = _("%(at)s 已发送") % {"at": when(sent.sent_at, now)} if sent else ""
        line.append(Stop(name, _("填写中") if writing else told, _state(writing, bool(sent))))
        line.append(
            Stop(_("等待回复"), _came(sent, now), _state(waiting, bool(sent) and not waiting))
        )
    line.append(
        Stop(name_of(case), _("填写中") if at == REJECT else "", _state(at == REJECT, at == DONE))
    )
    return line


def _state(on: bool, done: bool) -> str:
    return "on" if on else "done" if done else ""


def _checked(case: Case, now: datetime) -> str:
    return _("%(at)s 已核实") % {"at": when(case.prechecked_at, now)} if case.prechecked_at else ""


def _came(sent: Round | None, now: datetime) -> str:
    if sent is None:
        return ""
    if sent.state == RoundState.WAITING:
        return _("到 %(at)s") % {"at": when(sent.due_at, now)}
    if sent.state == RoundState.EXPIRED:
        return _("%(at)s 未回复") % {"at": when(sent.due_at, now)}
    return _("%(at)s 已回复") % {"at": when(sent.answered_at, now)} if sent.answered_at else ""


# Plans --------------------------------------------------------------------------------------------


def offer_line(offer: Offer | Offering, case: Case) -> str:
    """A plan as a chip, with what was filled in: 部分退款（无需退货） ¥45.00, or the whole sum where
    it is not said."""
    amount = offer.amount if offer.amount is not None else plans.pays_back(offer.plan.code, case)
    return with_terms(offer, clock.now(), amount)


def hint_of(plan: Plan, case: Case) -> str:
    """What a plan comes to for the shop; the catalogue's own sentence speaks to the buyer."""
    bearer = case.freight_offered("return_refund")
    kept = _("商品留给买家，不用寄回")
    if facts.with_shop(case):
        kept = _("商品已寄回，买家接受后立即退款")
    told = {
        "partial_refund": kept,
        "full_refund_no_return": kept,
        "return_refund": _("买家寄回，收到后退款；运费%(bearer)s") % {"bearer": bearer.label},
        "return_freight_covered": _("运费按规则本就由我方承担；只在另约上门取件时选它")
        if bearer == Freight.MERCHANT
        else _("买家寄回，收到后退款；运费我方承担"),
        "exchange": _("买家先寄回，收到后发出新件"),
        "resend": _("我方补寄，买家不用寄回"),
        "repair": _("买家寄修，修好后寄回给买家"),
        "intercept_refund": _("拦截或由买家拒收，包裹退回后退款"),
        "wait_until": _("到时仍没有结果，必须处理买家的申请"),
        "coupon": _("买家接受后立即支付，申请继续"),
        "freight_compensation": _("买家接受后立即支付，申请继续"),
        "invite_evidence": _("写明要拍什么、几张；买家补充后继续处理"),
    }.get(plan.code, "")
    whole = plans.pays_back(plan.code, case)
    return f"{money(whole)} {told}".strip() if whole is not None else told


def chips(offers: Sequence[Offer | Offering], case: Case) -> list[str]:
    return [offer_line(offer, case) for offer in offers]


class Result(NamedTuple):
    """A round in the table of results before the decision (S-78)."""

    name: str
    at: datetime
    plans: str
    answer: str
    minutes: str


@dataclass
class Answer:
    """What the buyer said to the last round: the head of round 2."""

    title: str
    text: str
    after: str
    counter: Offer | None
    gap: str
    late: bool


def results(case: Case) -> list[Result]:
    """Both rounds with what was offered, what the buyer said, and how long it took."""
    by_round: dict[int | None, list[Offer]] = {}
    for offer in case.load_along("offers").offers.all():
        by_round.setdefault(offer.round_id, []).append(offer)
    rows = []
    for sent in rounds_of(case):
        mine = [each for each in by_round.get(sent.pk, []) if each.party == Party.MERCHANT]
        theirs = [each for each in by_round.get(sent.pk, []) if each.party == Party.BUYER]
        kept = [each for each in mine if each.state != "replaced"] or mine
        end = sent.answered_at or sent.due_at
        rows.append(
            Result(
                _("第一轮")
                if sent.number == 1
                else _("第 %(n)s 轮") % {"n": sent.number}
                if sent.number > 2
                else _("第二轮"),
                sent.sent_at,
                " / ".join(chips(kept, case)) or sent.explanation,
                answered(sent, theirs, case),
                _("%(n)s 分钟") % {"n": int((end - sent.sent_at).total_seconds() // 60)},
            )
        )
    return rows


def counter_line(case: Case) -> str:
    """The buyer's counter-offer that still stands, in words."""
    counter = case.open_counter()
    return offer_line(counter, case) if counter else ""


def answered(sent: Round, counters: Sequence[Offer], case: Case) -> str:
    if sent.state == RoundState.EXPIRED:
        return _("未在规定时间内回复")
    if counters:
        return _("都不接受，希望：%(plan)s") % {"plan": chips(counters[-1:], case)[0]}
    return sent.answer or str(RoundState(sent.state).label)


def answer_of(case: Case, now: datetime) -> Answer | None:
    """The buyer's answer to the last round, with the gap in yuan to our own offer."""
    sent = rounds_of(case)[-1] if case.round_number else None
    if sent is None:
        return None
    counter = case.open_counter()
    if sent.state == RoundState.EXPIRED:
        title = _("买家到 %(at)s 未回复，可以进行下一步") % {"at": when(sent.due_at, now)}
        return Answer(title, "", "", counter, "", late=False)
    at = when(sent.answered_at, now)
    if counter:
        wish = offer_line(counter, case)
        title = _("买家 %(at)s 回复：都不接受，希望：%(plan)s") % {"at": at, "plan": wish}
    else:
        title = _("买家 %(at)s 回复") % {"at": at}
    minutes = int(((sent.answered_at or now) - sent.sent_at).total_seconds() // 60)
    after = _("第 %(n)s 轮发出 %(minutes)s 分钟后") % {"n": sent.number, "minutes": minutes}
    return Answer(
        title,
        sent.answer,
        after,
        counter,
        gap_text(case) if counter and counter.amount is not None else "",
        sent.late,
    )
