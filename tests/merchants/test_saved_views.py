"""M21: a list under a name, one's own or the shop's."""

import pytest

from aftersales.models import Member, Reason, SavedView, Tag
from merchants.words import words_of
from tests.factories import MemberFactory

QUERY = "tab=mine&type=exchange&least=100"


@pytest.fixture
def colleague(shop):
    return MemberFactory(shop=shop, user__nick="小李", permissions=[])


@pytest.fixture
def view(merchant):
    return SavedView.objects.create(
        member=Member.objects.get(user=merchant), name="贵的换货", query=QUERY
    )


def chips(answer):
    return {chip.name: chip for chip in answer.context["chips"]}


def test_the_list_in_hand_gets_a_name_and_is_a_chip(make_case, at_desk, merchant):
    make_case()

    saved = at_desk.post("save_view", query=f"{QUERY}&after=x&evil=1", name="  贵的 换货 ")
    page = at_desk.client.get(saved.url)

    kept = SavedView.objects.get()
    assert (kept.name, kept.query, kept.shared) == ("贵的 换货", QUERY, False)
    assert kept.member.user == merchant
    assert chips(page)["贵的 换货"].here is True
    assert page.context["work"].query == QUERY


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "请填写名称"),
        ("长" * 21, "名称最多 20 个字"),
        ("贵的换货", "你已经有一个同名的筛选"),
    ],
)
def test_a_name_that_will_not_do_keeps_the_list(at_desk, view, text_of, name, sentence):
    answer = at_desk.post("save_view", query=QUERY, name=name)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert QUERY.replace("&", "&") in text_of(answer)
    assert SavedView.objects.count() == 1


def test_a_list_too_long_to_keep_is_refused(at_desk, text_of, merchant):
    pasted = " ".join(f"AS{number:015d}" for number in range(150))

    answer = at_desk.post("save_view", query=f"tab=all&q={pasted}", name="很多")

    assert answer.status_code == 422
    assert "筛选条件太多，不能保存" in text_of(answer)


def test_colleagues_see_what_is_shared_and_only_that(at_desk, desk_of, view, colleague, stranger):
    desk = desk_of(colleague.user)
    assert "贵的换货" not in chips(desk.look("queue"))

    at_desk.post("edit_view", view.pk, name="贵的换货", shared="on")

    assert "贵的换货" in chips(desk.look("queue"))
    assert "贵的换货" not in chips(desk_of(stranger).look("queue"))


def test_what_somebody_shared_is_gone_when_he_has_left(desk_of, view, colleague):
    SavedView.objects.update(shared=True)
    Member.objects.filter(pk=view.member_id).update(active=False)

    assert "贵的换货" not in chips(desk_of(colleague.user).look("queue"))


def test_it_is_renamed_and_deleted(at_desk, view, text_of):
    at_desk.post("edit_view", view.pk, name="换货大额")
    assert "换货大额" in text_of(at_desk.look("views"))

    assert "删除这个筛选？" in text_of(at_desk.look("drop_view", view.pk))
    assert SavedView.objects.exists()
    at_desk.post("drop_view", view.pk)

    assert not SavedView.objects.exists()
    assert "还没有保存过筛选" in text_of(at_desk.look("views"))


def test_nobody_changes_what_is_not_his(desk_of, view, colleague, stranger):
    SavedView.objects.update(shared=True)

    for user in (colleague.user, stranger):
        desk = desk_of(user)
        assert desk.post("edit_view", view.pk, name="我的").status_code == 404
        assert desk.look("drop_view", view.pk).status_code == 404
        assert desk.post("drop_view", view.pk).status_code == 404
    assert SavedView.objects.get().name == "贵的换货"


def test_who_manages_the_shop_may_clear_away_what_is_shared(desk_of, view, colleague):
    SavedView.objects.update(shared=True)
    Member.objects.filter(pk=colleague.pk).update(permissions=["manage"])

    desk_of(colleague.user).post("drop_view", view.pk)

    assert not SavedView.objects.exists()


def test_the_words_of_a_shop_are_those_of_its_tables(view, merchant, colleague, stranger, shop):
    """Read by one written statement; the rules are the querysets'."""
    member, elsewhere = Member.objects.get(user=merchant), stranger.memberships.get()
    gone = MemberFactory(shop=shop, active=False)
    for whose, name in ((colleague, "大家的"), (gone, "走了的"), (elsewhere, "别店的")):
        SavedView.objects.create(member=whose, name=name, query="tab=all", shared=True)
    SavedView.objects.create(member=colleague, name="他自己的", query="tab=all")
    for whose, name in ((shop, "易碎"), (shop, "加急"), (elsewhere.shop, "别店")):
        Tag.objects.create(shop=whose, name=name)
    Reason.objects.filter(code="R2").update(active=False)

    words = words_of(member)

    assert [name for name, _query in words.views] == ["贵的换货", "大家的"]
    assert list(words.views) == [
        (each.name, each.query) for each in SavedView.objects.for_member(member)
    ]
    assert list(words.tags) == [tag.name for tag in Tag.objects.filter(shop=shop)]
    assert list(words.reasons) == [(r.code, r.label) for r in Reason.objects.filter(active=True)]
