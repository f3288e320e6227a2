"""What the parcels, the order and the thread say of a case: the facts other rules stand on."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aftersales.enums import (
    ARRIVED,
    FOR_BUYER,
    PAID_BACK,
    SENT,
    AnswerState,
    CaseType,
    Direction,
    GoodsState,
    OrderState,
    Party,
    Remedy,
    RequestKind,
    RoundState,
    Ruling,
    ScanKind,
)
from aftersales.rules import warranty

if TYPE_CHECKING:
    from aftersales.models import Case, CaseRequest, Evidence, Parcel, Round

GOING_BACK = (ScanKind.REFUSED, ScanKind.RETURNING, ScanKind.RETURNED)
SIGNED = (ScanKind.SIGNED, ScanKind.SIGNED_BY_OTHER)
MISSING_PARTS = {"R8", "R15", "N5"}  # the buyer's reasons that say something did not come
STALL = timedelta(hours=72)  # the shipped threshold of RW-02, when no row says otherwise


def outbound(case: "Case") -> "Parcel | None":
    """The parcel that brought the goods."""
    return brought(case.order.parcels.all(), case.order.state, case.line.parcel_id)


def brought(parcels: "Iterable[Parcel]", order_state: str, own: int | None) -> "Parcel | None":
    """Of an order's parcels that which brought a line: its ``own`` where the order went out in
    parts, else the newest on its way to the buyer, if any."""
    sent = [parcel for parcel in parcels if parcel.direction == Direction.OUTBOUND]
    if len(sent) > 1 or order_state == OrderState.PART:
        mine = [parcel for parcel in sent if parcel.pk == own]
        if mine or order_state == OrderState.PART:
            return mine[-1] if mine else None
    return sent[-1] if sent else None


def stands(case: "Case") -> OrderState:
    """Where the goods of the case stand: as their order, or as their own part of it."""
    state = OrderState(case.order.state)
    if state not in (OrderState.PART, OrderState.SHIPPED):
        return state
    parcel = outbound(case)
    if parcel is None:
        return OrderState.PAID if state == OrderState.PART else state
    in_parts = state == OrderState.PART or parcel.pk == case.line.parcel_id
    return OrderState.SIGNED if in_parts and parcel.signed_at else OrderState.SHIPPED


def sent(case: "Case") -> bool:
    return stands(case) in SENT


def shipped_at(case: "Case") -> datetime | None:
    if case.order.state != OrderState.PART:
        return case.order.shipped_at
    parcel = outbound(case)
    return parcel.shipped_at if parcel else None


def signed_at(case: "Case") -> datetime | None:
    """When the buyer signed for the goods of the case: for their own part, or for all of them."""
    parcel = outbound(case)
    own = parcel.signed_at if parcel and parcel.pk == case.line.parcel_id else None
    return own or case.order.signed_at


def returned(case: "Case") -> "Parcel | None":
    """The parcel that brings the goods back, once the buyer filed its number."""
    back = [
        parcel
        for parcel in case.order.parcels.all()
        if parcel.direction == Direction.RETURN and parcel.case_id == case.pk
    ]
    return back[-1] if back else None


def replacement(case: "Case") -> "Parcel | None":
    """The parcel that brings exchanged, repaired or missing goods, once it has left (T-14)."""
    sent = [
        parcel
        for parcel in case.order.parcels.all()
        if parcel.direction == Direction.REPLACEMENT and parcel.case_id == case.pk
    ]
    return sent[-1] if sent else None


def in_transit(case: "Case") -> bool:
    parcel = outbound(case)
    return (
        stands(case) == OrderState.SHIPPED
        and parcel is not None
        and parcel.state not in SIGNED
        and parcel.state not in GOING_BACK
    )


def signed(case: "Case") -> bool:
    parcel = outbound(case)
    return stands(case) in ARRIVED or (parcel is not None and parcel.state in SIGNED)


def signed_by_self(case: "Case") -> bool:
    parcel = outbound(case)
    return parcel is not None and parcel.state == ScanKind.SIGNED


def signed_not_received(case: "Case") -> bool:
    return signed(case) and case.goods_state in (
        GoodsState.SIGNED_NOT_RECEIVED,
        GoodsState.NEVER_CAME,
    )


def going_back(case: "Case") -> bool:
    parcel = outbound(case)
    return parcel is not None and parcel.state in GOING_BACK


def stalled(case: "Case", at: datetime, after: timedelta = STALL) -> bool:
    """No scan for long; time in which the carrier could not be asked counts for nobody."""
    return idle(outbound(case), at, after)


def idle(parcel: "Parcel | None", at: datetime, after: timedelta = STALL) -> bool:
    if parcel is None or parcel.state in SIGNED or parcel.state in GOING_BACK:
        return False
    known = min(at, parcel.unreached_at or at)
    return parcel.last_scan_at is not None and known - parcel.last_scan_at > after


def goods_back(case: "Case") -> bool:
    """The buyer has sent the goods back under this case."""
    return bool(case.return_tracking)


def with_shop(case: "Case") -> bool:
    """The goods came back under this case, and nothing has gone out to the buyer since."""
    return goods_back(case) and case.replacement_shipped_at is None


def given_up(case: "Case") -> int:
    """How many pieces of its line a case takes out of what the buyer bought: they never came, go
    back for money, or are paid back whole. Paid for in part and kept, they stay (§1.5)."""
    if case.type == CaseType.PRICE_DIFFERENCE:
        return 0
    gone = case.type in (CaseType.REFUND_UNSHIPPED, CaseType.REFUND_NOT_RECEIVED)
    if case.status in PAID_BACK:
        whole = case.to_refund is not None and case.to_refund >= case.refundable
        gone = gone or whole or with_shop(case)
    else:
        sends_back = case.type == CaseType.RETURN_REFUND or bool(case.return_address)
        gone = case.remedy == Remedy.REFUND and (gone or sends_back)
    return case.quantity if gone else 0


def return_in_transit(case: "Case") -> bool:
    return goods_back(case) and case.return_signed_at is None


def in_stock(case: "Case") -> bool:
    """Some model of the goods can be had; true also where nobody knows."""
    stock = case.line.stock
    return not stock or any(int(row["stock"]) > 0 for row in stock)


def under_warranty(case: "Case") -> bool:
    return warranty.runs(case.line, case.order, case.windows, case.at)


def parts_missing(case: "Case") -> bool:
    return case.reason.code in MISSING_PARTS


def received(case: "Case") -> bool:
    return case.goods_state == GoodsState.RECEIVED


def shipped(case: "Case") -> bool:
    """Shipped, with a carrier's scan to show for it (walk 1 of §1.7)."""
    parcel = outbound(case)
    return sent(case) and parcel is not None and parcel.first_scan_at is not None


