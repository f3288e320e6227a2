"""What is dropped after its time: each rule finds its rows by itself, and may run twice, or at once.

Order files, exports and drafts are dropped where they are kept (``imports``, ``jobs``, ``Draft``).
"""

import json
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q, QuerySet
from django.db.models.functions import Coalesce

from aftersales import clock
from aftersales.enums import ENDED, PAID_BACK, OrderState, Reopening
from aftersales.models import (
    Case,
    Complaint,
    Draft,
    Notice,
    Order,
    OrderLine,
    Parcel,
    ServiceRequest,
    Session,
    Upload,
)

BATCH = 1000
MOST_BATCHES = 20  # a sweep ends some day; the next one goes on
# What of an order says who and where somebody is; notes are free text, and often do.
CONTACT = ("receiver", "phone", "address", "buyer_note", "shop_note")


class Rule(NamedTuple):
    """``rows`` finds what is older than a moment, ``drop`` takes some of their keys and says how many it dropped."""

    name: str
    days: Callable[[], int]
    rows: Callable[[datetime], QuerySet[Any]]
    drop: Callable[[Collection[Any]], int]

    def due(self) -> QuerySet[Any]:
        return self.rows(clock.now() - timedelta(days=self.days()))


def run() -> dict[str, int]:
    """Drop all that is due; how many rows, by the name of the rule."""
    return {rule.name: _run(rule) for rule in RULES}


def _run(rule: Rule) -> int:
    dropped = 0
    for _number in range(MOST_BATCHES):
        keys = list(rule.due().order_by("pk").values_list("pk", flat=True)[:BATCH])
        done = rule.drop(keys) if keys else 0
        dropped += done
        if len(keys) < BATCH or not done:
            break
    return dropped


# Who and where a buyer is ---------------------------------------------------------------------------


def contacts(before: datetime) -> QuerySet[Order]:
    """Orders of which nobody needs the address any more: the trade and every case, request and
    outside complaint about it ended by then, and no goods are left to deliver."""
    order = {"order": OuterRef("pk")}
    cases = Case.objects.filter(**order)
    running = cases.filter(
        ~Q(status__in=ENDED)
        | Q(closed_at=None)
        | Q(closed_at__gt=before)
        | Q(reopening=Reopening.ASKED)
    )
    states = Complaint.State
    complained = Complaint.objects.filter(
        case__order=OuterRef("pk"), state__in=[states.FILED, states.ACCEPTED, states.MEDIATING]
    )
    asked = ServiceRequest.objects.open().filter(line__order=OuterRef("pk"))
    to_deliver = OrderLine.objects.filter(**order, gift_of=None).exclude(
        cases__status__in=PAID_BACK
    )
    under_way = [OrderState.UNPAID, OrderState.PAID, OrderState.PART, OrderState.SHIPPED]
    traded = Coalesce("finished_at", "confirmed_at", "signed_at", "paid_at", "imported_at")
    return (
        Order.objects.filter(contact_dropped_at=None)
        .annotate(traded_at=traded)
        .filter(~Q(state__in=under_way) | ~Exists(to_deliver), traded_at__lte=before)
        .filter(~Exists(running), ~Exists(complained), ~Exists(asked))
    )


def drop_due_contacts(keys: Collection[int]) -> int:
    """A buyer may have applied meanwhile, so each is asked again under its order's lock."""
    with transaction.atomic():
        held = Order.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
        list(held.values_list("pk"))
        due = contacts(clock.now() - timedelta(days=settings.CONTACT_DAYS))
        return drop_contacts(list(due.filter(pk__in=keys).values_list("pk", flat=True)))


def drop_contacts(keys: Collection[int], **more: str) -> int:
    """Empty the contact fields of these orders, of their cases and of who signed for their parcels.

    The mark that it was done keeps a later import from filling them in again.
    """
    blank = dict.fromkeys(CONTACT, "") | more
    with transaction.atomic():
        Case.objects.filter(order__in=keys).update(ship_to=None)
        Parcel.objects.filter(order__in=keys).update(signer="")
        return Order.objects.filter(pk__in=keys).update(**blank, contact_dropped_at=clock.now())


# Files that nobody put forward ----------------------------------------------------------------------


def uploads(before: datetime) -> QuerySet[Upload]:
    """Files that no evidence, message or request ever pointed at, whoever may point at files later."""
    rows = Upload.objects.filter(created_at__lte=before)
    return rows.filter(**{f"{each.name}__isnull": True for each in Upload._meta.related_objects})


def drop_uploads(keys: Collection[int]) -> int:
    """Delete them with their files, except those that a draft still holds."""
    found = list(Upload.objects.filter(pk__in=keys))
    drafts = Draft.objects.filter(user__in={upload.user_id for upload in found})
    held = "".join(json.dumps(data) for data in drafts.values_list("data", flat=True))
    dropped = 0
    for upload in found:
        if upload.token in held:
            continue
        try:
            with transaction.atomic():
                upload.delete()
                for file in filter(None, [upload.file, upload.original]):
                    transaction.on_commit(partial(file.storage.delete, str(file.name)))
        except (ProtectedError, IntegrityError):
            continue  # a step has put it forward meanwhile
        dropped += 1
    return dropped


# What has been read, and who was signed in ----------------------------------------------------------


def notices(before: datetime) -> QuerySet[Notice]:
    return Notice.objects.filter(at__lte=before, mail_due_at=None)


def drop_notices(keys: Collection[int]) -> int:
    return Notice.objects.filter(pk__in=keys).delete()[0]


def sessions(_before: datetime) -> QuerySet[Session]:
    """They run by the machine's own clock, also in a demo that has been moved forward."""
    return Session.objects.filter(expire_date__lt=clock.now() - clock.ahead())


def drop_sessions(keys: Collection[str]) -> int:
    return Session.objects.filter(pk__in=keys).delete()[0]


RULES = [
    Rule("contacts", lambda: settings.CONTACT_DAYS, contacts, drop_due_contacts),
    Rule("uploads", lambda: settings.UPLOAD_DAYS, uploads, drop_uploads),
    Rule("notices", lambda: settings.NOTICE_DAYS, notices, drop_notices),
    Rule("sessions", lambda: 0, sessions, drop_sessions),
]
