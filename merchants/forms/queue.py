"""筛选: what narrows a work list (M1). Everything is optional; what can't be understood narrows nothing."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Exists, IntegerField, OuterRef, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.timezone import make_aware
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales import clock
from aftersales.enums import NEGOTIABLE, CaseType, Direction, Phase, RoundState, ScanKind, Status
from aftersales.forms import MoneyField
from aftersales.models import Case, CaseQuerySet, Member, Order, Parcel, Tag
from aftersales.rules import facts
from merchants import counting
from merchants.words import Words

MOST_NUMBERS = 200  # of a pasted list
LONGEST_NAME = 80  # of goods or a buyer; what is longer is a list of numbers
NUMBER = re.compile(r"(?=.*\d)[\w-]{5,}", re.ASCII)
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
ALL = _("全部")
STAGES = [
    ("new", _("新申请")),
    ("first", _("第一轮")),
    ("waiting", _("等待回复")),
    ("answered", _("买家已回复")),
    ("expired", _("等待已结束")),
    ("second", _("第二轮")),
    ("decide", _("可驳回")),
]
SHIPPED = [
    ("none", _("未发货")),
    ("unscanned", _("未揽收")),
    ("moving", _("运输中")),
    ("stalled", _("断更")),
    ("signed", _("已签收")),
    ("refused", _("拒收或退回")),
    ("back", _("退货在途")),
    ("arrived", _("退货已签收")),
]
ON_THE_WAY = (ScanKind.PICKED_UP, ScanKind.MOVING, ScanKind.DELIVERING)


class Choices(filters.MultipleChoiceFilter):
    """Any of several, ticked."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(label=label, distinct=False, **kwargs)


class Choice(filters.ChoiceFilter):
    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label=label, empty_label=ALL, widget=forms.RadioSelect, **kwargs)


class Yes(filters.BooleanFilter):
    """Ticked it narrows; left alone it says nothing."""

    field_class = forms.BooleanField

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label=label, widget=forms.CheckboxInput, **kwargs)


class Yuan(filters.NumberFilter):
    field_class = MoneyField


class Day(filters.DateFilter):
    """From the first moment of a day, or (``lt``) until its last, as China counts days."""

    def __init__(self, label: Any, field_name: str, lookup_expr: str) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(
            label=label,
            field_name=field_name,
            lookup_expr=lookup_expr,
            widget=widget,
            validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        )

    def filter(self, qs: CaseQuerySet, value: date | None) -> CaseQuerySet:
        if value is None:
            return qs
        day = value + timedelta(days=self.lookup_expr == "lt")
        return super().filter(qs, make_aware(datetime.combine(day, time.min)))  # type: ignore[no-any-return]


Pairs = tuple[tuple[str, str], ...]


def choices_of(words: Words, me: Member, team: Iterable[Member]) -> dict[str, Pairs]:
    """What those filters offer that know the shop."""
    others = tuple((str(each.pk), str(each.user)) for each in team if each.pk != me.pk)
    return {
        "reason": words.reasons,
        "who": (("me", gettext("我")), ("none", gettext("未分配")), *others),
        "tag": tuple((name, name) for name in words.tags),
    }


class QueueFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("搜索"), method="by_words", max_length=8000)
    type = Choices(_("类型"), choices=CaseType.choices)
    reason = Choices(_("原因"), field_name="reason__code", choices=[])
    stage = Choice(_("进度"), choices=STAGES, method="by_stage")
    ship = Choices(_("物流"), choices=SHIPPED, method="by_parcel")
    least = Yuan(label=_("金额从"), field_name="value", lookup_expr="gte")
    most = Yuan(label=_("金额到"), field_name="value", lookup_expr="lte")
    who = Choice(_("处理人"), choices=[], method="by_assignee")
    tag = Choices(_("标签"), choices=[], method="by_tag")
    applied_from = Day(_("申请时间从"), "applied_at", "gte")
    applied_to = Day(_("申请时间到"), "applied_at", "lt")
    closed_from = Day(_("结束时间从"), "closed_at", "gte")
    closed_to = Day(_("结束时间到"), "closed_at", "lt")
    phase = Choice(_("售中或售后保障"), choices=Phase.choices)
    platform = Choice(
        _("平台介入"),
        choices=[("yes", _("介入过")), ("no", _("没有介入"))],
        method="by_platform",
    )
    auto = Choice(
        _("自动同意"),
        choices=[
            ("yes", _("逾期自动同意")),
            ("rule", _("按本店规则同意")),
            ("no", _("商家处理")),
        ],
        method="by_silence",
    )
    soon = Yes(_("2 小时内到期"), method="by_time")
    unseen = Yes(_("新凭证未看"), method="by_unseen")

    class Meta:
        model = Case
        fields: list[str] = []

    def __init__(
        self, data: Any, cases: CaseQuerySet, *, me: Member, choices: dict[str, Pairs]
    ) -> None:
        super().__init__(data, cases)
        self.me = me
        for name, pairs in choices.items():
            self.filters[name].extra["choices"] = pairs
        self.form.is_valid()

    @property
    def said(self) -> dict[str, list[str]]:
        """What narrows, as it stands in a query string."""
        return {
            name: [text for text in self.data.getlist(name) if text]
            for name, value in self.form.cleaned_data.items()
            if value not in (None, "", [], False)
        }

    def by_words(self, cases: CaseQuerySet, _name: str, text: str) -> CaseQuerySet:
        """One thing looked for everywhere, or many numbers pasted at once."""
        words = words_of(text)
        upper = [word.upper() for word in words]
        # Whole numbers have an index each; the words within are read through all of the shop's.
        orders = {
            *Order.objects.filter(number__in=words).order_by().values_list("pk", flat=True),
            *Parcel.objects.filter(tracking__in=upper + words).values_list("order", flat=True),
        }
        found: Any = Q(code__in=upper) | Q(order__in=orders)
        if (numbered := cases.filter(found)).exists():
            return numbered
        if len(words) == 1:
            word = words[0]
            found |= Q(code__endswith=upper[0]) | Q(order__number__endswith=word)
        whole = text.strip()
        if len(whole) <= LONGEST_NAME:
            found |= Q(line__title__icontains=whole) | Q(order__buyer_nick__icontains=whole)
        return cases.filter(found)

    def by_stage(self, cases: CaseQuerySet, _name: str, stage: str) -> CaseQuerySet:
        if stage == "new":
            return cases.filter(status=Status.PENDING_MERCHANT, round_number=0)
        if stage in ("first", "second"):
            return cases.filter(round_number=1 if stage == "first" else 2)
        cases = cases.filter(
            status__in=NEGOTIABLE
        )  # what has moved on keeps the state of its rounds
        if stage == "decide":
            asked = Cast(KeyTextTransform("min_rounds", "policy"), IntegerField())
            done = [RoundState.ANSWERED, RoundState.EXPIRED]
            return cases.filter(round_number__gte=asked, round_state__in=done)
        return cases.filter(round_state=RoundState(stage))

    def by_parcel(self, cases: CaseQuerySet, _name: str, wanted: list[str]) -> CaseQuerySet:
        sent = Parcel.objects.filter(order=OuterRef("order"), direction=Direction.OUTBOUND)
        stalled = sent.exclude(state__in=[*facts.SIGNED, *facts.GOING_BACK])
        ways: dict[str, Any] = {
            "none": ~Exists(sent),
            "unscanned": Exists(sent.filter(state="")),
            "moving": Exists(sent.filter(state__in=ON_THE_WAY)),
            "stalled": Exists(stalled.filter(last_scan_at__lt=clock.now() - facts.STALL)),
            "signed": Exists(sent.filter(state__in=facts.SIGNED)),
            "refused": Exists(sent.filter(state__in=facts.GOING_BACK)),
            "back": Q(return_signed_at=None) & ~Q(return_tracking=""),
            "arrived": Q(return_signed_at__isnull=False),
        }
        found = Q()
        for way in wanted:
            found |= Q(ways[way])
        return cases.filter(found)

    def by_assignee(self, cases: CaseQuerySet, _name: str, who: str) -> CaseQuerySet:
        """Whose cases; those of a member who has left are nobody's."""
        if who == "none":
            return cases.filter(Q(assignee=None) | Q(assignee__active=False))
        return cases.filter(assignee=self.me.pk if who == "me" else int(who))

    def by_tag(self, cases: CaseQuerySet, _name: str, names: list[str]) -> CaseQuerySet:
        tagged = Tag.cases.through.objects.filter(
            case=OuterRef("pk"), tag__shop=self.me.shop_id, tag__name__in=names
        )
        return cases.filter(Exists(tagged))

    def by_platform(self, cases: CaseQuerySet, _name: str, answer: str) -> CaseQuerySet:
        return cases.filter(platform_asked_at__isnull=answer == "no")

    def by_silence(self, cases: CaseQuerySet, _name: str, answer: str) -> CaseQuerySet:
        if answer == "yes":
            return cases.filter(auto_agreed=True)
        return cases.filter(auto_agreed=False, agreed_rule__isnull=answer == "no")

    def by_time(self, cases: CaseQuerySet, _name: str, ticked: bool) -> CaseQuerySet:
        return cases.filter(due_at__lt=counting.soon()) if ticked else cases

    def by_unseen(self, cases: CaseQuerySet, _name: str, ticked: bool) -> CaseQuerySet:
        return cases.filter(counting.unseen()) if ticked else cases

    def not_found(self) -> list[str]:
        """The numbers of a pasted list that no case here answers to."""
        words = words_of(self.form.cleaned_data.get("q") or "")
        words = [word for word in words if NUMBER.fullmatch(word)]
        if len(words) < 2:
            return []
        cases = self.qs.order_by()
        rows = cases.values_list("code", "order__number", "return_tracking", "order")
        known = {text.upper() for row in rows for text in row[:3]}
        sent = Parcel.objects.filter(order__in=[row[3] for row in rows])
        known |= {tracking.upper() for tracking in sent.values_list("tracking", flat=True)}
        return [word for word in words if word.upper() not in known]


def words_of(text: str) -> list[str]:
    """The words of a search, each once: split at blanks, commas and new lines."""
    words = re.split(r"[\s,，;；、]+", text.strip())
    return list(dict.fromkeys(word for word in words if word))[:MOST_NUMBERS]
