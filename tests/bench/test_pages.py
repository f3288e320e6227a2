"""What pages and steps cost: against a bare view of the same rows, and the same at every size."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, RequestFactory

from aftersales.models import Case, Event, Shop, User
from tests.bench.market import due_cases
from tests.bench.reporting import Rates, report, rounds, seconds, settle
from tests.factories import MemberFactory

FULL = os.environ.get("SIZE") == "full"
SIZES = [10_000, 1_000_000] if FULL else [2_000, 40_000]
ROUNDS, TIMES = 9, 10

# The floor of a list: one indexed query of the columns that are shown, in a bare template.
BARE = """<table>{% for c in cases %}<tr><td>{{ c.code }}</td><td>{{ c.type }}</td>
<td>{{ c.status }}</td><td>{{ c.amount }}</td><td>{{ c.quantity }}</td><td>{{ c.due_at }}</td>
<td>{{ c.applied_at }}</td><td>{{ c.line__title }}</td><td>{{ c.order__number }}</td>
<td>{{ c.reason__label_zh }}</td></tr>{% endfor %}</table>"""
SHOWN = (
    *("code", "type", "status", "amount", "quantity", "due_at", "applied_at"),
    *("line__title", "order__number", "reason__label_zh"),
)


def floor_list(request: HttpRequest) -> HttpResponse:
    cases = Case.objects.filter(shop=int(request.GET["shop"]), turn="mine").order_by("due_at", "pk")
    page = engines["django"].from_string(BARE).render({"cases": cases.values(*SHOWN)[:20]})
    return HttpResponse(page)


def floor_case(request: HttpRequest) -> HttpResponse:
    found = Case.objects.filter(code=request.GET["code"]).values(*SHOWN)
    return HttpResponse(engines["django"].from_string(BARE).render({"cases": found}))


def floor_step(case: Case) -> None:
    """One row moved and one event: the least that a step writes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE aftersales_case SET version = version + 1 WHERE id = %s", [case.pk])


@pytest.fixture
def market(transactional_db: Any, django_user_model: type[User]) -> Callable[[int], Shop]:
    buyer = django_user_model.objects.create(username="bench")

    def of(size: int) -> Shop:
        shop = Shop.objects.create(code=f"bench-{size}", name="bench")
        for part in range(0, size, 50_000):
            count = min(50_000, size - part)
            due_cases(shop, buyer, count, prefix=f"P{size}-{part}", due=False)
        return shop

    return of


def signed_in(shop: Shop, django_user_model: type[User]) -> Client:
    user = django_user_model.objects.create(username=f"clerk-{shop.code}")
    MemberFactory(shop=shop, user=user)
    client = Client()
    client.force_login(user)
    return client


def many(way: Callable[[], Any]) -> float:
    """How often in a second."""
    return TIMES / seconds(lambda: [way() for _ in range(TIMES)])


def ok(response: Any) -> Any:
    assert response.status_code == 200
    return response


@pytest.mark.bench
@pytest.mark.postgres
def test_queue(market: Callable[[int], Shop], django_user_model: type[User]) -> None:
    """The same list in a small shop and in a large one, at its beginning and deep inside."""
    pages: dict[str, Callable[[], Any]] = {}
    bare = RequestFactory().get("/", {"shop": 0})
    for size in SIZES:
        shop = market(size)
        client = signed_in(shop, django_user_model)
        deep = Case.objects.filter(shop=shop).order_by("due_at", "pk")[size * 3 // 4]
        place = f"{deep.due_at.isoformat()}~{deep.pk}" if deep.due_at else ""
        pages[f"{size} first"] = lambda client=client: ok(client.get("/merchant/cases/"))
        pages[f"{size} deep"] = lambda client=client, place=place: ok(
            client.get("/merchant/cases/", {"after": place})
        )
        bare = RequestFactory().get("/", {"shop": shop.pk})
    settle()
    assert floor_list(bare).content.count(b"<tr>") == 20
    rates: dict[str, list[float]] = {name: [] for name in ["floor", *pages]}
    for page in pages.values():
        page()
    for _number in range(ROUNDS):
        rates["floor"].append(many(lambda: ok(floor_list(bare))))
        for name, page in pages.items():
            rates[name].append(many(page))
    first = f"{SIZES[0]} first"
    report("queue page", {"floor": rates["floor"], "ours": rates[first]}, goal=1 / 1.5)
    for name in list(pages)[1:]:
        flat: Rates = {"floor": rates[first], "ours": rates[name]}
        report(f"queue page, {name} to {first}", flat, goal=1 / 1.2)


@pytest.mark.bench
@pytest.mark.postgres
def test_case_page(market: Callable[[int], Shop], django_user_model: type[User]) -> None:
    shop = market(SIZES[0])
    client = signed_in(shop, django_user_model)
    case = Case.objects.filter(shop=shop).first()
    assert case is not None
    bare = RequestFactory().get("/", {"code": case.code})
    settle()
    ways = {
        "floor": lambda: ok(floor_case(bare)),
        "ours": lambda: ok(client.get(f"/merchant/cases/{case.code}/")),
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
    client = signed_in(shop, django_user_model)
    todo = iter(Case.objects.filter(shop=shop).order_by("pk"))
    moved = Event.objects.count()
    settle()

    def agree() -> None:
        case = next(todo)
        answer = client.post(f"/merchant/cases/{case.code}/agree/", {"version": case.version})
        assert answer.status_code == 302, answer.status_code

    ways: dict[str, Callable[[], Any]] = {"floor": lambda: floor_step(next(todo)), "ours": agree}
    rates: Rates = {"floor": [], "ours": []}
    agree()
    for _number, order in rounds(ROUNDS):
        for name in order:
            rates[name].append(many(ways[name]))
    assert Event.objects.count() - moved == ROUNDS * TIMES + 1
    report("a step by POST", rates, goal=1 / 6)
