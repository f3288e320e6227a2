"""卷宗: the shop's copy of a case."""

from aftersales.dossier.views import DossierView
from merchants.views.base import MerchantCase


class CaseDossier(MerchantCase, DossierView):
    """The buyer's personal data are masked in it."""
