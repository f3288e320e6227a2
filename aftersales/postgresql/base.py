"""How the product talks to PostgreSQL."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import Format

TIMESTAMPTZ = psycopg.adapters.types["timestamptz"].oid
LOADER: Any = psycopg.adapters.get_loader(TIMESTAMPTZ, Format.TEXT)


class DatabaseWrapper(base.DatabaseWrapper):
    def create_cursor(self, name: str | None = None) -> Any:
        """Django reads moments in Python, which was a tenth of a sweep and of a page.

        The connection's zone is UTC, so both read the same moment.
        """
        cursor = super().create_cursor(name)
        cursor.adapters.register_loader(TIMESTAMPTZ, LOADER)
        return cursor
