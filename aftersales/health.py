"""运行状态: whether time goes on by itself. The staff home, /metrics and docs/runbook.md tell of these same numbers."""

import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Min, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales import clock, display
from aftersales.enums import UNRULED, RefundState
from aftersales.models import Appeal, Case, Event, Fault, Finding, Intervention, Notice, Refund
from aftersales.models.pulse import LATE, Pulse

# How long what is due may wait before somebody has to look: beat wakes most sweeps every 2 s.
PATIENCE = LATE.total_seconds()
MAIL_PATIENCE = 600.0  # a mail server may take its time
NEVER = math.inf


class Gauge(NamedTuple):
    """One number. ``name`` is the metric's, without its prefix; ``value`` counts rows, or is in seconds.

    A gauge with ``advice`` is a light: red, it says that to staff, and the heading of docs/runbook.md
    that bears its name says the rest.
    """

    name: str
    told: str  # for whoever reads the metrics
    value: float
    red: bool = False
    label: Any = ""
    advice: Any = ""

    @property
    def text(self) -> str:
        if not self.name.endswith("_seconds"):
            return f"{self.value:g}"
        if self.value == NEVER:
            return gettext("从未")
        return display.span(timedelta(seconds=self.value))


def unruled(now: datetime) -> QuerySet[Intervention]:
    """Requests to the platform whose target for a ruling (D14) has passed."""
    return Intervention.objects.filter(
        stage__in=UNRULED, decide_by__lte=now, case__suspended=False
    ).order_by("decide_by")


def gauges(pulses: dict[str, Pulse] | None = None) -> list[Gauge]:
    """All of them, as they are now; a pulse that was never felt is infinitely old."""
    now = clock.now()
    pulses = felt() if pulses is None else pulses
    cases, lag = _queue(Case.objects.filter(wake_at__lte=now), "wake_at", now)
    rulings, ruling_age = _queue(unruled(now), "decide_by", now)
    appeals, appeal_age = _queue(Appeal.objects.overdue(now), "decide_by", now)
    told_late, told_age = _queue(
        Event.objects.filter(delivered_at=None).exclude(case__held_until__gt=now), "at", now
    )
    mails, mail_age = _queue(Notice.objects.filter(mail_due_at__lte=now), "mail_due_at", now)
    unpaid, unpaid_age = _queue(Refund.objects.filter(due_at__lte=now), "due_at", now)
    failed = Refund.objects.filter(state=RefundState.FAILED).count()
    faults, findings = Fault.objects.count(), Finding.objects.filter(closed_at=None).count()
    beat, worker = (_age(pulses.get(part), now) for part in (Pulse.Part.BEAT, Pulse.Part.WORKER))
    return [
        Gauge(
            "beat_age_seconds",
            "Seconds since beat was last seen alive.",
            beat,
            beat > PATIENCE,
            _("定时器"),
            _("到点的事没有人叫醒：启动 aftersales-beat。"),
        ),
        Gauge(
            "worker_age_seconds",
            "Seconds since a worker was last seen alive.",
            worker,
            worker > PATIENCE,
            _("后台任务"),
            _("到点的事没有人做：启动 aftersales-worker，并看 Redis 是否可用。"),
        ),
        Gauge("overdue_cases", "Cases that time should have moved and no sweep has taken.", cases),
        Gauge(
            "sweep_lag_seconds",
            "How long the oldest of them has waited.",
            lag,
            lag > PATIENCE,
            _("到期处理落后"),
            _("先看后台任务；可手工运行 manage.py sweep expire-cases。"),
        ),
        Gauge(
            "overdue_rulings",
            "Requests to the platform past their target for a ruling.",
            rulings,
            rulings > 0,
            _("判定逾期"),
            _("从“待判定”认领最早的一件。"),
        ),
        Gauge(
            "overdue_appeals",
            "Appeals past their target for a decision.",
            appeals,
            appeals > 0,
            _("复核逾期"),
            _("从“申诉待复核”打开最早的一件；原判定人不能复核。"),
        ),
        Gauge(
            "oldest_overdue_seconds",
            "Age of what is overdue longest, be it time's or a reviewer's turn.",
            max(lag, ruling_age, appeal_age),
        ),
        Gauge(
            "undelivered_notices",
            "Events of which nobody has been told yet.",
            told_late,
            told_age > PATIENCE,
            _("通知未生成"),
            _("先看后台任务；可手工运行 manage.py sweep deliver-notices。"),
        ),
        Gauge(
            "unsent_mails",
            "Notices whose e-mail is due and has not left.",
            mails,
            mail_age > MAIL_PATIENCE,
            _("邮件未发出"),
            _("看邮件服务器和 EMAIL_URL；可手工运行 manage.py sweep send-mails。"),
        ),
        Gauge(
            "unpaid_refunds",
            "Refunds that are due and that nobody is trying to pay.",
            unpaid,
            unpaid_age > PATIENCE,
            _("退款未提交"),
            _("先看后台任务；可手工运行 manage.py sweep pay-refunds，不会重复付款。"),
        ),
        Gauge(
            "failed_refunds",
            "Refunds that the payment gateway has refused for good.",
            failed,
            failed > 0,
            _("退款失败"),
            _("在“退款失败”里逐笔重试，或线下付款后登记凭据。"),
        ),
        Gauge(
            "broken_cases",
            "Cases on which a sweep broke, and which it has set aside.",
            faults,
            faults > 0,
            _("自动处理失败"),
            _("这些单每 5 分钟再试一次；错误写在“自动处理失败”里。"),
        ),
        Gauge(
            "findings",
            "What the daily check found and nobody has mended.",
            findings,
            findings > 0,
            _("数据不一致"),
            _("逐条看一致性核对列出的售后单；退款先暂停再查。"),
        ),
    ]


def felt() -> dict[str, Pulse]:
    """The last pulse of each part that was ever seen."""
    return {pulse.part: pulse for pulse in Pulse.objects.all()}


def exposition(found: list[Gauge]) -> str:
    """The text format of Prometheus 0.0.4: gauges without labels, of whatever is the case now."""
    lines = []
    for each in found:
        name = f"aftersales_{each.name}"
        lines += [f"# HELP {name} {each.told}", f"# TYPE {name} gauge"]
        lines.append(f"{name} {'+Inf' if each.value == NEVER else f'{each.value:.10g}'}")
    return "\n".join(lines) + "\n"


def _queue(rows: QuerySet[Any], field: str, now: datetime) -> tuple[int, float]:
    """How many wait, and for how many seconds the first of them has."""
    found = rows.order_by().aggregate(many=Count("pk"), first=Min(field))
    return found["many"], (now - found["first"]).total_seconds() if found["first"] else 0.0


def _age(pulse: Pulse | None, now: datetime) -> float:
    return max(0.0, (now - pulse.at).total_seconds()) if pulse else NEVER
