"""分配: a case is given to a member of the shop, by the page and by nothing else (NEG-54)."""

from typing import Any

import pytest
from playwright.sync_api import expect

from aftersales.models import Case, Member, Notice, Shop, User
from aftersales.notices.delivering import deliver_due
from aftersales.steps import Refused
from tests.factories import MemberFactory
from tests.merchants.test_queue import MOST_QUERIES, codes


@pytest.fixture
def colleague(shop: Shop) -> Member:
    return MemberFactory(shop=shop, user__nick="小李")


def assignee(case: Case) -> Member | None:
    case.refresh_from_db()
    return case.assignee


def test_a_case_is_assigned_from_its_page_and_the_record_says_so(
    make_case, at_desk, colleague, merchant, text_of
):
    """NEG-54: who gave it to whom stands in the record; anybody of the shop may still act."""
    case = make_case("waiting")
    page = text_of(at_desk.look("case", case))
    assert f'<option value="{colleague.pk}" >小李</option>' in page

    answer = at_desk.send("assign", case, member=colleague.pk)

    assert answer.status_code == 302
    assert assignee(case) == colleague
    event = case.events.last()
    assert (event.step, event.user, event.details["member"]) == ("assign", merchant, "小李")
    page = text_of(at_desk.look("case", case))
    assert f'<option value="{colleague.pk}" selected>小李</option>' in page
    assert "分配给 小李" in page
    case.send_message(by=merchant, text="我先看看。")
    assert case.status == "pending_merchant"


def test_it_is_given_back_to_nobody(make_case, at_desk, colleague, text_of):
    """NEG-54."""
    case = make_case()
    at_desk.send("assign", case, member=colleague.pk)

    at_desk.send("assign", case, member="")

    assert assignee(case) is None
    assert "取消分配" in text_of(at_desk.look("case", case))


@pytest.mark.parametrize("who", ["stranger", "gone", "locked", "nobody", "words"])
def test_a_forged_member_is_refused(make_case, at_desk, shop, stranger, text_of, who):
    """NEG-54: only a member on duty of this very shop."""
    case = make_case()
    gone = MemberFactory(shop=shop, active=False)
    locked = MemberFactory(shop=shop, user__is_active=False)
    forged = {
        "stranger": stranger.memberships.get().pk,
        "gone": gone.pk,
        "locked": locked.pk,
        "nobody": 10**15,
        "words": "小李",
    }

    answer = at_desk.send("assign", case, member=forged[who])

    assert answer.status_code == 422
    assert "请选择列表中的选项" in text_of(answer)
    assert assignee(case) is None
    assert case.version == 1


@pytest.mark.parametrize("who", ["stranger", "gone"])
def test_the_step_itself_refuses_who_does_not_belong(make_case, merchant, shop, stranger, who):
    """NEG-54: by whatever way it is asked for."""
    case = make_case()
    member = MemberFactory(shop=shop)
    Member.objects.filter(pk=member.pk).update(active=False)  # since the page was shown
    member = member if who == "gone" else stranger.memberships.get()

    with pytest.raises(Refused, match="只能分配给本店在岗的成员"):
        case.assign(by=merchant, member=member)
    assert assignee(case) is None


def test_it_takes_the_permission_to_negotiate(make_case, at_desk, colleague, text_of):
    """NEG-54."""
    case = make_case()
    Member.objects.exclude(pk=colleague.pk).update(permissions=["agree"])

    assert "assign-to" not in text_of(at_desk.look("case", case))
    assert at_desk.send("assign", case, member=colleague.pk).status_code == 403
    assert assignee(case) is None


def test_an_ended_case_is_nobodys_work(make_case, at_desk, colleague, text_of):
    case = make_case()
    case.cancel(by=case.buyer)

    assert at_desk.send("assign", case, member=colleague.pk).status_code in (409, 422)
    assert assignee(case) is None
    assert "assign-to" not in text_of(at_desk.look("case", case))


