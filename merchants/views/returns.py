"""退货验收: the receiving desk for a scanner, and the page of what came in a parcel (M10, M18)."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from aftersales import clock
from aftersales.display import money
from aftersales.enums import Freight, Remedy, Status, Turn
from aftersales.models import Case
from aftersales.models.order import plain_tracking
from merchants.showing import tool
from merchants.views.base import MerchantStep, ShopView

MOST = 30
LEAST_TAIL = 4  # letters and figures that name a parcel by its end
AT_THE_DESK = (Status.AWAITING_MERCHANT_RECEIPT, Status.RETURN_REFUSED)


class Returns(ShopView, TemplateView):
    """One field: a number leads to its case; anything else is looked for."""

    template_name = "merchants/returns/desk.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        exact = self.exactly()
        if exact is not None:
            name = "receive_part" if exact.status in AT_THE_DESK[:1] else "case"
            return redirect(f"merchants:{name}", code=exact.code)
        return super().get(request, *args, **kwargs)

    @property
    def asked(self) -> str:
        return self.request.GET.get("q", "").strip()[:60]

    @property
    def number(self) -> str:
        """What was scanned, as a tracking number is stored."""
        return plain_tracking(self.asked)

    def exactly(self) -> Case | None:
        if not self.asked:
            return None
        cases = Case.objects.filter(shop=self.shop)
        found = list(cases.filter(Q(return_tracking=self.number) | Q(code=self.number))[:2])
        return found[0] if len(found) == 1 else None

    def found(self) -> list[Case]:
        """One more than are shown, to know of the rest."""
        cases = Case.objects.filter(shop=self.shop).select_related("line", "order", "buyer")
        if not self.asked:
            waiting = cases.filter(turn=Turn.RECEIVE)
            return list(waiting.order_by("due_at", "pk")[: MOST + 1])
        back = cases.exclude(return_address=None)
        like = (
            Q(order__number__icontains=self.asked)
            | Q(order__receiver__icontains=self.asked)
            | Q(order__buyer_nick__icontains=self.asked)
            | Q(code__icontains=self.asked)
        )
        if len(self.number) >= LEAST_TAIL:
            like |= Q(return_tracking__endswith=self.number)
        return list(back.filter(like).order_by("-applied_at")[: MOST + 1])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.found()
        return super().get_context_data(
            now=clock.now(),
            shops=self.request.shops,  # type: ignore[attr-defined]
            asked=self.asked,
            rows=[(case, case.status in AT_THE_DESK[:1]) for case in rows[:MOST]],
            cut=MOST if len(rows) > MOST else 0,
            **kwargs,
        )


class Receive(MerchantStep):
    """What the parcel should hold, against what it held; confirming whole is one button."""

    template_name = "merchants/cases/receive.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        case = self.case
        return super().get_context_data(
            whole=whole(case),
            confirm_refusal=case.refusal("confirm_receipt", self.request.user),
            may_refuse_collect=case.may("refuse_collect", self.request.user),
            receipts=case.receipts.all(),
            counter=tool.counter_line(case),
            desk_url=reverse("merchants:returns"),
            **kwargs,
        )

    def success_message(self) -> str:
        offered = self.case.receipts.last()
        if offered is not None and offered.amount is not None:
            return _("已登记，%(amount)s 的退款提议已发给买家") % {"amount": money(offered.amount)}
        return _("已登记收货情况，可以继续协商或拒绝收货")


def whole(case: Case) -> str:
    """The button where everything came back as it should."""
    if case.remedy == Remedy.REPAIR:  # it is broken: that is what it comes for
        return _("件数相符，确认收货")
    if case.remedy != Remedy.REFUND:
        return _("全部完好，确认收货")
    return _("全部完好，退款 %(amount)s") % {"amount": money(case.whole)}


class SettleFreight(MerchantStep):
    """赔付退货运费: exactly what was claimed; for an insurance what it really paid."""

    template_name = "merchants/cases/settle_freight.html"
    done = gettext_lazy("退货运费已登记")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        claim = self.case.unsettled_freight
        filed = self.case.evidence.filter(slot="freight").select_related("upload")
        return super().get_context_data(
            claim=claim,
            insured=claim is not None and claim.payer == Freight.INSURANCE,
            again=self.case.freight_claims.count() > 1,
            slips=filed.filter(at=claim.paid_at) if claim and claim.paid_at else [],
            **kwargs,
        )
