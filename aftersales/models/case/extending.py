"""延期与重新处理: deadlines that staff move later, and automatic results that are looked at again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.enums import (
    UNRULED,
    CaseType,
    Clock,
    Party,
    Permission,
    Reopening,
    RoundState,
    Stage,
    Status,
)
from aftersales.models.case.fields import CaseFields, required
from aftersales.rules import amounts, deadlines
from aftersales.rules.conditions import (
    automatic_result,
    excused_result,
    money_still_here,
    payout_failed,
    reopening_asked,
    within_grace,
)
from aftersales.steps import Refused, step

AUTOMATIC = [Status.CLOSED_BUYER_TIMEOUT, Status.AWAITING_BUYER_RETURN, Status.COMPLETED]


class Deadline(NamedTuple):
    """Until when, and since when."""

    until: datetime
    since: datetime


class Extending(CaseFields):
    class Meta:
        abstract = True

    def open_deadlines(self) -> dict[str, Deadline]:
        """Every deadline that runs for this case, by name: the one list of clocks (D1 to D16).

        The first stand on the case and wake it. What may be done until the others is refused
        afterwards: an appeal (D13), asking for a reopening, and the target of a review (D14).
        """
        stood = self.last_suspension if self.suspended else None  # type: ignore[attr-defined]
        current, asked, appeal = self.last_round, self.last_intervention, None
        if self.stage == Stage.APPEAL:
            appeal = self.open_appeal  # type: ignore[attr-defined]
        turn = stood.at if stood else self.turn_began()
        if deadlines.executing(self) and asked and asked.ruled_at:  # type: ignore[arg-type]
            turn = asked.ruled_at
        requested = min((each.at for each in self.open_requests()), default=turn)  # type: ignore[attr-defined]
        gathering = self.evidence_from or (asked.at if asked else turn)
        found = {
            "due_at": (self.due_at, turn),
            "reply_due_at": (self.reply_due_at, current.sent_at if current else turn),
            "evidence_due_at": (self.evidence_due_at, gathering),
            "request_due_at": (self.request_due_at, requested),
            "appeal_by": (self._appeal_by(), asked.ruled_at if asked else None),
            "review_by": (appeal.decide_by, appeal.at) if appeal else (None, None),
            "reopen_by": (
                self.reopen_by if automatic_result(self) and not self.reopening else None,  # type: ignore[arg-type]
                self.excused_at or self.closed_at,
            ),
        }
        return {
            name: Deadline(until, since or until)
            for name, (until, since) in found.items()
            if until is not None
        }

    def _appeal_by(self) -> datetime | None:
        asked = self.last_intervention
        return asked.appeal_by if asked is not None and self.stage == Stage.RULED else None

    def turn_began(self) -> datetime:
        """When the case came to its present status; read for many cases at once in a sweep."""
        known: datetime | None = self.__dict__.get("_began")
        if known is None:
            moves = self.events.exclude(before=F("after"))  # type: ignore[attr-defined]
            last = moves.order_by("-version").first()
            known = last.at if last else self.applied_at
        return known

    @property
    def taken_by_time(self) -> str:
        """The step by which time brought the case to its present status; empty if a person did."""
        moves = self.events.exclude(before=F("after"))  # type: ignore[attr-defined]
        last = moves.order_by("-version").first()
        return last.step if last and last.party == Party.CLOCK else ""

    # The first two are carried out case by case for one staff decision: aftersales/extending.py.

    @step(gettext_lazy("延长时限"), by={Party.STAFF}, source=list(Status), versioned=False)
    def extend(self, *, by: Any, until: Mapping[str, datetime], why: str) -> dict[str, Any]:
        """§1.4: clocks that run move later, never earlier; ``until`` maps a deadline's name to it."""
        moved = {}
        running = self.open_deadlines()
        for name, end in until.items():
            if name not in running or end <= running[name].until:
                continue
            moved[name] = {"before": running[name].until.isoformat(), "until": end.isoformat()}
            if name == "due_at":
                self.set_due(end)
            elif name == "appeal_by":
                self.change(self.last_intervention, appeal_by=end)  # type: ignore[arg-type]
            elif name == "review_by":
                self.change(self.open_appeal, decide_by=end)  # type: ignore[attr-defined]
            else:
                setattr(self, name, end)
        if not moved:
            raise Refused(_("没有可以延后的时限"))
        self._move_rows(
            {
                name: until[name] - datetime.fromisoformat(each["before"])
                for name, each in moved.items()
            }
        )
        return {"clocks": moved, "why": why}

    def _move_rows(self, later: Mapping[str, timedelta]) -> None:
        """The rows that say the same deadlines as the case say them still."""
        current, asked = self.last_round, self.last_intervention
        if "reply_due_at" in later and current is not None:
            self.change(current, due_at=self.reply_due_at)
        if "request_due_at" in later:
            for wanted in self.open_requests():  # type: ignore[attr-defined]
                self.change(wanted, due_at=wanted.due_at + later["request_due_at"])
        if self.suspended:
            self._move_suspension(later.get("due_at", timedelta()))
            return
        if asked is None:
            return
        if "evidence_due_at" in later:
            supplement = self.last_supplement if self.stage == Stage.SUPPLEMENT else None  # type: ignore[attr-defined]
            if supplement is not None:
                self.change(supplement, due_at=self.evidence_due_at)
            else:
                self.change(asked, evidence_due_at=self.evidence_due_at)
        if "due_at" in later and deadlines.executing(self) and asked.execute_by:  # type: ignore[arg-type]
            self.change(asked, execute_by=asked.execute_by + later["due_at"])
        elif "due_at" in later and asked.stage in UNRULED:
            self.change(asked, decide_by=asked.decide_by + later["due_at"])

    def _move_suspension(self, later: timedelta) -> None:
        """D16: the end of a suspension, and until when its proof is to be shown, move with it."""
        stood = self.last_suspension  # type: ignore[attr-defined]
        if stood is None or not later:
            return
        self.change(stood, until=stood.until + later)
        if stood.proof_by is not None:
            self.change(stood, proof_by=stood.proof_by + later)

    @step(
        gettext_lazy("平台故障期间的自动结果"),
        by={Party.STAFF},
        source=list(Status),
        versioned=False,
    )
    def excuse(self, *, by: Any, result: str, result_version: int, why: str) -> dict[str, Any]:
        """What time did while the platform was down (the event of that version) counts as nobody's
        fault (metrics.md). Where the case still is where that brought it, it may be asked
        to be looked at again, once for each outage."""
        later = self.events.filter(version__gt=result_version)  # type: ignore[attr-defined]
        if not later.exclude(before=F("after")).exists():
            self.excused_at = self.at
            self.reopen_by = deadlines.end_of(self, Clock.GRACE, self.at)  # type: ignore[arg-type]
            if self.reopening != Reopening.ASKED:
                self.reopening = ""
        return {"result": result, "result_version": result_version, "why": why}

    @step(
        gettext_lazy("申请重新处理"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=AUTOMATIC,
        conditions=[automatic_result, within_grace],
        for_whom=[excused_result],
    )
    def ask_reopen(self, *, by: Any, reason: str) -> dict[str, Any]:
        """Within the grace time, once: a buyer whose time is over, or a merchant whose turn an outage took."""
        reason = required(reason, _("请说明申请重新处理的理由"), "reason")
        if not 10 <= len(reason) <= 500:
            raise Refused(reason=_("理由需 10 到 500 个字"))
        self.reopening, self.needs_staff = Reopening.ASKED, True
        return {"reason": reason}

    @step(
        gettext_lazy("重新处理"),
        by={Party.STAFF},
        source=AUTOMATIC,
        target=GET_STATE(
            lambda case, **_: Status(case.__dict__["_came_from"]), states=list(Status)
        ),
        conditions=[automatic_result, money_still_here],
    )
    def reopen(self, *, by: Any, note: str) -> dict[str, Any]:
        """The automatic result is undone and its clock begins anew; money gone is never fetched back."""
        note = required(note, _("请写明理由，双方都会看到"), "note")
        if self.ended:
            self._check_reopening()
        last = self.events.exclude(before=F("after")).order_by("-version").first()  # type: ignore[attr-defined]
        self.__dict__["_came_from"] = last.before
        self.reopening = Reopening.GRANTED
        self.needs_staff = payout_failed(self)  # type: ignore[arg-type]
        self.closed_at, self.consent_wanted, self.excused_at = None, False, None
        if self.status == Status.AWAITING_BUYER_RETURN:
            self.auto_agreed, self.return_address = False, None
            self.freight = amounts.return_freight(self.type, self.reason, self.order)
            if self.round_state == RoundState.CLOSED:  # what time cut off counts for nothing
                self.begin_series()
        if self.status == Status.COMPLETED:
            end = deadlines.end_of(self, Clock.ARRIVAL_SIGNED, self.at)  # type: ignore[arg-type]
            self.set_due(end, anew=True)
        return {"note": note, "result": last.step}

    def _check_reopening(self) -> None:
        """An ended case comes back only where nothing took its place (G2, G6)."""
        model: Any = type(self)
        others = model.objects.filter(line_id=self.line_id).exclude(pk=self.pk)
        beside = self.type == CaseType.PRICE_DIFFERENCE  # it stands beside the ordinary claim
        alike = [each for each in others if (each.type == CaseType.PRICE_DIFFERENCE) == beside]
        if any(not other.ended for other in alike):
            raise Refused(_("这件商品已有进行中的售后，不能重新处理"))
        left = model.refundable_for(self.line, self.quantity, self.type, self.reason).total
        if self.amount > left or (self.wants_goods and not left):
            raise Refused(_("这件商品可退的金额已不足，不能重新处理"))

    @step(
        gettext_lazy("不予重新处理"),
        by={Party.STAFF},
        source=AUTOMATIC,
        conditions=[reopening_asked],
    )
    def decline_reopen(self, *, by: Any, note: str) -> dict[str, Any]:
        """Staff answer a request with their reason; the result stands."""
        note = required(note, _("请写明理由，双方都会看到"), "note")
        self.reopening = Reopening.DECLINED
        self.needs_staff = payout_failed(self)  # type: ignore[arg-type]
        return {"note": note}
