"""The case page (B9) as plain values: the shop's word, the ways on, progress and application."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales import platform
from aftersales.asked import may_recall
from aftersales.bids import agreed_terms, with_terms
from aftersales.display import Entry, Shot, Way, demanded, mask, money, settled, type_tag, when
from aftersales.enums import (
    ARRIVED,
    PAID_BACK,
    Freight,
    Party,
    Phase,
    Remedy,
    RoundState,
    Stage,
    Status,
)
from aftersales.models import Case, Evidence, Parcel, Receipt, Round, User
from aftersales.rules import facts
from aftersales.templatetags.desk import as_shots
from buyers.showing.freight import claim_of
from buyers.showing.offers import Shown, bearer_words, shown_offers
from buyers.showing.progress import last_rejection, my_shots, progress, visible
from buyers.showing.sentence import given_back, lost_by_leaving, supported

TALKING = (Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT)


class Button(NamedTuple):
    """A way on, at the foot of the phone or in a card; ``form`` names the form it submits."""

    label: str
    url: str
    look: str = "quiet"
    form: str = ""


class Option(NamedTuple):
    """A way on after a rejection, with what it leads to; refused, it stays with its sentence."""

    label: str
    url: str
    what: str
    refusal: str = ""


@dataclass(frozen=True)
class Word:
    """What the shop says in this round."""

    title: str
    text: str
    shots: list[Shot]
    open: bool


@dataclass(frozen=True)
class No:
    """The rejection: reason, statement, the points it had to answer, and its proofs."""

    title: str
    reason: str
    statement: str
    answers: list[dict[str, str]]
    shots: list[Shot]
    hidden: int
    at: datetime


@dataclass(frozen=True)
class Page:
    word: Word | None
    offers: list[Shown]
    accept_here: bool  # with a button under the offers: the dock has other things to do
    inviting: bool
    no: No | None
    options: list[Option]
    platform: list[tuple[str, Any]]
    address: dict[str, str]
    address_text: str
    freight: str
    sent_back: list[tuple[str, Any]]
    may_correct: bool
    scans: Way[Entry]
    replacement: list[tuple[str, Any]]
    replacement_scans: Way[Entry]
    progress: list[Entry]
    tag: str
    claim: list[tuple[str, Any]]
    shots: list[Shot]
    may_add: bool
    more: list[Button]
    dock: list[Button]
    live: bool
    counter: str
    dossier: bool
    receipts: list[Receipt]
    freight_claim: str
    may_claim_freight: bool
    may_reply: bool


def page_of(case: Case, user: User, now: datetime) -> Page:
    case.load_along()
    moves = {move.name: move.refusal for move in case.moves(user, Party.BUYER)}
    offers = shown_offers(case, now)
    address = case.return_address or {}
    where = [address.get(name, "") for name in ("name", "phone", "region", "detail")]
    may_add = moves.get("add_evidence") == ""
    return Page(
        word=_word(case, now, bool(offers)),
        offers=[offer for offer in offers if offer.by_click],
        accept_here=moves.get("accept_plan") == "" and case.status not in TALKING,
        inviting=any(not offer.by_click for offer in offers),
        no=_no(case),
        options=_options(case, moves),
        platform=platform.rows(case, Party.BUYER, now),
        address=address,
        address_text=" ".join(where),
        freight=bearer_words(case.freight) if case.freight != Freight.NONE else "",
        sent_back=_sent_back(case, now),
        may_correct=moves.get("correct_tracking") == "",
        scans=_scans(facts.returned(case)),
        replacement=_replacement(case, now),
        replacement_scans=_scans(facts.replacement(case)),
        progress=progress(case, now),
        tag=type_tag(case),
        claim=_claim(case, now),
        shots=my_shots(case),
        may_add=may_add,
        more=_more(case, moves),
        dock=_dock(case, moves, offers),
        live=not case.ended,
        counter=_counter(case, now),
        dossier=_foremost(case),
        receipts=list(case.receipts.all()),
        freight_claim=claim_of(case),
        may_claim_freight=moves.get("claim_freight") == "",
        may_reply=moves.get("reply") == "",
    )


def url(name: str, case: Case) -> str:
    return reverse(f"buyers:{name}", args=[case.code])


def service_url(case: Case) -> str:
    """Where the platform is asked about the line of a case (S-50)."""
    lines = [line.pk for line in case.order.handed("lines")]
    position = lines.index(case.line_id) + 1
    return reverse("buyers:ask_service", args=[case.shop.code, case.order.number, position])


# The shop's word ----------------------------------------------------------------------------------


def _word(case: Case, now: datetime, offering: bool) -> Word | None:
    current = case.last_round
    if current is None or case.ended or case.round_state == RoundState.ACCEPTED:
        return None
    waiting = case.round_state == RoundState.WAITING and case.status in TALKING
    if not waiting and not offering:
        return None
    number = round_name(current)
    return Word(
        title=f"{number} · {when(current.sent_at, now)}",
        text=current.text,
        shots=_shots_with(case, current),
        open=waiting,
    )


def round_name(current: Round) -> str:
    names = {1: _("第一轮"), 2: _("第二轮")}
    return names.get(current.number, _("第 {n} 轮").format(n=current.number))


def _shots_with(case: Case, current: Round) -> list[Shot]:
    """The pictures that came with a round: filed by the shop in the same moment."""
    filed = [each for each in _of_the_shop(case) if each.at == current.sent_at]
    return as_shots(visible(filed, case))


def _no(case: Case) -> No | None:
    event = last_rejection(case)
    if event is None:
        return None
    filed = [each for each in _of_the_shop(case) if each.version == event.version]
    seen = visible(filed, case)
    details = event.told
    refused = event.step == "refuse_receipt"
    return No(
        title=_("商家拒绝收货的理由") if refused else _("商家驳回的理由"),
        reason=str(details.get("reason", "")),
        statement=str(details.get("statement", "")),
        answers=list(details.get("answers", [])),
        shots=as_shots(seen),
        hidden=len(filed) - len(seen),
        at=event.at,
    )


def _of_the_shop(case: Case) -> list[Evidence]:
    return [each for each in case.handed("evidence") if each.party == Party.MERCHANT]


def _counter(case: Case, now: datetime) -> str:
    """The buyer's own counter-offer that still stands."""
    mine = case.open_counter()
    if mine is None:
        return ""
    told = with_terms(mine, now)
    return f"{told} {money(mine.amount)}" if mine.amount else told


