"""其他投诉渠道: named always, recorded with its papers, and followed to its end (S-24, S-41)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales import catalogue
from aftersales.models import Case, Channel, Complaint, User
from aftersales.rules import worktime
from aftersales.steps import Refused
from tests.buyers.conftest import Phone
from tests.factories import picture

FILED = {"channel": "12315", "filed_on": "2026-11-23", "number": "A-77"}


@pytest.mark.parametrize("trait", ["", "rejected"])
def test_every_channel_says_what_it_is_for_and_needs(
    make_case: Callable[..., Case], at_phone: Phone, trait: str
) -> None:
    """S-24, S-41: always, whatever the case's state; the texts are rows."""
    shown = at_phone.look("record_complaint", make_case(trait)).content.decode()
    rows = list(Channel.objects.all())
    assert [row.code for row in rows] == ["12315", "black_cat", "consumers", "industry", "court"]
    for row in rows:
        for text in (row.label_zh, row.what_zh, row.needs_zh, row.time_zh, row.site):
            assert text in shown
    assert "7 个工作日" in shown
    assert "dossier.zip" in shown  # what to hand in


def test_staff_switch_a_channel_off(make_case: Callable[..., Case], at_phone: Phone) -> None:
    Channel.objects.filter(code="black_cat").update(active=False)
    shown = at_phone.look("record_complaint", make_case()).content.decode()
    assert "tousu.sina.com.cn" not in shown
    assert "tousu.sina.com.cn" not in at_phone.client.get(reverse("help")).content.decode()


def test_the_channels_read_in_english(make_case: Callable[..., Case], at_phone: Phone) -> None:
    page = reverse("buyers:record_complaint", args=[make_case().code])
    shown = at_phone.client.get(page, headers={"accept-language": "en"}).content.decode()
    assert "within 7 working days" in shown
    assert "Consumer association" in shown


def test_every_channel_of_a_complaint_is_explained() -> None:
    explained = {row["code"] for row in catalogue.read("channel")}
    assert explained == set(Complaint.Channel.values) - {"other"}


def test_a_draft_of_a_complaint_is_seen(make_case: Callable[..., Case], at_phone: Phone) -> None:
    case = make_case()
    folded = '<details class="card-x" >'
    assert folded in at_phone.look("record_complaint", case).content.decode()

    at_phone.send("record_complaint", case, draft="auto", number="A-77")

    shown = at_phone.look("record_complaint", case).content.decode()
    assert "A-77" in shown
    assert folded not in shown


def test_a_complaint_keeps_its_link_and_its_papers(
    make_case: Callable[..., Case], at_phone: Phone
) -> None:
    """S-24."""
    case = make_case("rejected")
    link = "https://example.com/complaints/77"
    at_phone.send(
        "record_complaint", case, **FILED, link=link, proof_complaint=picture("receipt.jpg")
    )
    [complaint] = case.complaints.all()
    assert (complaint.link, complaint.state) == (link, Complaint.State.FILED)
    [paper] = case.evidence.filter(slot=complaint.slot)
    assert case.events.get(step="record_complaint").details["evidence"] == [
        {"slot": complaint.slot, "name": "receipt.jpg", "sha256": paper.upload.sha256}
    ]
    shown = at_phone.look("record_complaint", case).content.decode()
    assert link in shown
    assert reverse("file", args=[paper.upload.token]) in shown


@pytest.mark.parametrize("link", ["not a link", "javascript:alert(1)", "ftp://example.com/a"])
def test_only_an_address_of_the_web_is_a_link(
    make_case: Callable[..., Case], at_phone: Phone, link: str
) -> None:
    case = make_case("rejected")
    response = at_phone.send("record_complaint", case, **FILED, link=link)
    assert response.status_code == 422
    assert "请填写完整的网址" in response.content.decode()
    assert link in response.content.decode()
    assert not Complaint.objects.exists()


