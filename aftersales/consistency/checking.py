"""Go through all cases in batches; note what does not fit, and close what fits again.

A case that seems broken is looked at once more under its lock, so that a step taken between
two readings is no finding.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import ngettext

from aftersales import clock
from aftersales.bulk import insert_rows, update_rows
from aftersales.consistency.checks import CHECKS
from aftersales.consistency.seeing import Seen, see
from aftersales.enums import Party
from aftersales.languages import in_both
from aftersales.models import Case, Check, Finding, Notice
from aftersales.notices.people import staff_who
from aftersales.rules.deadlines import CHINA

BATCH = 200
MOST_BATCHES = 500  # a task ends some day; the next one goes on
BEGINS = time(3)  # the daily check, in China

Found = dict[tuple[int, str], tuple[Finding.Kind, dict[str, Any]]]


def daily() -> Check | None:
    """Go on with today's check, or begin it once it is time; nothing if it is done."""
    at = clock.now().astimezone(CHINA)
    if at.time() < BEGINS:
        return None
    check, _made = Check.objects.get_or_create(day=at.date(), defaults={"started_at": at})
    if check.ended_at:
        return None
    for _number in range(MOST_BATCHES):
        if not advance(check):
            break
    return check


def check_all() -> Check:
    """The whole check at once, now."""
    check = Check.objects.create(started_at=clock.now())
    while advance(check):
        pass
    return check


def advance(check: Check, batch: int = BATCH) -> bool:
    """Check the next batch; false once there is none. Another worker at it ends it for us."""
    with transaction.atomic():
        held = Check.objects.select_for_update(skip_locked=True)
        row = held.filter(pk=check.pk, ended_at=None).first()
        if row is None:
            return False
        rows = Case.objects.filter(pk__gt=row.reached).order_by("pk")
        keys = list(rows.values_list("pk", flat=True)[:batch])
        row.found += len(examine(keys))
        row.cases += len(keys)
        if keys:
            row.reached = keys[-1]
        if len(keys) < batch:
            row.ended_at = clock.now()
            _tell(row)
        row.save()
    check.__dict__.update(row.__dict__)
    return row.ended_at is None


def _tell(check: Check) -> None:
    """Staff who look after the findings hear of those that are new, all in one notice."""
    new = Finding.objects.filter(found_at__gte=check.started_at, closed_at=None)
    many, cases = new.count(), new.values("case").distinct().count()
    if not many:
        return
    chinese, english = in_both(
        lambda: ngettext(
            "核对发现 {n} 处新的不一致，涉及 {cases} 个售后单",
            "核对发现 {n} 处新的不一致，涉及 {cases} 个售后单",
            many,
        ).format(n=many, cases=cases)
    )
    at = clock.now()
    Notice.objects.bulk_create(
        Notice(
            user=user,
            check_run=check,
            party=Party.STAFF,
            kind="finding",
            text_zh=chinese,
            text_en=english,
            at=at,
            mail_due_at=at if user.email else None,
        )
        for user in staff_who("aftersales.view_finding")
    )


def examine(keys: Sequence[int]) -> Found:
    """What does not fit in these cases, noted."""
    rows = Case.objects.filter(pk__in=keys)
    with transaction.atomic():
        found = _broken(see(rows))
        if found:
            again = {case_id for case_id, _code in found}
            found = _broken(see(_locked(rows.filter(pk__in=again))))
        _note(keys, found, clock.now())
    return found


def _locked(rows: QuerySet[Case]) -> QuerySet[Case]:
    return rows.select_for_update(of=("self",))


def _broken(cases: Sequence[Seen]) -> Found:
    return {
        (seen.case.pk, code): (kind, facts)
        for seen in cases
        for kind, test in CHECKS
        for code, facts in test(seen)
    }


def _note(keys: Sequence[int], found: Found, at: datetime) -> None:
    """New findings are stored, known ones seen again, and those that passed are closed."""
    known = {
        (row.case_id, row.code): row
        for row in Finding.objects.filter(case__in=keys, closed_at=None)
    }
    for key, row in known.items():
        if key in found:
            row.seen_at, row.facts = at, found[key][1]
        else:
            row.closed_at = at
    update_rows(list(known.values()), ["facts", "seen_at", "closed_at"])
    insert_rows(
        [
            Finding(case_id=key[0], code=key[1], kind=kind, facts=facts, found_at=at, seen_at=at)
            for key, (kind, facts) in found.items()
            if key not in known
        ]
    )
