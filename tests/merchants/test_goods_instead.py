"""换货、补寄、维修 at the merchant's pages: agreeing, shipping, and saying that it can't be done (M11)."""

from collections.abc import Callable
from typing import Any

import pytest

from aftersales.enums import Permission, Status
from aftersales.models import Case, Order
from tests.factories import MemberFactory

SENT = {"carrier": "顺丰速运", "tracking": "SF20261123009"}


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("exchange", "同意换货"),
        ("repair", "同意维修"),
        ("resend", "同意补寄"),
        ("price_difference", "同意退款"),
    ],
)
def test_the_case_page_offers_the_fitting_yes(
    kind: str, says: str, make_case: Callable[..., Case], at_desk: Any, text_of: Any
) -> None:
    """T-03, T-04: one way to agree, and what silence does."""
    shown = text_of(at_desk.look("case", make_case(type=kind)))
    assert says in shown
    assert "到期未处理" in shown


def test_what_is_asked_for_stands_on_the_page(
    make_case: Callable[..., Case], at_desk: Any, text_of: Any
) -> None:
    """S-16, S-10."""
    shown = text_of(at_desk.look("case", make_case(type="resend")))
    assert "配件 × 1" in shown
    assert "驳回申请" in shown
    assert "驳回退款" not in shown
    shown = text_of(at_desk.look("case", make_case(type="repair")))
    assert "售后保障维权" in shown


def test_goods_are_shipped_to_the_address_of_the_order(
    make_case: Callable[..., Case], at_desk: Any, text_of: Any
) -> None:
    """T-14: the address is there, the real number is not."""
    case = make_case("taken_in", type="exchange")
    page = text_of(at_desk.look("ship_replacement", case))
    assert case.order.address in page
    assert case.order.phone not in page

    assert at_desk.send("ship_replacement", case, **SENT).status_code == 302

    assert case.status == Status.AWAITING_BUYER_RECEIPT
    assert "SF20261123009" in text_of(at_desk.look("case", case))


@pytest.mark.parametrize("kind", ["exchange", "repair"])
def test_goods_go_where_the_order_went_when_the_buyer_applied(
    kind: str, make_case: Callable[..., Case], at_desk: Any, text_of: Any
) -> None:
    """T-01: the address is kept with the case; a later file with another one sends nothing elsewhere."""
    case = make_case("taken_in", type=kind)
    before = case.order.address
    Order.objects.filter(pk=case.order_id).update(address="上海市静安区 别处 1 号", receiver="别人")

    page = text_of(at_desk.look("ship_replacement", case))

    assert before in page
    assert "别处" not in page
    assert "别人" not in page


def test_a_refund_keeps_no_address(make_case: Callable[..., Case]) -> None:
    """T-01: nothing is to be sent, so nobody's address is kept twice."""
    assert make_case(type="refund_received").ship_to is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"tracking": ""}, "请输入快递单号（8–30 位字母和数字）"),
        ({"tracking": "12", "carrier": "顺丰速运"}, "请输入快递单号（8–30 位字母和数字）"),
        ({"tracking": "12345678"}, "认不出是哪家快递，请选择快递公司"),
    ],
)
def test_a_number_that_cannot_be_is_refused_at_its_field(
    given: dict[str, str],
    sentence: str,
    make_case: Callable[..., Case],
    at_desk: Any,
    text_of: Any,
) -> None:
    """T-14."""
    case = make_case("agreed", type="resend")
    answer = at_desk.send("ship_replacement", case, **given)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert case.status == Status.AWAITING_MERCHANT_SHIP


def test_who_cannot_ship_says_so_and_refunds(
    make_case: Callable[..., Case], at_desk: Any, text_of: Any
) -> None:
    """T-15 before its time: what it costs is said first."""
    case = make_case("agreed", type="resend")
    assert "改为退款 ¥128.00" in text_of(at_desk.look("refund_instead", case))
    at_desk.send("refund_instead", case)
    assert (case.status, str(case.to_refund)) == (Status.REFUNDING, "128.00")


def test_a_failed_repair_is_told_to_the_buyer(
    make_case: Callable[..., Case], at_desk: Any, text_of: Any
) -> None:
    """Walk 7 of §1.7."""
    case = make_case("taken_in", type="repair")
    short = at_desk.send("report_unrepairable", case, text="坏了")
    assert short.status_code == 422
    at_desk.send("report_unrepairable", case, text="主板烧毁，这个部件已经停产，修不好。")
    assert case.unrepairable_at is not None
    page = text_of(at_desk.look("case", case))
    assert "等买家选择" in page
    assert "买家选择剩余时间" in page
    assert "买家到期没有选择换货或退款，将自动退款 ¥128.00。" in page
    assert "到期未发出" not in page


def test_shipping_takes_its_own_permission(
    make_case: Callable[..., Case], shop: Any, desk_of: Any
) -> None:
    """A member who may do all but ship finds the door closed, by page and by post."""
    case = make_case("agreed", type="resend")
    rights = [str(each) for each in Permission if each != Permission.SHIP]
    desk = desk_of(MemberFactory(shop=shop, permissions=rights).user)
    assert desk.look("ship_replacement", case).status_code == 403
    assert desk.send("ship_replacement", case, **SENT).status_code == 403
    assert case.status == Status.AWAITING_MERCHANT_SHIP


@pytest.mark.parametrize("kind", ["exchange", "resend", "repair"])
def test_the_tool_serves_these_demands_too(
    kind: str, make_case: Callable[..., Case], at_desk: Any, text_of: Any
) -> None:
    """NEG-56: the same tool, with the plans that fit the type."""
    case = make_case("checked", type=kind)
    shown = text_of(at_desk.look("negotiate", case))
    fits = {
        "exchange": ("换货", "退货后退全款"),
        "resend": ("补寄什么、几件", "退货后退全款"),
        "repair": ("几天内修好", "退货后退全款"),
    }[kind]
    for words in fits:
        assert words in shown
    assert "拦截" not in shown
