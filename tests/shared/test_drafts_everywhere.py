"""Nothing typed is lost, outside the steps too: conversations, requests, notes, facts, rulings."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission as AdminPermission
from django.test import Client
from django.urls import reverse

from aftersales.enums import OrderState, Party
from aftersales.models import Conversation, Draft, Note, Order, ServiceMessage, User
from aftersales.service import asking
from tests.factories import OrderFactory, upload

WORDS = "照片里看不到裂纹，麻烦在自然光下再拍一张杯口的近照，谢谢。"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def late(shop: Any, buyer: User) -> Order:
    """An order whose time for after-sales is over."""
    return OrderFactory(shop=shop, buyer=buyer, state=OrderState.CLOSED)


@pytest.fixture
def reviewer(staff: User) -> User:
    for name in ("view_servicerequest", "answer_servicerequest", "view_order", "change_order"):
        staff.user_permissions.add(AdminPermission.objects.get(codename=name))
    return User.objects.get(pk=staff.pk)


def test_whatever_asks_for_words_gives_them_back(
    make_case: Any, order: Order, late: Order, buyer: User, merchant: User, reviewer: User, now: Any
) -> None:
    """S-38, S-50: kept while it is typed, shown again with its time, given up on demand."""
    deciding = make_case("under_review")
    now.shift(timedelta(hours=48))
    deciding.catch_up()
    case = make_case()
    line, old = order.lines.get(), late.lines.get()
    Conversation(line).say(by=buyer, party=Party.BUYER, text="杯子有裂纹吗？")
    asked = asking.ask(old, by=buyer, problem="签收第二十天杯子自己裂了。", wants="换一只")
    other = OrderFactory(shop=order.shop, buyer=buyer, state=OrderState.CLOSED)
    on = [order.shop.code, order.number, 1]
    stock = f"stock_{line.pk}"
    pages = [
        (buyer, reverse("buyers:ask", args=on), "text", ""),
        (buyer, reverse("buyers:ask_service", args=[on[0], other.number, 1]), "problem", ""),
        (buyer, reverse("buyers:service_request", args=[asked.number]), "text", ""),
        (merchant, reverse("merchants:conversation", args=[line.pk]), "text", ""),
        (merchant, reverse("merchants:conversation", args=[line.pk]), "words", "propose"),
        (
            merchant,
            reverse("merchants:add_note", args=[case.code]),
            "text",
            reverse("merchants:case", args=[case.code]),
        ),
        (merchant, reverse("merchants:order_facts", args=[order.number]), stock, ""),
        (
            reviewer,
            reverse("admin:aftersales_servicerequest_change", args=[asked.pk]),
            "text",
            "",
        ),
        (reviewer, reverse("admin:rule", args=[deciding.last_intervention.pk]), "grounds", ""),
        (reviewer, reverse("admin:order_facts", args=[order.pk]), stock, ""),
        (reviewer, reverse("admin:send_message", args=[case.code]), "text", ""),
    ]
    for user, path, field, more in pages:
        client, shown = client_of(user), more if more.startswith("/") else path
        part = {more: "1"} if more and more != shown else {}
        page = read(client.get(shown))
        assert "data-draft" in page, path
        assert WORDS not in page, path

        kept = client.post(path, {"draft": "auto", "by": user.pk, field: WORDS, **part})

        assert read(kept).startswith("草稿已保存"), path
        page = read(client.get(shown))
        assert WORDS in page, path
        assert "恢复自" in page, path
        client.post(path, {"draft": "discard", **part})
        assert WORDS not in read(client.get(shown)), path
    assert not Draft.objects.exists()


def test_what_is_said_is_no_draft_any_more(
    late: Order, buyer: User, merchant: User, make_case: Any, order: Order
) -> None:
    """Nor is what script sends after the click it belongs to."""
    asked = asking.ask(late.lines.get(), by=buyer, problem="签收第二十天杯子自己裂了。", wants="换")
    photo, case = upload(buyer), make_case()
    said = {"text": WORDS, "proof_files_kept": photo.token, "key": "one"}
    path = reverse("buyers:service_request", args=[asked.number])
    phone, desk = client_of(buyer), client_of(merchant)
    phone.post(path, said | {"draft": "auto"})
    assert photo.token in read(phone.get(path))

    phone.post(path, said)
    late_draft = phone.post(path, said | {"draft": "auto"})

    assert late_draft.status_code == 422
    assert ServiceMessage.objects.get(key="one").files.get() == photo
    notes = reverse("merchants:add_note", args=[case.code])
    desk.post(notes, {"text": WORDS, "draft": "auto"})
    desk.post(notes, {"text": WORDS})
    assert Note.objects.get().text == WORDS
    assert not Draft.objects.exists()


def test_a_mistake_is_kept_as_well(order: Order, buyer: User, merchant: User) -> None:
    """A closed tab after a 422 loses nothing; each form of the page has its own draft."""
    line = order.lines.get()
    Conversation(line).say(by=buyer, party=Party.BUYER, text="杯子有裂纹吗？")
    desk, path = client_of(merchant), reverse("merchants:conversation", args=[line.pk])

    refused = desk.post(path, {"propose": "1", "words": WORDS, "amount": "abc"})
    desk.post(path, {"draft": "auto", "text": "稍等，我查一下。"})

    assert refused.status_code == 422
    assert "草稿已保存" in read(refused)
    page = read(desk.get(path))
    assert WORDS in page
    assert "稍等，我查一下。" in page


def test_words_that_came_too_late_can_still_be_read(
    order: Order, buyer: User, make_case: Any
) -> None:
    """Once there is a case nothing is said here; what was typed is shown, to be said there."""
    phone = client_of(buyer)
    make_case(order=order)

    late = phone.post(
        reverse("buyers:ask", args=[order.shop.code, order.number, 1]), {"text": WORDS}
    )

    assert late.status_code == 409
    assert WORDS in read(late)
