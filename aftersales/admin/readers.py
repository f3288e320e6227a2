"""预览: what each side will read once a ruling is made, out of the step as it was rehearsed (S-23)."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aftersales import clock, display
from aftersales.admin.looking import BADGES
from aftersales.enums import Party, Status
from aftersales.languages import either
from aftersales.notices.delivering import text_of
from aftersales.rules import deadlines
from aftersales.steps import Act


@dataclass
class Reader:
    """One side's preview: its notice, where the case stands for it, and what is then up to it."""

    party: Party
    text: str
    status: str
    badge: str
    items: list[tuple[str, Any]]


def reader(act: Act, party: Party) -> Reader:
    """The preview of a rehearsed ruling for one side, in the language of the page."""
    case: Any = act.case
    ruled, now = case.last_intervention, clock.now()
    chinese, english = text_of(act.event, party)
    items: list[tuple[str, Any]] = [
        (_("判定"), ruled.get_ruling_display()),
        (_("退款"), display.money(ruled.amount) if ruled.amount is not None else ""),
        (_("退货运费"), ruled.get_freight_display() if ruled.freight else ""),
    ]
    if party == Party.MERCHANT:
        counts = _("是") if ruled.counts_as_dispute else _("否")
        items += [(_("计入纠纷退款"), counts), (_("责任方"), ruled.get_responsible_display())]
    watch = deadlines.watch_of(case)
    if watch is not None and watch.party in (Party.BUYER, Party.MERCHANT) and case.due_at:
        turn = _("轮到你处理") if watch.party == party else _("等对方处理")
        until = display.deadline(case.due_at, now)
        items.append((_("接下来"), _("{turn}，截止 {time}").format(turn=turn, time=until)))
    if ruled.appeal_by:
        items.append((_("可申诉至"), display.deadline(ruled.appeal_by, now)))
    return Reader(
        party,
        either(chinese, english),
        case.get_status_display(),
        BADGES.get(Status(case.status), "them"),
        [(name, value) for name, value in items if value],
    )
