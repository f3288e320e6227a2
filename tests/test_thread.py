"""The thread goes on in the case, with read marks and pictures."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from aftersales import clock
from aftersales.enums import Party
from aftersales.models import Case, Member, Notice
from aftersales.steps import Refused
from tests.factories import application_for, picture, upload
from tests.test_asking_first import ASKED, ask_url, read

# Going on in the case


def test_the_thread_goes_on_in_the_case(order, line, buyer, merchant, talk, signed_in):
    """S-38, S-46: one thread; nothing more is said outside the case, and its record has it all."""
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    case = Case.apply(line, application_for(order), by=buyer)
    case.send_message(by=merchant, text="已经看到您的申请。")
    phone, desk = signed_in(buyer), signed_in(merchant)

    assert [said.text for said in case.thread()] == [ASKED, "已经看到您的申请。"]
    chat = reverse("buyers:send_message", args=[case.code])
    assert phone.get(ask_url(order)).url == chat
    for page in (chat, reverse("buyers:record", args=[case.code])):
        assert ASKED in read(phone.get(page))
    moved = desk.get(reverse("merchants:conversation", args=[line.pk]))
    assert moved.url == reverse("merchants:send_message", args=[case.code])
    for name in ("case", "send_message"):
        assert ASKED in read(desk.get(reverse(f"merchants:{name}", args=[case.code])))
    answer = phone.post(ask_url(order), {"text": "还在吗"})
    assert answer.status_code == 409
    assert "这件商品已有售后单，请在售后单里沟通" in read(answer)
    assert line.messages.count() == 1


def test_pictures_in_the_case_are_evidence(make_case, buyer, merchant, signed_in):
    """S-38: shown in the thread to both, and counted among the evidence."""
    case = make_case()

    signed_in(buyer).post(
        reverse("buyers:send_message", args=[case.code]),
        {"text": "", "proof_chat": picture(), "key": uuid.uuid4().hex},
    )

    shown = case.evidence.get(slot="chat")
    assert shown.party == Party.BUYER
    page = read(signed_in(merchant).get(reverse("merchants:send_message", args=[case.code])))
    assert shown.upload.token in page


def test_pictures_do_not_slip_past_a_closed_evidence_window(make_desk, now):
    """D11: once the window has closed, a picture in the chat is refused as evidence is."""
    desk = make_desk("under_review")
    now.shift(timedelta(hours=48))
    desk.case.catch_up()

    with pytest.raises(Refused, match="举证时间已过"):
        desk.case.send_message(by=desk.buyer, text="看图", evidence={"chat": [upload(desk.buyer)]})


# Read marks in the case


def test_messages_of_a_case_show_who_has_read_them(make_case, buyer, merchant, signed_in, now):
    """Read marks (M14, B17): 未读 until the other side has looked, then when."""
    case = make_case()
    case.send_message(by=buyer, text="请问什么时候处理？")
    phone, desk = signed_in(buyer), signed_in(merchant)
    chat = reverse("buyers:send_message", args=[case.code])

    assert "未读" in read(phone.get(chat))
    now.shift(timedelta(minutes=3))
    desk.get(reverse("merchants:case", args=[case.code]))
    assert "12:03 已读" in read(phone.get(chat))
    assert "商家12:03 已读" in read(phone.get(reverse("buyers:record", args=[case.code])))


def test_rounds_show_it_too(make_case, buyer, merchant, signed_in, now):
    case = make_case("waiting")
    phone, desk = signed_in(buyer), signed_in(merchant)
    page = reverse("merchants:case", args=[case.code])

    assert "买家未读" in read(desk.get(page))
    now.shift(timedelta(minutes=4))
    phone.get(reverse("buyers:case", args=[case.code]))
    assert case.rounds.get().read_at == clock.now()
    assert "买家 12:04 已读" in read(desk.get(page))


def test_who_answered_is_not_said_to_have_read_nothing(make_case, merchant, signed_in):
    """From a notice the buyer goes straight to the answer, past the page that marks it as read."""
    case = make_case("second_waiting")
    assert case.rounds.order_by("number").first().read_at is None

    page = read(signed_in(merchant).get(reverse("merchants:case", args=[case.code])))

    first = case.rounds.order_by("number").first().text
    assert first in page
    assert "买家未读" not in page.partition(first)[0].rpartition("第 1 轮协商")[2]


def test_reading_oneself_marks_nothing(make_case, buyer, signed_in):
    case = make_case()
    case.send_message(by=buyer, text="请问什么时候处理？")

    signed_in(buyer).get(reverse("buyers:send_message", args=[case.code]))

    assert case.messages.get().read_at is None


def test_a_left_member_is_told_nothing(shop, buyer, merchant, talk):
    Member.objects.filter(user=merchant).update(active=False)

    talk.say(by=buyer, party=Party.BUYER, text=ASKED)

    assert not Notice.objects.filter(user=merchant).exists()
