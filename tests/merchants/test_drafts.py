"""草稿: what is typed is there again, whatever happened in between; and nothing happens by itself."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.enums import Status
from aftersales.models import Draft
from aftersales.tasks import drop_drafts
from tests.factories import MemberFactory, picture, upload

LONG = "照片里看不到裂纹，麻烦在自然光下再拍一张杯口的近照，谢谢。"


@pytest.fixture
def at(merchant):
    """``at("reject", case)``: the path of a merchant's form."""
    return lambda name, case: reverse(f"merchants:{name}", args=[case.code])


@pytest.fixture
def type_in(at_desk):
    """What script posts while somebody types."""

    def post(path, client=None, **typed):
        return (client or at_desk.client).post(path, {"draft": "auto"} | typed)

    return post


def sign_in(client, user):
    return client.post(
        reverse("account_login"), {"login": user.username, "password": "secret-for-tests"}
    )


def test_what_is_typed_is_there_when_the_page_is_opened_again(
    make_case, at, at_desk, type_in, text_of, merchant
):
    case, photo = make_case("checked"), upload(merchant)
    path = at("negotiate", case)

    said = type_in(
        path, plans="partial_refund", amount_partial_refund="45", proof_round_kept=photo.token
    )
    page = text_of(at_desk.client.get(path))

    assert said.content.decode() == "草稿已保存 12:00:00"
    assert "恢复自 12:00" in page
    assert 'name="amount_partial_refund" value="45"' in page
    assert f'value="{photo.token}"' in page
    assert "处需要补充" not in page


def test_a_form_with_a_draft_says_since_when(make_case, at, at_desk, type_in, text_of):
    path = at("send_message", make_case())
    type_in(path, text=LONG)

    page = text_of(at_desk.client.get(path))

    assert "恢复自 12:00" in page
    assert LONG in page


def test_an_empty_form_sent_by_mistake_is_no_draft(make_case, at_desk, text_of):
    refused = at_desk.send("send_message", make_case(), text=" ")

    assert refused.status_code == 422
    assert not Draft.objects.exists()
    assert "草稿已保存" not in text_of(refused)


def test_a_draft_never_takes_effect(make_case, at, type_in):
    case = make_case("negotiated")
    version = case.version

    type_in(at("reject", case), reason="RR-01", statement=LONG, declared="on")
    type_in(at("send_message", case), text=LONG)

    case.refresh_from_db()
    assert (case.status, case.version) == (Status.PENDING_MERCHANT, version)
    assert not case.messages.filter(text=LONG).exists()
    assert not case.attempts.exists()


def test_who_confirmed_confirms_anew(make_case, at, type_in):
    """NEG-04: a tick is made when the decision is, not brought back by a draft."""
    case = make_case("negotiated")

    type_in(at("reject", case), **{"statement": LONG, "declared": "on", "risk_RW-01": "on"})

    assert set(Draft.objects.get().data) == {"statement"}


def test_sending_it_ends_the_draft(make_case, at, at_desk, type_in):
    case = make_case()
    type_in(at("send_message", case), text="您好")

    at_desk.send("send_message", case, text="您好，方便再拍一张吗？")

    assert not Draft.objects.exists()


def test_what_script_sent_too_late_is_no_draft(make_case, at, at_desk, type_in):
    """The last saving may arrive after the message itself."""
    case, key = make_case(), uuid.uuid4().hex
    at_desk.send("send_message", case, text="您好，方便再拍一张吗？", key=key)

    type_in(at("send_message", case), text="您好，方便再拍", key=key)

    assert not Draft.objects.exists()


def test_an_error_keeps_everything(make_case, at, at_desk, text_of):
    case = make_case("negotiated")

    at_desk.send("reject", case, statement=LONG, review="1")

    page = text_of(at_desk.client.get(at("reject", case)))
    assert LONG in page


def test_a_draft_can_be_given_up(make_case, at, at_desk, type_in, text_of):
    case = make_case()
    path = at("send_message", case)
    type_in(path, text=LONG)

    answer = at_desk.client.post(path, {"draft": "discard"}, follow=True)

    assert "草稿已放弃" in text_of(answer)
    assert LONG not in text_of(answer)
    assert not Draft.objects.exists()


def test_without_script_a_button_keeps_it_with_its_files(make_case, at, at_desk, text_of, merchant):
    case = make_case()
    path = at("send_message", case)
    photo = picture()

    page = at_desk.client.post(
        path, {"draft": "save", "text": LONG, "proof_chat": photo}, follow=True
    )

    assert "草稿已保存 12:00:00" in text_of(page)
    assert LONG in text_of(page)
    assert merchant.uploads.get().token in text_of(page)


