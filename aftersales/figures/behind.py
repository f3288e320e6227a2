"""The orders and cases behind a number, on pages of 50."""

from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from aftersales.display import EMPTY, mask
from aftersales.figures import advice, reading, rolling
from aftersales.figures.asked import Asked, Links
from aftersales.figures.definitions import Figure, Tally
from aftersales.figures.drawing import number
from aftersales.models import Case, Counted, Measure, Order, Shop

PER_PAGE = 50
CASE = ("order", "line", "reason")


class Behind(NamedTuple):
    """An order, or a case that a figure counts; ``took`` in hours, where time is what is measured."""

    code: str
    url: str
    order: str
    order_url: str
    goods: str
    about: str
    day: str
    took: str = ""
    status: str = ""


class Listed(NamedTuple):
    """``heading`` says what is listed; ``timed`` whether the rows say how long something took."""

    heading: str
    page: Page
    rows: list[Behind]
    of_cases: bool
    timed: bool = False


def counted(shop: Shop, figure: Figure, asked: Asked, links: Links) -> Listed:
    """The very orders and cases that a figure counts, or is divided by; of a day or a reason only."""
    measure = figure.measures.get(asked.part, figure.count)
    narrowed: dict[str, Any] = {"last_day": asked.on is not None}
    if measure == Measure.PAID:
        orders = reading.paid_in(shop, asked.window, **narrowed).prefetch_related("lines")
        page = _page(orders, asked)
        return Listed(str(measure.label), page, [_paid(each, links) for each in page], False)
    rows = reading.counted_in(shop, measure, asked.window, reason=asked.reason, **narrowed)
    page = _page(rows.select_related(*(f"case__{each}" for each in CASE)), asked)
    found = [_counted(each, figure, links) for each in page]
    return Listed(str(measure.label), page, found, True, figure.hours)


def worked(shop: Shop, kind: str, code: str, asked: Asked, links: Links) -> Listed:
    """The cases in which a script, a plan or the talk about a reason was tried, or was accepted."""
    cases = advice.cases(shop, kind, code)
    if asked.accepted:
        cases = cases.filter(accepted=True)
    page = _page(cases.select_related(*CASE), asked)
    heading = _("买家接受") if asked.accepted else _("已有结果")
    return Listed(heading, page, [_tried(each, links) for each in page], True)


def _page(rows: QuerySet[Any], asked: Asked) -> Page:
    return Paginator(rows, PER_PAGE).get_page(asked.page)


def _paid(order: Order, links: Links) -> Behind:
    lines = list(order.lines.all())
    return Behind(
        code="",
        url="",
        order=order.number,
        order_url=links.order(order),
        goods=lines[0].title if lines else "",
        about=mask(order.buyer_nick),
        day=f"{rolling.in_china(order.paid_at):%Y-%m-%d}" if order.paid_at else EMPTY,
    )


def _of_case(case: Case, links: Links, about: str, day: str, took: str = "") -> Behind:
    return Behind(
        code=case.code,
        url=links.case(case),
        order=case.order.number,
        order_url=links.order(case.order),
        goods=case.line.title,
        about=about,
        day=day,
        took=took,
        status=str(case.get_status_display()),
    )


def _counted(row: Counted, figure: Figure, links: Links) -> Behind:
    about = _about(row.case)
    took = number(figure.value(Tally(1, row.took), Tally())) if figure.hours and row.took else ""
    return _of_case(row.case, links, about, f"{row.day:%Y-%m-%d}", took)


def _tried(case: Any, links: Links) -> Behind:
    result = _("买家接受") if case.accepted else _("未接受")
    about = _("{name}：{text}").format(name=result, text=_about(case))
    return _of_case(case, links, about, f"{rolling.in_china(case.applied_at):%Y-%m-%d}")


def _about(case: Case) -> str:
    return _("{type} · {reason}").format(type=case.get_type_display(), reason=case.reason.label)
