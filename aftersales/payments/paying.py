"""Pay what is owed: claim a refund, ask the gateway outside any transaction, note the answer."""

import logging
from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q

from aftersales import clock
from aftersales.enums import RefundState, Status
from aftersales.models import Case, Refund
from aftersales.payments.gateway import Answer, gateway
from aftersales.steps import Refused

logger = logging.getLogger(__name__)

# In the cache: that the gateway did not answer, and that somebody is asking it again.
AWAY, ASKED = "gateway_away", "gateway_asked"

MOST_TRIES = 12
MOST_UNKNOWN = (
    5  # answers in a row that were none: the gateway is away, the rest can wait for the next sweep
)
LEASE = timedelta(seconds=30)  # how long a try may take before another worker may try again
FIRST_WAIT = timedelta(seconds=15)  # doubled with each try
LONGEST_WAIT = timedelta(hours=1)


def pay_due(limit: int = 200) -> int:
    """Try every refund that is due; return how many were paid.

    A gateway that does not answer is not asked for all of them, and by one sweep at a time until it
    answers again: the workers have other things to do than to wait for it.
    """
    away = cache.get(AWAY)
    if away and not cache.add(ASKED, True, LEASE.total_seconds()):
        return 0
    try:
        paid = _pay_all(limit)
    finally:
        if away:
            cache.delete(ASKED)
    finish_cases()
    return paid


def _pay_all(limit: int) -> int:
    paid = unknown = 0
    due = Refund.objects.filter(due_at__lte=clock.now()).order_by("due_at")
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        try:
            answer = _try(pk)
        except Exception:
            logger.exception("refund %s could not be tried", pk)
            continue
        paid += answer == Answer.PAID
        unknown = unknown + 1 if answer == Answer.UNKNOWN else 0
        if unknown == MOST_UNKNOWN:
            logger.warning("the gateway does not answer; the other refunds wait")
            cache.set(AWAY, True, LONGEST_WAIT.total_seconds())
            break
        if answer not in (None, Answer.UNKNOWN):
            cache.delete(AWAY)
    return paid


def pay(pk: int) -> bool:
    """Try one refund once; true if it is paid. False if another worker has it, or not yet.

    If we die between the gateway's yes and our note, the row is tried again after its lease
    under the same number, and the gateway answers without paying twice.
    """
    return _try(pk) == Answer.PAID


def _try(pk: int) -> Answer | None:
    """What came of it; nothing if it was not ours to try."""
    refund = _claim(pk)
    if refund is None:
        return None
    try:
        answer, words = gateway().refund(
            number=refund.number,
            route=refund.route,
            reference=refund.reference,
            amount=refund.amount,
        )
    except Exception as error:
        logger.exception("the gateway broke on refund %s", refund.number)
        answer, words = Answer.UNKNOWN, type(error).__name__
    _note(refund, answer, words)
    _move_case(refund.case_id)
    return answer


def _claim(pk: int) -> Refund | None:
    """Take a refund for one try: counted and leased before the gateway is asked."""
    at = clock.now()
    with transaction.atomic():
        owed = Refund.objects.select_for_update(of=("self",), skip_locked=True)
        refund = owed.filter(
            pk=pk, due_at__lte=at, state__in=[RefundState.OWED, RefundState.SENT]
        ).first()
        if refund is None:
            return None
        refund.state = RefundState.SENT
        refund.tries += 1
        refund.sent_at = refund.sent_at or at
        refund.due_at = at + LEASE
        refund.save(update_fields=["state", "tries", "sent_at", "due_at"])
    return refund


def _note(refund: Refund, answer: Answer, words: str) -> None:
    at = clock.now()
    with transaction.atomic():
        row = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
        if row.state == RefundState.PAID:
            return
        if row.tries != refund.tries and answer != Answer.PAID:
            return  # our lease is over, another has tried since: what it was told is newer
        row.error = words[:300]
        if answer == Answer.PAID:
            row.state, row.paid_at, row.due_at = RefundState.PAID, at, None
        elif answer == Answer.REFUSED or (answer == Answer.UNKNOWN and row.tries >= MOST_TRIES):
            row.state, row.due_at = RefundState.FAILED, None
        else:
            row.due_at = at + min(FIRST_WAIT * 2 ** min(row.tries - 1, 10), LONGEST_WAIT)
        row.save(update_fields=["state", "paid_at", "due_at", "error"])


def _move_case(case_id: int) -> None:
    """Tell the case, once all its payouts are paid, or one has failed for good."""
    case = Case.objects.get(pk=case_id)
    states = set(Refund.objects.filter(case_id=case_id).values_list("state", flat=True))
    try:
        if case.status != Status.REFUNDING:
            aside = case.status != Status.REFUND_FAILED and not case.needs_staff
            if aside and RefundState.FAILED in states:
                case.note_failed_payout(by=None)
            return
        if RefundState.FAILED in states:
            case.fail_refund(by=None)
        elif states == {RefundState.PAID} or (not states and case.to_refund == 0):
            case.finish_refund(by=None)
    except Refused:
        logger.info("case %s had moved already", case_id)


def finish_cases(limit: int = 200) -> int:
    """Cases whose payouts were noted but which were not told (a crash in between), and those of
    which settling left nothing to pay out."""
    owing = Refund.objects.filter(due_at__isnull=False).values("case_id")
    told = Case.objects.filter(status=Status.REFUNDING).exclude(pk__in=owing)
    waiting = told.filter(Q(refunds__isnull=False) | Q(to_refund=0)).order_by("pk").distinct()
    keys = list(waiting.values_list("pk", flat=True)[:limit])
    for pk in keys:
        try:
            _move_case(pk)
        except Exception:
            logger.exception("case %s could not be told of its refunds", pk)
    return len(keys)
