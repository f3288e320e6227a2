"""规则试算 for staff: change a window or a gate, and see a month of past cases under it."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock, display
from aftersales.enums import Clock
from aftersales.models import Case, Event, Policy, Window
from aftersales.simulator import Act, History, compare

CLOCKS = [
    Clock.HANDLE_UNSHIPPED,
    Clock.HANDLE_REFUND,
    Clock.HANDLE_RETURN,
    Clock.BUYER_RETURN,
    Clock.DELIVERY_REFUSAL,
    Clock.AFTER_REJECT,
    Clock.RECEIPT,
    Clock.RECEIPT_SIGNED,
    Clock.NEGOTIATION,
]
MOST = 3000  # cases; of more, the latest
LISTED = 50
NAMES = {
    "expired": gettext_lazy("商家逾期，自动处理"),
    "closed": gettext_lazy("买家逾期，自动关闭"),
    "rejected": gettext_lazy("商家驳回"),
    "escalated": gettext_lazy("申请平台介入"),
}


class SimulationForm(forms.Form):
    """The rules in force, to be changed; what is left as it is keeps each case's own."""

    days = forms.TypedChoiceField(
        label=gettext_lazy("重放多久以来申请的售后单"),
        coerce=int,
        choices=[
            (7, gettext_lazy("7 天")),
            (30, gettext_lazy("30 天")),
            (90, gettext_lazy("90 天")),
        ],
        initial=30,
    )
    min_rounds = forms.IntegerField(label=gettext_lazy("驳回前协商轮数"), min_value=0, max_value=10)
    pauses = forms.BooleanField(label=gettext_lazy("协商期间暂停处理时限"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        policy, self.windows = Policy.current(), Window.in_force("", clock.now())
        self.policy = policy
        self.initial["min_rounds"] = policy.min_rounds
        self.initial["pauses"] = policy.negotiation_pauses_deadline
        for each in CLOCKS:
            minutes = self.windows[str(each)]
            self.fields[str(each)] = forms.IntegerField(
                label=f"{each.value} {each.label}",
                min_value=15 if each == Clock.NEGOTIATION else 1,
                max_value=24 * 60 if each == Clock.NEGOTIATION else 90 * 24 * 60,
                required=False,
                initial=minutes,
                help_text=_("分钟，现行 {length}").format(
                    length=display.span(timedelta(minutes=minutes))
                ),
            )

    def changed_windows(self) -> dict[str, int]:
        said = self.cleaned_data
        return {
            str(each): said[str(each)]
            for each in CLOCKS
            if said.get(str(each)) and said[str(each)] != self.windows[str(each)]
        }

    def changed_policy(self) -> dict[str, Any]:
        said, changed = self.cleaned_data, {}
        if said["min_rounds"] != self.policy.min_rounds:
            changed["min_rounds"] = said["min_rounds"]
        if said["pauses"] != self.policy.negotiation_pauses_deadline:
            changed["negotiation_pauses_deadline"] = said["pauses"]
        return changed


def histories(since: datetime) -> list[History]:
    """The cases applied for since a moment, as histories; of too many, the latest."""
    events = Event.objects.order_by("case_id", "version")
    cases = Case.objects.filter(applied_at__gte=since).order_by("-applied_at")
    return [
        History(
            case.code,
            case.type,
            case.applied_at,
            case.windows,
            case.policy,
            [
                Act(event.at, event.step, event.party, event.before, event.after, event.details)
                for event in case.events.all()
            ],
        )
        for case in cases.prefetch_related(Prefetch("events", queryset=events))[:MOST]
    ]


def simulate(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The form with its table of now, then and difference; nothing is written."""
    if not request.user.has_perm("aftersales.view_policy"):
        raise PermissionDenied
    form = SimulationForm(request.GET or None)
    context = context | {"title": _("规则试算"), "form": form, "most": MOST, "listed": LISTED}
    if form.is_bound and form.is_valid():
        context |= _result(form)
    status = 422 if form.errors else 200
    return TemplateResponse(
        request, "admin/aftersales/edition/simulate.html", context, status=status
    )


def _result(form: SimulationForm) -> dict[str, Any]:
    now = clock.now()
    past = histories(now - timedelta(days=form.cleaned_data["days"]))
    windows, policy = form.changed_windows(), form.changed_policy()
    counts = compare(past, windows, policy, now)
    return {
        "cases": len(past),
        "unchanged": not windows and not policy,
        "rows": [
            {
                "name": count.name,
                "label": NAMES[count.name],
                "count": count,
                "more": count.more[:LISTED],
                "fewer": count.fewer[:LISTED],
            }
            for count in counts
        ],
    }
