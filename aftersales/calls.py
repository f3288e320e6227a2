"""虚拟号码: phone numbers lent to one shop member for one case; the buyer's own is never shown.

``settings.CALLS`` names the provider's adapter by its dotted path; the shipped one lends
extensions of one switchboard number and asks nobody.
"""

import secrets
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.enums import Clock
from aftersales.models import Case, VirtualNumber
from aftersales.rules import deadlines
from aftersales.steps import Refused


class Numbers(Protocol):
    def bind(self, *, caller: str, called: str, until: datetime) -> str:
        """Lend a number that connects ``caller`` (a member) with ``called`` until a moment."""
        ...


class Switchboard:
    """The shipped adapter: an extension that nobody else holds now; it connects nothing."""

    number = "950-0000-0000"

    def bind(self, *, caller: str, called: str, until: datetime) -> str:
        taken = set(
            VirtualNumber.objects.filter(expires_at__gt=clock.now()).values_list(
                "number", flat=True
            )
        )
        while True:
            number = f"{self.number}-{secrets.randbelow(10**6):06d}"
            if number not in taken:
                return number


def provider() -> Numbers:
    adapter: Numbers = import_string(settings.CALLS)()
    return adapter


def live(case: Case, member: Any, at: datetime) -> VirtualNumber | None:
    """The number this member holds for this case and may still use."""
    if member is None or case.ended:
        return None
    lent = [
        each
        for each in case.handed("virtual_numbers")
        if each.member_id == member.pk and each.expires_at > at
    ]
    return lent[-1] if lent else None


def reveal(case: Case, *, by: Any, key: str = "") -> None:
    """Show a member his number, the same as long as it lives; every look is an event (NEG-23)."""
    if case.ended:
        raise Refused(_("售后已结束，不能再获取虚拟号码"), conflict=True)
    at, member = clock.now(), case.member_of(by)
    held = live(case, member, at)
    if held is not None:
        number, until = held.number, held.expires_at
    else:
        until = at + deadlines.length(case, Clock.CALL)
        number = provider().bind(caller=f"member:{by.pk}", called=f"case:{case.code}", until=until)
    answers: dict[str, Any] = {"number": number, "expires_at": until, "key": key}
    case.reveal_number(by=by, **answers)
