"""Several hands in the same moment, each in a thread and a database connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

PATIENCE = 60  # seconds until the last of them must have come back


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Let all of them go together; what each returned, or the exception that it raised."""
    barrier = threading.Barrier(len(calls))
    found: list[Any] = [TimeoutError("never came back")] * len(calls)

    def go(number: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(PATIENCE)
            found[number] = calls[number]()
        except Exception as error:
            found[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[number]) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return found
