"""中止与恢复: while a case is suspended its clocks stand still and only staff move it (T-23, D16)."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import Clock, Party, Status
from aftersales.models.case.fields import CaseFields, required
from aftersales.models.intervention import Suspension
from aftersales.rules import deadlines
from aftersales.rules.conditions import impartial, not_ruled, running, suspended
from aftersales.steps import NOT_NOW, Refused, step


class Suspending(CaseFields):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("中止处理"),
        by={Party.STAFF},
        source=[Status.PLATFORM_REVIEW],
        conditions=[running, not_ruled],
        for_whom=[impartial],
    )
    def suspend(
        self, *, by: Any, because: str, note: str, days: int | None = None
    ) -> dict[str, Any]:
        """T-23: both sides agreed to settle themselves, or a court or the police took it up."""
        if because not in Suspension.Because.values:
            raise Refused(because=_("请选择中止原因"))
        note = required(note, _("请写明依据，例如双方在哪里同意、受理凭证的编号"), "note")
        if len(note) < 6:
            raise Refused(note=_("请写明依据，例如双方在哪里同意、受理凭证的编号"))
        most = deadlines.length(self, Clock.SUSPENSION)  # type: ignore[arg-type]
        length = most if days is None else timedelta(days=days)
        if not timedelta() < length <= most:
            raise Refused(days=_("最多中止 %(days)s 天") % {"days": most.days})
        until = self.at + length
        self.add(
            Suspension(
                case_id=self.pk,
                because=because,
                note=note[:500],
                user=by,
                at=self.at,
                until=until,
                due_left=self.due_at - self.at if self.due_at else None,
                evidence_left=self.evidence_due_at - self.at if self.evidence_due_at else None,
            )
        )
        self.suspended, self.evidence_due_at = True, None
        self.set_due(until)
        return {"because": because, "note": note, "until": until.isoformat()}

    @step(
        gettext_lazy("恢复处理"),
        by={Party.STAFF},
        source=[Status.PLATFORM_REVIEW],
        conditions=[suspended],
        for_whom=[impartial],
    )
    def resume(self, *, by: Any) -> dict[str, Any]:
        """T-23: the clocks go on with what was left of them."""
        return self._resumed()

    @step(
        gettext_lazy("中止期满，恢复处理"),
        by={Party.CLOCK},
        source=[Status.PLATFORM_REVIEW],
    )
    def resume_by_default(self, *, by: Any) -> dict[str, Any]:
        """D16: the longest suspension is over."""
        return self._resumed()

    @property
    def last_suspension(self) -> Suspension | None:
        return Suspension.objects.filter(case_id=self.pk).last()

    def _resumed(self) -> dict[str, Any]:
        stood, asked = self.last_suspension, self.last_intervention
        if stood is None or asked is None:
            raise Refused(NOT_NOW)
        self.suspended = False
        self.change(stood, resumed_at=self.at)
        if stood.due_left is not None:
            self.set_due(self.at + stood.due_left)
            self.change(asked, decide_by=self.at + stood.due_left)
        if stood.evidence_left is not None:
            self.evidence_due_at = self.at + stood.evidence_left
            self.change(asked, evidence_due_at=self.evidence_due_at)
        return {"until": self.evidence_due_at.isoformat() if self.evidence_due_at else ""}
