"""自动同意: a shop's rules answer what buyers apply for, once for each case; and a dry run (M24).

``Case.rules_at`` is the queue. A rule agrees by the ordinary step, with the permission, the
gates and the undo window of the member who wrote it; it never rejects, and what it does not
agree to waits for people. An agreement by rule is the merchant's own act: the first answer, and
never counted as overdue.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case as Either
from django.db.models import Count, DecimalField, F, Q, QuerySet, Sum, When
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.display import money
from aftersales.enums import WANTS_GOODS, CaseType
from aftersales.jobs import bulk
from aftersales.models import AgreeRule, Case, Shop
from aftersales.rules.agreeing import Earlier, Shipping, fits
from aftersales.rules.deadlines import CHINA
from aftersales.steps import Refused

logger = logging.getLogger(__name__)

NOTHING = Decimal("0.00")
LOOKED_AT = timedelta(days=30)  # by a dry run
WORTH = Either(
    When(type__in=WANTS_GOODS, then=F("refundable")),
    default=F("amount"),
    output_field=DecimalField(),
)
READ = (
    *("code", "status", "type", "amount", "refundable", "snapshot", "applied_at", "buyer"),
    *("reason__code", "reason__label_zh", "reason__label_en"),
)


# The sweep ----------------------------------------------------------------------------------------


def consider_due(limit: int = 500) -> int:
    """Let the rules look at what was applied for since; return how many cases they looked at."""
    done = 0
    while done < limit and _next():
        done += 1
    return done


def _next() -> bool:
    """Look at the next case, in one transaction with what comes of it; false if none is free."""
    with transaction.atomic():
        waiting = Case.for_sweeping().filter(rules_at__isnull=False).order_by("rules_at")
        case = waiting.select_related("order", "shop", "reason", "line").first()
        if case is None:
            return False
        Case.objects.filter(pk=case.pk).update(rules_at=None)
        try:
            with transaction.atomic():
                _answer(case)
        except Refused:
            pass  # it has moved on meanwhile: people see to it
        except Exception:
            logger.exception("the rules of the shop broke at case %s", case.code)
    return True


def _answer(case: Case) -> None:
    """Agree by the first rule that means the case and may; the rules are locked for their sums."""
    if case.handled_at is not None:
        return  # people were quicker
    rules = AgreeRule.on(case.shop).filter(written_at__lte=case.applied_at)
    others = _others(case.shop, [case.buyer_id])[case.buyer_id]
    for rule in rules.select_for_update(of=("self",)).select_related("author"):
        if not fits(rule, case, others):
            continue
        if spent(rule, clock.now()) + case.worth > rule.day_most:
            continue
        if not bulk.why_not(case, rule.author):
            _agree(case, rule)
            return


def _agree(case: Case, rule: AgreeRule) -> None:
    step = bulk.agreeing(case)
    given: dict[str, Any] = {"address": bulk.address_of(case)} if step == "agree_return" else {}
    take = getattr(case, step)
    take(by=rule.author, rule=rule, undo_within=case.undo_window, **given)


def _others(shop: Shop, buyers: Iterable[int]) -> dict[int, list[Earlier]]:
    """The cases of some buyers in a shop, by buyer."""
    found: dict[int, list[Earlier]] = defaultdict(list)
    rows = Case.objects.filter(shop=shop, buyer__in=buyers).order_by()
    for buyer, at, asked in rows.values_list("buyer", "applied_at", "platform_asked_at"):
        found[buyer].append(Earlier(at, asked))
    return found


def in_words(rule: AgreeRule, names: dict[str, str]) -> Iterator[str]:
    """What a rule asks, in words."""
    yield _("、").join(str(CaseType(each).label) for each in rule.types)
    if rule.reasons:
        yield _("、").join(names.get(code, code) for code in rule.reasons)
    yield _("单笔不超过 %(amount)s") % {"amount": money(rule.most)}
    if rule.shipping:
        yield str(Shipping(rule.shipping).label)
    if rule.buyer_most is not None:
        yield _("买家 90 天内在本店不超过 %(n)s 单") % {"n": rule.buyer_most}
    if rule.undisputed:
        yield _("买家没有申请过平台介入")
    yield _("每天最多 %(amount)s") % {"amount": money(rule.day_most)}


# What rules have agreed to ------------------------------------------------------------------------


def agreed_by(rule: AgreeRule) -> QuerySet[Case]:
    """The cases that a rule has agreed to, in any of its versions; what was undone is not there."""
    return Case.objects.filter(agreed_rule__shop=rule.shop_id, agreed_rule__code=rule.code)


class Done(NamedTuple):
    """What a rule has agreed to in the last 30 days, and of it today; yuan."""

    cases: int
    total: Decimal
    today: Decimal


def done(shop: Shop, at: datetime) -> dict[str, Done]:
    """By the code of a rule; one that has agreed to nothing is not there."""
    rows = Case.objects.filter(agreed_rule__shop=shop, handled_at__gte=at - LOOKED_AT).order_by()
    counted = rows.values_list("agreed_rule__code").annotate(
        cases=Count("pk"),
        total=Sum(WORTH),
        today=Sum(WORTH, filter=Q(handled_at__gte=_morning(at)), default=NOTHING),
    )
    return {code: Done(*told) for code, *told in counted}


def spent(rule: AgreeRule, at: datetime) -> Decimal:
    """What the rule has agreed to on the day of ``at`` in China, in yuan."""
    today = agreed_by(rule).filter(handled_at__gte=_morning(at)).order_by()
    return today.aggregate(sum=Sum(WORTH))["sum"] or NOTHING


def _morning(at: datetime) -> datetime:
    return at.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)


# The dry run --------------------------------------------------------------------------------------


@dataclass
class Trial:
    """The cases of the last 30 days that a rule means, the newest first; ``left`` are those that
    its daily limit would have left to people. Yuan."""

    cases: list[Case] = field(default_factory=list)
    left: list[Case] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((case.worth for case in self.cases), NOTHING)


def try_out(rule: AgreeRule, at: datetime) -> Trial:
    """What a rule, stored or not, would have agreed to; gates of the day are not looked at."""
    rows = Case.objects.filter(shop=rule.shop_id, applied_at__gte=at - LOOKED_AT)
    cases = list(rows.select_related("reason").only(*READ).order_by("applied_at", "pk"))
    others = _others(rule.shop, {case.buyer_id for case in cases})
    days: dict[Any, Decimal] = defaultdict(Decimal)
    trial = Trial()
    for case in cases:
        if not fits(rule, case, others[case.buyer_id]):
            continue
        day = case.applied_at.astimezone(CHINA).date()
        if days[day] + case.worth > rule.day_most:
            trial.left.insert(0, case)
            continue
        days[day] += case.worth
        trial.cases.insert(0, case)
    return trial
