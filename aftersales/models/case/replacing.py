"""换货、补寄、维修: the goods that go out to the buyer, to their receipt (T-14 to T-16)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.enums import Direction, Party, Permission, Remedy, Status
from aftersales.models.case.fields import in_house
from aftersales.models.case.owing import Owing
from aftersales.models.case.returning import checked_tracking
from aftersales.models.history import Upload
from aftersales.models.order import Parcel
from aftersales.rules import deadlines, facts
from aftersales.rules.conditions import (
    found_unrepairable,
    not_in_court,
    still_to_ship,
    under_repair,
)
from aftersales.rules.limits import within_limit
from aftersales.steps import Refused, step


def _completed(case: Any, **_: Any) -> Status:
    """Goods given back after a reversal are no success of the claim (T-25)."""
    given_back = case.remedy == Remedy.GIVE_BACK
    return Status.CLOSED_PLATFORM_DENIED if given_back else Status.COMPLETED


COMPLETED = GET_STATE(_completed, states=[Status.COMPLETED, Status.CLOSED_PLATFORM_DENIED])
RESTARTS_WARRANTY = (Remedy.EXCHANGE, Remedy.REPAIR)


class Replacing(Owing):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("发出商品"),
        by={Party.MERCHANT},
        permission=Permission.SHIP,
        source=[Status.AWAITING_MERCHANT_SHIP],
        target=Status.AWAITING_BUYER_RECEIPT,
        conditions=[still_to_ship],
    )
    def ship_replacement(self, *, by: Any, carrier: str, tracking: str) -> dict[str, Any]:
        """T-14: carrier and number; from then on the buyer's clock (D9) runs."""
        carrier, tracking = checked_tracking(carrier, tracking)
        if Parcel.objects.filter(tracking=tracking).exists():
            raise Refused(tracking=_("此单号已用于另一个包裹"))
        self.replacement_shipped_at, self.replacement_signed_at = self.at, None
        self.add(
            Parcel(
                order=self.order,
                case_id=self.pk,
                direction=Direction.REPLACEMENT,
                carrier=carrier,
                tracking=tracking,
                shipped_at=self.at,
            )
        )
        return {"carrier": carrier, "tracking": tracking, "remedy": str(self.remedy)}

    @step(
        gettext_lazy("商家报告修不好"),
        by={Party.MERCHANT},
        permission=Permission.SHIP,
        source=[Status.AWAITING_MERCHANT_SHIP],
        conditions=[under_repair],
    )
    def report_unrepairable(self, *, by: Any, text: str) -> dict[str, Any]:
        """Walk 7 of §1.7: a repair that fails leaves the choice to the buyer, refund or exchange."""
        text = in_house(text, "text")
        if not 10 <= len(text) <= 500:
            raise Refused(text=_("请说明为什么修不好（10 到 500 个字）"))
        self.unrepairable_at = self.at
        self.say(Party.MERCHANT, by, text)
        return {"text": text}

    @step(
        gettext_lazy("修不好，改为换货"),
        by={Party.BUYER},
        source=[Status.AWAITING_MERCHANT_SHIP],
        conditions=[found_unrepairable],
    )
    def choose_exchange(self, *, by: Any) -> dict[str, Any]:
        """The same goods anew; the shop's clock (D8) starts again."""
        self.remedy = Remedy.EXCHANGE
        self.set_due(deadlines.due_at(self, self.at), anew=True)  # type: ignore[arg-type]
        return {}

    @step(
        gettext_lazy("修不好，改为退款"),
        by={Party.BUYER},
        source=[Status.AWAITING_MERCHANT_SHIP],
        target=Status.REFUNDING,
        conditions=[found_unrepairable],
    )
    def choose_refund(self, *, by: Any) -> dict[str, Any]:
        return self._turn_into_money()

    @step(
        gettext_lazy("无法发出，改为退款"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        for_whom=[within_limit],
        source=[Status.AWAITING_MERCHANT_SHIP],
        target=Status.REFUNDING,
        conditions=[still_to_ship],
    )
    def refund_instead(self, *, by: Any) -> dict[str, Any]:
        """T-15 before its time: who can't ship need not make the buyer wait for the clock."""
        return self._turn_into_money()

    @step(
        gettext_lazy("逾期未发出，改为退款"),
        by={Party.CLOCK},
        source=[Status.AWAITING_MERCHANT_SHIP],
        target=Status.REFUNDING,
    )
    def refund_unshipped_remedy(self, *, by: Any) -> dict[str, Any]:
        """T-15, D8: what was paid for the pieces concerned. That a buyer did not choose after a
        failed repair (walk 7 of §1.7) is no silence of the shop's."""
        unchosen = deadlines.beyond_repair(self)  # type: ignore[arg-type]
        self.auto_agreed = self.auto_agreed or not unchosen
        return self._turn_into_money() | ({"unchosen": True} if unchosen else {})

    def _turn_into_money(self) -> dict[str, Any]:
        before, self.remedy = self.remedy, Remedy.REFUND
        self.owe_refund(self.worth_unsent)
        return {"amount": str(self.to_refund), "instead_of": str(before)}

    @step(
        gettext_lazy("换货或补寄已签收"),
        by={Party.CLOCK},
        source=[Status.AWAITING_BUYER_RECEIPT],
    )
    def note_arrival(self, *, by: Any) -> dict[str, Any]:
        """D9: from the carrier's signature the buyer has seven days to look at the goods."""
        parcel = facts.replacement(self)  # type: ignore[arg-type]
        if parcel is None or parcel.signed_at is None or self.replacement_signed_at:
            raise Refused(_("没有新的签收记录"))
        self.replacement_signed_at = parcel.signed_at
        self.set_due(deadlines.due_at(self, self.due_from or self.at))  # type: ignore[arg-type]
        return {"parcel": str(parcel), "signed_at": parcel.signed_at.isoformat()}

    @step(
        gettext_lazy("确认收到，没有问题"),
        by={Party.BUYER},
        source=[Status.AWAITING_BUYER_RECEIPT],
        target=COMPLETED,
    )
    def confirm_arrival(self, *, by: Any) -> dict[str, Any]:
        """T-16."""
        return self._complete()

    @step(
        gettext_lazy("到期未提出问题，售后完成"),
        by={Party.CLOCK},
        source=[Status.AWAITING_BUYER_RECEIPT],
        target=COMPLETED,
    )
    def complete_by_default(self, *, by: Any) -> dict[str, Any]:
        """T-16, D9."""
        return self._complete()

    def _complete(self) -> dict[str, Any]:
        self.renew_warranty()
        return {"remedy": str(self.remedy)}

    def renew_warranty(self) -> None:
        """Exchanged and repaired goods that stay with the buyer have it anew (T-16, Reg. Art. 18)."""
        if self.remedy in RESTARTS_WARRANTY and self.replacement_shipped_at:
            self.change(self.line, warranty_from=self.at)

    @step(
        gettext_lazy("收到的商品仍有问题，申请平台介入"),
        by={Party.BUYER},
        source=[Status.AWAITING_BUYER_RECEIPT],
        target=Status.PLATFORM_REVIEW,
        conditions=[not_in_court],
    )
    def dispute_arrival(
        self,
        *,
        by: Any,
        reason: str,
        wants: str = "",
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """T-16b: within D9, and with evidence."""
        if not any((evidence or {}).values()):
            raise Refused(proof_platform=_("请上传能看出问题的照片"))
        if not 10 <= len(reason.strip()) <= 500:
            raise Refused(reason=_("理由需 10 到 500 个字"))
        self.check_news(evidence)  # type: ignore[attr-defined]
        self.open_intervention(self.acting, by, reason.strip(), wants)  # type: ignore[attr-defined]
        kept = self.put_forward(
            Party.BUYER, evidence or {}, {"platform": gettext_lazy("收到的商品")}
        )
        return {"reason": reason.strip(), "wants": wants.strip()[:200], "evidence": kept}
