"""多退少补: a bundle parted so far that nothing is left to refund, or less than nothing (§1.5)."""

from decimal import Decimal
from typing import Any

import pytest

from aftersales.consistency.checking import examine
from aftersales.enums import Status
from aftersales.models import Case, Reason
from aftersales.payments import pay_due
from aftersales.steps import Refused
from tests.factories import OrderFactory, application_for


@pytest.fixture
def set_of_three(shop: Any, buyer: Any) -> Any:
    """Three boxes, single ¥50 each, bought together for ¥90."""
    box = {"quantity": 1, "list_total": Decimal("50.00"), "paid": Decimal("30.00"), "bundle": "B"}
    return OrderFactory(
        shop=shop, buyer=buyer, paid=Decimal("90.00"), lines=[box | {"title": t} for t in "甲乙丙"]
    )


def test_what_settling_a_bundle_leaves_owed_comes_off_the_next_return(
    set_of_three: Any, buyer: Any, merchant: Any
) -> None:
    """§1.5, Measures Art. 17 (多退少补): two boxes at ¥50 cost more than the ¥90 paid. The first
    comes back for nothing, ¥10 still owed and never taken; the second brings ¥40, the last ¥50."""
    told = []
    for line in set_of_three.lines.all():
        application = application_for(set_of_three, "return_refund", "R13", line=line)
        case = Case.apply(line, application, by=buyer)
        case.agree_return(by=merchant, address=case.default_address())
        case.send_back(by=buyer, carrier="中通快递", tracking=f"ZT7500000{line.pk:04d}")
        case.confirm_receipt(by=merchant)
        pay_due()
        case.refresh_from_db()
        told.append((case.status, case.to_refund, case.composition.owed, case.refunds.count()))

    assert told == [
        (Status.REFUNDED, Decimal("0.00"), Decimal("10.00"), 0),
        (Status.REFUNDED, Decimal("40.00"), Decimal("0.00"), 1),
        (Status.REFUNDED, Decimal("50.00"), Decimal("0.00"), 1),
    ]
    first = Case.objects.earliest("pk")
    assert first.events.first().details["still_owed"] == "10.00"
    assert first.events.last().details["amount"] == "0.00"
    assert not examine([first.pk])


def test_more_than_settling_leaves_is_not_claimed(set_of_three: Any, buyer: Any) -> None:
    """G6: nothing is left of it, so nothing is claimed; an exchange of fault is another matter."""
    line = set_of_three.lines.first()
    greedy = application_for(set_of_three, "return_refund", "R13", amount=Decimal("0.01"))
    with pytest.raises(Refused, match="退款金额"):
        Case.apply(line, greedy, by=buyer)

    faulty = Case.refundable_for(line, 1, "return_refund", Reason.objects.get(code="R1"))
    assert (faulty.total, faulty.owed) == (Decimal("30.00"), Decimal("0.00"))


def test_without_a_settlement_nothing_is_no_claim(shop: Any, buyer: Any) -> None:
    """G6."""
    order = OrderFactory(shop=shop, buyer=buyer)
    nothing = application_for(order, "return_refund", "R13", amount=Decimal("0.00"))
    with pytest.raises(Refused, match="退款金额"):
        Case.apply(order.lines.get(), nothing, by=buyer)
