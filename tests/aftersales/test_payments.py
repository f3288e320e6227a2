"""退款支付 (T-24): what is owed is paid once, however the gateway or our own process misbehaves."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.enums import Party, RefundState, Status
from aftersales.models import Case, LedgerEntry, LedgerMood, Refund
from aftersales.payments import pay, pay_due
from aftersales.payments.gateway import Answer
from aftersales.payments.paying import LEASE, MOST_TRIES, MOST_UNKNOWN
from aftersales.steps import Refused
from tests.aftersales.gateways import PATH, PaidThenGone, Scripted
from tests.factories import OrderFactory

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
TWO_WAYS = [("微信支付", Decimal("100.00")), ("礼品卡", Decimal("28.00"))]


@pytest.fixture
def gateway(transactional_db: None, settings: Any) -> Iterator[type[Scripted]]:
    """The scripted gateway; with no transaction around the test, one of ours would be seen."""
    settings.GATEWAY = PATH
    cache.clear()
    Scripted.reset()
    yield Scripted
    Scripted.reset()


@pytest.fixture
def owing(make_case: Any, merchant: Any, shop: Any, buyer: Any) -> Any:
    """A case whose refund is owed and due."""

    def make(payments: Any = ()) -> Case:
        order = OrderFactory(shop=shop, buyer=buyer, payments=payments)
        case: Case = make_case(order=order)
        case.agree(by=merchant)
        return case

    return make


def status_of(case: Case) -> str:
    return str(Case.objects.get(pk=case.pk).status)


def refunds_of(case: Case) -> list[Refund]:
    return list(Refund.objects.filter(case=case).order_by("pk"))


def test_what_is_owed_is_paid_and_the_case_told(
    gateway: type[Scripted], owing: Any, now: Any
) -> None:
    """T-24: owed, sent, paid; the gateway is asked outside any transaction."""
    case = owing()
    (refund,) = refunds_of(case)
    assert (refund.state, refund.due_at, refund.tries) == (RefundState.OWED, refund.owed_at, 0)

    assert pay_due() == 1

    (refund,) = refunds_of(case)
    assert (refund.state, refund.tries, refund.due_at) == (RefundState.PAID, 1, None)
    assert refund.paid_at == refund.sent_at == refund.owed_at
    assert gateway.calls == [(refund.number, "微信支付", Decimal("128.00"))]
    event = case.events.order_by("version").last()
    assert (event.step, event.party, event.after) == (
        "finish_refund",
        Party.CLOCK,
        Status.REFUNDED,
    )
    assert event.details["routes"] == [
        {"route": "微信支付", "amount": "128.00", "number": refund.number}
    ]
    assert pay_due() == 0


def test_a_case_is_told_when_its_last_way_is_paid(gateway: type[Scripted], owing: Any) -> None:
    """S-37: every route, its own number and its own amount."""
    case = owing(TWO_WAYS)
    first, second = refunds_of(case)
    assert pay(first.pk)
    assert status_of(case) == Status.REFUNDING
    assert pay(second.pk)
    assert status_of(case) == Status.REFUNDED
    assert gateway.books == {first.number: Decimal("100.00"), second.number: Decimal("28.00")}


def test_a_gateway_that_does_not_answer_is_asked_again_by_the_same_number(
    gateway: type[Scripted], owing: Any, now: Any
) -> None:
    """Back-off: 15 s, doubled each time, at most an hour; not a second earlier."""
    case = owing()
    gateway.answers += [Answer.UNKNOWN, TimeoutError, Answer.UNKNOWN]
    waits = [15, 30, 60]
    for number, seconds in enumerate(waits, start=1):
        assert pay_due() == 0
        (refund,) = refunds_of(case)
        assert (refund.state, refund.tries) == (RefundState.SENT, number)
        now.shift(timedelta(seconds=seconds) - SECOND)
        assert pay_due() == 0
        assert len(gateway.calls) == number
        now.shift(SECOND)
    assert pay_due() == 1
    assert {call[0] for call in gateway.calls} == {refund.number}
    assert status_of(case) == Status.REFUNDED


def test_tries_are_used_up_and_staff_see_it(gateway: type[Scripted], owing: Any, now: Any) -> None:
    """T-24: S11 after the twelfth."""
    case = owing()
    gateway.answers += [Answer.UNKNOWN] * MOST_TRIES
    for _number in range(MOST_TRIES):
        assert status_of(case) == Status.REFUNDING
        pay_due()
        now.shift(timedelta(hours=1))
    (refund,) = refunds_of(case)
    assert (refund.state, refund.due_at) == (RefundState.FAILED, None)
    assert status_of(case) == Status.REFUND_FAILED
    pay_due()
    assert len(gateway.calls) == MOST_TRIES


def test_what_the_gateway_has_taken_in_is_waited_for(
    gateway: type[Scripted], owing: Any, now: Any
) -> None:
    """A bank may take days; it has not failed, and nobody is to pay it a second time."""
    case = owing()
    gateway.answers += [Answer.ACCEPTED] * (MOST_TRIES + 5)
    for _number in range(MOST_TRIES + 5):
        pay_due()
        now.shift(timedelta(hours=1))
    (refund,) = refunds_of(case)
    assert refund.state == RefundState.SENT
    assert pay_due() == 1
    assert status_of(case) == Status.REFUNDED


def test_a_refusal_for_good_is_for_staff(gateway: type[Scripted], owing: Any, buyer: Any) -> None:
    """T-24: what the gateway said is kept."""
    case = owing()
    gateway.answers.append(Answer.REFUSED)
    assert pay_due() == 0
    (refund,) = refunds_of(case)
    assert (refund.state, refund.error, refund.due_at) == (RefundState.FAILED, "渠道答复", None)
    event = case.events.order_by("version").last()
    assert (event.step, event.after) == ("fail_refund", Status.REFUND_FAILED)


def test_staff_try_again_by_the_same_number(
    gateway: type[Scripted], owing: Any, staff: Any
) -> None:
    """T-24: only what failed."""
    case = owing(TWO_WAYS)
    gateway.answers += [Answer.PAID, Answer.REFUSED]
    pay_due()
    paid, failed = refunds_of(case)
    case.refresh_from_db()

    case.retry_refund(by=staff)

    assert status_of(case) == Status.REFUNDING
    assert pay_due() == 1
    assert [call[0] for call in gateway.calls] == [paid.number, failed.number, failed.number]
    assert status_of(case) == Status.REFUNDED


def test_staff_pay_by_another_way_and_say_how(
    gateway: type[Scripted], owing: Any, staff: Any
) -> None:
    """T-24: offline proof; the gateway is not asked again."""
    case = owing()
    gateway.answers.append(Answer.REFUSED)
    pay_due()
    case.refresh_from_db()
    with pytest.raises(Refused, match="请填写线下退款的凭据号和方式"):
        case.settle_offline(by=staff, proof="现金")

    case.settle_offline(by=staff, proof="银行转账 2026112300017")

    (refund,) = refunds_of(case)
    assert (refund.state, refund.proof) == (RefundState.PAID, "银行转账 2026112300017")
    assert status_of(case) == Status.REFUNDED
    pay_due()
    assert len(gateway.calls) == 1


def test_nobody_pays_by_hand_what_the_gateway_may_still_pay(
    gateway: type[Scripted], owing: Any, staff: Any, now: Any
) -> None:
    """Two ways: one failed, the other has no answer yet. By hand only when that is known."""
    case = owing(TWO_WAYS)
    gateway.answers += [Answer.REFUSED, Answer.UNKNOWN]
    pay_due()
    case.refresh_from_db()
    assert case.status == Status.REFUND_FAILED
    with pytest.raises(Refused, match="还有退款在支付渠道处理中"):
        case.settle_offline(by=staff, proof="银行转账 2026112300017")
    now.shift(MINUTE)
    assert pay_due() == 1

    case.settle_offline(by=staff, proof="银行转账 2026112300017")

    by_hand, by_gateway = refunds_of(case)
    assert (by_hand.proof, by_gateway.proof) == ("银行转账 2026112300017", "")
    assert status_of(case) == Status.REFUNDED


@pytest.mark.postgres
def test_more_refunds_take_hardly_more_statements(gateway: type[Scripted], owing: Any) -> None:
    """R8: ten thousand refunds in a minute are claimed, noted and told of a few at a time."""

    def statements(count: int) -> int:
        for _number in range(count):
            owing()
        with CaptureQueriesContext(connection) as caught:
            assert pay_due() == count
        return len(caught)

    one, five = statements(1), statements(MOST_UNKNOWN)
    assert five - one <= MOST_UNKNOWN
    assert set(Case.objects.values_list("status", flat=True)) == {Status.REFUNDED}


# Crashes and races --------------------------------------------------------------------------------


def test_a_crash_after_the_gateways_yes_pays_once(
    gateway: type[Scripted], owing: Any, now: Any
) -> None:
    """Dead between the yes and our note: after the lease the same number is asked again."""
    case = owing()
    gateway.answers.append(PaidThenGone)
    (refund,) = refunds_of(case)
    with pytest.raises(PaidThenGone):
        pay(refund.pk)
    (refund,) = refunds_of(case)
    assert (refund.state, refund.tries) == (RefundState.SENT, 1)
    assert pay_due() == 0  # still leased to the dead

    now.shift(LEASE)

    assert pay_due() == 1
    assert gateway.books == {refund.number: Decimal("128.00")}
    assert [call[0] for call in gateway.calls] == [refund.number] * 2
    assert status_of(case) == Status.REFUNDED


def test_a_crash_before_the_case_was_told_is_made_good(gateway: type[Scripted], owing: Any) -> None:
    """The refund is noted as paid, the case was not moved: the next sweep moves it."""
    case = owing()
    Refund.objects.filter(case=case).update(state=RefundState.PAID, due_at=None)
    assert status_of(case) == Status.REFUNDING
    pay_due()
    assert status_of(case) == Status.REFUNDED
    assert not gateway.calls


def test_two_workers_pay_once(gateway: type[Scripted], owing: Any) -> None:
    """The claim is a lease: who comes while another asks finds nothing to do."""
    case = owing()
    (refund,) = refunds_of(case)
    gateway.before_answer.append(lambda: (pay(refund.pk), pay_due()))
    assert pay(refund.pk)
    assert len(gateway.calls) == 1


def test_a_worker_that_slept_through_its_lease_does_not_undo_what_another_was_told(
    gateway: type[Scripted], owing: Any, now: Any
) -> None:
    """F4: its own answer, which was none, is older than the other's."""
    case = owing()
    (refund,) = refunds_of(case)
    Refund.objects.filter(pk=refund.pk).update(tries=MOST_TRIES - 1)
    gateway.answers += [Answer.ACCEPTED, Answer.UNKNOWN]  # the other's is given first
    gateway.before_answer.append(lambda: (now.shift(LEASE), pay(refund.pk)))
    assert not pay(refund.pk)
    (refund,) = refunds_of(case)
    assert (refund.state, refund.tries) == (RefundState.SENT, MOST_TRIES + 1)
    assert status_of(case) == Status.REFUNDING


