"""What people see when something is not there, not allowed or broken."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import connection
from django.http import HttpResponse, HttpResponseNotAllowed
from django.test import Client, RequestFactory
from django.utils import translation

from aftersales import errors


@pytest.fixture
def request_():
    request = RequestFactory().get("/nowhere/")
    request.META["TRACE"] = "4f2a90c1d7be"
    return request


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 429, 500, 503])
def test_every_error_has_a_page_that_asks_no_database(request_, status):
    """There is no database in this test, so a query would fail it."""
    response = errors.page(request_, status)

    assert response.status_code == status
    assert f"{status}" in response.text
    assert '<html lang="zh-Hans"' in response.text
    assert "请求编号 4f2a90c1d7be" in response.text


def test_for_htmx_an_error_is_a_fragment(request_):
    request_.META["HTTP_HX_REQUEST"] = "true"

    response = errors.page(request_, 409)

    assert "<html" not in response.text
    assert "此售后单刚刚有更新" in response.text


def test_a_missing_permission_is_named(request_):
    response = errors.handler403(request_, PermissionDenied("你没有“驳回”权限"))

    assert "你没有“驳回”权限" in response.text


def test_what_a_refusal_says_is_shown_not_run(request_):
    response = errors.handler403(request_, PermissionDenied("<script>"))

    assert "&lt;script&gt;" in response.text


def test_too_large_a_post_is_told_so(request_):
    assert errors.handler400(request_, RequestDataTooBig("…")).status_code == 413
    assert errors.handler400(request_, ValueError()).status_code == 400


def test_a_page_left_open_for_too_long_says_what_to_do(request_):
    response = errors.csrf_failure(request_)

    assert response.status_code == 403
    assert "页面已过期" in response.text


def test_a_broken_error_page_still_gives_the_number(request_, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError("no templates")

    monkeypatch.setattr(errors, "render_to_string", broken)

    with translation.override("zh-hans"):
        response = errors.handler500(request_)

    assert response.status_code == 500
    assert "请求编号 4f2a90c1d7be" in response.text


def test_an_empty_refusal_gets_its_page_and_keeps_its_headers(request_):
    response = errors.explain(lambda request: HttpResponseNotAllowed(["POST"]))(request_)

    assert response["Allow"] == "POST"
    assert "不能这样打开" in response.text


def test_an_answer_that_explains_itself_is_left_alone(request_):
    response = errors.explain(lambda request: HttpResponse("slow down", status=429))(request_)

    assert response.text == "slow down"


def test_every_request_has_its_own_number():
    seen = []

    def view(request):
        seen.append(request.META["TRACE"])
        return HttpResponse()

    answers = [errors.trace(view)(RequestFactory().get("/")) for _ in range(2)]

    assert [answer["X-Request-ID"] for answer in answers] == seen
    assert seen[0] != seen[1]


@pytest.mark.postgres
def test_a_database_that_goes_away_before_the_session_is_stored_is_said_to_be_away(
    merchant: Any, client: Client
) -> None:
    """F22: the answer is 503, not 400: there is nothing wrong with the request."""
    client.force_login(merchant)
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute(AWAY_AT_STORING)
    response = client.get("/merchant/")  # remembers the shop in hand
    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")


# What a client sees of a server that is being shut down.
AWAY_AT_STORING = """
CREATE FUNCTION pg_temp.away() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'terminating connection' USING ERRCODE = '57P01'; END $$;
CREATE TRIGGER away BEFORE UPDATE ON aftersales_session FOR EACH ROW EXECUTE FUNCTION pg_temp.away();
"""
