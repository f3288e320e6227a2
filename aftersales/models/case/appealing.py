"""申诉: the losing side asks once more; another reviewer decides, two reverse (T-25, D13)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.display import plain_money
from aftersales.enums import (
    AppealState,
    Clock,
    Party,
    Permission,
    Purpose,
    Remedy,
    Responsible,
    Stage,
    Status,
)
from aftersales.models.case.fields import reasoned, required
from aftersales.models.case.owing import Owing
from aftersales.models.history import Upload
from aftersales.models.intervention import Appeal, Intervention
from aftersales.rules import amounts, deadlines, facts
from aftersales.rules.conditions import (
    appeal_open,
    appealable,
    impartial,
    lost,
    not_the_ruler,
    reversal_proposed,
    second_person,
    within_appeal,
)
from aftersales.steps import NOT_NOW, Refused, step

PAYABLE = (Status.REFUNDED, Status.CLOSED_PLATFORM_DENIED)


# Where a ruled return or replacement is still under way, and nothing has been given yet.
KEEP, GIVE_BACK, PAY = "keep", "give_back", "pay"
LEADS_TO = {
    KEEP: Status.CLOSED_PLATFORM_DENIED,
    GIVE_BACK: Status.AWAITING_MERCHANT_SHIP,
    PAY: Status.REFUNDING,
}
UNDER_WAY = (
    Status.AWAITING_BUYER_RETURN,
    Status.AWAITING_MERCHANT_RECEIPT,
    Status.RETURN_REFUSED,
    Status.AWAITING_MERCHANT_SHIP,
)


def _reversed_status(case: Any, **_: Any) -> Status:
    """A buyer who wins his appeal is paid; what he once got is never taken back. A merchant who
    wins his stops what he has not given yet."""
    return LEADS_TO.get(case.__dict__["_then"], Status(case.status))


class Appealing(Owing):
    class Meta:
        abstract = True

    @property
    def open_appeal(self) -> Appeal | None:
        """The appeal that staff still have to decide."""
        rows = Appeal.objects.undecided().filter(case_id=self.pk)
        return rows.select_related("intervention").first()

    @step(
        gettext_lazy("申诉"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=list(Status),
        conditions=[appealable, within_appeal],
        for_whom=[lost],
    )
    def appeal(
        self,
        *,
        by: Any,
        reason: str,
        evidence: Mapping[str, Sequence[Upload]] | None = None,
        as_party: str = "",
    ) -> dict[str, Any]:
        """T-25, D13: once, by the side that lost, and with something new to look at."""
        asked = self.last_intervention
        if asked is None:
            raise Refused(NOT_NOW)
        reason = required(reason, _("请说明申诉的理由"), "reason")
        if not 10 <= len(reason) <= 500:
            raise Refused(reason=_("理由需 10 到 500 个字"))
        if not any((evidence or {}).values()):
            raise Refused(proof_appeal=_("申诉需要新的凭证"))
        if known := self.nothing_new(evidence):
            raise Refused(proof_appeal=known)
        self.add(
            Appeal(
                case_id=self.pk,
                intervention=asked,
                party=self.acting,
                user=by,
                reason=reason,
                at=self.at,
                decide_by=deadlines.end_of(self, Clock.DECISION, self.at),  # type: ignore[arg-type]
            )
        )
        self.change(asked, stage=Stage.APPEAL)
        self.stage = Stage.APPEAL
        kept = self.put_forward(self.acting, evidence or {}, {"appeal": gettext_lazy("申诉凭证")})
        return {"reason": reason, "evidence": kept}

    @step(
        gettext_lazy("申诉不成立，维持原判"),
        by={Party.STAFF},
        source=list(Status),
        conditions=[appeal_open],
        for_whom=[impartial, not_the_ruler],
    )
    def uphold_appeal(self, *, by: Any, grounds: str) -> dict[str, Any]:
        """T-25: the ruling stands for good."""
        appeal = self._appeal()
        grounds = reasoned(grounds)
        self.change(
            appeal,
            state=AppealState.UPHELD,
            grounds=grounds,
            decided_by=by,
            decided_at=self.at,
        )
        self._finish(appeal)
        return {"grounds": grounds}

    @step(
        gettext_lazy("申诉成立，提出改判"),
        by={Party.STAFF},
        source=list(Status),
        conditions=[appeal_open],
        for_whom=[impartial, not_the_ruler],
    )
    def propose_reversal(
        self, *, by: Any, responsible: str, grounds: str, amount: Decimal | None = None
    ) -> dict[str, Any]:
        """T-25: the first of two; nothing changes for the sides until a second person agrees."""
        appeal = self._appeal()
        if responsible not in Responsible.values:
            raise Refused(responsible=_("请选择责任方"))
        if appeal.party == Party.MERCHANT:
            amount = None
            if responsible == Responsible.MERCHANT:
                raise Refused(responsible=_("改判支持商家，责任方不能仍是商家"))
        else:
            self._check_total(appeal, amount)
        grounds = reasoned(grounds)
        self.change(
            appeal,
            state=AppealState.PROPOSED,
            responsible=responsible,
            amount=amount,
            grounds=grounds,
            decided_by=by,
            decided_at=self.at,
        )
        return {"responsible": responsible, "amount": str(amount or ""), "grounds": grounds}

    def _check_total(self, appeal: Appeal, amount: Decimal | None) -> None:
        """What the buyer is to have in all: more than the ruling gave, within what he asked for, or
        what the goods are worth that he asked for."""
        had = appeal.intervention.amount or amounts.NOTHING
        if amount is None or not amounts.claimable(amount, self.whole) or amount <= had:
            raise Refused(
                amount=_("改判后的退款总额需大于 %(had)s，不超过 %(max)s")
                % {"had": plain_money(had), "max": plain_money(self.whole)}
            )
        if amount != amounts.cents(amount):
            raise Refused(amount=_("金额最多两位小数"))

    @step(
        gettext_lazy("退回改判意见"),
        by={Party.STAFF},
        source=list(Status),
        conditions=[reversal_proposed],
        for_whom=[impartial, second_person],
    )
    def return_reversal(self, *, by: Any, grounds: str) -> dict[str, Any]:
        """T-25: the second person does not agree; the appeal is decided anew."""
        grounds = reasoned(grounds)
        self.change(
            self._appeal(),
            state=AppealState.OPEN,
            responsible="",
            amount=None,
            grounds="",
            decided_by=None,
            decided_at=None,
        )
        return {"grounds": grounds}

    @step(
        gettext_lazy("改判"),
        by={Party.STAFF},
        source=list(Status),
        target=GET_STATE(_reversed_status, states=list(Status)),
        conditions=[reversal_proposed],
        for_whom=[impartial, second_person],
    )
    def reverse_ruling(self, *, by: Any) -> dict[str, Any]:
        """T-25: confirmed by a second person. The shop's 纠纷退款 goes away; a buyer's win is paid.

        A merchant's win never claws back: money that is owed or paid stays so, and goods that went
        out to the buyer stay his. What is still under way stops (ASSUMED in the reference):

        - goods with the buyer (S3, S9 waiting for an address, or a parts parcel not yet sent, S7):
          he keeps them, sends nothing back, and the case closes as denied (T5);
        - goods with the shop or on their way to it (S5, S6, S7): nothing is refunded, and the shop
          sends them back as they are (``Remedy.GIVE_BACK``) within D8, counted from the end of the
          receipt clock where they have not arrived; a shop that keeps them pays for them (T-15).
          With the buyer's receipt the case closes as denied.
        """
        appeal = self._appeal()
        asked = appeal.intervention
        more, then = amounts.NOTHING, PAY
        if appeal.party == Party.BUYER:
            more = self._pay_more(appeal)
        else:
            then = self._stop_return(asked)
        self.__dict__["_then"] = then
        won = appeal.party == Party.BUYER and appeal.responsible == Responsible.MERCHANT
        self.dispute_refund = won
        self.change(asked, counts_as_dispute=won)
        self.change(appeal, state=AppealState.REVERSED, confirmed_by=by, confirmed_at=self.at)
        self._finish(appeal)
        return {
            "responsible": appeal.responsible,
            "amount": str(more or ""),
            "grounds": appeal.grounds,
            "then": then,
        }

    def _stop_return(self, ruled: Intervention) -> str:
        """A merchant's won appeal: what happens to goods that are still on their ruled way.

        Where the platform has been asked anew since, it decides there, and nothing stops here.
        """
        last = self.last_intervention
        under_way = self.status in UNDER_WAY or deadlines.executing(self)  # type: ignore[arg-type]
        if last is None or last.pk != ruled.pk or not under_way:
            return ""
        then = GIVE_BACK if facts.with_shop(self) else KEEP  # type: ignore[arg-type]
        self.end_rounds()
        self.to_refund = None
        if then == GIVE_BACK:
            self.remedy, self.unrepairable_at = Remedy.GIVE_BACK, None
            coming = (
                self.return_signed_at is None and self.status == Status.AWAITING_MERCHANT_RECEIPT
            )
            since = self.due_at if coming and self.due_at else self.at
            self.set_due(deadlines.end_of(self, Clock.SHIP, since))  # type: ignore[arg-type]
        else:
            self.return_address, self.address_asked = None, None
        return then

    def _pay_more(self, appeal: Appeal) -> Decimal:
        """Owe the buyer what the reversal adds to what the ruling gave him."""
        if self.status == Status.AWAITING_MERCHANT_SHIP and self.remedy == Remedy.GIVE_BACK:
            # what is not yet on its way back to him stays with the shop
            self.remedy = Remedy.REFUND
        elif self.status not in PAYABLE:
            raise Refused(_("原判定的退款还在处理，完成后再改判"), conflict=True)
        total = appeal.amount or self.whole
        had = sum(
            (each.amount for each in self.handed("refunds") if each.purpose == Purpose.REFUND),
            amounts.NOTHING,
        )
        if (more := total - had) <= 0:
            raise Refused(_("买家已经得到 ¥%(had)s 的退款") % {"had": plain_money(had)})
        left = sum((room for _route, _reference, room in self._routes()), amounts.NOTHING)
        if more > left:
            raise Refused(
                _("订单可退余额只有 ¥%(left)s，不够改判的退款") % {"left": plain_money(left)}
            )
        self.owe(more)
        self.to_refund, self.closed_at = total, None
        return more

    def _appeal(self) -> Appeal:
        appeal = self.open_appeal
        if appeal is None:
            raise Refused(NOT_NOW)
        return appeal

    def _finish(self, appeal: Appeal) -> None:
        """The ruling is final; a later request to the platform has its own stage."""
        self.change(appeal.intervention, stage=Stage.FINAL)
        last = self.last_intervention
        if last is not None and last.pk == appeal.intervention_id:
            self.stage = Stage.FINAL
