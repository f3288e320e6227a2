"""What people see when something is not there, not allowed or broken, and the number to tell us."""

import sys
from collections.abc import Callable
from secrets import token_hex
from typing import Any

import structlog
from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from aftersales.drafting import put_by
from aftersales.prefs import Prefs

EXPLAINED = {405, 413, 429, 503}
METHODS = ["GET", "HEAD", "POST"]
RETRY_AFTER = "30"  # seconds
AWAY = OperationalError, InterfaceError


def trace(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Number every request; the number stands in its log lines and on its error page."""

    def answer(request: HttpRequest) -> HttpResponse:
        number = token_hex(6)
        request.META["TRACE"] = number
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace=number)
        response = get_response(request)
        response.headers["X-Request-ID"] = number
        return response

    return answer


def explain(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give an empty 405, 413, 429 or 503 its page, and keep its headers; who has been signed out
    meanwhile finds no page to sign in inside a part of the page that he was on.

    No page takes more than ``METHODS``; a form view would take a PUT for a POST.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        known = request.method in METHODS
        response = get_response(request) if known else HttpResponseNotAllowed(METHODS)
        if response.status_code in EXPLAINED and not response.streaming and not response.content:
            response.content = page(request, response.status_code).content
        if request.headers.get("HX-Request") == "true" and _leads_to_sign_in(response):
            return page(request, 401)
        return response

    return answer


def _leads_to_sign_in(response: HttpResponse) -> bool:
    where = response.headers.get("Location", "").partition("?")[0]
    return response.status_code == 302 and where == str(settings.LOGIN_URL)


def page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    """The page of an error, or for htmx its fragment; nothing on it asks the database."""
    fragment = request.headers.get("HX-Request") == "true"
    base = "components/bare.html" if fragment else "base.html"
    prefs = getattr(request, "prefs", Prefs())
    context |= {"base": base, "prefs": prefs, "trace": request.META.get("TRACE", "")}
    name = context.pop("template", f"{status}.html")
    return HttpResponse(render_to_string(name, context), status=status)


def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A session that could not be stored, for want of a database, is no mistake of the reader's."""
    if isinstance(exception, SessionInterrupted) and _database_was_away(exception):
        return _soon_back(request)
    too_much = isinstance(exception, RequestDataTooBig | TooManyFilesSent)
    return page(request, 413 if too_much else 400)


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    said = str(exception) if isinstance(exception, PermissionDenied) else ""
    return page(request, 403, reason=said)


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, 404)


def handler429(request: HttpRequest) -> HttpResponse:
    return page(request, 429)


def handler500(request: HttpRequest) -> HttpResponse:
    """A database that is away or too slow will be back (503); anything else is our mistake (500).

    Whatever is broken may break the page too, so there is a plain answer behind it.
    """
    try:
        away = isinstance(sys.exc_info()[1], AWAY)
        return _soon_back(request) if away else page(request, 500)
    except Exception:
        structlog.get_logger(__name__).exception("the error page itself failed")
        text = _("系统出错了，请稍后再试。请求编号 {trace}")
        return HttpResponse(
            text.format(trace=request.META.get("TRACE", "")),
            status=500,
            content_type="text/plain; charset=utf-8",
        )


def _soon_back(request: HttpRequest) -> HttpResponse:
    answer = page(request, 503)
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def _database_was_away(error: BaseException | None) -> bool:
    """Whether it is what an error came of."""
    while error is not None and not isinstance(error, AWAY):
        error = error.__context__
    return error is not None


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page from before the last sign-in is out of date; what was typed on it is not lost.

    Only a page of our own is believed (``Origin``): nobody else puts words into a draft.
    """
    ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    kept = ours and put_by(request)
    if kept and request.POST.get("draft") == "auto":
        said = _("页面已过期，内容已暂存，刷新后恢复")
        return HttpResponse(said, status=403, content_type="text/plain")
    return page(request, 403, template="csrf.html", back=request.path if kept else "")
