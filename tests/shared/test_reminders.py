"""提醒: whoever must act is reminded of his deadline at its marks, once, and never of one that moved."""

import io
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import call_command

from aftersales import extending, tasks
from aftersales.enums import Party, Reminder, Status
from aftersales.models import Case, Extension, Notice, User
from aftersales.notices.delivering import deliver_due, send_mails
from aftersales.notices.reminding import remind_all, remind_due
from aftersales.rules import reminders
from aftersales.tasks import expire_all
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
AROUND = pytest.mark.parametrize("off", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])


def reminded(case: Case) -> list[tuple[str, str]]:
    """Who was reminded of a case, and of which mark, oldest first."""
    found = Notice.objects.filter(case=case, kind__in=Reminder.values).order_by("pk")
    return [(notice.user.username, notice.kind) for notice in found.select_related("user")]


# When ---------------------------------------------------------------------------------------------


@AROUND
@pytest.mark.parametrize(("mark", "left"), [("half", 24 * HOUR), ("last", 2 * HOUR)])
def test_a_merchant_at_half_of_his_time_and_at_two_hours_left(
    mark: str, left: timedelta, off: timedelta, make_case: Any, now: Any
) -> None:
    case = make_case()
    assert case.due_at is not None
    now.move_to(case.due_at - left + off, tick=False)
    remind_all()
    told = [("xiaochen", mark)] if off >= timedelta() else []
    assert [pair for pair in reminded(case) if pair[1] == mark] == told


@AROUND
@pytest.mark.parametrize("trait", ["agreed", "rejected"])
def test_a_buyer_at_a_day_left_to_send_back_or_to_ask_the_platform(
    trait: str, off: timedelta, make_case: Any, now: Any
) -> None:
    """D4, D6."""
    case = make_case(trait, type="return_refund")
    assert case.due_at is not None
    now.move_to(case.due_at - 24 * HOUR + off, tick=False)
    remind_all()
    assert reminded(case) == ([("linshu", "day")] if off >= timedelta() else [])


def test_a_buyer_whose_return_was_refused_is_told_of_that_and_of_no_rejection(
    make_case: Any, now: Any
) -> None:
    """D6, T-18: before his time is over, and after."""
    case = make_case("refused_goods", type="return_refund")
    now.move_to(case.due_at - 24 * HOUR)
    remind_all()
    now.shift(25 * HOUR)
    case.catch_up()
    deliver_due()
    mine = Notice.objects.filter(user=case.buyer, kind__in=["day", "lapse_rejection"])
    assert [each.text[:9] for each in mine.order_by("pk")] == ["商家拒绝收下退回的"] * 2


@AROUND
def test_nobody_is_reminded_of_what_is_over(off: timedelta, make_case: Any, now: Any) -> None:
    """The sweep stood still; at the deadline and after it a reminder would be false."""
    case = make_case()
    assert case.due_at is not None
    now.move_to(case.due_at + off, tick=False)
    remind_all()
    assert reminded(case) == ([("xiaochen", "last")] if off < timedelta() else [])
    expire_all()
    remind_all()
    assert len(reminded(case)) <= 1


def test_of_marks_that_passed_meanwhile_only_the_last_is_told(make_case: Any, now: Any) -> None:
    case = make_case()
    now.shift(47 * HOUR)
    remind_all()
    assert reminded(case) == [("xiaochen", "last")]


@pytest.mark.parametrize("trait", ["taken_in", "resent", "under_review"])
def test_whose_turn_has_no_marks_is_left_in_peace(trait: str, make_case: Any, now: Any) -> None:
    case = (
        make_case(trait, type="resend" if trait == "resent" else "refund_received")
        if (trait != "taken_in")
        else make_case(trait, type="return_refund")
    )
    before = len(reminded(case))
    now.shift(timedelta(days=2))
    remind_all()
    assert len(reminded(case)) == before


