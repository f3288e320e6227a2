"""Every row of a shop says whose it is, so that tables can be distributed by shop (docs/scale.md)."""

from operator import attrgetter
from typing import Any

from django.apps import apps

from aftersales.market.desk import Desk
from aftersales.models import Case, Order
from aftersales.models.placing import ShopOf

# Not a shop's rows: a person's own (drafts, notices), the platform's (findings, service requests),
# the night's figures, which have their shop already, and a job's items, which go with the job.
OTHERS = {"Draft", "Notice", "Finding", "ServiceRequest", "Counted", "DayFigure", "JobItem"}


def placed() -> dict[type[Any], tuple[str, ...]]:
    found = {}
    for model in apps.get_app_config("aftersales").get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ShopOf):
                found[model] = field.ways
    return found


def test_whatever_hangs_on_a_case_or_an_order_carries_its_shop() -> None:
    known = placed()
    missing = {
        model.__name__
        for model in apps.get_app_config("aftersales").get_models()
        if any(field.related_model in (Case, Order) for field in model._meta.concrete_fields)
        and not any(field.name == "shop" for field in model._meta.concrete_fields)
    }
    assert missing <= OTHERS
    assert len(known) == 26


def test_what_is_unique_among_a_shops_rows_is_so_within_the_shop() -> None:
    for model in (*placed(), Case, Order):
        for constraint in model._meta.total_unique_constraints:
            assert "shop" in constraint.fields, constraint.name


def test_each_row_has_the_shop_of_its_case(make_desk: Any) -> None:
    desk: Desk = make_desk("checked")
    desk.negotiate()
    desk.reply()
    desk.negotiate()
    desk.reply()
    desk.reject()
    seen = set()
    for model, ways in placed().items():
        for row in model.objects.all():
            seen.add(model.__name__)
            way = next(way for way in ways if attrgetter(way)(row))
            assert row.shop_id == attrgetter(f"{way}.shop_id")(row), row
    assert seen >= {"Event", "Round", "Offer", "Evidence", "Precheck", "OrderLine", "Payment"}
