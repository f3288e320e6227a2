"""Take in a parcel's trace and let time's steps follow from it (T-06, D7, D9, walk 2 of §1.7)."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.module_loading import import_string

from aftersales import clock
from aftersales.enums import CaseType, Direction, OrderState, ScanKind, Status
from aftersales.models import Case, Parcel
from aftersales.rules import facts
from aftersales.steps import Refused

MOST_MISSED = 3  # parcels in a row of one carrier
WATCHED, KEPT = "watched_parcel", 86400  # in the cache, for so many seconds: how far it came

logger = logging.getLogger(__name__)


class Scan(NamedTuple):
    """One line of a trace; ``signer`` only where somebody signed."""

    at: datetime
    kind: ScanKind
    text: str
    signer: str = ""


class Carrier(Protocol):
    def trace(self, carrier: str, tracking: str) -> Sequence[Scan]:
        """The whole trace known for a number, oldest first; empty where nothing is known."""
        ...


class Recorded:
    """The shipped adapter: knows only what was recorded (import, staff, demo); asks nobody."""

    def trace(self, carrier: str, tracking: str) -> Sequence[Scan]:
        return []


def carrier() -> Carrier:
    adapter: Carrier = import_string(settings.CARRIER)()
    return adapter


def record(parcel: Parcel, scans: Sequence[Scan]) -> None:
    """Add scans to a parcel's trace, once each, and let the cases it concerns move."""
    with transaction.atomic():
        row = Parcel.objects.select_for_update(of=("self",)).get(pk=parcel.pk)
        known = {(_moment(line), line["kind"], line["text"]) for line in row.trace}
        fresh = [scan for scan in scans if (scan.at, str(scan.kind), scan.text) not in known]
        lines = [
            {"at": scan.at.isoformat(), "kind": str(scan.kind), "text": scan.text} for scan in fresh
        ]
        row.trace = sorted([*row.trace, *lines], key=_moment)
        if row.trace:
            row.state = row.trace[-1]["kind"]
            row.first_scan_at, row.last_scan_at = _moment(row.trace[0]), _moment(row.trace[-1])
        unsigned = row.signed_at is None
        for scan in scans:
            if scan.kind in facts.SIGNED and row.signed_at is None:
                row.signed_at, row.signer = scan.at, scan.signer
        row.save()
        if row.direction == Direction.OUTBOUND and row.signed_at:
            order = row.order
            if parts := order.follow_parcels():
                order.save(update_fields=list(parts))
            elif order.state == OrderState.SHIPPED or (order.signed and order.signed_at is None):
                if order.state == OrderState.SHIPPED:
                    order.state = OrderState.SIGNED
                order.signed_at = order.signed_at or row.signed_at
                order.save(update_fields=["state", "signed_at"])
    parcel.__dict__.update(row.__dict__)
    follow(row)
    if unsigned and row.signed_at and row.direction == Direction.OUTBOUND:
        for case in Case.objects.open().filter(
            order_id=row.order_id, type=CaseType.REFUND_NOT_RECEIVED
        ):
            if facts.outbound(case) == row:
                _try(case, "note_signing")


def _moment(line: Mapping[str, str]) -> datetime:
    """When a line of a trace happened; carriers tell it in whatever time they keep."""
    return datetime.fromisoformat(line["at"])


def follow(parcel: Parcel) -> None:
    """The steps that a trace asks for in the cases of its order."""
    if parcel.direction == Direction.RETURN and parcel.case is not None:
        waiting = parcel.case.status == Status.AWAITING_MERCHANT_RECEIPT
        if parcel.signed_at and waiting and parcel.case.return_signed_at is None:
            _try(parcel.case, "note_delivery")
        return
    if parcel.direction == Direction.REPLACEMENT and parcel.case is not None:
        waiting = parcel.case.status == Status.AWAITING_BUYER_RECEIPT
        if parcel.signed_at and waiting and parcel.case.replacement_signed_at is None:
            _try(parcel.case, "note_arrival")
        return
    if parcel.state in facts.GOING_BACK:
        for case in Case.objects.filter(
            order_id=parcel.order_id, status=Status.AWAITING_DELIVERY_REFUSAL
        ):
            _try(case, "take_back")


def _try(case: Case, name: str) -> None:
    try:
        getattr(case, name)(by=None)
    except Refused as refused:
        logger.info("%s on %s: %s", name, case, refused.sentence)


def watch(limit: int = 200) -> int:
    """Ask the carrier about parcels of open cases; return how many were asked about.

    Each time it goes on behind the parcel that was the last one before, and at the end begins anew.
    A carrier that does not answer is asked no more this time, and pages say since when their
    traces are old.
    """
    since = clock.now() - timedelta(days=60)
    open_cases = Case.objects.open().filter(applied_at__gte=since)
    under_way = Parcel.objects.filter(order__cases__in=open_cases, pk__gt=cache.get(WATCHED, 0))
    parcels = list(under_way.order_by("pk").distinct()[:limit])
    cache.set(WATCHED, parcels[-1].pk if len(parcels) == limit else 0, KEPT)
    adapter, missed, asked = carrier(), Counter[str](), 0
    reached, unreached = [], []
    for parcel in parcels:
        if missed[parcel.carrier] >= MOST_MISSED:
            unreached.append(parcel.pk)
            continue
        try:
            scans = adapter.trace(parcel.carrier, parcel.tracking)
        except Exception:
            logger.exception("the carrier broke on %s", parcel)
            missed[parcel.carrier] += 1
            unreached.append(parcel.pk)
            continue
        missed[parcel.carrier] = 0
        reached.append(parcel.pk)
        asked += 1
        try:
            if scans:
                record(parcel, scans)
            else:
                follow(parcel)
        except Exception:
            logger.exception("the trace of %s could not be taken in", parcel)
    known = Parcel.objects.filter(pk__in=reached)
    known.exclude(unreached_at=None).update(unreached_at=None)
    Parcel.objects.filter(pk__in=unreached, unreached_at=None).update(unreached_at=clock.now())
    return asked
