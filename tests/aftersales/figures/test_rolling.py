"""Daily rows: equal to a recount whatever the past, the same however often and from wherever made."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from aftersales import tasks
from aftersales.figures import reading, rolling
from aftersales.figures.definitions import FIGURES
from aftersales.models import Counted, DayFigure, Measure, RolledDay, Shop
from tests.aftersales.figures.oracle import Oracle
from tests.aftersales.figures.past import Past, at

LIVES = [
    ["agree", "finish_refund"],
    ["negotiate", "reply", "agree", "finish_refund"],
    ["agree_by_default", "finish_refund"],
    ["agree_by_default", "finish_refund", "excuse"],
    ["negotiate", "accept_wait", "agree_by_default"],
    ["negotiate", "accept_plan", "finish_refund"],
    ["negotiate", "negotiate", "reject", "ask_platform", "rule_refund", "finish_refund"],
    ["negotiate", "reject", "ask_platform", "withdraw", "ask_platform", "rule_deny"],
    ["reject", "ask_platform", "rule_rehandle", "negotiate", "reject", "ask_platform"],
    ["reject", "negotiate", "agree", "finish_refund"],
    ["reject", "ask_platform", "rule_refund", "finish_refund", "reverse_ruling", "finish_refund"],
    ["negotiate", "confirm_agreed"],
    ["cancel"],
    [],
]
RETURNS = [
    ["agree_return", "send_back", "confirm_receipt", "finish_refund"],
    ["agree_return", "send_back", "confirm_receipt_by_default", "finish_refund"],
    ["agree_return", "send_back", "negotiate", "refuse_receipt", "ask_platform"],
    ["negotiate", "agree_return", "send_back", "negotiate", "refuse_receipt"],
]
SECOND = timedelta(seconds=1)


def live(past: Past, seed: int) -> None:
    """Some forty orders and cases over three months, many of them about midnight in China."""
    chance = random.Random(seed)
    start = at("09-10 00:00")
    orders = [past.order(start + timedelta(days=chance.uniform(0, 74))) for _n in range(24)]
    for _number in range(40):
        goes_back = chance.random() < 0.3
        moment = applied = start + timedelta(days=chance.randrange(70), hours=chance.randrange(24))
        acts = []
        for name in chance.choice(RETURNS if goes_back else LIVES):
            moment += timedelta(hours=chance.choice([0, 1, 5, 24, 24, 72, 300]))
            moment -= SECOND * chance.choice([0, 0, 1]) if moment - applied > SECOND else 0 * SECOND
            if moment < at("11-23 12:00"):
                acts.append((moment, name))
        past.case(
            applied,
            *acts,
            order=chance.choice(orders),
            reason=chance.choice(["R1", "R7", "R13"]),
            type="return_refund" if goes_back else "refund_received",
            dispute_refund=chance.random() < 0.5,
            return_signed_at=chance.choice([None, applied]) if goes_back else None,
        )


def stored() -> tuple[list[Any], list[Any]]:
    """All that was counted, without the keys of its rows."""
    counted = [field.name for field in Counted._meta.fields if not field.primary_key]
    totals = [field.name for field in DayFigure._meta.fields if not field.primary_key]
    return (
        sorted(Counted.objects.values_list(*counted), key=repr),
        sorted(DayFigure.objects.values_list(*totals), key=repr),
    )


@pytest.mark.parametrize("seed", range(4))
def test_daily_rows_say_what_a_recount_says(past, shop, seed):
    """S-63, NEG-57: every figure, in windows ending on any of the last 30 days."""
    live(past, seed)
    rolling.catch_up()

    figures = reading.figures_of(shop, date(2026, 11, 22))
    for back in (0, 1, 6, 29):
        last = date(2026, 11, 22) - timedelta(days=back)
        window = reading.Window(last)
        found = {each.key: figures.value(each, window) for each in FIGURES}
        assert found == Oracle(shop, last).figures(), last


@pytest.mark.parametrize("seed", [7, 8])
def test_what_stands_behind_a_figure_is_as_many_as_it_counts(past, shop, seed):
    live(past, seed)
    rolling.catch_up()

    window = reading.Window(date(2026, 11, 22))
    figures = reading.figures_of(shop, window.last)
    for measure in Measure:
        behind: Any = (
            reading.paid_in(shop, window)
            if measure == Measure.PAID
            else reading.counted_in(shop, measure, window)
        )
        assert behind.count() == figures.tally(measure, window).number, measure


def test_days_rolled_up_night_by_night_equal_those_rebuilt_at_once(past, shop, now):
    """S-63: recomputable for any past day, with the same rows."""
    live(past, 11)
    now.move_to(at("10-20 00:10"))
    rolling.catch_up()
    while rolling.yesterday() < date(2026, 11, 22):
        now.shift(timedelta(days=1))
        rolling.catch_up()
    nightly = stored()

    first = RolledDay.objects.earliest("day").day
    call_command("roll_up_figures", "--from", str(first))
    assert stored() == nightly

    call_command("roll_up_figures", "--from", "2026-10-15", "--to", "2026-10-15")
    call_command("roll_up_figures", "--from", "2026-11-01", "--to", "2026-11-22")
    assert stored() == nightly
    assert nightly[0]


def test_the_figures_of_reasons_are_those_of_their_cases_alone(past, shop):
    done = [(at("11-03 09:00"), "agree"), (at("11-03 11:00"), "finish_refund")]
    order = past.order(at("11-01 12:00"))
    past.case(at("11-02 09:00"), *done, order=order, reason="R1")
    past.case(at("11-02 09:00"), *done, order=order, reason="R7")
    rolling.catch_up()

    window = reading.Window(date(2026, 11, 22))
    by_reason = reading.figures_by_reason(shop, window.last)
    told = {code: each.tally(Measure.REFUNDED, window).number for code, each in by_reason.items()}

    assert told == {"R1": 1, "R7": 1}
    assert reading.figures_of(shop, window.last).tally(Measure.REFUNDED, window).number == 1


def test_missed_nights_are_caught_up_once(past, shop, now):
    past.case(at("11-02 09:00"), (at("11-22 09:00"), "ask_platform"))
    tasks.roll_up_figures()
    assert rolling.rolled_until() == date(2026, 11, 22)

    now.shift(timedelta(days=4))
    assert rolling.catch_up() == 4
    assert rolling.catch_up() == 0
    assert rolling.rolled_until() == date(2026, 11, 26)
    assert RolledDay.objects.count() == len(set(RolledDay.objects.values_list("day", flat=True)))


def test_at_midnight_in_china_a_day_is_over(past, shop, now):
    now.move_to(at("11-23 00:00") - SECOND)
    assert rolling.yesterday() == date(2026, 11, 21)

    now.shift(SECOND)
    assert rolling.yesterday() == date(2026, 11, 22)


def test_orders_that_are_imported_late_are_counted_the_next_night(past, shop, now):
    rolling.catch_up()
    past.order(at("11-01 12:00"))
    now.shift(timedelta(days=1))
    rolling.catch_up()

    figures = reading.figures_of(shop, date(2026, 11, 23))
    assert figures.tally(Measure.PAID, reading.Window(date(2026, 11, 23))).number == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["--to", "2026-11-01"], "--to needs --from"),
        (["--from", "2026-11-23"], "end on 2026-11-22 at the latest"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "must run forward"),
        (["--from", "yesterday"], "invalid fromisoformat value"),
    ],
)
def test_the_command_says_which_days_it_can_count(shop, asked, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("roll_up_figures", *asked)


def test_every_shop_is_read_in_one_query(past, shop, stranger, buyer, django_assert_num_queries):
    live(past, 3)
    other = Past(Shop.objects.exclude(pk=shop.pk).get(), buyer)
    live(other, 4)
    rolling.catch_up()
    last = date(2026, 11, 22)

    with django_assert_num_queries(1):
        across = reading.across_shops(last)

    for each in (shop, other.shop):
        figures = reading.figures_of(each, last)
        window = reading.Window(last)
        assert across[each.pk] == {one.key: figures.value(one, window) for one in FIGURES}
