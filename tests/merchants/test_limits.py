"""同意限额 (M23): a member promises no more than he may agree to, for the buyer's click alone pays it."""

from decimal import Decimal

import pytest

from aftersales.enums import Permission, PlanState, Status
from aftersales.models import CounterOffer, Offer, Plan
from aftersales.steps import Refused
from tests.aftersales.negotiation.talk import outcome, plan, yuan
from tests.factories import MemberFactory, upload

PARTIAL = {"plans": ["partial_refund"], "script": "SC-02"}
BEYOND = "金额超过你的同意限额"


@pytest.fixture
def clerk(shop):
    """Somebody who does everything, up to ¥50.00 a case."""
    member = MemberFactory(shop=shop, permissions=list(Permission), agree_most=Decimal("50.00"))
    return member.user


@pytest.mark.parametrize(
    ("amount", "sent"), [("50.00", True), ("50.01", False)], ids=["all-of-it", "a-cent-more"]
)
def test_an_amount_is_offered_up_to_the_limit(make_case, clerk, desk_of, text_of, amount, sent):
    """Of a claim for ¥128.00; the page says how far he may go, and keeps what he typed."""
    case, desk = make_case("checked"), desk_of(clerk)
    assert "0.01 – 50.00" in text_of(desk.look("negotiate", case))

    answer = desk.send("negotiate", case, **PARTIAL, amount_partial_refund=amount)

    assert (answer.status_code, case.offers.count()) == ((302, 1) if sent else (422, 0))
    if not sent:
        assert BEYOND in text_of(answer)
        assert f'value="{amount}"' in answer.content.decode()


@pytest.mark.parametrize("code", ["full_refund_no_return", "return_refund"])
def test_a_plan_that_gives_all_is_not_offered_beyond_the_limit(
    make_case, clerk, desk_of, text_of, code
):
    """Nor by a forged request; but to who may agree to as much."""
    desk = desk_of(clerk)
    case = make_case("checked")
    page = text_of(desk.look("negotiate", case))
    assert f"{Plan.objects.get(code=code).label}：{BEYOND}" in page
    with pytest.raises(Refused, match=BEYOND):
        case.negotiate(by=clerk, offers=[plan(code)])
    assert not case.rounds.exists()

    clerk.memberships.update(agree_most=Decimal("128.00"))
    case.forget_along()
    case.__dict__.pop("_members", None)
    with pytest.raises(Refused, match="请选择一段话术"):
        case.negotiate(by=clerk, offers=[plan(code)])


def test_what_promises_nothing_needs_no_limit(make_desk, clerk):
    """NEG-35, NEG-46: asking for pictures, and asking whether it was agreed."""
    desk = make_desk("checked")
    desk.merchant = clerk
    clerk.memberships.update(agree_most=0)
    desk.negotiate(offers=[plan("invite_evidence")])
    desk.reply("这就拍")
    desk.negotiate(outcome=outcome("agreed"), offers=[], explanation="买家同意保留商品，不再退款。")
    assert desk.case.round_number == 2


def test_an_offer_is_raised_up_to_the_limit(make_desk, clerk, desk_of, text_of):
    """NEG-24."""
    case = make_desk("waiting").case
    offer, desk = case.offers.get(), desk_of(clerk)

    beyond = desk.send("improve_offer", case, offer=offer.pk, amount="50.01")
    assert (beyond.status_code, BEYOND in text_of(beyond)) == (422, True)
    assert desk.send("improve_offer", case, offer=offer.pk, amount="50").status_code == 302
    assert case.offers.get(state=PlanState.OPEN).amount == yuan("50.00")


def test_the_receiving_desk_proposes_up_to_the_limit(make_case, clerk, desk_of, text_of):
    """Of a parcel of which half came."""
    case, desk = make_case("sent_back", type="return_refund"), desk_of(clerk)
    came = {"received_0": 1, "state_0": "intact"}
    for amount, status in (("64", 422), ("50", 302)):
        photo = {"proof_receipt_kept": [upload(clerk).token]}
        answer = desk.send("receive_part", case, **came, **photo, amount=amount)
        assert answer.status_code == status
        assert (f'id_amount">{BEYOND}' in text_of(answer)) is (status == 422)
    assert Offer.objects.get(case=case).amount == yuan("50.00")


@pytest.mark.parametrize(("amount", "taken"), [("50.00", True), ("50.01", False)])
def test_a_counter_offer_is_taken_up_to_the_limit(make_desk, clerk, desk_of, amount, taken):
    """§2.6: what the buyer proposes counts, not what he claimed."""
    desk = make_desk("waiting")
    partial = CounterOffer(Plan.objects.get(code="partial_refund"), yuan(amount))
    desk.case.reply(by=desk.buyer, counter=partial)

    answer = desk_of(clerk).send("accept_counter", desk.case)

    assert answer.status_code == (302 if taken else 403)
    reached = Status.REFUNDING if taken else Status.PENDING_MERCHANT
    assert desk.case.status == reached
