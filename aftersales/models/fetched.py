"""Rows that are read by the thousand."""

from collections.abc import Collection, Sequence
from typing import Any, Self

from django.db import models
from django.db.models.base import ModelState
from django_fsm import FSMField, FSMFieldDescriptor


class Fetched(models.Model):
    """Read straight into the instance.

    ``Model.__init__`` is for new rows: it sets every field by its descriptor and sends signals that
    nobody here hears, which was a third of a sweep and of a page of the queue.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Self:
        row = cls.__new__(cls)
        row.__dict__.update(zip(field_names, values, strict=True))
        row._state = ModelState()
        row._state.adding, row._state.db = False, db
        return row


class StateDescriptor(FSMFieldDescriptor):
    """Reads a state that is there without asking whether it was deferred; each step reads it often."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        try:
            return instance.__dict__[self.field.name]
        except (AttributeError, KeyError):
            return super().__get__(instance, owner)


class StateField(FSMField):
    descriptor_class = StateDescriptor

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """In the database it is what it is called."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django_fsm.FSMField", args, kwargs
