"""Failed refunds in the admin: tried again under the same number, or settled outside (T-24)."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.enums import RefundState, Status
from aftersales.models import Case, LedgerEntry, LedgerMood, Refund, User
from aftersales.payments import pay_due
from aftersales.payments.paying import MOST_TRIES
from tests.factories import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def failed(make_desk: Callable[..., Desk]) -> Case:
    """A case whose refund the gateway has refused for good."""
    LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE, times=1)
    desk = make_desk("")
    desk.case.agree(by=desk.merchant)
    pay_due()
    desk.case.refresh_from_db()
    assert desk.case.status == Status.REFUND_FAILED
    return desk.case


def test_the_list_of_failed_refunds_says_why_and_leads_to_both_ways_out(
    reviewer: Client, failed: Case
) -> None:
    """T-24."""
    url = reverse("admin:aftersales_refund_changelist")
    shown = reviewer.get(url, {"state__exact": "failed"}).content.decode()
    assert "原支付账户已注销" in shown
    retry, offline = (
        reverse(f"admin:{step}", args=[failed.code]) for step in ("retry_refund", "settle_offline")
    )
    assert shown.index(offline) < shown.index(retry)  # what was refused for good is refused again
    Refund.objects.update(tries=MOST_TRIES)  # nobody answered
    shown = reviewer.get(url, {"state__exact": "failed"}).content.decode()
    assert shown.index(retry) < shown.index(offline)


def test_a_failed_refund_tried_again_pays_once_under_its_old_number(
    reviewer: Client, failed: Case
) -> None:
    """T-24, S-37: also when the button is pressed twice."""
    number = Refund.objects.get(case=failed).number
    page = reverse("admin:retry_refund", args=[failed.code])
    asked = reviewer.get(page)
    assert number in asked.content.decode()
    given = {"version": failed.version, "key": "again"}
    for _click in range(2):
        assert reviewer.post(page, given).status_code == 302
    for _sweep in range(3):
        pay_due()
    failed.refresh_from_db()
    assert failed.status == Status.REFUNDED
    assert [(entry.number, entry.amount) for entry in LedgerEntry.objects.all()] == [
        (number, Decimal("128.00"))
    ]
    assert failed.events.filter(step="retry_refund").count() == 1


def test_a_refund_settled_outside_needs_a_proof_and_is_not_paid_again(
    reviewer: Client, failed: Case
) -> None:
    """T-24."""
    page = reverse("admin:settle_offline", args=[failed.code])
    short = reviewer.post(page, {"proof": "已付"})
    assert short.status_code == 422
    assert "至少 6 个字" in short.content.decode()
    proof = "银行转账 回单号 20261123000178"
    assert reviewer.post(page, {"proof": proof, "key": "off"}).status_code == 302
    pay_due()
    failed.refresh_from_db()
    refund = Refund.objects.get(case=failed)
    assert failed.status == Status.REFUNDED
    assert (refund.state, refund.proof) == (RefundState.PAID, proof)
    assert not LedgerEntry.objects.exists()


def test_a_refund_that_has_not_failed_is_not_tried_by_hand(
    reviewer: Client, make_desk: Callable[..., Desk]
) -> None:
    """T-24: 409, nothing changed."""
    desk = make_desk("")
    desk.case.agree(by=desk.merchant)
    page = reverse("admin:retry_refund", args=[desk.case.code])
    assert "没有失败的退款" in reviewer.get(page).content.decode()
    assert reviewer.post(page, {"key": "x"}).status_code == 409
    assert Refund.objects.get(case=desk.case).state == RefundState.OWED


def test_staff_without_the_right_neither_see_nor_use_the_ways_out(
    client: Client, failed: Case, django_user_model: type[User]
) -> None:
    """T-24."""
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    assert client.get(reverse("admin:aftersales_refund_changelist")).status_code == 403
    for name in ("retry_refund", "settle_offline"):
        page = reverse(f"admin:{name}", args=[failed.code])
        assert client.get(page).status_code == 404
        assert client.post(page, {"proof": "银行转账 2026112300"}).status_code == 404
    failed.refresh_from_db()
    assert failed.status == Status.REFUND_FAILED


def test_the_demo_gateway_is_told_how_to_answer(
    client: Client, django_user_model: type[User], failed: Case
) -> None:
    """T-24: refuse, be busy, time out after paying, answer late."""
    client.force_login(django_user_model.objects.create_superuser("root"))
    page = reverse("admin:aftersales_ledgermood_add")
    assert "不付真钱" in client.get(page).content.decode()
    assert client.post(page, {"answer": "timeout", "times": "2"}).status_code == 302
    assert LedgerMood.objects.filter(answer="timeout", times=2).exists()
