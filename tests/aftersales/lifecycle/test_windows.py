"""申请期限: until which second a demand can be made (G4, D17, D18, S-05)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftersales.models import Case, Window
from aftersales.rules.deadlines import no_reason_until
from aftersales.steps import Refused
from tests.aftersales.lifecycle.reading import DAY, HOUR, SECOND
from tests.factories import OrderFactory, application_for

TOO_LATE = "签收已超过 7 天，不能申请普通退货退款"
OVER = "已超过售后期"


def shift_to(now: Any, at: datetime) -> None:
    now.move_to(at, tick=False)


def refusal_of(order: Any, kind: str, **given: Any) -> str:
    """What the buyer is told of a demand now; empty where it is taken."""
    try:
        Case.apply(order.lines.first(), application_for(order, kind, **given), by=order.buyer)
    except Refused as refused:
        return refused.sentence
    return ""


@pytest.mark.parametrize(
    ("signed", "end"),
    [
        ("2026-11-20 04:00", "2026-11-27 16:00"),  # noon in China: day one is the 21st there
        ("2026-11-20 15:59:59", "2026-11-27 16:00"),  # a second before midnight
        ("2026-11-20 16:00", "2026-11-28 16:00"),  # midnight is the next day
    ],
)
def test_seven_days_are_counted_from_the_day_after_signing_in_china(signed: str, end: str) -> None:
    """D17."""
    at, until = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (signed, end))
    assert no_reason_until(at, 7 * 24 * 60) == until


@pytest.mark.parametrize("reason", ["R1", "R13"])
@pytest.mark.parametrize(
    ("before", "sentence"), [(SECOND, ""), (timedelta(), TOO_LATE)], ids=["one second before", "at"]
)
def test_a_return_ends_with_the_seventh_day(
    before: timedelta, sentence: str, reason: str, shop: Any, buyer: Any, now: Any
) -> None:
    """D17, G4, S-05: on day 8 it isn't offered as an ordinary return, for no reason nor quality."""
    order = OrderFactory(shop=shop, buyer=buyer)
    shift_to(now, no_reason_until(order.signed_at, 7 * 24 * 60) - before)
    assert refusal_of(order, "return_refund", reason=reason) == sentence


def test_the_refusal_names_the_days_in_force(shop: Any, buyer: Any, now: Any) -> None:
    """D17: whatever number of days the platform's rules have."""
    Window.objects.filter(clock="D17").update(minutes=10 * 24 * 60)
    order = OrderFactory(shop=shop, buyer=buyer)
    shift_to(now, no_reason_until(order.signed_at, 10 * 24 * 60))
    assert refusal_of(order, "return_refund") == TOO_LATE.replace("7", "10")


@pytest.mark.parametrize("kind", ["refund_not_received", "refund_received"])
@pytest.mark.parametrize(
    ("before", "sentence"), [(SECOND, ""), (timedelta(), OVER)], ids=["one second before", "at"]
)
def test_aftersales_end_fifteen_days_after_the_trade_succeeded(
    before: timedelta, sentence: str, kind: str, shop: Any, buyer: Any, now: Any
) -> None:
    """D18, G4."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    reason = "N3" if kind == "refund_not_received" else ""
    shift_to(now, order.finished_at + 15 * DAY - before)
    assert refusal_of(order, kind, reason=reason) == sentence


def test_an_order_says_why_nothing_can_be_applied_for_any_more(
    shop: Any, buyer: Any, now: Any
) -> None:
    """S-32: the same rule that refuses a forged application."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    assert Case.why_not(order.lines.first()) == ""
    shift_to(now, order.signed_at + 90 * DAY)
    assert Case.why_not(order.lines.first()) == "已超过售后期和保修期"


def test_a_running_trade_has_no_end_of_aftersales(shop: Any, buyer: Any, now: Any) -> None:
    """D18 runs from the trade's success."""
    order = OrderFactory(shop=shop, buyer=buyer)
    now.shift(60 * DAY)
    assert refusal_of(order, "refund_received") == ""


