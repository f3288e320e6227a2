"""谁看得到什么: evidence in an intervention, and what a shop does for itself."""

from typing import TYPE_CHECKING

from aftersales.enums import GATHERING, Party, Status

if TYPE_CHECKING:
    from aftersales.models import Case, Evidence

SHOPS_OWN = frozenset({"assign", "confirm_risks", "reveal_number"})  # the shop's own business
REVIEWERS_OWN = frozenset({"propose_reversal", "return_reversal"})  # before two have agreed (T-25)


def sees_content(evidence: "Evidence", case: "Case", party: Party) -> bool:
    """Whether a side sees a piece's content.

    During an evidence window of an intervention, also a supplementary one, each side sees that
    the other filed something, but its content only once the window has closed (§1.6); staff
    always see it.
    """
    if party == Party.STAFF or evidence.party == party:
        return True
    since = case.evidence_from or case.platform_asked_at
    hidden = (
        case.status == Status.PLATFORM_REVIEW
        and case.stage in GATHERING
        and since is not None
        and evidence.at >= since
    )
    return not hidden


def sees_step(step: str, party: Party) -> bool:
    """Whether a side reads of a step at all: the buyer not of what the shop did for itself, and
    neither side of what reviewers still consider."""
    if step in REVIEWERS_OWN:
        return party == Party.STAFF
    return party != Party.BUYER or step not in SHOPS_OWN
