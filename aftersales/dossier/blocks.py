"""What a dossier is built of: sections, and the four kinds of blocks that the template sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Rows = list[list[str]]


@dataclass
class Section:
    """A heading and its blocks: ``{"pairs": rows}``, ``{"table": rows, "head": […], "widths": […]}``,
    ``{"entries": [{"head", "text", "pairs", "foot"}]}`` or ``{"note": text}``."""

    title: str
    blocks: list[dict[str, Any]] = field(default_factory=list)

    def pairs(self, rows: Iterable[Sequence[Any]]) -> None:
        told = [[str(name), str(value)] for name, value in rows if value not in (None, "")]
        if told:
            self.blocks.append({"pairs": told})

    def table(self, head: Sequence[Any], widths: Sequence[int], rows: Rows) -> None:
        """Widths are shares of the line."""
        if rows:
            names = [str(name) for name in head]
            self.blocks.append({"table": rows, "head": names, "widths": list(widths)})

    def entries(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.blocks.append({"entries": rows})

    def note(self, text: str) -> None:
        self.blocks.append({"note": text})


def entry(head: str, text: str = "", pairs: Iterable[Any] = (), foot: str = "") -> dict[str, Any]:
    return {"head": head, "text": text, "pairs": [list(pair) for pair in pairs], "foot": foot}
