"""How cases are locked and loaded: one for a step, a batch for a sweep."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from itertools import compress
from operator import is_not, itemgetter
from typing import Any, Self

from django.db import connection, models

from aftersales.bulk import among, any_of, array
from aftersales.models.complaint import Complaint
from aftersales.models.desk import Note, Tag
from aftersales.models.history import Event, Evidence
from aftersales.models.intervention import Intervention
from aftersales.models.negotiation import (
    CaseRequest,
    Message,
    Offer,
    Precheck,
    Proposal,
    Round,
    VirtualNumber,
)
from aftersales.models.order import Order, OrderLine, Parcel, Payment
from aftersales.models.people import Member, ReturnAddress, Shop
from aftersales.models.refund import Refund
from aftersales.models.returning import FreightClaim, Receipt
from aftersales.models.rulebook import RulebookMark
from aftersales.prepared import Asked, Prepared, together
from aftersales.steps import Stepped

# What no step of time reads, nor any step changes, and of the order all but what they read: it
# stays where it is until somebody asks for it.
READ_OF_ORDER = {"id", "shop", "state", "shipped_at", "signed_at"}
UNREAD = [
    *("description", "snapshot", "agreement_version", "agreement_at"),
    *(f"order__{each.name}" for each in Order._meta.fields if each.name not in READ_OF_ORDER),
]


# What is read with a case, by the key of its owner: of the case itself, of its order, line or shop.
ALONG: dict[str, Prepared] = {
    "rounds": Prepared(lambda case: Round.objects.filter(case=case)),
    "offers": Prepared(
        lambda case: Offer.objects.filter(case=case).select_related("plan", "round")
    ),
    "requests": Prepared(lambda case: CaseRequest.objects.filter(case=case)),
    "evidence": Prepared(lambda case: Evidence.objects.filter(case=case).select_related("upload")),
    "interventions": Prepared(lambda case: Intervention.objects.filter(case=case)),
    "complaints": Prepared(lambda case: Complaint.objects.filter(case=case)),
    "freight_claims": Prepared(lambda case: FreightClaim.objects.filter(case=case)),
    "prechecks": Prepared(lambda case: Precheck.objects.filter(case=case)),
    "receipts": Prepared(lambda case: Receipt.objects.filter(case=case)),
    "refunds": Prepared(lambda case: Refund.objects.filter(case=case)),
    "events": Prepared(
        lambda case: Event.objects.filter(case=case).select_related("user").order_by("version")
    ),
    "messages": Prepared(lambda case: Message.objects.filter(case=case).select_related("user")),
    "notes": Prepared(lambda case: Note.objects.filter(case=case).select_related("member__user")),
    "tags": Prepared(lambda case: Tag.objects.filter(cases=case)),
    "virtual_numbers": Prepared(lambda case: VirtualNumber.objects.filter(case=case)),
    "order.lines": Prepared(lambda order: OrderLine.objects.filter(order=order)),
    "order.parcels": Prepared(lambda order: Parcel.objects.filter(order=order)),
    "order.payments": Prepared(lambda order: Payment.objects.filter(order=order)),
    "order.given_back": Prepared(
        lambda order: Refund.objects.filter(case__order=order).values_list(
            "route", "reference", "amount"
        )
    ),
    "line.messages": Prepared(
        lambda line: Message.objects.filter(line=line).select_related("user", "proposal__plan")
    ),
    "line.proposals": Prepared(
        lambda line: Proposal.objects.filter(line=line).select_related("plan")
    ),
    "shop.addresses": Prepared(lambda shop: ReturnAddress.objects.filter(shop=shop)),
    "shop.tags": Prepared(lambda shop: Tag.objects.filter(shop=shop)),
    "mark": Prepared(lambda case: RulebookMark.objects.values_list("mark")),
    # the pictures of both kinds of messages
    "pictures": Prepared(
        lambda case: (
            Message.uploads.through.objects.filter(message__case=case)
            .select_related("upload")
            .order_by("pk")
        )
    ),
    "line.pictures": Prepared(
        lambda line: (
            Message.uploads.through.objects.filter(message__line=line)
            .select_related("upload")
            .order_by("pk")
        )
    ),
}
NO_RELATION = ("mark", "given_back", "pictures")
# Who takes a step, and what the same click has done before.
BEING = Prepared(lambda shop, user: Member.objects.being(shop, user))
CLICKED = Prepared(lambda case, key: Event.objects.filter(case=case, key=key))
THREAD = ("messages", "pictures", "line.messages", "line.pictures")
# What bodies and conditions of steps ask.
FOR_A_STEP = (
    *("rounds", "offers", "requests", "evidence", "interventions", "complaints", "prechecks"),
    *("freight_claims", "order.parcels", "order.payments", "order.given_back"),
    *("shop.addresses", "mark"),
)
# What pages ask again and again.
FOR_A_PAGE = (
    *("rounds", "offers", "requests", "evidence", "interventions", "complaints", "events"),
    *("freight_claims", "order.parcels", "shop.addresses", "line.proposals", *THREAD),
)


class Loaded(Stepped):
    _first: tuple[Sequence[str], Sequence[Any]]  # what is stored: columns and values
    _recent: Sequence[Any] | None = None  # what ``recently`` found, for who judges the risks

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Any:
        case = super().from_db(db, field_names, values, **kwargs)
        case._rows, case._changed, case._removed = [], [], []  # pages ask, too
        case._first = field_names, values  # type: ignore[assignment] # lists, both
        return case

    def load_along(self, *names: str) -> Self:
        """Read ``FOR_A_PAGE``, or ``names``, where it was not; it is kept until the case moves on."""
        self.read_along(names or FOR_A_PAGE)
        return self

    def load_to_judge(self) -> Self:
        """Read what a step reads that judges the risks."""
        self._recent = self.read_along(FOR_A_STEP, *self.recently())
        return self

    def recently(self) -> Sequence[Asked]:
        """What the warnings ask of other cases of the shop and the order."""
        raise NotImplementedError

    def read_along(self, names: Iterable[str], *more: Asked) -> list[Any]:
        """Read all of it in one statement; return what the queries in ``more`` find."""
        wanted = []
        for name in names:
            path, _, relation = name.rpartition(".")
            owner = getattr(self, path) if path else self
            if relation not in owner.__dict__.get("_prefetched_objects_cache", ()):
                wanted.append((owner, relation, (ALONG[name], (owner.pk,))))
        asked: list[Asked] = [each for *_, each in wanted]
        found = together(*asked, *more) if asked or more else []
        for (owner, relation, _), rows in zip(wanted, found, strict=False):
            _keep(owner, relation, rows)
        return found[len(wanted) :]

    def forget_along(self) -> None:
        """What was read is read anew where it is asked for the next time."""
        cached, self._recent = self._state.fields_cache, None
        for owner in (self, *filter(None, map(cached.get, ("order", "line", "shop")))):
            owner.__dict__.pop("_prefetched_objects_cache", None)
            owner.__dict__.pop("_gone", None)

    def remember(self) -> None:
        columns = [each for each in self._columns() if each in self.__dict__]
        self._first = columns, itemgetter(*columns)(self.__dict__)

    def dirty(self) -> list[str]:
        (columns, first), names = self._first, self._columns()
        now = itemgetter(*columns)(self.__dict__)
        other = compress(range(len(now)), map(is_not, now, first))
        return [names[columns[at]] for at in other if now[at] != first[at]]

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
    def locked(cls, pk: int, by: Any = None, key: str = "", *, judged: bool = False) -> Any:
        """One case for a step of ``by``, with what its body reads, and what the click of this
        ``key`` has done ``earlier``: two statements, whatever the step is. ``judged`` asks for
        what the risks depend on as well."""
        [row] = cls._locking()(pk)
        who = getattr(by, "pk", None)
        members, events, *recent = row.read_along(
            FOR_A_STEP,
            (BEING, (row.shop_id, who)),
            (CLICKED, (pk, key or None)),
            *(row.recently() if judged else ()),
        )
        row._recent = recent or None
        row._members = {who: next(iter(members), None)} if who else {}
        row.earlier = next(iter(events), None)
        return row

    @classmethod
    @cache
    def _locking(cls) -> Prepared:
        return Prepared(lambda pk: cls.for_writing().filter(pk=pk))

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


def _keep(owner: Any, name: str, rows: list[Any]) -> None:
    """Where ``owner.<name>.all()`` finds them; it is a queryset still, and can be asked for more."""
    known = owner.__dict__.setdefault("_prefetched_objects_cache", {})
    if name == "given_back":
        owner.note_given_back(rows)
    if name in NO_RELATION:
        known[name] = rows
        return
    link = owner._meta.get_field(name).field
    if link.many_to_one:
        for row in rows:
            link.set_cached_value(row, owner)
    loaded: Any = link.model._default_manager.all()  # the relation's own manager takes far longer
    loaded._deferred_filter = False, (), {link.name: owner}
    loaded._result_cache, loaded._prefetch_done = rows, True
    known[name] = loaded


def hand_out(owners: Sequence[models.Model], name: str) -> None:
    """Load a reverse relation of many rows at once, where ``owner.<name>.all()`` will find it."""
    if not owners:
        return
    column, related = _related(type(owners[0]), name)
    found: dict[Any, list[models.Model]] = {owner.pk: [] for owner in owners}
    for row in related(found):
        found[getattr(row, column)].append(row)
    for owner, rows in zip(owners, found.values(), strict=True):
        owner.__dict__.setdefault("_prefetched_objects_cache", {})[name] = rows


@cache
def _related(model: type[models.Model], name: str) -> tuple[str, Callable[[Iterable[int]], Any]]:
    """The column by which rows of a reverse relation name their owner, and those of many owners."""
    link: Any = model._meta.get_field(name)
    column, rows = link.field.attname, link.related_model._default_manager
    if connection.vendor != "postgresql":
        return column, lambda keys: rows.filter(among(column, keys))
    query = Prepared(lambda keys: rows.filter(any_of(column, keys)))
    return column, lambda keys: query(array(keys))
