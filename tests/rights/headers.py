"""What the browser is told with every answer, whatever it is (security.md §8; ASVS V3.4)."""

from typing import Any

POLICY = {
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}
ON_ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
FILE = {"default-src 'none'", "sandbox"}  # what somebody uploaded runs nothing
UNTOLD = ("Server", "X-Powered-By", "Access-Control-Allow-Origin")


def unguarded(answer: Any, signed_in: bool) -> list[str]:
    """The headers that an answer lacks, or tells too much by."""
    headers = answer.headers
    wrong = [name for name, value in ON_ALL.items() if headers.get(name) != value]
    policy = {part.strip() for part in headers.get("Content-Security-Policy", "").split(";")}
    if not (policy >= POLICY or policy == FILE):
        wrong.append("Content-Security-Policy")
    kind, saved = headers.get("Content-Type", ""), headers.get("Content-Disposition", "")
    if kind.startswith("text/") and "charset" not in kind and not saved.startswith("attachment"):
        wrong.append("Content-Type")
    if signed_in and "no-store" not in headers.get("Cache-Control", ""):
        wrong.append("Cache-Control")
    wrong += [name for name in UNTOLD if name in headers]
    for cookie in answer.cookies.values():
        kept = cookie.value  # empty, it is taken away
        if kept and not (cookie["httponly"] and cookie["samesite"]):
            wrong.append(f"Set-Cookie {cookie.key}")
    return wrong
