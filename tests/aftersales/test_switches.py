"""规则开关: every switch of the policy works in each of its positions."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales import clock
from aftersales.enums import Party, RoundState, Status
from aftersales.figures import reading, rolling
from aftersales.models import Case, Measure, Policy, User
from aftersales.payments import pay_due
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import set_policy
from tests.factories import OrderFactory, application_for, upload

pytestmark = pytest.mark.django_db
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
D15 = HOUR
TRIED = {  # the tests below, by switch
    "max_applications_per_line",
    "cancel_is_final",
    "min_rounds",
    "any_message_counts",
    "negotiation_pauses_deadline",
    "mobile_negotiation",
    "allow_early_intervention",
    "order_grace_minutes",
    "max_images",
    "agreement_version",
    "undo_seconds",
}


def test_no_switch_is_left_out() -> None:
    """Whoever adds a switch tries it here."""
    assert set(Policy().stamped()) == TRIED


@pytest.fixture
def apply(buyer: User, shop: Any) -> Callable[..., Case]:
    def take(order: Any, **given: Any) -> Case:
        case: Case = Case.apply(order.lines.get(), application_for(order, **given), by=buyer)
        return case

    return take


@pytest.mark.parametrize("most", [1, 2, 3])
def test_as_many_applications_as_a_line_may_have(
    most: int, apply: Any, merchant: User, shop: Any, buyer: User
) -> None:
    """G2, S-17: each of them refunded one piece, and there are more pieces than applications."""
    set_policy(max_applications_per_line=most)
    order = OrderFactory(shop=shop, buyer=buyer, lines=[{"quantity": 5}])
    for _number in range(most):
        case = apply(order, quantity=1, amount=Decimal("10.00"))
        case.agree(by=merchant)
        pay_due()
    with pytest.raises(Refused, match="每件商品只能申请一次售后"):
        apply(order, quantity=1, amount=Decimal("10.00"))


@pytest.mark.parametrize("final", [True, False])
def test_whether_a_cancelled_application_counts(
    final: bool, apply: Any, shop: Any, buyer: User
) -> None:
    """S-18, G2."""
    set_policy(cancel_is_final=final)
    order = OrderFactory(shop=shop, buyer=buyer)
    apply(order).cancel(by=buyer)
    if final:
        with pytest.raises(Refused, match="你撤销过这件商品的售后"):
            apply(order)
        return
    assert apply(order).status == Status.PENDING_MERCHANT


@pytest.mark.parametrize("gate", [0, 1, 2, 3])
@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_how_many_rounds_come_before_a_rejection(gate: int, rounds: int, make_desk: Any) -> None:
    """NEG-45: below the gate it is refused, from the gate on it is not."""
    set_policy(min_rounds=gate)
    desk = make_desk(("checked", "answered", "negotiated")[rounds])
    refused = desk.case.refusal("reject", desk.merchant)
    assert refused == ("" if rounds >= gate else "驳回前请先与消费者完成两轮协商")
    if rounds == gate:
        desk.reject()
        assert desk.case.status == Status.REJECTED


def test_three_rounds_are_possible_where_three_are_asked_for(make_desk: Any) -> None:
    """NEG-45, NEG-50."""
    set_policy(min_rounds=3)
    desk = make_desk("negotiated")
    desk.negotiate()
    desk.reply()
    desk.reject()
    assert (desk.case.round_number, desk.case.status) == (3, Status.REJECTED)


@pytest.mark.parametrize(
    ("counts", "state"), [(True, RoundState.ANSWERED), (False, RoundState.WAITING)]
)
def test_whether_any_message_of_the_buyer_is_a_reply(
    counts: bool, state: str, make_desk: Any
) -> None:
    """NEG-30."""
    set_policy(any_message_counts=counts)
    desk = make_desk("waiting")
    desk.case.send_message(by=desk.buyer, text="我再想想")
    assert desk.case.round_state == state


@pytest.mark.parametrize(
    ("pauses", "silent", "given"),
    [
        (False, 1, timedelta()),
        (False, 3, timedelta()),
        (True, 0, timedelta()),
        (True, 1, D15),
        (True, 2, 2 * D15),
        (True, 3, 2 * D15),  # never more than two waits
    ],
)
@pytest.mark.parametrize("late", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_negotiation_gives_back_at_most_two_waits(
    pauses: bool, silent: int, given: timedelta, late: timedelta, make_desk: Any, now: Any
) -> None:
    """NEG-51: each unanswered round in full, together two; then the merchant is late."""
    set_policy(negotiation_pauses_deadline=pauses, min_rounds=3)
    desk = make_desk("checked")
    for _number in range(silent):
        desk.negotiate()
        now.shift(D15)
        desk.case.catch_up()
    end = desk.case.applied_at + 48 * HOUR + given
    assert desk.case.due_at == end
    now.move_to(end + late, tick=False)
    expire_all()
    expired = Case.objects.get(pk=desk.case.pk).auto_agreed
    assert expired is (late >= timedelta())


@pytest.mark.parametrize("minutes", [1, 30, 59])
def test_an_early_answer_gives_back_only_what_was_waited_for(
    minutes: int, make_desk: Any, now: Any
) -> None:
    """NEG-51."""
    set_policy(negotiation_pauses_deadline=True)
    desk = make_desk("waiting")
    now.shift(timedelta(minutes=minutes))
    desk.reply()
    assert desk.case.due_at == desk.case.applied_at + 48 * HOUR + timedelta(minutes=minutes)


@pytest.mark.parametrize("opened", [True, False])
def test_whether_the_tool_opens_on_a_phone(
    opened: bool, make_case: Any, client: Client, merchant: User
) -> None:
    """NEG-53, S-84: closed, the page says so and hides the entry at a phone's width."""
    set_policy(mobile_negotiation=opened)
    case = make_case()
    client.force_login(merchant)
    page = client.get(reverse("merchants:case", args=[case.code])).context["page"]
    assert page.mobile is opened


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("late", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_whether_a_buyer_may_ask_before_the_merchant_answered(
    allowed: bool, late: timedelta, make_case: Any, buyer: User, now: Any
) -> None:
    """D10, T-17: off by default; on, from a day after applying."""
    set_policy(allow_early_intervention=allowed)
    case = make_case()
    now.shift(24 * HOUR + late)
    assert (case.refusal("ask_platform", buyer) == "") is (allowed and late >= timedelta())


@pytest.mark.parametrize(
    ("grace", "minutes", "gone", "counts"),
    [
        (0, 0, 2, 1),
        (0, 29, 2, 1),
        (30, 29, 2, 0),
        (30, 30, 2, 1),
        (60, 59, 2, 0),
        (30, 0, 1, 1),  # of two mugs one is still to be sent
    ],
)
@pytest.mark.parametrize("gift", [False, True], ids=["", "gift"])
def test_whether_an_order_left_at_once_counts(
    grace: int,
    minutes: int,
    gone: int,
    counts: int,
    gift: bool,
    apply: Any,
    shop: Any,
    buyer: User,
    merchant: User,
    now: Any,
) -> None:
    """metrics.md 4.2, ``orders_30``: paid orders, but not those given back to the last piece before
    they were sent; gifts go with the goods."""
    set_policy(order_grace_minutes=grace)
    order = OrderFactory(shop=shop, buyer=buyer, unshipped=True, paid_at=clock.now())
    now.shift(timedelta(minutes=minutes))
    asked = {"quantity": gone, "amount": gone * Decimal("64.00")}
    apply(order, type="refund_unshipped", reason="U1", **asked).agree(by=merchant)
    if gift:
        line = order.lines.get()
        order.lines.create(title="杯垫", quantity=1, paid=0, gift_of=line, number="G")
    pay_due()
    set_policy(order_grace_minutes=0)  # a case goes by the rules of its day
    now.shift(timedelta(days=1))
    rolling.catch_up()
    window = reading.Window(rolling.yesterday())
    figures = reading.figures_of(shop, window.last)
    assert figures.tally(Measure.PAID, window).number == counts
    assert reading.paid_in(shop, window).count() == counts
    assert figures.tally(Measure.REFUNDED, window).number == 1


@pytest.mark.parametrize("most", [2, 8])
@pytest.mark.parametrize("over", [0, 1])
def test_how_many_pictures_an_application_takes(
    most: int, over: int, apply: Any, shop: Any, buyer: User
) -> None:
    """G8."""
    set_policy(max_images=most)
    order = OrderFactory(shop=shop, buyer=buyer)
    slots = dict(application_for(order).evidence)
    filled = sum(len(each) for each in slots.values())
    slots["more"] = [upload(buyer) for _number in range(most + over - filled)]
    if over:
        with pytest.raises(Refused, match=f"最多上传 {most} 张"):
            apply(order, evidence=slots)
        return
    assert apply(order, evidence=slots).evidence.filter(party=Party.BUYER).count() == most


def test_the_agreement_that_the_policy_names_is_the_one_to_accept(
    apply: Any, shop: Any, buyer: User
) -> None:
    """S-11, G9."""
    order = OrderFactory(shop=shop, buyer=buyer)
    set_policy(agreement_version="2027-01")
    with pytest.raises(Refused, match="维权协议"):
        apply(order, agreement_version="2026-11")
    assert apply(order, agreement_version="2027-01").agreement_version == "2027-01"


@pytest.mark.parametrize("seconds", [0, 10, 30])
def test_how_long_an_agreement_can_be_undone(seconds: int, make_case: Any, merchant: User) -> None:
    """With 0 it takes effect at once."""
    set_policy(undo_seconds=seconds)
    case = make_case()

    case.agree(by=merchant, undo_within=case.undo_window)

    assert case.held_until == (case.at + seconds * SECOND if seconds else None)
    assert case.refunds.get().due_at == case.at + seconds * SECOND
