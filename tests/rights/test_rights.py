"""R4: everybody at every URL finds what tests/rights/table.py says, and nothing of others."""

import pytest

from tests.crawl.places import names
from tests.rights import mutants
from tests.rights.noticing import survivors, unheld, walk
from tests.rights.table import ALL, UNNAMED
from tests.rights.world import World

pytestmark = pytest.mark.django_db

# A few of those that make rights takes away, one of each kind.
SOME = {
    "aftersales.admin.interventions.InterventionAdmin.claim_one: may_rule() is true",
    "aftersales.admin.simulating.simulated: _check()",
    "aftersales.models.case.CaseQuerySet.for_buyer: filter(buyer_id=…)",
    "aftersales.models.case.CaseQuerySet.for_merchant: filter(shop__members__user_id=…)",
    "aftersales.rules.limits.within_limit: always",
    "merchants.views.base.must_be_able: raise PermissionDenied",
}
OTHERS = {"agree has a limit", "reject takes reject", "ShopView asks who it is"}


def test_every_url_has_its_door() -> None:
    """Also one that is added later, to the admin too."""
    known = {name for name in names() if not name.endswith(UNNAMED)}
    assert known - {row.name for row in ALL} == set()
    assert {row.name for row in ALL} - known == set()


def test_everybody_finds_what_the_table_says(world: World) -> None:
    """Also with another's id in his own address; and a check that is taken away is missed."""
    some = [each for each in mutants.found() if each.name in SOME]
    assert {each.name for each in some} == SOME
    wrong, walked = walk(world, some, whole=False, closely=False)
    others = [each for each in mutants.others() if each.name in OTHERS]
    lost = survivors(world, some, walked) + unheld(world, others, walked)
    wrong += [f"not noticed: {name}" for name in lost]
    assert not wrong, "\n" + "\n".join(wrong)
