"""How many cases wait where, for the tabs, the navigation and the summary of a shop."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.timezone import localtime

from aftersales import clock
from aftersales.enums import Party, RoundState, Turn
from aftersales.models import Case, CaseQuerySet, Event, Evidence, Member, Message

SECONDS = 15  # how long the numbers of a shop may be behind on pages that do not list its cases


def fresh(member: Member) -> dict[str, int]:
    """The numbers as they are now, for the page that lists the very cases."""
    known = _counted(member.shop_id)
    cache.set(_key(member.shop_id), known, SECONDS)
    return _for(member, known)


def recent(member: Member) -> dict[str, int]:
    """The numbers as they were at most ``SECONDS`` ago."""
    known = cache.get(_key(member.shop_id))
    return _for(member, known) if known else fresh(member)


def forget(shop_id: int) -> None:
    """Somebody here has moved a case: his next page counts anew."""
    cache.delete(_key(shop_id))


def soon() -> Q:
    """Those that fall due within the hours after which time is urgent."""
    hours = getattr(settings, "DUE_URGENT_HOURS", 2)
    return Q(due_at__lt=clock.now() + timedelta(hours=hours))


def unseen() -> Exists:
    """The buyer has put forward something at which the shop has not looked yet."""
    theirs = Evidence.objects.filter(case=OuterRef("pk"), party=Party.BUYER)
    seen = F("case__merchant_seen_at")
    return Exists(theirs.filter(Q(case__merchant_seen_at=None) | Q(at__gt=seen)))


def handled_today(shop_id: int) -> CaseQuerySet:
    """Cases which a member moved on today, or in which he opened a round."""
    midnight = localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    moved = Event.objects.filter(case=OuterRef("pk"), party=Party.MERCHANT, at__gte=midnight)
    moved = moved.filter(~Q(before=F("after")) | Q(step="negotiate"))
    return Case.objects.filter(Exists(moved), shop=shop_id, updated_at__gte=midnight)


def _key(shop_id: int) -> str:
    return f"counts:{shop_id}"


def _counted(shop_id: int) -> dict[str, Any]:
    rows = Case.objects.filter(shop=shop_id).exclude(turn=Turn.DONE).order_by()
    known: dict[str, Any] = {"urgent": 0, "answered": 0, "unseen": 0, "of": {}}
    found = rows.values_list("turn", "assignee").annotate(
        all=Count("pk"),
        urgent=Count("pk", filter=soon()),
        answered=Count("pk", filter=Q(round_state=RoundState.ANSWERED)),
        unseen=Count("pk", filter=Q(turn=Turn.MINE) & Q(unseen())),
    )
    for turn, assignee, number, urgent, answered, new in found:
        known[turn] = known.get(turn, 0) + number
        if turn == Turn.MINE:
            known["urgent"] += urgent
            known["answered"] += answered
            known["unseen"] += new
            known["of"][assignee] = number
    asked = Message.objects.filter(line__order__shop=shop_id, party=Party.BUYER, read_at=None)
    known["asked"] = asked.values("line").distinct().count()
    known["handled"] = handled_today(shop_id).count()
    return known


def _for(member: Member, known: dict[str, Any]) -> dict[str, int]:
    """By turn; of those in the shop's hands the ``urgent``, ``answered``, ``unseen`` and those
    ``assigned`` to this member; ``handled`` today; and how many buyers have ``asked`` something
    unread before any case."""
    numbers = {str(turn): known.get(turn, 0) for turn in Turn if turn != Turn.DONE}
    numbers |= {name: known[name] for name in ("urgent", "answered", "unseen", "asked", "handled")}
    return numbers | {"assigned": known["of"].get(member.pk, 0)}