def test_the_same_again_changes_nothing(make_case, at_desk, colleague, text_of):
    case = make_case()
    at_desk.send("assign", case, member=colleague.pk)

    answer = at_desk.send("assign", case, member=colleague.pk)

    assert "处理人没有变化" in text_of(answer)
    assert case.events.filter(step="assign").count() == 1


def test_who_is_given_a_case_is_told_and_nobody_else(make_case, colleague, merchant, shop, buyer):
    """NEG-54: the buyer is not told of the shop's own business, and doesn't read of it."""
    MemberFactory(shop=shop)
    case = make_case()
    case.assign(by=merchant, member=colleague)
    deliver_due()

    told = Notice.objects.filter(event__step="assign")
    assert [each.user for each in told] == [colleague.user]
    assert told.get().text_zh == f"“青瓷开片手冲咖啡杯”的售后单 {case.code} 分配给了你"
    assert case.code in told.get().text_en


def test_who_takes_a_case_himself_needs_no_notice(make_case, merchant):
    case = make_case()
    case.assign(by=merchant, member=merchant.memberships.get())
    deliver_due()

    assert not Notice.objects.filter(event__step="assign").exists()


def test_the_buyer_reads_nothing_of_it(make_case, merchant, colleague, client, buyer, text_of):
    case = make_case()
    case.assign(by=merchant, member=colleague)
    client.force_login(buyer)

    for page in (f"/my/cases/{case.code}/", f"/my/cases/{case.code}/record/"):
        text = text_of(client.get(page))
        assert "分配" not in text
        assert "小李" not in text


def test_the_queue_is_narrowed_to_whose_it_is(make_case, at_desk, merchant, colleague):
    """NEG-54: mine, nobody's, a colleague's; the count beside 分给我的 is that of its list."""
    mine, theirs, nobodys = make_case(), make_case(), make_case()
    mine.assign(by=merchant, member=merchant.memberships.get())
    theirs.assign(by=merchant, member=colleague)

    assert codes(at_desk.look("queue", who="me")) == [mine.code]
    assert codes(at_desk.look("queue", who=colleague.pk)) == [theirs.code]
    assert codes(at_desk.look("queue", who="none")) == [nobodys.code]
    assert len(codes(at_desk.look("queue", who="x\x00"))) == 3
    answer = at_desk.look("queue")
    assert answer.wsgi_request.counts["assigned"] == 1
    shown = {row.code: row.who for row in answer.context["rows"]}
    assert shown == {mine.code: "我", theirs.code: "小李", nobodys.code: ""}


def test_the_cases_of_who_has_left_are_nobodys(make_case, at_desk, merchant, colleague, text_of):
    case = make_case()
    case.assign(by=merchant, member=colleague)
    Member.objects.filter(pk=colleague.pk).update(active=False)

    assert codes(at_desk.look("queue", who="none")) == [case.code]
    assert at_desk.look("queue").context["rows"][0].who == ""
    assert "小李（已离岗）" in text_of(at_desk.look("case", case))


def test_assignees_cost_no_query_a_row(
    make_case, at_desk, merchant, colleague, django_assert_max_num_queries
):
    for _ in range(6):
        make_case().assign(by=merchant, member=colleague)
    at_desk.look("queue")

    with django_assert_max_num_queries(MOST_QUERIES):
        assert len(codes(at_desk.look("queue"))) == 6


@pytest.mark.parametrize("width", [1440, 390])
def test_a_case_is_assigned_in_the_browser(
    make_case, merchant: User, colleague, new_page: Any, shoot: Any, width
):
    """NEG-54: chosen and pressed; from then on it is among the colleague's."""
    case = make_case()
    page = new_page(merchant, width=width)
    page.goto(f"/merchant/cases/{case.code}/")
    page.get_by_label("处理人").select_option("小李")
    page.get_by_role("button", name="分配", exact=True).click()

    expect(page.get_by_text("已分配给 小李")).to_be_visible()
    shoot(page, "assigned")
    page.goto(f"/merchant/?who={colleague.pk}")
    expect(page.get_by_role("link", name=case.line.title)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shoot(page, "queue")
