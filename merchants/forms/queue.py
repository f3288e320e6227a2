"""筛选: what narrows the work queue."""

import re
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from aftersales.enums import CaseType, RoundState, ScanKind
from aftersales.forms import MoneyField
from aftersales.models import CaseQuerySet, Member, Parcel, Reason

STAGES = [
    ("new", _("新申请")),
    ("waiting", _("等待回复")),
    ("answered", _("买家已回复")),
    ("expired", _("等待已结束")),
    ("decide", _("可驳回")),
]
SORTS = {
    "due": ("due_at", "pk"),
    "new": ("-applied_at", "-pk"),
    "amount": ("-amount", "-pk"),
}


def choices(name: str, rows: Any) -> list[tuple[str, Any]]:
    return [("", name), *rows]


class QueueFilter(forms.Form):
    """Everything optional; what can't be understood narrows nothing."""

    q = forms.CharField(required=False, max_length=2000)
    type = forms.ChoiceField(required=False, label=_("类型"))
    reason = forms.ChoiceField(required=False, label=_("原因"))
    ship = forms.ChoiceField(required=False, label=_("物流"))
    stage = forms.ChoiceField(required=False, label=_("阶段"))
    who = forms.ChoiceField(required=False, label=_("处理人"))
    least = MoneyField(required=False, label=_("金额从"))
    most = MoneyField(required=False, label=_("金额到"))
    sort = forms.ChoiceField(required=False, label=_("排序"))

    def __init__(
        self, *args: Any, reasons: list[Reason], me: Member, team: list[Member], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.me = me
        others = [(str(each.pk), str(each.user)) for each in team if each.pk != me.pk]
        parcels = [("none", _("未发货")), ("unscanned", _("未揽收")), *ScanKind.choices]
        lists: list[tuple[str, Any, Any]] = [
            ("type", _("类型：全部"), CaseType.choices),
            ("reason", _("原因：全部"), [(row.code, row.label) for row in reasons]),
            ("ship", _("物流：全部"), parcels),
            ("stage", _("阶段：全部"), STAGES),
            ("who", _("处理人：全部"), [("me", _("我")), ("none", _("未分配")), *others]),
        ]
        for name, label, rows in lists:
            self.fields[name].choices = choices(str(label), rows)  # type: ignore[attr-defined]
        self.fields["sort"].choices = [  # type: ignore[attr-defined]
            ("", _("剩余时间 ↑")),
            ("new", _("申请时间 ↓")),
            ("amount", _("金额 ↓")),
        ]
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name not in ("least", "most") else ""
        for name in ("least", "most"):
            self.fields[name].widget.attrs |= {
                "class": "form-control amount",
                "placeholder": str(self.fields[name].label),
            }

    @property
    def narrowed(self) -> bool:
        return any(self.said(name) for name in self.fields if name != "sort")

    def said(self, name: str) -> Any:
        return (
            self.cleaned_data.get(name) if self.is_bound and hasattr(self, "cleaned_data") else ""
        )

    def narrow(self, cases: CaseQuerySet) -> CaseQuerySet:
        self.is_valid()
        if kind := self.said("type"):
            cases = cases.filter(type=kind)
        if reason := self.said("reason"):
            cases = cases.filter(reason__code=reason)
        if ship := self.said("ship"):
            cases = _by_parcel(cases, ship)
        if stage := self.said("stage"):
            cases = _by_stage(cases, stage)
        if who := self.said("who"):
            cases = self._by_assignee(cases, who)
        if (least := self.said("least")) is not None and least != "":
            cases = cases.filter(amount__gte=least)
        if (most := self.said("most")) is not None and most != "":
            cases = cases.filter(amount__lte=most)
        return _by_words(cases, str(self.said("q") or ""))

    def _by_assignee(self, cases: CaseQuerySet, who: str) -> CaseQuerySet:
        """Whose cases; those of a member who has left are nobody's."""
        if who == "none":
            return cases.filter(Q(assignee=None) | Q(assignee__active=False))
        return cases.filter(assignee=self.me.pk if who == "me" else int(who))

    def order(self) -> tuple[str, str]:
        return SORTS.get(self.said("sort") or "due", SORTS["due"])


def _by_parcel(cases: CaseQuerySet, state: str) -> CaseQuerySet:
    sent = Parcel.objects.filter(order=OuterRef("order"), direction="outbound")
    if state == "none":
        return cases.filter(~Exists(sent))
    return cases.filter(Exists(sent.filter(state="" if state == "unscanned" else state)))


def _by_stage(cases: CaseQuerySet, stage: str) -> CaseQuerySet:
    if stage == "new":
        return cases.filter(round_number=0)
    if stage == "decide":
        done = [RoundState.ANSWERED, RoundState.EXPIRED]
        return cases.filter(round_number__gte=2, round_state__in=done)
    states = {"waiting": RoundState.WAITING, "answered": RoundState.ANSWERED}
    return cases.filter(round_state=states.get(stage, RoundState.EXPIRED))


def _by_words(cases: CaseQuerySet, text: str) -> CaseQuerySet:
    """One thing looked for everywhere, or many numbers pasted at once."""
    words = [word for word in re.split(r"[\s,，;；、]+", text.strip()) if word][:200]
    if not words:
        return cases
    upper = [word.upper() for word in words]
    parcels = Parcel.objects.filter(order=OuterRef("order"), tracking__in=upper + words)
    found: Any = (
        Q(code__in=upper)
        | Q(order__number__in=words)
        | Q(return_tracking__in=upper)
        | Exists(parcels)
    )
    if len(words) == 1:
        word = words[0]
        found |= (
            Q(code__endswith=upper[0])
            | Q(order__number__endswith=word)
            | Q(order__buyer_nick__icontains=word)
            | Q(line__title__icontains=word)
        )
    else:
        whole = text.strip()
        found |= Q(line__title__icontains=whole) | Q(order__buyer_nick__icontains=whole)
    return cases.filter(found)
