"""What the demo shop's members leave for each other: tags, notes, saved views, a script and a rule."""

from datetime import timedelta
from decimal import Decimal

from aftersales import clock
from aftersales.enums import Turn
from aftersales.models import (
    AgreeRule,
    Case,
    Note,
    Plan,
    SavedView,
    Scenario,
    Shop,
    ShopScript,
    Tag,
)

TAGS = ("易碎", "老顾客", "等仓库核实")
NOTES = (
    "仓库说这批外箱有压痕，先看照片再定。",
    "买家上个月买过同款，很好说话，先聊聊。",
)
VIEWS = (
    ("质量问题 ≥ ¥100", "tab=mine&reason=R1&least=100", True),
    ("物流断更", "tab=mine&ship=stalled", False),
)
SCRIPT = (
    "手工痕迹，先解释再补偿",
    "您好，{goods}是手工制作，每一件的釉色和开片都不一样。如果您觉得影响使用，"
    "我们愿意退您{amount}元，商品您留着用，可以吗？",
)


def leave(shop: Shop) -> None:
    """On the shop's own cases, the most urgent first, by its members in turn."""
    members = list(shop.members.order_by("pk"))
    cases = list(Case.objects.filter(shop=shop, turn=Turn.MINE).order_by("due_at")[:6])
    for case, name in zip(cases[1::2], TAGS, strict=False):
        Tag.put_on(case, name)
    at = clock.now() - timedelta(hours=2)
    for number, (case, text) in enumerate(zip(cases[::3], NOTES, strict=False)):
        author = members[(number + 1) % len(members)]
        Note.objects.create(case=case, member=author, text=text, at=at)
    for name, query, shared in VIEWS:
        SavedView.objects.create(member=members[0], name=name, query=query, shared=shared)
    label, text = SCRIPT
    script = ShopScript(shop=shop, label_zh=label, text_zh=text, editable=True)
    script.store(
        by=members[0].user,
        scenarios=Scenario.objects.filter(code="goods_refund"),
        plans=Plan.objects.filter(code="partial_refund"),
    )
    rule = AgreeRule(
        shop=shop,
        name="小额先退",
        types=["refund_unshipped", "refund_received"],
        most=Decimal("90.00"),
        day_most=Decimal("500.00"),
        undisputed=True,
    )
    rule.store(by=members[0].user)
