"""What has worked in this shop: accepted scripts and plans, and what its rejections led to (M9, M19)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from typing import Any, TypeVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from aftersales import clock
from aftersales.enums import FOR_BUYER, Party, PlanState, RoundState
from aftersales.figures.definitions import HUNDREDTH
from aftersales.models import Case, Counted, Intervention, Measure, Offer, Round, Shop

LOOKS_BACK = timedelta(days=180)
ENOUGH = 30  # cases, before the order of suggestions follows
SHOWN_FROM = 20  # cases, before a share says anything
A_YEAR = timedelta(days=365)
Z = 1.959964  # 95 % of a normal distribution lie within ± Z

Item = TypeVar("Item")


@dataclass(frozen=True)
class Share:
    """``part`` of ``whole`` cases; percent with two decimals, and the interval after Wilson (95 %)."""

    part: int
    whole: int

    @property
    def rate(self) -> Decimal | None:
        return _percent(self.part / self.whole) if self.whole else None

    @property
    def interval(self) -> tuple[Decimal, Decimal] | None:
        if not self.whole:
            return None
        low, high = self._wilson()
        return _percent(low), _percent(high)

    @property
    def low(self) -> float:
        return self._wilson()[0] if self.whole else 0.0

    def _wilson(self) -> tuple[float, float]:
        n, share = self.whole, self.part / self.whole
        middle = share + Z * Z / (2 * n)
        reach = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        scale = 1 + Z * Z / n
        return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def _percent(share: float) -> Decimal:
    return (Decimal(str(round(share, 12))) * 100).quantize(HUNDREDTH, ROUND_HALF_UP)


# Scripts, plans and reasons -----------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """Rows of rounds or offers, the code that they are counted by, and which of them was accepted."""

    rows: Callable[[Shop], QuerySet[Any]]
    code: str
    accepted: Q


def _rounds(shop: Shop) -> QuerySet[Any]:
    """Rounds whose outcome is known, of the last half year."""
    since = clock.now() - LOOKS_BACK
    sent = Round.objects.filter(case__shop=shop, sent_at__gte=since)
    return sent.exclude(state=RoundState.WAITING).order_by()


def _offers(shop: Shop) -> QuerySet[Any]:
    """What the merchant offered in it, where the buyer's answer is known."""
    since = clock.now() - LOOKS_BACK
    offers = Offer.objects.filter(case__shop=shop, party=Party.MERCHANT, at__gte=since)
    return offers.exclude(state=PlanState.OPEN).order_by()


KINDS = {
    "script": Kind(_rounds, "script__code", Q(state=RoundState.ACCEPTED)),
    "plan": Kind(_offers, "plan__code", Q(state=PlanState.ACCEPTED)),
    "reason": Kind(_rounds, "case__reason__code", Q(state=RoundState.ACCEPTED)),
}


def shares(shop: Shop, name: str) -> dict[str, Share]:
    """In how many cases each script, plan or reason was tried, and in how many it was accepted."""
    kind = KINDS[name]
    rows = kind.rows(shop).filter(**{f"{kind.code}__isnull": False}).values_list(kind.code)
    counted = rows.annotate(
        whole=Count("case", distinct=True),
        part=Count("case", distinct=True, filter=kind.accepted),
    )
    return {code: Share(part, whole) for code, whole, part in counted}


def cases(shop: Shop, name: str, code: str) -> QuerySet[Any]:
    """The cases behind a share, the newest first; ``accepted`` says which are its part."""
    kind = KINDS[name]
    rows = kind.rows(shop).filter(**{kind.code: code})
    accepted = Exists(rows.filter(kind.accepted, case=OuterRef("pk")))
    found = Case.objects.filter(pk__in=rows.values("case")).annotate(accepted=accepted)
    return found.order_by("-applied_at", "-pk")


def in_order(items: Sequence[Item], shares: Mapping[str, Share]) -> list[Item]:
    """The better proven first. What is not proven (fewer than 30 cases) keeps its place."""
    proven = [each for each in items if share_of(each, shares).whole >= ENOUGH]
    better = iter(sorted(proven, key=lambda each: -share_of(each, shares).low))
    return [next(better) if each in proven else each for each in items]


def share_of(item: Any, shares: Mapping[str, Share]) -> Share:
    """What is known of an item with a code; nothing yet is nothing of nothing."""
    return shares.get(item.code, Share(0, 0))


# Similar rejections -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Similar:
    """What this shop's rejections of the same buyer's reason led to within a year."""

    count: int
    escalated: Share
    lost: Share


def similar_rejections(case: Case) -> Similar | None:
    """Nothing while there are too few to say anything (fewer than 20)."""
    rejected = Counted.objects.filter(
        shop_id=case.shop_id,
        measure=Measure.REJECTED,
        subject=case.reason.code,
        day__gte=(clock.now() - A_YEAR).date(),
    ).exclude(case=case.pk)
    same = {"shop_id": OuterRef("shop_id"), "case_id": OuterRef("case_id")}
    went_on = Counted.objects.filter(**same, measure=Measure.REJECTED_INTERVENED)
    for_buyer = Intervention.objects.filter(case_id=OuterRef("case_id"), ruling__in=FOR_BUYER)
    found = rejected.aggregate(
        count=Count("case", distinct=True),
        escalated=Count("case", distinct=True, filter=Exists(went_on)),
        lost=Count("case", distinct=True, filter=Exists(went_on) & Exists(for_buyer)),
    )
    count = found["count"]
    if count < SHOWN_FROM:
        return None
    return Similar(count, Share(found["escalated"], count), Share(found["lost"], count))
