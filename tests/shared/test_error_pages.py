"""400 to 503, each provoked by a real request: a whole page or a fragment, in both languages."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, reverse

from aftersales.errors import handler400, handler403, handler404, handler429, handler500
from aftersales.models import User
from tests.crawl.looks import faults
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500"]


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("a secret of ours")


def slow(request: HttpRequest) -> HttpResponse:
    """The database gives up, as it does when it is away or overrun."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 20")
        cursor.execute("SELECT pg_sleep(5)")
    return HttpResponse()


urlpatterns = [
    path("broken/", broken),
    path("slow/", slow),
    path("", include("aftersales.urls")),
]

LANGUAGES = pytest.mark.parametrize("language", ["zh-hans", "en"])
SHAPES = pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
SAID = {
    400: ("这个请求没有看懂", "understood"),
    403: ("没有权限", ""),
    404: ("找不到", ""),
    405: ("不能这样打开", ""),
    413: ("上传的内容太大", ""),
    429: ("操作太快", ""),
    500: ("系统出错了", ""),
    503: ("系统正在维护", ""),
}


@pytest.fixture
def ask(settings: Any, merchant: User, shop: Any) -> Iterator[Any]:
    settings.ROOT_URLCONF = __name__
    cache.clear()

    def provoke(status: int, **headers: str) -> Any:
        client = Client(raise_request_exception=False)
        if status == 400:
            return client.get("/help/", headers=headers | {"Host": "elsewhere.example"})
        if status == 403:
            packer = MemberFactory(shop=shop, permissions=["ship"]).user
            client.force_login(packer)
            return client.get(reverse("merchants:import_new"), headers=headers)
        if status == 404:
            client.force_login(merchant)
            return client.get("/merchant/cases/AS000000000000000/", headers=headers)
        if status == 405:
            client.force_login(merchant)
            return client.get(reverse("read_all"), headers=headers)
        if status == 413:
            strict = Client(enforce_csrf_checks=True)
            strict.get(reverse("account_login"))
            given = {"login": "x" * 3_000_000}
            return strict.post(reverse("account_login"), given, headers=headers)
        if status == 429:
            given = {"login": "nobody", "password": "wrong"}
            for _try in range(60):
                answer = client.post(reverse("account_login"), given, headers=headers)
                if answer.status_code == 429:
                    break
            return answer
        return client.get("/broken/" if status == 500 else "/slow/", headers=headers)

    yield provoke
    cache.clear()


@pytest.mark.postgres
@LANGUAGES
@SHAPES
@pytest.mark.parametrize("status", SAID)
def test_each_error_says_what_it_is(status: int, fragment: bool, language: str, ask: Any) -> None:
    headers = {"Accept-Language": language} | ({"HX-Request": "true"} if fragment else {})
    answer = ask(status, **headers)
    assert answer.status_code == status
    assert f">{status}<" in re.sub(r"\s+", "", answer.text)
    assert ("<html" in answer.text) is not fragment
    assert "secret" not in answer.text
    chinese = re.search(
        r"[\u4e00-\u9fff]{4}",
        re.sub(r"<button.*?</button>|<title>.*?</title>", "", answer.text, flags=re.DOTALL).split(
            'class="code"'
        )[-1],
    )
    assert bool(chinese) is (language == "zh-hans")
    if language == "zh-hans":
        assert SAID[status][0] in answer.text
    if not fragment:
        assert not faults(answer.text)
    if status in (500, 503):
        assert answer["X-Request-ID"] in answer.text
    assert (answer.get("Retry-After") == "30") is (status == 503)


@pytest.mark.parametrize("name", ["merchants:queue", "merchants:news", "unread", "buyers:cases"])
def test_who_is_signed_out_gets_no_sign_in_page_inside_a_part(name: str, client: Client) -> None:
    """A list left open over night: its quick view and its news showed the form to sign in."""
    whole = client.get(reverse(name))
    part = client.get(reverse(name), headers={"HX-Request": "true"})

    assert whole.url.startswith(reverse("account_login"))
    assert part.status_code == 401
    assert "登录已过期，请刷新页面，重新登录后继续。" in part.text
    assert "password" not in part.text
    assert "<html" not in part.text


def test_a_conflict_is_a_409_with_the_form(make_case: Any, merchant: User, client: Client) -> None:
    case = make_case()
    client.force_login(merchant)
    url = reverse("merchants:agree", args=[case.code])
    given = {"version": case.version - 1, "key": "k"}
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(url, given, headers=headers)
        assert answer.status_code == 409
        assert "刚刚有更新" in answer.text


def test_a_page_left_open_too_long_says_so(buyer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(buyer)
    answer = client.post(reverse("prefs"), {})
    assert answer.status_code == 403
    assert "页面已过期" in answer.text
    assert not faults(answer.text)


def test_the_icon_is_found_where_browsers_look(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"].endswith("img/favicon.svg")
