"""R12: logs say what broke and where, and nothing of the people it happened to."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from aftersales import logs
from aftersales.urls import handler500  # noqa: F401  # a URL conf has handlers

PHONE, ADDRESS, MAIL = "13987654321", "宁波市海曙区柳汀街 77 弄 5 号", "ruolan@example.com"


def broken(request: HttpRequest) -> HttpResponse:
    """Breaks with what it was given in hand, as a database does that refuses a value."""
    told = request.POST.get("phone", "")
    address = request.POST.get("address")
    structlog.get_logger("aftersales.shop").warning(
        "about_to_break", to=[told], length=len(address or "")
    )
    raise ValueError(f"Key (phone)=({told}) already exists, of {MAIL}")


urlpatterns = [path("broken/", broken)]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the console would show, through the formatter of the settings."""
    shown = io.StringIO()
    handler = logging.StreamHandler(shown)
    known = settings.LOGGING["formatters"]["lines"]
    handler.setFormatter(known["()"](**{key: known[key] for key in known if key != "()"}))
    logging.getLogger().addHandler(handler)
    yield shown
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_a_view_that_fails_leaves_no_phone_address_or_mail_in_the_log(log: io.StringIO) -> None:
    """Neither of its body, nor of its query, nor of what the exception itself says; the trace is there."""
    client = Client(raise_request_exception=False)
    answer = client.post("/broken/", {"phone": PHONE, "address": ADDRESS})
    assert answer.status_code == 500
    assert PHONE not in answer.text
    assert client.get("/broken/", {"q": ADDRESS}).status_code == 500
    said = log.getvalue()
    assert not [seed for seed in (PHONE, "77 弄", MAIL) if seed in said]
    lines: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    failed = [line for line in lines if line["logger"] == "django.request"]
    assert [(line["method"], line["path"]) for line in failed] == [
        ("POST", "/broken/"),
        ("GET", "/broken/"),
    ]
    assert all("ValueError" in line["exception"] for line in failed)
    assert failed[0]["trace"] == answer.headers["X-Request-ID"]
    assert "(139****4321)" in failed[0]["exception"]
    assert lines[0]["to"] == ["139****4321"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("call 13987654321, please", "call 139****4321, please"),
        ("+86 139-8765-4321", "139****4321"),
        ("电话：13987654321。", "电话：139****4321。"),
        ("order 261120-139876543210001", None),
        ("SF13987654321", None),
        ("case AS202611230139876", None),
        ("to ruolan@example.com", "to r***@example.com"),
        ("<notice-12@localhost>", None),
    ],
)
def test_numbers_of_people_are_masked_and_those_of_things_are_not(
    text: str, kept: str | None
) -> None:
    assert logs.masked(text) == (kept or text)