def test_a_gateway_that_is_away_is_not_asked_for_everything(
    gateway: type[Scripted], owing: Any
) -> None:
    """F38: five answers that were none are enough; what waits is tried by the next sweep, and by no
    other at the same time."""
    for _number in range(MOST_UNKNOWN + 2):
        owing()
    gateway.answers += [Answer.UNKNOWN] * MOST_UNKNOWN
    assert pay_due() == 0
    assert len(gateway.calls) == MOST_UNKNOWN
    beside: list[int] = []
    gateway.before_answer.append(lambda: beside.append(pay_due()))
    assert pay_due() == 2
    assert beside == [0]
    assert len(gateway.calls) == MOST_UNKNOWN + 2


def test_one_poisoned_refund_does_not_stop_the_rest(gateway: type[Scripted], owing: Any) -> None:
    """An adapter's bug is one refund's trouble."""
    first, second = owing(), owing()
    gateway.answers.append(ZeroDivisionError)
    assert pay_due() == 1
    assert {status_of(first), status_of(second)} == {Status.REFUNDING, Status.REFUNDED}


def test_one_case_that_can_not_be_told_does_not_stop_the_rest(
    gateway: type[Scripted], owing: Any
) -> None:
    """A case whose row is broken is left behind; the others are told."""
    broken, whole = owing(), owing()
    Refund.objects.update(state=RefundState.PAID, due_at=None)
    Case.objects.filter(pk=broken.pk).update(version=0)  # its next link has been taken
    pay_due()
    assert status_of(broken) == Status.REFUNDING
    assert status_of(whole) == Status.REFUNDED


