"""Who works where somebody works: himself and his colleagues, and how many notices wait for him."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, Subquery

from aftersales.models import Case, Member, Notice, Shop, User
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
# When a case of each of his shops last moved.
MOVED = Prepared(
    lambda user: (
        Shop.objects.of(user)
        .annotate(
            moved=Subquery(
                Case.objects.filter(shop=OuterRef("pk"))
                .order_by("-updated_at")
                .values("updated_at")[:1]
            )
        )
        .values_list("pk", "moved")
    )
)
UNREAD = Prepared(lambda user: Notice.objects.waiting_for(user), counted=True)


class Team(NamedTuple):
    """Everybody on duty in the shops of one user; ``mine`` are his own memberships, and a case of a
    shop was last ``moved`` at this moment."""

    everybody: list[Member]
    mine: list[Member]
    unread: int
    moved: dict[int, datetime | None]


def team_of(user: User) -> Team:
    """One statement, for what every page of a shop begins with."""
    asked = (user.pk,)
    everybody, [(unread,)], moved = together((ON_DUTY, asked), (UNREAD, asked), (MOVED, asked))
    mine = [member for member in everybody if member.user_id == user.pk]
    for member in mine:
        member.user = user
    return Team(everybody, mine, unread, dict(moved))
