"""What holds for every answer: headers that no other part sets, and how the reader wants it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
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
        return response

    return answer


def prefer(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Set ``request.prefs``, and speak the language that the account has chosen."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.prefs = prefs.of(request)  # type: ignore[attr-defined]
        if language := prefs.language_of(request.user):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return get_response(request)

    return answer
