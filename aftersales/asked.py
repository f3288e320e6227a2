"""正式请求 as both sides' case pages show them: what is asked, by whom, until when."""

from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.enums import Party, RequestKind
from aftersales.models import Case


class Asked(NamedTuple):
    """An open request; with ``answer_url`` it is this side's to answer."""

    pk: int
    title: str
    text: str
    due_at: datetime
    answer_url: str
    cancel_url: str


def asked_of(case: Case, party: Party) -> list[Asked]:
    """The open requests of a case for one side, those to be answered first."""
    names = {Party.BUYER: "buyers", Party.MERCHANT: "merchants"}
    rows = []
    for asked in case.open_requests():
        mine = asked.party != party
        kind = RequestKind(asked.kind)
        title = title_of(kind) if mine else str(kind.label)
        if asked.count:
            title = _("%(what)s（%(n)s 张）") % {"what": title, "n": asked.count}
        answer = reverse(f"{names[party]}:answer_request", args=[case.code, asked.pk])
        cancelling = mine and kind == RequestKind.WITHDRAW
        cancel = reverse("buyers:cancel", args=[case.code]) if cancelling else ""
        rows.append(
            Asked(asked.pk, title, asked.text, asked.due_at, answer if mine else "", cancel)
        )
    return sorted(rows, key=lambda row: not row.answer_url)


def title_of(kind: str) -> str:
    """A request as the one reads it who is to answer."""
    return {
        RequestKind.EVIDENCE: _("商家请你补充凭证"),
        RequestKind.WITHDRAW: _("商家请你撤销申请"),
        RequestKind.REFUSE: _("商家请你拒收包裹"),
        RequestKind.RECALL: _("买家请你拦截包裹"),
    }[RequestKind(kind)]


def may_recall(case: Case) -> bool:
    """Whether the buyer can ask for the parcel to be recalled."""
    return not case.request_refusal(RequestKind.RECALL)
