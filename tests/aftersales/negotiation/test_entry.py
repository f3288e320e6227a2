"""驳回退款, the entry: who has it, what a click does, and what must be ticked (NEG-01 to NEG-08)."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Party, Permission, ScanKind, Severity, Status
from aftersales.models import Attempt, Member, Parcel, Precheck
from aftersales.steps import Refused
from tests.aftersales.negotiation.talk import (
    D15,
    HOUR,
    asked,
    footprint,
    found,
    last,
    refused,
    steps,
)
from tests.factories import MemberFactory, OrderFactory, ShopFactory, upload

ENTRY = {"confirm_risks", "reject", "refuse_receipt"}


def entries(case, user, party=Party.MERCHANT):
    return {move.name for move in case.moves(user, party)} & ENTRY


def test_the_entry_stands_where_the_merchant_must_answer(make_case, merchant):
    """NEG-01."""
    assert entries(make_case(), merchant) == {"confirm_risks", "reject"}
    assert entries(make_case("sent_back", type="return_refund"), merchant) == {
        "confirm_risks",
        "refuse_receipt",
    }


@pytest.mark.parametrize(
    ("trait", "kind"),
    [("rejected", "refund_received"), ("agreed", "return_refund"), ("agreed", "refund_received")],
)
def test_the_entry_stands_nowhere_else(make_case, merchant, trait, kind):
    """NEG-01."""
    assert not entries(make_case(trait, type=kind), merchant)


def test_the_entry_is_for_members_of_this_shop(make_case, buyer, stranger, staff):
    """NEG-01."""
    case = make_case("negotiated")

    for user in (buyer, stranger, staff):
        assert case.refusal("reject", user) == "你没有权限进行此操作"
        assert case.refusal("confirm_risks", user) == "你没有权限进行此操作"
        with refused(case, "你没有权限进行此操作"):
            case.confirm_risks(by=user, risks=asked(case))


def test_a_member_without_the_permission_may_talk_but_not_reject(make_desk, shop):
    """NEG-01."""
    desk = make_desk("checked")
    clerk = MemberFactory(shop=shop, permissions=[str(Permission.NEGOTIATE)]).user

    assert desk.case.refusal("reject", clerk) == "你没有“驳回”权限，请联系店铺管理员"
    with refused(desk.case, "你没有“驳回”权限"):
        desk.case.confirm_risks(by=clerk, risks=asked(desk.case))
    assert desk.case.refusal("negotiate", clerk) == ""


def test_who_has_left_the_shop_has_left(make_desk):
    """NEG-01."""
    desk = make_desk("negotiated")
    answers = desk.rejection()
    Member.objects.filter(user=desk.merchant).update(active=False)

    with refused(desk.case, "你没有权限进行此操作"):
        desk.case.__dict__.pop("_members", None)
        desk.case.reject(by=desk.merchant, **answers)


def test_a_click_looks_and_stores_what_it_saw_and_moves_nothing(make_desk):
    """NEG-02."""
    desk = make_desk()
    before = footprint(desk.case)

    warnings = desk.case.look_before_rejecting(by=desk.merchant)

    stored = Precheck.objects.get(case=desk.case)
    assert (stored.user, stored.at, stored.ticked) == (desk.merchant, clock.now(), {})
    assert [each["code"] for each in stored.warnings] == [each.code for each in warnings]
    assert all(each["facts"] for each in stored.warnings)
    assert footprint(desk.case) | {"prechecks": []} == before


def test_who_may_not_reject_may_not_look_either(make_desk, stranger):
    """NEG-02."""
    desk = make_desk()

    with refused(desk.case, "你没有权限进行此操作"):
        desk.case.look_before_rejecting(by=stranger)


def test_a_case_that_moved_on_is_not_looked_at_but_shown(make_desk, now):
    """NEG-02, NEG-06."""
    desk = make_desk()
    now.shift(49 * HOUR)  # nobody swept

    with pytest.raises(Refused):
        desk.case.look_before_rejecting(by=desk.merchant)

    assert desk.case.status == Status.REFUNDING
    assert not desk.case.prechecks.exists()


def test_every_warning_carries_facts_and_a_title(make_case):
    """NEG-03."""
    for warning in found(make_case("sent_back", type="return_refund")).values():
        assert warning.title
        assert warning.facts
        assert warning.facts != warning.title


def test_a_warning_that_asks_for_it_must_be_ticked(make_desk):
    """NEG-04."""
    desk = make_desk()
    wanted = asked(desk.case)
    assert set(wanted) == {"RW-09", "RW-11"}

    with refused(desk.case, "请先确认：11-21 12:00 签收", field="risk_RW-09"):
        desk.case.confirm_risks(by=desk.merchant, risks=["RW-11"])

    desk.case.confirm_risks(by=desk.merchant, risks=wanted)
    assert desk.case.prechecked_at == clock.now()


def test_the_ticks_are_stored_with_the_case_and_its_history(make_desk):
    """NEG-04."""
    desk = make_desk()
    wanted = asked(desk.case)

    desk.case.confirm_risks(by=desk.merchant, risks=wanted)

    stored = Precheck.objects.get(case=desk.case)
    assert stored.user == desk.merchant
    assert sorted(stored.ticked) == sorted(wanted)
    details = last(desk.case).details
    assert details["ticked"] == wanted
    assert {each["code"] for each in details["warnings"]} >= set(wanted)


def test_a_hard_warning_ends_the_way(make_desk):
    """NEG-04."""
    desk = make_desk(type="refund_not_received")
    Parcel.objects.filter(order=desk.case.order).update(state=ScanKind.RETURNING)
    assert found(desk.case)["RW-06"].severity == Severity.BLOCK

    with refused(desk.case, "这单不能驳回："):
        desk.case.confirm_risks(by=desk.merchant, risks=asked(desk.case))


def test_nothing_is_negotiated_before_the_risks_were_faced(make_desk):
    """NEG-04."""
    desk = make_desk()
    risks = asked(desk.case)

    with refused(desk.case, "请先核实风险提示"):
        desk.case.negotiate(
            by=desk.merchant,
            offers=desk.offers(),
            script=desk.script(desk.case.step_form("round_1"), desk.offers()),
            risks=risks,
        )


def test_a_warning_that_appeared_at_the_last_step_must_be_ticked_too(make_desk, now):
    """NEG-05."""
    desk = make_desk("negotiated")
    now.shift(timedelta(minutes=5))
    desk.case.add_evidence(by=desk.buyer, evidence={"added": [upload(desk.buyer)]})
    answers = desk.rejection()

    with refused(desk.case, "凭证还没有查看", field="risk_RW-11"):
        desk.case.reject(by=desk.merchant, **(answers | {"risks": []}))

    desk.case.reject(by=desk.merchant, **answers)
    assert desk.case.status == Status.REJECTED
    assert "RW-11" in last(desk.case).details["risks"]


def test_what_was_ticked_once_needs_no_second_tick(make_desk):
    """NEG-05."""
    desk = make_desk("checked")

    desk.negotiate(risks=[])

    assert desk.case.round_number == 1


def test_a_stale_page_is_told_so_and_gets_the_new_state(make_desk):
    """NEG-06."""
    desk = make_desk()
    seen = desk.case.version
    desk.case.send_message(by=desk.buyer, text="在吗？")

    with refused(desk.case, "此售后单刚刚有更新"):
        desk.case.confirm_risks(by=desk.merchant, version=seen, risks=asked(desk.case))
    assert desk.case.version == seen + 1


def test_a_case_that_can_no_longer_be_rejected_says_so(make_desk):
    """NEG-06."""
    desk = make_desk("agreed")

    with refused(desk.case, "售后单当前状态不能进行此操作"):
        desk.case.confirm_risks(by=desk.merchant, risks=[])
    assert steps(desk.case) == ["apply", "agree"]


def test_the_advice_to_talk_first_is_the_scenarios(make_case):
    """NEG-07."""
    goods, parcel = make_case(), make_case(type="refund_not_received")

    assert "先和消费者进行友好、充分的沟通" in goods.scenario().advice
    assert "先查物流、联系承运商" in parcel.scenario().advice
    assert goods.reason.label
    assert goods.description
    assert goods.evidence.exists()
    assert goods.due_at is not None


def test_too_little_time_is_said_and_does_not_block(make_desk, now):
    """NEG-08."""
    desk = make_desk()
    now.shift(desk.case.due_at - clock.now() - D15)

    assert "到期将自动同意" in found(desk.case)["RW-16"].facts
    desk.check()
    assert desk.case.prechecked_at == clock.now()


def test_any_member_goes_on_where_another_began_and_the_log_says_who(make_desk, shop):
    """NEG-54."""
    desk = make_desk("answered")
    colleague = MemberFactory(shop=shop).user
    began, desk.merchant = desk.merchant, colleague

    desk.negotiate()

    users = [event.user for event in desk.case.events.filter(step="negotiate")]
    assert users == [began, colleague]
    assert [each.user for each in desk.case.rounds.all()] == [began, colleague]


def test_a_member_of_another_shop_of_the_same_order_number_is_a_stranger(make_desk):
    desk = make_desk("negotiated")
    answers = desk.rejection()
    other = MemberFactory(shop=ShopFactory())
    OrderFactory(shop=other.shop, number=desk.case.order.number)

    with refused(desk.case, "你没有权限进行此操作"):
        desk.case.reject(by=other.user, **answers)
    assert Attempt.objects.get(case=desk.case).user == other.user
