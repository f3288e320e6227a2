"""Rows that are made and read without Django's own constructor are what that would make."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, models

from aftersales.models import Case, Event, Order, Refund, Shop
from aftersales.models.fetched import Fetched


def kinds() -> list[type[models.Model]]:
    found, left = [], [Fetched]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        found += [] if kind._meta.abstract else [kind]
    return found


def test_a_new_row_has_what_django_gives_it() -> None:
    assert {Case, Event, Order, Refund} <= set(kinds())
    for kind in kinds():
        ours, django = kind(), kind.__new__(kind)
        models.Model.__init__(django)
        names = [field.attname for field in kind._meta.concrete_fields]
        assert {name: getattr(ours, name) for name in names} == {
            name: getattr(django, name) for name in names
        }, kind
        assert ours._state.adding
        assert ours.pk is None


def test_a_default_that_is_made_is_made_for_each_row() -> None:
    one, other = Event(), Event()
    one.details["amount"] = "1.00"
    assert other.details == {}


def test_a_row_may_be_made_from_another_row() -> None:
    shop = Shop(pk=7, code="S", name="S")
    assert Order(shop=shop, number="1").shop_id == 7
    with pytest.raises(TypeError, match="nonsense"):
        Refund(nonsense=1)


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_moment_is_read_to_the_microsecond_in_utc() -> None:
    moment = datetime(2026, 11, 26, 23, 59, 59, 123456, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz, NULL::timestamptz", [moment])
        found: tuple[Any, Any] = cursor.fetchone()
    assert found == (moment, None)
    assert found[0].isoformat() == "2026-11-26T23:59:59.123456+00:00"
