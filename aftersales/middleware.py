"""The headers that every answer carries and no other part of the project sets."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


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
