"""退货: sending back, receiving, and both sides' silence (T-09 to T-11, T-13)."""

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.enums import Direction, Party, Permission, Remedy, Status
from aftersales.models.case.fields import CaseFields
from aftersales.models.order import Parcel
from aftersales.rules import deadlines, facts
from aftersales.rules.conditions import (
    goods_came_back,
    return_not_scanned,
    tracking_not_corrected,
    unruled,
)
from aftersales.steps import Refused, step

TRACKING = re.compile(r"[A-Z0-9]{8,30}")
AFTER_RECEIPT = [Status.REFUNDING, Status.AWAITING_MERCHANT_SHIP]


def after_receipt(case: Any) -> Status:
    """T-11, T-13: goods that are to be exchanged or repaired go out again; else money is owed."""
    return Status.REFUNDING if case.remedy == Remedy.REFUND else Status.AWAITING_MERCHANT_SHIP


def checked_tracking(carrier: str, tracking: str) -> tuple[str, str]:
    """Carrier and number as they are stored, or Refused at their fields."""
    carrier, tracking = carrier.strip(), re.sub(r"[\s-]", "", tracking).upper()
    if not carrier:
        raise Refused(carrier=_("请选择快递公司"))
    if not TRACKING.fullmatch(tracking):
        raise Refused(tracking=_("请输入快递单号（8–30 位字母和数字）"))
    return carrier, tracking


class Returning(CaseFields):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("填写退货单号"),
        by={Party.BUYER},
        source=[Status.AWAITING_BUYER_RETURN],
        target=Status.AWAITING_MERCHANT_RECEIPT,
    )
    def send_back(self, *, by: Any, carrier: str, tracking: str) -> dict[str, Any]:
        """T-09: carrier and number, checked; from then on the merchant's receipt clock runs."""
        carrier, tracking = self._checked_tracking(carrier, tracking)
        self.return_carrier, self.return_tracking = carrier, tracking
        self.return_filed_at = self.at
        self.begin_series()
        self.add(
            Parcel(
                order=self.order,
                case_id=self.pk,
                direction=Direction.RETURN,
                carrier=carrier,
                tracking=tracking,
                shipped_at=self.at,
            )
        )
        return {"carrier": carrier, "tracking": tracking}

    @step(
        gettext_lazy("更正退货单号"),
        by={Party.BUYER},
        source=[Status.AWAITING_MERCHANT_RECEIPT],
        conditions=[tracking_not_corrected, return_not_scanned],
    )
    def correct_tracking(self, *, by: Any, carrier: str, tracking: str) -> dict[str, Any]:
        """Once, and before the carrier's first scan (§1.5)."""
        carrier, tracking = self._checked_tracking(carrier, tracking)
        parcel = facts.returned(self)  # type: ignore[arg-type]
        before = self.return_tracking
        if parcel is not None:
            self.change(parcel, carrier=carrier, tracking=tracking)
        self.return_carrier, self.return_tracking = carrier, tracking
        self.return_corrected = True
        return {"carrier": carrier, "tracking": tracking, "before": before}

    def _checked_tracking(self, carrier: str, tracking: str) -> tuple[str, str]:
        carrier, tracking = checked_tracking(carrier, tracking)
        sent = {
            parcel.tracking.upper()
            for parcel in self.order.parcels.all()
            if parcel.direction == Direction.OUTBOUND
        }
        if tracking in sent:
            raise Refused(tracking=_("不能与发货单号相同"))
        taken = Parcel.objects.filter(tracking=tracking).exclude(case_id=self.pk)
        if taken.exists() or tracking == self.return_tracking:
            raise Refused(tracking=_("此单号已用于另一笔售后"))
        return carrier, tracking

    @step(
        gettext_lazy("退货已签收"),
        by={Party.CLOCK},
        source=[Status.AWAITING_MERCHANT_RECEIPT],
    )
    def note_delivery(self, *, by: Any) -> dict[str, Any]:
        """D7: the carrier's signature at the return address brings the receipt clock forward."""
        parcel = facts.returned(self)  # type: ignore[arg-type]
        if parcel is None or parcel.signed_at is None or self.return_signed_at:
            raise Refused(_("没有新的签收记录"))
        self.return_signed_at = parcel.signed_at
        self.set_due(deadlines.due_at(self, self.return_filed_at or self.at))  # type: ignore[arg-type]
        return {"parcel": str(parcel), "signed_at": parcel.signed_at.isoformat()}

    @step(
        gettext_lazy("逾期未寄回，售后关闭"),
        by={Party.CLOCK},
        source=[Status.AWAITING_BUYER_RETURN],
        target=Status.CLOSED_BUYER_TIMEOUT,
    )
    def close_unreturned(self, *, by: Any) -> dict[str, Any]:
        """T-10: no tracking number by D4."""
        return {}

    @step(
        gettext_lazy("确认收货"),
        by={Party.MERCHANT},
        permission=Permission.RECEIVE,
        source=[
            Status.AWAITING_MERCHANT_RECEIPT,
            Status.RETURN_REFUSED,
            Status.PLATFORM_REVIEW,
        ],
        target=GET_STATE(lambda case, **_: after_receipt(case), states=AFTER_RECEIPT),
        conditions=[unruled, goods_came_back],
    )
    def confirm_receipt(self, *, by: Any) -> dict[str, Any]:
        """T-11, and T-22 after a refused receipt: the refund is owed, or the goods are, at once."""
        self.mark_handled()
        self.settle()
        return self._take_in()

    @step(
        gettext_lazy("逾期未确认收货，视为已收货"),
        by={Party.CLOCK},
        source=[Status.AWAITING_MERCHANT_RECEIPT],
        target=GET_STATE(lambda case, **_: after_receipt(case), states=AFTER_RECEIPT),
    )
    def confirm_receipt_by_default(self, *, by: Any) -> dict[str, Any]:
        """T-13: the receipt clock (D7) ran out."""
        self.auto_agreed = True
        return self._take_in()

    def _take_in(self) -> dict[str, Any]:
        self.end_rounds()
        if self.remedy != Remedy.REFUND:
            return {"remedy": str(self.remedy)}
        self.owe_refund(self.to_refund or self.worth)
        return {"amount": str(self.to_refund)}
