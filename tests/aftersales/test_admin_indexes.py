"""What staff look at costs the same with ten cases and with ten million: no page reads them all."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.admin.people import reviewers_group
from aftersales.models import Case, User
from tests.bench.market import due_cases
from tests.factories import ShopFactory, UserFactory

IN_ORDER = {"case_newest", "case_for_staff"}  # read only as far as the page goes


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.fixture
def read_whole(db: Any) -> Callable[[CaptureQueriesContext], list[str]]:
    """What was asked that finds its cases by no index, where there are some thousand."""

    def of(caught: CaptureQueriesContext) -> list[str]:
        found = []
        asked = [each["sql"] for each in caught.captured_queries]
        asked = [sql for sql in asked if 'FROM "aftersales_case"' in sql]
        assert asked
        # what is counted of all, up to a limit, needs to find none
        asked = [sql for sql in asked if "WHERE" in sql or not sql.startswith("SELECT COUNT")]
        with connection.cursor() as cursor:
            for sql in asked:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
                [[[explained]]] = cursor.fetchall()
                for node in nodes(explained["Plan"]):
                    of_cases = node.get("Relation Name") == "aftersales_case"
                    narrow = "Index Cond" in str(node)  # its own, or those of its bitmap
                    if of_cases and not narrow and node.get("Index Name") not in IN_ORDER:
                        found.append(sql)
        return found

    return of


@pytest.mark.postgres
def test_no_page_of_staff_reads_all_cases(
    client: Client, staff: User, make_case: Callable[..., Case], read_whole: Any
) -> None:
    """§5.6: the home, the list in its order, and what is searched."""
    staff.groups.set([reviewers_group()])
    client.force_login(staff)
    case = make_case("sent_back", type="return_refund")
    due_cases(
        ShopFactory(name="另一家"), UserFactory(nick="另一位"), 5000, prefix="MANY", due=False
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    listed = reverse("admin:aftersales_case_changelist")
    words = [case.code, case.order.number, case.return_tracking, case.buyer.nick, case.shop.name]
    for url, asked in [
        (reverse("admin:index"), {}),
        (listed, {}),
        (listed, {"needs_staff__exact": "1"}),
        *((listed, {"q": word}) for word in words),
    ]:
        client.get(url, asked)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url, asked).status_code == 200
        assert read_whole(caught) == [], (url, asked)


def test_what_stands_for_too_much_is_said(
    client: Client, staff: User, make_case: Callable[..., Case], monkeypatch: Any
) -> None:
    """A search lists what it found first, and that there is more."""
    for module in ("looking", "cases"):
        monkeypatch.setattr(f"aftersales.admin.{module}.MOST_MEANT", 1)
    staff.groups.set([reviewers_group()])
    client.force_login(staff)
    case = make_case()
    page = client.get(
        reverse("admin:aftersales_case_changelist"), {"q": case.order.number}
    ).content.decode()
    assert case.code in page
    assert "对应的太多，只列出一部分" in page
