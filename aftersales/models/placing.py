"""Which shop a row belongs to, as a column of its own: tables are distributed by it (docs/scale.md)."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.db import models


class ShopOf(models.ForeignKey):
    """The shop of a row's case or order: copied when the row is first stored, never changed.

    ``ways`` are the attributes that lead to what has a shop; the first that is not empty counts.
    Who writes many rows sets ``shop_id`` himself, for to follow a way may be a query a row.
    """

    def __init__(self, *ways: str, **options: Any) -> None:
        self.ways = ways
        usual: dict[str, Any] = {
            "to": "aftersales.Shop",
            "on_delete": models.DO_NOTHING,
            "db_constraint": False,
            "db_index": False,
            "editable": False,
            "related_name": "+",
        }
        super().__init__(**usual | options)

    def pre_save(self, row: models.Model, add: bool) -> Any:
        if getattr(row, self.attname) is None:
            way = next(way for way in self.ways if getattr(row, f"{way.partition('.')[0]}_id"))
            setattr(row, self.attname, attrgetter(f"{way}.shop_id")(row))
        return getattr(row, self.attname)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """In the database it is a foreign key like others."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, options
