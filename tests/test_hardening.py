"""What production tells browsers, and what it passes: Django's own inspection and our scanners."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.rights.headers import ON_ALL, unguarded

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": "for-tests-only-" + "0123456789" * 4,
    "ALLOWED_HOSTS": "desk.example.com",
    "EMAIL_URL": "dummymail://",
}
# What a stranger does before he signs in, which needs no row of the database.
STRANGER = """
import json
import django
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()
from django.test import Client
client = Client(headers={"host": "desk.example.com"})
answers = [
    client.get("/accounts/login/", secure=True),
    client.post("/prefs/language/", {"language": "en", "next": "/help/"}, secure=True),
    client.post("/prefs/", {"theme": "dark", "density": "normal", "language": "en"}, secure=True),
    client.get("/nothing-there/", secure=True),
    client.get("/help/"),
]
print(json.dumps([
    [answer.status_code, dict(answer.headers),
     [[one.key, one["secure"], one["httponly"], one["samesite"], one["path"], one["domain"]]
      for one in answer.cookies.values()]]
    for answer in answers
]))
"""


def program(*command: str, folder: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run it with production's settings and nothing else in its environment."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ours = {"VAR": str(folder), "DJANGO_SETTINGS_MODULE": "aftersales.settings"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=plain | ours | PRODUCTION | changed,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_passes_djangos_inspection(tmp_path: Path) -> None:
    """And without https it does not: the inspection sees what it is shown."""
    (tmp_path / "leaked.txt").write_text("")
    inspect = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    listed = {"folder": tmp_path, "LEAKED_PASSWORDS": str(tmp_path / "leaked.txt")}
    listed["SECOND_FACTOR_FOR"] = "staff,merchant"
    passed = program(*inspect, **listed)
    assert passed.returncode == 0, passed.stderr
    failed = program(*inspect, **listed, HTTPS="0")
    assert failed.returncode == 1
    assert "SESSION_COOKIE_SECURE" in failed.stderr
    warned = program(*inspect, folder=tmp_path).stderr
    assert "LEAKED_PASSWORDS is not set" in warned
    assert "SECOND_FACTOR_FOR does not name merchant and staff" in warned


def test_production_keeps_its_cookies_and_its_https_to_itself(tmp_path: Path) -> None:
    """Every cookie is this host's, over https, unread by scripts; http only leads to https."""
    said = program("-c", STRANGER, folder=tmp_path)
    assert said.returncode == 0, said.stderr
    answers: list[Any] = json.loads(said.stdout)
    names = set()
    for status, headers, cookies in answers:
        for name, secure, httponly, samesite, path, domain in cookies:
            assert name.startswith("__Host-"), name
            assert (secure, httponly, samesite, path, domain) == (True, True, "Lax", "/", ""), name
            names.add(name)
        if status != 301:
            assert headers["Strict-Transport-Security"].startswith("max-age=31536000; include")
            assert "upgrade-insecure-requests" in headers["Content-Security-Policy"]
    assert names == {"__Host-csrftoken", "__Host-language", "__Host-prefs", "__Host-messages"}
    assert [status for status, _headers, _cookies in answers] == [200, 302, 302, 404, 301]
    assert answers[-1][1]["Location"] == "https://desk.example.com/help/"


@pytest.mark.django_db
def test_an_answer_without_its_headers_is_noticed(client: Client) -> None:
    """R11: each in turn is taken away; tests/rights looks at every answer it is given."""
    answer: Any
    for url in ("/accounts/login/", "/static/app.css", "/healthz", "/nothing-there/"):
        answer = client.get(url)
        assert unguarded(answer, signed_in=False) == [], url
        answer.close()
    answer = client.get("/accounts/login/")
    for name in [*ON_ALL, "Content-Security-Policy"]:
        kept = answer.headers[name]
        del answer.headers[name]
        assert unguarded(answer, signed_in=False) == [name]
        answer.headers[name] = kept.replace("'self'", "*") + "x"
        assert unguarded(answer, signed_in=False) == [name]
        answer.headers[name] = kept
    answer.headers["Server"] = "gunicorn"
    answer.headers.pop("Cache-Control", None)
    answer.cookies[settings.CSRF_COOKIE_NAME]["httponly"] = ""
    lacking = unguarded(answer, signed_in=True)
    assert lacking == ["Cache-Control", "Server", f"Set-Cookie {settings.CSRF_COOKIE_NAME}"]
