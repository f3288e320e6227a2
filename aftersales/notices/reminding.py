"""The sweep of reminders: cases whose next mark (``remind_at``) has come, each told of once."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string

from aftersales import clock
from aftersales.bulk import update_rows
from aftersales.enums import Party, Reminder
from aftersales.languages import in_both
from aftersales.models import Appeal, Case, Notice, User
from aftersales.notices.people import RULES, members_of, reviewers_of, staff_who
from aftersales.rules import reminders


def remind_due(limit: int = 500) -> int:
    """Remind whoever must act of the next cases that have come to a mark; return how many cases.

    Notices and the next mark are written in one transaction; a mark that was written is never
    written again, and of several that passed meanwhile only the last is told.
    """
    at = clock.now()
    with transaction.atomic():
        waiting = Case.objects.filter(remind_at__lte=at).select_related(
            "line", "buyer", "assignee__user"
        )
        claimed = waiting.select_for_update(of=("self",), skip_locked=True)
        cases = list(claimed.order_by("remind_at")[:limit])
        if not cases:
            return 0
        teams = members_of({case.shop_id for case in cases})
        fallen = {case.pk: reminders.fallen(case, at) for case in cases}
        late = [pk for pk, mark in fallen.items() if mark == Reminder.OVERDUE]
        reviewers = reviewers_of(late) if late else {}
        staff = staff_who(RULES) if late else []
        notices: list[Notice] = []
        for case in cases:
            mark = fallen[case.pk]
            if mark == Reminder.OVERDUE:
                own = reviewers.get(case.pk)
                notices.extend(_notices(case, mark, Party.STAFF, [own] if own else staff, at))
            elif mark == Reminder.DAY:
                notices.extend(_notices(case, mark, Party.BUYER, [case.buyer], at))
            elif mark is not None:
                team = _at_work(case, teams.get(case.shop_id, []))
                notices.extend(_notices(case, mark, Party.MERCHANT, team, at))
            case.remind_at = reminders.next_at(case, at)
        Notice.objects.bulk_create(notices, ignore_conflicts=True, batch_size=1000)
        update_rows(cases, ["remind_at"])
    return len(cases)


def remind_all(limit: int = 500) -> int:
    """Batch by batch, until no case waits; return how many were at a mark. Appeals besides."""
    remind_of_appeals()
    done = taken = remind_due(limit)
    while taken == limit:
        taken = remind_due(limit)
        done += taken
    return done


def remind_of_appeals(limit: int = 500) -> int:
    """Tell staff of the next appeals that fell overdue, once for each target; return how many.

    They have no clock on the case; that of the appeal only reminds. Whoever may still decide is
    told: not who ruled, nor who proposed the reversal that waits for a second person.
    """
    at = clock.now()
    told = Notice.objects.filter(
        case=OuterRef("case"), kind=Reminder.APPEAL, at__gte=OuterRef("decide_by")
    )
    late = Appeal.objects.overdue(at).exclude(Exists(told)).select_related("case__line")
    appeals = list(late.select_related("intervention")[:limit])
    staff = staff_who(RULES) if appeals else []
    notices: list[Notice] = []
    for appeal in appeals:
        barred = {appeal.intervention.ruled_by_id, appeal.decided_by_id}
        free = [user for user in staff if user.pk not in barred]
        told_of = _notices(appeal.case, Reminder.APPEAL, Party.STAFF, free, at, appeal.decide_by)
        notices.extend(told_of)
    Notice.objects.bulk_create(notices, ignore_conflicts=True, batch_size=1000)
    return len(appeals)


def _notices(
    case: Case,
    mark: Reminder,
    party: Party,
    people: list[User],
    at: datetime,
    since: datetime | None = None,
) -> Iterator[Notice]:
    """``since`` is the moment that the mark belongs to, where it is none of the case's clock."""
    due_at = since or case.due_at
    since = since or (case.due_from if mark == Reminder.HALF else case.due_at)
    chinese, english = text_of(case, mark, at, due_at)
    for user in people:
        yield Notice(
            user=user,
            case=case,
            party=party,
            kind=mark,
            mark=f"{mark}:{since.isoformat() if since else ''}",
            text_zh=chinese,
            text_en=english,
            at=at,
            mail_due_at=at if user.email else None,
        )


def _at_work(case: Case, team: list[User]) -> list[User]:
    """The one to whom the case is assigned; without him, the whole shop."""
    own = [user for user in team if case.assignee and user.pk == case.assignee.user_id]
    return own or team


def text_of(case: Case, mark: Reminder, at: datetime, due_at: datetime | None) -> tuple[str, str]:
    """What a reminder says, in Chinese and in English."""
    context = {"case": case, "now": at, "due_at": due_at}
    return in_both(
        lambda: " ".join(render_to_string(f"notices/remind_{mark}.txt", context).split())
    )
