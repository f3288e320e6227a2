"""延期 on its pages: an outage is recorded and a window given after seeing what it will do."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from aftersales import clock
from aftersales.models import Event, Extension, User, Window
from aftersales.tasks import extend_deadlines

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHY = "机房断电"


def moments(starts: datetime, ends: datetime) -> dict[str, str]:
    return {
        "starts_at": f"{localtime(starts):%Y-%m-%dT%H:%M:%S}",
        "ends_at": f"{localtime(ends):%Y-%m-%dT%H:%M:%S}",
        "why": WHY,
    }


def test_an_outage_is_recorded_after_seeing_what_it_will_do(
    reviewer: Client, make_case: Any, now: Any
) -> None:
    case = make_case()
    now.shift(HOUR)
    said_ = moments(clock.now() - HOUR, clock.now())
    url = reverse("admin:record_outage")
    html = reviewer.post(url, said_).content.decode()
    assert case.code in html
    assert "1 个售后单的时限会延后" in html
    assert "<td>到期于</td>" in html
    assert not Extension.objects.exists()
    assert reviewer.post(url, said_ | {"confirmed": "1"}).status_code == 302
    extend_deadlines()
    case.refresh_from_db()
    assert case.due_at == case.applied_at + 49 * HOUR
    listed = reviewer.get(reverse("admin:aftersales_extension_changelist")).content.decode()
    assert WHY in listed


@pytest.mark.parametrize(
    ("starts", "ends", "told"),
    [
        (timedelta(), -HOUR, "结束时间要晚于开始时间"),
        (-HOUR, HOUR, "结束时间不能晚于现在"),
        (-31 * DAY, timedelta(), "一次故障最长 30 天"),
    ],
)
def test_an_outage_that_can_not_be_is_refused(
    starts: timedelta, ends: timedelta, told: str, reviewer: Client
) -> None:
    said_ = moments(clock.now() + starts, clock.now() + ends)
    answer = reviewer.post(reverse("admin:record_outage"), said_ | {"confirmed": "1"})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Extension.objects.exists()


def test_no_outage_is_recorded_twice(reviewer: Client, make_case: Any, now: Any) -> None:
    now.shift(HOUR)
    said_ = moments(clock.now() - HOUR, clock.now()) | {"confirmed": "1"}
    url = reverse("admin:record_outage")
    assert reviewer.post(url, said_).status_code == 302
    assert "已登记过故障" in reviewer.post(url, said_).content.decode()
    assert Extension.objects.count() == 1


def test_a_window_is_given_to_open_cases_on_its_page(reviewer: Client, make_case: Any) -> None:
    case = make_case()
    window = Window.objects.get(clock="D2", case_type="", starts_on=None)
    Window.objects.filter(pk=window.pk).update(minutes=72 * 60)
    url = reverse("admin:extend_window")
    given = {"window": window.pk, "why": "延长处理时间"}
    assert case.code in reviewer.post(url, given).content.decode()
    reviewer.post(url, given | {"confirmed": "1"})
    extend_deadlines()
    case.refresh_from_db()
    assert case.due_at == case.applied_at + 72 * HOUR
    assert Event.objects.filter(step="extend", user__username="reviewer").count() == 1


def test_only_who_keeps_the_rules_moves_deadlines(client: Client, staff: User) -> None:
    client.force_login(staff)
    for name in ("record_outage", "extend_window"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403
