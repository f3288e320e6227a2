"""时限: each clock acts at its second and not before, whether or not anybody swept (§1.4)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from aftersales.enums import Party, Status, Turn
from aftersales.models import Case
from aftersales.rules.deadlines import WATCHES
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.clocks import LAPSES, TRANSITIONS, Lapse
from tests.aftersales.lifecycle.reading import (
    DAY,
    HOUR,
    SECOND,
    assert_moved,
    owed,
    paid,
    steps,
    stored,
    told,
)


def now_of(case: Case) -> datetime:
    return stored(case).updated_at


def sweep(case: Case) -> None:
    assert expire_all()[1] == 0


def look(case: Case) -> None:
    case.catch_up()


ROWS = [pytest.param(row, id=name) for name, row in LAPSES.items()]


def test_every_clock_of_the_life_cycle_is_tried_here() -> None:
    """Each row of WATCHES that does something when it runs out."""
    known = {(row.before, row.step) for row in LAPSES.values()}
    asked = {(status, watch.otherwise) for status, watch in WATCHES.items() if watch.otherwise}
    assert known == asked
    assert {row.step for row in LAPSES.values()} == set(TRANSITIONS)


@pytest.mark.parametrize("row", ROWS)
def test_a_second_before_its_end_a_clock_does_nothing(row: Lapse, standing: Any, now: Any) -> None:
    """§1.4: expired means now >= due_at."""
    case = standing(row)
    before = stored(case)
    assert before.due_at == before.wake_at
    now.move_to(before.due_at - SECOND, tick=False)

    assert expire_all() == (0, 0)
    assert case.catch_up() is False

    assert stored(case).version == before.version


@pytest.mark.parametrize("act", [sweep, look], ids=["swept", "looked at"])
@pytest.mark.parametrize("row", ROWS)
def test_at_its_end_a_clock_acts_once(
    row: Lapse, act: Callable[[Case], None], standing: Any, now: Any, buyer: Any, merchant: Any
) -> None:
    """T-08, T-10, T-13, T-15, T-16, T-18; D1, D2, D3, D4, D5, D6, D7, D8, D9; S-01, S-20:
    whoever notices first."""
    case = standing(row)
    begun = now_of(case) if row.before != Status.PENDING_MERCHANT else case.applied_at
    assert stored(case).due_at == begun + row.length
    now.move_to(begun + row.length, tick=False)

    act(case)
    act(case)

    assert_moved(case, row.step, Party.CLOCK, row.before, row.after)
    assert steps(case).count(row.step) == 1
    assert owed(case) == ([("微信支付", "128.00")] if row.owes else [])
    assert told(case) == {buyer.username, merchant.username}


@pytest.mark.parametrize("kind", ["refund_unshipped", "refund_not_received", "refund_received"])
def test_a_silent_merchant_has_agreed_to_exactly_the_demand(
    kind: str, make_case: Any, now: Any
) -> None:
    """S-01, S-20, T-08: it counts as his delay, and the money is paid without him."""
    case = make_case(type=kind)
    now.shift(48 * HOUR)
    sweep(case)
    row = stored(case)
    assert (row.auto_agreed, row.handled_at, row.to_refund) == (True, None, case.amount)
    assert paid(case) == [("微信支付", str(case.amount))]
    assert stored(case).status == Status.REFUNDED


def test_a_silent_merchants_default_address_is_used(make_case: Any, now: Any, shop: Any) -> None:
    """T-08, D3: the buyer may send the goods there, and has the whole D4 for it."""
    case = make_case(type="return_refund")
    now.shift(48 * HOUR)
    sweep(case)
    row = stored(case)
    assert row.return_address == shop.addresses.get().shown()
    assert row.due_at == row.applied_at + 48 * HOUR + 7 * DAY
    assert (row.turn, row.freight) == (Turn.RETURN, "merchant")


def test_undecided_freight_is_the_silent_merchants(make_case: Any, now: Any) -> None:
    """§1.5: nothing was said about freight."""
    case = make_case(type="return_refund", reason="R20")
    now.shift(48 * HOUR)
    sweep(case)
    assert stored(case).freight == "merchant"


@pytest.mark.parametrize("flaw", [{"flagged": "地址无人"}, {"phone": ""}, None])
def test_without_a_valid_address_the_silent_merchant_refunds_without_a_return(
    flaw: dict[str, str] | None, make_case: Any, now: Any, shop: Any
) -> None:
    """T-08, D3."""
    case = make_case(type="return_refund")
    if flaw:
        shop.addresses.update(**flaw)
    else:
        shop.addresses.all().delete()
    now.shift(48 * HOUR)
    sweep(case)
    event = assert_moved(
        case, "agree_by_default", Party.CLOCK, Status.PENDING_MERCHANT, Status.REFUNDING
    )
    due = event.details.pop("due_at")
    assert event.details == {"amount": "128.00", "no_address": True}
    assert datetime.fromisoformat(due) == case.applied_at + 48 * HOUR
    assert owed(case) == [("微信支付", "128.00")]


@pytest.mark.parametrize("kind", ["exchange", "repair"])
def test_goods_that_can_go_nowhere_become_money(
    kind: str, make_case: Any, now: Any, shop: Any
) -> None:
    """T-08, D3: without a valid address a case that asked for goods ends in a refund, and says so."""
    case = make_case(type=kind)
    shop.addresses.all().delete()
    now.shift(48 * HOUR)
    sweep(case)
    row = stored(case)
    assert (row.status, row.remedy) == (Status.REFUNDING, "refund")
    assert paid(case) == [("微信支付", "128.00")]