def test_without_script_a_file_that_cannot_be_taken_is_named(make_case, at, at_desk, text_of):
    from_disk = picture()
    from_disk.name, from_disk.file = "说明.txt", type(from_disk.file)(b"no picture")
    case = make_case()

    page = at_desk.client.post(
        at("send_message", case),
        {"draft": "save", "text": LONG, "proof_chat": from_disk},
        follow=True,
    )

    assert "说明.txt 不是 JPG" in text_of(page)
    assert Draft.objects.get().data["text"] == [LONG]


def test_a_colleague_has_a_draft_of_his_own(make_case, at, type_in, text_of, shop, desk_of):
    case = make_case()
    path = at("send_message", case)
    type_in(path, text=LONG)

    theirs = desk_of(MemberFactory(shop=shop).user)

    assert LONG not in text_of(theirs.client.get(path))
    assert "✎" not in text_of(theirs.look("queue"))


def test_anothers_case_takes_no_draft(make_case, at, type_in, stranger, desk_of):
    case = make_case()

    answer = type_in(at("send_message", case), client=desk_of(stranger).client, text=LONG)

    assert answer.status_code == 404
    assert not Draft.objects.exists()


def test_the_queue_and_the_case_lead_back_to_it(make_case, at, at_desk, type_in, text_of):
    case = make_case("checked")
    type_in(at("negotiate", case), plans="partial_refund")

    assert "✎ 草稿" in text_of(at_desk.look("queue"))
    for name in ("case", "peek"):
        page = text_of(at_desk.look(name, case))
        assert "✎ 草稿：" in page
        assert f'href="{at("negotiate", case)}">继续填写' in page


def test_what_can_be_sent_no_more_can_be_read(make_case, at, at_desk, type_in, text_of):
    case = make_case("checked")
    type_in(at("negotiate", case), text=LONG)
    at_desk.send("agree", case)

    page = text_of(at_desk.look("case", case))

    assert "现在不能提交：售后单当前状态不能进行此操作" in page
    assert LONG in page


def test_a_session_that_ended_in_between_loses_nothing(make_case, at, text_of, merchant):
    """Typed, signed out by time, typed on, signed in: all is back with its file, and not sent."""
    case, client, photo = make_case(), Client(), upload(merchant)
    path = at("send_message", case)

    kept = client.post(
        path,
        {"draft": "auto", "by": merchant.pk, "text": LONG, "proof_chat_kept": photo.token},
    )
    sign_in(client, merchant)
    page = text_of(client.get(path))

    assert (kept.status_code, kept.content.decode()) == (
        401,
        "登录已过期，内容已暂存，重新登录后恢复",
    )
    assert "登录前填写的内容已恢复，还没有提交" in page
    assert LONG in page
    assert photo.token in page


def test_a_decision_is_not_taken_after_signing_in(make_case, at, text_of, merchant):
    """What was sent while signed out is a draft; whoever sends it does so anew."""
    case, client = make_case(), Client()
    path = at("send_message", case)

    answer = client.post(
        path, {"by": merchant.pk, "text": LONG, "version": case.version, "key": "k"}
    )
    sign_in(client, merchant)
    page = text_of(client.get(path))

    assert answer.url.startswith(reverse("account_login"))
    assert LONG in page
    assert not case.messages.exists()


def test_the_next_person_at_this_browser_does_not_read_it(make_case, at, text_of, merchant, shop):
    case, client, colleague = make_case(), Client(), MemberFactory(shop=shop).user
    path = at("send_message", case)
    client.post(path, {"draft": "auto", "by": merchant.pk, "text": LONG})

    sign_in(client, colleague)

    assert LONG not in text_of(client.get(path))
    assert not Draft.objects.exists()


def test_a_draft_too_long_to_be_true_is_not_kept(make_case, at, type_in):
    answer = type_in(at("send_message", make_case()), text="长" * 100_001)

    assert answer.status_code == 422
    assert not Draft.objects.exists()


def test_old_drafts_are_dropped(make_case, at, type_in, now):
    type_in(at("send_message", make_case()), text="还没想好")
    now.shift(timedelta(days=30))
    drop_drafts()
    assert Draft.objects.count() == 1

    now.shift(timedelta(seconds=1))
    drop_drafts()

    assert not Draft.objects.exists()


def test_a_page_from_before_the_last_sign_in_loses_nothing(make_case, at, text_of, merchant):
    """Signed in again in another tab: its token is old, its words are not lost."""
    case, client = make_case(), Client(enforce_csrf_checks=True)
    client.force_login(merchant)
    path, typed = at("send_message", case), {"by": merchant.pk, "text": LONG}

    foreign = client.post(path, typed, headers={"origin": "https://elsewhere.example"})
    assert LONG not in text_of(client.get(path))
    own = client.post(path, typed, headers={"origin": "http://testserver"})

    assert (foreign.status_code, own.status_code) == (403, 403)
    assert f'<a href="{path}">回到刚才的页面' in text_of(own)
    assert LONG in text_of(client.get(path))
    assert not case.messages.exists()
