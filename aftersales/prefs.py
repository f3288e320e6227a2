"""偏好: how somebody wants to read: language, theme, density, keys. The account's word counts, else
this browser's (a cookie, so that it holds before signing in and without script)."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from aftersales.looks import Density, Theme
from aftersales.models import User

COOKIE = "__Host-prefs" if settings.HTTPS else "prefs"
YEAR = 365 * 24 * 60 * 60


@dataclass(frozen=True)
class Prefs:
    """What a page is drawn by; the defaults are those of somebody who never chose."""

    theme: str = Theme.SYSTEM
    density: str = Density.NORMAL
    shortcuts: bool = True
    sound: bool = False

    @property
    def color_scheme(self) -> str:
        """What ``<meta name="color-scheme">`` says; every colour of tokens.css goes by it."""
        return "light dark" if self.theme == Theme.SYSTEM else str(self.theme)

    @property
    def classes(self) -> str:
        """What ``<body>`` is marked with."""
        marks = [
            "compact" if self.density == Density.COMPACT else "",
            "" if self.shortcuts else "no-keys",
        ]
        return " ".join(filter(None, marks))


def of(request: HttpRequest) -> Prefs:
    """What the account says, and for what it leaves open, the cookie."""
    prefs = _read(request.COOKIES.get(COOKIE, ""))
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return prefs
    chosen = {name: getattr(user, name) for name in vars(prefs)}
    return replace(
        prefs, **{name: value for name, value in chosen.items() if value not in ("", None)}
    )


def language_of(user: Any) -> str:
    """The language that an account has chosen; empty leaves it to the browser."""
    chosen = str(getattr(user, "language", ""))
    return chosen if chosen in dict(settings.LANGUAGES) else ""


def keep(request: HttpRequest, response: HttpResponse, **chosen: Any) -> None:
    """Keep what was chosen: on the account of whoever is signed in, and in this browser."""
    user = request.user
    if isinstance(user, User):
        for name, value in chosen.items():
            setattr(user, name, value)
        user.save(update_fields=list(chosen))
    if language := chosen.get("language"):
        translation.activate(language)
        _set_cookie(response, settings.LANGUAGE_COOKIE_NAME, language)
    said = dict(vars(_read(request.COOKIES.get(COOKIE, ""))))
    said |= {name: value for name, value in chosen.items() if name in said}
    _set_cookie(response, COOKIE, urlencode(said))


def _read(cookie: str) -> Prefs:
    """A cookie is anybody's text: what is not one of our words is not there."""
    said = dict(parse_qsl(cookie))
    return Prefs(
        theme=said["theme"] if said.get("theme") in Theme.values else Theme.SYSTEM,
        density=said["density"] if said.get("density") in Density.values else Density.NORMAL,
        shortcuts=said.get("shortcuts") != "False",
        sound=said.get("sound") == "True",
    )


def _set_cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
