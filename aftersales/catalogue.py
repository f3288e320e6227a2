"""The shipped catalogue: TOML files that are loaded once and then belong to the staff.

Loading creates what is missing, by code, and never overwrites what staff have edited, unless it
is told to ``reset``. Migrations call it too, so it takes the registry of apps to write with.
"""

import tomllib
from pathlib import Path
from typing import Any

from django.apps import apps as installed

FOLDER = Path(__file__).parent / "fixtures" / "catalogue"

# In the order in which they refer to each other.
KINDS = ["plan", "reason", "script", "outcome", "reject_reason", "risk"]
MODELS = {
    "plan": "Plan",
    "reason": "Reason",
    "script": "Script",
    "outcome": "Outcome",
    "reject_reason": "RejectReason",
    "risk": "Risk",
}
REFERS = {"plans": "Plan", "reasons": "Reason", "blocks": "RejectReason", "scripts": "Script"}
REFERS |= {"outcomes": "Outcome", "reject_reasons": "RejectReason"}


def read(kind: str) -> list[dict[str, Any]]:
    """The shipped rows of a kind."""
    name = "agreement" if kind == "agreement" else f"{kind}s"
    rows: list[dict[str, Any]] = tomllib.loads((FOLDER / f"{name}.toml").read_text())[kind]
    return rows


def load(reset: bool = False, apps: Any = installed) -> dict[str, int]:
    """Create what is missing; return how many rows of each kind were created or reset."""
    made = {"window": _windows(apps, reset), "agreement": _agreements(apps, reset)}
    _policy(apps)
    for kind in KINDS:
        made[kind] = sum(_row(apps, kind, dict(row), reset) for row in read(kind))
    made["scenario"] = sum(_scenario(apps, dict(row), reset) for row in read("scenario"))
    return made


def _model(apps: Any, name: str) -> Any:
    return apps.get_model("aftersales", name)


def _windows(apps: Any, reset: bool) -> int:
    windows = _model(apps, "Window").objects
    made = 0
    for row in read("window"):
        standing = {"clock": row["clock"], "case_type": row.get("case_type", ""), "starts_on": None}
        write = windows.update_or_create if reset else windows.get_or_create
        made += write(**standing, defaults={"minutes": row["minutes"]})[1]
    return made


def _policy(apps: Any) -> None:
    policies = _model(apps, "Policy").objects
    if not policies.exists():
        policies.create()


def _agreements(apps: Any, reset: bool) -> int:
    agreements = _model(apps, "Agreement").objects
    made = 0
    for row in read("agreement"):
        texts = {"text_zh": row["text_zh"].strip(), "text_en": row["text_en"].strip()}
        write = agreements.update_or_create if reset else agreements.get_or_create
        made += write(version=row["version"], defaults=texts)[1]
    return made


def _row(apps: Any, kind: str, row: dict[str, Any], reset: bool) -> int:
    model = _model(apps, MODELS[kind])
    proofs = row.pop("proof", [])
    refers = {name: row.pop(name) for name in REFERS if name in row}
    code = row.pop("code")
    if not reset and model.objects.filter(code=code).exists():
        return 0
    made, _new = model.objects.update_or_create(code=code, defaults=row)
    _refer(apps, made, refers)
    _proofs(apps, kind, made, proofs)
    return 1


def _refer(apps: Any, row: Any, refers: dict[str, list[str]]) -> None:
    for name, codes in refers.items():
        found = list(_model(apps, REFERS[name]).objects.filter(code__in=codes))
        if missing := set(codes) - {each.code for each in found}:
            raise ValueError(f"{row.code}: no {name} {sorted(missing)}")
        getattr(row, name).set(found)


def _proofs(apps: Any, kind: str, owner: Any, proofs: list[dict[str, Any]]) -> None:
    if not proofs:
        return
    slots = _model(apps, "Proof").objects
    slots.filter(**{kind: owner}).delete()
    for position, proof in enumerate(proofs, start=1):
        slots.create(**{kind: owner, "position": position, **proof})


def _scenario(apps: Any, row: dict[str, Any], reset: bool) -> int:
    model, forms = _model(apps, "Scenario"), row.pop("form")
    code = row.pop("code")
    if not reset and model.objects.filter(code=code).exists():
        return 0
    scenario, _new = model.objects.update_or_create(code=code, defaults=row)
    for form in forms:
        made, _new = _model(apps, "StepForm").objects.get_or_create(
            scenario=scenario, step=form.pop("step")
        )
        made.code = f"{code}/{made.step}"
        _refer(apps, made, form)
    return 1
