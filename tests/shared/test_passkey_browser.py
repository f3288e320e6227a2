"""A passkey from the page that adds it to the page that signs in by it, with a device that has one."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from aftersales.models import User
from tests.factories import MemberFactory

PASSWORD = "correct-horse-9"
# A phone with a fingerprint, whose owner always says yes.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def clerk(transactional_db: None) -> User:
    user: User = MemberFactory(user__username="clerk").user
    user.set_password(PASSWORD)
    user.save()
    return user


def test_a_passkey_is_added_and_signs_in_without_a_password(
    clerk: User, new_page: Callable[..., Page], shoot: Callable[..., None]
) -> None:
    page = new_page(width=390)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill("clerk")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()

    page.goto("/accounts/2fa/webauthn/add/")
    if page.locator("[name=password]").is_visible():
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="确认").click()
    shoot(page, "add")
    page.locator("[name=name]").fill("我的手机")
    page.get_by_role("button", name="增加").click()
    expect(page.get_by_role("main")).to_contain_text("恢复码")

    kept = Authenticator.objects.get(user=clerk, type=Authenticator.Type.WEBAUTHN)
    assert kept.wrap().name == "我的手机"

    page.context.clear_cookies()
    page.goto("/accounts/login/")
    shoot(page, "sign-in")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/merchant/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("售后工作台")

    page.context.clear_cookies()
    device.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": made["authenticatorId"], "isUserVerified": False},
    )
    page.goto("/accounts/login/")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.get_by_text("通行密钥没有用成")).to_be_visible()
