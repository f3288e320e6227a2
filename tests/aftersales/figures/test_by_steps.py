"""The figures of cases that were lived step by step, as the product lives them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission as AdminPermission

from aftersales import clock, extending, tasks
from aftersales.figures import advice
from aftersales.models import Extension, Shop, User
from aftersales.payments import pay_due
from tests.factories import Desk, UserFactory, upload

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GROUNDS = "照片清楚地拍到裂纹，商品页没有说明。"

Make = Callable[..., Desk]
Read = Callable[..., str | None]


@pytest.fixture
def second(staff: User) -> User:
    user = UserFactory(username="second", is_staff=True)
    user.user_permissions.set(AdminPermission.objects.filter(codename="rule"))
    return User.objects.get(pk=user.pk)


def test_a_case_settled_between_buyer_and_shop(make_desk: Make, figure: Read, now: Any) -> None:
    """NEG-57: from the application to the money, without the platform."""
    desk = make_desk()
    now.shift(2 * HOUR)
    desk.case.agree(by=desk.merchant)
    now.shift(1.5 * HOUR)
    pay_due()
    now.shift(DAY)

    assert figure("self_refund_hours") == figure("avg_refund_hours") == "3.50"
    assert figure("first_response_hours") == "2.00"
    assert figure("refund_rate") == figure("quality_refund_rate") == "100.00"
    assert figure("intervention_rate") == "0.00"
    assert figure("orders_30") == "1"


def test_a_return_is_timed_from_the_carriers_signature_too(
    make_desk: Make, figure: Read, now: Any
) -> None:
    """NEG-57."""
    desk = make_desk("sent_back", type="return_refund")
    now.shift(10 * HOUR)
    parcel = desk.case.parcels.get()
    parcel.signed_at = clock.now()
    parcel.save()
    desk.case.refresh_from_db()
    desk.case.note_delivery(by=None)
    now.shift(6 * HOUR)
    desk.case.confirm_receipt(by=desk.merchant)
    pay_due()
    now.shift(DAY)

    assert figure("self_return_hours") == "16.00"
    assert figure("self_signed_hours") == "6.00"
    assert figure("self_refund_hours") is None


def test_a_reversed_ruling_takes_the_dispute_away(
    make_desk: Make, figure: Read, staff: User, second: User, now: Any
) -> None:
    """S-63: 申诉改判后不再计入, the night after; the intervention stays."""
    desk = make_desk("under_review")
    case = desk.case
    now.shift(2 * DAY)
    case.catch_up()
    case.rule(by=staff, ruling="full_refund", responsible="merchant", grounds=GROUNDS)
    pay_due()
    now.shift(DAY)
    assert figure("dispute_refund_rate") == "100.00"
    assert figure("rejection_intervention_rate") == "100.00"

    case.refresh_from_db()
    proof = {"appeal": [upload(desk.merchant)]}
    case.appeal(by=desk.merchant, reason="判定没有看到我这次提供的检测报告。", evidence=proof)
    case.propose_reversal(by=second, responsible="buyer", grounds=GROUNDS)
    case.reverse_ruling(by=staff)
    now.shift(DAY)

    assert figure("dispute_refund_rate") == "0.00"
    assert figure("intervention_rate") == "100.00"
    assert figure("self_refund_hours") is None


@pytest.mark.parametrize(("down", "rate"), [(False, "100.00"), (True, None)])
def test_silence_counts_unless_the_platform_was_down(
    make_desk: Make, figure: Read, staff: User, now: Any, down: bool, rate: str | None
) -> None:
    """Recorded afterwards, an outage takes the fault away from a day already counted."""
    case = make_desk().case
    due = case.due_at
    assert due is not None
    now.move_to(due)
    tasks.expire_all()
    now.shift(DAY)
    assert figure("overdue_rate") == "100.00"
    if down:
        outage = Extension.objects.create(
            kind="outage",
            starts_at=due - HOUR,
            ends_at=due + HOUR,
            why="机房断电",
            user=staff,
            at=clock.now(),
        )
        extending.carry_out(outage)
    now.shift(DAY)

    assert figure("overdue_rate") == rate


def test_each_outage_excuses_what_time_did_in_it_and_nothing_else(
    make_desk: Make, figure: Read, staff: User, buyer: User, now: Any
) -> None:
    """S-20: agreed by time in an outage, undone; once more without one; and in a second outage."""
    case = make_desk(type="return_refund").case

    def silence() -> datetime:
        due: datetime = case.due_at
        now.move_to(due, tick=False)
        tasks.expire_all()
        now.shift(2 * HOUR)
        case.refresh_from_db()
        return due

    def outage(due: datetime) -> None:
        made = Extension.objects.create(
            kind="outage",
            starts_at=due - HOUR,
            ends_at=due + HOUR,
            why="机房断电",
            user=staff,
            at=clock.now(),
        )
        extending.carry_out(made)
        case.refresh_from_db()

    def undone() -> None:
        case.ask_reopen(by=case.shop.members.get().user, reason="那几个小时我们打不开后台。")
        case.reopen(by=staff, note="故障期间商家无法处理")

    outage(silence())
    undone()
    assert not case.excused_at
    second = silence()
    now.shift(DAY)
    assert figure("overdue_rate") == "100.00"

    outage(second)
    undone()
    now.shift(DAY)
    assert figure("overdue_rate") is None
    assert case.events.filter(step="excuse").count() == 2

    silence()
    now.shift(DAY)
    assert figure("overdue_rate") == "100.00"


def test_one_outage_excuses_all_that_time_did_in_it(
    make_desk: Make, figure: Read, staff: User, now: Any
) -> None:
    """D2 and D3 both ran out while the platform was down; running it again says nothing twice."""
    case = make_desk(type="return_refund").case
    due = case.due_at
    assert due is not None
    for later in (timedelta(), 8 * DAY):
        now.move_to(due + later, tick=False)
        tasks.expire_all()
    made = Extension.objects.create(
        kind="outage",
        starts_at=due - HOUR,
        ends_at=due + 8 * DAY,
        why="机房断电",
        user=staff,
        at=clock.now(),
    )
    extending.carry_out(made)
    extending.carry_out(made)
    now.shift(DAY)

    excuses = case.events.filter(step="excuse").order_by("version")
    assert [each.details["result"] for each in excuses] == ["agree_by_default", "close_unreturned"]
    made.refresh_from_db()
    assert made.excused == 1
    assert figure("overdue_rate") is None


def test_an_accepted_plan_is_a_success_of_its_script_and_plan(
    make_desk: Make, figure: Read, shop: Shop, now: Any
) -> None:
    accepted, refused = make_desk("waiting").case, make_desk("answered").case
    accepted.accept_plan(by=accepted.buyer, offer=accepted.open_offers()[0])
    refused.refresh_from_db()
    now.shift(DAY)

    assert figure("negotiation_success_rate") == "50.00"
    (script,) = advice.shares(shop, "script").values()
    (plan,) = advice.shares(shop, "plan").values()
    assert script == plan == advice.Share(1, 2)


@pytest.mark.parametrize(
    ("part", "whole", "interval"),
    [
        (0, 10, ("0.00", "27.75")),
        (10, 10, ("72.25", "100.00")),
        (5, 10, ("23.66", "76.34")),
        (58, 100, ("48.21", "67.20")),
    ],
)
def test_the_interval_is_wilsons(part: int, whole: int, interval: tuple[str, str]) -> None:
    """Against the values of a textbook's table (95 %)."""
    found = advice.Share(part, whole).interval

    assert found is not None
    assert tuple(map(str, found)) == interval


def test_of_nothing_there_is_no_share() -> None:
    assert (advice.Share(0, 0).rate, advice.Share(0, 0).interval) == (None, None)
