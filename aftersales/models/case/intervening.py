"""平台介入: asking, evidence and its supplements, taking back, taking over, declining (T-17 to T-19)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.enums import (
    ENDED,
    GATHERING,
    Clock,
    Party,
    Permission,
    RoundState,
    Stage,
    Status,
)
from aftersales.models.case.fields import CaseFields, reasoned, required
from aftersales.models.catalogue import DecisionReason, worded
from aftersales.models.history import Upload
from aftersales.models.intervention import Intervention, Supplement
from aftersales.rules import deadlines
from aftersales.rules.conditions import (
    asked_himself,
    asked_to_prove,
    buyer_or_refused_goods,
    early_enough,
    evidence_closed,
    evidence_open,
    impartial,
    merchant_answered,
    no_open_intervention,
    not_in_court,
    not_ruled,
    payout_failed,
    running,
)
from aftersales.steps import NOT_NOW, Refused, step

OPEN = [
    status for status in Status if status not in (*ENDED, Status.REFUNDING, Status.REFUND_FAILED)
]
TAKEN_FROM = [status for status in OPEN if status != Status.PLATFORM_REVIEW]
DECLINE = "decline"  # what a decision reason names where a request is not heard


def _back(case: Any, **_: Any) -> Status:
    """Where a request that is not ruled leaves the case."""
    return Status(case.__dict__["_came_from"])


class Intervening(CaseFields):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("补充凭证"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=OPEN,
        conditions=[evidence_open],
        for_whom=[asked_to_prove],
        versioned=False,
    )
    def add_evidence(
        self,
        *,
        by: Any,
        evidence: Mapping[str, Sequence[Upload]],
        text: str = "",
        as_party: str = "",
    ) -> dict[str, Any]:
        """G10, NEG-35: always welcome; late for an intervention it is refused. Asked for, it is a
        reply, and so are the words that come with it (NEG-30)."""
        if not any(evidence.values()):
            raise Refused(evidence=_("请选择要上传的凭证"))
        if len(text) > 500:
            raise Refused(text=_("最多 500 个字"))
        party = self.acting
        kept = self.put_forward(party, evidence, {"added": gettext_lazy("补充凭证")})
        if text.strip():
            self.say(party, by, text.strip())
        asked = any(offer.plan.code == "invite_evidence" for offer in self.open_offers())
        current = self.last_round
        waiting = self.round_state in (RoundState.WAITING, RoundState.EXPIRED)
        if party == Party.BUYER and asked and current is not None and waiting:
            self._answered(current, text.strip() or _("已补充凭证"))  # type: ignore[attr-defined]
        elif text.strip():
            self.count_as_reply(party, text.strip())  # type: ignore[attr-defined]
        return {"evidence": kept, "text": text.strip()}

    def filing_refusal(self, party: Party) -> str:
        """Why this side may put nothing before the platform now, by whatever door (§1.6); empty when
        it may. Staff are asked for nothing."""
        if not evidence_open(self):  # type: ignore[arg-type]
            return str(evidence_open.sentence)  # type: ignore[attr-defined]
        if party == Party.STAFF or asked_to_prove(self, party, None):  # type: ignore[arg-type]
            return ""
        return str(asked_to_prove.sentence)  # type: ignore[attr-defined]

    @step(
        gettext_lazy("申请平台介入"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=[Status.REJECTED, Status.RETURN_REFUSED, Status.PENDING_MERCHANT],
        target=Status.PLATFORM_REVIEW,
        conditions=[no_open_intervention, merchant_answered, early_enough, not_in_court],
        for_whom=[buyer_or_refused_goods],
    )
    def ask_platform(
        self,
        *,
        by: Any,
        reason: str,
        wants: str = "",
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """T-17, S-22, S-39, S-40: the buyer after a rejection, the merchant after refused goods.

        What the platform declined to hear once, it hears again only with something new to see.
        """
        party = self.acting
        reason = required(reason, _("请说明申请介入的理由"), "reason")
        if not 10 <= len(reason) <= 500:
            raise Refused(reason=_("理由需 10 到 500 个字"))
        self.check_news(evidence)
        self.open_intervention(party, by, reason, wants)
        kept = self.put_forward(party, evidence or {}, {"platform": gettext_lazy("介入凭证")})
        return {"reason": reason, "wants": wants.strip()[:200], "evidence": kept}

    def check_news(self, evidence: Mapping[str, Sequence[Upload]] | None) -> None:
        """What the platform declined to hear comes with something new to see (§1.6)."""
        before = self.last_intervention
        if before is None or before.stage != Stage.DECLINED:
            return
        if not any((evidence or {}).values()):
            raise Refused(proof_platform=_("平台没有受理上一次申请，再次申请需要新的凭证"))
        if known := self.nothing_new(evidence):
            raise Refused(proof_platform=known)

    def open_intervention(self, party: Party, by: Any, reason: str, wants: str = "") -> None:
        """The case comes before the platform: both sides' evidence window opens (D11), and staff
        mean to decide by D14. Where it came from and the time left there are kept for T-19.

        The step itself names ``Status.PLATFORM_REVIEW`` as its target.
        """
        self.stage, self.platform_asked_at = Stage.EVIDENCE, self.at
        self.evidence_due_at = deadlines.end_of(self, Clock.EVIDENCE, self.at)  # type: ignore[arg-type]
        self.evidence_from, self.agreement_claimed = self.at, False
        left = None
        if self.due_at:
            clock = deadlines.clock_of(self)  # type: ignore[arg-type]
            left = deadlines.left_of(self, clock, self.due_at, self.at)  # type: ignore[arg-type]
        self.add(
            Intervention(
                case_id=self.pk,
                asked_by=party,
                user=by,
                reason=reason,
                wants=wants.strip()[:200],
                came_from=str(self.status),
                clock_left=left,
                at=self.at,
                evidence_due_at=self.evidence_due_at,
                decide_by=deadlines.end_of(self, Clock.DECISION, self.at),  # type: ignore[arg-type]
                assignee=by if party == Party.STAFF else None,
            )
        )

    @step(
        gettext_lazy("平台接管"),
        by={Party.STAFF},
        source=TAKEN_FROM,
        target=Status.PLATFORM_REVIEW,
        for_whom=[impartial],
    )
    def take_over(self, *, by: Any, grounds: str) -> dict[str, Any]:
        """§1.6, NEG-52: the platform steps in by itself, for example at a shop's mass incidents.

        An open round closes with its window; offers stay, so that the sides may still settle.
        """
        grounds = reasoned(grounds)
        self.needs_staff = payout_failed(self)  # type: ignore[arg-type]
        self.open_intervention(Party.STAFF, by, grounds)
        return {"grounds": grounds}

    @step(
        gettext_lazy("要求补充凭证"),
        by={Party.STAFF},
        source=[Status.PLATFORM_REVIEW],
        conditions=[running, evidence_closed],
        for_whom=[impartial],
    )
    def ask_supplement(
        self, *, by: Any, of: str, what: str, hours: int | None = None
    ) -> dict[str, Any]:
        """D11: one side, or both (``of`` empty), is asked for more, for the supplement's window.

        Staff may give more ``hours`` than the window, but never less, and no more than its limit.
        """
        if of not in ("", Party.BUYER, Party.MERCHANT):
            raise Refused(of=_("请选择向谁要求补充"))
        what = required(what, _("请写明要补充什么"), "what")
        if not 5 <= len(what) <= 500:
            raise Refused(what=_("请用 5 到 500 个字写明要补充什么"))
        asked = self.last_intervention
        if asked is None:
            raise Refused(NOT_NOW)
        until = deadlines.end_of(self, Clock.SUPPLEMENT, self.at)  # type: ignore[arg-type]
        if hours is not None:
            least, most = self.supplement_hours()
            if not least <= hours <= most:
                raise Refused(
                    hours=_("补充举证的时间需在 %(least)s 到 %(most)s 小时之间")
                    % {"least": least, "most": most}
                )
            until = max(until, self.at + timedelta(hours=hours))
        self.add(
            Supplement(
                case_id=self.pk,
                intervention=asked,
                of=of,
                what=what,
                user=by,
                at=self.at,
                due_at=until,
            )
        )
        # the platform's own target waits (D14)
        left = deadlines.left_of(self, Clock.DECISION, asked.decide_by, self.at)  # type: ignore[arg-type]
        decide_by = deadlines.goes_on(self, Clock.DECISION, until, left)  # type: ignore[arg-type]
        self.change(asked, stage=Stage.SUPPLEMENT, decide_by=decide_by)
        self.set_due(decide_by)
        self.stage, self.evidence_from, self.evidence_due_at = Stage.SUPPLEMENT, self.at, until
        return {"of": of, "what": what, "until": until.isoformat()}

    def supplement_hours(self) -> tuple[int, int]:
        """The least and the most hours that staff may give for a supplement (D11)."""
        least, most = (
            deadlines.length(self, clock) // timedelta(hours=1)  # type: ignore[arg-type]
            for clock in (Clock.SUPPLEMENT, Clock.SUPPLEMENT_MOST)
        )
        return least, max(least, most)

    @property
    def last_supplement(self) -> Supplement | None:
        """The latest request for more evidence in this intervention."""
        asked = self.last_intervention
        return Supplement.objects.filter(intervention=asked).last() if asked else None

    @step(
        gettext_lazy("举证时间结束"),
        by={Party.CLOCK},
        source=list(Status),
    )
    def close_evidence(self, *, by: Any) -> dict[str, Any]:
        """D11: what was filed is now visible to the other side; staff decide on what is there."""
        self.evidence_due_at = None
        asked = self.last_intervention
        if asked is not None and self.stage in GATHERING:
            self.change(asked, stage=Stage.DECIDING)
            self.stage = Stage.DECIDING
        return {}

    @step(
        gettext_lazy("撤回平台介入"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=[Status.PLATFORM_REVIEW],
        target=GET_STATE(_back, states=list(Status)),
        conditions=[not_ruled],
        for_whom=[asked_himself],
    )
    def withdraw(self, *, by: Any) -> dict[str, Any]:
        """T-19: by who asked; the remaining time is restored, at least 24 hours."""
        asked = self.last_intervention
        if asked is None:
            raise Refused(NOT_NOW)
        left = self._put_back(asked)
        self.change(asked, stage=Stage.WITHDRAWN)
        self.stage = Stage.WITHDRAWN
        return {"hours": int(left.total_seconds() // 3600)}

    @step(
        gettext_lazy("不予受理"),
        by={Party.STAFF},
        source=[Status.PLATFORM_REVIEW],
        target=GET_STATE(_back, states=list(Status)),
        conditions=[running, not_ruled],
        for_whom=[impartial],
    )
    def decline(
        self, *, by: Any, reason: DecisionReason | None = None, grounds: str = ""
    ) -> dict[str, Any]:
        """§1.6: what the platform does not hear: the coded reason says whether the case goes back
        to where it was, with its time restored, or ends."""
        asked = self.last_intervention
        if asked is None:
            raise Refused(NOT_NOW)
        if reason is None or DECLINE not in reason.decisions:
            raise Refused(reason=_("请选择不予受理的理由"))
        grounds = reasoned(grounds)
        hours = 0
        if reason.closes:
            self.end_rounds()
            self.renew_warranty()  # type: ignore[attr-defined]
            self.__dict__["_came_from"] = Status.CLOSED_PLATFORM_DENIED
            self.evidence_due_at = None
        else:
            hours = int(self._put_back(asked).total_seconds() // 3600)
        self.change(
            asked,
            stage=Stage.DECLINED,
            decision_reason=reason,
            grounds=grounds,
            ruled_at=self.at,
            ruled_by=by,
        )
        self.stage = Stage.DECLINED
        return {
            "reason_code": reason.code,
            **worded("reason", reason),
            "grounds": grounds,
            "hours": hours,
        }

    def _put_back(self, asked: Intervention) -> timedelta:
        """To where it came from, with the time that was left there, at least 24 hours (T-19).

        Where the sides negotiate, they begin anew: a round that the platform cut off counts for
        nothing.
        """
        until = deadlines.put_back_until(self, asked, self.at)  # type: ignore[arg-type]
        self.__dict__["_came_from"] = asked.came_from
        self.set_due(until)
        self.evidence_due_at = None
        if asked.came_from in (Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT):
            self.end_rounds()
            self.begin_series()
        return until - self.at

    @step(
        gettext_lazy("买家逾期未回应驳回，售后关闭"),
        by={Party.CLOCK},
        source=[Status.REJECTED, Status.RETURN_REFUSED],
        target=Status.CLOSED_BUYER_TIMEOUT,
    )
    def lapse_rejection(self, *, by: Any) -> dict[str, Any]:
        """T-18: the buyer did nothing by D6."""
        self.drop_offers()
        return {}
