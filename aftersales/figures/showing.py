"""The figures as pages show them, to a merchant and to staff: tiles, the course as a drawing, tables."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from aftersales.figures import advice, behind, reading
from aftersales.figures.asked import Asked, Links
from aftersales.figures.definitions import BY_KEY, FIGURES, Figure
from aftersales.figures.drawing import SPANS, Drawing, draw, number, with_unit
from aftersales.models import Plan, Reason, Script, Shop, ShopScript

BY_REASON = [
    BY_KEY[key]
    for key in (
        "cases_30",
        "refund_rate",
        "rejection_rate",
        "intervention_rate",
        "dispute_refund_rate",
    )
]


class Change(NamedTuple):
    """Against the 30 days before: up, down, or the same; ``good`` 1, ``bad`` -1, else neither."""

    sign: str
    word: str
    by: str
    good: int = 0


class Part(NamedTuple):
    """A number behind a figure, and the list that it counts; ``here`` if that list is on the page."""

    label: str
    number: int
    url: str
    here: bool = False


class Formula(NamedTuple):
    """How a shop's own figure comes about: hours or the first part, divided by the other part."""

    hours: str
    parts: list[Part]
    result: str


class Tile(NamedTuple):
    key: str
    label: str
    url: str
    value: str
    unit: str
    change: Change | None
    peer: str
    says: str
    formula: Formula


class Worked(NamedTuple):
    """How often a script, a plan or the talk about a reason was accepted."""

    code: str
    label: str
    tried: Part
    accepted: Part
    rate: str
    interval: str


def overview(shop: Shop, asked: Asked, links: Links) -> dict[str, Any]:
    """All of a shop's page: the window to ``asked.last``, the one before it, and what worked."""
    window = reading.Window(asked.last)
    figures = reading.figures_of(shop, asked.last)
    reasons = names_of("reason", shop)
    return {
        "window": window,
        "span": span(window),
        "tiles": tiles(figures, window, asked, links),
        "drawing": course(
            shop, asked.drawn, asked, links, figures if asked.days == min(SPANS) else None
        ),
        "spans": spans(asked, chart=asked.drawn.key),
        "choices": [(each.key, each.label) for each in FIGURES],
        "reason_heads": [figure.count.label for figure in BY_REASON],
        "reasons": by_reason(shop, window, reasons, asked, links),
        "worked": worked(shop, reasons, asked, links),
        "least": advice.ENOUGH,
    }


def one(shop: Shop, figure: Figure, asked: Asked, links: Links) -> dict[str, Any]:
    """The page of one figure: its course, how it comes about, and what it counts."""
    window = reading.Window(asked.last)
    figures = reading.figures_for(figure, asked.last, asked.days, shop)
    listed = behind.counted(shop, figure, asked, links)
    reason = Reason.objects.filter(code=asked.reason).first() if asked.reason else None
    return {
        "figure": figure,
        "window": window,
        "span": span(window),
        "tile": _tile(figure, figures, window, reading.peers(asked.last), asked, links),
        "drawing": course(shop, figure, asked, links, figures),
        "spans": spans(asked),
        "listed": listed,
        "listed_on": f"{asked.on:%Y-%m-%d}" if asked.on else span(asked.window),
        "narrowed": bool(asked.on or reason),
        "reason": reason.label if reason else "",
        "whole_url": links.figure(figure.key) + asked.query(part=asked.part) + "#behind",
    }


def tried(shop: Shop, kind: str, code: str, asked: Asked, links: Links) -> dict[str, Any] | None:
    """The page of a script, a plan or a reason: the cases in which it was tried; none without any."""
    share = advice.shares(shop, kind).get(code) if kind in advice.KINDS else None
    if share is None:
        return None
    row = _worked(kind, code, share, names_of(kind, shop).get(code, code), asked, links)
    return {
        "row": row,
        "parts": [row.accepted, row.tried],
        "listed": behind.worked(shop, kind, code, asked, links),
    }


def span(window: reading.Window) -> str:
    return f"{window.first:%Y-%m-%d} – {window.last:%Y-%m-%d}"


def spans(asked: Asked, **more: str) -> list[tuple[int, str, bool]]:
    """The lengths of the drawing: days, address, and whether it is the one shown."""
    return [
        (days, asked._replace(days=days).query(**more) or "?", days == asked.days) for days in SPANS
    ]


def course(
    shop: Shop, figure: Figure, asked: Asked, links: Links, figures: reading.Figures | None = None
) -> Drawing:
    """Each point leads to what the figure counts to that day, each daily number to that day's."""
    here = links.figure(figure.key)

    def link(day: date, alone: bool) -> str:
        narrowed = {"on": day} if alone else {"until": "" if day == asked.newest else day}
        return here + asked.query(**narrowed) + "#behind"

    figures = figures or reading.figures_for(figure, asked.last, asked.days, shop)
    return draw(figure, figures, asked.last, asked.days, link)


