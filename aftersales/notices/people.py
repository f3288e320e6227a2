"""Whom notices reach."""

from collections.abc import Iterable

from aftersales.models import Member, User


def members_of(shops: Iterable[int]) -> dict[int, list[User]]:
    """Those who work in each of these shops now."""
    found: dict[int, list[User]] = {}
    for member in Member.objects.on_duty(shops).select_related("user"):
        found.setdefault(member.shop_id, []).append(member.user)
    return found
