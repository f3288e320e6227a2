"""工作时间: clocks that run in working hours, on the days on which China works."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales import clock, extending
from aftersales.enums import Reminder
from aftersales.models import Case, Extension, Policy, Window
from aftersales.rules import reminders, worktime
from aftersales.rules.worktime import CHINA, Hours
from tests.factories import OrderFactory, application_for

TEN_TO_SIX = Hours.read("10:00-18:00")
TEN_TO_SIX_OCLOCK = {"works_from": "10:00", "works_until": "18:00"}
NINE_TO_SIX = {"works_from": "09:00", "works_until": "18:00"}
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("began", "hours", "until"),
    [
        ("2026-11-20 17:00", 2, "2026-11-23 11:00"),  # Friday to Monday
        ("2026-11-20 16:00", 2, "2026-11-20 18:00"),  # to the closing second
        ("2026-11-20 18:00", 2, "2026-11-23 12:00"),
        ("2026-11-21 09:00", 2, "2026-11-23 12:00"),  # on a Saturday
        ("2026-11-23 08:00", 2, "2026-11-23 12:00"),  # before opening
        ("2026-11-23 10:00", 16, "2026-11-24 18:00"),  # two whole days
        ("2026-02-13 17:00", 2, "2026-02-14 11:00"),  # a Saturday worked before Spring Festival
        ("2026-02-14 17:00", 2, "2026-02-24 11:00"),  # nine days off, a Monday among them
        ("2026-09-30 17:00", 2, "2026-10-08 11:00"),  # the National Day
        ("2026-10-09 17:00", 2, "2026-10-10 11:00"),  # a Saturday worked after it
        ("2027-02-04 17:00", 2, "2027-02-11 11:00"),  # a year whose notice is not out yet
    ],
)
def test_working_time_is_counted_as_people_work(began: str, hours: int, until: str) -> None:
    """§1.4: opened Friday 17:00 with a 2-working-hour target and Mon–Fri 10–18 → Monday 11:00."""
    assert worktime.end_of(china(began), hours * HOUR, TEN_TO_SIX) == china(until)
    assert worktime.between(china(began), china(until), TEN_TO_SIX) == hours * HOUR


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-02-14", True),
        ("2026-02-16", False),
        ("2026-02-28", True),
        ("2026-10-01", False),
        ("2026-10-10", True),
        ("2026-11-21", False),
        ("2026-11-23", True),
    ],
)
def test_public_holidays_and_the_weekends_worked_for_them_are_known(day: str, works: bool) -> None:
    """The State Council's notice of 2026."""
    assert worktime.works_on(date.fromisoformat(day)) is works


def test_a_window_in_working_hours_is_stamped_and_counted(shop: Any, buyer: Any, now: Any) -> None:
    """D2, §1.4: the clock of a case runs in the working hours of its window."""
    now.move_to(datetime(2026, 11, 20, 9, 0, tzinfo=UTC), tick=False)  # Friday 17:00 in China
    Window.objects.filter(clock="D2").update(minutes=120, works_from="10:00", works_until="18:00")
    order = OrderFactory(shop=shop, buyer=buyer)
    case = Case.apply(order.lines.first(), application_for(order), by=buyer)
    assert case.due_at == china("2026-11-23 11:00")
    assert (case.windows["D2"], case.windows["D2.hours"]) == (120, "10:00-18:00")
    now.move_to(case.due_at - SECOND, tick=False)
    assert not case.catch_up()
    now.move_to(case.due_at, tick=False)
    assert case.catch_up()
    assert case.status == "refunding"


def test_a_wait_in_negotiation_may_count_working_time_too(make_desk: Any) -> None:
    """D15: at Monday noon an hour is an hour; the round says the same as the case."""
    Window.objects.filter(clock="D15").update(works_from="10:00", works_until="12:30")
    case = make_desk("waiting").case
    assert case.reply_due_at == china("2026-11-24 10:30")
    assert case.last_round.due_at == case.reply_due_at


@pytest.mark.parametrize(
    ("waited", "until"),
    [
        (60, "2026-11-25 12:30"),  # of the wait, half lies after work
        (20, "2026-11-25 12:20"),  # an answer gives back only what was waited
        (50, "2026-11-25 12:30"),
    ],
)
def test_a_round_gives_back_the_working_time_that_its_wait_took(
    waited: int, until: str, make_desk: Any, now: Any
) -> None:
    """NEG-51, with the switch on: half past five is no time to give back an hour that ends at half past six."""
    Policy.objects.update(negotiation_pauses_deadline=True)
    Window.objects.filter(clock="D2").update(minutes=960, works_from="10:00", works_until="18:00")
    desk = make_desk("checked")  # Monday noon: sixteen hours are over on Wednesday at noon
    assert desk.case.due_at == china("2026-11-25 12:00")
    now.move_to(datetime(2026, 11, 23, 9, 30, tzinfo=UTC), tick=False)  # 17:30

    desk.negotiate()
    now.shift(timedelta(minutes=waited))
    desk.reply() if waited < 60 else desk.case.catch_up()

    assert desk.case.due_at == china(until)


