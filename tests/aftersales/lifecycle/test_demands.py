"""各种要求自己的内容: what each demand asks of its own, and takes of no other (S-16)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from aftersales.enums import Remedy
from aftersales.models import Case
from aftersales.steps import Refused
from tests.aftersales.lifecycle.reading import stored


@pytest.mark.parametrize(
    ("price", "sentence"),
    [
        ("64.00", "现在的单价不比你付的低"),
        ("70.00", "现在的单价不比你付的低"),
        ("-1.00", "现在的单价需大于 0"),
        ("NaN", "请填写现在的单价"),
        ("59.999", "金额最多两位小数"),
    ],
)
def test_a_price_that_did_not_fall_gives_nothing_back(
    price: str, sentence: str, order_for: Any, apply: Any
) -> None:
    """G6, S-16."""
    order = order_for("price_difference")
    asked = {"reference_price": Decimal(price), "reference_url": ""}
    with pytest.raises(Refused, match=sentence):
        apply(order, "price_difference", demand=asked, amount=Decimal("1.00"))


def test_no_more_than_the_difference_can_be_asked_for(order_for: Any, apply: Any) -> None:
    """G6: amount ≤ (paid - present price) * pieces."""
    order = order_for("price_difference")
    with pytest.raises(Refused, match=r"10\.00"):
        apply(order, "price_difference", amount=Decimal("10.01"))


@pytest.mark.parametrize(
    ("kind", "asked", "field"),
    [
        ("exchange", {}, "sku"),
        ("exchange", {"sku": "  "}, "sku"),
        ("exchange", {"sku": "红色"}, "sku"),
        ("exchange", {"sku": "蓝色"}, "sku"),
        ("exchange", {"sku": "青绿", "missing": []}, "type"),
        ("resend", {}, "missing"),
        ("resend", {"missing": [{"item": "", "count": 1}]}, "missing"),
        ("resend", {"missing": [{"item": "杯盖", "count": 0}]}, "missing"),
        ("resend", {"missing": [{"item": "杯盖", "count": 1}], "sku": "青绿"}, "type"),
        ("repair", {"fault_since": "明天"}, "fault_since"),
        ("repair", {"fault_since": "2027-01-01"}, "fault_since"),
        ("refund_received", {"sku": "青绿"}, "type"),
        ("return_refund", {"missing": [{"item": "杯盖", "count": 1}]}, "type"),
        (
            "price_difference",
            {"reference_price": Decimal("50.00"), "reference_url": "javascript:alert(1)"},
            "reference_url",
        ),
    ],
)
def test_each_demand_asks_its_own_and_takes_no_others(
    kind: str, asked: dict[str, Any], field: str, order_for: Any, apply: Any
) -> None:
    """S-16, S-12: also of a forged application."""
    order = order_for(kind)
    stock = [{"sku": "青绿", "stock": 3}, {"sku": "蓝色", "stock": 0}]
    order.lines.update(stock=stock)
    with pytest.raises(Refused) as caught:
        apply(order, kind, demand=asked)
    assert set(caught.value.errors) == {field}
    assert not Case.objects.exists()


def test_what_was_asked_is_kept_with_the_case(order_for: Any, apply: Any) -> None:
    """S-14, S-16: the wanted model, the address, and no amount."""
    order = order_for("exchange")
    order.lines.update(stock=[{"sku": "青绿", "stock": 3}])
    there = {"name": "林树", "phone": "13900001111", "address": "浙江省杭州市西湖区文三路 2 号"}
    case = stored(apply(order, "exchange", demand={"sku": "青绿"}, ship_to=there))
    assert (case.demand, case.ship_to, case.remedy) == ({"sku": "青绿"}, there, Remedy.EXCHANGE)
    assert (case.amount, case.worth) == (Decimal("0.00"), Decimal("128.00"))


@pytest.mark.parametrize(("day", "taken"), [("2026-11-24", True), ("2026-11-25", False)])
def test_a_fault_shows_by_today_in_china(
    day: str, taken: bool, order_for: Any, apply: Any, now: Any
) -> None:
    """S-16: at half past midnight there it is still yesterday in UTC."""
    order = order_for("repair")
    now.move_to(datetime(2026, 11, 23, 16, 30, tzinfo=UTC), tick=False)
    if taken:
        assert apply(order, "repair", demand={"fault_since": day}).demand == {"fault_since": day}
        return
    with pytest.raises(Refused, match="故障日期不能晚于今天"):
        apply(order, "repair", demand={"fault_since": day})


@pytest.mark.parametrize("kind", ["exchange", "resend", "repair"])
def test_goods_are_asked_for_without_an_amount(kind: str, order_for: Any, apply: Any) -> None:
    """G6: for 换货, 补寄 and 维修 the amount is nothing."""
    with pytest.raises(Refused, match="不填退款金额"):
        apply(order_for(kind), kind, amount=Decimal("1.00"))
