"""Who works where somebody works: himself and his colleagues, and how many notices wait for him."""

from typing import NamedTuple

from aftersales.models import Member, Notice, Shop, User
from aftersales.prepared import Prepared, together

READ = (
    *("shop", "user", "permissions", "agree_most", "active", "page_size"),
    *("shop__code", "shop__name", "shop__platform", "user__username", "user__nick"),
)
ON_DUTY = Prepared(
    lambda user: (
        Member.objects.on_duty(Shop.objects.of(user))
        .select_related("shop", "user")
        .only(*READ)
        .order_by("pk")
    )
)
UNREAD = Prepared(lambda user: Notice.objects.waiting_for(user), counted=True)


class Team(NamedTuple):
    """Everybody on duty in the shops of one user; ``mine`` are his own memberships."""

    everybody: list[Member]
    mine: list[Member]
    unread: int


def team_of(user: User) -> Team:
    """One statement, for what every page of a shop begins with."""
    everybody, [(unread,)] = together((ON_DUTY, (user.pk,)), (UNREAD, (user.pk,)))
    mine = [member for member in everybody if member.user_id == user.pk]
    for member in mine:
        member.user = user
    return Team(everybody, mine, unread)
