"""谁可以做什么: every step, by every kind of person, in every status; nothing slips through."""

from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import Permission as AdminPermission

from aftersales.enums import Party, Permission, Status
from aftersales.models import Case, User
from aftersales.steps import NOT_NOW, NOT_YOURS, STEPS
from tests.aftersales.lifecycle.reading import refused
from tests.factories import MemberFactory, UserFactory

# Who takes which step: written down a second time, so that no change goes unnoticed.
BUYER, MERCHANT, STAFF, CLOCK = Party.BUYER, Party.MERCHANT, Party.STAFF, Party.CLOCK
BY: dict[str, set[Party]] = {
    "accept_counter": {MERCHANT},
    "accept_plan": {BUYER},
    "add_evidence": {BUYER, MERCHANT},
    "agree": {MERCHANT},
    "agree_by_default": {CLOCK},
    "agree_refusal": {MERCHANT},
    "agree_resend": {MERCHANT},
    "agree_return": {MERCHANT},
    "allow_again": {MERCHANT},
    "appeal": {BUYER, MERCHANT},
    "ask_platform": {BUYER, MERCHANT},
    "ask_reopen": {BUYER, MERCHANT},
    "ask_supplement": {STAFF},
    "assign": {MERCHANT},
    "cancel": {BUYER},
    "choose_exchange": {BUYER},
    "choose_refund": {BUYER},
    "close_evidence": {CLOCK},
    "close_unrefused": {CLOCK},
    "close_unreturned": {CLOCK},
    "complete_by_default": {CLOCK},
    "confirm_agreed": {BUYER},
    "confirm_arrival": {BUYER},
    "confirm_receipt": {MERCHANT},
    "confirm_receipt_by_default": {CLOCK},
    "confirm_risks": {MERCHANT},
    "correct_tracking": {BUYER},
    "decline": {STAFF},
    "decline_reopen": {STAFF},
    "dispute_arrival": {BUYER},
    "excuse": {STAFF},
    "execute_ruling": {CLOCK},
    "extend": {STAFF},
    "fail_refund": {CLOCK},
    "finish_refund": {CLOCK},
    "give_address": {MERCHANT},
    "improve_offer": {MERCHANT},
    "lapse_rejection": {CLOCK},
    "negotiate": {MERCHANT},
    "note_arrival": {CLOCK},
    "answer_address": {BUYER},
    "answer_request": {BUYER, MERCHANT},
    "ask_for": {BUYER, MERCHANT},
    "lapse_request": {CLOCK},
    "ask_address": {MERCHANT},
    "claim_freight": {BUYER},
    "fill_return": {MERCHANT},
    "note_delivery": {CLOCK},
    "note_shipment": {MERCHANT, CLOCK},
    "note_signing": {CLOCK},
    "receive_part": {MERCHANT},
    "refuse_collect": {MERCHANT},
    "settle_freight": {MERCHANT},
    "note_failed_payout": {CLOCK},
    "propose_reversal": {STAFF},
    "record_complaint": {BUYER, STAFF},
    "refund_instead": {MERCHANT},
    "refund_unshipped_remedy": {CLOCK},
    "update_complaint": {BUYER, STAFF},
    "refuse_receipt": {MERCHANT},
    "reject": {MERCHANT},
    "reopen": {STAFF},
    "reply": {BUYER},
    "report_refusal": {BUYER},
    "report_unrepairable": {MERCHANT},
    "resume": {STAFF},
    "resume_by_default": {CLOCK},
    "retry_refund": {STAFF},
    "return_reversal": {STAFF},
    "reveal_number": {MERCHANT},
    "reverse_ruling": {STAFF},
    "rule": {STAFF},
    "send_back": {BUYER},
    "send_message": {BUYER, MERCHANT, STAFF},
    "settle_offline": {STAFF},
    "ship_replacement": {MERCHANT},
    "stop_waiting": {CLOCK},
    "suspend": {STAFF},
    "propose_suspension": {BUYER, MERCHANT, STAFF},
    "answer_suspension": {BUYER, MERCHANT},
    "prove_suspension": {BUYER, MERCHANT, STAFF},
    "take_back": {MERCHANT, CLOCK},
    "take_over": {STAFF},
    "undo": {MERCHANT},
    "uphold_appeal": {STAFF},
    "withdraw": {BUYER, MERCHANT},
}
NEEDS: dict[str, Permission] = {
    "accept_counter": Permission.AGREE,
    "allow_again": Permission.AGREE,
    "add_evidence": Permission.NEGOTIATE,
    "agree": Permission.AGREE,
    "agree_refusal": Permission.AGREE,
    "agree_resend": Permission.AGREE,
    "agree_return": Permission.AGREE,
    "answer_request": Permission.NEGOTIATE,
    "answer_suspension": Permission.NEGOTIATE,
    "propose_suspension": Permission.NEGOTIATE,
    "prove_suspension": Permission.NEGOTIATE,
    "ask_address": Permission.AGREE,
    "ask_for": Permission.NEGOTIATE,
    "fill_return": Permission.RECEIVE,
    "note_shipment": Permission.SHIP,
    "receive_part": Permission.RECEIVE,
    "refuse_collect": Permission.RECEIVE,
    "settle_freight": Permission.AGREE,
    "appeal": Permission.NEGOTIATE,
    "ask_platform": Permission.NEGOTIATE,
    "ask_reopen": Permission.NEGOTIATE,
    "assign": Permission.NEGOTIATE,
    "confirm_receipt": Permission.RECEIVE,
    "confirm_risks": Permission.REJECT,
    "give_address": Permission.AGREE,
    "improve_offer": Permission.NEGOTIATE,
    "negotiate": Permission.NEGOTIATE,
    "refund_instead": Permission.AGREE,
    "refuse_receipt": Permission.REJECT,
    "reject": Permission.REJECT,
    "report_unrepairable": Permission.SHIP,
    "reveal_number": Permission.NEGOTIATE,
    "send_message": Permission.NEGOTIATE,
    "ship_replacement": Permission.SHIP,
    "take_back": Permission.RECEIVE,
    "undo": Permission.AGREE,
    "withdraw": Permission.NEGOTIATE,
}


