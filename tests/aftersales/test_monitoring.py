"""What machines ask of it (/healthz, /metrics), and what a red light tells staff."""

import re
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command, get_commands
from django.test import Client
from django.urls import reverse

from aftersales import health
from aftersales.models import Case, LedgerMood, User
from aftersales.payments.paying import pay_due
from aftersales.tasks import beat_lives, keep_pulse

pytestmark = pytest.mark.django_db

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
TOKEN = "a-token-of-the-monitor"
LINE = re.compile(r"# (?:HELP aftersales_\w+ \S.*|TYPE aftersales_\w+ gauge)|aftersales_\w+ \S+")


def read(client: Client, token: str = TOKEN) -> dict[str, float]:
    """The metrics as Prometheus would read them."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    pairs = [line.split() for line in lines if not line.startswith("#")]
    return {name.removeprefix("aftersales_"): float(value) for name, value in pairs}


def test_healthz_says_ok_and_nothing_else_with_one_query(
    client: Client, django_assert_num_queries: Any, settings: Any
) -> None:
    """No session, no detail, also where everything else is sent to https."""
    settings.SECURE_SSL_REDIRECT = True
    with django_assert_num_queries(1):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert not answer.cookies
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.post("/healthz").status_code == 405


def test_healthz_is_503_soon_when_the_broker_hangs(client: Client, settings: Any) -> None:
    """F-table: a Redis that takes connections and never says a word costs about a second."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        settings.REDIS_URL = f"redis://127.0.0.1:{door.getsockname()[1]}/0"
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.content == b"unavailable"


def test_metrics_are_there_for_the_token_alone(client: Client, settings: Any, staff: User) -> None:
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer nope"},
        {"Authorization": f"Bearer {TOKEN}é"},
    ]
    client.force_login(staff)
    for token in (TOKEN, ""):
        settings.METRICS_TOKEN = token
        for headers in wrong:
            assert client.get("/metrics", headers=headers).status_code == 404, (token, headers)
    settings.METRICS_TOKEN = TOKEN
    assert read(client)["beat_age_seconds"] == float("inf")


def test_metrics_count_what_waits_and_staff_read_the_same(
    client: Client, settings: Any, staff: User, make_case: Callable[..., Case], now: Any
) -> None:
    """R12 operation: overdue, its age, undelivered, unpaid, failed, heartbeats; green once it is done."""
    settings.METRICS_TOKEN = TOKEN
    client.force_login(staff)
    case, _other = make_case(), make_case()
    assert case.due_at is not None
    now.move_to(case.due_at + timedelta(minutes=30))
    found = read(client)
    assert found["overdue_cases"] == 2
    assert found["sweep_lag_seconds"] == found["oldest_overdue_seconds"] == 1800
    assert found["undelivered_notices"] == 2
    home = client.get(reverse("admin:index")).content.decode()
    assert "到期处理落后：30 分钟" in home
    assert "manage.py sweep expire-cases" in home
    assert "通知未生成：2" in home
    LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE, times=1)
    call_command("sweep", "expire-cases", verbosity=0)
    assert read(client)["unpaid_refunds"] == 2
    now.shift(timedelta(minutes=2))
    assert "退款未提交：2" in client.get(reverse("admin:index")).content.decode()
    pay_due()
    call_command("sweep", "deliver-notices", "send-mails", verbosity=0)
    beat_lives()
    keep_pulse()
    now.shift(timedelta(seconds=5))
    found = read(client)
    assert found.pop("failed_refunds") == 1
    assert (found.pop("beat_age_seconds"), found.pop("worker_age_seconds")) == (5, 5)
    assert set(found.values()) == {0}, found
    home = client.get(reverse("admin:index")).content.decode()
    assert re.findall(r"<code>(\w+)</code>", home) == ["failed_refunds"]


def test_every_light_has_its_section_in_the_runbook_with_commands_that_exist() -> None:
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
    lights = [each.name for each in health.gauges() if each.advice]
    assert list(sections) == [*lights, "healthz"]
    for name, text in sections.items():
        assert all(part in text for part in ("**Means.**", "**Look.**", "**Mend.**")), name
    named = set(re.findall(r"manage\.py (\w+)", RUNBOOK))
    assert named <= set(get_commands())
