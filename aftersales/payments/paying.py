"""Pay what is owed: claim refunds, ask the gateway outside any transaction, note the answers."""

import logging
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet

from aftersales import clock
from aftersales.bulk import update_rows
from aftersales.enums import Party, RefundState, Status
from aftersales.models import Case, Refund
from aftersales.models.case.loading import hand_out
from aftersales.payments.gateway import Answer, gateway
from aftersales.steps import STEPS, Act, Refused, lapse, write

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
    """Refunds are claimed a few at a time: never more than may stay without an answer."""
    paid = tried = unknown = 0
    due = Refund.objects.order_by("due_at")
    while tried < limit and (lot := _try(due, min(MOST_UNKNOWN - unknown, limit - tried))):
        for answer in lot:
            unknown = unknown + 1 if answer == Answer.UNKNOWN else 0
        tried, paid = tried + len(lot), paid + lot.count(Answer.PAID)
        if unknown == MOST_UNKNOWN:
            logger.warning("the gateway does not answer; the other refunds wait")
            cache.set(AWAY, True, LONGEST_WAIT.total_seconds())
            break
        if not unknown:
            cache.delete(AWAY)
    return paid


def pay(pk: int) -> bool:
    """Try one refund once; true if it is paid. False if another worker has it, or not yet.

    If we die between the gateway's yes and our note, the row is tried again after its lease
    under the same number, and the gateway answers without paying twice.
    """
    return _try(Refund.objects.filter(pk=pk), 1) == [Answer.PAID]


def _try(refunds: QuerySet[Refund], most: int) -> list[Answer]:
    """What came of those that were ours to try."""
    claimed = _claim(refunds, most)
    answers = [_ask(refund) for refund in claimed]
    try:
        _note(claimed, answers)
        _tell({refund.case_id for refund in claimed})
    except Exception:
        logger.exception("what came of refunds could not be noted; they are tried again")
    return [answer for answer, _words in answers]


def _ask(refund: Refund) -> tuple[Answer, str]:
    try:
        return gateway().refund(
            number=refund.number,
            route=refund.route,
            reference=refund.reference,
            amount=refund.amount,
        )
    except Exception as error:
        logger.exception("the gateway broke on refund %s", refund.number)
        return Answer.UNKNOWN, type(error).__name__


def _claim(refunds: QuerySet[Refund], most: int) -> list[Refund]:
    """Take refunds for one try: counted and leased before the gateway is asked."""
    at = clock.now()
    with transaction.atomic():
        owed = refunds.select_for_update(of=("self",), skip_locked=True)
        due = owed.filter(due_at__lte=at, state__in=[RefundState.OWED, RefundState.SENT])
        claimed = list(due[:most])
        for refund in claimed:
            refund.state = RefundState.SENT
            refund.tries += 1
            refund.sent_at = refund.sent_at or at
            refund.due_at = at + LEASE
        update_rows(claimed, ["state", "tries", "sent_at", "due_at"])
    return claimed


def _note(claimed: list[Refund], answers: list[tuple[Answer, str]]) -> None:
    at, noted = clock.now(), []
    with transaction.atomic():
        locked = Refund.objects.select_for_update(of=("self",)).order_by("pk")
        rows = {row.pk: row for row in locked.filter(pk__in=[each.pk for each in claimed])}
        for refund, (answer, words) in zip(claimed, answers, strict=True):
            row = rows[refund.pk]
            if row.state == RefundState.PAID:
                continue
            if row.tries != refund.tries and answer != Answer.PAID:
                continue  # our lease is over, another has tried since: what it was told is newer
            row.error = words[:300]
            if answer == Answer.PAID:
                row.state, row.paid_at, row.due_at = RefundState.PAID, at, None
            elif answer == Answer.REFUSED or (answer == Answer.UNKNOWN and row.tries >= MOST_TRIES):
                row.state, row.due_at = RefundState.FAILED, None
            else:
                row.due_at = at + min(FIRST_WAIT * 2 ** min(row.tries - 1, 10), LONGEST_WAIT)
            noted.append(row)
        update_rows(noted, ["state", "paid_at", "due_at", "error"])


def _tell(keys: set[int]) -> None:
    """Tell cases of their payouts, all in one transaction; by itself each that somebody has locked,
    or that breaks it."""
    try:
        with transaction.atomic():
            cases = list(Case.for_sweeping().filter(pk__in=keys))
            hand_out(cases, "refunds")
            at = clock.now()
            write([act for case in cases for act in _acts(case, at)])
            keys = keys - {case.pk for case in cases}
    except Exception:
        logger.info("cases are told of their refunds one by one", exc_info=True)
    for key in keys:
        try:
            _tell_one(key)
        except Refused:
            logger.info("case %s had moved already", key)
        except Exception:
            logger.exception("case %s could not be told of its refunds", key)


def _acts(case: Case, at: datetime) -> list[Act]:
    if not (name := _news(case)):
        return []
    return [*lapse(case, at), case.run(STEPS[name], Party.CLOCK, None, at, "", {})]


def _tell_one(key: int) -> None:
    case = Case.objects.get(pk=key)
    if name := _news(case):
        getattr(case, name)(by=None)


def _news(case: Case) -> str:
    """The step that follows once all payouts are paid, or one has failed for good; none before."""
    states = {refund.state for refund in case.handed("refunds")}
    if case.status != Status.REFUNDING:
        aside = case.status != Status.REFUND_FAILED and RefundState.FAILED in states
        return "note_failed_payout" if aside and not _noted(case) else ""
    if RefundState.FAILED in states:
        return "fail_refund"
    paid = states == {RefundState.PAID} or (not states and case.to_refund == 0)
    return "finish_refund" if paid else ""


def _noted(case: Case) -> bool:
    """Whether staff know already, and have not looked after it since."""
    if not case.needs_staff:
        return False
    last = case.last_event("note_failed_payout", "retry_refund", "settle_offline")
    return last is not None and last.step == "note_failed_payout"


def finish_cases(limit: int = 200) -> int:
    """Cases whose payouts were noted but which were not told (a crash in between), and those of
    which settling left nothing to pay out."""
    owing = Refund.objects.filter(due_at__isnull=False).values("case_id")
    told = Case.objects.filter(status=Status.REFUNDING).exclude(pk__in=owing)
    waiting = told.filter(Q(refunds__isnull=False) | Q(to_refund=0)).order_by("pk").distinct()
    keys = set(waiting.values_list("pk", flat=True)[:limit])
    if keys:
        _tell(keys)
    return len(keys)
