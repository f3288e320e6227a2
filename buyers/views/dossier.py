"""卷宗: the buyer's own copy of his case."""

from aftersales.dossier.views import DossierView
from buyers.views.base import BuyerCase


class CaseDossier(BuyerCase, DossierView):
    """The shop's personal data are masked in it."""
