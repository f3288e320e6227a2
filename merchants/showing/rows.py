"""The rows of the work queue: each worked out once, in plain strings."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aftersales.display import badge, due, nothing, plain_money, tail, when
from aftersales.enums import CaseType, Status, Turn
from aftersales.models import Member
from aftersales.models.catalogue import either
from merchants.presence import Looking
from merchants.showing.standing import shipping, standing

USUAL = "tab=mine"  # the list that a case belongs to where its address names none


class Row(NamedTuple):
    """Two lines to a cell."""

    pk: int
    code: str
    version: int
    url: str
    peek: str
    fen: int
    due: SafeString | str
    image: str
    goods: str
    sku: str
    amount: str
    type: str
    reason: str
    proofs: str
    ship: str
    ship_at: str
    stage: SafeString | str
    hint: str
    who: str
    looking: str
    tags: list[str]
    draft: bool


def rows_of(
    cases: Iterable[Any],
    now: datetime,
    me: Member,
    query: str = USUAL,
    looking: Mapping[int, list[Looking]] | None = None,
) -> list[Row]:
    """The rows of ``listed`` cases, of the list that ``query`` names; ``looking``: who has which open."""
    trail = f"?{urlencode({'list': query})}" if query != USUAL else ""
    url, peek = (reverse(f"merchants:{name}", args=["CODE"]) + trail for name in ("case", "peek"))
    over = _("正在按买家要求处理")
    rows = []
    for case in cases:
        others = looking.get(case.pk) if looking else None
        open_by = _("、").join(each.name for each in others) if others else ""
        links = url.replace("CODE", case.code, 1), peek.replace("CODE", case.code, 1)
        rows.append(_row(case, now, me, open_by, links, over))
    return rows


def _row(
    case: Any, now: datetime, me: Member, looking: str, links: tuple[str, str], over: str
) -> Row:
    at = standing(case, now)
    ship, ship_at = shipping(case, case.parcel, now)
    in_hand = case.turn in (Turn.MINE, Turn.RECEIVE)
    stage: SafeString | str = at.text
    if at.fresh or not in_hand:
        stage = badge(at.text, at.kind)
    elif case.status == Status.PENDING_MERCHANT and not case.round_number:
        stage = _("新申请")
    worth, size = case.worth, f"× {case.quantity}"
    return Row(
        pk=case.pk,
        code=case.code,
        version=case.version,
        url=links[0],
        peek=links[1],
        fen=int(worth * 100),
        due=_due(case, now, over),
        image=static(case.image) if case.image else "",
        goods=case.goods,
        sku=" · ".join(part for part in (tail(case.code), case.sku, size) if part),
        amount=plain_money(worth),
        type=str(CaseType(case.type).label),
        reason=either(case.reason_zh, case.reason_en).partition("（")[0],
        proofs=_("凭证 %(n)s") % {"n": case.proofs} if case.proofs else _("无凭证"),
        ship=ship,
        ship_at=ship_at,
        stage=stage,
        hint=at.hint or (_("新凭证未看") if case.unseen and in_hand else ""),
        who=_("我") if case.assigned_to and case.assignee_id == me.pk else case.assigned_to or "",
        looking=looking,
        tags=case.tags_on,
        draft=bool(case.drafted),
    )


def _due(case: Any, now: datetime, over: str) -> SafeString | str:
    if case.turn == Turn.DONE:
        return when(case.closed_at, now) if case.closed_at else nothing()
    return due(case.due_at, now, over=over)
