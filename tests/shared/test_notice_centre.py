"""通知: the centre of every role: what is unread, filtered, folded, read by opening, and counted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from aftersales.models import Event, Notice, User
from aftersales.notices.delivering import deliver_due, send_mails
from aftersales.notices.reminding import remind_all

pytestmark = pytest.mark.django_db
URL = "/notices/"


@pytest.fixture
def at_desk(client: Client, merchant: User) -> Client:
    client.force_login(merchant)
    return client


def say(case: Any, buyer: User, *words: str) -> None:
    for text in words:
        case.send_message(by=buyer, text=text)
    deliver_due()


def rows(page: Any) -> list[Notice]:
    return list(page.context["page_obj"].object_list)


@pytest.mark.parametrize("name", ["buyer", "merchant", "staff"])
def test_everybody_has_a_centre_in_his_own_frame(
    name: str, client: Client, request: pytest.FixtureRequest, make_case: Any
) -> None:
    make_case("waiting")
    deliver_due()
    client.force_login(request.getfixturevalue(name))
    page = client.get(URL)
    assert page.context["frame"] == {
        "buyer": "base_buyer.html",
        "merchant": "base_merchant.html",
        "staff": "base_staff.html",
    }.get(name)
    assert len(rows(page)) == {"buyer": 1, "merchant": 1, "staff": 0}[name]


def test_nobody_sees_or_opens_anothers(client: Client, make_case: Any, stranger: User) -> None:
    make_case()
    deliver_due()
    client.force_login(stranger)
    notice = Notice.objects.get()
    assert rows(client.get(URL)) == []
    assert client.get(f"{URL}{notice.pk}/").status_code == 404
    client.post(reverse("read_all"))
    notice.refresh_from_db()
    assert notice.read_at is None
    client.logout()
    for url in (URL, reverse("unread"), f"{URL}{notice.pk}/"):
        assert client.get(url).status_code == 302


# Folding ------------------------------------------------------------------------------------------


def test_forty_messages_are_one_notice(
    at_desk: Client, make_case: Any, buyer: User, merchant: User, now: Any
) -> None:
    """One of a case and kind, with the newest words and how many; each event keeps its row."""
    User.objects.filter(pk=merchant.pk).update(email="merchant@example.com")
    case, other = make_case(), make_case()
    deliver_due()
    for _round in range(4):
        now.shift(timedelta(minutes=11))
        say(case, buyer, *(f"第 {number} 句" for number in range(10)))
    say(other, buyer, "另一单的话")
    shown = [(row.case_id, row.kind, row.many) for row in rows(at_desk.get(URL))]
    assert shown == [
        (other.pk, "send_message", 1),
        (case.pk, "send_message", 40),
        (other.pk, "apply", 1),
        (case.pk, "apply", 1),
    ]
    assert Notice.objects.filter(case=case, event__step="send_message").count() == 40
    assert rows(at_desk.get(URL))[1].text_zh.endswith("第 9 句")
    assert send_mails() == 4
    assert len(mail.outbox) == 4


def test_what_was_read_is_not_folded_into(at_desk: Client, make_case: Any, buyer: User) -> None:
    case = make_case()
    say(case, buyer, "一", "二")
    at_desk.post(reverse("read_all"))
    say(case, buyer, "三")
    shown = [row for row in rows(at_desk.get(URL)) if row.kind == "send_message"]
    assert [(row.many, row.read_at is None) for row in shown] == [(1, True), (2, False)]


def test_an_event_that_is_delivered_again_changes_nothing(
    at_desk: Client, make_case: Any, buyer: User
) -> None:
    case = make_case()
    say(case, buyer, "一", "二", "三")
    before = [(row.pk, row.many) for row in rows(at_desk.get(URL))]
    Event.objects.update(delivered_at=None)
    deliver_due()
    assert [(row.pk, row.many) for row in rows(at_desk.get(URL))] == before
    assert Notice.objects.filter(latest=True).count() == 2


# Reading ------------------------------------------------------------------------------------------


def count(client: Client) -> int:
    return int(client.get(URL).context["unread"]())


def test_looking_at_the_list_reads_nothing_and_opening_reads_its_kind(
    at_desk: Client, make_case: Any, buyer: User
) -> None:
    case = make_case()
    say(case, buyer, "一", "二")
    assert count(at_desk) == count(at_desk) == 2
    notice = Notice.objects.get(latest=True, kind="send_message")
    answer = at_desk.get(f"{URL}{notice.pk}/")
    assert answer["Location"] == reverse("merchants:case", args=[case.code])
    assert count(at_desk) == 1
    assert not Notice.objects.filter(kind="send_message", read_at=None).exists()


@pytest.mark.parametrize(("name", "side"), [("merchant", "merchants"), ("buyer", "buyers")])
def test_whoever_has_the_case_before_him_has_read_what_is_told_of_it(
    name: str, side: str, client: Client, request: pytest.FixtureRequest, make_case: Any
) -> None:
    user = request.getfixturevalue(name)
    case, other = make_case("rejected"), make_case("rejected")
    deliver_due()
    client.force_login(user)
    client.get(reverse(f"{side}:case", args=[case.code]))
    mine = Notice.objects.filter(user=user)
    assert not mine.filter(case=case, read_at=None).exists()
    assert mine.filter(case=other, read_at=None).exists()
    assert Notice.objects.filter(case=case, read_at=None).exclude(user=user).exists()


def test_all_are_read_at_once_but_for_what_came_in_meanwhile(
    at_desk: Client, make_case: Any, merchant: User, buyer: User
) -> None:
    User.objects.filter(pk=merchant.pk).update(email="merchant@example.com")
    case = make_case()
    deliver_due()
    newest = rows(at_desk.get(URL))[0].pk
    say(case, buyer, "还在吗")
    page = at_desk.post(reverse("read_all"), {"newest": newest}, follow=True)
    assert "1 条通知已标为已读" in page.text
    assert count(at_desk) == 1
    assert send_mails() == 1, "what has been read is not mailed any more"
    assert at_desk.get(reverse("read_all")).status_code == 405


@pytest.mark.parametrize("newest", ["", "x", "9" * 400, "-1"])
def test_a_forged_place_to_read_up_to_breaks_nothing(
    newest: str, at_desk: Client, make_case: Any
) -> None:
    make_case()
    deliver_due()
    assert at_desk.post(reverse("read_all"), {"newest": newest}).status_code == 302


def test_the_list_can_be_narrowed(at_desk: Client, make_case: Any, now: Any, buyer: User) -> None:
    case = make_case()
    say(case, buyer, "在吗")
    at_desk.post(reverse("read_all"))
    now.shift(timedelta(hours=24))
    remind_all()
    kinds = {
        tab: [row.kind for row in rows(at_desk.get(URL, {"tab": tab}))]
        for tab in ("all", "unread", "reminders", "nonsense")
    }
    everything = ["half", "send_message", "apply"]
    assert kinds == {
        "all": everything,
        "unread": ["half"],
        "reminders": ["half"],
        "nonsense": everything,
    }
    at_desk.post(reverse("read_all"))
    page = at_desk.get(URL, {"tab": "unread"})
    assert "没有未读的通知" in page.text


def test_the_queries_do_not_grow_with_the_notices(
    at_desk: Client, make_case: Any, django_assert_max_num_queries: Any
) -> None:
    for _number in range(8):
        make_case()
    deliver_due()
    with django_assert_max_num_queries(10):
        at_desk.get(URL)


# The bell -----------------------------------------------------------------------------------------


def test_the_bell_asks_for_its_count_alone(at_desk: Client, make_case: Any) -> None:
    make_case()
    deliver_due()
    answer = at_desk.get(reverse("unread"), headers={"HX-Request": "true"})
    assert "1 条未读" in answer.text
    assert "<html" not in answer.text
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_bell_counts_on_while_somebody_writes(
    new_page: Callable[..., Page], make_case: Any, merchant: User, buyer: User, shoot: Any
) -> None:
    """Without taking the focus or a letter from him."""
    case = make_case()
    deliver_due()
    page = new_page(merchant)
    page.goto(reverse("merchants:queue"))
    bell = page.get_by_role("link", name="通知").first
    expect(bell).to_contain_text("1 条未读")
    page.locator("#q").focus()
    page.keyboard.type("AS2026")
    say(case, buyer, "在吗")
    page.evaluate("htmx.trigger(document.querySelector('[data-poll]'), 'poll')")
    expect(bell).to_contain_text("2 条未读")
    page.keyboard.type("1126")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("AS20261126")
    page.goto(URL)
    shoot(page, "centre")
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, "centre")
    page.get_by_role("button", name="全部标为已读").click()
    expect(page.get_by_text("2 条通知已标为已读")).to_be_visible()
    expect(bell).not_to_contain_text("未读")
