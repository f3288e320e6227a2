"""What a shop's lists are named and narrowed by: its tags, the views saved there, and the reasons."""

from typing import NamedTuple

from aftersales.languages import in_english
from aftersales.models import Member, Reason, SavedView, Tag
from aftersales.prepared import Prepared, together

TAGS = Prepared(lambda shop: Tag.objects.filter(shop=shop).values_list("name"))
REASONS = Prepared(
    lambda: Reason.objects.filter(active=True).values_list("code", "label_zh", "label_en")
)
VIEWS = Prepared(
    lambda member, shop: SavedView.objects.open_to(member, shop).values_list("name", "query")
)


class Words(NamedTuple):
    """``reasons`` are pairs of code and label, ``views`` of name and query string."""

    tags: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    views: tuple[tuple[str, str], ...]


def words_of(member: Member) -> Words:
    """Those of his shop, and the views that are his own: one statement."""
    tags, reasons, views = together(
        (TAGS, (member.shop_id,)), (REASONS, ()), (VIEWS, (member.pk, member.shop_id))
    )
    english = in_english()
    return Words(
        tags=tuple(name for (name,) in tags),
        reasons=tuple((code, (english and label_en) or label) for code, label, label_en in reasons),
        views=tuple(views),
    )
