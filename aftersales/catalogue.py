"""The catalogue as data: the shipped TOML files, what is in force, and the changes of an edition.

Loading creates what is missing, by code, and never overwrites what staff have edited: restoring
what was shipped is a change like any other (``restored``), and published as an edition. Migrations
load too, so it takes the registry of apps to write with.
Rows have one shape everywhere: that of the files, a row with its proofs or forms inside.
"""

import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypedDict

from django.apps import apps as installed
from django.db import transaction

from aftersales import clock

FOLDER = Path(__file__).parent / "fixtures" / "catalogue"

# In the order in which they refer to each other.
KINDS = {
    "plan": "Plan",
    "reason": "Reason",
    "script": "Script",
    "outcome": "Outcome",
    "reject_reason": "RejectReason",
    "risk": "Risk",
    "decision_reason": "DecisionReason",
    "scenario": "Scenario",
    "channel": "Channel",
}

POLICY, WINDOW = "policy", "window"  # kinds without a code
SCOPE = ("case_type", "phase", "category")  # whom a window is for
OFFERED = {"active", "position"}  # fields that change when a row is offered, not what it says
FIRST = datetime(2000, 1, 1, tzinfo=UTC)  # the shipped catalogue has been in force ever since

Row = dict[str, Any]
Content = dict[str, dict[str, Row]]


class Change(TypedDict):
    """A row before and after an edition; without ``before`` it is new, without ``after`` gone."""

    kind: str
    key: str
    before: Row | None
    after: Row | None


def read(kind: str) -> list[dict[str, Any]]:
    """The shipped rows of a kind, each with its proofs or forms inside."""
    name = kind if kind == "agreement" else f"{kind}s"
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)[kind]
    return rows


@transaction.atomic
def load(apps: Any = installed) -> dict[str, int]:
    """Create what is missing; return how many rows of each kind were created.

    The rules (``Policy``) are no shipped row: they are made with their defaults.
    """
    policies = _model(apps, "Policy").objects
    if not policies.exists():
        policies.create()
    made = {
        "window": sum(_window(apps, row) for row in read("window")),
        "agreement": sum(_agreement(apps, row) for row in read("agreement")),
    }
    for kind, name in KINDS.items():
        if _exists(apps, name):
            made[kind] = sum(_row(apps, kind, row) for row in read(kind))
    if _exists(apps, "Edition"):
        _shipped_edition(apps)
    return made


def _exists(apps: Any, name: str) -> bool:
    """Whether the kind was there already: an early migration knows only the models of its time."""
    return name.lower() in apps.all_models["aftersales"]


def _shipped_edition(apps: Any) -> None:
    """What was shipped is an edition too, with nobody's name; the first was always in force."""
    editions = _model(apps, "Edition").objects
    last = editions.exclude(number=None).order_by("-number").first()
    standing = content(apps)
    if last is not None and last.content == standing:
        return
    if last is not None and last.number == 1 and not _model(apps, "Case").objects.exists():
        last.content = standing  # still being set up: what ships later is the first edition's too
        last.save(update_fields=["content"])
        return
    at = clock.now()
    editions.create(
        number=last.number + 1 if last else 1,
        effective_from=max(at, last.effective_from) if last else FIRST,
        note="随产品更新载入" if last else "出厂规则",
        content=standing,
        changes=differences(last.content, standing) if last else [],
        created_at=at,
    )


# What is in force, as data ------------------------------------------------------------------------


def content(apps: Any = installed) -> Content:
    """The whole catalogue in force: kind → key → row."""
    found: Content = {
        POLICY: {POLICY: _data(_found(apps, POLICY, POLICY))},
        WINDOW: {window_key(row): _data(row) for row in _model(apps, "Window").objects.all()},
    }
    for kind, name in KINDS.items():
        if not _exists(apps, name):
            continue
        model = _model(apps, name)
        rows = _standing(model).prefetch_related(*_lists_of(model)).order_by("code")
        found[kind] = {row.code: _data(row) for row in rows}
    return found


