"""经营数据: the shop's own figures over 30 days, and the cases behind each of them (M20)."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.views.generic import TemplateView

from aftersales.figures import reading, showing
from aftersales.figures.definitions import BY_KEY
from aftersales.models import Case
from merchants.views.base import ShopView


class FiguresPage(ShopView, TemplateView):
    """Any member may look. ``?until=`` ends the 30 days on an earlier day than the last counted."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.asked = self.request.GET.get("until", "")
        self.last, newest = showing.ends_on(self.asked)
        return super().get_context_data(
            shops=self.request.shops,  # type: ignore[attr-defined]
            last=self.last,
            newest=newest,
            **kwargs,
        )

    def query(self, **more: str) -> str:
        """The query of a link: the day that was asked for, and what is said here."""
        asked = {"until": str(self.last)} if self.asked and self.last else {}
        query = urlencode(asked | more)
        return f"?{query}" if query else ""


class Overview(FiguresPage):
    template_name = "merchants/figures/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if self.last is None:
            return context
        drawn = self.request.GET.get("chart", "")
        return context | showing.overview(self.shop, self.last, drawn, self.link)

    def link(self, key: str, part: str) -> str:
        return reverse("merchants:figure", args=[key]) + self.query(part=part)


class Behind(FiguresPage):
    """The orders or cases that a figure counts (``?part=count``) or is divided by (``?part=of``)."""

    template_name = "merchants/figures/behind.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        figure = BY_KEY.get(self.kwargs["key"])
        context = super().get_context_data(**kwargs)
        if figure is None or self.last is None:
            raise Http404
        part = self.request.GET.get("part", "count")
        page = self.request.GET.get("page", "")
        shown, measure, rows = showing.behind(self.shop, figure, part, self.last, page, self.url_of)
        window = reading.Window(self.last)
        return context | {
            "figure": figure,
            "measure": measure,
            "window": window,
            "page_of_rows": shown,
            "rows": rows,
            "back": reverse("merchants:figures") + self.query(),
        }

    def url_of(self, case: Case) -> str:
        return reverse("merchants:case", args=[case.code])
