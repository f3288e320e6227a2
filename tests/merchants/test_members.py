"""Members: added by account, each with what he may do, and somebody always keeps the keys."""

import re

import pytest
from django.urls import reverse

from aftersales.models import Member
from tests.factories import MemberFactory, UserFactory


def test_the_list_says_who_may_what(shop, at_desk, text_of):
    MemberFactory(shop=shop, user__nick="小李", permissions=["receive"])

    page = text_of(at_desk.look("members"))

    assert "小李" in page
    assert "验收退货" in page


def test_a_member_is_added_by_account(shop, at_desk):
    """Sub-accounts."""
    user = UserFactory(username="xiaoli")

    at_desk.post("add_member", username="xiaoli", permissions=["negotiate", "agree"])

    member = Member.objects.get(shop=shop, user=user)
    assert member.can("negotiate")
    assert not member.can("reject")


@pytest.mark.parametrize(
    ("username", "sentence"),
    [("", "请填写账号"), ("nobody", "没有这个账号"), ("xiaochen", "这个账号已经是本店成员")],
)
def test_an_account_that_cannot_be_added(shop, at_desk, text_of, username, sentence):
    answer = at_desk.post("add_member", username=username, permissions=["agree"])

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert shop.members.count() == 1


def test_no_shop_takes_a_reviewer_onto_its_side(shop, at_desk, text_of, staff, make_case):
    """T-20: who stands on a side may not rule, so a shop that added him was rid of him."""
    case = make_case()
    answer = at_desk.post("add_member", username=staff.username, role="reader")

    assert answer.status_code == 422
    assert "平台客服的账号不能成为店铺成员" in text_of(answer)
    assert case.member_of(staff) is None


def test_permissions_are_changed_and_work_at_once(shop, at_desk, make_case, desk_of):
    member = MemberFactory(shop=shop, permissions=["agree"])

    at_desk.post("edit_member", member.pk, permissions=["negotiate"], active="on")

    case = make_case()
    assert desk_of(member.user).send("agree", case).status_code == 403
    assert desk_of(member.user).send("send_message", case, text="您好").status_code == 302


def test_who_is_off_duty_finds_no_shop(shop, at_desk, desk_of):
    member = MemberFactory(shop=shop)

    at_desk.post("edit_member", member.pk, permissions=["agree"])

    assert desk_of(member.user).look("queue").status_code == 404


@pytest.mark.parametrize(
    "said", [{"permissions": ["agree"], "active": "on"}, {"permissions": ["manage"]}]
)
def test_the_last_key_cannot_be_given_away(shop, merchant, at_desk, text_of, said):
    me = Member.objects.get(user=merchant)

    answer = at_desk.post("edit_member", me.pk, **said)

    assert answer.status_code == 422
    assert "至少要有一位在岗成员能管理店铺" in text_of(answer)
    me.refresh_from_db()
    assert me.can("manage")


def test_with_a_second_key_one_may_give_up_his_own(shop, merchant, at_desk):
    MemberFactory(shop=shop, permissions=["manage"])
    me = Member.objects.get(user=merchant)

    at_desk.post("edit_member", me.pk, permissions=["agree"], active="on")

    me.refresh_from_db()
    assert not me.can("manage")


def test_another_shops_member_is_not_there(at_desk):
    foreign = MemberFactory()

    assert at_desk.look("edit_member", foreign.pk).status_code == 404


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("agent", ["agree", "negotiate"]),
        ("lead", ["agree", "negotiate", "reject", "receive", "ship", "import", "export"]),
        ("store", ["receive", "ship"]),
        ("reader", []),
    ],
)
def test_a_role_is_a_usual_set_of_permissions(shop, at_desk, text_of, role, may):
    """M23: what was ticked for a set of one's own does not count beside a role."""
    UserFactory(username="xiaoli", nick="小李")

    at_desk.post("add_member", username="xiaoli", role=role, permissions=["manage"])

    member = Member.objects.get(user__username="xiaoli")
    assert member.permissions == may
    assert f"<b>{member.role.label}</b>" in at_desk.look("members").text


def test_a_set_of_ones_own_is_no_role(shop, at_desk):
    member = MemberFactory(shop=shop, permissions=["agree"])

    at_desk.post("edit_member", member.pk, role="own", permissions=["ship"], active="on")

    member.refresh_from_db()
    assert (member.permissions, member.role) == (["ship"], "own")


def test_nobody_agrees_to_more_than_his_limit(shop, at_desk, make_case, desk_of, text_of):
    """By hand or in bulk; whoever has a higher limit, or none, may."""
    member = MemberFactory(shop=shop)
    at_desk.post("edit_member", member.pk, role="agent", agree_most="¥127.99", active="on")
    case = make_case()
    assert case.worth == 128
    clerk = desk_of(member.user)

    refused = clerk.send("agree", case)

    assert refused.status_code == 403
    assert "金额超过你的同意限额" in text_of(refused)
    case.refresh_from_db()
    assert case.status == "pending_merchant"
    assert "金额超过你的同意限额" in text_of(
        clerk.post("bulk_agree", case=[f"{case.code}:{case.version}"])
    )

    at_desk.post("edit_member", member.pk, role="agent", agree_most="128", active="on")
    assert clerk.send("agree", case).status_code == 302


@pytest.mark.parametrize("most", ["-1", "很多", "1.234"])
def test_a_limit_is_an_amount(shop, at_desk, most):
    member = MemberFactory(shop=shop)

    answer = at_desk.post("edit_member", member.pk, role="agent", agree_most=most, active="on")

    assert answer.status_code == 422
    member.refresh_from_db()
    assert member.agree_most is None


@pytest.mark.parametrize("page", ["merchants:queue", "notices", "prefs"])
def test_the_menu_has_no_pages_that_a_member_may_not_open(shop, desk_of, merchant, page):
    """The links led to 403; on the pages that all roles share the menu is the same."""
    helper = MemberFactory(shop=shop, permissions=["agree"]).user
    closed = {reverse(f"merchants:{name}") for name in ("imports", "addresses", "members")}

    def menu(user):
        shown = desk_of(user).client.get(reverse(page)).content.decode()
        side = shown.partition('<nav class="side"')[2].partition("</nav>")[0]
        return set(re.findall(r'href="([^"?]+)', side))

    assert not menu(helper) & closed
    assert reverse("merchants:rules") in menu(helper)
    assert closed <= menu(merchant)
    for url in closed:
        assert desk_of(helper).client.get(url).status_code == 403