# The ledger that ships ----------------------------------------------------------------------------


@pytest.fixture
def ledger(transactional_db: None, settings: Any) -> None:
    settings.GATEWAY = "ledger"


def mood(answer: str, times: int = 1) -> None:
    LedgerMood.objects.create(answer=answer, times=times)


@pytest.mark.usefixtures("ledger")
class TestLedger:
    def test_it_pays_each_number_once(self, owing: Any) -> None:
        case = owing(TWO_WAYS)
        assert pay_due() == 2
        entries = {(entry.number, entry.amount) for entry in LedgerEntry.objects.all()}
        assert entries == {(refund.number, refund.amount) for refund in refunds_of(case)}

    @pytest.mark.parametrize(
        ("answer", "state", "status", "entries"),
        [
            ("refuse", RefundState.FAILED, Status.REFUND_FAILED, 0),
            ("busy", RefundState.SENT, Status.REFUNDING, 0),
            ("timeout", RefundState.SENT, Status.REFUNDING, 1),
            ("late", RefundState.SENT, Status.REFUNDING, 1),
        ],
    )
    def test_it_can_be_told_to_misbehave(
        self, answer: str, state: str, status: str, entries: int, owing: Any
    ) -> None:
        """§2: fail, time out after paying, or answer late."""
        case = owing()
        mood(answer)
        assert pay_due() == 0
        (refund,) = refunds_of(case)
        assert (refund.state, status_of(case)) == (state, status)
        assert refund.error
        assert LedgerEntry.objects.count() == entries

    @pytest.mark.parametrize("answer", ["busy", "timeout", "late"])
    def test_a_bad_day_passes_and_is_paid_once(self, answer: str, owing: Any, now: Any) -> None:
        """T-24: with the next tries, under the same number."""
        case = owing()
        mood(answer)
        for _number in range(4):
            pay_due()
            now.shift(MINUTE)
        (refund,) = refunds_of(case)
        assert (refund.state, refund.error) == (RefundState.PAID, "")
        entry = LedgerEntry.objects.get()
        assert (entry.number, entry.amount) == (refund.number, refund.amount)
        assert status_of(case) == Status.REFUNDED

    def test_it_does_not_pay_another_amount_under_a_known_number(self, owing: Any) -> None:
        """A number stands for one payout."""
        case = owing()
        mood("timeout")
        pay_due()
        Refund.objects.filter(case=case).update(amount=Decimal("999.00"), due_at=case.applied_at)
        pay_due()
        (refund,) = refunds_of(case)
        assert (refund.state, refund.error) == (
            RefundState.FAILED,
            "同一退款单号的金额或渠道不一致",
        )
