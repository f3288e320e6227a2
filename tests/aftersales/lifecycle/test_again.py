"""再次申请 after goods were not sent back in time (T-10), and reasons that depend on more than their code."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aftersales import clock
from aftersales.enums import Burden, Freight, Party, PlanState, Status
from aftersales.models import Case, Message, Plan, Policy, Proposal, Reason, User
from aftersales.rules.burden import burden_of, months_after
from aftersales.rules.worktime import CHINA
from aftersales.steps import Refused
from tests.factories import OrderFactory, application_for, upload

pytestmark = pytest.mark.django_db
CONSENT = "再次申请需要商家同意"


@pytest.fixture
def unreturned(make_case: Callable[..., Case], now: Any) -> Case:
    """Agreed to, never sent back, closed by D4; the policy lets a line be claimed three times."""
    Policy.objects.update(max_applications_per_line=3)
    case = make_case("agreed", type="exchange")
    now.move_to(case.due_at, tick=False)
    case.catch_up()
    assert case.status == Status.CLOSED_BUYER_TIMEOUT
    return case


def again(case: Case, reason: str = "R1", kind: str = "exchange") -> Case:
    given = application_for(case.order, kind, reason)
    made: Case = Case.apply(case.line, given, by=case.buyer)
    return made


def test_the_same_reason_again_takes_the_merchants_consent(
    unreturned: Case, merchant: User
) -> None:
    """T-10."""
    with pytest.raises(Refused, match=CONSENT) as refused:
        again(unreturned)
    assert set(refused.value.errors) == {"reason"}
    unreturned.allow_again(by=merchant)
    event = unreturned.events.order_by("version").last()
    assert event is not None
    assert (event.step, event.details["reason"]) == ("allow_again", unreturned.reason.label)
    assert again(unreturned).status == Status.PENDING_MERCHANT


def test_another_reason_takes_none(unreturned: Case) -> None:
    """T-10."""
    assert again(unreturned, "R3").status == Status.PENDING_MERCHANT


def test_what_lapsed_after_a_rejection_asks_for_no_consent(
    make_case: Callable[..., Case], merchant: User, now: Any
) -> None:
    """T-18 closes too, but nobody failed to send goods back."""
    Policy.objects.update(max_applications_per_line=3)
    case = make_case("rejected")
    now.move_to(case.due_at, tick=False)
    case.catch_up()
    assert case.status == Status.CLOSED_BUYER_TIMEOUT
    assert case.refusal("allow_again", merchant) == "买家以同样的原因再次申请不需要你同意"
    assert again(case, kind="refund_received").status == Status.PENDING_MERCHANT


def test_a_refusal_at_the_door_is_a_matter_of_quality_only_for_damage(
    shop: Any, buyer: User
) -> None:
    """N4: damage is shown and is the merchant's; what is merely not wanted is neither."""
    order = OrderFactory(shop=shop, buyer=buyer, in_transit=True)
    plain, damaged = (Reason.objects.get(code=code) for code in ("N4", "N4D"))
    assert (plain.quality, damaged.quality) == (False, True)
    assert damaged.freight == Freight.MERCHANT
    given = application_for(order, "refund_not_received", "N4D")
    given.evidence = {}
    with pytest.raises(Refused) as refused:
        Case.apply(order.lines.get(), given, by=buyer)
    assert set(refused.value.errors) == {"proof_damage"}
    given.evidence = {"damage": [upload(buyer)]}
    assert Case.apply(order.lines.get(), given, by=buyer).reason == damaged


@pytest.mark.parametrize("kind", ["exchange", "resend", "repair"])
def test_goods_are_asked_for_as_agreed_only_where_they_were_agreed_on(
    kind: str, shop: Any, buyer: User, merchant: User
) -> None:
    """U5, S-47."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    line = order.lines.get()
    with pytest.raises(Refused) as refused:
        Case.apply(line, application_for(order, kind, "U5"), by=buyer)
    assert set(refused.value.errors) == {"reason"}
    said = Message.objects.create(
        line=line, party=Party.MERCHANT, user=merchant, text="可以，我们处理。", at=clock.now()
    )
    Proposal.objects.create(
        line=line,
        message=said,
        plan=Plan.objects.get(code=kind),
        type=kind,
        state=PlanState.ACCEPTED,
        at=clock.now(),
    )
    case = Case.apply(line, application_for(order, kind, "U5"), by=buyer)
    assert case.demand == application_for(order, kind, "U5").demand  # what goods: still said


@pytest.mark.parametrize(
    ("durable", "days", "burden"),
    [
        (True, 30, Burden.MERCHANT_FIRST),
        (True, 200, Burden.BUYER_FIRST),
        (False, 30, Burden.BUYER_FIRST),
    ],
)
def test_a_fault_in_warranty_is_the_merchants_to_disprove_in_the_first_six_months(
    durable: bool, days: int, burden: Burden, shop: Any, buyer: User
) -> None:
    """R18: durable goods only."""
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        finished=True,
        signed_at=clock.now() - timedelta(days=days),
        lines=[{"durable": durable, "warranty_days": 365}],
    )
    case = Case.apply(order.lines.get(), application_for(order, "repair", "R18"), by=buyer)
    assert burden_of(case) == burden


def test_six_months_end_on_the_last_day_of_a_shorter_month() -> None:
    """R18."""
    bought = clock.now().astimezone(CHINA).replace(year=2026, month=8, day=31)
    assert months_after(bought, 6) == bought.replace(year=2027, month=2, day=28)