@pytest.mark.parametrize("type_", ["return_refund", "exchange"])
def test_a_merchant_who_must_inspect_is_reminded_too(type_: str, make_case: Any, now: Any) -> None:
    case = make_case("sent_back", type=type_)
    assert case.status == Status.AWAITING_MERCHANT_RECEIPT
    now.move_to(case.due_at - 2 * HOUR, tick=False)
    remind_all()
    assert reminded(case) == [("xiaochen", "last")]


# Once ---------------------------------------------------------------------------------------------


def test_a_sweep_that_runs_again_says_nothing_again(make_case: Any, now: Any) -> None:
    """Nor does one that died before it noted how far it came."""
    case = make_case()
    now.shift(24 * HOUR)
    remind_all()
    remind_all()
    Case.objects.filter(pk=case.pk).update(remind_at=case.applied_at)
    remind_all()
    assert reminded(case) == [("xiaochen", "half")]


def test_a_message_between_mark_and_sweep_loses_no_reminder(
    make_case: Any, now: Any, buyer: User
) -> None:
    case = make_case()
    now.shift(24 * HOUR + SECOND)
    case.send_message(by=buyer, text="在吗")
    remind_all()
    assert reminded(case) == [("xiaochen", "half")]


def test_more_cases_than_a_batch_are_all_reminded(make_case: Any, now: Any) -> None:
    cases = [make_case() for _number in range(5)]
    now.shift(24 * HOUR)
    assert remind_due(2) == 2
    assert remind_all(2) == 3
    assert [reminded(case) for case in cases] == [[("xiaochen", "half")]] * 5


def test_the_queries_do_not_grow_with_the_cases(
    make_case: Any, now: Any, django_assert_max_num_queries: Any
) -> None:
    for _number in range(12):
        make_case()
    now.shift(24 * HOUR)
    with django_assert_max_num_queries(8):
        assert remind_due() == 12


# No false ones ------------------------------------------------------------------------------------


def test_a_deadline_that_fell_away_reminds_nobody(make_case: Any, now: Any, merchant: User) -> None:
    agreed, cancelled = make_case(), make_case()
    agreed.agree(by=merchant)
    cancelled.cancel(by=cancelled.buyer)
    now.shift(47 * HOUR)
    remind_all()
    assert reminded(agreed) == reminded(cancelled) == []


def test_a_deadline_that_was_moved_reminds_at_its_new_marks(
    make_case: Any, now: Any, staff: User
) -> None:
    """An outage of ten hours: half comes five hours later, the last two hours ten."""
    case = make_case()
    applied = case.applied_at
    Extension.objects.create(
        kind=Extension.Kind.OUTAGE,
        starts_at=applied + HOUR,
        ends_at=applied + 11 * HOUR,
        why="机房断电，页面打不开。",
        user=staff,
        at=applied,
    )
    now.shift(12 * HOUR)
    assert extending.run_due() == 1
    case.refresh_from_db()
    assert case.due_at == applied + 58 * HOUR
    for hours, told in ((28, []), (29, ["half"]), (46, ["half"]), (56, ["half", "last"])):
        now.move_to(applied + hours * HOUR, tick=False)
        remind_all()
        assert [mark for _who, mark in reminded(case)] == told, hours


def test_half_is_said_once_of_a_turn_but_the_last_hours_of_every_deadline(
    make_case: Any, now: Any, staff: User
) -> None:
    case = make_case()
    applied = case.applied_at
    now.shift(46 * HOUR)
    remind_all()
    assert reminded(case) == [("xiaochen", "last")]
    Extension.objects.create(
        kind=Extension.Kind.OUTAGE,
        starts_at=applied + 40 * HOUR,
        ends_at=applied + 45 * HOUR,
        why="机房断电，页面打不开。",
        user=staff,
        at=applied,
    )
    extending.run_due()
    now.move_to(applied + 51 * HOUR, tick=False)
    remind_all()
    assert reminded(case) == [("xiaochen", "last")] * 2


def test_whoever_has_the_case_is_reminded_and_not_the_whole_shop(
    make_case: Any, now: Any, shop: Any, merchant: User
) -> None:
    colleague = MemberFactory(shop=shop)
    mine, ours = make_case(), make_case()
    mine.assign(by=merchant, member=colleague)
    now.shift(24 * HOUR)
    remind_all()
    assert reminded(mine) == [(colleague.user.username, "half")]
    assert {who for who, _mark in reminded(ours)} == {"xiaochen", colleague.user.username}


