"""自动同意规则: a shop's rules answer by the ordinary step, once, within their limits (M24, T-03, T-04)."""

from datetime import date, timedelta
from typing import Any

import pytest

from aftersales import agreeing, clock, payments, tasks
from aftersales.enums import Permission, Status
from aftersales.figures import rolling
from aftersales.models import AgreeRule, Case, Counted, Measure, Member, Message, Notice, Refund
from aftersales.notices import delivering
from aftersales.rules.agreeing import Earlier, fits
from tests.aftersales.negotiation.talk import whole, yuan
from tests.aftersales.test_races import race
from tests.factories import MemberFactory

SECOND = timedelta(seconds=1)


@pytest.fixture
def rule_of(shop, merchant):
    """``rule_of(most="200.00")``: a rule in use, written by a member who may agree."""

    def make(**given: Any) -> AgreeRule:
        told = {
            "name": "小额先退",
            "types": ["refund_received"],
            "most": yuan("200.00"),
            "day_most": yuan("1000.00"),
            "active": True,
        }
        rule = AgreeRule(shop=shop, **told | given)
        rule.store(by=merchant)
        return rule

    return make


def looked_at(case: Case) -> Case:
    agreeing.consider_due()
    row = Case.objects.get(pk=case.pk)
    assert row.rules_at is None
    return row


def test_a_case_that_fits_is_agreed_to_as_by_hand(rule_of, make_case, merchant, now):
    """The history names the rule and its version; money and message leave after the undo window."""
    rule = rule_of()

    case = looked_at(make_case())

    event = case.events.last()
    assert case.status == Status.REFUNDING
    assert (event.step, event.party, event.user) == ("agree", "merchant", merchant)
    assert event.details == {"amount": "128.00", "rule": "R1 v1"}
    assert (case.agreed_rule, case.handled_at, case.auto_agreed) == (rule, event.at, False)
    assert whole(case)
    assert [refund.amount for refund in case.refunds.all()] == [yuan("128.00")]
    payments.pay_due()
    delivering.deliver_due()
    assert Refund.objects.get().state == "owed"
    assert not Notice.objects.filter(kind="agree").exists()
    now.shift(timedelta(seconds=10))
    payments.pay_due()
    delivering.deliver_due()
    assert Refund.objects.get().state == "paid"
    assert Notice.objects.filter(kind="agree", user=case.buyer).exists()


def test_a_return_gets_the_default_address_and_the_freight_of_the_rule(rule_of, make_case):
    rule_of(types=["return_refund", "resend"])

    returned = looked_at(make_case(type="return_refund"))
    missing = looked_at(make_case(type="resend", reason="R8"))

    assert returned.status == Status.AWAITING_BUYER_RETURN
    assert returned.return_address == returned.default_address().shown()
    assert missing.status == Status.AWAITING_MERCHANT_SHIP
    assert [case.events.last().details["rule"] for case in (returned, missing)] == ["R1 v1"] * 2


def test_what_can_not_be_agreed_to_by_hand_is_left_to_people(rule_of, make_case, shop, merchant):
    """Without a return address, or without the permission of the one whose rule it is."""
    rule_of(types=["return_refund", "refund_received"])
    shop.addresses.update(flagged="停用")
    assert looked_at(make_case(type="return_refund")).status == Status.PENDING_MERCHANT

    left = [str(each) for each in Permission if each != Permission.AGREE]
    Member.objects.filter(user=merchant).update(permissions=left)
    case = looked_at(make_case())
    assert case.status == Status.PENDING_MERCHANT
    assert [event.step for event in case.events.all()] == ["apply"]
    assert not case.attempts.exists()


def test_each_condition_keeps_a_case_out(rule_of, make_case, shop, buyer):
    """Type, reason, amount, where the goods were, and what the buyer did before."""
    case = make_case()
    none: list[Earlier] = []
    day = timedelta(days=1)
    before = [Earlier(case.applied_at - 10 * day, None), Earlier(case.applied_at - 80 * day, None)]
    long_ago = [Earlier(case.applied_at - 91 * day, case.applied_at - 90 * day)]
    later = [Earlier(case.applied_at + day, case.applied_at + day)]
    for given, others, means_it in [
        ({}, none, True),
        ({"types": ["return_refund"]}, none, False),
        ({"reasons": ["R1", "R3"]}, none, True),
        ({"reasons": ["R3"]}, none, False),
        ({"most": yuan("128.00")}, none, True),
        ({"most": yuan("127.99")}, none, False),
        ({"shipping": "sent"}, none, True),
        ({"shipping": "unsent"}, none, False),
        ({"buyer_most": 3}, before, True),
        ({"buyer_most": 2}, before, False),
        ({"buyer_most": 1}, long_ago + later, True),
        ({"undisputed": True}, before + later, True),
        ({"undisputed": True}, long_ago, False),
    ]:
        rule = AgreeRule(
            shop=shop, types=["refund_received"], most=yuan("200.00"), day_most=yuan("1")
        )
        for name, value in given.items():
            setattr(rule, name, value)
        assert fits(rule, case, others) is means_it, given
    unsent = make_case(type="refund_unshipped", reason="U1")
    rule = AgreeRule(shop=shop, types=["refund_unshipped"], most=yuan("200"), shipping="unsent")
    assert fits(rule, unsent, none)


