"""The shipped catalogue: TOML files that are loaded once and then belong to the staff.

Loading creates what is missing, by code, and never overwrites what staff have edited, unless it
is told to ``reset``. Migrations call it too, so it takes the registry of apps to write with.
"""

import tomllib
from pathlib import Path
from typing import Any

from django.apps import apps as installed
from django.db import transaction

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
}


def read(kind: str) -> list[dict[str, Any]]:
    """The shipped rows of a kind, each with its proofs or forms inside."""
    name = kind if kind == "agreement" else f"{kind}s"
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)[kind]
    return rows


@transaction.atomic
def load(reset: bool = False, apps: Any = installed) -> dict[str, int]:
    """Create what is missing; return how many rows of each kind were created or reset.

    The rules (``Policy``) are no shipped row: they are made with their defaults, and never reset.
    """
    policies = _model(apps, "Policy").objects
    if not policies.exists():
        policies.create()
    made = {
        "window": sum(_window(apps, row, reset) for row in read("window")),
        "agreement": sum(_agreement(apps, row, reset) for row in read("agreement")),
    }
    for kind, name in KINDS.items():
        if _exists(apps, name):
            made[kind] = sum(_row(apps, kind, row, reset) for row in read(kind))
    return made


def _exists(apps: Any, name: str) -> bool:
    """Whether the kind was there already: an early migration knows only the models of its time."""
    return name.lower() in apps.all_models["aftersales"]


def _model(apps: Any, name: str) -> Any:
    return apps.get_model("aftersales", name)


def _window(apps: Any, row: dict[str, Any], reset: bool) -> int:
    """The row without dates, which always stands behind those that staff add for a while."""
    model, case_type = _model(apps, "Window"), row.get("case_type", "")
    found = model.objects.filter(clock=row["clock"], case_type=case_type, starts_on=None).first()
    return _written(found or model(), row) if reset or not found else 0


def _agreement(apps: Any, row: dict[str, Any], reset: bool) -> int:
    model = _model(apps, "Agreement")
    found = model.objects.filter(version=row["version"]).first()
    texts = {name: text.strip() for name, text in row.items()}
    return _written(found or model(), texts) if reset or not found else 0


def _row(apps: Any, kind: str, shipped: dict[str, Any], reset: bool) -> int:
    model, row = _model(apps, KINDS[kind]), dict(shipped)
    proofs, forms = row.pop("proof", []), row.pop("form", [])
    standing = model.objects.filter(code=row["code"]).first()
    owner = standing or model()
    written = _written(owner, row) if reset or not standing else 0
    if written and hasattr(owner, "proofs"):
        owner.proofs.all().delete()
        for position, proof in enumerate(proofs, start=1):
            owner.proofs.create(position=position, **proof)
    for form in forms:
        found = owner.forms.filter(step=form["step"]).first()
        if reset or not found:
            written = _written(found or _model(apps, "StepForm")(scenario=owner), form)
    return written


def _written(row: Any, shipped: dict[str, Any]) -> int:
    """Write every field and list as shipped; what the file does not name gets its default."""
    lists = {field.name: field.related_model for field in row._meta.many_to_many}
    fields = {
        field.name: field
        for field in row._meta.concrete_fields
        if not field.primary_key and not field.is_relation
    }
    if unknown := shipped.keys() - fields.keys() - lists.keys():
        raise ValueError(f"{_named(shipped)}: no such field: {', '.join(sorted(unknown))}")
    for name, field in fields.items():
        setattr(row, name, shipped.get(name, field.get_default()))
    row.save()
    for name, model in lists.items():
        codes = shipped.get(name, [])
        found = list(model.objects.filter(code__in=codes))
        if missing := set(codes) - {each.code for each in found}:
            raise ValueError(f"{_named(shipped)}: no {name} {', '.join(sorted(missing))}")
        getattr(row, name).set(found)
    return 1


def _named(shipped: dict[str, Any]) -> str:
    return str(shipped.get("code") or shipped.get("step") or shipped)
