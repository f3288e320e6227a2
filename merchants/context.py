"""The numbers of a shop's menu on the pages that all roles share (``aftersales.reading.frame_of``)."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from merchants import counting
from merchants.team import team_of


def menu(request: HttpRequest) -> dict[str, Any]:
    """Pages of the shop itself have counted already; a page of no shop has nothing to count."""
    shop = getattr(request, "shop", None)
    if shop is None or hasattr(request, "counts"):
        return {}

    def counts() -> dict[str, counting.Number]:
        team = team_of(request.user)  # type: ignore[arg-type]
        member = next(each for each in team.mine if each.shop_id == shop.pk)
        return counting.numbers_of(member, team.moved.get(shop.pk))

    return {"counts": SimpleLazyObject(counts)}
