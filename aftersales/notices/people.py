"""Whom notices reach."""

from collections.abc import Iterable

from aftersales.models import Intervention, Member, User

RULES = "aftersales.rule"
SIGN_IN = "aftersales.accounts.Accounts"


def members_of(shops: Iterable[int]) -> dict[int, list[User]]:
    """Those who work in each of these shops now."""
    found: dict[int, list[User]] = {}
    for member in Member.objects.on_duty(shops).select_related("user"):
        found.setdefault(member.shop_id, []).append(member.user)
    return found


def reviewers_of(cases: Iterable[int]) -> dict[int, User]:
    """Who has claimed the last request to the platform of each of these cases."""
    asked = Intervention.objects.filter(case__in=cases).select_related("assignee").order_by("pk")
    last = {each.case_id: each.assignee for each in asked}
    return {case: who for case, who in last.items() if who and who.is_staff and who.is_active}


def staff_who(may: str) -> list[User]:
    """Staff with a permission, such as ``aftersales.rule``."""
    return list(User.objects.with_perm(may, backend=SIGN_IN).filter(is_staff=True))
