"""The filters of a work list as menus, each saying what is chosen in it."""

from copy import deepcopy
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import get_language, gettext_lazy, ngettext

from merchants.forms.queue import ALL, Pairs, QueueFilter
from merchants.worklist import ORDERS, WorkList

KINDS: dict[Any, str] = {
    forms.CheckboxSelectMultiple: "checkbox",
    forms.RadioSelect: "radio",
    forms.CheckboxInput: "switch",
}
MENUS = (
    (gettext_lazy("类型"), ("type",)),
    (gettext_lazy("原因"), ("reason",)),
    (gettext_lazy("进度"), ("stage",)),
    (gettext_lazy("物流"), ("ship",)),
    (gettext_lazy("金额"), ("least", "most")),
    (gettext_lazy("处理人"), ("who",)),
    (gettext_lazy("标签"), ("tag",)),
    (gettext_lazy("申请时间"), ("applied_from", "applied_to")),
    (
        gettext_lazy("更多"),
        ("closed_from", "closed_to", "phase", "platform", "auto", "soon", "unseen"),
    ),
)
Given = tuple[str, ...]


class Box(NamedTuple):
    value: str
    label: str
    chosen: bool


class Group(NamedTuple):
    """A field; kind is checkbox or radio (with boxes), switch, or that of an input (with a value)."""

    name: str
    label: str
    kind: str
    boxes: tuple[Box, ...]
    value: str


class Menu(NamedTuple):
    """A menu: its name, what is chosen in it (or nothing), and its fields."""

    name: str
    said: str
    groups: tuple[Group, ...]


class Sort(NamedTuple):
    name: str
    query: str
    here: bool


def menus(work: WorkList) -> tuple[Menu, ...]:
    made, language = [], get_language() or ""
    for at, (_name, names) in enumerate(MENUS):
        asked = tuple(tuple(work.asked.get(each, ())) for each in names)
        said = tuple(tuple(work.said.get(each, ())) for each in names)
        made.append(_menu(language, at, asked, said, work.choices.get(names[0])))
    return tuple(made)


def sorts(work: WorkList) -> tuple[Sort, ...]:
    return tuple(
        Sort(str(name), work.query_with(sort=key), key == work.sort)
        for key, (name, _order) in ORDERS.items()
    )


@lru_cache(maxsize=500)
def _menu(
    _language: str, at: int, asked: tuple[Given, ...], said: tuple[Given, ...], pairs: Pairs | None
) -> Menu:
    """A menu by its place, with what the address says in each of its fields, and what of that was
    understood; ``pairs`` are the choices that only the shop knows. Made once for all of these."""
    name, names = str(MENUS[at][0]), MENUS[at][1]
    groups = tuple(_group(*each, pairs) for each in zip(names, asked, strict=True))
    chosen = [given for given in said if given]
    if not chosen:
        return Menu(name, "", groups)
    if names[0] in ("least", "applied_from"):
        low, high = ((given or ("",))[0] for given in said)
        told = f"{low} – {high}" if low and high else f"≥ {low}" if low else f"≤ {high}"
        return Menu(name, told, groups)
    if len(names) > 1:
        count = len(chosen)
        return Menu(name, ngettext("%(n)s 项", "%(n)s 项", count) % {"n": count}, groups)
    labels = {box.value: box.label for box in groups[0].boxes}
    picked = [labels.get(value, value) for value in chosen[0]]
    more = f" +{len(picked) - 1}" if len(picked) > 1 else ""
    return Menu(name, f"{picked[0].partition('（')[0]}{more}", groups)


def _group(name: str, given: Given, pairs: Pairs | None) -> Group:
    """Django's own widgets, a template each, would be a third of the page."""
    field = _fields()[name]
    kind = KINDS.get(type(field.widget)) or field.widget.input_type
    offered = getattr(field, "choices", ())
    if pairs is not None:
        offered = [("", ALL), *pairs] if kind == "radio" else pairs
    chosen = set(given or [""])
    boxes = tuple(Box(str(value), str(label), str(value) in chosen) for value, label in offered)
    return Group(name, str(field.label), kind, boxes, given[-1] if given else "")


@cache
def _fields() -> dict[str, forms.Field]:
    """Those of the form, which by itself takes longer to make than a page."""
    return {name: deepcopy(each).field for name, each in QueueFilter.base_filters.items()}
