"""谁承担运费: the table of lifecycle §1.5, row by row, before a ruling and after one."""

from types import SimpleNamespace
from typing import Any

import pytest

from aftersales.enums import Freight, FreightCover
from aftersales.rules import amounts

MERCHANT, BUYER = Freight.MERCHANT, Freight.BUYER
UNDECIDED, INSURANCE = Freight.UNDECIDED, Freight.INSURANCE
NONE, INSURED, FREE = FreightCover.NONE, FreightCover.INSURANCE, FreightCover.MERCHANT_FREE_RETURN


@pytest.mark.parametrize(
    ("rule", "kind", "fault", "states", "free", "breaks", "cover", "out", "back"),
    [
        # merchant responsible: 消法 Art. 24, Taobao Art. 49
        ("Art. 49", "return_refund", MERCHANT, [], True, False, NONE, MERCHANT, MERCHANT),
        ("Art. 49", "return_refund", MERCHANT, [], False, True, INSURED, MERCHANT, MERCHANT),
        ("Art. 49", "exchange", MERCHANT, [], True, False, NONE, MERCHANT, MERCHANT),
        # no reason, free shipping: Taobao Art. 53, Measures Art. 18
        ("Art. 53", "return_refund", BUYER, [], True, False, NONE, MERCHANT, BUYER),
        ("Art. 53", "return_refund", BUYER, [], True, False, INSURED, MERCHANT, INSURANCE),
        ("Art. 53", "return_refund", BUYER, [], True, False, FREE, MERCHANT, MERCHANT),
        # refused delivery of free-shipping goods
        (
            "Art. 53",
            "refund_not_received",
            UNDECIDED,
            ["refused"],
            True,
            False,
            NONE,
            MERCHANT,
            BUYER,
        ),
        # not free-shipping, or the condition is broken
        ("Art. 53", "return_refund", BUYER, [], False, False, NONE, BUYER, BUYER),
        ("Art. 53", "return_refund", BUYER, [], True, True, NONE, BUYER, BUYER),
        (
            "Art. 53",
            "refund_not_received",
            UNDECIDED,
            ["refused"],
            False,
            False,
            NONE,
            BUYER,
            BUYER,
        ),
        # no-reason exchange: the buyer bears all, whatever the cover: Taobao Art. 54
        ("Art. 54", "exchange", BUYER, [], True, False, NONE, BUYER, BUYER),
        ("Art. 54", "exchange", BUYER, [], True, False, FREE, BUYER, BUYER),
        # unclear responsibility: the way out is the merchant's; the way back is said by a ruling
        ("Art. 7", "return_refund", UNDECIDED, [], True, False, NONE, MERCHANT, UNDECIDED),
    ],
)
def test_the_table_of_who_bears_the_freight(
    rule: str,
    kind: str,
    fault: Freight,
    states: list[str],
    free: bool,
    breaks: bool,
    cover: FreightCover,
    out: Freight,
    back: Freight,
) -> None:
    """§1.5: outbound and return freight, row by row."""
    reason: Any = SimpleNamespace(freight=fault, goods_states=states)
    order: Any = SimpleNamespace(freight_cover=cover, free_shipping=free)

    assert amounts.bearers(kind, reason, order, breaks_free_shipping=breaks) == (out, back), rule


@pytest.mark.parametrize(
    ("rule", "kind", "fault", "states", "free", "cover", "responsible", "agreed", "out", "back"),
    [
        # unclear, and the platform supports a return
        ("Art. 7", "return_refund", MERCHANT, [], True, NONE, "none", "", MERCHANT, BUYER),
        ("Art. 7", "return_refund", UNDECIDED, [], False, NONE, "none", "", MERCHANT, BUYER),
        ("Art. 7", "return_refund", UNDECIDED, [], True, INSURED, "none", "", MERCHANT, INSURANCE),
        # agreed before the platform came, and nothing said of freight; or something said
        (
            "Art. 49",
            "return_refund",
            MERCHANT,
            [],
            True,
            NONE,
            "none",
            UNDECIDED,
            MERCHANT,
            MERCHANT,
        ),
        ("Art. 49", "return_refund", UNDECIDED, [], True, NONE, "none", BUYER, MERCHANT, BUYER),
        ("Art. 49", "return_refund", BUYER, [], True, NONE, "none", MERCHANT, MERCHANT, MERCHANT),
        # 谁过错谁承担, whatever the buyer's reason was and whatever was agreed
        ("Art. 49", "return_refund", BUYER, [], False, NONE, "merchant", BUYER, MERCHANT, MERCHANT),
        ("Art. 49", "return_refund", UNDECIDED, [], True, NONE, "carrier", "", MERCHANT, MERCHANT),
        ("Art. 49", "return_refund", MERCHANT, [], True, NONE, "buyer", MERCHANT, MERCHANT, BUYER),
        ("Art. 49", "return_refund", MERCHANT, [], False, NONE, "buyer", "", BUYER, BUYER),
        # the buyer's own wish, and nobody at fault: as without a ruling
        ("Art. 53", "return_refund", BUYER, [], True, NONE, "none", "", MERCHANT, BUYER),
        ("Art. 53", "return_refund", BUYER, [], False, NONE, "none", "", BUYER, BUYER),
        ("Art. 53", "return_refund", BUYER, [], True, FREE, "none", "", MERCHANT, MERCHANT),
        (
            "Art. 53",
            "refund_not_received",
            UNDECIDED,
            ["refused"],
            False,
            NONE,
            "none",
            "",
            BUYER,
            BUYER,
        ),
        ("Art. 54", "exchange", BUYER, [], True, FREE, "none", "", BUYER, BUYER),
        ("Art. 54", "exchange", MERCHANT, [], True, NONE, "buyer", "", BUYER, BUYER),
    ],
)
def test_the_table_after_a_ruling(
    rule: str,
    kind: str,
    fault: Freight,
    states: list[str],
    free: bool,
    cover: FreightCover,
    responsible: str,
    agreed: str,
    out: Freight,
    back: Freight,
) -> None:
    """§1.5: whom the ruling found responsible, and what the sides had agreed on, row by row."""
    reason: Any = SimpleNamespace(freight=fault, goods_states=states)
    order: Any = SimpleNamespace(freight_cover=cover, free_shipping=free)

    said = {"responsible": responsible, "agreed": agreed}
    assert amounts.bearers(kind, reason, order, **said) == (out, back), rule


@pytest.mark.parametrize(
    ("freight", "bears"),
    [(UNDECIDED, MERCHANT), (BUYER, BUYER), (INSURANCE, INSURANCE)],
)
def test_where_nobody_said_who_pays(freight: Freight, bears: Freight) -> None:
    """§1.5, Taobao Art. 49: agreed, and nothing said → the merchant."""
    assert amounts.unsaid(freight) == bears
