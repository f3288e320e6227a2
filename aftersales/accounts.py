"""Who may have an account and how he proves to be it: people are invited or imported, nobody signs up."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.models import Member, User
from aftersales.sessions import account_in_hand

# The cookie of a browser in which somebody has signed in before.
DEVICE = "__Host-device" if settings.HTTPS else "device"
DEVICE_LASTS = 180 * 24 * 3600  # seconds
SEEN_EVERY = 300  # seconds between two notes of when a session was last used
# Where one goes without a password of one's own, or a second factor: to have them, to leave, and to
# read what helps.
OPEN_PATHS = ("/accounts/", "/prefs/", "/help/", "/static/")

log = structlog.get_logger(__name__)


class Accounts(ModelBackend):
    """Django's own; whose session it is was read with the session."""

    def get_user(self, user_id: int) -> Any:
        user = account_in_hand(user_id)
        if user is None:
            return super().get_user(user_id)
        return user if self.user_can_authenticate(user) else None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """A path of ours, as a page says where it is; no name of a page, either."""
        return bool(url and url.startswith("/") and super().is_safe_url(url))

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """The browser is known from now on."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        response.set_signed_cookie(
            DEVICE,
            f"{user.username} {secrets.token_urlsafe(16)}",
            max_age=DEVICE_LASTS,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted apart for each known browser: whoever guesses at an account
        from elsewhere does not lock its owner out of his own."""
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        name, _blank, device = (request.get_signed_cookie(DEVICE, "") or "").rpartition(" ")
        known = device and name == credentials.get("username")
        return f"{key}:{device}" if known else key


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Keys of authenticator apps are stored encrypted; where a second factor is a must, the last one
    stays."""

    def encrypt(self, text: str) -> str:
        return _safe().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _safe().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return _("售后台")

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        if not must_prove_twice(authenticator.user):
            return True
        others = authenticator.user.authenticator_set.exclude(pk=authenticator.pk)
        return bool(others.exclude(type=authenticator.Type.RECOVERY_CODES).exists())


def _safe() -> MultiFernet:
    """Under the secret key; what is under one that was replaced can still be read."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    hashes = [hashlib.sha256(f"second factor {key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in hashes])


def works(user: Any) -> bool:
    """Whether the account is somebody's at work: of the platform, or of a shop."""
    return bool(user.is_staff or _in_a_shop(user))


def _in_a_shop(user: Any) -> bool:
    return Member.objects.filter(user=user.pk, active=True).exists()


def must_prove_twice(user: Any) -> bool:
    """Whether the setting asks this account for a second factor."""
    asked = settings.SECOND_FACTOR_FOR
    return ("staff" in asked and user.is_staff) or ("merchant" in asked and _in_a_shop(user))


def _now() -> int:
    """Seconds; the demo's clock, moved on by days, would sign everybody out."""
    return int((clock.now() - clock.ahead()).timestamp())


@receiver(user_logged_in)
def begin(request: Any, user: Any, **_kwargs: Any) -> None:
    """A session of somebody at work ends with his day."""
    if works(user):
        request.session["since"] = request.session["seen"] = _now()
    log.info("signed in", user=user.pk)


@receiver(user_logged_out)
def end(user: Any, **_kwargs: Any) -> None:
    if user is not None:
        log.info("signed out", user=user.pk)


@receiver(user_login_failed)
def refuse(credentials: dict[str, Any], **_kwargs: Any) -> None:
    """Of a name that is nobody's, nothing is written down: it may be a password in the wrong field."""
    name = credentials.get("username") or credentials.get("login") or ""
    known = User.objects.filter(username=name).values_list("pk", flat=True).first()
    log.warning("not signed in", user=known)


@receiver([password_changed, password_set, password_reset])
def choose(user: Any, **_kwargs: Any) -> None:
    """He has a password that nobody else knows."""
    User.objects.filter(pk=user.pk).update(password_given=False)


def watch(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """End sessions of people at work that are idle or old; ask for a password of one's own in place of
    one that was given, and for the second factor where it is a must."""

    def answer(request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        if signed_in:
            structlog.contextvars.bind_contextvars(user=request.user.pk)  # in every line from here
            if _over(request):
                logout(request)
                messages.info(request, _("太久没有操作，请重新登录。没提交的内容已经存为草稿。"))
            elif _given(request):
                messages.warning(request, _("这个密码是管理员设置的，请先换成只有你知道的密码。"))
                return redirect("account_change_password")
            elif _unproven(request):
                messages.warning(request, _("这个账号需要两步验证，请先开启。"))
                return redirect("mfa_activate_totp")
        response = get_response(request)
        if signed_in and not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return answer


def _over(request: HttpRequest) -> bool:
    since, seen, now = request.session.get("since"), request.session.get("seen"), _now()
    if since is None or seen is None:
        return False
    if now - seen > settings.WORK_IDLE or now - since > settings.WORK_LONGEST:
        return True
    if now - seen > SEEN_EVERY:
        request.session["seen"] = now
    return False


def _given(request: HttpRequest) -> bool:
    """Whether somebody else knows his password."""
    given = getattr(request.user, "password_given", False)
    return bool(given) and not request.path.startswith(OPEN_PATHS)


def _unproven(request: HttpRequest) -> bool:
    if not settings.SECOND_FACTOR_FOR or request.path.startswith(OPEN_PATHS):
        return False
    if request.session.get("proven_twice") or not must_prove_twice(request.user):
        return False
    proven = SecondFactors(request).is_mfa_enabled(request.user)
    if proven:
        request.session["proven_twice"] = True
    return not proven