def test_12315_answers_within_seven_working_days(
    make_case: Callable[..., Case], at_phone: Phone
) -> None:
    """§1.6: Monday 23 November 2026 + 7 working days is Wednesday 2 December."""
    case = make_case("rejected")
    at_phone.send("record_complaint", case, **FILED)
    assert "2026-12-02 前告知是否受理" in at_phone.look("record_complaint", case).content.decode()
    at_phone.send("update_complaint", case, complaint=case.complaints.get().pk, state="accepted")
    assert "前告知是否受理" not in at_phone.look("record_complaint", case).content.decode()


def test_working_days_know_the_holidays() -> None:
    """National Day 2026: 1 to 7 October are free; the Saturday after it is worked."""
    assert worktime.days_on(date(2026, 9, 30), 1) == date(2026, 10, 8)


def test_the_buyer_follows_it_to_its_end(make_case: Callable[..., Case], at_phone: Phone) -> None:
    """S-24: what was said before stays in the history."""
    case = make_case("rejected")
    at_phone.send("record_complaint", case, **FILED)
    pk = case.complaints.get().pk
    at_phone.send("update_complaint", case, complaint=pk, state="mediating", note="12 月 5 日调解")
    at_phone.send("update_complaint", case, complaint=pk, state="settled", number="B-1")
    complaint = case.complaints.get()
    assert (complaint.state, complaint.number) == (Complaint.State.SETTLED, "B-1")
    steps = [event.details for event in case.events.filter(step="update_complaint")]
    assert [(each["complaint_before"], each["complaint"]) for each in steps] == [
        ("filed", "mediating"),
        ("mediating", "settled"),
    ]
    assert steps[0]["note"] == "12 月 5 日调解"
    shown = at_phone.look("record_complaint", case).content.decode()
    assert "已办结" in shown
    assert "外部投诉：已办结" in at_phone.look("record", case).content.decode()


def test_nothing_to_update_without_a_complaint(
    make_case: Callable[..., Case], at_phone: Phone
) -> None:
    case = make_case("rejected")
    assert "还没有登记外部投诉" in at_phone.look("update_complaint", case).content.decode()
    response = at_phone.send("update_complaint", case, complaint=1, state="settled")
    assert response.status_code == 409


def test_a_complaint_of_another_case_is_none_of_it(
    make_case: Callable[..., Case], buyer: User
) -> None:
    one, other = make_case("rejected"), make_case("rejected")
    for case in (one, other):
        case.record_complaint(by=buyer, channel="12315", filed_on=case.applied_at.date())
    with pytest.raises(Refused, match="没有这条外部投诉"):
        one.update_complaint(by=buyer, complaint=other.complaints.get().pk, state="settled")


def test_staff_record_and_update_it_too(
    make_case: Callable[..., Case], staff: User, client: Client, at_phone: Phone
) -> None:
    """S-24: the buyer sees what staff recorded, with their papers."""
    case = make_case("rejected")
    client.force_login(staff)
    page = reverse("admin:record_complaint", args=[case.code])
    client.post(page, FILED | {"key": "s1", "proof_complaint": picture("letter.jpg")})
    complaint = case.complaints.get()
    assert complaint.party == "staff"
    page = reverse("admin:update_complaint", args=[case.code])
    client.post(
        page, {"complaint": complaint.pk, "state": "accepted", "note": "已受理", "key": "s2"}
    )
    complaint.refresh_from_db()
    assert (complaint.state, complaint.note) == ("accepted", "已受理")
    shown = at_phone.look("record_complaint", case).content.decode()
    assert "平台客服登记" in shown
    assert reverse("file", args=[case.evidence.get(slot=complaint.slot).upload.token]) in shown


def test_a_withdrawn_lawsuit_no_longer_keeps_the_platform_away(
    make_case: Callable[..., Case], buyer: User
) -> None:
    """§1.6: what a court already handles is not heard; what it no longer handles is."""
    case: Any = make_case("rejected")
    case.record_complaint(by=buyer, channel="court", filed_on=case.applied_at.date())
    assert "法院已受理" in case.refusal("ask_platform", buyer)
    case.update_complaint(by=buyer, complaint=case.complaints.get().pk, state="withdrawn")
    assert not case.refusal("ask_platform", buyer)
