"""The staff home: what waits for staff, and the lists in the order of the work."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django import template
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import clock, display
from aftersales import health as state
from aftersales.enums import GATHERING, RefundState, RequestState, Stage
from aftersales.models import (
    Appeal,
    Case,
    Check,
    Fault,
    Finding,
    Intervention,
    Refund,
    ServiceRequest,
)
from aftersales.models.pulse import Pulse
from aftersales.steps import STEPS

register = template.Library()

MOST = 1000  # a tile counts no further


class Tile(NamedTuple):
    """One pile of work: how much of it there is, and where to begin."""

    label: str
    many: int
    url: str
    note: str = ""
    note_url: str = ""

    @property
    def text(self) -> str:
        return f"{MOST - 1}+" if self.many >= MOST else str(self.many)


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[:MOST].count()


def _deciding() -> Tile:
    waiting = Intervention.objects.filter(stage=Stage.DECIDING, case__suspended=False)
    late = _count(waiting.filter(decide_by__lte=clock.now()))
    url = reverse("admin:aftersales_intervention_changelist")
    url += f"?stage__exact={Stage.DECIDING}&suspended=no"
    note = _("逾期 {n}").format(n=late) if late else ""
    return Tile(_("待判定"), _count(waiting), url, note, f"{url}&overdue=yes")


def _gathering() -> Tile:
    rows = Intervention.objects.filter(stage__in=GATHERING)
    url = reverse("admin:aftersales_intervention_changelist")
    return Tile(_("举证中"), _count(rows), f"{url}?stage__in={','.join(sorted(GATHERING))}")


def _appealed() -> Tile:
    late = _count(Appeal.objects.overdue(clock.now()))
    url = reverse("admin:aftersales_appeal_changelist")
    note = _("逾期 {n}").format(n=late) if late else ""
    many = _count(Appeal.objects.undecided())
    return Tile(_("申诉待复核"), many, url, note, f"{url}?overdue=yes")


def _failed() -> Tile:
    rows = Refund.objects.filter(state=RefundState.FAILED)
    url = reverse("admin:aftersales_refund_changelist")
    return Tile(_("退款失败"), _count(rows), f"{url}?state__exact={RefundState.FAILED}")


def _broken() -> Tile:
    url = reverse("admin:aftersales_fault_changelist")
    return Tile(_("自动处理失败"), _count(Fault.objects.all()), url)


def _asked() -> Tile:
    rows = ServiceRequest.objects.filter(state=RequestState.WAITING)
    late = _count(rows.filter(due_at__lte=clock.now()))
    url = reverse("admin:aftersales_servicerequest_changelist")
    return Tile(
        _("待答复工单"),
        _count(rows),
        f"{url}?state__exact={RequestState.WAITING}",
        _("逾期 {n}").format(n=late) if late else "",
        f"{url}?overdue=yes",
    )


def _followed_up() -> Tile:
    rows = Case.objects.filter(Q(needs_staff=True))
    url = reverse("admin:aftersales_case_changelist")
    return Tile(_("需要平台跟进"), _count(rows), f"{url}?needs_staff__exact=1")


TILES: list[tuple[str, Callable[[], Tile]]] = [
    ("view_intervention", _deciding),
    ("view_intervention", _gathering),
    ("view_appeal", _appealed),
    ("view_servicerequest", _asked),
    ("view_refund", _failed),
    ("view_fault", _broken),
    ("view_case", _followed_up),
]

NAMED = 10  # findings that the staff home names one by one


class Consistency(NamedTuple):
    """What the last whole check said; ``check`` is None before the first."""

    check: Check | None
    findings: list[Finding]
    many: Tile


class Overdue(NamedTuple):
    """The case that has waited longest beyond its time, and since when."""

    code: str
    url: str
    since: datetime

    @property
    def age(self) -> str:
        return display.span(clock.now() - self.since)


class Health(NamedTuple):
    """Whether time goes on by itself: each part with its last pulse (None: never), what is overdue
    longest, and every red light with what to do about it."""

    parts: list[tuple[Any, Pulse | None]]
    oldest: Overdue | None
    red: list[state.Gauge]


SECTIONS: list[tuple[Any, tuple[str, ...]]] = [
    (
        gettext_lazy("审理与退款"),
        ("Intervention", "Appeal", "Case", "ServiceRequest", "Refund", "Fault", "Finding"),
    ),
    (
        gettext_lazy("往来记录"),
        ("DayFigure", "Order", "ImportJob", "Job", "Complaint", "DossierCopy", "Attempt", "Notice"),
    ),
    (
        gettext_lazy("规则与文案"),
        (
            "Reason",
            "RejectReason",
            "DecisionReason",
            "Script",
            "Plan",
            "Outcome",
            "Risk",
            "Scenario",
            "StepForm",
            "Window",
            "Policy",
            "Edition",
            "Extension",
            "Agreement",
            "Channel",
        ),
    ),
    (
        gettext_lazy("店铺与账号"),
        ("Shop", "Member", "ReturnAddress", "ShopScript", "AgreeRule", "User", "Group"),
    ),
    (gettext_lazy("演示支付渠道"), ("LedgerMood", "LedgerEntry")),
]


@register.simple_tag
def work_tiles(user: Any) -> list[Tile]:
    """What waits for staff, as far as this user may look."""
    return [count() for right, count in TILES if user.has_perm(f"aftersales.{right}")]


@register.simple_tag
def consistency(user: Any) -> Consistency | None:
    """Zero is said; anything else names the case. Nothing for whoever may not look."""
    if not user.has_perm("aftersales.view_finding"):
        return None
    still = Finding.objects.filter(closed_at=None)
    url = reverse("admin:aftersales_finding_changelist")
    return Consistency(
        Check.objects.filter(ended_at__isnull=False).last(),
        list(still.select_related("case").order_by("-pk")[:NAMED]),
        Tile("", _count(still), url),
    )


@register.simple_tag
def health(user: Any) -> Health | None:
    """The pulses and the oldest overdue case; nothing for whoever may not look at cases."""
    if not user.has_perm("aftersales.view_case"):
        return None
    pulses = state.felt()
    parts = [(part.label, pulses.get(part)) for part in Pulse.Part]
    oldest = min(_overdue(), key=lambda each: each.since, default=None)
    return Health(parts, oldest, [each for each in state.gauges(pulses) if each.red])


def _overdue() -> Iterable[Overdue]:
    """The oldest that no sweep has taken, and those that reviewers have not ruled on or reviewed."""
    now = clock.now()
    swept = Case.objects.filter(wake_at__lte=now).order_by("wake_at").first()
    if swept is not None and swept.wake_at is not None:
        url = reverse("admin:aftersales_case_change", args=[swept.pk])
        yield Overdue(swept.code, url, swept.wake_at)
    asked = state.unruled(now).select_related("case").first()
    if asked is not None:
        url = reverse("admin:rule", args=[asked.pk])
        yield Overdue(asked.case.code, url, asked.decide_by)
    appeal = Appeal.objects.overdue(now).select_related("case").first()
    if appeal is not None:
        url = reverse("admin:rule", args=[appeal.intervention_id])
        yield Overdue(appeal.case.code, url, appeal.decide_by)


@register.filter
def in_sections(app_list: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Any]]]:
    """All lists of the admin in the order of the work; what nobody placed comes last."""
    models = {model["object_name"]: model for app in app_list for model in app["models"]}
    placed = [
        (str(name), [models.pop(each) for each in names if each in models])
        for name, names in SECTIONS
    ]
    placed.append((_("其他"), list(models.values())))
    return [(name, rows) for name, rows in placed if rows]


@register.filter
def iso_moment(text: str, now: datetime) -> str:
    """A moment of a parcel's trace, which is kept as ISO text."""
    return display.when(datetime.fromisoformat(text), now)


@register.filter
def step_label(name: str) -> str:
    known = STEPS.get(name)
    return str(known.label) if known else name
