"""The filters of a work list as menus, each saying what is chosen in it."""

from typing import NamedTuple

from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from merchants.worklist import ORDERS, WorkList


class Menu(NamedTuple):
    """A menu: its name, what is chosen in it (or nothing), and its fields."""

    name: str
    said: str
    fields: list[BoundField]


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
    form, said = work.filter.form, work.filter.said
    fields = [form[each] for each in names]
    chosen = [each for each in fields if each.name in said]
    if not chosen:
        return Menu(name, "", fields)
    if names[0] in ("least", "applied_from"):
        low, high = ((said.get(each) or [""])[0] for each in names)
        return Menu(
            name, f"{low} – {high}" if low and high else f"≥ {low}" if low else f"≤ {high}", fields
        )
    if len(names) > 1:
        count = len(chosen)
        return Menu(name, ngettext("%(n)s 项", "%(n)s 项", count) % {"n": count}, fields)
    labels = dict(fields[0].field.choices)
    picked = [str(labels.get(value, value)) for value in said[names[0]]]
    more = f" +{len(picked) - 1}" if len(picked) > 1 else ""
    return Menu(name, f"{picked[0].partition('（')[0]}{more}", fields)
