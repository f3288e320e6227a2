"""撤销同意 (UX §5.4): for ten seconds an agreement can be taken back, whole; then it stands."""

from datetime import timedelta
from typing import Any

import pytest

from aftersales.consistency import checking
from aftersales.enums import Party, RefundState, RoundState, Stage, Status
from aftersales.figures import rolling
from aftersales.models import Case, Counted, Event, Notice, Refund, User
from aftersales.notices.delivering import deliver_due
from aftersales.payments import pay_due
from aftersales.steps import STEPS
from aftersales.sweeping import take_due
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import assert_moved, last, owed, refused, steps, stored
from tests.factories import MemberFactory

TEN, SECOND = timedelta(seconds=10), timedelta(seconds=1)
# What every step moves on, undone or not.
MOVED_ON = {"version", "chain", "updated_at"}


def values(case: Case) -> dict[str, Any]:
    row = Case.objects.filter(pk=case.pk).values().get()
    return {name: value for name, value in row.items() if name not in MOVED_ON}


def rows_of(case: Case) -> list[Any]:
    """Everything that hangs on a case and may be touched by agreeing."""
    return [
        list(manager.order_by("pk").values())
        for manager in (case.rounds, case.offers, case.interventions, case.refunds, case.messages)
    ]


def agree(case: Case, by: User) -> None:
    """As the page does it: with the seconds of the policy."""
    answers = {"address": case.default_address(), "message": "请保留吊牌"}
    name = {"return_refund": "agree_return", "resend": "agree_resend"}.get(case.type, "agree")
    given = answers if name == "agree_return" else {}
    getattr(case, name)(by=by, undo_within=case.undo_window, **given)


@pytest.mark.parametrize(
    ("trait", "kind"),
    [
        ("", "refund_received"),
        ("waiting", "refund_received"),
        ("answered", "refund_received"),
        ("rejected", "refund_received"),
        ("under_review", "refund_received"),
        ("waiting", "return_refund"),
        ("", "resend"),
    ],
)
def test_all_is_as_it_was(make_case: Any, merchant: User, now: Any, trait: str, kind: str) -> None:
    """Status, clocks, round, plans, intervention, money and words; and both events stay."""
    case = make_case(trait, type=kind)
    before, hanging, history = values(case), rows_of(case), steps(case)
    agree(case, merchant)
    assert values(case) != before
    now.shift(9 * SECOND)

    case.undo(by=merchant)

    assert values(case) == before
    assert rows_of(case) == hanging
    assert steps(case)[len(history) :] == [steps(case)[-2], "undo"]
    assert last(case).details["undone"] == steps(case)[-2]
    assert_moved(case, "undo", Party.MERCHANT, last(case).before, before["status"], merchant)
    assert case.wake_at == before["wake_at"]


def test_nobody_is_told_and_nothing_is_paid(make_case: Any, merchant: User, now: Any) -> None:
    case = make_case()
    deliver_due()
    told = Notice.objects.count()
    agree(case, merchant)
    now.shift(9 * SECOND)

    assert (deliver_due(), pay_due()) == (0, 0)
    case.undo(by=merchant)
    now.shift(timedelta(minutes=1))
    deliver_due()
    pay_due()

    assert Notice.objects.count() == told
    assert not Refund.objects.exists()
    assert not Event.objects.filter(delivered_at=None).exists()


def test_after_ten_seconds_it_stands(make_case: Any, merchant: User, buyer: User, now: Any) -> None:
    case = make_case()
    agree(case, merchant)
    now.shift(TEN)

    with refused(case, "已超过可以撤销的时间，同意已经生效", by=merchant):
        case.undo(by=merchant)
    deliver_due()
    pay_due()

    assert stored(case).status == Status.REFUNDED
    assert owed(case) == [("微信支付", "128.00")]
    assert Notice.objects.filter(user=buyer, event__step="agree").count() == 1


def test_what_time_has_decided_meanwhile_stays_decided(
    make_case: Any, merchant: User, now: Any
) -> None:
    """Agreed five seconds before the deadline: after the deadline there is nothing to go back to."""
    case = make_case()
    due_at = case.due_at
    now.move_to(due_at - 5 * SECOND)
    agree(case, merchant)
    now.move_to(due_at)

    with refused(case, "处理时限已过，不能撤销", by=merchant):
        case.undo(by=merchant)

    assert stored(case).status == Status.REFUNDING
    assert len(owed(case)) == 1


