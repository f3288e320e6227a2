"""How cases are locked and loaded: one for a step, a batch for a sweep."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import models

from aftersales.models.order import Order
from aftersales.models.people import Shop
from aftersales.steps import Stepped

UNTRACKED = {"id", "code"}


class Loaded(Stepped):
    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Any:
        case = super().from_db(*args, **kwargs)
        case.remember()
        return case

    def remember(self) -> None:
        """Note the stored values, so that the engine writes only what a step changed."""
        self._first = self.__dict__.copy()

    def dirty(self) -> set[str]:
        now, first = self.__dict__, self._first
        return {
            name
            for attname, name in self._tracked()
            if attname in now and now[attname] != first.get(attname)
        }

    @classmethod
    @cache
    def _tracked(cls) -> list[tuple[str, str]]:
        fields = cls._meta.concrete_fields
        return [(field.attname, field.name) for field in fields if field.name not in UNTRACKED]

    @classmethod
    def for_writing(cls) -> models.QuerySet[Any]:
        """Cases locked with their order, with what bodies read loaded along."""
        locked: models.QuerySet[Any] = cls._default_manager.all()
        locked = locked.select_for_update(of=("self", "order"))
        return locked.select_related("order", "line", "reason", "shop", "buyer")

    @classmethod
    def for_sweeping(cls) -> models.QuerySet[Any]:
        """The same for a batch, which leaves aside what somebody else has locked."""
        locked: models.QuerySet[Any] = cls._default_manager.all()
        locked = locked.select_for_update(of=("self", "order"), skip_locked=True)
        return locked.select_related("order")

    @classmethod
    def preload(cls, cases: Sequence[Any]) -> None:
        """Load for a batch what time's steps read, in a few queries however many cases.

        Django's own prefetch would make a queryset for each case, which is half of a sweep.
        """
        orders: dict[int, Order] = {}
        for case in cases:
            case.order = orders.setdefault(case.order_id, case.order)
        shops = Shop.objects.in_bulk({case.shop_id for case in cases})
        for case in cases:
            case.shop = shops[case.shop_id]
        for name in ("rounds", "offers", "interventions"):
            hand_out(cases, name)
        hand_out([case for case in cases if case.request_due_at], "requests")
        for name in ("payments", "parcels"):
            hand_out(list(orders.values()), name)
        hand_out(list(shops.values()), "addresses")
        Order.load_given_back(list(orders.values()))


def hand_out(owners: Sequence[models.Model], name: str) -> None:
    """Load a reverse relation of many rows at once, where ``owner.<name>.all()`` will find it."""
    if not owners:
        return
    link: Any = type(owners[0])._meta.get_field(name)
    column = link.field.attname
    found: dict[Any, list[models.Model]] = {}
    rows = link.related_model._default_manager.filter(
        **{f"{column}__in": [owner.pk for owner in owners]}
    )
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row)
    for owner in owners:
        known = owner.__dict__.setdefault("_prefetched_objects_cache", {})
        known[name] = found.get(owner.pk, [])