def course_of_all(figure: Figure, asked: Asked, **more: str) -> Drawing:
    """The figure of all shops together; its points lead to the same list on that day."""

    def link(day: date, alone: bool) -> str:
        until = {"until": "" if day == asked.newest else day}
        return "" if alone else asked.query(**more | until) or "?"

    figures = reading.figures_for(figure, asked.last, asked.days)
    return draw(figure, figures, asked.last, asked.days, link)


def tiles(
    figures: reading.Figures, window: reading.Window, asked: Asked, links: Links
) -> list[Tile]:
    peers = reading.peers(window.last)
    return [_tile(figure, figures, window, peers, asked, links) for figure in FIGURES]


def _tile(
    figure: Figure,
    figures: reading.Figures,
    window: reading.Window,
    peers: Mapping[str, reading.Peer],
    asked: Asked,
    links: Links,
) -> Tile:
    value, here = figures.value(figure, window), links.figure(figure.key)
    tallies = {name: figures.tally(each, window) for name, each in figure.measures.items()}
    parts = [
        Part(
            str(figure.measures[name].label),
            tally.number,
            here + asked.query(part=name) + "#behind",
            name == asked.part and not (asked.on or asked.reason),
        )
        for name, tally in tallies.items()
    ]
    hours = number(tallies["count"].hours) if figure.hours else ""
    return Tile(
        figure.key,
        str(figure.label),
        here + asked.query(),
        number(value),
        str(figure.unit) if value is not None else "",
        _change(figure, value, figures.value(figure, window.before)),
        with_unit(figure, reading.peer_value(figure, figures, window, peers)),
        str(figure.says),
        Formula(hours, parts, with_unit(figure, value)),
    )


def _change(figure: Figure, now: Decimal | None, before: Decimal | None) -> Change | None:
    if now is None or before is None:
        return None
    if now == before:
        return Change("", _("持平"), "")
    sign, word = ("▲", _("上升")) if now > before else ("▼", _("下降"))
    good = figure.better if now > before else -figure.better
    return Change(sign, word, number(abs(now - before)), good)


def by_reason(
    shop: Shop, window: reading.Window, labels: Mapping[str, str], asked: Asked, links: Links
) -> list[tuple[str, list[Part]]]:
    """How many of each outcome, by the buyer's reason; the most applied for first."""
    rows = [
        (
            labels.get(code, code),
            [
                Part(
                    str(figure.count.label),
                    figures.tally(figure.count, window).number,
                    links.figure(figure.key) + asked.query(reason=code) + "#behind",
                )
                for figure in BY_REASON
            ],
        )
        for code, figures in reading.figures_by_reason(shop, window.last).items()
    ]
    known = [row for row in rows if any(part.number for part in row[1])]
    return sorted(known, key=lambda row: ([-part.number for part in row[1]], row[0]))


def worked(
    shop: Shop, reasons: Mapping[str, str], asked: Asked, links: Links
) -> list[tuple[str, list[Worked]]]:
    """Scripts, plans and reasons with how often they were accepted; the most used first."""
    kinds = [
        ("script", _("话术"), names_of("script", shop)),
        ("plan", _("方案"), names_of("plan", shop)),
        ("reason", _("买家原因"), reasons),
    ]
    return [
        (
            name,
            [
                _worked(kind, code, share, labels.get(code, code), asked, links)
                for code, share in sorted(
                    advice.shares(shop, kind).items(), key=lambda pair: (-pair[1].whole, pair[0])
                )
            ],
        )
        for kind, name, labels in kinds
    ]


def names_of(kind: str, shop: Shop) -> dict[str, str]:
    """What scripts (the platform's and the shop's own), plans or reasons are called, by their code."""
    rows: dict[str, list[QuerySet[Any]]] = {
        "script": [Script.objects.all(), ShopScript.objects.filter(shop=shop)],
        "plan": [Plan.objects.all()],
        "reason": [Reason.objects.all()],
    }
    return {row.code: row.label for row in chain(*rows[kind])}


def _worked(
    kind: str, code: str, share: advice.Share, label: str, asked: Asked, links: Links
) -> Worked:
    url = links.worked(kind, code)
    accepted_url = url + asked.query(accepted=1)
    return Worked(
        code,
        label,
        Part(_("已有结果"), share.whole, url + asked.query(), not asked.accepted),
        Part(_("买家接受"), share.part, accepted_url, asked.accepted),
        f"{share.rate}%",
        " – ".join(f"{end}%" for end in share.interval or ()),
    )
