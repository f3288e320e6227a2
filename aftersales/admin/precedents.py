"""同类判例: how the platform last ruled on the same type and reason, to rule alike on what is alike."""

from collections import Counter
from dataclasses import dataclass

from aftersales.models import Case, Intervention

LOOKED_AT = 20  # of the last rulings; the newest of them are shown
SHOWN = 5


@dataclass
class Precedents:
    """The last rulings of a kind: the newest of them, and how often each outcome came."""

    rulings: list[Intervention]
    tally: list[tuple[str, int]]
    many: int


def precedents(case: Case) -> Precedents:
    """The last rulings on other cases of this type and (coded) reason, newest first."""
    ruled = Intervention.objects.filter(
        ruled_at__isnull=False, case__type=case.type, case__reason__code=case.reason.code
    ).exclude(case=case)
    known = ruled.select_related("case__shop", "decision_reason").order_by("-ruled_at")
    rows = [row for row in known[:LOOKED_AT] if row.ruling]
    outcomes = Counter(row.get_ruling_display() for row in rows)
    return Precedents(rows[:SHOWN], outcomes.most_common(), len(rows))