def on_its_way(case: "Case") -> bool:
    """The carrier has it, and it moves: what RR-01 claims."""
    return shipped(case) and in_transit(case) and not stalled(case, case.at)


def replied(case: "Case") -> bool:
    """The buyer answered the last round without accepting."""
    return case.round_state == RoundState.ANSWERED


def evidence_was_asked(case: "Case") -> bool:
    """The buyer was asked for evidence in this handling, and had his time to answer (RR-06).

    While a request stands open nobody can say that he gave nothing; and 拍不了 with its reason
    is an answer, no silence.
    """
    asked = [
        each
        for each in case.requests.all()
        if each.kind == RequestKind.EVIDENCE and each.series == case.series
    ]
    if any(each.state == AnswerState.OPEN for each in asked):
        return False
    return any(each.state in (AnswerState.DONE, AnswerState.LAPSED) for each in asked)


def cannot_show(case: "Case") -> "list[CaseRequest]":
    """The requests for evidence of this handling that the buyer answered with 拍不了."""
    return [
        each
        for each in case.requests.all()
        if each.kind == RequestKind.EVIDENCE
        and each.series == case.series
        and each.state == AnswerState.DECLINED
    ]


def not_no_reason_goods(case: "Case") -> bool:
    return not case.line.no_reason and case.line.exception_confirmed


def agreed(case: "Case") -> bool:
    """The merchant reported an agreement after a replied round of this handling (NEG-46)."""
    return case.agreement_claimed and case.round_number > 0


def agreement_confirmed(case: "Case") -> bool:
    """The buyer confirmed what the merchant reported: what RR-15 claims (NEG-46)."""
    sent = last_round(case)
    if sent is None or sent.state != RoundState.ACCEPTED or sent.outcome is None:
        return False
    return sent.outcome.code == "agreed"


def merchant_evidence_unseen(case: "Case") -> list["Evidence"]:
    """Buyer's evidence that no merchant has looked at since it came in (RW-11, RW-12)."""
    seen = case.merchant_seen_at
    return [
        shown
        for shown in case.evidence.all()
        if shown.party == Party.BUYER and (seen is None or shown.at > seen)
    ]


def last_round(case: "Case") -> "Round | None":
    if not case.round_number:
        return None
    rounds = [each for each in case.handed("rounds") if each.series == case.series]
    return rounds[-1] if rounds else None


def losing(ruling: str) -> set[Party]:
    """The sides that a ruling went against, wholly or in part (T-25)."""
    if ruling == Ruling.DENY:
        return {Party.BUYER}
    if ruling == Ruling.PARTIAL_REFUND:
        return {Party.BUYER, Party.MERCHANT}
    return {Party.MERCHANT} if ruling in FOR_BUYER else set()


# The names that catalogue rows use in their ``when``.
WHEN: dict[str, Callable[["Case"], bool]] = {
    "": lambda case: True,
    "parts_missing": parts_missing,
    "nothing_missing": lambda case: not parts_missing(case),
    "in_transit": in_transit,
    "signed_not_received": signed_not_received,
    "return_in_transit": return_in_transit,
    "goods_back": goods_back,
    "replied": replied,
    "on_its_way": on_its_way,
    "signed_by_self": signed_by_self,
    "evidence_was_asked": evidence_was_asked,
    "not_no_reason_goods": not_no_reason_goods,
    "agreed": agreement_confirmed,
    "not_agreed": lambda case: not case.as_agreed(),
    "window_over": lambda case: case.applied_late,
}


def holds(case: "Case", when: str) -> bool:
    """Whether a catalogue row's condition is true of the case; an unknown name never is."""
    fact = WHEN.get(when)
    return bool(fact and fact(case))
