"""What was agreed last, for as long as it may still be undone: seconds, in this browser alone.

It is a signed cookie, and no part of the session: to store that costs a step as much as its own
commit does.
"""

import math
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime

from aftersales.models import Case

COOKIE = "__Host-undo" if settings.HTTPS else "undo"


def offer(response: HttpResponse, case: Case, user: Any, text: str, now: datetime) -> None:
    """Let the next pages say that ``case`` was agreed to, in the words of ``text``, and take it back."""
    until = case.held_until
    if until is None:
        return
    told = {"by": user.pk, "code": case.code, "version": case.version, "text": text}
    response.set_cookie(
        COOKIE,
        signing.dumps(told | {"until": until.isoformat()}, salt=COOKIE, compress=True),
        max_age=_left(until, now),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def offered(request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """The agreement that this person may still undo: its case, its words, until when."""
    try:
        held: dict[str, Any] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE)
    except signing.BadSignature:
        return None
    until, user = parse_datetime(held["until"]), getattr(request, "user", None)
    if user is None or held["by"] != user.pk or until is None or until <= now:
        return None
    return held | {"until": until, "left": _left(until, now)}


def drop(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")


def _left(until: datetime, now: datetime) -> int:
    return math.ceil((until - now).total_seconds())