def _lists_of(model: Any) -> list[str]:
    """The lists of a kind, and those of the proofs and forms inside it, to be read at once."""
    lists = [field.name for field in model._meta.many_to_many]
    for related in ("proofs", "forms"):
        if hasattr(model, related):
            owned = getattr(model, related).rel.related_model
            lists += [related, *(f"{related}__{name}" for name in _lists_of(owned))]
    return lists


def differences(before: Content, after: Content) -> list[Change]:
    """The rows in which two catalogues differ."""
    return [
        Change(kind=kind, key=key, before=old.get(key), after=new.get(key))
        for kind in after
        for old, new in [(before.get(kind, {}), after[kind])]
        for key in [*old, *(key for key in new if key not in old)]
        if old.get(key) != new.get(key)
    ]


def restored() -> list[Change]:
    """What would bring every shipped row back to its shipped values.

    Rows that staff added stay, and so do the rules and the agreements: what a buyer has agreed to
    is never written over.
    """
    shipped: Content = {WINDOW: {}}
    for row in read(WINDOW):
        window = _model(installed, "Window")(**row)
        shipped[WINDOW][window_key(window)] = _data(window)
    for kind, name in KINDS.items():
        model = _model(installed, name)
        shipped[kind] = {row["code"]: _as_data(model, row) for row in read(kind)}
    standing = {
        kind: {key: row for key, row in rows.items() if key in shipped[kind]}
        for kind, rows in content().items()
        if kind in shipped
    }
    return differences(standing, shipped)


def _as_data(model: Any, shipped: Row) -> Row:
    """A shipped row in the shape of ``_data``: what the file does not name has its default."""
    fields, lists = _values(model), [field.name for field in model._meta.many_to_many]
    made = {name: shipped.get(name, field.get_default()) for name, field in fields.items()}
    made |= {name: sorted(shipped.get(name, [])) for name in lists}
    for inside, related in (("proof", "proofs"), ("form", "forms")):
        if hasattr(model, related):
            owned = getattr(model, related).rel.related_model
            made[inside] = [_as_data(owned, row) for row in shipped.get(inside, [])]
    if "form" in made:  # the file has them as they follow, the rows by their names
        made["form"].sort(key=lambda form: str(form["step"]))
    if "proof" in made:
        made["proof"] = [
            {name: value for name, value in row.items() if name != "position"}
            for row in made["proof"]
        ]
    return made


def write(changes: list[Change], at: datetime, apps: Any = installed) -> None:
    """Make some changes in the catalogue in force; fields that they do not touch stay."""
    for change in changes:
        kind, after = change["kind"], change["after"]
        row = _found(apps, kind, change["key"])
        if after is None:
            if row is not None and kind == WINDOW:  # all others are retired by ``active``
                row.delete()
            continue
        told = {
            name: value
            for name, value in after.items()
            if change["before"] is None or change["before"].get(name) != value
        }
        merged = (_data(row) if row is not None else {}) | told
        if kind in (POLICY, WINDOW):
            _written(row or _model(apps, kind.title())(), merged)
            continue
        if row is not None and hasattr(row, "replaced_at") and told.keys() - OFFERED:
            replace(row, at)
        _row(apps, kind, merged, anew=True)


def replace(row: Any, at: datetime) -> None:
    """Put a new row in the place of this one, which stays as it was for the cases it decided.

    Everything of the catalogue that names the old row names the new one from now on.
    """
    model, old = type(row), row.pk
    model._base_manager.filter(pk=old).update(replaced_at=at)
    row.pk, row._state.adding = None, True
    row.save()
    for link in model._meta.related_objects:
        if link.many_to_many:
            through, name = link.through, link.field.m2m_reverse_field_name()
            through.objects.filter(**{f"{name}_id": old}).update(**{f"{name}_id": row.pk})


def _found(apps: Any, kind: str, key: str) -> Any:
    if kind == POLICY:
        return _model(apps, "Policy").objects.order_by("pk").first()
    if kind == WINDOW:
        return next((r for r in _model(apps, "Window").objects.all() if window_key(r) == key), None)
    return _standing(_model(apps, KINDS[kind])).filter(code=key).first()


