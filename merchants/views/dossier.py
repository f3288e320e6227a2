"""卷宗: the shop's copy of a case, to keep and to print."""

from typing import Any

from django.urls import reverse
from django.views.generic import TemplateView

from aftersales import centre, clock
from aftersales.dossier.content import Content
from aftersales.dossier.views import DossierView
from aftersales.enums import Party
from merchants.showing.record import record_of
from merchants.views.base import MerchantCase


class CaseDossier(MerchantCase, DossierView):
    """The buyer's personal data are masked in it."""


class PrintPage(MerchantCase, TemplateView):
    """M15: the record as on the case's page and the facts as in the dossier, laid out for paper.

    Internal notes stay inside: what is printed may leave the shop.
    """

    template_name = "merchants/cases/print.html"
    enters = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.case.mark_read(Party.MERCHANT)  # the record shows every word
        centre.seen(self.request.user, self.case)
        content = Content(self.case, Party.MERCHANT, clock.now())
        sections = [
            content.summary(),
            content.parties(),
            content.order(),
            content.platform(),
            content.refunds(),
            content.complaints(),
        ]
        return super().get_context_data(
            at=content.at,
            sections=[each for each in sections if each.blocks],
            record=record_of(self.case),
            pieces=content.pieces,
            case_url=reverse("merchants:case", args=[self.case.code]) + self.way.trail,
            **kwargs,
        )