@pytest.fixture
def people(buyer: User, merchant: User, staff: User, stranger: User, shop: Any) -> dict[str, Any]:
    """One of each kind; the last five stand on no side of the case."""
    gone = MemberFactory(shop=shop, active=False).user
    locked = MemberFactory(shop=shop).user
    locked.is_active = False
    locked.save()
    clerk = UserFactory(is_staff=True)
    other = MemberFactory().user
    return {
        "buyer": buyer,
        "merchant": merchant,
        "staff": staff,
        "stranger": stranger,
        "member of another shop": other,
        "former member": gone,
        "locked member": locked,
        "staff without the permission": clerk,
    }


def test_the_table_is_whole() -> None:
    """A new step must say here who takes it."""
    assert {name: set(known.by) for name, known in STEPS.items()} == BY
    assert {name: known.permission for name, known in STEPS.items() if known.permission} == NEEDS
    assert {name for name, sides in BY.items() if MERCHANT in sides} == set(NEEDS)


def test_a_step_of_another_is_refused_and_noted(make_case: Any, people: dict[str, Any]) -> None:
    """Wrong party, wrong shop: nothing happens, by whatever way it is asked for."""
    case = make_case()
    for name, (who, user) in product(BY, people.items()):
        if who in BY[name]:
            continue
        with refused(case, str(NOT_YOURS), by=user) as caught:
            getattr(case, name)(by=user)
        assert not caught.value.conflict
        assert case.refusal(name, user) == NOT_YOURS
        assert not case.may(name, user), (name, who)
        assert case.refusal(name, AnonymousUser()) == NOT_YOURS


def test_the_clock_takes_its_own_steps_only(make_case: Any) -> None:
    """by=None is time; nobody can borrow its name, and it takes nobody's step."""
    case = make_case()
    taken = {name for name in BY if case.refusal(name, None) != NOT_YOURS}
    assert taken == {name for name, sides in BY.items() if CLOCK in sides}