# The ways on --------------------------------------------------------------------------------------


def _options(case: Case, moves: dict[str, str]) -> list[Option]:
    """After a rejection: what can be done, and what each leads to."""
    if case.status not in (Status.REJECTED, Status.RETURN_REFUSED):
        return []
    plans = case.acceptable_offers()
    every = [
        ("accept_plan", _("接受商家之前的方案"), _("接受后立即生效"), bool(plans)),
        ("add_evidence", _("补充凭证"), _("商家看到后可以改为同意"), True),
        (
            "ask_platform",
            _("申请平台介入"),
            _("双方举证后由平台判定；逾期不能再申请"),
            True,
        ),
        ("cancel", _("撤销申请"), lost_by_leaving(case), True),
    ]
    return [
        Option(label, url(name, case), what, moves[name])
        for name, label, what, wanted in every
        if name in moves and wanted
    ]


def _dock(case: Case, moves: dict[str, str], offers: list[Shown]) -> list[Button]:
    """At most two: the quiet one first, the main one last."""
    may = {name for name, refusal in moves.items() if not refusal}
    status = Status(case.status)
    real = [offer for offer in offers if offer.by_click]
    if "confirm_agreed" in may:
        return [
            Button(_("没有谈妥"), url("reply", case)),
            Button(_("确认已协商一致"), url("confirm_agreed", case), "primary"),
        ]
    if status in TALKING and "accept_plan" in may and real:
        accept = Button(_("接受所选方案"), url("accept_plan", case), "primary", form="offers")
        if len(real) == 1:  # nothing to choose: on to what it comes to
            only = f"{url('accept_plan', case)}?offer={real[0].pk}"
            accept = Button(_("接受这个方案"), only, "primary")
        no = _("都不接受") if len(real) > 1 else _("不接受")
        return [Button(no, url("reply", case)), accept] if "reply" in may else [accept]
    if status in TALKING and "reply" in may:
        if offers:  # an invitation to add evidence, and nothing else
            return [
                Button(_("答复商家"), url("reply", case)),
                Button(_("补充凭证"), url("add_evidence", case), "primary"),
            ]
        return [Button(_("答复商家"), url("reply", case), "primary")]
    if "choose_refund" in may:
        return [
            Button(_("换一件新的"), url("choose_exchange", case)),
            Button(_("退款"), url("choose_refund", case), "primary"),
        ]
    if "confirm_arrival" in may:
        wrong = [Button(_("仍有问题"), url("dispute_arrival", case))]
        return [
            *(wrong if "dispute_arrival" in may else []),
            Button(_("没有问题，确认"), url("confirm_arrival", case), "primary"),
        ]
    if "send_back" in may:
        return [Button(_("填写退货单号"), url("send_back", case), "primary")]
    if status == Status.AWAITING_DELIVERY_REFUSAL and "report_refusal" in may:
        said = case.last_event("report_refusal")
        return [] if said else [Button(_("我已拒收"), url("report_refusal", case), "primary")]
    if status in (Status.REJECTED, Status.RETURN_REFUSED) and "ask_platform" in may:
        return [
            Button(_("补充凭证"), url("add_evidence", case)),
            Button(_("申请平台介入"), url("ask_platform", case), "primary"),
        ]
    if status == Status.PLATFORM_REVIEW and "add_evidence" in may:
        return [Button(_("补充凭证"), url("add_evidence", case), "primary")]
    if status == Status.CLOSED_PLATFORM_DENIED and "appeal" in may:
        return [
            Button(_("其他投诉渠道"), url("record_complaint", case)),
            Button(_("申诉"), url("appeal", case), "primary"),
        ]
    if status in PAID_BACK:
        if not given_back(case):
            return []  # settled to nothing: no money goes anywhere
        return [Button(_("钱款去向"), url("refund", case), "primary")]
    if "ask_reopen" in may:
        return [
            Button(_("其他投诉渠道"), url("record_complaint", case)),
            Button(_("申请重新处理"), url("ask_reopen", case), "primary"),
        ]
    if status in (Status.CLOSED_PLATFORM_DENIED, Status.CLOSED_BUYER_TIMEOUT):
        return [
            Button(_("其他投诉渠道"), url("record_complaint", case)),
            Button(_("联系平台客服"), service_url(case), "primary"),
        ]
    return []


