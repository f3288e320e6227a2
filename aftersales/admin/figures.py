"""经营数据 across shops: every shop with its figures, and one shop's own page, as its merchant sees it."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from aftersales.admin.looking import ReadOnly
from aftersales.figures import reading, rolling, showing
from aftersales.figures.definitions import BY_KEY
from aftersales.models import Case, DayFigure, Shop

COLUMNS = [
    "orders_30",
    "intervention_rate",
    "dispute_refund_rate",
    "quality_refund_rate",
    "refund_rate",
    "avg_refund_hours",
    "first_response_hours",
    "overdue_rate",
    "rejection_rate",
    "rejection_intervention_rate",
    "negotiation_success_rate",
]
FIRST = "-intervention_rate"


@admin.register(DayFigure)
class FiguresAdmin(ReadOnly):
    """Its list is of shops, and its record is a shop's page."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/of/", view(self.shop_view), name="aftersales_dayfigure_shop"),
            path(
                "<int:pk>/of/<slug:key>/",
                view(self.behind_view),
                name="aftersales_dayfigure_behind",
            ),
            *super().get_urls(),
        ]

    def page(
        self, request: HttpRequest, template: str, last: date | None, **context: Any
    ) -> HttpResponse:
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "last": last,
            "newest": rolling.rolled_until(),
        }
        name = f"admin/aftersales/dayfigure/{template}.html"
        return TemplateResponse(request, name, frame | context)

    def may_look(self, request: HttpRequest) -> date | None:
        """The day that the windows end on, for whoever may look."""
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return showing.ends_on(request.GET.get("until", ""))[0]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        last = self.may_look(request)
        asked = request.GET.get("o", FIRST)
        key = asked.lstrip("-") if asked.lstrip("-") in {*COLUMNS, "name"} else FIRST[1:]
        down = asked.startswith("-")
        found = reading.across_shops(last) if last else {}
        shops = list(Shop.objects.filter(pk__in=found).order_by("name", "pk"))
        if key == "name":
            shops.sort(key=lambda shop: (shop.name, shop.pk), reverse=down)
        else:
            shops.sort(key=lambda shop: rank(found[shop.pk][key], down=down))
        shown = Paginator(shops, self.list_per_page).get_page(request.GET.get("page"))
        query = urlencode({"until": str(last)} if request.GET.get("until") and last else {})
        return self.page(
            request,
            "shops",
            last,
            title=self.opts.verbose_name_plural,
            shops=shown,
            heads=[
                head(name, label, key, down=down, query=query)
                for name, label in [("name", _("店铺")), *((c, BY_KEY[c].label) for c in COLUMNS)]
            ],
            rows=[
                (
                    shop.name,
                    self.shop_url(shop.pk, query),
                    [showing.number(found[shop.pk][column]) for column in COLUMNS],
                )
                for shop in shown
            ],
        )

    def shop_url(self, pk: int, query: str) -> str:
        url = reverse("admin:aftersales_dayfigure_shop", args=[pk])
        return f"{url}?{query}" if query else url

    def shop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        last = self.may_look(request)
        shop = get_object_or_404(Shop, pk=pk)

        def link(key: str, part: str) -> str:
            url = reverse("admin:aftersales_dayfigure_behind", args=[pk, key])
            asked = {"until": str(last)} if request.GET.get("until") else {}
            return f"{url}?{urlencode(asked | {'part': part})}"

        drawn = request.GET.get("chart", "")
        context = showing.overview(shop, last, drawn, link) if last else {}
        return self.page(request, "shop", last, title=shop.name, shop=shop, **context)

    def behind_view(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        last, figure = self.may_look(request), BY_KEY.get(key)
        shop = get_object_or_404(Shop, pk=pk)
        if figure is None or last is None:
            raise Http404
        part, page = request.GET.get("part", "count"), request.GET.get("page", "")
        shown, measure, rows = showing.behind(shop, figure, part, last, page, case_url)
        return self.page(
            request,
            "behind",
            last,
            title=figure.label,
            shop=shop,
            figure=figure,
            measure=measure,
            window=reading.Window(last),
            page_of_rows=shown,
            rows=rows,
        )


def case_url(case: Case) -> str:
    return reverse("admin:aftersales_case_change", args=[case.pk])


def rank(value: Decimal | None, *, down: bool) -> tuple[bool, Decimal]:
    """Shops without the figure come last, whichever way the list is sorted."""
    number = value or Decimal(0)
    return value is None, -number if down else number


def head(name: str, label: Any, key: str, *, down: bool, query: str) -> dict[str, Any]:
    """A column's head: a link that sorts by it, the largest first, then the other way round."""
    here = name == key
    order = name if (here and down) or (name == "name" and not here) else f"-{name}"
    sort = ("descending" if down else "ascending") if here else ""
    return {
        "label": label,
        "url": f"?{urlencode({'o': order})}{'&' if query else ''}{query}",
        "sort": sort,
    }
