"""Ids of others: in the address of one's own page, and in the fields of its forms."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django import forms

from aftersales.forms import SlotField
from aftersales.models import Case, Upload
from tests.crawl.rich import Visit
from tests.rights.table import Row
from tests.rights.walking import EVERY_SHOPS, Try
from tests.rights.world import Visitor, World

NOT_IDS = {"kind", "key", "line", "form", "name", "token"}
# An old address of the admin (Django leads it on) is anything that is no number.
NONSENSE = ("0", "1" * 30, "%00", "%FF")
LOOKED_AT = 6  # pages of others, to see which ids their forms offer


def foreign(world: World, row: Row, visit: Visit) -> Iterator[Try]:
    """The owner at his own object with one id of another's, or of nobody's, in its address."""
    if row.door not in ("member", "his", "buyer", "staff"):
        return
    if row.door == "staff" and "GET" not in row.methods:
        return  # a click: what is gone is said on the page that it leads to
    turn = visit.place.kind == "turn" and "POST" in row.methods
    method = "POST" if turn or row.methods == ("POST",) else "GET"
    gone = frozenset({"404", "400"})
    shared = row.name in EVERY_SHOPS or row.door == "staff"
    theirs = None if shared else next(iter(strangers(world, visit)), None)
    for name, value in visit.named.items():
        nonsense = [each for each in NONSENSE if row.door != "staff" or each != "%FF"]
        values = nonsense if name not in NOT_IDS else ["%00", "1" * 30]
        if theirs is not None and name not in NOT_IDS and theirs.named[name] != value:
            values.insert(0, quote(str(theirs.named[name])))
        for other in values:
            path, _mark, _query = visit.url.partition("?")
            parts = path.split("/")
            parts[parts.index(quote(str(value)))] = other
            url = "/".join(parts)
            yield Try(row, visit._replace(url=url), owner_of(visit), method, gone)


def owner_of(visit: Visit) -> Visitor:
    roles = {"merchant": "owner", "staff": "superuser"}
    return Visitor(roles.get(visit.place.role, "buyer"), visit.user)


def strangers(world: World, visit: Visit) -> list[Visit]:
    """The same page of another shop or another buyer."""

    def strange(other: Visit) -> bool:
        if visit.place.role == "buyer":
            return other.user != visit.user
        return world.shop_of(other) != world.shop_of(visit)

    found = [each for each in world.own(visit.place) if strange(each)]
    return sorted(found, key=lambda each: world.shop_of(each) is None)  # colleagues at the end


# In forms ----------------------------------------------------------------------------------------


def posted(world: World, row: Row, visit: Visit) -> Iterator[Try]:
    """The owner at his own object, with an id in each field that his page did not offer him: what
    the same form offers to others, about other cases; and a file that somebody else sent."""
    if "POST" not in row.methods or row.door not in ("member", "his", "buyer"):
        return
    mine = forms_of(world, visit)
    names = {field_key(name): name for form in mine for name in form.fields}
    offered = {name: values for form in mine for name, values in choices(form)}
    begun = {name: value for form in mine for name, value in beginning(form)}
    found: dict[str, str] = {}
    for other in others(world, visit):
        for form in forms_of(world, other):
            for name, values in choices(form):
                ours = names.get(field_key(name), "")
                if new := sorted(set(values) - set(offered.get(ours, values))):
                    found.setdefault(ours, new[0])
    token = strange_file(visit)
    slots = [name for form in mine for name, each in form.fields.items() if is_slot(each)]
    found |= {f"{name}_kept": token for name in slots}
    said = frozenset({"in", "404"})
    for name, value in found.items():
        data = begun | {name: value}
        yield Try(row, visit, owner_of(visit), "POST", said, data, (name, value))


def others(world: World, visit: Visit) -> list[Visit]:
    """Strangers first, then the same page about other things of one's own."""
    strange = strangers(world, visit)
    rest = [each for each in world.own(visit.place) if each not in strange and each != visit]
    half = LOOKED_AT // 2
    return [*strange[:half], *rest[:half]]


def forms_of(world: World, visit: Visit) -> list[forms.BaseForm]:
    """The forms of a page, as its owner finds it."""
    key = f"forms {visit.url}"
    if key not in world.shown:
        world.dress(owner_of(visit))
        answer = world.ask(visit.user, "GET", visit.url)
        context = getattr(answer, "context", None) or []
        found = [each for layer in context for part in layer for each in part.values()]
        kinds = {type(each): each for each in found if isinstance(each, forms.BaseForm)}
        world.shown[key] = list(kinds.values())
    known: list[forms.BaseForm] = world.shown[key]
    return known


def field_key(name: str) -> str:
    """gift_of_12 is the field of another order's gift_of_40."""
    return re.sub(r"\d+", "0", name)


def choices(form: forms.BaseForm) -> Iterator[tuple[str, list[str]]]:
    for name, field in form.fields.items():
        if isinstance(field, forms.ModelChoiceField):
            yield name, [str(field.prepare_value(row)) for row in field.queryset]
        elif isinstance(field, forms.ChoiceField):
            yield name, [str(value) for value, _label in flat(field.choices)]


def flat(offered: Any) -> Iterator[tuple[Any, Any]]:
    for value, label in offered:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label


def beginning(form: forms.BaseForm) -> Iterator[tuple[str, Any]]:
    """What the page begins with, else the first that it offers."""
    first = {name: next(iter(values), "") for name, values in choices(form)}
    for name in form.fields:
        if not is_slot(form.fields[name]):
            value = form[name].value()
            yield name, first.get(name, "") if value in (None, "", []) else value


def is_slot(field: forms.Field) -> bool:
    return isinstance(field, SlotField)


def strange_file(visit: Visit) -> str:
    """A file that its owner has not shown to this person."""
    case = Case.objects.filter(code=visit.named.get("code", "")).first()
    free = Upload.objects.exclude(user=visit.user).exclude(evidence__case=case)
    return str(free.order_by("pk")[0].token)
