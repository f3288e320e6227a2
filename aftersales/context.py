"""What the frame around every page shows; whatever needs a query is a function the frame may call."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from aftersales import clock, undoing
from aftersales.market.people import accounts
from aftersales.models import Notice, Shop
from aftersales.prefs import Prefs


def frame(request: HttpRequest) -> dict[str, Any]:
    """The one "now" of this page, and the lazily counted rest.

    Merchants' views set ``request.shop`` and, where they have counted, ``request.unread`` and
    ``request.counts``: the number of cases by turn, as the side navigation shows it.
    """
    now = clock.now()

    def unread() -> int:
        if hasattr(request, "unread"):
            return int(request.unread)
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return 0
        return Notice.objects.waiting_for(user).count()

    def shops() -> list[Shop]:
        user = getattr(request, "user", None)
        return list(Shop.objects.of(user)) if user is not None and user.is_authenticated else []

    return {
        "now": now,
        "undo": lambda: undoing.offered(request, now),
        "DEMO": settings.DEMO,
        "demo_now": now,
        "demo_accounts": accounts if settings.DEMO else [],
        "unread": unread,
        "shop": getattr(request, "shop", None),
        "shops": shops,
        "counts": getattr(request, "counts", {}),
        "prefs": getattr(request, "prefs", Prefs()),
    }