def test_a_moment_before_the_deadline_it_goes_back_and_time_acts(
    make_case: Any, merchant: User, now: Any
) -> None:
    case = make_case()
    due_at = case.due_at
    now.move_to(due_at - 5 * SECOND)
    agree(case, merchant)
    now.move_to(due_at - SECOND)
    case.undo(by=merchant)
    now.move_to(due_at)

    take_due(Case)

    assert steps(case) == ["apply", "agree", "undo", "agree_by_default"]
    assert stored(case).auto_agreed


def test_only_who_agreed_takes_it_back(make_case: Any, merchant: User, shop: Any) -> None:
    case, colleague = make_case(), MemberFactory(shop=shop).user
    agree(case, merchant)

    with refused(case, "只有同意的人自己可以撤销", by=colleague):
        case.undo(by=colleague)


def test_what_the_buyer_has_done_since_ends_it(make_case: Any, merchant: User, buyer: User) -> None:
    case = make_case(type="return_refund")
    agree(case, merchant)
    case.send_back(by=buyer, carrier="中通快递", tracking="ZT0123456789")

    with refused(case, "当前状态不能进行此操作", by=merchant):
        case.undo(by=merchant)
    case = make_case()
    agree(case, merchant)
    case.send_message(by=buyer, text="谢谢")

    with refused(case, "已超过可以撤销的时间", by=merchant):
        case.undo(by=merchant)


def test_nothing_is_held_where_nobody_can_undo(make_case: Any, merchant: User) -> None:
    """Time and other programs agree at once."""
    case = make_case()
    case.agree(by=merchant)

    assert case.held_until is None
    assert Refund.objects.get().due_at == case.at


def test_only_agreeing_can_be_undone() -> None:
    """What is sent, rejected or received is not: there one is asked before."""
    assert {name for name, known in STEPS.items() if known.undoable} == {
        "agree",
        "agree_refusal",
        "agree_resend",
        "agree_return",
    }


def test_who_agrees_again_pays_once(make_case: Any, merchant: User, now: Any) -> None:
    case = make_case()
    agree(case, merchant)
    case.undo(by=merchant)
    agree(case, merchant)
    now.shift(TEN)

    pay_due()

    assert stored(case).status == Status.REFUNDED
    assert [refund.state for refund in case.refunds.all()] == [RefundState.PAID]


def test_an_undone_agreement_is_no_agreement_in_the_figures(
    make_case: Any, merchant: User, now: Any
) -> None:
    """It answers nothing, settles nothing and is no response; and midnight does not cut it in two."""
    case = make_case("expired")
    now.move_to(rolling.begins(rolling.in_china(case.applied_at).date() + rolling.DAY) - 5 * SECOND)
    agree(case, merchant)
    now.shift(5 * SECOND)
    rolling.catch_up()
    assert not Counted.objects.exists()
    case.undo(by=merchant)
    now.shift(timedelta(minutes=2))

    rolling.catch_up()

    counted = set(Counted.objects.values_list("measure", flat=True))
    assert counted == {"applied", "negotiated", "responded"}


@pytest.mark.parametrize("trait", ["waiting", "under_review"])
def test_the_daily_check_finds_nothing(
    make_case: Any, merchant: User, now: Any, trait: str
) -> None:
    case = make_case(trait)
    agree(case, merchant)
    assert checking.check_all().found == 0
    case.undo(by=merchant)
    now.shift(timedelta(minutes=20))
    deliver_due()

    assert checking.check_all().found == 0
    if trait == "waiting":
        assert case.round_state == RoundState.WAITING
    else:
        assert case.stage == Stage.EVIDENCE


def test_a_sweep_leaves_it_alone(make_case: Any, merchant: User, now: Any) -> None:
    """The clocks of the former status do not run while it is agreed."""
    case = make_case("waiting")
    now.move_to(case.reply_due_at - 5 * SECOND)
    agree(case, merchant)
    now.shift(7 * SECOND)

    expire_all()
    case.undo(by=merchant)
    expire_all()

    assert steps(case)[-3:] == ["agree", "undo", "stop_waiting"]