def test_cases_from_before_a_rule_was_switched_on_are_left_alone(rule_of, make_case, merchant, now):
    old = rule_of(most="1.00")
    case = make_case()
    now.shift(SECOND)
    old.fresh(most=yuan("200.00")).store(by=merchant, was=old.pk)

    assert looked_at(case).status == Status.PENDING_MERCHANT
    assert looked_at(make_case()).status == Status.REFUNDING


def test_without_a_rule_in_use_no_case_waits_for_one(rule_of, make_case, stranger):
    rule_of(active=False)
    foreign = AgreeRule(
        shop=stranger.memberships.get().shop,
        name="别家",
        types=["refund_received"],
        most=yuan("200.00"),
        day_most=yuan("200.00"),
        active=True,
    )
    foreign.store(by=stranger)

    case = make_case()
    assert case.rules_at is None
    assert agreeing.consider_due() == 0
    assert looked_at(case).status == Status.PENDING_MERCHANT


def test_a_case_is_looked_at_once(rule_of, make_case, merchant, shop, now):
    """Undone, it stays with people; so does what the rule did not mean the first time."""
    rule = rule_of()
    case = looked_at(make_case())
    now.shift(SECOND)
    case.undo(by=MemberFactory(shop=shop).user)  # nobody's click: whoever may agree

    undone = looked_at(case)
    assert (undone.status, undone.agreed_rule) == (Status.PENDING_MERCHANT, None)
    assert not undone.refunds.exists()
    assert agreeing.spent(rule, clock.now()) == 0
    tasks.agree_by_rules()
    assert looked_at(case).status == Status.PENDING_MERCHANT


def test_people_who_were_quicker_have_the_case(rule_of, make_desk):
    """A round sent before the sweep came by is not overruled."""
    rule_of()
    desk = make_desk("waiting")

    case = looked_at(desk.case)

    assert case.status == Status.PENDING_MERCHANT
    assert case.events.last().step == "negotiate"


def test_a_rule_stops_at_its_sum_for_the_day(rule_of, make_case, now):
    """Other rules and the next day go on; what was left waits for people."""
    rule_of(day_most=yuan("300.00"))
    cases = [looked_at(make_case()) for _number in range(3)]
    assert [case.status == Status.REFUNDING for case in cases] == [True, True, False]

    now.shift(timedelta(hours=12))  # the next day in China
    assert looked_at(cases[2]).status == Status.PENDING_MERCHANT
    assert looked_at(make_case()).status == Status.REFUNDING


def test_the_first_rule_that_may_agrees(rule_of, make_case):
    rule_of(day_most=yuan("128.00"))
    second = rule_of(name="第二条")
    assert looked_at(make_case()).agreed_rule.code == "R1"
    assert looked_at(make_case()).agreed_rule == second


def test_a_broken_rule_stops_no_other_case(rule_of, make_case, caplog):
    rule_of()
    broken, fine = make_case(), make_case()
    Case.objects.filter(pk=broken.pk).update(snapshot=[])

    assert agreeing.consider_due() == 2
    assert Case.objects.get(pk=broken.pk).status == Status.PENDING_MERCHANT
    assert Case.objects.get(pk=fine.pk).status == Status.REFUNDING
    assert broken.code in caplog.text


def test_the_dry_run_is_what_the_rule_would_have_done(rule_of, make_case, shop, now):
    """Judged by the same predicate, with the limit of each day; it changes nothing."""
    now.shift(-timedelta(days=31))
    make_case()
    now.shift(timedelta(days=2))
    cases = [make_case() for _number in range(3)]
    now.shift(timedelta(days=1))
    cases.append(make_case())
    make_case(type="return_refund")
    now.shift(timedelta(days=28))
    rule = rule_of(active=False, day_most=yuan("256.00"))

    trial = agreeing.try_out(rule, clock.now())

    assert trial.cases == [cases[3], cases[1], cases[0]]
    assert trial.left == [cases[2]]
    assert trial.total == yuan("384.00")
    assert not Case.objects.exclude(status=Status.PENDING_MERCHANT).exists()


def test_figures_count_it_as_the_merchants_own_act(rule_of, make_case, now):
    """首次响应, 超时率, 自主完结时长: answered at once, not overdue, without the platform."""
    rule_of()
    case = looked_at(make_case())
    now.shift(timedelta(minutes=30))
    payments.pay_due()
    now.shift(timedelta(days=1))
    rolling.roll_up(date(2026, 11, 23), date(2026, 11, 23))

    counted = {row.measure: row.took for row in Counted.objects.filter(case=case)}
    assert counted[Measure.RESPONDED] == timedelta(0)
    assert counted[Measure.SELF_REFUND] == timedelta(minutes=30)
    assert Measure.HANDLED in counted
    assert Measure.DUE in counted
    assert Measure.OVERDUE not in counted
    assert not Message.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_agree_once_and_keep_the_limit(rule_of, make_case):
    """Each case once, and never more than the day's sum, however they meet."""
    rule = rule_of(day_most=yuan("300.00"))
    for _number in range(4):
        make_case()

    told = race(agreeing.consider_due, agreeing.consider_due)

    assert told == ["", ""]
    assert agreeing.spent(rule, clock.now()) == yuan("256.00")
    assert Refund.objects.count() == 2
    assert Case.objects.filter(rules_at__isnull=False).count() == 0
    for case in Case.objects.all():
        assert case.events.count() == 1 + (case.status == Status.REFUNDING)