def _more(case: Case, moves: dict[str, str]) -> list[Button]:
    """The line of links at the end; leaving altogether comes last."""
    links = [
        Button(_("联系商家"), url("send_message", case)),
        Button(_("平台客服"), service_url(case) if case.ended else reverse("help") + "#service"),
        Button(_("其他投诉渠道"), url("record_complaint", case)),
    ]
    if case.payouts and case.status not in PAID_BACK:
        links.insert(0, Button(_("钱款去向"), url("refund", case)))
    if moves.get("report_refusal") == "" and _on_its_way(case):
        links.append(Button(_("包裹已拒签退回"), url("report_refusal", case)))
    if moves.get("ask_for") == "" and may_recall(case):
        links.append(Button(_("请商家拦截包裹"), url("ask_for", case)))
    if case.status == Status.PENDING_MERCHANT:
        links.append(Button(_("申请平台介入"), url("ask_platform", case)))
    if moves.get("withdraw") == "":
        asked = case.last_intervention
        if asked and asked.asked_by == Party.BUYER:
            links.append(Button(_("撤回平台介入"), url("withdraw", case)))
    if moves.get("propose_suspension") == "":
        links.append(Button(_("提议中止，双方自行协商"), url("propose_suspension", case)))
    if not _foremost(case):
        links += [
            Button(_("导出卷宗（PDF）"), url("dossier_pdf", case)),
            Button(_("导出卷宗（ZIP）"), url("dossier_zip", case)),
        ]
    if moves.get("appeal") == "" and case.status != Status.CLOSED_PLATFORM_DENIED:
        links.append(Button(_("对判定申诉"), url("appeal", case)))
    if moves.get("cancel") == "" and not case.return_tracking:
        links.append(Button(_("撤销申请"), url("cancel", case), "muted"))
    return links