@pytest.mark.parametrize("needed", sorted(set(NEEDS.values())))
def test_a_member_does_only_what_he_may(needed: Permission, make_case: Any, shop: Any) -> None:
    """One permission a kind of work, checked by the engine and not by the page."""
    case = make_case()
    others = [str(each) for each in Permission if each != needed]
    without = MemberFactory(shop=shop, permissions=others).user
    only = MemberFactory(shop=shop, permissions=[str(needed)]).user
    sentence = f"你没有“{needed.label}”权限，请联系店铺管理员"
    for name in (name for name, asked in NEEDS.items() if asked == needed):
        with refused(case, sentence, by=without):
            getattr(case, name)(by=without)
        assert case.refusal(name, without) == sentence
        assert case.refusal(name, only) != sentence


@pytest.mark.parametrize("status", list(Status))
def test_a_step_is_taken_from_its_statuses_only(
    status: Status, make_case: Any, people: dict[str, Any]
) -> None:
    """Every step in every status: where it does not belong it is refused as such, with 409."""
    case = make_case()
    Case.objects.filter(pk=case.pk).update(status=status)
    case.refresh_from_db()
    side = {BUYER: people["buyer"], MERCHANT: people["merchant"], STAFF: people["staff"]}
    side[CLOCK] = None
    for name, known in STEPS.items():
        for party in known.by:
            refusal = case.refusal(name, side[party])
            assert (refusal == NOT_NOW) is (status not in known.sources), (name, party)
    buttons = {move.name for move in case.moves(people["merchant"], MERCHANT)}
    assert buttons == {
        name for name, known in STEPS.items() if status in known.sources and MERCHANT in known.by
    }


def test_each_sees_the_cases_of_his_own_side(
    make_case: Any, people: dict[str, Any], staff: User
) -> None:
    """Another's case is not there: its page is a 404."""
    case = make_case()
    sees = {
        who
        for who, user in people.items()
        for listed in (
            Case.objects.for_buyer(user),
            Case.objects.for_merchant(user),
            Case.objects.for_staff(user),
        )
        if case in listed
    }
    # a locked account can't sign in; its membership itself stands
    assert sees - {"locked member"} == {"buyer", "merchant", "staff"}


def test_a_reviewer_rules_by_permission_not_by_rank(make_case: Any) -> None:
    """is_staff opens the admin; the permission opens rulings."""
    case = make_case("under_review")
    clerk = UserFactory(is_staff=True)
    assert case.refusal("rule", clerk) == NOT_YOURS
    clerk.user_permissions.add(AdminPermission.objects.get(codename="rule"))
    clerk = User.objects.get(pk=clerk.pk)
    assert Case.objects.get(pk=case.pk).refusal("rule", clerk) != NOT_YOURS
    clerk.is_staff = False
    assert Case.objects.get(pk=case.pk).refusal("rule", clerk) == NOT_YOURS


def test_who_speaks_for_two_sides_needs_the_permission_of_the_one_he_speaks_for(
    make_case: Any, shop: Any, buyer: User
) -> None:
    """A member who bought in his own shop is not given the shop's voice by being the buyer."""
    MemberFactory(shop=shop, user=buyer, permissions=[])
    case = make_case()
    with refused(case, "你没有“协商与沟通”权限", by=buyer):
        case.send_message(by=buyer, text="我是商家", as_party="merchant")
    case.send_message(by=buyer, text="我是买家", as_party="buyer")
    case.send_message(by=buyer, text="我是买家")
    assert set(case.messages.values_list("party", flat=True)) == {BUYER}
    assert set(case.events.filter(step="send_message").values_list("party", flat=True)) == {BUYER}


def test_the_history_names_the_side_that_spoke(make_case: Any, shop: Any, buyer: User) -> None:
    """The event says the same party as the message it tells of."""
    MemberFactory(shop=shop, user=buyer)
    case = make_case()
    case.send_message(by=buyer, text="您好，请问哪里有裂纹？", as_party="merchant")
    assert case.messages.get().party == MERCHANT
    event = case.events.order_by("version").last()
    assert event.party == MERCHANT
