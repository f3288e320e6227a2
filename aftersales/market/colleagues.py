"""What the demo shop's members leave for each other: tags, notes and saved views."""

from datetime import timedelta

from aftersales import clock
from aftersales.enums import Turn
from aftersales.models import Case, Note, SavedView, Shop, Tag

TAGS = ("易碎", "老顾客", "等仓库核实")
NOTES = (
    "仓库说这批外箱有压痕，先看照片再定。",
    "买家上个月买过同款，很好说话，先聊聊。",
)
VIEWS = (
    ("质量问题 ≥ ¥100", "tab=mine&reason=R1&least=100", True),
    ("物流断更", "tab=mine&ship=stalled", False),
)


def leave(shop: Shop) -> None:
    """On the shop's own cases, the most urgent first, by its members in turn."""
    members = list(shop.members.order_by("pk"))
    cases = list(Case.objects.filter(shop=shop, turn=Turn.MINE).order_by("due_at")[:6])
    for case, name in zip(cases[1::2], TAGS, strict=False):
        tag, _new = Tag.objects.get_or_create(shop=shop, name=name)
        tag.cases.add(case)
    at = clock.now() - timedelta(hours=2)
    for number, (case, text) in enumerate(zip(cases[::3], NOTES, strict=False)):
        author = members[(number + 1) % len(members)]
        Note.objects.create(case=case, member=author, text=text, at=at)
    for name, query, shared in VIEWS:
        SavedView.objects.create(member=members[0], name=name, query=query, shared=shared)
