"""The filters of a work list as menus, each saying what is chosen in it."""

from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from merchants.worklist import ORDERS, WorkList

KINDS: dict[Any, str] = {
    forms.CheckboxSelectMultiple: "checkbox",
    forms.RadioSelect: "radio",
    forms.CheckboxInput: "switch",
}


class Box(NamedTuple):
    value: str
    label: str
    chosen: bool


class Group(NamedTuple):
    """A field; kind is checkbox or radio (with boxes), switch, or that of an input (with a value)."""

    name: str
    label: str
    kind: str
    boxes: list[Box]
    value: str


class Menu(NamedTuple):
    """A menu: its name, what is chosen in it (or nothing), and its fields."""

    name: str
    said: str
    groups: list[Group]


class Sort(NamedTuple):
    name: str
    query: str
    here: bool


def menus(work: WorkList) -> list[Menu]:
    shown = [
        (_("类型"), ["type"]),
        (_("原因"), ["reason"]),
        (_("进度"), ["stage"]),
        (_("物流"), ["ship"]),
        (_("金额"), ["least", "most"]),
        (_("处理人"), ["who"]),
        (_("标签"), ["tag"]),
        (_("申请时间"), ["applied_from", "applied_to"]),
        (
            _("更多"),
            ["closed_from", "closed_to", "phase", "platform", "auto", "soon", "unseen"],
        ),
    ]
    return [_menu(work, name, names) for name, names in shown]


def sorts(work: WorkList) -> list[Sort]:
    return [
        Sort(str(name), work.query_with(sort=key), key == work.sort)
        for key, (name, _order) in ORDERS.items()
    ]


def _menu(work: WorkList, name: str, names: list[str]) -> Menu:
    said = work.said
    groups = [_group(work, each) for each in names]
    chosen = [each for each in names if each in said]
    if not chosen:
        return Menu(name, "", groups)
    if names[0] in ("least", "applied_from"):
        low, high = ((said.get(each) or [""])[0] for each in names)
        told = f"{low} – {high}" if low and high else f"≥ {low}" if low else f"≤ {high}"
        return Menu(name, told, groups)
    if len(names) > 1:
        count = len(chosen)
        return Menu(name, ngettext("%(n)s 项", "%(n)s 项", count) % {"n": count}, groups)
    labels = {box.value: box.label for box in groups[0].boxes}
    picked = [labels.get(value, value) for value in said[names[0]]]
    more = f" +{len(picked) - 1}" if len(picked) > 1 else ""
    return Menu(name, f"{picked[0].partition('（')[0]}{more}", groups)


def _group(work: WorkList, name: str) -> Group:
    """Django's own widgets, a template each, would be a third of the page."""
    field, given = work.filter.form.fields[name], work.filter.data.getlist(name)
    kind = KINDS.get(type(field.widget)) or field.widget.input_type
    chosen = set(given or [""])
    boxes = [
        Box(str(value), str(label), str(value) in chosen)
        for value, label in getattr(field, "choices", ())
    ]
    return Group(name, str(field.label), kind, boxes, given[-1] if given else "")
