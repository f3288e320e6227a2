"""Whether a walk notices that a check is away."""

from collections.abc import Collection

from tests.rights import mutants
from tests.rights.walking import Try, fault, foreign, tries, visits
from tests.rights.world import World

MOST = 400  # requests that are tried again for one check

# Taken away, these change nothing that a request could find, each for its reason.
UNSEEN: dict[str, str] = {
    "aftersales.service.asking.ask: filter(buyer=…)": "the line is the buyer's already",
    "aftersales.models.importing.ImportJobQuerySet.for_merchant: filter(shop__members__active=…)": (
        "current_member asks too"
    ),
}

Walked = list[tuple[Try, set[mutants.Key]]]


def walk(world: World, every: list[mutants.Mutant], *, whole: bool) -> tuple[list[str], Walked]:
    """What is wrong, and which of the functions each request ran."""
    wrong, walked = [], []
    watch = mutants.Watch({each.function for each in every}, mutants.functions())
    with watch.on():
        for row, visit in visits(world):
            for tried in (*tries(world, row, visit, whole=whole), *foreign(world, row, visit)):
                watch.ran.clear()
                if why := fault(world, tried):
                    wrong.append(why)
                walked.append((tried, set(watch.ran)))
    return wrong, walked


def survivors(world: World, every: list[mutants.Mutant], walked: Walked) -> list[str]:
    alive, lost = mutants.functions(), []
    for mutant in every:
        again = [tried for tried, ran in walked if mutant.function in ran]
        with mutants.swapped(mutant.tree, {mutant.function}, alive):
            if not noticed(world, again):
                lost.append(mutant.name)
    return lost


def unheld(world: World, walked: Walked, names: Collection[str] = ()) -> list[str]:
    """Of the checks that classes, steps and decorators hold."""
    lost = []
    for other in [each for each in mutants.others() if not names or each.name in names]:
        again = [tried for tried, _ran in walked if tried.row.name in other.urls]
        with other.away:
            if not noticed(world, again):
                lost.append(other.name)
    return lost


def noticed(world: World, again: list[Try]) -> bool:
    """Refusals first, for want of a right above all: a check that is away lets in."""
    again = sorted(again, key=lambda tried: (tried.expected == {"in"}, "403" not in tried.expected))
    return any(_broken(world, tried) for tried in again[:MOST])


def _broken(world: World, tried: Try) -> bool:
    try:
        return bool(fault(world, tried))
    except Exception:
        return True
