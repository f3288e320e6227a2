"""延期 moves every open deadline: also those that stand beside the turn of a case (D13, D14, D16, S-50)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales import clock, extending
from aftersales.enums import RequestState, Status
from aftersales.models import Appeal, Case, Extension, Intervention, Notice, Suspension, User
from aftersales.notices.delivering import deliver_due
from aftersales.service import asking
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import GROUNDS, WHY
from tests.aftersales.platform.conftest import deciding, ruled, second  # noqa: F401
from tests.factories import OrderFactory, upload

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOWN = 6 * HOUR


@pytest.fixture
def outage(staff: User, now: Any) -> Callable[[], Extension]:
    """Six hours without a platform, from now on, carried out when it is over."""

    def record() -> Extension:
        starts: datetime = clock.now()
        now.shift(DOWN)
        made = Extension.objects.create(
            kind="outage",
            starts_at=starts,
            ends_at=clock.now(),
            why="机房断电",
            user=staff,
            at=clock.now(),
        )
        extending.carry_out(made)
        return made

    return record


def told_of(case: Case, step: str) -> set[str]:
    deliver_due()
    notices = Notice.objects.filter(case=case, event__step=step)
    return set(notices.values_list("user__username", flat=True))


def test_the_time_to_appeal_moves_though_the_case_has_ended(
    ruled: Callable[..., Case],  # noqa: F811
    outage: Callable[[], Extension],
    buyer: User,
    merchant: User,
    now: Any,
) -> None:
    """D13."""
    case = ruled("deny")
    until = Intervention.objects.get().appeal_by
    assert until == case.updated_at + 7 * DAY
    now.shift(7 * DAY - HOUR)

    assert outage().moved == 1

    case.refresh_from_db()
    assert case.status == Status.CLOSED_PLATFORM_DENIED
    assert Intervention.objects.get().appeal_by == until + DOWN
    event = case.events.last()
    assert event.details["clocks"]["appeal_by"]["until"] == (until + DOWN).isoformat()
    assert told_of(case, "extend") == {buyer.username, merchant.username}
    now.shift(HOUR - timedelta(seconds=1))
    case.appeal(by=buyer, reason=WHY, evidence={"appeal": [upload(buyer)]})


def test_a_lapsed_time_to_appeal_stays_lapsed(
    ruled: Callable[..., Case],  # noqa: F811
    outage: Callable[[], Extension],
    now: Any,
    buyer: User,
) -> None:
    case = ruled("deny")
    now.shift(8 * DAY)
    assert outage().moved == 0
    with pytest.raises(Refused, match="申诉期已过"):
        case.appeal(by=buyer, reason=WHY, evidence={"appeal": [upload(buyer)]})


def test_the_target_of_a_review_moves(
    ruled: Callable[..., Case],  # noqa: F811
    outage: Callable[[], Extension],
    buyer: User,
) -> None:
    """D14, of an appeal."""
    case = ruled("deny")
    case.appeal(by=buyer, reason=WHY, evidence={"appeal": [upload(buyer)]})
    before = Appeal.objects.get().decide_by
    assert outage().moved == 1
    assert Appeal.objects.get().decide_by == before + DOWN


@pytest.mark.parametrize("proof", ["", "民初 123 号"])
def test_the_end_of_a_suspension_moves_with_the_clock(
    proof: str,
    deciding: Callable[..., Case],  # noqa: F811
    outage: Callable[[], Extension],
    staff: User,
    now: Any,
) -> None:
    """D16: and so does the time to show a court's acceptance."""
    case = deciding()
    case.suspend(by=staff, because="court", note="买家已向法院起诉。", proof=proof)
    until, proof_by = case.last_suspension.until, case.last_suspension.proof_by

    assert outage().moved == 1

    case.refresh_from_db()
    stood = Suspension.objects.get()
    assert stood.until == until + DOWN
    assert stood.proof_by == (proof_by + DOWN if proof_by else None)
    assert case.due_at == case.wake_at == (stood.proof_by or stood.until)
    now.shift(case.due_at - clock.now())
    assert expire_all() == (1, 0)


def test_the_time_to_ask_for_a_reopening_moves(
    make_case: Any, outage: Callable[[], Extension], buyer: User, now: Any
) -> None:
    case = make_case("agreed", type="return_refund")
    now.shift(7 * DAY)
    case.catch_up()
    assert (case.status, case.reopen_by) == (
        Status.CLOSED_BUYER_TIMEOUT,
        case.updated_at + 7 * DAY,
    )
    now.shift(7 * DAY - HOUR)
    outage()
    case.refresh_from_db()
    assert case.may("ask_reopen", buyer)
    now.shift(HOUR)
    assert not case.may("ask_reopen", buyer)


