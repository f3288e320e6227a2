"""How a step of a case is reached: its URL is its verb, and so is its name; and the way back."""

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View


def step_path(
    case: str, step: str, view: type[View], form_class: Any = None, *, tail: str = "", **given: Any
) -> URLPattern:
    """The page of a step below the path ``case``; ``tail`` names what of the case it is about."""
    if form_class is not None:
        given["form_class"] = form_class
    return path(f"{case}{step}/{tail}", view.as_view(step=step, **given), name=step)


def way_back(request: HttpRequest) -> str:
    """The path that ``next`` says somebody came from; home, if that is nowhere of ours."""
    back = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return back if ours and back.startswith("/") else "/"
