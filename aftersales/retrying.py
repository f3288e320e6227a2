"""Of two transactions that wait for each other PostgreSQL undoes one; it is taken again."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

TRIES = 3
UNDONE = {"40P01", "40001"}  # deadlock, serialization failure: nothing of it has happened

Given = ParamSpec("Given")
Found = TypeVar("Found")


def taken_again(transact: Callable[Given, Found]) -> Callable[Given, Found]:
    """For what opens one transaction of its own, reads anew all that it decides by, and does nothing
    outside the database: run it again where the database had to undo it for another's sake.

    Within somebody else's transaction it is not for us to try again.
    """

    @wraps(transact)
    def take(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        for _try in range(TRIES - 1):
            try:
                return transact(*args, **kwargs)
            except OperationalError as error:
                undone = getattr(error.__cause__, "sqlstate", None) in UNDONE
                if not undone or connection.in_atomic_block:
                    raise
        return transact(*args, **kwargs)

    return take