def _foremost(case: Case) -> bool:
    """Whether the dossier has its own card: after the end or a ruling."""
    return case.ended or case.stage == Stage.RULED


def _on_its_way(case: Case) -> bool:
    return facts.outbound(case) is not None and facts.stands(case) not in ARRIVED


# The cards ----------------------------------------------------------------------------------------


def _claim(case: Case, now: datetime) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = [(_("要求"), case.get_type_display())]
    if not case.wants_goods:
        rows = [(_("申请金额"), money(case.amount))]
    if case.phase == Phase.AFTERSALE:
        rows.insert(0, (_("阶段"), case.get_phase_display()))
    if case.to_refund is not None and case.to_refund != case.amount:
        agreed = _("改为退款") if case.wants_goods else _("约定退款")
        rows.append((_("判定退款") if supported(case) else agreed, money(case.to_refund)))
    rows += settled(case.composition)
    rows.append((_("申请件数"), f"{case.quantity}"))
    if case.goods_state and case.goods_state != "received":
        rows.append((_("收货情况"), case.get_goods_state_display()))
    rows.append((_("原因"), case.reason.label))
    rows += demand_rows(case.demand, case.ship_to)
    if case.remedy not in (Remedy.REFUND, case.type):
        rows.append((_("约定改为"), case.get_remedy_display()))
    if told := agreed_terms(case, now):
        rows.append((_("约定内容"), told))
    if case.needs_return:
        rows.append((_("退货运费"), case.get_freight_display()))
    rows += [
        (_("说明"), case.description),
        (_("申请时间"), when(case.applied_at, now)),
        (_("维权协议"), _("{version} 版，已同意").format(version=case.agreement_version)),
        (_("售后单号"), case.code),
    ]
    return rows


def demand_rows(
    asked: Mapping[str, Any], ship_to: Mapping[str, str] | None
) -> list[tuple[str, Any]]:
    """What the demand asks of its own, in words (S-16)."""
    rows: list[tuple[str, Any]] = [*demanded(asked)]
    if ship_to:
        rows.append((_("收货地址"), f"{mask(ship_to['name'])} {ship_to['address']}"))
    return rows


def _replacement(case: Case, now: datetime) -> list[tuple[str, Any]]:
    """The parcel with the exchanged, repaired or missing goods."""
    parcel = facts.replacement(case)
    if parcel is None:
        return []
    rows: list[tuple[str, Any]] = [
        (_("快递公司"), parcel.carrier),
        (_("快递单号"), parcel.tracking),
        (_("发出时间"), when(parcel.shipped_at, now)),
    ]
    if parcel.signed_at:
        rows.append((_("签收时间"), when(parcel.signed_at, now)))
    return rows


def _sent_back(case: Case, now: datetime) -> list[tuple[str, Any]]:
    if not case.return_tracking:
        return []
    rows: list[tuple[str, Any]] = [
        (_("快递公司"), case.return_carrier),
        (_("快递单号"), case.return_tracking),
        (_("填写时间"), when(case.return_filed_at, now)),
    ]
    if case.return_signed_at:
        rows.append((_("商家签收"), when(case.return_signed_at, now)))
    return rows


def _scans(parcel: Parcel | None) -> Way[Entry]:
    """The latest of a parcel's way."""
    if parcel is None:
        return Way()
    scans = (
        Entry(who="", what=str(line.get("text", "")), at=datetime.fromisoformat(str(line["at"])))
        for line in reversed(parcel.trace[-5:])
    )
    return Way(scans, parcel.unreached_at)
