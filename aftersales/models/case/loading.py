"""How cases are locked and loaded: one for a step, a batch for a sweep."""

from collections.abc import Callable, Collection, Sequence
from functools import cache
from itertools import compress
from operator import is_not, itemgetter
from typing import Any, Self

from django.db import models
from django.db.models import Prefetch

from aftersales.bulk import among
from aftersales.models.history import Evidence
from aftersales.models.negotiation import Offer
from aftersales.models.order import Order
from aftersales.models.people import Shop
from aftersales.steps import Stepped

# What no step of time reads, nor any step changes, and of the order all but what they read: it
# stays where it is until somebody asks for it.
READ_OF_ORDER = {"id", "shop", "state", "shipped_at", "signed_at"}
UNREAD = [
    *("description", "snapshot", "agreement_version", "agreement_at"),
    *(f"order__{each.name}" for each in Order._meta.fields if each.name not in READ_OF_ORDER),
]


# What pages ask a case for again and again.
ALONG: dict[str, Callable[[], Any]] = {
    "offers": lambda: Prefetch("offers", Offer.objects.select_related("plan", "round")),
    "evidence": lambda: Prefetch("evidence", Evidence.objects.select_related("upload")),
    "interventions": lambda: "interventions",
    "parcels": lambda: "order__parcels",
}


class Loaded(Stepped):
    _first: tuple[Collection[str], Collection[Any]]  # what is stored: columns and values

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Any:
        case = super().from_db(db, field_names, values, **kwargs)
        case._rows, case._changed, case._removed = [], [], []  # pages ask, too
        case._first = field_names, values
        return case

    def load_along(self, *names: str) -> Self:
        """Read once, until the case moves on, what is in ``ALONG``, or of it ``names``."""
        known = self.__dict__.get("_prefetched_objects_cache", ())
        wanted = [ALONG[name]() for name in names or ALONG if name not in known]
        models.prefetch_related_objects([self], *wanted)
        return self

    def remember(self) -> None:
        columns = [each for each in self._columns() if each in self.__dict__]
        self._first = columns, itemgetter(*columns)(self.__dict__)

    def dirty(self) -> list[str]:
        (columns, first), names = self._first, self._columns()
        now = itemgetter(*columns)(self.__dict__)
        other = compress(zip(columns, now, first, strict=True), map(is_not, now, first))
        return [names[column] for column, value, stored in other if value != stored]

    @classmethod
    @cache
    def _columns(cls) -> dict[str, str]:
        """The fields by the names of their columns."""
        return {each.attname: each.name for each in cls._meta.concrete_fields}

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
        hand_out(cases, "offers")
        hand_out([case for case in cases if case.round_number], "rounds")
        hand_out([case for case in cases if case.platform_asked_at], "interventions")
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
