"""The queue of notices: undelivered events in, one notice a person out; then the e-mails."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from aftersales import clock
from aftersales.display import dated, moved_to
from aftersales.enums import SIDES, Party, Status
from aftersales.languages import in_both, language_of
from aftersales.models import Event, Notice, User
from aftersales.models.history import OF_ACCOUNT
from aftersales.notices.people import RULES, members_of, reviewers_of, staff_who
from aftersales.rules import deadlines, reminders, visibility
from aftersales.steps import STEPS

logger = logging.getLogger(__name__)

MOST_MAIL_TRIES = 8


# Steps that neither side needs to be told of: they change nothing for it.
SILENT = {"confirm_risks", "note_failed_payout", "reveal_number", "undo"} | visibility.REVIEWERS_OWN
UNDOABLE = {name for name, known in STEPS.items() if known.undoable}
# The shop's own business: told to the one member whom it concerns.
FOR_ONE = {"assign": "member_user"}
# What the reviewer who claimed a request to the platform waits for; also that it is over.
FOR_REVIEWER = {
    *("add_evidence", "close_evidence", "withdraw", "appeal"),
    *("propose_suspension", "answer_suspension", "prove_suspension"),
}
# What whoever may rule has to look after, for nobody else can.
FOR_STAFF = {"fail_refund", "note_failed_payout", "ask_reopen"}


def deliver_due(limit: int = 1000) -> int:
    """Make notices of the next undelivered events; return how many events were delivered."""
    with transaction.atomic():
        at = clock.now()
        waiting = Event.objects.filter(delivered_at=None).select_for_update(
            of=("self",), skip_locked=True
        )
        waiting = waiting.exclude(case__held_until__gt=at)  # may still be undone
        events = list(
            waiting.select_related("case__line", "case__shop", "case__buyer").order_by("id")[:limit]
        )
        if not events:
            return 0
        teams = members_of({event.case.shop_id for event in events})
        reviewers = reviewers_of({event.case_id for event in events if _for_reviewer(event)})
        staff = staff_who(RULES) if any(_for_staff(event) for event in events) else []
        gone = _undone(events)
        notices: list[Notice] = []
        for event in events:
            if (event.case_id, event.version) in gone:
                continue
            reviewer = reviewers.get(event.case_id) if _for_reviewer(event) else None
            platform = [reviewer] if reviewer else staff if _for_staff(event) else []
            notices.extend(_notices(event, teams.get(event.case.shop_id, []), platform))
        _fold(notices)
        Notice.objects.bulk_create(notices, ignore_conflicts=True, batch_size=1000)
        Event.objects.filter(pk__in=[event.pk for event in events]).update(delivered_at=clock.now())
    return len(events)


def _fold(notices: Sequence[Notice]) -> None:
    """One notice of a case and kind, not forty: a new one takes the place of the unread one before
    it, counts it, and is the only one that is e-mailed."""
    cases = {notice.case_id for notice in notices}
    users = {notice.user_id for notice in notices}
    unread = Notice.objects.filter(case__in=cases, user__in=users, latest=True).unread()
    standing = {_place(notice): notice for notice in unread.exclude(event=None).order_by("event")}
    replaced = []
    for notice in notices:
        before = standing.get(_place(notice))
        if before is not None and (before.event_id or 0) >= (notice.event_id or 0):
            notice.latest, notice.mail_due_at = False, None  # delivered once more, or late
            continue
        if before is not None:
            notice.many = before.many + 1
            before.latest, before.mail_due_at = False, None
            if before.pk:
                replaced.append(before.pk)
        standing[_place(notice)] = notice
    Notice.objects.filter(pk__in=replaced).update(latest=False, mail_due_at=None)


def _place(notice: Notice) -> tuple[int, int | None, str]:
    return notice.user_id, notice.case_id, notice.kind


def _undone(events: list[Event]) -> set[tuple[int, int]]:
    """Case and version of the agreements among them that were taken back in time."""
    cases = {event.case_id for event in events if event.step in UNDOABLE}
    taken_back = Event.objects.filter(case__in=cases, step="undo") if cases else []
    return {(event.case_id, event.version - 1) for event in taken_back}


def _for_reviewer(event: Event) -> bool:
    """What changes the case before him: new evidence, time, or that the sides have settled."""
    review = str(Status.PLATFORM_REVIEW)
    settled = event.before == review != event.after and event.party in SIDES
    return event.step in FOR_REVIEWER or settled


def _for_staff(event: Event) -> bool:
    """D5: also a refused parcel that nobody has seen come back."""
    lost = event.step == "close_unrefused" and not event.details["signed"]
    return lost or event.step in FOR_STAFF


def _notices(event: Event, members: list[User], platform: list[User]) -> list[Notice]:
    """One notice for each of the people whom an event concerns."""
    people = people_of(event, members, platform)
    at = clock.now()
    texts = {party: text_of(event, party) for party in {party for party, _user in people}}
    return [
        Notice(
            user=user,
            case=event.case,
            event=event,
            party=party,
            kind=event.step,
            text_zh=texts[party][0],
            text_en=texts[party][1],
            at=at,
            mail_due_at=at if user.email else None,
        )
        for party, user in people
    ]


def people_of(
    event: Event, members: list[User], platform: Sequence[User] = ()
) -> list[tuple[Party, User]]:
    """Who is told of an event: the sides that did not take the step themselves, and of the
    platform those whom it concerns. Whoever is on both is told once, as a side."""
    people: list[tuple[Party, User]] = []
    if event.step in FOR_ONE:
        only = event.details.get(FOR_ONE[event.step])
        people.extend((Party.MERCHANT, user) for user in members if user.pk == only)
    elif event.step not in SILENT:
        if event.party != Party.BUYER:
            people.append((Party.BUYER, event.case.buyer))
        if event.party != Party.MERCHANT:
            people.extend((Party.MERCHANT, user) for user in members)
    sides = {user.pk for _party, user in people}
    people.extend((Party.STAFF, user) for user in platform if user.pk not in sides)
    return [(party, user) for party, user in people if user.pk != event.user_id]


def text_of(event: Event, party: Party) -> tuple[str, str]:
    """What a side is told of an event, in Chinese and in English."""
    return in_both(lambda: _text(event, party))


# Steps whose texts ask their reader for something that he owes by the end of the clock that runs.
ASKS = {
    *("apply", "agree_return", "agree_refusal", "agree_by_default"),
    *("reject", "refuse_receipt", "refuse_collect", "rule", "give_address", "execute_ruling"),
    *("ship_replacement", "note_arrival", "report_unrepairable", "choose_exchange", "reopen"),
    "decline",
}
CLOSES = {"close_unreturned", "close_unrefused", "lapse_rejection"}  # may be asked for anew
ASKS_PROOF = {"ask_platform", "dispute_arrival", "take_over", "ask_supplement"}


def by_when(event: Event, party: Party) -> datetime | None:
    """Until when its reader is to do what he is asked for; nothing once the case has moved on."""
    case, details = event.case, event.details
    if case.status != event.after:
        return None
    if event.step == "extend":
        return moved_to(details)
    if event.step == "ask_for":
        return datetime.fromisoformat(details["until"])
    if event.step == "negotiate":
        return case.reply_due_at
    if event.step in ASKS_PROOF:
        return case.evidence_due_at if details.get("of", party) in ("", party) else None
    if case.ended:
        mine = party == Party.BUYER and event.step in CLOSES and not case.reopening
        return case.reopen_by if mine else None
    watch = deadlines.watch_of(case)
    asked = event.step in ASKS and watch is not None and watch.party == party
    return case.due_at if asked else None


def _text(event: Event, party: Party) -> str:
    known = STEPS.get(event.step)
    label = known.label if known else event.step
    context: dict[str, Any] = {
        "case": event.case,
        "event": event,
        "details": event.told,
        "party": party,
        "label": label,
    }
    names = [f"notices/{event.step}.txt", "notices/step.txt"]
    try:
        told, until = render_to_string(names, context), by_when(event, party)
    except Exception:  # one broken text must not stop the queue; the general one says enough
        logger.exception("the text for %s is broken", event.step)
        told, until = render_to_string(names[1:], context), None
    text = " ".join(told.split())
    if until is None:
        return text
    return _("{text} · {until} 截止").format(text=text, until=dated(until, clock.now()))


def tell_of_account(user: User, text: str) -> None:
    """Tell somebody what became of his account; ``text`` is a msgid. In the transaction of the deed,
    so that it is told if it is done."""
    chinese, english = in_both(lambda: _(text))
    at = clock.now()
    Notice.objects.create(
        user=user,
        party=Party.STAFF if user.is_staff else Party.BUYER,
        kind=OF_ACCOUNT,
        text_zh=chinese,
        text_en=english,
        at=at,
        mail_due_at=at if user.email else None,
    )


def send_mails(limit: int = 200) -> int:
    """Send the notices that are due by e-mail, each at least once; return how many went out."""
    sent = 0
    due = Notice.objects.filter(mail_due_at__lte=clock.now()).order_by("mail_due_at")
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        sent += _mail(pk)
    return sent


def _mail(pk: int) -> bool:
    at = clock.now()
    with transaction.atomic():
        rows = Notice.objects.select_for_update(of=("self",), skip_locked=True)
        notice = (
            rows.filter(pk=pk, mail_due_at__lte=at)
            .select_related("user", "case", "line__order", "request", "check_run")
            .first()
        )
        if notice is None:
            return False
        if held := _held_until(notice, at):
            notice.mail_due_at = held
            notice.save(update_fields=["mail_due_at"])
            return False
        notice.mail_tries += 1
        gone = notice.mail_tries >= MOST_MAIL_TRIES
        wait = timedelta(minutes=2**notice.mail_tries)
        notice.mail_due_at = None if gone else at + wait
        notice.save(update_fields=["mail_tries", "mail_due_at"])
    with override(language_of(notice.user)):
        if notice.request_id:
            told = _("客服工单 %(code)s 有更新")
        elif notice.case_id:
            told = _("售后单 %(code)s 有更新")
        elif notice.check_run_id:
            told = _("%(code)s发现不一致")
        elif notice.kind == OF_ACCOUNT:
            told = _("%(code)s提醒")
        else:
            told = _("订单 %(code)s 有新消息")
        subject, body = told % {"code": notice.about}, notice.text
    headers = {"Message-ID": f"<notice-{notice.pk}@{settings.MAIL_DOMAIN}>"}
    try:
        EmailMessage(subject, body, to=[notice.user.email], headers=headers).send()
    except Exception:
        logger.exception("notice %s could not be mailed", pk)
        return False
    Notice.objects.filter(pk=pk).update(mailed_at=clock.now(), mail_due_at=None)
    return True


def _held_until(notice: Notice, at: datetime) -> datetime | None:
    """The quiet hours of its reader, as he has them now; a deadline of his own cuts them short, and
    what becomes of his account is told in them too."""
    if notice.kind == OF_ACCOUNT:
        return None
    reader, case = notice.user, notice.case
    deadline = reminders.own_deadline(case, Party(notice.party)) if case is not None else None
    return reminders.held_until(reader.quiet_from, reader.quiet_until, at, deadline)
