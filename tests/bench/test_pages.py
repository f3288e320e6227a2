"""What pages and steps cost: against a bare view of the same rows, and the same at every size."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.core.handlers.base import BaseHandler
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from aftersales import cached, memory
from aftersales.models import Case, Event, Shop, User
from merchants import counting
from tests.bench.market import due_cases
from tests.bench.reporting import Rates, report, rounds, seconds, settle
from tests.factories import MemberFactory

FULL = os.environ.get("SIZE") == "full"
SIZES = [10_000, 1_000_000, 10_000_000] if FULL else [2_000, 40_000]
ROUNDS, TIMES = 9, 10


class Door:
    """Requests as a server would bring them: through every middleware, without the test client,
    which copies the context of each template for its tests to look at."""

    def __init__(self, cookies: Any = None, urlconf: str | None = None) -> None:
        self.requests, self.urlconf = RequestFactory(), urlconf
        if cookies:
            self.requests.cookies = cookies
        self.handler = BaseHandler()
        self.handler.load_middleware()
        memory.settle()  # as a server does

    def get(self, path: str, **query: Any) -> HttpResponseBase:
        return self._answer(self.requests.get(path, query), 200)

    def post(self, path: str, **given: Any) -> HttpResponseBase:
        return self._answer(self.requests.post(path, given), 302)

    def _answer(self, request: Any, wanted: int) -> HttpResponseBase:
        request._dont_enforce_csrf_checks = True
        if self.urlconf:
            request.urlconf = self.urlconf
        answer = self.handler.get_response(request)
        answer.close()
        assert answer.status_code == wanted, answer.status_code
        return answer


@pytest.fixture
def market(
    transactional_db: Any, django_user_model: type[User], monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], Shop]:
    monkeypatch.setattr(counting, "SECONDS", 15)  # time goes on here
    buyer = django_user_model.objects.create(username="bench")

    def of(size: int) -> Shop:
        shop = Shop.objects.create(code=f"bench-{size}", name="bench")
        for part in range(0, size, 50_000):
            count = min(50_000, size - part)
            due_cases(shop, buyer, count, prefix=f"P{size}-{part}", due=False)
        return shop

    return of


def signed_in(shop: Shop, django_user_model: type[User]) -> Door:
    user = django_user_model.objects.create(username=f"clerk-{shop.code}")
    MemberFactory(shop=shop, user=user)
    client = Client()
    client.force_login(user)
    return Door(client.cookies)


def bare() -> Door:
    return Door(urlconf="tests.bench.floors")


def many(way: Callable[[], Any]) -> float:
    """How often in a second."""
    return TIMES / seconds(lambda: [way() for _ in range(TIMES)])


def three_quarters_down(shop: Shop, size: int) -> Case:
    """By its key, for the cases were made in the order of their deadlines."""
    cases = Case.objects.filter(shop=shop).order_by("pk")
    return cases.filter(pk__gt=cases.earliest("pk").pk + size * 3 // 4).earliest("pk")


@pytest.mark.bench
@pytest.mark.postgres
def test_queue(market: Callable[[int], Shop], django_user_model: type[User]) -> None:
    """The same list in a small shop and in a large one, at its beginning and deep inside."""
    pages: dict[str, Callable[[], Any]] = {}
    floor, shop = bare(), None
    for size in SIZES:
        shop = market(size)
        door = signed_in(shop, django_user_model)
        deep = three_quarters_down(shop, size)
        place = f"{deep.due_at.isoformat()}~{deep.pk}" if deep.due_at else ""
        pages[f"{size} first"] = partial(door.get, "/merchant/cases/")
        pages[f"{size} deep"] = partial(door.get, "/merchant/cases/", after=place)
    assert shop is not None

    def moved() -> None:
        """As after each move of a case: the numbers are counted anew."""
        cache.delete(cached.numbers(shop.pk))
        pages[f"{SIZES[-1]} first"]()

    settle()
    list_floor = partial(floor.get, "/list/", shop=shop.pk)
    assert list_floor().content.count(b"<tr>") == 25
    ways = {"floor": list_floor, "moved": moved} | pages
    rates: Rates = {name: [] for name in ways}
    slow: Rates = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _number in range(ROUNDS):
        for name, way in ways.items():
            took = [seconds(way) for _ in range(TIMES)]
            rates[name].append(TIMES / sum(took))
            slow[name].append(1 / max(took))
    first = f"{SIZES[0]} first"
    report("queue page", {"floor": rates["floor"], "ours": rates[first]}, goal=1 / 1.5)
    counted: Rates = {"floor": rates["floor"], "ours": rates["moved"]}
    report("queue page, its numbers counted", counted, goal=1 / 1.5)
    for name in list(pages)[1:]:
        for what, all_of in (("queue page", rates), ("slowest queue page of ten", slow)):
            flat: Rates = {"floor": all_of[first], "ours": all_of[name]}
            report(f"{what}, {name} to {first}", flat, goal=1 / 1.2)


@pytest.mark.bench
@pytest.mark.postgres
def test_case_page(market: Callable[[int], Shop], django_user_model: type[User]) -> None:
    shop = market(SIZES[0])
    door, floor = signed_in(shop, django_user_model), bare()
    case = Case.objects.filter(shop=shop).first()
    assert case is not None
    settle()
    ways = {
        "floor": partial(floor.get, "/case/", code=case.code),
        "ours": partial(door.get, f"/merchant/cases/{case.code}/"),
    }
    rates: Rates = {"floor": [], "ours": []}
    ways["ours"]()
    for _number, order in rounds(ROUNDS):
        for name in order:
            rates[name].append(many(ways[name]))
    report("case page", rates, goal=1 / 12)


@pytest.mark.bench
@pytest.mark.postgres
def test_a_step_by_post(market: Callable[[int], Shop], django_user_model: type[User]) -> None:
    shop = market(SIZES[0])
    door, floor = signed_in(shop, django_user_model), bare()
    todo = iter(Case.objects.filter(shop=shop).order_by("pk"))
    moved = Event.objects.count()
    settle()

    def agree() -> None:
        case = next(todo)
        door.post(f"/merchant/cases/{case.code}/agree/", version=case.version)

    ways: dict[str, Callable[[], Any]] = {
        "floor": lambda: floor.post("/step/", case=next(todo).pk),
        "ours": agree,
    }
    rates: Rates = {"floor": [], "ours": []}
    agree()
    for _number, order in rounds(ROUNDS):
        for name in order:
            rates[name].append(many(ways[name]))
    assert Event.objects.count() - moved == 2 * ROUNDS * TIMES + 1
    report("a step by POST", rates, goal=1 / 6)
