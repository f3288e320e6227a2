"""协商话术的文字: placeholders filled on the server, and contact data that must not be in it."""

import re

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
KNOWN = {"buyer", "goods", "amount", "deadline", "tracking", "carrier", "shop"}


def unknown_placeholders(text: str) -> list[str]:
    return sorted(set(_PLACEHOLDER.findall(text)) - KNOWN)


def fill(text: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def contact_found(text: str) -> str | None:
    found = re.search(r"1[3-9]\d{9}|https?://\S+|微信", text)
    return found[0] if found else None
