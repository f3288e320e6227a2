"""Undoing against payment, notice, sweep and itself: one of them wins, and the rest fits."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Status
from aftersales.models import LedgerEntry, Notice, Refund
from aftersales.notices.delivering import deliver_due
from aftersales.payments import pay_due
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import steps, whole
from tests.aftersales.test_races import DONE, TIMES, click, fresh, race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_undo_and_the_queues(make_desk, now):
    """Within the ten seconds a quick worker finds nothing to pay, nobody to tell."""
    for _ in range(TIMES):
        desk = make_desk("waiting")
        deliver_due()
        told = Notice.objects.count()
        desk.case.agree(by=desk.merchant, undo_within=timedelta(seconds=10))
        now.shift(timedelta(seconds=9))

        answers = race(click(desk.case, "undo", by=desk.merchant), pay_due, deliver_due, expire_all)

        assert answers == [DONE] * 4
        case = fresh(desk.case)
        assert case.status == Status.PENDING_MERCHANT
        assert not Refund.objects.filter(case=case).exists()
        assert steps(case)[-2:] == ["agree", "undo"]
        deliver_due()
        assert Notice.objects.count() == told
        assert whole(case)


def test_a_paying_worker_whose_clock_is_ahead(make_desk, now):
    """The lock on the refund decides: it was undone and never paid, or it is paid and stands."""
    for _ in range(TIMES):
        desk = make_desk()
        desk.case.agree(by=desk.merchant, undo_within=timedelta(seconds=10))
        number = desk.case.refunds.get().number
        desk.case.refunds.update(due_at=clock.now())  # for the worker its time has come

        told = race(click(desk.case, "undo", by=desk.merchant), pay_due)

        case, entries = fresh(desk.case), LedgerEntry.objects.filter(number=number)
        assert told[1] == DONE
        if told[0] == DONE:
            assert case.status == Status.PENDING_MERCHANT
            assert not Refund.objects.filter(case=case).exists()
            assert not entries.exists()
        else:
            assert any(part in told[0] for part in ("退款已经提交", "可以撤销的时间", "当前状态"))
            assert case.status == Status.REFUNDED
            assert entries.count() == 1
        assert whole(case)


def test_what_has_been_told_is_not_taken_back(make_desk, now):
    """A notice that left by a clock ahead of ours."""
    desk = make_desk()
    desk.case.agree(by=desk.merchant, undo_within=timedelta(seconds=10))
    desk.case.events.update(delivered_at=clock.now())

    with pytest.raises(Refused, match="同意已经通知买家，不能撤销"):
        desk.case.undo(by=desk.merchant)

    assert fresh(desk.case).status == Status.REFUNDING
    assert desk.case.refunds.count() == 1


def test_two_undoings_in_one_moment_are_one(make_desk, now):
    for _ in range(TIMES):
        desk = make_desk()
        desk.case.agree(by=desk.merchant, undo_within=timedelta(seconds=10))

        told = race(
            click(desk.case, "undo", by=desk.merchant, key="one"),
            click(desk.case, "undo", by=desk.merchant, key="two"),
        )

        assert sorted(told)[0] == DONE
        assert "当前状态" in sorted(told)[1]
        assert steps(fresh(desk.case)) == ["apply", "agree", "undo"]
        assert whole(fresh(desk.case))