def _standing(model: Any) -> Any:
    """The rows in force, without a shop's own; a migration's models know no manager of ours."""
    names = {field.name for field in model._meta.get_fields()}
    rows = model.objects.all()
    if "shopscript" in names:
        rows = rows.filter(shopscript=None)
    return rows.filter(replaced_at=None) if "replaced_at" in names else rows


def window_key(row: Any) -> str:
    scope = [getattr(row, name, "") for name in SCOPE]  # a migration's models may lack some
    return " ".join(filter(None, [row.clock, *scope, str(row.starts_on or "")]))


def _data(row: Any) -> Row:
    """A row as data: plain values, lists by their codes, proofs and forms inside."""
    made = {name: _plain(getattr(row, name)) for name in _values(row)}
    for field in row._meta.many_to_many:
        made[field.name] = sorted(each.code for each in getattr(row, field.name).all())
    if hasattr(row, "proofs"):
        made["proof"] = [
            {name: value for name, value in _data(proof).items() if name != "position"}
            for proof in row.proofs.all()
        ]
    if hasattr(row, "forms"):
        made["form"] = [_data(form) for form in row.forms.all()]
    return made


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | time) else value


def _values(row: Any) -> dict[str, Any]:
    """The fields of a row that hold its own values, by name."""
    return {
        field.name: field
        for field in row._meta.concrete_fields
        if not field.primary_key and not field.is_relation and field.name != "replaced_at"
    }


def _model(apps: Any, name: str) -> Any:
    return apps.get_model("aftersales", name)


def _window(apps: Any, row: dict[str, Any]) -> int:
    """The row without dates, which always stands behind those that staff add for a while."""
    model = _model(apps, "Window")
    known = {field.name for field in model._meta.concrete_fields}
    if set(row) - known:
        return 0  # a migration of a time before such rows
    scope = {name: row.get(name, "") for name in SCOPE if name in known}
    found = model.objects.filter(clock=row["clock"], starts_on=None, **scope)
    return 0 if found.exists() else _written(model(), row)


def _agreement(apps: Any, row: dict[str, Any]) -> int:
    model = _model(apps, "Agreement")
    texts = {name: text.strip() for name, text in row.items()}
    return 0 if model.objects.filter(version=row["version"]).exists() else _written(model(), texts)


def _row(apps: Any, kind: str, shipped: dict[str, Any], anew: bool = False) -> int:
    """Make a row where there is none; ``anew``, write it even where there is one."""
    model, row = _model(apps, KINDS[kind]), dict(shipped)
    proofs, forms = row.pop("proof", []), row.pop("form", [])
    standing = _standing(model).filter(code=row["code"]).first()
    owner = standing or model()
    written = _written(owner, row) if anew or not standing else 0
    if written and hasattr(owner, "proofs"):
        owner.proofs.all().delete()
        for position, proof in enumerate(proofs, start=1):
            owner.proofs.create(position=position, **proof)
    for form in forms:
        found = owner.forms.filter(step=form["step"]).first()
        if anew or not found:
            written = _written(found or _model(apps, "StepForm")(scenario=owner), form)
    return written


def _written(row: Any, shipped: dict[str, Any]) -> int:
    """Write every field and list as shipped; what the file does not name gets its default."""
    lists = {field.name: field.related_model for field in row._meta.many_to_many}
    fields = _values(row)
    if unknown := shipped.keys() - fields.keys() - lists.keys():
        raise ValueError(f"{_named(shipped)}: no such field: {', '.join(sorted(unknown))}")
    for name, field in fields.items():
        setattr(row, name, shipped.get(name, field.get_default()))
    row.save()
    for name, model in lists.items():
        codes = shipped.get(name, [])
        found = list(_standing(model).filter(code__in=codes))
        if missing := set(codes) - {each.code for each in found}:
            raise ValueError(f"{_named(shipped)}: no {name} {', '.join(sorted(missing))}")
        getattr(row, name).set(found)
    return 1


def _named(shipped: dict[str, Any]) -> str:
    return str(shipped.get("code") or shipped.get("step") or shipped)
