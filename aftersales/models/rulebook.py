"""What the tool offers, read once and kept in memory for as long as nobody changes the catalogue."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, models

from aftersales.models.catalogue import Risk, Scenario


class RulebookMark(models.Model):
    """The one row that every change of the catalogue's tables marks anew (by trigger, PostgreSQL).

    It is written in the transaction of the change, so who sees the change sees the new mark.
    """

    mark = models.UUIDField()

    class Meta:
        verbose_name = "rulebook mark"

    def __str__(self) -> str:
        return str(self.mark)


@dataclass(frozen=True)
class Rulebook:
    """The active rows of the catalogue that every step of the tool reads, with all they name.

    They are shared: nobody changes them.
    """

    risks: list[Risk]
    scenarios: list[Scenario]


_kept: tuple[UUID, Rulebook] | None = None


def rulebook(mark: UUID | None = None) -> Rulebook:
    """The rulebook in force now, or when its mark was read."""
    global _kept
    if connection.vendor != "postgresql":  # no trigger keeps the mark
        return _read()
    mark = mark or RulebookMark.objects.values_list("mark", flat=True).first()
    if mark is None:
        return _read()
    if _kept is None or _kept[0] != mark:
        _kept = mark, _read()
    return _kept[1]


def _read() -> Rulebook:
    return Rulebook(
        risks=list(Risk.objects.filter(active=True).prefetch_related("blocks")),
        scenarios=list(
            Scenario.objects.filter(active=True).prefetch_related(
                "forms__plans",
                "forms__scripts__plans",
                "forms__scripts__reasons",
                "forms__outcomes__proofs",
                "forms__reject_reasons__proofs",
                "forms__reject_reasons__reasons",
            )
        ),
    )
