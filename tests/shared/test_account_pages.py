"""The pages of an account that allauth brings: they speak as the rest does, and lead on."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from aftersales.display import device
from tests.factories import UserFactory

PAGES = ["account_reset_password", "account_reset_password_done", "account_signup"]
MINE = ["account_reauthenticate", "account_change_password", "mfa_index", "usersessions_list"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*PAGES, *MINE])
def test_the_pages_of_an_account_call_nobody_nin(name: str) -> None:
    """UX 1, 41: 你 or nothing, and no 对不起."""
    client = Client()
    if name in MINE:
        client.force_login(UserFactory())

    page = client.get(reverse(name))

    assert page.status_code == 200
    assert not re.search("您|抱歉|与我们联系", page.text)


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.49",
            "微信 · iPhone",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Safari/605.1.15",
            "Safari · macOS",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
    ],
)
def test_a_device_is_called_what_its_owner_calls_it(agent: str, told: str) -> None:
    assert device(agent) == told


@pytest.mark.django_db
def test_a_forgotten_password_is_set_anew_in_our_words() -> None:
    """The mail, its link, a link that was used, and the end."""
    user = UserFactory(email="lin@example.com")
    client = Client()

    sent = client.post(reverse("account_reset_password"), {"email": user.email}, follow=True)
    assert "账号用的是这个邮箱，就会收到邮件" in sent.text
    text = mail.outbox[0].body
    assert user.username in text
    assert "您" not in text
    link = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert link is not None
    form = client.get(link[1], follow=True)
    given = {"password1": "tall-oaks-from-acorns", "password2": "tall-oaks-from-acorns"}
    done = client.post(form.redirect_chain[-1][0], given, follow=True)
    assert "密码已修改，请用新密码登录。" in done.text

    again = Client().get(link[1], follow=True)
    assert "链接已失效" in again.text
    assert "重新申请" in again.text
