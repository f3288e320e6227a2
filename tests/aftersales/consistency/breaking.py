"""Break a case by hand, and look what the check finds."""

from typing import Any

from django.db import connection

from aftersales.consistency import checking
from aftersales.models import Finding


def sql(text: str, *values: Any) -> None:
    """By hand, as nothing of ours would."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(text, values)


def broken() -> set[str]:
    """The codes of what a check of everything finds now."""
    checking.check_all()
    return set(Finding.objects.filter(closed_at=None).values_list("code", flat=True))
