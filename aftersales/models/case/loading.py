"""How cases are locked and loaded: one for a step, a batch for a sweep."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import compress
from operator import is_not
from typing import Any, Self

from django.db import models
from django.db.models import Prefetch

from aftersales.bulk import among
from aftersales.models.history import Evidence
from aftersales.models.negotiation import Offer
from aftersales.models.order import Order
from aftersales.models.people import Shop
from aftersales.steps import Stepped

UNTRACKED = {"id", "code"}
# What no step of time reads: it stays where it is until somebody asks for it.
UNREAD = [
    *("description", "snapshot", "agreement_version", "agreement_at"),
    *("order__receiver", "order__phone", "order__address", "order__buyer_nick"),
    *("order__buyer_note", "order__shop_note", "order__imported_at", "order__contact_dropped_at"),
]


# What pages ask a case for again and again.
ALONG: dict[str, Callable[[], Any]] = {
    "offers": lambda: Prefetch("offers", Offer.objects.select_related("plan", "round")),
    "evidence": lambda: Prefetch("evidence", Evidence.objects.select_related("upload")),
    "interventions": lambda: "interventions",
    "parcels": lambda: "order__parcels",
}


class Loaded(Stepped):
    _first: dict[str, Any]  # what is stored

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Any:
        case = super().from_db(*args, **kwargs)
        case._rows, case._changed, case._removed = [], [], []  # pages ask, too
        case.remember()
        return case

    def load_along(self, *names: str) -> Self:
        """Read once, until the case moves on, what is in ``ALONG``, or of it ``names``."""
        known = self.__dict__.get("_prefetched_objects_cache", ())
        wanted = [ALONG[name]() for name in names or ALONG if name not in known]
        models.prefetch_related_objects([self], *wanted)
        return self

    def remember(self) -> None:
        """Note the stored values, so that the engine writes only what a step changed."""
        self._first = self.__dict__.copy()

    def dirty(self) -> list[str]:
        now, first = self.__dict__, self._first
        attnames, names = self._tracked()
        other = map(is_not, map(now.get, attnames), map(first.get, attnames))
        return [
            name
            for attname, name in compress(zip(attnames, names, strict=True), other)
            if now.get(attname) != first.get(attname)
        ]

    @classmethod
    @cache
    def _tracked(cls) -> tuple[list[str], list[str]]:
        """Columns and names of what a step may change."""
        fields = [each for each in cls._meta.concrete_fields if each.name not in UNTRACKED]
        return [field.attname for field in fields], [field.name for field in fields]

    @classmethod
    def for_writing(cls) -> models.QuerySet[Any]:
        """Cases locked with their order, with what bodies read loaded along."""
        locked: models.QuerySet[Any] = cls._default_manager.all()
        locked = locked.select_for_update(of=("self", "order"))
        return locked.select_related("order", "line", "reason", "shop", "buyer", "fault")

    @classmethod
    def for_sweeping(cls) -> models.QuerySet[Any]:
        """The same for a batch, which leaves aside what somebody else has locked."""
        locked: models.QuerySet[Any] = cls._default_manager.all()
        locked = locked.select_for_update(of=("self", "order"), skip_locked=True)
        return locked.select_related("order", "fault").defer(*UNREAD)

    @classmethod
    def preload(cls, cases: Sequence[Any]) -> None:
        """Load for a batch what time's steps read, in a few queries however many cases.

        Django's own prefetch would make a queryset for each case, which is half of a sweep.
        """
        orders: dict[int, Order] = {}
        for case in cases:
            if (order := orders.setdefault(case.order_id, case.order)) is not case.order:
                case.order = order
        shops = Shop.objects.in_bulk({case.shop_id for case in cases})
        for case in cases:
            case._state.fields_cache["shop"] = shops[case.shop_id]
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
    found: dict[Any, list[models.Model]] = {owner.pk: [] for owner in owners}
    for row in link.related_model._default_manager.filter(among(column, found)):
        found[getattr(row, column)].append(row)
    for owner, rows in zip(owners, found.values(), strict=True):
        owner.__dict__.setdefault("_prefetched_objects_cache", {})[name] = rows
