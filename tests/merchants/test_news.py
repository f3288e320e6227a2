"""What a list that is being looked at learns: its numbers, and that it may be drawn again."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales import cached, clock
from merchants import counting

ASKING = 3  # the session with its user, his team, and what has moved


def ask(desk, page, **query):
    """The poll of this page, as its markup asks for it."""
    given = {"since": page.context["now"].isoformat(), "shown": page.context["shown"]}
    return desk.client.get(reverse("merchants:news"), given | query, HTTP_HX_REQUEST="true")


def numbers(answer):
    return json.loads(answer.headers["HX-Trigger"])["counts"]


def test_nothing_new_says_nothing(make_case, at_desk, now, text_of):
    make_case()
    page = at_desk.look("queue")
    now.shift(timedelta(seconds=30))

    answer = ask(at_desk, page)

    assert (answer.status_code, answer.content) == (204, b"")
    assert numbers(answer)["mine"] == 1


def test_rows_that_moved_and_new_ones_are_counted_not_moved(make_case, at_desk, now, text_of):
    """有 n 条更新，刷新列表: in this list, and no other."""
    case, other = make_case(), make_case("under_review")
    page = at_desk.look("queue")
    now.shift(timedelta(seconds=30))
    case.cancel(by=case.buyer)
    other.refresh_from_db()
    make_case()
    make_case("waiting")

    answer = ask(at_desk, page)

    assert "有 2 条更新，" in text_of(answer)
    assert f'href="{reverse("merchants:queue")}?tab=mine"' in text_of(answer)
    assert ask(at_desk, page, told=2).status_code == 204


@pytest.fixture
def kept(monkeypatch):
    monkeypatch.setattr(counting, "SECONDS", 15)
    cache.clear()
    yield
    cache.clear()


def test_numbers_are_kept_until_a_case_of_the_shop_moves(kept, make_case, at_desk, now, text_of):
    """Whoever moves it, and on whatever page they are shown."""
    case = make_case()
    page = at_desk.look("queue")
    with CaptureQueriesContext(connection) as seen:
        assert numbers(ask(at_desk, page))["mine"] == 1
    assert len(seen) == ASKING

    now.shift(timedelta(seconds=1))
    make_case()
    assert numbers(ask(at_desk, page))["mine"] == 2
    now.shift(timedelta(seconds=1))
    case.cancel(by=case.buyer)
    assert '<span data-live="mine">1</span>' in text_of(at_desk.look("orders"))
    assert at_desk.look("queue").context["counts"]["mine"] == 1


def test_what_no_step_moves_is_counted_after_15_seconds(kept, make_case, at_desk, now):
    case = make_case()
    now.shift(case.due_at - clock.now() - timedelta(hours=2))
    assert at_desk.look("queue").context["counts"]["urgent"] == 0

    now.shift(timedelta(seconds=1))
    cache.delete(cached.numbers(case.shop_id))  # as after 15 s: the cache has a clock of its own

    assert at_desk.look("queue").context["counts"]["urgent"] == 1


def test_evidence_that_was_looked_at_is_new_no_more_at_once(kept, make_case, at_desk, now):
    upload = make_case().evidence.first().upload
    assert at_desk.look("queue").context["counts"]["unseen"] == 1

    b"".join(at_desk.client.get(reverse("file", args=[upload.token])).streaming_content)

    assert at_desk.look("queue").context["counts"]["unseen"] == 0


def test_whoever_moves_a_case_sees_the_numbers_at_once(kept, make_case, at_desk, now, text_of):
    case = make_case()
    at_desk.look("queue")
    now.shift(timedelta(seconds=1))

    at_desk.send("agree", case)

    assert '<span data-live="mine">0</span>' in text_of(at_desk.look("case", case))


def test_the_title_tells_what_is_urgent(make_case, at_desk, now):
    make_case()
    page = at_desk.look("queue")
    assert numbers(ask(at_desk, page))["title"] == "售后工作台 · 售后台"
    now.shift(timedelta(hours=47))
    page = at_desk.look("queue")

    assert numbers(ask(at_desk, page))["title"] == "(1) 售后工作台 · 售后台"
