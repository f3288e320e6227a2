"""正式请求的前提: who may ask what of the other side, and when it makes sense."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from aftersales.enums import Party, RequestKind, Status
from aftersales.rules import facts

if TYPE_CHECKING:
    from aftersales.models import Case

MOST_PICTURES = 5
MOST_TIMES = 3  # of one kind in one handling: nobody is asked again and again

ASKED_BY = {
    RequestKind.EVIDENCE: Party.MERCHANT,
    RequestKind.WITHDRAW: Party.MERCHANT,
    RequestKind.REFUSE: Party.MERCHANT,
    RequestKind.RECALL: Party.BUYER,
}
TALKING = {Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT}
TURNED_DOWN = {Status.REJECTED, Status.RETURN_REFUSED}
COMING = {Status.PENDING_MERCHANT, Status.AWAITING_DELIVERY_REFUSAL}
WITHDRAWABLE = COMING | {Status.REJECTED, Status.AWAITING_BUYER_RETURN, Status.PLATFORM_REVIEW}
SOURCES = {
    RequestKind.EVIDENCE: TALKING | TURNED_DOWN,
    RequestKind.WITHDRAW: WITHDRAWABLE,
    RequestKind.REFUSE: COMING,
    RequestKind.RECALL: COMING,
}
ANYWHERE = sorted(set().union(*SOURCES.values()))


def unfit(kind: RequestKind, case: "Case") -> str:
    """Why this can't be asked for now; empty when it can."""
    if case.status not in SOURCES[kind]:
        return gettext("售后单当前状态不能提出这个请求")
    if kind == RequestKind.WITHDRAW and case.return_tracking:
        return gettext("买家已经寄回商品，不能撤销")
    if kind in (RequestKind.REFUSE, RequestKind.RECALL):
        coming = facts.sent(case) and not facts.signed(case) and not facts.received(case)
        if not coming or facts.outbound(case) is None:
            return gettext("包裹不在运输途中")
        if facts.going_back(case):
            return gettext("包裹已经在退回途中")
    return ""
