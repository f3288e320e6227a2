"""Markup in every text that anybody may type, so that each page can be seen to show it as text."""

import json
from typing import Any

from django.apps import apps
from django.db import connection, models

# What is no one's words: numbers, codes and names that machines read.
MACHINES = {
    *(
        "username",
        "password",
        "code",
        "key",
        "token",
        "hash",
        "chain",
        "step",
        "platform",
        "number",
    ),
    *(
        "reference",
        "codename",
        "app_label",
        "model",
        "kind",
        "sha256",
        "session_key",
        "session_data",
    ),
    *(
        "language",
        "theme",
        "density",
        "page",
        "query",
        "encoding",
        "received",
        "slot",
        "route",
        "version",
    ),
    *("carrier", "action_flag", "email", "form", "sweep", "goods_id", "image", "stem", "channel"),
    *("name_key", "phase", "category", "scope", "tone", "icon", "type", "wording", "answer"),
}
APPS = ("aftersales", "auth")


def payload(field: str) -> str:
    """Markup that would say its field's name, and would end an attribute, an area and a comment."""
    return f"\"'--></textarea><img src=x onerror=alert('{field}')>{{{{7*7}}}}"


def poison() -> list[str]:
    """Write it wherever it fits; returns the fields, as ``case.description``."""
    fields = []
    for model in apps.get_models():
        if model._meta.app_label not in APPS or not model._meta.managed:
            continue
        for field in model._meta.get_fields():
            if not _words(field):
                continue
            name = f"{model._meta.model_name}.{field.name}"
            if model._meta.model_name == "event":
                continue
            model._base_manager.exclude(**{field.name: ""}).update(**{field.name: payload(name)})
            fields.append(name)
    _history()
    return fields


def _words(field: Any) -> bool:
    if not isinstance(field, models.CharField | models.TextField) or field.choices or field.unique:
        return False
    short = field.max_length is not None and field.max_length < len(payload("x" * 30))
    in_key = any(field.name in each.fields for each in field.model._meta.total_unique_constraints)
    file = isinstance(field, models.SlugField | models.URLField | models.EmailField)
    return not (short or in_key or file or field.name in MACHINES)


def _history() -> None:
    """The history is never changed; here its guard looks away."""
    table = "aftersales_event"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"SELECT id, details FROM {table}")  # noqa: S608
        for key, details in cursor.fetchall():
            told = json.loads(details) if isinstance(details, str) else details
            cursor.execute(
                f"UPDATE {table} SET details = %s WHERE id = %s",  # noqa: S608
                [json.dumps(_marked(told)), key],
            )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


SAID = {
    "text",
    "description",
    "statement",
    "explanation",
    "note",
    "message",
    "grounds",
    "plea",
    "wants",
}


def _marked(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _marked(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_marked(each, name) for each in value]
    return payload(f"event.{name}") if name in SAID and isinstance(value, str) and value else value
