"""Signing in: second factors, known browsers, sessions that end, and who is asked for what."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from aftersales.models import User
from tests.factories import MemberFactory

PASSWORD = "correct-horse-9"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def clerk(db: None) -> User:
    user: User = MemberFactory(user__username="clerk").user
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, name: str = "clerk", password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": name, "password": password})


def activate(client: Client) -> str:
    """Set up an authenticator app through the page; the answer to the code."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value(secret, counter))
    answer = client.post(reverse("mfa_activate_totp"), {"code": code})
    assert answer.status_code == 302
    return str(secret)


def test_whoever_has_an_app_is_asked_for_its_code(client: Client, clerk: User) -> None:
    """And its key is nowhere in clear."""
    sign_in(client)
    secret = activate(client)
    assert secret not in str(Authenticator.objects.values_list("data", flat=True))
    stranger = Client()
    asked = sign_in(stranger)
    assert asked["Location"] == reverse("mfa_authenticate")
    assert stranger.get("/merchant/").status_code == 302
    wrong = stranger.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert "_auth_user_id" not in stranger.session


def test_a_second_factor_is_a_must_where_the_setting_says_so(
    client: Client, clerk: User, settings: Any
) -> None:
    """He is led to set it up, and can then not do without it any more."""
    settings.SECOND_FACTOR_FOR = ["merchant"]
    sign_in(client)
    assert client.get("/merchant/")["Location"] == reverse("mfa_activate_totp")
    activate(client)
    assert client.get("/merchant/").status_code == 200
    kept = client.post(reverse("mfa_deactivate_totp"))
    assert kept.status_code != 302 or Authenticator.objects.filter(user=clerk).exists()
    assert Authenticator.objects.filter(user=clerk, type=Authenticator.Type.TOTP).exists()


def test_a_buyer_is_not_asked(client: Client, db: None, settings: Any) -> None:
    settings.SECOND_FACTOR_FOR = ["merchant", "staff"]
    client.force_login(User.objects.create(username="buyer"))
    assert client.get("/my/").status_code == 200


def test_guessing_from_elsewhere_does_not_lock_the_owner_out(client: Client, clerk: User) -> None:
    """Wrong passwords are counted for the account; a browser in which he was before counts apart."""
    assert sign_in(client).status_code == 302
    client.post(reverse("account_logout"))
    guesser = Client(REMOTE_ADDR="203.0.113.9")
    for _guess in range(6):
        assert sign_in(guesser, password="wrong").status_code == 200
    assert "_auth_user_id" not in guesser.session
    assert sign_in(guesser).status_code == 200  # even with the right one, from there
    assert sign_in(client).status_code == 302


def test_a_session_at_work_ends_when_nobody_uses_it(
    client: Client, clerk: User, settings: Any, time_machine: Any
) -> None:
    settings.WORK_IDLE, settings.WORK_LONGEST = 7200, 12 * 3600
    time_machine.move_to("2026-11-26 01:00:00+00:00", tick=False)
    sign_in(client)
    for _hour in range(3):
        time_machine.shift(timedelta(hours=1))
        assert client.get("/merchant/").status_code == 200
    time_machine.shift(timedelta(hours=2, seconds=1))
    over = client.get("/merchant/")
    assert over["Location"].startswith(reverse("account_login"))


def test_a_session_at_work_ends_with_the_day(
    client: Client, clerk: User, settings: Any, time_machine: Any
) -> None:
    settings.WORK_IDLE, settings.WORK_LONGEST = 7200, 12 * 3600
    time_machine.move_to("2026-11-26 01:00:00+00:00", tick=False)
    sign_in(client)
    for _hour in range(12):
        time_machine.shift(timedelta(hours=1))
        assert client.get("/merchant/").status_code == 200
    time_machine.shift(timedelta(seconds=1))
    assert client.get("/merchant/").status_code == 302


def test_other_devices_are_seen_and_signed_out(client: Client, clerk: User) -> None:
    elsewhere = Client(HTTP_USER_AGENT="Phone")
    sign_in(elsewhere)
    sign_in(client)
    assert "Phone" in client.get(reverse("usersessions_list")).text
    client.post(reverse("usersessions_list"))
    assert elsewhere.get("/merchant/").status_code == 302
    assert client.get("/merchant/").status_code == 200


def test_the_admin_has_the_same_door(client: Client, db: None) -> None:
    """No second way in, without limits and second factor."""
    answer = client.get("/admin/login/")
    assert answer["Location"].startswith(reverse("account_login"))
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302


def test_a_passkey_of_somebody_else_is_not_there(client: Client, clerk: User) -> None:
    """Not even for who has just given his password."""
    other = User.objects.create(username="other")
    kept = Authenticator.objects.create(
        user=other, type=Authenticator.Type.WEBAUTHN, data={"name": "手机", "credential": {}}
    )
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert client.get(reverse(name, args=[kept.pk])).status_code == 404
        assert client.post(reverse(name, args=[kept.pk])).status_code == 404
