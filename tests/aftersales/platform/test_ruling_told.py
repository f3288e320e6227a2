"""What both sides are told of a ruling: what it gives, who is responsible, and what to do now."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from aftersales.models import Case, User
from tests.aftersales.lifecycle.reading import GROUNDS, WHY, texts
from tests.factories import upload


@pytest.mark.parametrize(
    ("ruling", "given", "found", "buyer_does", "shop_does"),
    [
        ("full_refund", {}, "全额退款，无需退货 ¥128.00，责任方：商家", "", ""),
        (
            "partial_refund",
            {"amount": Decimal("45.00"), "responsible": "carrier"},
            "部分退款，无需退货 ¥45.00，责任方：承运商",
            "",
            "",
        ),
        (
            "return_then_refund",
            {},
            "退货后退款，责任方：商家",
            "请在时限内寄回商品并填写退货单号。",
            "",
        ),
        ("resend", {}, "补寄，责任方：商家", "", "请在时限内执行判定。"),
        (
            "rehandle",
            {"responsible": "none"},
            "退回商家重新处理，责任方：无责任方",
            "",
            "请在时限内重新处理。",
        ),
        ("deny", {"responsible": "buyer"}, "不支持买家，责任方：买家", "", ""),
    ],
)
def test_both_sides_hear_what_was_ruled(
    ruling: str,
    given: dict[str, Any],
    found: str,
    buyer_does: str,
    shop_does: str,
    ruled: Callable[..., Case],
) -> None:
    """T-20, S-23: in the notice, which may be all that somebody reads."""
    case = ruled(ruling, **given)

    told = texts(case)

    sentence = f"平台对“{case.line.title}”作出了判定：{found}。依据：{GROUNDS}"
    for who, does in (("linshu", buyer_does), ("xiaochen", shop_does)):
        text, _dot, by_when = told[who].partition(" · ")
        assert text == f"{sentence} {does}".strip()
        assert by_when.endswith(" 截止") is bool(does), "who has to act is told by when"


def test_a_reversal_says_what_is_paid_besides(
    ruled: Callable[..., Case], second: User, third: User
) -> None:
    """T-25."""
    case = ruled("deny", responsible="buyer")
    case.appeal(by=case.buyer, reason=WHY, evidence={"appeal": [upload(case.buyer)]})
    case.propose_reversal(
        by=second, responsible="merchant", amount=Decimal("100.00"), grounds=GROUNDS
    )
    case.reverse_ruling(by=third)

    told = texts(case)

    assert told["linshu"].endswith("会再退给你 ¥100.00。")
    assert told["xiaochen"].endswith("会再退给买家 ¥100.00。")