def test_goods_excepted_from_no_reason_need_the_buyers_confirmation(shop: Any, buyer: Any) -> None:
    """G7, RW-10: an exception that he did not confirm when he bought does not bind him."""
    order = OrderFactory(shop=shop, buyer=buyer)
    order.lines.update(no_reason=False, exception_confirmed=True)
    sentence = "这件商品不支持七天无理由，购买时已确认"
    assert refusal_of(order, "return_refund", reason="R13") == sentence
    order.lines.update(exception_confirmed=False)
    assert refusal_of(order, "return_refund", reason="R13") == ""


def test_the_most_specific_window_in_force_is_taken(shop: Any, buyer: Any, now: Any) -> None:
    """§1.4: by type and by date; a running clock never moves."""
    order = OrderFactory(shop=shop, buyer=buyer)
    Window.objects.create(clock="D2", case_type="refund_received", minutes=60)
    Window.objects.create(clock="D2", minutes=30, starts_on="2026-11-01", ends_on="2026-11-30")
    case = Case.apply(order.lines.first(), application_for(order), by=buyer)
    assert case.due_at == case.applied_at + timedelta(minutes=60)
    Window.objects.update(minutes=1)
    case.refresh_from_db()
    assert case.windows["D2"] == 60


def test_a_window_may_be_for_a_phase_or_a_category_of_goods(
    shop: Any, buyer: Any, merchant: Any
) -> None:
    """§1.4: by case type, phase and category, the most specific first; each line has its own."""
    for minutes, scope in (
        (50, {"phase": "aftersale"}),
        (40, {"category": "水果生鲜"}),
        (30, {"case_type": "refund_received"}),
        (20, {"case_type": "refund_received", "category": "水果生鲜"}),
    ):
        Window.objects.create(clock="D2", minutes=minutes, **scope)
    kinds = {"fruit": "水果生鲜", "cup": ""}
    lines = {
        (name, finished): OrderFactory(
            shop=shop, buyer=buyer, finished=finished, lines=[{"category": category}]
        ).lines.get()
        for name, category in kinds.items()
        for finished in (False, True)
    }

    def minutes(kind: str, name: str, finished: bool) -> int:
        line = lines[name, finished]
        return int(Window.in_force(kind, line.order.signed_at, line)["D2"])

    assert minutes("refund_received", "fruit", True) == 20
    assert minutes("refund_received", "cup", False) == 30
    assert minutes("refund_not_received", "fruit", False) == 40
    assert minutes("refund_not_received", "fruit", True) == 40
    assert minutes("refund_not_received", "cup", True) == 50
    assert minutes("refund_not_received", "cup", False) == 2880
    case = Case.apply(lines["fruit", True], application_for(lines["fruit", True].order), by=buyer)
    assert case.due_at == case.applied_at + timedelta(minutes=20)


def test_a_demand_is_offered_by_its_own_window(shop: Any, buyer: Any, now: Any) -> None:
    """D18, G4: what is offered and what is taken follow the same row."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True, lines=[{"warranty_days": 0}])
    Window.objects.create(clock="D18", case_type="resend", minutes=30 * 24 * 60)
    shift_to(now, order.finished_at + 20 * DAY)
    line = order.lines.get()
    offered = {each.type: each.refusal for each in Case.demands_of(line, now_of(order, 20))}
    assert (offered["resend"], offered["refund_received"]) == ("", OVER)
    assert Case.why_not(line) == ""
    assert refusal_of(order, "resend") == ""


def now_of(order: Any, days: int) -> datetime:
    return datetime.fromisoformat(str(order.finished_at)) + days * DAY


@pytest.mark.parametrize(
    ("category", "before", "sentence"),
    [
        ("水果生鲜", SECOND, ""),
        ("水果生鲜", timedelta(), "变质需在签收后尽快申请"),
        ("家居", timedelta(), ""),
    ],
)
def test_fresh_goods_are_said_to_be_spoiled_within_two_days(
    category: str, before: timedelta, sentence: str, shop: Any, buyer: Any, now: Any
) -> None:
    """R11: 48 hours from signing, by the category's own row."""
    order = OrderFactory(shop=shop, buyer=buyer, lines=[{"category": category}])
    shift_to(now, order.signed_at + 48 * HOUR - before)
    refusal = refusal_of(order, "refund_received", reason="R11")
    assert sentence in refusal
    assert bool(sentence) is bool(refusal)