def test_what_pages_foretell_counts_working_time_too(make_case: Any, buyer: Any) -> None:
    """D11, NEG-08: until when the platform would take proof, and whether two rounds still fit."""
    hours = {"works_from": "10:00", "works_until": "18:00"}
    Window.objects.filter(clock__in=["D11", "D15"]).update(minutes=490, **hours)
    case = make_case("rejected")
    client = Client()
    client.force_login(buyer)
    page = client.get(reverse("buyers:ask_platform", args=[case.code]))
    case.ask_platform(by=buyer, reason="照片很清楚地拍到裂纹，商家不讲理。")
    assert page.context["evidence_until"] == case.evidence_due_at

    fresh = make_case()
    assert fresh.due_at == china("2026-11-25 12:00")  # the second wait would end at 12:20
    assert "RW-16" in {each.code for each in fresh.warnings()}


def test_a_suspended_clock_goes_on_with_the_working_time_that_was_left(
    make_case: Any, staff: Any, now: Any
) -> None:
    """T-23, D11, D14: stopped on Monday at two with two hours left, resumed on a Saturday."""
    Window.objects.filter(clock="D11").update(minutes=240, **NINE_TO_SIX)
    Window.objects.filter(clock="D14").update(minutes=8 * 60, **NINE_TO_SIX)
    case = make_case("under_review")
    assert case.evidence_due_at == china("2026-11-23 16:00")
    now.move_to(china("2026-11-23 14:00"), tick=False)
    case.suspend(by=staff, because="court", note="买家已起诉到法院。", proof="民初 123 号")
    now.move_to(china("2026-11-28 10:00"), tick=False)

    case.resume(by=staff)

    asked = case.last_intervention
    assert case.evidence_due_at == asked.evidence_due_at == china("2026-11-30 11:00")
    assert case.due_at == asked.decide_by == china("2026-11-30 15:00")


def test_a_request_taken_back_leaves_the_working_time_that_was_left(
    make_case: Any, buyer: Any, now: Any
) -> None:
    """T-19, D6: sixteen working hours to answer a rejection, from Friday at five; the page says so."""
    Window.objects.filter(clock="D6").update(minutes=16 * 60, **TEN_TO_SIX_OCLOCK)
    Window.objects.filter(clock="restored").update(minutes=60)
    case = make_case("under_review")
    now.move_to(china("2026-11-27 17:00"), tick=False)
    case.catch_up()
    client = Client()
    client.force_login(buyer)
    page = client.get(reverse("buyers:withdraw", args=[case.code]))

    case.withdraw(by=buyer)

    assert case.due_at == china("2026-12-01 17:00")
    assert page.context["until"] == case.due_at


@pytest.mark.parametrize(
    ("starts", "ends", "until"),
    [
        ("2026-11-23 15:00", "2026-11-23 17:00", "2026-11-24 11:00"),
        ("2026-11-23 16:30", "2026-11-24 09:00", "2026-11-24 10:30"),  # an hour and a half of it
        ("2026-11-22 20:00", "2026-11-23 09:00", "2026-11-23 17:00"),  # a night: nothing is lost
    ],
)
def test_an_outage_gives_back_the_working_time_that_it_took(
    starts: str, ends: str, until: str, make_case: Any, staff: Any, now: Any
) -> None:
    """§1.4: an hour that nobody was to work in was taken from nobody."""
    Window.objects.filter(clock="D2").update(minutes=5 * 60, **TEN_TO_SIX_OCLOCK)
    case = make_case()
    assert case.due_at == china("2026-11-23 17:00")
    extending.carry_out(
        Extension.objects.create(
            kind="outage",
            starts_at=china(starts),
            ends_at=china(ends),
            why="机房断电",
            user=staff,
            at=clock.now(),
        )
    )
    case.refresh_from_db()
    assert case.due_at == china(until)


def test_the_platforms_target_waits_for_a_supplement_in_working_time(
    make_case: Any, staff: Any, now: Any
) -> None:
    """D11, D14: asked on Wednesday noon with two hours left to rule; the supplement ends a day later."""
    Window.objects.filter(clock="D14").update(minutes=18 * 60, **TEN_TO_SIX_OCLOCK)
    case = make_case("under_review")
    assert case.due_at == china("2026-11-25 14:00")
    now.shift(48 * HOUR)
    case.catch_up()

    case.ask_supplement(by=staff, of="buyer", what="请补拍裂纹处的近照。")

    assert case.evidence_due_at == china("2026-11-26 12:00")
    assert case.due_at == case.last_intervention.decide_by == china("2026-11-26 14:00")


def test_a_merchant_is_reminded_while_he_works(shop: Any, buyer: Any, now: Any) -> None:
    """§1.4: of six working hours from Friday at four, half are over on Monday at eleven, and two
    are left at noon."""
    now.move_to(china("2026-11-20 16:00"), tick=False)
    Window.objects.filter(clock="D2").update(minutes=6 * 60, **TEN_TO_SIX_OCLOCK)
    order = OrderFactory(shop=shop, buyer=buyer)
    case = Case.apply(order.lines.first(), application_for(order), by=buyer)
    assert case.due_at == china("2026-11-23 14:00")
    assert reminders.marks(case) == [
        (china("2026-11-23 11:00"), Reminder.HALF),
        (china("2026-11-23 12:00"), Reminder.LAST),
    ]
    assert case.remind_at == china("2026-11-23 11:00")