# Words, and the road ------------------------------------------------------------------------------


def test_a_reminder_names_the_goods_and_the_deadline_in_both_languages(
    make_case: Any, now: Any
) -> None:
    case = make_case()
    now.shift(46 * HOUR)
    remind_all()
    notice = Notice.objects.get(case=case, kind="last")
    assert notice.text_zh == (
        "“青瓷开片手冲咖啡杯”的处理时间不足 2 小时，今天 12:00 到期，逾期将按规则自动处理"
    )
    assert notice.party == Party.MERCHANT
    assert notice.reminder == "剩余 2 小时"


def test_beat_wakes_the_sweep_and_so_does_the_command(make_case: Any, now: Any) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["remind"]
    assert entry["task"] == tasks.remind.name
    by_beat, by_hand = make_case(), make_case()
    now.shift(24 * HOUR)
    Case.objects.filter(pk=by_hand.pk).update(remind_at=None)
    tasks.remind.apply()
    assert reminded(by_beat) == [("xiaochen", "half")]
    Case.objects.filter(pk=by_hand.pk).update(remind_at=by_hand.applied_at)
    said = io.StringIO()
    call_command("remind", "--dry-run", stdout=said)
    assert f"{by_hand.code}  2026-11-25 04:00  half" in said.getvalue()
    assert reminded(by_hand) == []
    call_command("remind", stdout=said)
    assert "1 cases were at a mark" in said.getvalue()
    assert reminded(by_hand) == [("xiaochen", "half")]


# Quiet hours --------------------------------------------------------------------------------------

NIGHT = (time(22), time(8))


def china(hour: int, minute: int = 0, second: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC) - 8 * HOUR


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (china(21, 59, 59), None),
        (china(22), china(8, day=25)),
        (china(23, 30), china(8, day=25)),
        (china(0), china(8)),
        (china(7, 59, 59), china(8)),
        (china(8), None),
    ],
)
def test_the_quiet_hours_of_a_night(at: datetime, until: datetime | None) -> None:
    assert reminders.held_until(*NIGHT, at, None) == until


@pytest.mark.parametrize(
    ("at", "until"), [(china(11), None), (china(12), china(14)), (china(14), None)]
)
def test_the_quiet_hours_of_a_day(at: datetime, until: datetime | None) -> None:
    assert reminders.held_until(time(12), time(14), at, None) == until
    assert reminders.held_until(None, None, at, None) is None


@pytest.mark.parametrize(
    ("deadline", "until"),
    [
        (china(12, day=25), china(8, day=25)),  # morning is early enough
        (china(7, day=25), china(5, day=25)),  # two hours before it
        (china(1, day=25), None),  # less than two hours are left: at once
        (china(1, 0, 1, day=25), china(23, 0, 1)),
    ],
)
def test_a_deadline_cuts_the_quiet_hours_short(deadline: datetime, until: datetime | None) -> None:
    assert reminders.held_until(*NIGHT, china(23), deadline) == until


def test_an_email_waits_for_the_morning_unless_it_is_urgent(
    make_case: Any, now: Any, merchant: User, buyer: User
) -> None:
    """The negotiation gives the buyer an hour, so he is told at night; the merchant is not."""
    for user in (merchant, buyer):
        user.email = f"{user.username}@example.com"
        user.quiet_from, user.quiet_until = NIGHT
        user.save()
    now.move_to(china(22, 30), tick=False)
    make_case("waiting")
    deliver_due()
    assert send_mails() == 1
    assert [message.to for message in mail.outbox] == [["linshu@example.com"]]
    now.move_to(china(8, day=25) - SECOND, tick=False)
    assert send_mails() == 0
    now.move_to(china(8, day=25), tick=False)
    assert send_mails() == 1
    assert mail.outbox[1].to == ["xiaochen@example.com"]
    assert Notice.objects.get(user=merchant).mail_tries == 1
