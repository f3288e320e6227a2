"""What holds for every request and answer: legible text, headers, and how the reader wants it."""

import re
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.utils import translation

from aftersales import prefs


def protect(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "Cookie" in response.headers.get("Vary", ""):
            # Made for one person: neither a proxy nor the next person at this browser may see it.
            response.headers.setdefault("Cache-Control", "no-store")
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("text/") and "charset" not in kind and not response.streaming:
            response.headers["Content-Type"] = f"{kind}; charset=utf-8"
        return response

    return answer


# What ends, hides or turns text: controls (but tab and line breaks), zero-width space, marks of
# direction; a joiner stays, for emoji are made with it.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
)

# The key of a row, as a list of the admin has it ticked; Django asks nothing.
ROW = re.compile("[0-9]{1,18}")


def legible(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Drop from what was sent the characters that nobody sees: a page shows what it was told, and
    nothing but invisible is nothing. What only a forged list can have ticked is a 400."""

    def answer(request: HttpRequest) -> HttpResponse:
        if UNSEEN.search(request.path_info):
            raise Http404
        request.GET = _seen(request.GET)  # type: ignore[assignment]
        with suppress(UnreadablePostError):  # whoever sent it has gone
            request.POST = _seen(request.POST)  # type: ignore[assignment]
            if not all(map(ROW.fullmatch, request.POST.getlist(ACTION_CHECKBOX_NAME))):
                raise BadRequest("a row that nobody can have ticked")
        return get_response(request)

    return answer


def _seen(given: QueryDict) -> QueryDict:
    if not any(UNSEEN.search(text) for pair in given.lists() for text in (pair[0], *pair[1])):
        return given
    fresh = QueryDict(mutable=True, encoding=given.encoding)
    for name, values in given.lists():
        fresh.setlist(UNSEEN.sub("", name), [UNSEEN.sub("", value) for value in values])
    return fresh


def prefer(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Set ``request.prefs``, and speak the language that the account has chosen."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.prefs = prefs.of(request)  # type: ignore[attr-defined]
        if language := prefs.language_of(request.user):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return get_response(request)

    return answer


class _Cookie(CookieStorage):
    cookie_name = "__Host-messages" if settings.HTTPS else "messages"


class Messages(FallbackStorage):
    """Django's own, in a cookie that no other host can have set."""

    storage_classes = (_Cookie, SessionStorage)
