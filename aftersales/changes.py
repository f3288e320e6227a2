"""What happened to a case since somebody opened his page: what a conflict (409) tells him."""

from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from aftersales.enums import Party
from aftersales.models import Case, Event
from aftersales.rules import visibility
from aftersales.steps import STEPS


class Change(NamedTuple):
    """12:51 小李 同意退款."""

    at: datetime
    who: str
    what: str


def since(case: Case, version: str, party: Party, user: Any) -> list[Change]:
    """The steps after the ``version`` that the page was made of, as far as this side reads them."""
    if not version.isdecimal() or len(version) > 9:
        return []
    events = case.events.filter(version__gt=int(version)).select_related("user")
    return [
        Change(event.at, _who(event, party, user), _what(event))
        for event in events.order_by("version")
        if visibility.sees_step(event.step, party)
    ]


def _who(event: Event, party: Party, user: Any) -> str:
    """A colleague by his name, oneself as 你, the other side as a side."""
    if event.user is not None and event.user_id == user.pk:
        return _("你")
    if event.user is not None and event.party == party:
        return str(event.user)
    return str(Party(event.party).label)


def _what(event: Event) -> str:
    known = STEPS.get(event.step)
    return str(known.label) if known else _("提交申请")
