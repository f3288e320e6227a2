"""规则试算 for staff: change a window or a gate, and see a month of past cases under it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from aftersales import clock, display, simulating
from aftersales.enums import Clock
from aftersales.models import Policy, Simulation, Window
from aftersales.simulator import LISTED

CLOCKS = [
    Clock.HANDLE_UNSHIPPED,
    Clock.HANDLE_REFUND,
    Clock.HANDLE_RETURN,
    Clock.BUYER_RETURN,
    Clock.DELIVERY_REFUSAL,
    Clock.AFTER_REJECT,
    Clock.RECEIPT,
    Clock.RECEIPT_SIGNED,
    Clock.SHIP,
    Clock.SHIP_REPAIRED,
    Clock.ARRIVAL,
    Clock.ARRIVAL_SIGNED,
    Clock.EARLY,
    Clock.EVIDENCE,
    Clock.SUPPLEMENT,
    Clock.EXECUTION,
    Clock.APPEAL,
    Clock.DECISION,
    Clock.NEGOTIATION,
    Clock.SUSPENSION,
]
# The switches that change what becomes of a case; the others change pages and counts only.
SWITCHES = [
    "min_rounds",
    "any_message_counts",
    "negotiation_pauses_deadline",
    "allow_early_intervention",
    "max_applications_per_line",
    "cancel_is_final",
    "max_images",
]
KEPT = 10  # earlier runs that the page lists
NAMES = {
    "expired": gettext_lazy("商家逾期，自动处理"),
    "closed": gettext_lazy("买家逾期，自动关闭"),
    "completed": gettext_lazy("买家逾期未确认收货，自动完成"),
    "rejected": gettext_lazy("商家驳回"),
    "escalated": gettext_lazy("申请平台介入"),
    "early": gettext_lazy("商家处理前就可申请介入（有资格，不一定申请）"),
    "evidence_late": gettext_lazy("举证窗口已关，凭证没能提交"),
    "decided_late": gettext_lazy("平台判定超过目标时间"),
    "executed": gettext_lazy("商家逾期未执行判定，平台执行"),
    "appealed": gettext_lazy("提出申诉"),
    "resumed": gettext_lazy("中止期满，自动恢复"),
    "barred": gettext_lazy("不能再次申请"),
    "pictures": gettext_lazy("凭证超过上限，要少传才能申请"),
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy, self.windows = Policy.current(), Window.in_force("", clock.now())
        for name in SWITCHES:
            field: Any = Policy._meta.get_field(name)
            self.fields[name] = field.formfield(
                required=field.get_internal_type() != "BooleanField"
            )
            self.initial.setdefault(name, getattr(self.policy, name))
        for each in CLOCKS:
            minutes = self.windows[str(each)]
            self.initial.setdefault(str(each), minutes)
            self.fields[str(each)] = forms.IntegerField(
                label=f"{each.value} {each.label}",
                min_value=15 if each == Clock.NEGOTIATION else 1,
                max_value=24 * 60 if each == Clock.NEGOTIATION else 90 * 24 * 60,
                required=False,
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
        said = self.cleaned_data
        return {name: said[name] for name in SWITCHES if said[name] != getattr(self.policy, name)}


def simulate(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The rules to be changed; a POST begins a replay, which goes on without its page."""
    _check(request)
    form = SimulationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        since = clock.now() - timedelta(days=form.cleaned_data["days"])
        user: Any = request.user
        made = simulating.start(user, form.changed_windows(), form.changed_policy(), since)
        return redirect("admin:simulated", made.pk)
    earlier = Simulation.objects.select_related("user")[:KEPT]
    return _page(request, context, form=form, earlier=earlier)


@require_safe
def simulated(request: HttpRequest, pk: int, context: dict[str, Any]) -> HttpResponse:
    """How far a replay is, and what it counted; with its rules in the form, to try others."""
    _check(request)
    made = get_object_or_404(Simulation.objects.select_related("user"), pk=pk)
    days = (made.until - made.since).days
    form = SimulationForm(initial={"days": days, **made.changed()})
    rows = [
        {
            "name": name,
            "label": label,
            **made.counts[name],
            "difference": made.counts[name]["then"] - made.counts[name]["now"],
        }
        for name, label in NAMES.items()
        if name in made.counts
    ]
    return _page(request, context, form=form, made=made, rows=rows, changes=_changes(made))


def _changes(made: Simulation) -> list[tuple[str, str]]:
    """What is changed, in words: a name, and its value in the replay."""
    clocks = {str(each): f"{each.value} {each.label}" for each in CLOCKS}
    told = [
        (clocks[name], display.span(timedelta(minutes=minutes)))
        for name, minutes in made.windows.items()
    ]
    for name, value in made.policy.items():
        field: Any = Policy._meta.get_field(name)
        words = (_("是") if value else _("否")) if isinstance(value, bool) else str(value)
        told.append((str(field.verbose_name), words))
    return told


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm("aftersales.view_policy"):
        raise PermissionDenied


def _page(request: HttpRequest, context: dict[str, Any], **more: Any) -> HttpResponse:
    return TemplateResponse(
        request,
        "admin/aftersales/edition/simulate.html",
        {**context, "title": _("规则试算"), "listed": LISTED, **more},
        status=422 if more["form"].errors else 200,
    )
