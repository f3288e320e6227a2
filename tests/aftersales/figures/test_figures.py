"""Every figure to the digit, from pasts with known answers (S-63, NEG-57, metrics.md 4.2)."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command

from aftersales.figures import reading, rolling
from aftersales.figures.definitions import FIGURES
from aftersales.models import Case
from tests.aftersales.figures.past import at

# Today is Monday 2026-11-23, so the window runs from 10-24 to 11-22.
FIRST, LAST = "10-24", "11-22"


@pytest.mark.parametrize("each", FIGURES, ids=lambda each: each.key)
def test_without_anything_to_divide_by_there_is_no_figure(each, figure):
    """S-63: a dash, and not 0; only the number of orders is zero."""
    assert figure(each.key) == (None if each.of or each.hours else "0")


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        (f"{FIRST} 00:00", True),
        ("10-23 23:59", False),
        (f"{LAST} 23:59", True),
        ("11-23 00:00", False),
    ],
)
def test_the_window_is_thirty_whole_days_in_china_ending_yesterday(past, figure, moment, counts):
    """S-63: an edge is midnight in Asia/Shanghai, which is 16:00 in UTC."""
    past.order(at(moment))
    past.case(at("10-20 10:00"), (at("10-21 10:00"), "reject"), (at(moment), "ask_platform"))
    for _number in range(2):
        past.order(at("11-10 12:00"))

    assert figure("orders_30") == ("3" if counts else "2")
    assert figure("intervention_rate") == ("33.33" if counts else "0.00")


def test_an_order_with_two_cases_counts_once_wherever_its_days_lie(past, figure):
    """S-63: numerators are orders, once in the window, on one day or on several."""
    for _number in range(8):
        past.order(at("11-01 12:00"))
    twice = past.order(at("11-01 12:00"))
    asked = [(at("11-05 09:00"), "reject"), (at("11-06 09:00"), "ask_platform")]
    past.case(at("11-04 09:00"), *asked, order=twice)
    past.case(at("11-04 09:00"), asked[0], (at("11-06 10:00"), "ask_platform"), order=twice)
    past.case(at("11-04 09:00"), asked[0], (at("11-20 09:00"), "ask_platform"), order=twice)

    assert figure("intervention_rate") == "11.11"  # 1 of 9
    assert figure("rejection_intervention_rate") == "100.00"  # 3 of 3 cases


def test_an_order_counts_again_once_its_first_time_has_left_the_window(past, shop, now):
    """S-63: the last day of 10-24 sees the old one, the day after only the new one."""
    order = past.order(at("11-01 12:00"))
    past.case(at("10-20 09:00"), (at("10-24 09:00"), "ask_platform"), order=order)
    past.case(at("10-20 09:00"), (at("11-22 09:00"), "ask_platform"), order=order)
    rolling.catch_up()
    now.shift(timedelta(days=1))
    rolling.catch_up()

    figures = reading.figures_of(shop, date(2026, 11, 23))
    counts = {
        day: figures.tally("intervened", reading.Window(day)).number
        for day in (date(2026, 10, 24), date(2026, 11, 22), date(2026, 11, 23))
    }

    assert set(counts.values()) == {1}


def test_a_withdrawn_intervention_counts_and_asking_again_does_not_count_twice(past, figure):
    order = past.order(at("11-01 12:00"))
    past.case(
        at("11-02 09:00"),
        (at("11-03 09:00"), "reject"),
        (at("11-04 09:00"), "ask_platform"),
        (at("11-05 09:00"), "withdraw"),
        (at("11-06 09:00"), "ask_platform"),
        (at("11-06 10:00"), "withdraw"),
        order=order,
    )

    assert figure("intervention_rate") == "100.00"
    assert figure("rejection_intervention_rate") == "100.00"


def test_a_dispute_counts_at_refund_and_leaves_when_the_appeal_is_upheld(past, figure):
    """S-63: 纠纷退款 follows ``dispute_refund``, which an appeal takes away."""
    for _number in range(3):
        past.order(at("11-01 12:00"))
    ruled = [
        (at("11-03 09:00"), "reject"),
        (at("11-04 09:00"), "ask_platform"),
        (at("11-07 09:00"), "rule_refund"),
    ]
    paid = (at("11-07 09:05"), "finish_refund")
    lost = past.case(at("11-02 09:00"), *ruled, paid, dispute_refund=True)
    past.case(at("11-02 09:00"), *ruled, dispute_refund=True)  # not refunded yet
    past.case(at("11-02 09:00"), *ruled, paid)  # refunded, and nobody's fault

    assert figure("dispute_refund_rate") == "33.33"

    Case.objects.filter(pk=lost.pk).update(dispute_refund=False)
    call_command("roll_up_figures", "--from", "2026-11-01")

    assert figure("dispute_refund_rate") == "0.00"


def test_a_reversal_is_seen_the_next_night_by_itself(past, figure, now):
    past.order(at("11-10 12:00"))
    lost = past.case(
        at("11-02 09:00"),
        (at("11-04 09:00"), "ask_platform"),
        (at("11-07 09:00"), "rule_refund"),
        (at("11-07 09:05"), "finish_refund"),
        dispute_refund=True,
    )
    assert figure("dispute_refund_rate") == "100.00"

    Case.objects.filter(pk=lost.pk).update(dispute_refund=False)
    now.shift(timedelta(days=1))

    assert figure("dispute_refund_rate") == "0.00"


def test_refunds_and_those_for_quality(past, figure):
    """S-63: R1 is a reason of quality, R13 is not."""
    for _number in range(7):
        past.order(at("11-01 12:00"))
    done = [(at("11-03 09:00"), "agree"), (at("11-03 09:01"), "finish_refund")]
    past.case(at("11-02 09:00"), *done, reason="R1")
    past.case(at("11-02 09:00"), *done, reason="R13")
    past.case(at("11-02 09:00"), done[0], reason="R1")

    assert figure("refund_rate") == "28.57"  # 2 of 7
    assert figure("quality_refund_rate") == "14.29"  # 1 of 7, rounded half up


def test_how_long_refunds_take_with_the_platform_and_without(past, figure):
    """NEG-57: 自主完结 is from the application to the end, of what never went to the platform."""
    past.case(at("11-02 09:00"), (at("11-02 19:00"), "agree"), (at("11-02 19:30"), "finish_refund"))
    past.case(at("11-02 09:00"), (at("11-02 10:00"), "agree"), (at("11-02 10:01"), "finish_refund"))
    past.case(
        at("11-02 09:00"),
        (at("11-02 10:00"), "reject"),
        (at("11-03 10:00"), "ask_platform"),
        (at("11-03 11:00"), "withdraw"),
        (at("11-04 08:00"), "agree"),
        (at("11-04 09:00"), "finish_refund"),
    )

    assert figure("avg_refund_hours") == "19.84"  # (10.5 + 1.01666… + 48) / 3 = 19.8388…
    assert figure("self_refund_hours") == "5.76"  # (10.5 + 1.01666…) / 2 = 5.7583…
    assert figure("self_return_hours") is None


def test_returns_are_timed_from_the_application_and_from_the_carriers_signature(past, figure):
    """NEG-57: 退货退款, and 商家签收后 where the carrier has signed."""
    back = [(at("11-03 09:00"), "agree_return"), (at("11-05 09:00"), "send_back")]
    end = [(at("11-09 12:00"), "confirm_receipt"), (at("11-09 12:30"), "finish_refund")]
    past.case(
        at("11-03 08:30"),
        *back,
        *end,
        type="return_refund",
        return_signed_at=at("11-08 12:00"),
    )
    past.case(at("11-03 00:30"), *back, *end, type="return_refund")

    assert figure("self_return_hours") == "152.00"  # (148 + 156) / 2
    assert figure("self_signed_hours") == "24.50"
    assert figure("self_refund_hours") is None


def test_the_first_response_is_the_first_thing_the_merchant_does_about_it(past, figure):
    """Looking and ticking is no answer; a round, an agreement or a rejection is."""
    past.case(
        at("11-02 09:00"),
        (at("11-02 09:10"), "confirm_risks"),
        (at("11-02 10:00"), "negotiate"),
        (at("11-02 12:00"), "agree"),
    )
    past.case(at("11-02 09:00"), (at("11-02 12:20"), "agree"))
    past.case(at("11-02 09:00"), (at("11-04 09:00"), "agree_by_default"))

    assert figure("first_response_hours") == "2.17"  # (1 + 3.333…) / 2 = 2.1666…


def test_overdue_is_what_time_agreed_to_of_what_was_due(past, figure):
    """What the buyer took back, or is still open, was not due."""
    past.case(at("11-02 09:00"), (at("11-04 09:00"), "agree_by_default"))
    past.case(at("11-02 09:00"), (at("11-02 12:00"), "agree"))
    past.case(at("11-02 09:00"), (at("11-02 12:00"), "reject"))
    past.case(at("11-02 09:00"), (at("11-02 12:00"), "cancel"))
    past.case(at("11-02 09:00"), (at("11-02 12:00"), "negotiate"))
    past.case(at("11-22 09:00"))

    assert figure("overdue_rate") == "33.33"  # 1 of 3


def test_what_time_did_in_an_outage_is_no_fault(past, figure):
    """The platform was down: the automatic agreement counts neither as late nor as bad goods."""
    for _number in range(2):
        past.order(at("11-01 12:00"))
    late = [(at("11-04 09:00"), "agree_by_default"), (at("11-04 09:01"), "finish_refund")]
    past.case(at("11-02 09:00"), *late, (at("11-05 09:00"), "excuse"))
    past.case(at("11-02 09:00"), *late)
    past.case(at("11-02 09:00"), (at("11-02 12:00"), "agree"))

    assert figure("overdue_rate") == "50.00"  # 1 of 2, not 2 of 3
    assert figure("quality_refund_rate") == "50.00"
    assert figure("refund_rate") == "100.00"  # the money did go back


def test_the_rejection_rate_is_of_what_the_merchant_decided(past, figure):
    """驳回 and 拒绝收货 alike; a returned case that was agreed to and refused is one case."""
    past.case(
        at("11-02 09:00"),
        (at("11-03 09:00"), "agree_return"),
        (at("11-05 09:00"), "send_back"),
        (at("11-06 09:00"), "refuse_receipt"),
        type="return_refund",
    )
    past.case(at("11-02 09:00"), (at("11-03 09:00"), "reject"), (at("11-04 09:00"), "agree"))
    past.case(at("11-02 09:00"), (at("11-03 09:00"), "agree"))
    past.case(at("11-02 09:00"), (at("11-04 09:00"), "agree_by_default"))
    past.case(at("11-02 09:00"), (at("11-03 09:00"), "negotiate"))

    assert figure("rejection_rate") == "66.67"  # 2 of 3


def test_an_intervention_counts_for_the_rejections_of_the_same_window(past, figure, shop, now):
    """A rejection before the window is neither above the line nor below it."""
    past.case(at("10-20 09:00"), (at("10-22 09:00"), "reject"), (at("10-25 09:00"), "ask_platform"))
    past.case(at("11-02 09:00"), (at("11-03 09:00"), "reject"))
    past.case(at("11-02 09:00"), (at("11-03 09:00"), "reject"), (at("11-22 23:59"), "ask_platform"))

    assert figure("rejection_intervention_rate") == "50.00"
    assert figure("rejection_intervention_rate", date(2026, 11, 21)) == "0.00"
    assert figure("rejection_intervention_rate", date(2026, 10, 26)) == "100.00"


def test_a_case_rejected_and_taken_to_the_platform_twice_counts_once(past, figure):
    """With the first time before the window, it counts for the second."""
    past.case(
        at("10-20 09:00"),
        (at("10-21 09:00"), "reject"),
        (at("10-25 09:00"), "ask_platform"),
        (at("10-28 09:00"), "rule_rehandle"),
        (at("11-01 09:00"), "reject"),
        (at("11-02 09:00"), "ask_platform"),
    )

    assert figure("rejection_intervention_rate") == "100.00"
    assert figure("rejection_intervention_rate", date(2026, 11, 2)) == "100.00"
    assert figure("rejection_intervention_rate", date(2026, 10, 30)) == "100.00"


def test_negotiation_succeeds_when_a_plan_is_accepted_or_the_merchant_agrees(past, figure):
    """T-21, T-03 and T-04 after a round, of the cases with a round."""
    talk = (at("11-03 09:00"), "negotiate")
    past.case(at("11-02 09:00"), talk, (at("11-03 10:00"), "accept_plan"))
    past.case(at("11-02 09:00"), talk, (at("11-03 10:00"), "confirm_agreed"))
    past.case(at("11-02 09:00"), talk, (at("11-03 10:00"), "agree_return"), type="return_refund")
    past.case(at("11-02 09:00"), talk, (at("11-03 10:00"), "accept_wait"))  # not over yet
    past.case(at("11-02 09:00"), talk, (at("11-05 09:00"), "agree_by_default"))
    past.case(at("11-02 09:00"), talk, (at("11-04 09:00"), "reject"), (at("11-05 09:00"), "agree"))
    past.case(at("11-02 09:00"), (at("11-03 09:00"), "agree"))  # no round

    assert figure("negotiation_success_rate") == "66.67"  # 4 of 6


def test_halves_are_rounded_up(past, figure):
    for _number in range(800):
        past.order(at("11-01 12:00"))
    past.case(at("11-02 09:00"), (at("11-03 09:00"), "ask_platform"))

    assert figure("intervention_rate") == "0.13"  # 0.125


def test_another_shops_past_is_not_in_it(past, figure, stranger, buyer):
    other = stranger.memberships.get().shop
    past.order(at("11-01 12:00"))
    theirs = type(past)(other, buyer)
    theirs.case(at("11-02 09:00"), (at("11-03 09:00"), "ask_platform"))

    assert figure("intervention_rate") == "0.00"
    assert figure("intervention_rate", of=other) == "100.00"
    assert (figure("orders_30"), figure("orders_30", of=other)) == ("1", "1")
