"""The rows of the work queue: each worked out once, in plain strings."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aftersales.display import Dues, badge, nothing, plain_money, when
from aftersales.enums import CaseType, Status, Turn
from aftersales.languages import in_english
from aftersales.models import Member
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
    drawing = Drawing(now, me, query, looking or {})
    return [drawing.row(case) for case in cases]


class Drawing:
    """What the rows of a page share, worked out once."""

    def __init__(
        self, now: datetime, me: Member, query: str, looking: Mapping[int, list[Looking]]
    ) -> None:
        trail = f"?{urlencode({'list': query})}" if query != USUAL else ""
        self.url, self.peek = (
            reverse(f"merchants:{name}", args=["CODE"]) + trail for name in ("case", "peek")
        )
        self.now, self.me, self.looking = now, me, looking
        self.due = Dues(now, over=_("正在按买家要求处理"))
        self.english, self.types = in_english(), cache(lambda kind: str(CaseType(kind).label))
        self.tail, self.new, self.unseen = _("尾号 {digits}"), _("新申请"), _("新凭证未看")
        self.proofs, self.no_proofs = _("凭证 %(n)s"), _("无凭证")
        self.ended = _("%(at)s 完结")

    def row(self, case: Any) -> Row:
        at = standing(case, self.now, case.proved)
        ship, ship_at = shipping(case, case.parcel, self.now)
        in_hand = case.turn in (Turn.MINE, Turn.RECEIVE)
        stage: SafeString | str = at.text
        if at.fresh or not in_hand:
            stage = badge(at.text, at.kind)
        elif case.status == Status.PENDING_MERCHANT and not case.round_number:
            stage = self.new
        # How many first: what is long is cut.
        sku = f"× {case.quantity}", self.tail.format(digits=case.code[-4:]), case.sku
        worth = case.worth
        return Row(
            pk=case.pk,
            code=case.code,
            version=case.version,
            url=self.url.replace("CODE", case.code, 1),
            peek=self.peek.replace("CODE", case.code, 1),
            fen=int(worth * 100),
            due=self.due(case.due_at) if case.turn != Turn.DONE else self.closed(case),
            image=static(case.image) if case.image else "",
            goods=case.goods,
            sku=" · ".join(filter(None, sku)),
            amount=plain_money(worth),
            type=self.types(case.type),
            reason=((self.english and case.reason_en) or case.reason_zh).partition("（")[0],
            proofs=self.proofs % {"n": case.proofs} if case.proofs else self.no_proofs,
            ship=ship,
            ship_at=ship_at,
            stage=stage,
            hint=at.hint or (self.unseen if case.unseen and in_hand else ""),
            who=self.who(case),
            looking=self.open_by(case),
            tags=case.tags_on,
            draft=bool(case.drafted),
        )

    def closed(self, case: Any) -> SafeString | str:
        """Under a heading of the time that is left."""
        if not case.closed_at:
            return nothing()
        return self.ended % {"at": when(case.closed_at, self.now)}

    def who(self, case: Any) -> str:
        """Whose case it is, where it is somebody's who is still there."""
        mine = case.assigned_to and case.assignee_id == self.me.pk
        return _("我") if mine else case.assigned_to or ""

    def open_by(self, case: Any) -> str:
        others = self.looking.get(case.pk)
        return _("、").join(each.name for each in others) if others else ""
