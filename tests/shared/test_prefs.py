"""偏好设置: language, theme, density and keys, for every role, before and after signing in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from aftersales.models import User

pytestmark = pytest.mark.django_db
ROLES = ["buyer", "merchant", "staff"]
DARK = {
    "language": "en",
    "theme": "dark",
    "density": "compact",
    "quiet_from": "22:00",
    "quiet_until": "08:00",
}


@pytest.fixture(params=ROLES)
def reader(request: pytest.FixtureRequest) -> User:
    user: User = request.getfixturevalue(request.param)
    return user


def home(user: User) -> str:
    return reverse("admin:index") if user.is_staff else "/"


def test_what_is_chosen_is_kept_on_the_account_and_drawn_everywhere(
    reader: User, client: Client
) -> None:
    client.force_login(reader)
    answer = client.post(reverse("prefs"), DARK, follow=True)
    assert "Preferences saved" in answer.text

    reader.refresh_from_db()
    kept = (reader.language, reader.theme, reader.density, reader.shortcuts)
    assert kept == ("en", "dark", "compact", False)
    assert f"{reader.quiet_from:%H:%M}–{reader.quiet_until:%H:%M}" == "22:00–08:00"
    elsewhere = Client()  # another browser, without our cookies
    elsewhere.force_login(reader)
    for url in (home(reader), reverse("prefs"), reverse("notices"), reverse("help"), "/nowhere/"):
        page = elsewhere.get(url, follow=True)
        assert '<html lang="en"' in page.text, url
        assert '<meta name="color-scheme" content="dark">' in page.text, url
        assert "compact no-keys" in page.text, url


def test_before_signing_in_the_browser_keeps_it(client: Client, buyer: User) -> None:
    """Without an account there are no quiet hours to keep."""
    page = client.get(reverse("prefs"))
    assert "quiet_from" not in page.context["form"].fields
    client.post(reverse("prefs"), DARK)
    page = client.get(reverse("account_login"))
    assert '<html lang="en"' in page.text
    assert '<meta name="color-scheme" content="dark">' in page.text
    assert "compact no-keys" in page.text

    client.force_login(buyer)
    page = client.get(reverse("buyers:home"))
    dark = '<meta name="color-scheme" content="dark">'
    assert dark in page.text, "what the account leaves open, the browser decides"
    User.objects.filter(pk=buyer.pk).update(theme="light", language="zh-hans", shortcuts=True)
    page = client.get(reverse("buyers:home"))
    assert '<html lang="zh-Hans"' in page.text
    assert '<meta name="color-scheme" content="light">' in page.text
    assert "no-keys" not in page.text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"language": "fr"}, "language"),
        ({"theme": ""}, "theme"),
        ({"density": "huge"}, "density"),
        ({"quiet_from": ""}, "quiet_from"),
        ({"quiet_until": ""}, "quiet_until"),
        ({"quiet_until": "22:00"}, "quiet_until"),
        ({"quiet_from": "25:99"}, "quiet_from"),
    ],
)
def test_a_choice_that_is_none_is_said_at_its_field(
    wrong: dict[str, str], field: str, client: Client, buyer: User
) -> None:
    client.force_login(buyer)
    answer = client.post(reverse("prefs"), DARK | {"language": "zh-hans"} | wrong)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    buyer.refresh_from_db()
    assert buyer.theme == ""


@pytest.mark.parametrize("cookie", ["theme=%3Cscript%3E", "theme=dark&theme=blue", "\x00", "a=b=c"])
def test_a_cookie_is_anybodys_text(cookie: str, client: Client) -> None:
    client.cookies["prefs"] = cookie
    page = client.get(reverse("account_login"))
    assert page.status_code == 200
    assert '<meta name="color-scheme" content="light dark">' in page.text


def test_the_language_switch_stays_on_the_page_and_on_the_account(
    client: Client, buyer: User
) -> None:
    client.force_login(buyer)
    url = reverse("buyers:orders")
    answer = client.post(reverse("set_language"), {"language": "en", "next": url})
    assert answer["Location"] == url
    buyer.refresh_from_db()
    assert buyer.language == "en"
    answer = client.post(
        reverse("set_language"), {"language": "zz", "next": "https://evil.example"}
    )
    assert answer["Location"] == "/"
    buyer.refresh_from_db()
    assert buyer.language == "en"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_every_frame_wears_the_theme_and_the_density(
    new_page: Callable[..., Page], shoot: Any, merchant: User, buyer: User, staff: User
) -> None:
    """Chosen by hand on the page; the system asks for light all the while."""
    paper = "getComputedStyle(document.body).backgroundColor"
    for user, width in ((merchant, 1440), (buyer, 390), (staff, 1440)):
        page = new_page(user, width=width)
        page.goto(home(user))
        light = page.evaluate(paper)
        page.goto(reverse("prefs"))
        page.get_by_label("深色").check()
        page.get_by_label("紧凑").check()
        shoot(page, f"{user.username}-light")
        page.get_by_role("button", name="保存偏好设置").click()
        expect(page.get_by_text("偏好设置已保存")).to_be_visible()
        shoot(page, f"{user.username}-dark")
        page.goto(home(user))
        assert page.evaluate(paper) != light, user
        assert page.locator("body.compact").count() == 1
        shoot(page, f"{user.username}-home")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_theme_holds_with_and_without_script(
    new_page: Callable[..., Page], shoot: Any, merchant: User, staff: User
) -> None:
    """跟随系统 follows it; what was chosen by hand does not; the admin is no exception."""
    paper = "getComputedStyle(document.body).backgroundColor"
    wrong = []
    for user in (merchant, staff):
        for script in (True, False):
            page = new_page(user, script=script)
            seen: dict[tuple[str, str], str] = {}
            for theme in ("light", "dark", "system"):
                User.objects.filter(pk=user.pk).update(theme=theme)
                page.goto(home(user))
                for system in ("light", "dark"):
                    page.emulate_media(color_scheme=system)  # type: ignore[arg-type]
                    seen[theme, system] = page.evaluate(paper)
            shoot(page, f"{user.username}-dark-{'script' if script else 'no-script'}")
            page.emulate_media(media="print", color_scheme="dark")
            printed = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
            light, dark = seen["light", "light"], seen["dark", "dark"]
            expected = {
                (theme, system): dark
                if (theme if theme != "system" else system) == "dark"
                else light
                for theme, system in seen
            }
            if light == dark or seen != expected or printed != "light":
                wrong.append((user.username, script, seen, printed))
    assert wrong == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_single_keys_can_be_turned_off(
    new_page: Callable[..., Page], merchant: User, make_case: Any
) -> None:
    """WCAG 2.1.4."""
    make_case()
    page = new_page(merchant)
    page.goto(reverse("merchants:queue"))
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    User.objects.filter(pk=merchant.pk).update(shortcuts=False)
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("j")
    expect(page.locator("#keys")).not_to_be_visible()
    assert page.locator("tr[aria-selected=true]").count() == 0
