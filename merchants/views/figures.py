"""经营数据: the shop's own figures over 30 days, and the cases behind each of them (M20)."""

from functools import cached_property
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.views.generic import TemplateView

from aftersales.figures import showing
from aftersales.figures.asked import Asked, Links
from aftersales.figures.definitions import BY_KEY
from merchants.views.base import ShopView

LINKS = Links(
    figure=lambda key: reverse("merchants:figure", args=[key]),
    worked=lambda kind, code: reverse("merchants:worked", args=[kind, code]),
    case=lambda case: reverse("merchants:case", args=[case.code]),
    order=lambda order: reverse("merchants:order", args=[order.number]),
)


class FiguresPage(ShopView, TemplateView):
    """Any member may look. ``?until=`` ends the 30 days on an earlier day than the last counted."""

    @cached_property
    def asked(self) -> Asked | None:
        return Asked.of(self.request.GET)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            shops=self.request.shops,  # type: ignore[attr-defined]
            asked=self.asked,
            **kwargs,
        )


class Overview(FiguresPage):
    template_name = "merchants/figures/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = showing.overview(self.shop, self.asked, LINKS) if self.asked else {}
        return super().get_context_data(**kwargs) | found


class Inner(FiguresPage):
    """A page below the overview, of something that has to be there."""

    def found(self, asked: Asked) -> dict[str, Any] | None:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = self.asked and self.found(self.asked)
        if not self.asked or not found:
            raise Http404
        back = reverse("merchants:figures") + self.asked.query()
        return super().get_context_data(**kwargs) | found | {"back": back}


class OneFigure(Inner):
    """Its course and formula, and what it counts (``?part=count``) or is divided by (``?part=of``)."""

    template_name = "merchants/figures/figure.html"

    def found(self, asked: Asked) -> dict[str, Any] | None:
        figure = BY_KEY.get(self.kwargs["key"])
        return showing.one(self.shop, figure, asked, LINKS) if figure else None


class Worked(Inner):
    """The cases in which a script, a plan or the talk about a reason was tried."""

    template_name = "merchants/figures/worked.html"

    def found(self, asked: Asked) -> dict[str, Any] | None:
        kind, code = self.kwargs["kind"], self.kwargs["code"]
        return showing.tried(self.shop, kind, code, asked, LINKS)