def test_a_longer_window_row_moves_the_time_to_appeal(
    ruled: Callable[..., Case],  # noqa: F811
    staff: User,
) -> None:
    """D13, for a holiday."""
    case = ruled("deny")
    row = {"clock": "D13", "minutes": 14 * 24 * 60, "case_type": "", "hours": ""}
    made = Extension.objects.create(
        kind="window",
        terms=row | {"starts_on": "", "ends_on": ""},
        why="春节",
        user=staff,
        at=clock.now(),
    )
    extending.carry_out(made)
    asked = Intervention.objects.get()
    assert asked.appeal_by == asked.ruled_at + 14 * DAY
    assert made.moved == 1
    assert case.pk == asked.case_id


def test_a_ruling_to_be_carried_out_gets_the_row_from_when_it_was_made(
    deciding: Callable[..., Case],  # noqa: F811
    staff: User,
    shop: Any,
) -> None:
    """D12 began with the ruling, not with the request."""
    case = deciding(type="return_refund")
    shop.addresses.all().delete()
    case.rule(by=staff, ruling="return_then_refund", responsible="merchant", grounds=GROUNDS)
    row = {"clock": "D12", "minutes": 36 * 60, "case_type": "", "hours": ""}
    made = Extension.objects.create(
        kind="window",
        terms=row | {"starts_on": "", "ends_on": ""},
        why="春节",
        user=staff,
        at=clock.now(),
    )
    extending.carry_out(made)
    case.refresh_from_db()
    asked = Intervention.objects.get()
    assert case.due_at == asked.execute_by == asked.ruled_at + 36 * HOUR


def test_the_platforms_answer_to_a_question_moves_and_is_told(
    shop: Any, buyer: User, outage: Callable[[], Extension], now: Any
) -> None:
    """S-50: said in the thread, once, and told to the buyer; an answered one has no deadline."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    type(order).objects.filter(pk=order.pk).update(
        signed_at=clock.now() - 400 * DAY, finished_at=clock.now() - 390 * DAY
    )
    line = order.lines.select_related("order").get()
    request = asking.ask(line, by=buyer, problem="过了售后期，杯子自己裂开了。", wants="换一只")
    due_at = request.due_at
    now.shift(HOUR)

    made = outage()
    extending.carry_out(made)

    request.refresh_from_db()
    assert (request.state, request.due_at) == (RequestState.WAITING, due_at + DOWN)
    said = request.messages.last()
    assert said.key == made.key
    assert "原因：机房断电" in said.text
    assert Notice.objects.filter(request=request, user=buyer).count() == 1


# What time decided while the platform was down -----------------------------------------------------


def test_goods_not_sent_out_during_an_outage_are_nobodys_fault(
    make_case: Callable[..., Case], outage: Callable[[], Extension], now: Any
) -> None:
    """D8: the buyer has his money, and the shop is not blamed."""
    case = make_case("taken_in", type="exchange")
    now.move_to(case.due_at, tick=False)
    expire_all()
    case.refresh_from_db()
    assert case.status == Status.REFUNDING
    outage()
    case.refresh_from_db()
    assert case.excused_at == clock.now()
    assert case.events.get(step="excuse").details["result"] == "refund_unshipped_remedy"


def test_a_buyer_whose_time_to_look_ran_out_in_an_outage_may_look_after_all(
    make_case: Callable[..., Case],
    outage: Callable[[], Extension],
    buyer: User,
    staff: User,
    now: Any,
) -> None:
    """D9: completed by time, asked for again, and seven days to dispute from then on."""
    case = make_case("shipped_again", type="exchange")
    now.move_to(case.due_at, tick=False)
    expire_all()
    case.refresh_from_db()
    assert case.status == Status.COMPLETED
    assert case.refusal("ask_reopen", buyer) == "这不是系统自动处理的结果"
    outage()
    case = Case.objects.get(pk=case.pk)
    case.ask_reopen(by=buyer, reason="那几个小时打不开页面，换来的杯子也是裂的。")
    case.reopen(by=staff, note="故障期间买家无法提出问题")
    assert (case.status, case.closed_at) == (Status.AWAITING_BUYER_RECEIPT, None)
    assert case.due_at == clock.now() + 7 * DAY
    assert case.may("dispute_arrival", buyer)


def test_a_ruling_that_the_shop_could_not_carry_out_in_an_outage_is_nobodys_fault(
    ruled: Callable[..., Case],  # noqa: F811
    outage: Callable[[], Extension],
    shop: Any,
    now: Any,
) -> None:
    """D12: carried out by the platform, excused, and it stands."""
    shop.addresses.all().delete()
    case = ruled("return_then_refund", type="return_refund")
    now.move_to(case.due_at, tick=False)
    expire_all()
    outage()
    case.refresh_from_db()
    assert case.status == Status.REFUNDING
    assert case.events.get(step="excuse").details["result"] == "execute_ruling"
