"""消息 as both sides' pages show them: who, when, what, with pictures and read marks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.display import Shot, money, when
from aftersales.enums import Party, PlanState
from aftersales.models import Evidence, Message, Proposal, Upload
from aftersales.templatetags.desk import as_shots


class Said(NamedTuple):
    """A message; ``read`` is told of one's own only, ``plan`` is what was put forward with it."""

    who: str
    mine: bool
    at: datetime
    text: str
    shots: Sequence[Shot]
    read: str
    plan: str


def thread_of(
    messages: Iterable[Message],
    party: Party,
    now: datetime,
    shown: Mapping[int, list[Evidence]] | None = None,
) -> list[Said]:
    """The thread for one side; ``shown`` is evidence of the case by version."""
    return [
        Said(
            who=_who(message, party),
            mine=message.party == party,
            at=message.at,
            text=message.text,
            shots=[
                *pictures(message.uploads.all()),
                *(as_shots((shown or {}).get(message.version, [])) if message.version else []),
            ],
            read=read_mark(message, now) if message.party == party else "",
            plan=_plan(message),
        )
        for message in messages
    ]


def read_mark(message: Message, now: datetime) -> str:
    """已读 with its time, or 未读."""
    if message.read_at is None:
        return _("未读")
    return _("%(at)s 已读") % {"at": when(message.read_at, now)}


def pictures(uploads: Iterable[Upload]) -> list[Shot]:
    return [
        Shot(
            url=reverse("file", args=[each.token]),
            thumb=reverse("file", args=[each.token]) if each.image else "",
            alt=_("附图 %(n)s：%(name)s") % {"n": number, "name": each.name},
            note="" if each.image else each.name,
            badge=each.held,
        )
        for number, each in enumerate(uploads, start=1)
    ]


def _who(message: Message, party: Party) -> str:
    if message.party == party == Party.MERCHANT and message.user:
        return str(message.user)
    if message.party == party:
        return _("我")
    return str(Party(message.party).label)


def _plan(message: Message) -> str:
    proposal: Proposal | None = getattr(message, "proposal", None)
    if proposal is None:
        return ""
    told = proposal.plan.label
    if proposal.amount is not None:
        told = f"{told} {money(proposal.amount)}"
    return f"{told} · {PlanState(proposal.state).label}"
