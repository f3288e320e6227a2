"""The rows of the work queue: each worked out once, in plain strings."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aftersales.display import badge, due, nothing, plain_money, tail, when
from aftersales.enums import Status, Turn
from aftersales.models import Case, Member
from merchants.presence import Looking
from merchants.showing.standing import shipping, standing

# What a row reads of its case; anything else would be one more query a row.
READ = (
    *("code", "version", "status", "turn", "stage", "suspended", "type", "remedy", "policy"),
    *("quantity", "amount", "refundable", "round_number", "round_state", "prechecked_at"),
    *("due_at", "reply_due_at", "evidence_due_at", "applied_at", "updated_at", "closed_at"),
    *("return_tracking", "return_filed_at", "return_signed_at", "replacement_signed_at"),
    *("unrepairable_at", "shop", "order__state", "reason__label_zh", "reason__label_en"),
    *("line__title", "line__sku", "line__image", "line__parcel"),
    *("assignee__active", "assignee__user__username", "assignee__user__nick"),
)
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
    cases: Iterable[Case],
    now: datetime,
    me: Member,
    query: str = USUAL,
    looking: Mapping[int, list[Looking]] | None = None,
) -> list[Row]:
    """The rows of the list that ``query`` names; ``looking``: who has which case open."""
    trail = f"?{urlencode({'list': query})}" if query != USUAL else ""
    url, peek = (reverse(f"merchants:{name}", args=["CODE"]) + trail for name in ("case", "peek"))
    return [_row(case, now, me, (looking or {}).get(case.pk, []), url, peek) for case in cases]


def _row(case: Case, now: datetime, me: Member, looking: list[Looking], url: str, peek: str) -> Row:
    at = standing(case, now)
    ship, ship_at = shipping(case, now)
    stage: SafeString | str = at.text
    if at.fresh or case.turn not in (Turn.MINE, Turn.RECEIVE):
        stage = badge(at.text, at.kind)
    elif case.status == Status.PENDING_MERCHANT and not case.round_number:
        stage = _("新申请")
    count = case.proof_count  # type: ignore[attr-defined]
    unseen = case.unseen_count  # type: ignore[attr-defined]
    hint = at.hint
    if unseen and case.turn in (Turn.MINE, Turn.RECEIVE):
        hint = hint or _("新凭证未看")
    return Row(
        pk=case.pk,
        code=case.code,
        version=case.version,
        url=url.replace("CODE", case.code, 1),
        peek=peek.replace("CODE", case.code, 1),
        fen=int(case.worth * 100),
        due=_due(case, now),
        image=static(case.line.image) if case.line.image else "",
        goods=case.line.title,
        sku=" · ".join(
            part for part in (tail(case.code), case.line.sku, f"× {case.quantity}") if part
        ),
        amount=plain_money(case.worth),
        type=case.get_type_display(),
        reason=case.reason.label.partition("（")[0],
        proofs=_("凭证 %(n)s") % {"n": count} if count else _("无凭证"),
        ship=ship,
        ship_at=ship_at,
        stage=stage,
        hint=hint,
        who=_who(case, me),
        looking=_("、").join(each.name for each in looking),
        tags=[tag.name for tag in case.tags.all()],
        draft=case.has_draft,  # type: ignore[attr-defined]
    )


def _who(case: Case, me: Member) -> str:
    """Whose case it is, where it is somebody's who is still there."""
    if case.assignee is None or not case.assignee.active:
        return ""
    return _("我") if case.assignee_id == me.pk else str(case.assignee.user)


def _due(case: Case, now: datetime) -> SafeString | str:
    if case.turn == Turn.DONE:
        return when(case.closed_at, now) if case.closed_at else nothing()
    return due(case.due_at, now, over=_("正在按买家要求处理"))
