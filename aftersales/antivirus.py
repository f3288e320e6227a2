"""What clamd says of a file; without ``CLAMD_SOCKET`` nobody is asked."""

from typing import BinaryIO

from clamav_client.clamd import ClamdError
from clamav_client.scanner import ClamdScanner
from django.conf import settings

PATIENCE = 5.0  # seconds in which clamd must answer; a file that waits longer is asked about again


class Away(Exception):
    """Nobody answered, or not about this file."""


def found_in(file: BinaryIO) -> str:
    """The name of what clamd knows the file to be, empty if it is clean; raises Away."""
    scanner = ClamdScanner({"address": settings.CLAMD_SOCKET, "timeout": PATIENCE})
    try:
        said = scanner.client.instream(file)
    except (ClamdError, OSError, ValueError) as error:
        raise Away(str(error)) from error
    status, name = said.get("stream", ("", None))
    if status not in ("OK", "FOUND"):
        raise Away(name or status)
    return str(name) if status == "FOUND" else ""
