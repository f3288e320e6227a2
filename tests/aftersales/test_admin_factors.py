"""Who has lost every second factor: a superuser clears them, once he has made sure who asks."""

from datetime import time, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from aftersales import clock
from aftersales.models import Notice, User
from aftersales.notices.delivering import send_mails
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
    root: Client, clerk: User, mailoutbox: list[Any]
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

    root.post(reverse(LIST), given | {"confirmed": "1", "how": HOW})
    send_mails()

    assert not Authenticator.objects.filter(user=clerk).exists()
    noted = LogEntry.objects.get(object_id=str(clerk.pk))
    assert HOW in noted.change_message
    [mail] = mailoutbox[-1:]
    assert (mail.to, "账号安全" in mail.subject) == (["clerk@example.com"], True)
    assert "二次验证" in mail.body
    again = Client()
    sign_in(again)
    assert again.session["_auth_user_id"] == str(clerk.pk)
    told = Notice.objects.get(user=clerk)
    assert "二次验证" in read(again.get(reverse("notices")))
    assert again.get(reverse("open_notice", args=[told.pk]))["Location"] == reverse("mfa_index")


def test_the_mail_of_it_waits_for_the_mail_server_and_for_nothing_else(
    root: Client, clerk: User, mailoutbox: list[Any], settings: Any
) -> None:
    """Neither quiet hours hold it nor whoever reads the notice in his place."""
    quiet = {"quiet_from": time(0, 0), "quiet_until": time(23, 59)}
    User.objects.filter(pk=clerk.pk).update(email="clerk@example.com", language="en", **quiet)
    Authenticator.objects.create(user=clerk, type="totp", data={})
    given = {"action": "clear_factors", "_selected_action": [clerk.pk], "confirmed": "1"}
    root.post(reverse(LIST), given | {"how": HOW})
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    assert send_mails() == 0
    intruder = Client()
    intruder.force_login(clerk)
    intruder.post(reverse("read_all"))
    settings.EMAIL_BACKEND = works
    assert send_mails() == 0  # not at once again
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=False):
        assert send_mails() == 1
    assert [mail.to for mail in mailoutbox] == [["clerk@example.com"]]
    assert send_mails() == 0


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
