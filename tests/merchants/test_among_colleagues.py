"""Tags, notes and who is looking: what members of a shop tell each other, and nobody else."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.models import Note, Tag
from tests.factories import MemberFactory

SECRET = "这位买家上个月也说少件，先看称重"


@pytest.fixture
def colleague(shop):
    return MemberFactory(shop=shop, user__nick="小李", permissions=[])


# Notes --------------------------------------------------------------------------------------------


def test_a_note_has_an_author_and_a_time_and_moves_nothing(make_case, at_desk, desk_of, colleague):
    case = make_case()

    desk_of(colleague.user).send("add_note", case, text=SECRET)
    page = at_desk.look("case", case).content.decode()

    note = case.notes.get()
    assert (note.member, note.at) == (colleague, case.applied_at)
    assert SECRET in page
    assert "小李" in page
    assert (case.version, case.events.count()) == (1, 1)


@pytest.mark.parametrize(
    ("text", "sentence"), [("  ", "请填写备注"), ("长" * 1001, "备注最多 1000 个字")]
)
def test_a_note_that_will_not_do_is_kept_in_the_field(make_case, at_desk, text_of, text, sentence):
    case = make_case()

    answer = at_desk.send("add_note", case, text=text)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert text.strip() in text_of(answer)
    assert not Note.objects.exists()


def test_only_its_author_takes_a_note_away(make_case, at_desk, desk_of, colleague):
    case = make_case()
    at_desk.send("add_note", case, text=SECRET)
    note = case.notes.get()
    url = reverse("merchants:drop_note", args=[case.code, note.pk])

    assert desk_of(colleague.user).client.get(url).status_code == 404
    assert desk_of(colleague.user).client.post(url).status_code == 404
    asked = at_desk.client.get(url).content.decode()  # what goes is shown first
    assert "删除这条备注？" in asked
    assert SECRET in asked
    assert case.notes.exists()
    assert at_desk.client.post(url).status_code == 302
    assert not case.notes.exists()


def test_nobody_but_the_shop_reads_a_note(make_case, at_desk, buyer, staff, stranger):
    """Not the buyer, not the platform, and no dossier that may be handed on."""
    case = make_case("under_review")
    at_desk.send("add_note", case, text=SECRET)
    case.shop.tags.create(name="可疑买家").cases.add(case)
    pages = [
        (buyer, reverse("buyers:case", args=[case.code])),
        (staff, reverse("admin:aftersales_case_change", args=[case.pk])),
    ]

    for user, url in pages:
        client = Client()
        client.force_login(user)
        page = client.get(url)
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
        assert "可疑买家" not in page.content.decode()
    theirs = Client()
    theirs.force_login(stranger)
    url = reverse("merchants:add_note", args=[case.code])
    assert theirs.post(url, {"text": "x"}).status_code == 404

    archive = at_desk.look("dossier_zip", case)
    body = b"".join(archive) if archive.streaming else archive.content
    with zipfile.ZipFile(io.BytesIO(body)) as dossier:
        for name in dossier.namelist():
            assert SECRET.encode() not in dossier.read(name), name


# Tags ---------------------------------------------------------------------------------------------


def test_a_tag_is_put_on_shown_in_the_list_and_taken_off(make_case, at_desk):
    case, other = make_case(), make_case()
    for each in (case, other):
        at_desk.send("add_tag", each, name=" 易碎 ")
    tag = Tag.objects.get()

    rows = at_desk.look("queue").context["rows"]
    assert [row.tags for row in rows] == [["易碎"], ["易碎"]]

    for each, left in ((case, 1), (other, 0)):
        at_desk.client.post(reverse("merchants:drop_tag", args=[each.code, tag.pk]))
        assert Tag.objects.count() == left
    assert case.events.count() == 1


@pytest.mark.parametrize(
    ("name", "sentence"), [("", "请填写标签"), ("长" * 21, "标签最多 20 个字")]
)
def test_a_tag_that_will_not_do_is_refused(make_case, at_desk, text_of, name, sentence):
    answer = at_desk.send("add_tag", make_case(), name=name)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Tag.objects.exists()


def test_a_case_wears_ten_tags_at_most(make_case, at_desk, text_of):
    case = make_case()
    for number in range(10):
        at_desk.send("add_tag", case, name=f"标签{number}")

    assert at_desk.send("add_tag", case, name="标签9").status_code == 302
    answer = at_desk.send("add_tag", case, name="再来一个")

    assert answer.status_code == 422
    assert "一单最多 10 个标签" in text_of(answer)
    assert case.tags.count() == 10


def test_tags_of_another_shop_are_out_of_reach(make_case, at_desk, stranger):
    case = make_case()
    foreign = Tag.objects.create(shop=stranger.memberships.get().shop, name="别家")

    url = reverse("merchants:drop_tag", args=[case.code, foreign.pk])

    assert at_desk.client.post(url).status_code == 404
    assert "别家" not in at_desk.look("case", case).content.decode()


# Presence -----------------------------------------------------------------------------------------


def test_colleagues_see_who_has_the_case_open_and_since_when(
    make_case, at_desk, desk_of, colleague, text_of, now
):
    case, other = make_case(), make_case()
    desk = desk_of(colleague.user)
    desk.look("case", case)
    now.shift(timedelta(minutes=5))
    desk.look("presence", case)

    assert "小李 正在处理（<time" in text_of(at_desk.look("case", case))
    asked = at_desk.look("presence", case)
    assert ">12:00</time> 打开）" in text_of(asked)
    told = asked.context["told"]
    assert at_desk.look("presence", case, told=told).status_code == 204
    assert "正在处理（" not in text_of(at_desk.look("case", other))
    assert [row.looking for row in at_desk.look("queue").context["rows"]] == ["小李", ""]


def test_nobody_is_told_of_himself_nor_another_shop_of_us(make_case, at_desk, desk_of, stranger):
    case = make_case()
    at_desk.look("case", case)

    assert at_desk.look("queue").context["rows"][0].looking == ""
    assert desk_of(stranger).look("presence", case).status_code == 404


def test_a_glance_at_the_quick_view_is_not_working_on_it(make_case, at_desk, desk_of, colleague):
    desk_of(colleague.user).look("peek", make_case())

    assert at_desk.look("queue").context["rows"][0].looking == ""
