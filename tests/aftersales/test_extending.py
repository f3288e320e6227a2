"""延期: an outage or a changed window moves open deadlines later, once, told to both sides."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from aftersales import clock, extending
from aftersales.enums import Party, Status
from aftersales.models import Case, Extension, Notice, User
from aftersales.notices.delivering import deliver_due
from aftersales.payments import pay_due
from aftersales.steps import Refused
from aftersales.tasks import expire_all, extend_deadlines
from tests.aftersales.negotiation.talk import set_policy
from tests.factories import Desk

pytestmark = pytest.mark.django_db
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
WHY = "机房断电"
REASON = "那几天平台打不开，我没有办法寄回商品。"


@pytest.fixture
def outage(staff: User) -> Callable[..., Extension]:
    """Record an outage and carry it out."""

    def record(starts: datetime, ends: datetime) -> Extension:
        made = Extension.objects.create(
            kind="outage", starts_at=starts, ends_at=ends, why=WHY, user=staff, at=clock.now()
        )
        extending.carry_out(made)
        return made

    return record


@pytest.fixture
def adjust(staff: User) -> Callable[..., Extension]:
    """Give open cases a window row and carry it out."""

    def record(clock_: str, minutes: int, **terms: Any) -> Extension:
        row = {"case_type": "", "hours": "", "starts_on": "", "ends_on": ""}
        row |= {"clock": clock_, "minutes": minutes} | terms
        made = Extension.objects.create(
            kind="window", terms=row, why="春节", user=staff, at=clock.now()
        )
        extending.carry_out(made)
        return made

    return record


def said(case: Case, step: str) -> list[dict[str, Any]]:
    return [event.details for event in case.events.filter(step=step)]


# An outage ----------------------------------------------------------------------------------------


def test_an_outage_moves_every_open_deadline_by_its_length(
    make_desk: Any, outage: Any, now: Any
) -> None:
    """D2, D15: the turn and the wait alike; logged as a step of staff, and the round says so."""
    case = make_desk("waiting").case
    due, reply = case.due_at, case.reply_due_at
    starts = clock.now() + SECOND
    now.shift(20 * 60 + 1)
    outage(starts, clock.now())
    length = clock.now() - starts
    case.refresh_from_db()
    assert (case.due_at, case.reply_due_at) == (due + length, reply + length)
    assert case.wake_at == case.reply_due_at
    assert case.last_round.due_at == case.reply_due_at
    event = case.events.get(step="extend")
    assert (event.party, event.details["why"]) == (Party.STAFF, WHY)
    assert set(event.details["clocks"]) == {"due_at", "reply_due_at"}


@pytest.mark.parametrize(
    ("starts", "ends", "moved"),
    [
        (-2 * HOUR, timedelta(), False),  # over when the clock began
        (-2 * HOUR, SECOND, True),
        (47 * HOUR, 48 * HOUR - SECOND, True),
        (48 * HOUR - SECOND, 49 * HOUR, True),
    ],
)
def test_only_clocks_that_ran_during_the_outage_are_moved(
    starts: timedelta, ends: timedelta, moved: bool, make_case: Any, outage: Any, now: Any
) -> None:
    """D2: a clock that began after it, or had run out before it, stays."""
    case = make_case()
    due, applied = case.due_at, case.applied_at
    now.move_to(applied + max(ends, timedelta()), tick=False)
    outage(applied + starts, applied + ends)
    case.refresh_from_db()
    assert case.due_at == due + (ends - starts if moved else timedelta())


def test_an_outage_that_began_when_the_clock_had_run_out_changes_nothing(
    make_case: Any, outage: Any, now: Any
) -> None:
    """D2: expired is expired."""
    case = make_case()
    now.shift(48 * HOUR + SECOND)
    outage(case.due_at, clock.now())
    case.refresh_from_db()
    assert case.due_at == case.applied_at + 48 * HOUR


def test_carrying_it_out_again_moves_nothing_twice(make_case: Any, outage: Any, now: Any) -> None:
    case = make_case()
    now.shift(HOUR)
    made = outage(clock.now() - HOUR, clock.now())
    case.refresh_from_db()
    due = case.due_at
    extending.carry_out(made)
    Extension.objects.update(done_at=None)
    extend_deadlines()
    case.refresh_from_db()
    made.refresh_from_db()
    assert case.due_at == due
    assert made.moved == 1
    assert case.events.filter(step="extend").count() == 1


def test_both_sides_are_told(make_case: Any, outage: Any, now: Any, merchant: User) -> None:
    case = make_case()
    deliver_due()
    Notice.objects.all().delete()
    now.shift(HOUR)
    outage(clock.now() - HOUR, clock.now())
    deliver_due()
    told = Notice.objects.filter(case=case)
    assert {notice.user for notice in told} == {case.buyer, merchant}
    assert all(WHY in notice.text_zh for notice in told)


def test_the_platforms_clocks_move_too(make_case: Any, outage: Any, now: Any) -> None:
    """D11, D14: the evidence window and the day by which staff mean to decide."""
    case = make_case("under_review")
    evidence, decide = case.evidence_due_at, case.last_intervention.decide_by
    now.shift(HOUR)
    outage(clock.now() - HOUR, clock.now())
    case = Case.objects.get(pk=case.pk)
    assert case.evidence_due_at == evidence + HOUR
    asked = case.last_intervention
    assert asked is not None
    assert (asked.evidence_due_at, asked.decide_by) == (evidence + HOUR, decide + HOUR)


def test_a_formal_request_has_as_much_more_time(make_desk: Any, outage: Any, now: Any) -> None:
    """A request's own deadline moves with the case's."""
    desk = make_desk()
    desk.case.ask_for(by=desk.merchant, kind="evidence", text="请补充裂纹处的近照", count=1)
    until = desk.case.request_due_at
    now.shift(HOUR)
    outage(clock.now() - HOUR, clock.now())
    case = Case.objects.get(pk=desk.case.pk)
    assert case.request_due_at == until + HOUR
    assert [asked.due_at for asked in case.open_requests()] == [until + HOUR]


def test_a_supplement_has_it_too(make_case: Any, outage: Any, now: Any, staff: User) -> None:
    """D11."""
    case = make_case("under_review")
    now.shift(48 * HOUR)
    case.catch_up()
    case.ask_supplement(by=staff, of="buyer", what="请补充裂纹处的近照。")
    until = case.evidence_due_at
    now.shift(HOUR)
    outage(clock.now() - HOUR, clock.now())
    case = Case.objects.get(pk=case.pk)
    assert case.last_supplement is not None
    assert case.evidence_due_at == case.last_supplement.due_at == until + HOUR


# What time did during an outage -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "excused"),
    [
        (-HOUR, timedelta(), False),  # the deadline fell at its end
        (-HOUR, SECOND, True),
        (timedelta(), HOUR, True),
        (SECOND, HOUR, False),
    ],
)
def test_what_time_decided_because_of_an_outage_is_nobodys_fault(
    starts: timedelta, ends: timedelta, excused: bool, make_case: Any, outage: Any, now: Any
) -> None:
    """D2, S-20: judged by when it fell due, however late the sweep was; and money stays gone."""
    case = make_case()
    due = case.due_at
    now.move_to(due + 2 * HOUR, tick=False)
    expire_all()
    outage(due + starts, due + ends)
    case.refresh_from_db()
    assert (case.excused_at is not None) is excused
    assert case.status == Status.REFUNDING
    assert case.auto_agreed


def test_an_automatic_agreement_of_an_outage_is_undone_before_the_goods_are_sent(
    make_case: Any, outage: Any, now: Any, merchant: User, staff: User
) -> None:
    """T-08, D3: the merchant asks, staff decide, the clock begins anew."""
    case = make_case(type="return_refund")
    due = case.due_at
    now.move_to(due + HOUR, tick=False)
    expire_all()
    case.refresh_from_db()
    with pytest.raises(Refused, match="不是系统自动处理"):
        case.ask_reopen(by=merchant, reason=REASON)
    outage(due - HOUR, due + SECOND)
    case.refresh_from_db()
    case.ask_reopen(by=merchant, reason=REASON)
    assert case.needs_staff
    case.reopen(by=staff, note="故障期间商家无法处理")
    assert case.status == Status.PENDING_MERCHANT
    assert case.due_at == clock.now() + 48 * HOUR
    assert (case.auto_agreed, case.return_address, case.reopening) == (False, None, "granted")


def test_what_an_outage_cut_off_is_talked_about_anew(
    make_case: Any, outage: Any, now: Any, merchant: User, staff: User
) -> None:
    """NEG-40, NEG-45: a round whose wait time cut off counts for nothing; and who bears the way
    back is as open as it was."""
    case = make_case(type="return_refund", reason="R20")
    due = case.due_at
    now.move_to(due - HOUR / 2, tick=False)
    Desk(case, merchant).negotiate()
    now.move_to(due, tick=False)
    case.catch_up()
    assert case.status == Status.AWAITING_BUYER_RETURN
    outage(due - SECOND, due + SECOND)
    case.refresh_from_db()
    case.reopen(by=staff, note="故障期间商家无法处理")

    assert (case.status, case.round_number, case.round_state) == (Status.PENDING_MERCHANT, 0, "")
    case.agree_return(by=merchant, address=case.default_address(), freight="buyer")
    assert case.freight == "buyer"


def test_money_that_went_out_is_never_clawed_back(
    make_case: Any, outage: Any, now: Any, staff: User, merchant: User
) -> None:
    """S-20: the merchant is excused, the buyer keeps his refund."""
    case = make_case()
    due = case.due_at
    now.move_to(due, tick=False)
    expire_all()
    now.shift(HOUR)
    outage(due - HOUR, due + SECOND)
    case.refresh_from_db()
    assert case.excused_at == clock.now()
    for refusal in (case.refusal("reopen", staff), case.refusal("ask_reopen", merchant)):
        assert refusal == "售后单当前状态不能进行此操作"


# The grace time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "taken"), [(-SECOND, True), (timedelta(), False), (SECOND, False)]
)
def test_a_buyer_whom_time_closed_may_ask_within_the_grace_time(
    late: timedelta, taken: bool, make_case: Any, buyer: User, now: Any
) -> None:
    """T-18: seven days from the closing, a row of the windows."""
    case = make_case("rejected")
    now.move_to(case.due_at, tick=False)
    expire_all()
    case.refresh_from_db()
    now.move_to(case.closed_at + 7 * DAY + late, tick=False)
    assert (case.refusal("ask_reopen", buyer) == "") is taken


def test_staff_bring_a_closed_case_back_to_where_it_was(
    make_case: Any, buyer: User, staff: User, now: Any, client: Client
) -> None:
    """T-18, D6: by the pages of both; the clock of the rejection begins anew."""
    case = make_case("rejected")
    now.move_to(case.due_at, tick=False)
    expire_all()
    client.force_login(buyer)
    page = reverse("buyers:ask_reopen", args=[case.code])
    assert page in client.get(reverse("buyers:case", args=[case.code])).content.decode()
    assert client.post(page, {"reason": "太短"}).status_code == 422
    assert client.post(page, {"reason": REASON}).status_code == 302
    client.force_login(staff)
    assert client.get(reverse("admin:aftersales_case_change", args=[case.pk])).status_code == 200
    assert (
        client.post(reverse("admin:reopen", args=[case.code]), {"note": "情况属实"}).status_code
        == 302
    )
    case = Case.objects.get(pk=case.pk)
    assert (case.status, case.closed_at, case.needs_staff) == (Status.REJECTED, None, False)
    assert case.due_at == clock.now() + 7 * DAY


def test_a_refused_request_is_final(make_case: Any, buyer: User, staff: User, now: Any) -> None:
    case = make_case("rejected")
    now.move_to(case.due_at, tick=False)
    expire_all()
    case.refresh_from_db()
    case.ask_reopen(by=buyer, reason=REASON)
    case.decline_reopen(by=staff, note="期限内多次提醒，没有操作")
    assert case.status == Status.CLOSED_BUYER_TIMEOUT
    with pytest.raises(Refused, match="期限已过"):
        case.ask_reopen(by=buyer, reason=REASON)


def test_goods_that_were_paid_for_since_are_not_exchanged_besides(
    make_case: Any, merchant: User, staff: User, buyer: User, now: Any
) -> None:
    """G2, G6: a closed case comes back only where what it asks for is still there."""
    set_policy(max_applications_per_line=2)
    case = make_case("agreed", type="exchange")
    now.move_to(case.due_at, tick=False)
    expire_all()
    make_case("agreed", type="refund_received", reason="R2", order=case.order)
    pay_due()
    case.refresh_from_db()
    case.ask_reopen(by=buyer, reason=REASON)

    with pytest.raises(Refused, match="可退的金额已不足"):
        case.reopen(by=staff, note="买家出差，情况属实")


def test_a_difference_asked_for_since_stands_beside_what_comes_back(
    make_case: Any, staff: User, buyer: User, now: Any
) -> None:
    """Walk 8 of §1.7: it is no claim for the same goods."""
    case = make_case("agreed", type="return_refund", amount=Decimal("100.00"))
    now.move_to(case.due_at, tick=False)
    expire_all()
    make_case(type="price_difference", order=case.order)
    case.refresh_from_db()
    case.ask_reopen(by=buyer, reason=REASON)
    case.reopen(by=staff, note="买家出差，情况属实")

    assert case.status == Status.AWAITING_BUYER_RETURN


# A changed window for open cases ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "until"),
    [(72 * 60, 72 * HOUR), (48 * 60 + 1, 48 * HOUR + timedelta(minutes=1)), (24 * 60, 48 * HOUR)],
)
def test_a_row_moves_open_deadlines_only_later(
    minutes: int, until: timedelta, make_case: Any, adjust: Any
) -> None:
    """D2, §1.4: the end it would have had under the row, and never an earlier one."""
    case = make_case()
    adjust("D2", minutes)
    case.refresh_from_db()
    assert case.due_at == case.applied_at + until


def test_a_row_takes_nothing_back_of_what_an_outage_gave(
    make_case: Any, adjust: Any, outage: Any, now: Any
) -> None:
    """D2: the hour in which nobody could act is no part of the longer time either."""
    case = make_case()
    now.shift(HOUR)
    outage(clock.now() - HOUR, clock.now())
    adjust("D2", 72 * 60)
    case.refresh_from_db()
    assert case.due_at == case.applied_at + 73 * HOUR


def test_the_same_row_twice_moves_once(make_case: Any, adjust: Any) -> None:
    case = make_case()
    adjust("D2", 72 * 60)
    adjust("D2", 72 * 60)
    case.refresh_from_db()
    assert case.due_at == case.applied_at + 72 * HOUR
    assert len(said(case, "extend")) == 1


@pytest.mark.parametrize(
    ("terms", "moved"),
    [
        ({"case_type": "return_refund"}, False),
        ({"case_type": "refund_received"}, True),
        ({"starts_on": "2026-11-25", "ends_on": "2026-11-30"}, True),
        ({"starts_on": "2026-11-26", "ends_on": "2026-11-30"}, False),
        ({"starts_on": "2026-11-20", "ends_on": "2026-11-24"}, False),
    ],
)
def test_a_row_is_for_its_type_and_its_days(
    terms: dict[str, str], moved: bool, make_case: Any, adjust: Any
) -> None:
    """Spring Festival: clocks that would run out in those days (here: the 25th, noon)."""
    case = make_case()
    adjust("D2", 96 * 60, **terms)
    case.refresh_from_db()
    assert (case.due_at == case.applied_at + 96 * HOUR) is moved


def test_working_hours_can_be_given_to_open_cases(make_case: Any, adjust: Any) -> None:
    """D2: 16 working hours from Monday noon end on Wednesday noon; 48 hours do, too."""
    case = make_case()
    adjust("D2", 18 * 60, hours="10:00-18:00")
    case.refresh_from_db()
    assert localtime(case.due_at).strftime("%m-%d %H:%M") == "11-25 14:00"


def test_the_receipt_clock_keeps_its_earlier_end(make_case: Any, adjust: Any, now: Any) -> None:
    """D7: ten days from filing become twelve; the carrier's signature would still bring it forward."""
    case = make_case("sent_back", type="return_refund")
    filed = case.return_filed_at
    adjust("D7", 12 * 24 * 60)
    case.refresh_from_db()
    assert case.due_at == filed + 12 * DAY
