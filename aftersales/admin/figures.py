"""经营数据 across shops: every shop with its figures, and one shop's own page, as its merchant sees it."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales.admin.looking import ReadOnly
from aftersales.figures import reading, showing
from aftersales.figures.asked import Asked, Links
from aftersales.figures.definitions import BY_KEY, Figure
from aftersales.figures.drawing import number
from aftersales.models import DayFigure, Shop

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
                view(self.figure_view),
                name="aftersales_dayfigure_figure",
            ),
            path(
                "<int:pk>/of/<slug:kind>/<slug:code>/",
                view(self.worked_view),
                name="aftersales_dayfigure_worked",
            ),
            *super().get_urls(),
        ]

    def page(
        self, request: HttpRequest, template: str, asked: Asked | None, **context: Any
    ) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "asked": asked}
        name = f"admin/aftersales/dayfigure/{template}.html"
        return TemplateResponse(request, name, frame | context)

    def asked(self, request: HttpRequest) -> Asked | None:
        """What the address asks for, for whoever may look."""
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return Asked.of(request.GET)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked, order = self.asked(request), request.GET.get("o", FIRST)
        key = order.lstrip("-") if order.lstrip("-") in {*COLUMNS, "name"} else FIRST[1:]
        down = order.startswith("-")
        found = reading.across_shops(asked.last) if asked else {}
        shops = list(Shop.objects.filter(pk__in=found).order_by("name", "pk"))
        if key == "name":
            shops.sort(key=lambda shop: (shop.name, shop.pk), reverse=down)
        else:
            shops.sort(key=lambda shop: rank(found[shop.pk][key], down=down))
        shown = Paginator(shops, self.list_per_page).get_page(request.GET.get("page"))
        kept = asked.query() if asked else ""
        figure = BY_KEY[FIRST[1:] if key == "name" else key]
        return self.page(
            request,
            "shops",
            asked,
            title=self.opts.verbose_name_plural,
            shops=shown,
            drawing=showing.course_of_all(figure, asked, o=order) if asked else None,
            spans=showing.spans(asked, o=order) if asked else [],
            heads=[
                head(name, label, key, down=down, asked=asked)
                for name, label in [("name", _("店铺")), *((c, titled(BY_KEY[c])) for c in COLUMNS)]
            ],
            rows=[
                (
                    shop.name,
                    reverse("admin:aftersales_dayfigure_shop", args=[shop.pk]) + kept,
                    [number(found[shop.pk][column]) for column in COLUMNS],
                )
                for shop in shown
            ],
        )

    def shop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked, shop = self.asked(request), get_object_or_404(Shop, pk=pk)
        context = showing.overview(shop, asked, links_of(shop)) if asked else {}
        return self.page(request, "shop", asked, title=shop.name, shop=shop, **context)

    def figure_view(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        asked, figure = self.asked(request), BY_KEY.get(key)
        shop = get_object_or_404(Shop, pk=pk)
        if figure is None or asked is None:
            raise Http404
        context = showing.one(shop, figure, asked, links_of(shop))
        return self.page(request, "figure", asked, title=figure.label, shop=shop, **context)

    def worked_view(self, request: HttpRequest, pk: int, kind: str, code: str) -> HttpResponse:
        asked, shop = self.asked(request), get_object_or_404(Shop, pk=pk)
        found = showing.tried(shop, kind, code, asked, links_of(shop)) if asked else None
        if found is None:
            raise Http404
        return self.page(request, "worked", asked, title=found["row"].label, shop=shop, **found)


def links_of(shop: Shop) -> Links:
    """The addresses of a shop's figures on the staff's side."""
    return Links(
        figure=lambda key: reverse("admin:aftersales_dayfigure_figure", args=[shop.pk, key]),
        worked=lambda kind, code: reverse(
            "admin:aftersales_dayfigure_worked", args=[shop.pk, kind, code]
        ),
        case=lambda case: reverse("admin:aftersales_case_change", args=[case.pk]),
        order=lambda order: reverse("admin:aftersales_order_change", args=[order.pk]),
    )


def rank(value: Decimal | None, *, down: bool) -> tuple[bool, Decimal]:
    """Shops without the figure come last, whichever way the list is sorted."""
    number = value or Decimal(0)
    return value is None, -number if down else number


def titled(figure: Figure) -> str:
    """What a column of bare numbers is headed: 平台介入率（%）, 平均退款时长（小时）."""
    told = {"name": figure.label, "unit": figure.unit}
    return gettext("{name}（{unit}）").format(**told) if figure.unit else str(figure.label)


def head(name: str, label: Any, key: str, *, down: bool, asked: Asked | None) -> dict[str, Any]:
    """A column's head: a link that sorts by it, the largest first, then the other way round."""
    here = name == key
    order = name if (here and down) or (name == "name" and not here) else f"-{name}"
    sort = ("descending" if down else "ascending") if here else ""
    return {"label": label, "url": asked.query(o=order) if asked else "?", "sort": sort}
