"""The staff home (A1): is everything alive, what is overdue longest, claim the next, find any case."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from aftersales.models import Case, Intervention, Pulse, User
from aftersales.tasks import beat_lives, keep_pulse
from tests.factories import Desk, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def colleague(staff: User) -> Client:
    other = UserFactory(username="reviewer2", is_staff=True)
    other.user_permissions.set(
        Permission.objects.filter(codename__in=["rule", "view_case", "view_intervention"])
    )
    client = Client()
    client.force_login(other)
    return client


@pytest.fixture
def deciding(make_desk: Callable[..., Desk], now: Any) -> Callable[..., Case]:
    """A case whose evidence window has closed."""

    def make() -> Case:
        case = make_desk("under_review").case
        now.shift(timedelta(hours=48))
        case.catch_up()
        return case

    return make


def home(reviewer: Client) -> str:
    shown = reviewer.get(reverse("admin:index"))
    assert shown.status_code == 200
    return shown.content.decode()


def test_the_home_says_whether_beat_and_worker_are_alive(reviewer: Client, now: Any) -> None:
    """A1: never seen, alive, and silent for more than a minute."""
    shown = home(reviewer)
    assert "定时器：从未响应" in shown
    assert "后台任务：从未响应" in shown
    beat_lives()
    keep_pulse()
    keep_pulse()
    assert Pulse.objects.count() == 2
    shown = home(reviewer)
    assert "定时器：正常" in shown
    assert "后台任务：正常" in shown
    now.shift(timedelta(seconds=61))
    keep_pulse()
    shown = home(reviewer)
    assert "定时器：没有响应" in shown
    assert "后台任务：正常" in shown


def test_the_home_names_the_case_that_is_overdue_longest(
    reviewer: Client, deciding: Callable[..., Case], now: Any
) -> None:
    """A1: with a link, and for how long."""
    assert "没有逾期的售后单" in home(reviewer)
    case = deciding()
    asked = case.last_intervention
    assert asked is not None
    now.move_to(asked.decide_by + timedelta(hours=5))
    shown = home(reviewer)
    assert f"最久逾期：{case.code}，已 5 小时" in shown
    assert reverse("admin:rule", args=[asked.pk]) in shown


def test_claiming_the_next_takes_what_has_the_least_time_left_and_never_twice(
    reviewer: Client, colleague: Client, deciding: Callable[..., Case], staff: User
) -> None:
    """A2: two reviewers get two cases, a third click says that there is none."""
    first, second = deciding(), deciding()
    claim = reverse("admin:claim_next")
    answer = reviewer.post(claim)
    one, two = first.last_intervention, second.last_intervention
    assert one is not None
    assert two is not None
    assert answer.headers["Location"] == reverse("admin:rule", args=[one.pk])
    assert colleague.post(claim).headers["Location"] == reverse("admin:rule", args=[two.pk])
    none_left = reviewer.post(claim, follow=True)
    assert "没有待认领的介入" in none_left.content.decode()
    owners = dict(Intervention.objects.values_list("pk", "assignee__username"))
    assert owners == {one.pk: staff.username, two.pk: "reviewer2"}


def test_only_who_may_rule_claims_and_only_by_posting(
    client: Client, reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """A2."""
    case = deciding()
    assert reviewer.get(reverse("admin:claim_next")).status_code == 403
    clerk = UserFactory(username="clerk", is_staff=True)
    client.force_login(clerk)
    assert client.post(reverse("admin:claim_next")).status_code == 403
    assert "认领下一件" not in home(client)
    asked = case.last_intervention
    assert asked is not None
    asked.refresh_from_db()
    assert asked.assignee is None


def test_the_search_of_the_home_finds_a_case_by_whatever_one_has(
    reviewer: Client, make_case: Callable[..., Case]
) -> None:
    """A1: numbers of case, order and parcel, the buyer's name, the shop's name and code."""
    case = make_case("sent_back", type="return_refund")
    assert 'role="search"' in home(reviewer)
    listed = reverse("admin:aftersales_case_changelist")
    parcel = case.order.parcels.first()
    known = [
        case.code,
        case.order.number,
        case.return_tracking,
        case.buyer.nick,
        case.shop.name,
        case.shop.code,
        *([parcel.tracking] if parcel else []),
    ]
    for words in known:
        assert case.code in reviewer.get(listed, {"q": words}).content.decode(), words
    assert case.code not in reviewer.get(listed, {"q": "没有这家店"}).content.decode()


def test_what_stands_still_is_not_among_what_is_to_be_ruled(
    reviewer: Client, deciding: Callable[..., Case], staff: User
) -> None:
    """T-23: the tile counts what its list shows, and a suspended case comes after all open ones."""
    still, open_ = deciding(), deciding()
    still.suspend(by=staff, because="police", note="公安机关已受理，等待结果。", proof="京2026-11")

    tile = re.search(r'<a href="([^"]*)"><b>(\d+)</b> 待判定', home(reviewer))

    assert tile
    assert tile[2] == "1"
    listed = reviewer.get(tile[1].replace("&amp;", "&")).context["cl"].result_list
    assert [each.case for each in listed] == [open_]
    everything = reviewer.get(reverse("admin:aftersales_intervention_changelist"))
    assert [each.case for each in everything.context["cl"].result_list] == [open_, still]


def test_who_works_here_is_greeted_by_name(reviewer: Client, staff: User) -> None:
    assert f"<strong>{staff}</strong>" in home(reviewer)
