"""中止与恢复: while a case is suspended its clocks stand still and only staff move it (T-23, D16)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import UNRULED, Clock, Party, Permission, PlanState, Stage, Status
from aftersales.models.case.fields import CaseFields, required
from aftersales.models.history import Upload
from aftersales.models.intervention import Suspension, SuspensionProposal
from aftersales.rules import deadlines, worktime
from aftersales.rules.conditions import (
    fair,
    impartial,
    no_suspension_proposed,
    not_ruled,
    proof_wanted,
    running,
    suspended,
    suspension_proposed,
    unanswered_by,
)
from aftersales.steps import NOT_NOW, Refused, step

SETTLING = Suspension.Because.SETTLING
PROOF_WORKDAYS = 7  # Taobao Art. 83: until then the court's or the police's acceptance is shown


class Suspending(CaseFields):
    class Meta:
        abstract = True

    # By consent: proposed by anybody, in force once both sides have said yes.

    @step(
        gettext_lazy("提议中止"),
        by={Party.BUYER, Party.MERCHANT, Party.STAFF},
        permission=Permission.NEGOTIATE,
        source=[Status.PLATFORM_REVIEW],
        conditions=[running, not_ruled, no_suspension_proposed],
        for_whom=[fair],
    )
    def propose_suspension(
        self, *, by: Any, note: str, days: int | None = None, as_party: str = ""
    ) -> dict[str, Any]:
        """T-23, Taobao Art. 82: the sides want to settle themselves; who proposes has consented."""
        asked = self.last_intervention
        if asked is None:
            raise Refused(NOT_NOW)
        note = required(note, _("请写明为什么中止，双方都会看到"), "note")
        if not 6 <= len(note) <= 500:
            raise Refused(note=_("请用 6 到 500 个字写明为什么中止"))
        length = self._suspension_length(days)
        self.add(
            SuspensionProposal(
                case_id=self.pk,
                intervention=asked,
                party=self.acting,
                user=by,
                note=note,
                days=length.days,
                at=self.at,
                buyer_at=self.at if self.acting == Party.BUYER else None,
                merchant_at=self.at if self.acting == Party.MERCHANT else None,
            )
        )
        return {"note": note, "days": length.days}

    @step(
        gettext_lazy("答复中止提议"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=[Status.PLATFORM_REVIEW],
        conditions=[running, suspension_proposed],
        for_whom=[unanswered_by],
    )
    def answer_suspension(self, *, by: Any, agreed: bool, as_party: str = "") -> dict[str, Any]:
        """T-23: the case is suspended when both have consented; one no ends the proposal."""
        proposal = self.suspension_proposal
        if proposal is None:
            raise Refused(NOT_NOW)
        if not agreed:
            self.change(proposal, state=PlanState.DECLINED)
            return {"agreed": False}
        self.change(proposal, **{f"{self.acting}_at": self.at})
        if not (proposal.buyer_at and proposal.merchant_at):
            return {"agreed": True}
        self.change(proposal, state=PlanState.ACCEPTED)
        until = self.at + timedelta(days=proposal.days)
        self._stand_still(SETTLING, proposal.note, until, by=proposal.user)
        return {"agreed": True, "until": until.isoformat()}

    @property
    def suspension_proposal(self) -> SuspensionProposal | None:
        """The proposal that waits for an answer: it lapses with the request it was made in."""
        asked = self.last_intervention
        if asked is None or self.stage not in UNRULED or self.suspended:
            return None
        return SuspensionProposal.objects.filter(intervention=asked, state=PlanState.OPEN).last()

    # By a court or the police: at once, by staff.

    @step(
        gettext_lazy("中止处理"),
        by={Party.STAFF},
        source=[Status.PLATFORM_REVIEW],
        conditions=[running, not_ruled],
        for_whom=[impartial],
    )
    def suspend(
        self, *, by: Any, because: str, note: str, proof: str = "", days: int | None = None
    ) -> dict[str, Any]:
        """T-23: a court or the police took it up.

        Without the number of their acceptance it must be shown within seven working days, or the
        case goes on (Taobao Art. 83). What the sides agree on they say themselves.
        """
        if because == SETTLING:
            raise Refused(because=_("双方自行协商的，请提议中止，由双方各自确认"))
        if because not in Suspension.Because.values:
            raise Refused(because=_("请选择中止原因"))
        note = required(note, _("请写明依据，例如哪个法院、哪个派出所"), "note")
        if len(note) < 6:
            raise Refused(note=_("请写明依据，例如哪个法院、哪个派出所"))
        until = self.at + self._suspension_length(days)
        if (proposal := self.suspension_proposal) is not None:
            self.change(proposal, state=PlanState.REPLACED)
        proof = proof.strip()[:100]
        proof_by = None if proof else worktime.end_of_workday(self.at, PROOF_WORKDAYS)
        self._stand_still(because, note[:500], until, by=by, proof=proof, proof_by=proof_by)
        return {
            "because": because,
            "note": note,
            "number": proof,
            "until": until.isoformat(),
            "proof_by": proof_by.isoformat() if proof_by else "",
        }

    @step(
        gettext_lazy("提交受理凭证"),
        by={Party.BUYER, Party.MERCHANT, Party.STAFF},
        permission=Permission.NEGOTIATE,
        source=[Status.PLATFORM_REVIEW],
        conditions=[suspended, proof_wanted],
        for_whom=[fair],
        while_suspended=True,
    )
    def prove_suspension(
        self,
        *,
        by: Any,
        number: str,
        evidence: Mapping[str, Sequence[Upload]] | None = None,
        as_party: str = "",
    ) -> dict[str, Any]:
        """Taobao Art. 83: with the acceptance shown in time the case stands still to the end."""
        stood = self.last_suspension
        if stood is None:
            raise Refused(NOT_NOW)
        number = required(number, _("请填写受理凭证的编号"), "number")[:100]
        self.change(stood, proof=number, proof_by=None)
        self.set_due(stood.until)
        kept = self.put_forward(
            self.acting, evidence or {}, {"acceptance": gettext_lazy("受理凭证")}
        )
        return {"number": number, "until": stood.until.isoformat(), "evidence": kept}

    # Going on.

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
        """D16: the longest suspension is over, or no acceptance was shown in time."""
        return self._resumed()

    @property
    def last_suspension(self) -> Suspension | None:
        return Suspension.objects.filter(case_id=self.pk).last()

    # What the steps share.

    def _suspension_length(self, days: int | None) -> timedelta:
        most = deadlines.length(self, Clock.SUSPENSION)  # type: ignore[arg-type]
        length = most if days is None else timedelta(days=days)
        if not timedelta() < length <= most:
            raise Refused(days=_("最多中止 %(days)s 天") % {"days": most.days})
        return length

    def _stand_still(
        self,
        because: str,
        note: str,
        until: datetime,
        *,
        by: Any,
        proof: str = "",
        proof_by: datetime | None = None,
    ) -> None:
        """The clocks stop; what was left of them is kept."""
        self.add(
            Suspension(
                case_id=self.pk,
                because=because,
                note=note,
                proof=proof,
                proof_by=proof_by,
                user=by,
                at=self.at,
                until=until,
                due_left=self._left_of(Clock.DECISION, self.due_at),
                evidence_left=self._left_of(self._gathering, self.evidence_due_at),
            )
        )
        self.suspended, self.evidence_due_at = True, None
        self.set_due(min(filter(None, [until, proof_by])))

    @property
    def _gathering(self) -> Clock:
        return Clock.SUPPLEMENT if self.stage == Stage.SUPPLEMENT else Clock.EVIDENCE

    def _left_of(self, clock: Clock, until: datetime | None) -> timedelta | None:
        return deadlines.left_of(self, clock, until, self.at) if until else None  # type: ignore[arg-type]

    def _resumed(self) -> dict[str, Any]:
        stood, asked = self.last_suspension, self.last_intervention
        if stood is None or asked is None:
            raise Refused(NOT_NOW)
        self.suspended = False
        self.change(stood, resumed_at=self.at)
        if stood.due_left is not None:
            due_at = deadlines.goes_on(self, Clock.DECISION, self.at, stood.due_left)  # type: ignore[arg-type]
            self.set_due(due_at)
            self.change(asked, decide_by=due_at)
        if stood.evidence_left is not None:
            clock, left = self._gathering, stood.evidence_left
            self.evidence_due_at = deadlines.goes_on(self, clock, self.at, left)  # type: ignore[arg-type]
            if self.stage == Stage.SUPPLEMENT:
                self.change(self.last_supplement, due_at=self.evidence_due_at)  # type: ignore[attr-defined]
            else:
                self.change(asked, evidence_due_at=self.evidence_due_at)
        if open_requests := self.open_requests():  # type: ignore[attr-defined]
            for wanted in open_requests:  # nobody could answer meanwhile
                left = deadlines.left_of(self, Clock.REQUEST, wanted.due_at, stood.at)  # type: ignore[arg-type]
                until = deadlines.goes_on(self, Clock.REQUEST, self.at, left)  # type: ignore[arg-type]
                self.change(wanted, due_at=until)
            self.request_due_at = min(wanted.due_at for wanted in open_requests)
        return {
            "until": self.evidence_due_at.isoformat() if self.evidence_due_at else "",
            "unproven": stood.proof_by is not None,
        }
