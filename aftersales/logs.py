"""What is taken out of a log line before it is written: whoever reads logs need not know the buyers."""

import re
from collections.abc import MutableMapping
from typing import Any

# A mobile number standing by itself; order and tracking numbers are longer, or begin otherwise.
MOBILE = re.compile(
    r"(?<![\w-])(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?![\w-])", re.ASCII
)
MAIL = re.compile(r"(?<![\w.+-])([\w.+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)+)", re.ASCII)


def without_request(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Any:
    """Django hands over the request itself, whose text is its address with what was searched for."""
    request = event.pop("request", None)
    if request is not None:
        event["method"] = getattr(request, "method", None)
        event["path"] = getattr(request, "path", None)
    return event


def without_people(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Any:
    """Mask mobile numbers and e-mail addresses in every text, also in an exception's own words."""
    for name, value in event.items():
        event[name] = masked(value)
    return event


def masked(value: Any) -> Any:
    if isinstance(value, str):
        return MAIL.sub(r"\1***@\2", MOBILE.sub(r"\1****\3", value))
    if isinstance(value, dict):
        return {name: masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(repr(value))
