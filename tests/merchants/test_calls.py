"""Virtual numbers: lent to one member for one case, for a while; each look is in the record."""

from datetime import timedelta

import pytest
from django.urls import reverse

from aftersales.models import VirtualNumber
from tests.factories import MemberFactory


def test_a_number_is_lent_and_the_look_is_recorded(make_case, at_desk, text_of, merchant):
    """NEG-23, S-73: bound to case and member, expiring, logged."""
    case = make_case("waiting")

    at_desk.send("call", case)

    lent = VirtualNumber.objects.get()
    assert (lent.case_id, lent.member.user_id) == (case.pk, merchant.pk)
    assert lent.expires_at - lent.at == timedelta(hours=72)
    event = case.events.last()
    assert (event.step, event.user_id) == ("reveal_number", merchant.pk)
    page = text_of(at_desk.look("case", case))
    assert lent.number in page
    assert "13812345678" not in page


def test_the_same_number_again_while_it_lives(make_case, at_desk, now):
    case = make_case()
    at_desk.send("call", case)
    now.shift(timedelta(hours=1))

    at_desk.send("call", case)

    first, second = VirtualNumber.objects.order_by("pk")
    assert (first.number, first.expires_at) == (second.number, second.expires_at)
    assert case.events.filter(step="reveal_number").count() == 2


def test_each_member_has_his_own(make_case, at_desk, shop, desk_of):
    case = make_case()

    at_desk.send("call", case)
    desk_of(MemberFactory(shop=shop).user).send("call", case)

    assert VirtualNumber.objects.values("number").distinct().count() == 2


def test_calling_is_no_reply_of_the_buyer(make_case, at_desk):
    """NEG-23."""
    case = make_case("waiting")
    until = case.reply_due_at

    at_desk.send("call", case)

    assert case.reply_due_at == until


def test_the_number_is_gone_with_the_case(make_case, at_desk, text_of):
    """NEG-23."""
    case = make_case()
    at_desk.send("call", case)
    number = VirtualNumber.objects.get().number
    case.cancel(by=case.buyer)

    answer = at_desk.send("call", case)

    assert answer.status_code == 409
    assert "售后已结束，不能再获取虚拟号码" in text_of(answer)
    assert number not in text_of(at_desk.look("case", case))


def test_looking_is_a_post(make_case, at_desk):
    assert at_desk.look("call", make_case()).status_code == 405


@pytest.mark.parametrize("who", ["stranger", "buyer"])
def test_nobody_else_gets_one(make_case, desk_of, request, who):
    case = make_case()

    answer = desk_of(request.getfixturevalue(who)).send("call", case)

    assert answer.status_code == 404
    assert not VirtualNumber.objects.exists()


def test_the_url_is_where_others_look_for_it(make_case):
    assert reverse("merchants:call", args=["AS1"]) == "/merchant/cases/AS1/call/"
