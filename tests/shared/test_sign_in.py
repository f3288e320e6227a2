"""Signing in: second factors, known browsers, sessions that end, and who is asked for what."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales import clock
from aftersales.models import Session, User
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
    client.post(reverse("mfa_deactivate_totp"))
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


def test_sessions_are_ended_by_who_proves_himself_again(client: Client, clerk: User) -> None:
    """ASVS 7.5.2: not by whoever finds a screen open; and then what he asked for is done."""
    elsewhere = Client(HTTP_USER_AGENT="Phone")
    sign_in(elsewhere)
    sign_in(client)
    assert "Phone" in client.get(reverse("usersessions_list")).text
    asked = client.post(reverse("usersessions_list"))
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert elsewhere.get("/merchant/").status_code == 200

    client.post(asked["Location"], {"password": PASSWORD}, follow=True)

    assert elsewhere.get("/merchant/").status_code == 302
    assert client.get("/merchant/").status_code == 200


@pytest.mark.postgres
def test_who_it_is_is_read_with_the_session(client: Client, clerk: User) -> None:
    """Anew by each request: what an account may no longer, no open session lets it."""
    sign_in(client)
    assert Session.objects.get().account == clerk
    with CaptureQueriesContext(connection) as asked:
        assert client.get(reverse("unread")).status_code == 200
    assert sum("aftersales_user" in each["sql"] for each in asked) == 1

    User.objects.filter(pk=clerk.pk).update(is_active=False)

    assert client.get("/merchant/").status_code == 302


def test_a_password_changed_elsewhere_ends_the_session(client: Client, clerk: User) -> None:
    sign_in(client)
    clerk.set_password("quite another 3847")
    clerk.save()

    assert client.get("/merchant/").status_code == 302


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


def test_who_signed_in_and_who_did_not_is_logged(
    client: Client, clerk: User, caplog: pytest.LogCaptureFixture
) -> None:
    """By the number of the account, never by what was typed (ASVS 16.3.1)."""
    caplog.set_level("INFO", logger="aftersales.accounts")
    sign_in(client, password="wrong")
    sign_in(client, name="correct-horse-typed-as-a-name")
    sign_in(client)
    client.post(reverse("account_logout"))
    told = [(line.msg["event"], line.msg["user"]) for line in caplog.records if "user" in line.msg]  # type: ignore[index, operator]
    assert told == [
        ("not signed in", clerk.pk),
        ("not signed in", None),
        ("signed in", clerk.pk),
        ("signed out", clerk.pk),
    ]
    assert "correct-horse" not in caplog.text


def test_signing_out_leaves_nothing_in_the_browser(client: Client, clerk: User) -> None:
    """What it keeps of pages goes; how somebody likes to read stays (ASVS 14.3.1)."""
    sign_in(client)
    assert "Clear-Site-Data" not in client.get("/merchant/").headers
    left = client.post(reverse("account_logout"))
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_password_is_long_uncommon_and_none_of_our_words(client: Client, clerk: User) -> None:
    """ASVS 6.2: the old one is asked for; no rule says which characters it must have."""
    sign_in(client)

    def change(new: str, old: str = PASSWORD) -> int:
        told = {"oldpassword": old, "password1": new, "password2": new}
        status: int = client.post(reverse("account_change_password"), told).status_code
        return status

    for new in (
        "short-one",
        "password123",
        "Aftersales-2026",
        "售后台的密码很长很长",
    ):
        assert change(new) == 200, new
    cache.clear()  # five tries a minute
    assert change("staple staple", old="wrong") == 200
    long = "staple 电池 " + "x" * 100
    assert change(long) == 302
    client.post(reverse("account_logout"))
    assert sign_in(client, password=long.upper()).status_code == 200
    assert sign_in(client, password=long).status_code == 302


def test_a_field_for_a_password_hides_it_and_lets_helpers_fill_it(
    client: Client, clerk: User
) -> None:
    """ASVS 6.2.6, 6.2.7: nothing hinders pasting, and helpers know which is which."""
    page = client.get(reverse("account_login")).text
    sign_in(client)
    page += client.get(reverse("account_change_password")).text
    fields = re.findall(r'<input[^>]* name="[^"]*password[^>]*>', page)
    assert len(fields) == 4
    for field in fields:
        assert 'type="password"' in field
        assert re.search('autocomplete="(current|new)-password"', field)
    assert "onpaste" not in page


def test_a_code_is_good_once(client: Client, clerk: User, time_machine: Any) -> None:
    """ASVS 6.5: and for its half minute; the codes on paper too, of which the database has none."""
    time_machine.move_to("2026-11-26 01:00:00+00:00", tick=False)
    sign_in(client)
    secret = activate(client)
    client.post(reverse("mfa_generate_recovery_codes"))
    papers = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    on_paper = papers.wrap().get_unused_codes()
    assert all(len(code) >= 8 for code in on_paper)  # 26 bits and more
    assert not [code for code in on_paper if code in str(papers.data)]
    time_machine.shift(timedelta(minutes=5))
    counter = next(iter(yield_hotp_counters_from_time()))
    code, old = (format_hotp_value(hotp_value(secret, at)) for at in (counter, counter - 2))

    def enter(with_code: str) -> bool:
        elsewhere = Client()
        sign_in(elsewhere)
        elsewhere.post(reverse("mfa_authenticate"), {"code": with_code})
        return "_auth_user_id" in elsewhere.session

    assert not enter(old)
    assert enter(code)
    assert not enter(code)
    assert enter(on_paper[0])
    assert not enter(on_paper[0])


def test_a_reset_password_does_not_replace_the_second_factor(
    client: Client, clerk: User, mailoutbox: list[Any]
) -> None:
    """ASVS 6.4.3."""
    EmailAddress.objects.create(user=clerk, email="clerk@example.com", primary=True, verified=True)
    sign_in(client)
    activate(client)
    stranger = Client()
    stranger.post(reverse("account_reset_password"), {"email": "clerk@example.com"})
    link = re.search(r"/accounts/password/reset/key/\S+", mailoutbox[-1].body)
    assert link
    form = stranger.get(link[0], follow=True)
    told = {"password1": "another-staple-9", "password2": "another-staple-9"}
    stranger.post(form.request["PATH_INFO"], told)
    assert "_auth_user_id" not in stranger.session
    asked = sign_in(stranger, password="another-staple-9")
    assert asked["Location"] == reverse("mfa_authenticate")


def test_an_address_is_changed_by_who_proves_himself_again(
    client: Client, clerk: User, time_machine: Any
) -> None:
    """ASVS 7.5.1: whoever finds a screen open does not take the account over by its mail."""
    sign_in(client)
    assert client.get(reverse("account_email")).status_code == 200
    time_machine.move_to(clock.now() + timedelta(hours=1))
    added = client.post(reverse("account_email"), {"action_add": "", "email": "thief@example.com"})
    assert added["Location"].startswith(reverse("account_reauthenticate"))
    assert not EmailAddress.objects.filter(user=clerk).exists()
