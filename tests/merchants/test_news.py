"""What a list that is being looked at learns: its numbers, and that it may be drawn again."""

import json
from datetime import timedelta

from django.urls import reverse

from merchants import counting

ASKING = 5  # the session, the user, his team, and what has moved


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


def test_the_numbers_of_a_shop_are_counted_once_in_15_seconds(
    make_case, at_desk, now, django_assert_max_num_queries
):
    make_case()
    page = at_desk.look("queue")
    make_case()

    with django_assert_max_num_queries(ASKING):
        assert numbers(ask(at_desk, page))["mine"] == 1
    assert at_desk.look("queue").context["counts"]["mine"] == 2
    assert counting.SECONDS == 15


def test_whoever_moves_a_case_sees_the_numbers_at_once(make_case, at_desk, text_of):
    case = make_case()
    at_desk.look("queue")

    at_desk.send("agree", case)

    assert '<span data-live="mine">0</span>' in text_of(at_desk.look("case", case))


def test_the_title_tells_what_is_urgent(make_case, at_desk, now):
    make_case()
    page = at_desk.look("queue")
    assert numbers(ask(at_desk, page))["title"] == "售后工作台 · 售后台"
    now.shift(timedelta(hours=47))
    page = at_desk.look("queue")

    assert numbers(ask(at_desk, page))["title"] == "(1) 售后工作台 · 售后台"
