"""Who has lost every second factor: a superuser clears them, once he has made sure who asks."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from aftersales.models import User
from tests.aftersales.test_admin_jobs import read, staff_with
from tests.shared.test_sign_in import activate, clerk, nothing_counted, sign_in

__all__ = ["clerk", "nothing_counted"]

LIST = "admin:aftersales_user_changelist"
HOW = "回拨了登记的电话，核对了营业执照和身份证"


@pytest.fixture
def root(admin_user: User) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


def test_lost_factors_are_cleared_with_the_reason(
    root: Client, clerk: User, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    """ASVS 6.4.4: a page first; then he signs in by his password alone, and reads of it."""
    User.objects.filter(pk=clerk.pk).update(email="clerk@example.com")
    his = Client()
    sign_in(his)
    activate(his)
    given = {"action": "clear_factors", "_selected_action": [clerk.pk]}

    asked = root.post(reverse(LIST), given)
    assert "都会作废" in read(asked)
    short = root.post(reverse(LIST), given | {"confirmed": "1", "how": "他说是他"})
    assert short.status_code == 422
    assert "他说是他" in read(short)
    assert Authenticator.objects.filter(user=clerk).exists()

    with django_capture_on_commit_callbacks(execute=True):
        root.post(reverse(LIST), given | {"confirmed": "1", "how": HOW})

    assert not Authenticator.objects.filter(user=clerk).exists()
    noted = LogEntry.objects.get(object_id=str(clerk.pk))
    assert HOW in noted.change_message
    [mail] = mailoutbox[-1:]
    assert (mail.to, "二次验证" in mail.subject) == (["clerk@example.com"], True)
    again = Client()
    sign_in(again)
    assert again.session["_auth_user_id"] == str(clerk.pk)


def test_only_one_at_a_time_and_only_who_has_any(root: Client, clerk: User) -> None:
    given = {"action": "clear_factors", "_selected_action": [clerk.pk]}
    answer = root.post(reverse(LIST), given, follow=True)
    assert "请选择一个设置了二次验证的账号" in read(answer)


def test_staff_who_keep_accounts_do_not_clear_factors(staff: User, clerk: User) -> None:
    kept = Authenticator.objects.create(user=clerk, type="totp", data={})
    page = staff_with(staff, "view_user", "change_user")
    assert 'value="clear_factors"' not in read(page.get(reverse(LIST)))
    given = {"action": "clear_factors", "_selected_action": [clerk.pk], "confirmed": "1"}
    page.post(reverse(LIST), given | {"how": HOW})
    assert Authenticator.objects.filter(pk=kept.pk).exists()
