"""A query that was made once finds what Django finds, alone and among others in one statement."""

from typing import Any

import pytest
from django.db import models

from aftersales.models import Case, Order
from aftersales.models.case.loading import ALONG
from aftersales.prepared import Prepared, together


def seen(row: Any) -> Any:
    """All that stands in a row and in what is joined to it, with the kinds of its values."""
    if not isinstance(row, models.Model):
        return [(type(value), value) for value in row]
    own = {
        field.attname: (type(row.__dict__[field.attname]), row.__dict__[field.attname])
        for field in row._meta.concrete_fields
        if field.attname in row.__dict__
    }
    joined = {
        name: seen(other)
        for name, other in row._state.fields_cache.items()
        if isinstance(other, models.Model) and type(other) is not Case and name != "message"
    }
    return type(row), own, joined


@pytest.mark.parametrize("stage", ["answered", "rejected"])
def test_it_finds_what_django_finds(make_case, stage):
    case: Case = make_case(stage)
    keys = {"": case.pk, "order": case.order_id, "line": case.line_id, "shop": case.shop_id}
    asked = [(query, (keys[name.rpartition(".")[0]],)) for name, query in ALONG.items()]
    found = together(*asked)

    for (query, given), rows in zip(asked, found, strict=True):
        django = [seen(row) for row in query.make(*given)]
        assert [seen(row) for row in query(*given)] == django
        assert [seen(row) for row in rows] == django
    assert sum(map(bool, found)) >= 8


def test_it_counts_rows_without_reading_them(make_case):
    first, _second = make_case(), make_case()
    orders = Prepared(lambda shop: Order.objects.filter(shop=shop), counted=True)

    assert orders(first.shop_id) == [(2,)]
    assert together((orders, (first.shop_id,)), (orders, (0,))) == [[(2,)], [(0,)]]


def test_what_was_read_along_can_still_be_asked_for_more(make_case, django_assert_num_queries):
    case = Case.objects.get(pk=make_case("answered").pk)
    case.load_along()

    with django_assert_num_queries(0):
        assert [each.number for each in case.rounds.all()] == [1]
        assert case.rounds.all()[0].case is case
    assert not case.rounds.filter(number=2).exists()
    assert case.rounds.get(number=1).case_id == case.pk
    case.send_message(by=case.buyer, text="还在等")
    assert case.thread()[-1].text == "还在等"
