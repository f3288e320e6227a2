"""Rows that are read by the thousand."""

import json
from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from typing import Any, Self

from django.db import models
from django.db.models.base import ModelState
from django.utils.encoding import force_str
from django_fsm import FSMField, FSMFieldDescriptor

NOTHING: dict[str, Any] = {}


class Fetched(models.Model):
    """Made and read straight into the instance.

    ``Model.__init__`` sets every field by its descriptor and sends signals that nobody here hears,
    which was a third of a sweep and of a page of the queue. A row that is made from anything but
    the values of columns (``case_id``, not ``case``) takes Django's way.
    """

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **values: Any) -> None:
        constants, made, columns = _defaults(type(self))
        if args or not values.keys() <= columns:
            super().__init__(*args, **values)
            return
        known = self.__dict__
        known.update(constants)
        for name, default in made.items():
            if name not in values:
                known[name] = default()
        known.update(values)
        self._state = ModelState()

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Self:
        row = cls.__new__(cls)
        row.__dict__.update(zip(field_names, values, strict=True))
        row._state = ModelState()
        row._state.adding, row._state.db = False, db
        return row

    def _get_FIELD_display(self, field: Any) -> Any:  # noqa: N802 Django's
        """What ``get_<field>_display`` says. Django makes a dictionary of all choices, every one of
        them worded, for each value that is shown."""
        value = getattr(self, field.attname)
        found = next((label for known, label in field.flatchoices if known == value), value)
        return force_str(found, strings_only=True)

    def handed(self, name: str) -> Any:
        """The rows of a reverse relation: those that were loaded for a whole batch, where they
        were. Django's manager of a relation costs more than what a step does with its rows."""
        loaded = self.__dict__.get("_prefetched_objects_cache", NOTHING).get(name)
        return getattr(self, name).all() if loaded is None else loaded


@cache
def _defaults(
    model: type[models.Model],
) -> tuple[dict[str, Any], dict[str, Any], frozenset[str]]:
    """What a column of a new row holds, the same for every row or made for each; and all columns."""
    constants, made = {}, {}
    for field in model._meta.concrete_fields:
        if field.has_default() and callable(field.default):
            made[field.attname] = field.get_default
        else:
            constants[field.attname] = field.get_default()
    return constants, made, frozenset(constants) | frozenset(made)


class StampField(models.JSONField):
    """A document that many rows hold alike (windows, policy) is read once; nobody changes it."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if type(value) is str and self.decoder is None:
            return _read(value)
        return super().from_db_value(value, expression, connection)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


@lru_cache(256)
def _read(document: str) -> Any:
    return json.loads(document)


class StateDescriptor(FSMFieldDescriptor):
    """Reads a state that is there without asking whether it was deferred; each step reads it often."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        try:
            return instance.__dict__[self.field.name]
        except (AttributeError, KeyError):
            return super().__get__(instance, owner)


class StateField(FSMField):
    descriptor_class = StateDescriptor

    def get_state(self, instance: Any) -> Any:
        state = instance.__dict__.get(self.name)
        return super().get_state(instance) if state is None else state

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """In the database it is what it is called."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django_fsm.FSMField", args, kwargs
