"""Whether a walk notices that a check is away."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.rights import mutants
from tests.rights.behind import Act, acts
from tests.rights.deeds import deeds
from tests.rights.foreign import foreign, posted
from tests.rights.walking import Try, tries, visits
from tests.rights.world import World

MOST = 1200  # requests that are tried again for one check

# Taken away, these change nothing that a request could find, each for its reason.
UNSEEN: dict[str, str] = {
    "aftersales.admin.editions.EditionAdmin.record: _may_withdraw() is true": (
        "shows the button; withdraw asks again"
    ),
    "aftersales.admin.policies.PolicyAdmin.has_add_permission: has_add_permission() is true": (
        "there is a policy, so nobody adds one"
    ),
    "aftersales.admin.refunds.LedgerOnly.has_module_permission: always": (
        "shows the list's name; the list asks again"
    ),
    "buyers.views.applying.ApplyPage.choices: filter(user=…)": (
        "the path is of his own order, and nobody else keeps a draft there"
    ),
    "buyers.views.applying.ApplyPage.made_by: filter(user_id=…)": (
        "the line is his, and nobody else applies for it"
    ),
    "buyers.views.orders.FindOrder.form_valid: filter(buyer=…)": (
        "what is taken is not written: the update looks again"
    ),
    "buyers.views.orders.FindOrder.form_valid: filter(buyer=…) #2": (
        "only the second of two at one moment would find it"
    ),
    "aftersales.service.asking.said: filter(user=…)": (
        "the key of another's click is not to be guessed"
    ),
    "aftersales.service.asking._say: filter(party=…)": "counts his own haste, as staff too",
    "aftersales.models.scripting.ShopScript.offered: filter(active=…)": (
        "words of the shop's own, out of use"
    ),
    "metrics without its decorators": "hidden, whatever the method",
}

Walked = list[tuple[Try | Act, set[mutants.Key]]]


def everything(world: World, *, whole: bool, closely: bool, at: str = "") -> Iterator[Try | Act]:
    """All that is tried. ``whole``: every method of everybody; ``closely``: also ids in the fields of
    forms, and what stands behind the pages. ``at`` keeps to URLs that have this in their names."""
    beside = [*deeds(world), *(acts(world) if closely else ())]
    for row, visit in visits(world):
        if at not in row.name:
            continue
        yield from tries(world, row, visit, whole=whole)
        yield from foreign(world, row, visit)
        yield from posted(world, row, visit) if closely else ()
    yield from beside


def walk(world: World, every: list[mutants.Mutant], **how: Any) -> tuple[list[str], Walked]:
    """What is wrong, and which of the functions each request ran; ``how`` is ``everything``'s."""
    wrong, walked = [], []
    watch = mutants.Watch({each.function for each in every}, mutants.functions())
    with watch.on():
        for tried in everything(world, **how):
            watch.ran.clear()
            if why := tried.fault(world):
                wrong.append(why)
                print(why, flush=True)
            walked.append((tried, set(watch.ran)))
    return wrong, walked


def survivors(world: World, every: list[mutants.Mutant], walked: Walked) -> list[str]:
    alive, lost = mutants.functions(), []
    for mutant in every:
        again = [tried for tried, ran in walked if mutant.function in ran]
        with mutants.swapped(mutant.tree, {mutant.function}, alive):
            if not noticed(world, again):
                print(f"not noticed in {len(again)} requests: {mutant.name}", flush=True)
                lost.append(mutant.name)
    return lost


def unheld(world: World, every: list[mutants.Other], walked: Walked) -> list[str]:
    """Of the checks that classes, steps and decorators hold."""
    lost = []
    for other in every:
        again = [tried for tried, _ran in walked if url_of(tried) in other.urls]
        with other.away:
            if not noticed(world, again):
                print(f"not noticed in {len(again)} requests: {other.name}", flush=True)
                lost.append(other.name)
    return lost


def url_of(tried: Try | Act) -> str:
    return tried.row.name if isinstance(tried, Try) else ""


def name_of(tried: Try | Act) -> str:
    return tried.row.name if isinstance(tried, Try) else tried.name


def noticed(world: World, again: list[Try | Act]) -> bool:
    """What says something first, then refusals, for want of a right above all: a check that is
    away lets in."""

    def likely(tried: Try | Act) -> tuple[bool, bool, bool]:
        silent = getattr(tried, "data", None) is None
        return silent, tried.expected == {"in"}, "403" not in tried.expected

    known: Counter[str] = Counter()
    turns = []
    for tried in sorted(again, key=likely):  # one of each, then the next of each
        known[name_of(tried)] += 1
        turns.append((known[name_of(tried)], tried))
    turns.sort(key=lambda turn: turn[0])
    return any(_broken(world, tried) for _turn, tried in turns[:MOST])


def _broken(world: World, tried: Try | Act) -> bool:
    try:
        return bool(tried.fault(world))
    except Exception:
        return True
