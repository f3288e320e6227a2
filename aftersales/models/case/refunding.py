"""退款: what the gateway's answers do to a case (T-24)."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.enums import Party, RefundState, Status
from aftersales.models.case.fields import CaseFields
from aftersales.models.refund import Refund
from aftersales.rules import amounts
from aftersales.rules.conditions import payout_failed
from aftersales.steps import Refused, step


class Refunding(CaseFields):
    class Meta:
        abstract = True

    def _payouts(self) -> list[Refund]:
        return list(self.handed("refunds"))

    @step(
        gettext_lazy("退款到账"),
        by={Party.CLOCK},
        source=[Status.REFUNDING],
        target=Status.REFUNDED,
    )
    def finish_refund(self, *, by: Any) -> dict[str, Any]:
        """Every payout of the case is paid; none, where settling left nothing to refund."""
        payouts = self._payouts()
        if any(refund.state != RefundState.PAID for refund in payouts):
            raise Refused(_("还有退款没有到账"))
        return {
            "amount": str(
                sum((each.amount for each in payouts if not each.in_kind), amounts.NOTHING)
            ),
            "routes": [
                {"route": refund.route, "amount": str(refund.amount), "number": refund.number}
                for refund in payouts
                if not refund.in_kind
            ],
        }

    @step(
        gettext_lazy("退款失败"),
        by={Party.CLOCK},
        source=[Status.REFUNDING],
        target=Status.REFUND_FAILED,
    )
    def fail_refund(self, *, by: Any) -> dict[str, Any]:
        """The gateway refused for good, or tries are used up: staff must look."""
        failed = [each for each in self._payouts() if each.state == RefundState.FAILED]
        if not failed:
            raise Refused(_("没有失败的退款"))
        return {"routes": [{"route": each.route, "error": each.error} for each in failed]}

    @step(
        gettext_lazy("补偿没有付出"),
        by={Party.CLOCK},
        source=list(Status),
        conditions=[payout_failed],
        versioned=False,
    )
    def note_failed_payout(self, *, by: Any) -> dict[str, Any]:
        """What was owed besides the refund has failed: the case goes on, staff must look."""
        self.needs_staff = True
        failed = [each for each in self._payouts() if each.state == RefundState.FAILED]
        return {"routes": [{"route": each.route, "error": each.error} for each in failed]}

    @step(
        gettext_lazy("重试退款"),
        by={Party.STAFF},
        source=list(Status),
        target=GET_STATE(
            lambda case, **_: (
                Status.REFUNDING if case.status == Status.REFUND_FAILED else Status(case.status)
            ),
            states=list(Status),
        ),
        conditions=[payout_failed],
    )
    def retry_refund(self, *, by: Any) -> dict[str, Any]:
        """Staff try again whatever has failed, under the same numbers."""
        failed = [each for each in self._payouts() if each.state == RefundState.FAILED]
        for refund in failed:
            self.change(refund, state=RefundState.OWED, due_at=self.at, error="", tries=0)
        self.needs_staff = self.asks_staff
        return {"numbers": [refund.number for refund in failed]}

    @step(
        gettext_lazy("登记线下退款"),
        by={Party.STAFF},
        source=list(Status),
        target=GET_STATE(
            lambda case, **_: (
                Status.REFUNDED if case.status == Status.REFUND_FAILED else Status(case.status)
            ),
            states=list(Status),
        ),
        conditions=[payout_failed],
    )
    def settle_offline(self, *, by: Any, proof: str) -> dict[str, Any]:
        """Staff paid outside the gateway and say how (T-24: offline proof)."""
        if len(proof.strip()) < 6:
            raise Refused(proof=_("请填写线下退款的凭据号和方式（至少 6 个字）"))
        payouts = self._payouts()
        if any(each.state in (RefundState.OWED, RefundState.SENT) for each in payouts):
            raise Refused(_("还有退款在支付渠道处理中，请等它有结果后再登记"), conflict=True)
        failed = [each for each in payouts if each.state == RefundState.FAILED]
        for refund in failed:
            self.change(
                refund,
                state=RefundState.PAID,
                due_at=None,
                paid_at=self.at,
                proof=proof.strip()[:200],
            )
        self.needs_staff = self.asks_staff
        return {"proof": proof.strip(), "numbers": [refund.number for refund in failed]}
