"""How a step of a case is reached: its URL is its verb, and so is its name."""

from typing import Any

from django.urls import URLPattern, path
from django.views import View


def step_path(
    case: str, step: str, view: type[View], form_class: Any = None, *, tail: str = "", **given: Any
) -> URLPattern:
    """The page of a step below the path ``case``; ``tail`` names what of the case it is about."""
    if form_class is not None:
        given["form_class"] = form_class
    return path(f"{case}{step}/{tail}", view.as_view(step=step, **given), name=step)
