"""订单: found by list and search; shipped, and while a refund is asked for only with open eyes."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from aftersales.enums import Direction, OrderState, Party, Severity, Status
from aftersales.imports import jobs
from aftersales.models import Case, Order, Parcel, Policy
from tests.aftersales.imports.conftest import NUMBER, pinduoduo
from tests.factories import MemberFactory, OrderFactory, application_for


@pytest.fixture
def unshipped(shop, buyer):
    return OrderFactory(shop=shop, buyer=buyer, unshipped=True, number="261120-1")


@pytest.fixture
def asking(make_case, unshipped):
    """The buyer asks for his money before anything was shipped."""
    return make_case(order=unshipped, type="refund_unshipped")


SHIPS = {"tracking": "SF1234567890"}


@pytest.mark.parametrize("asked", ["261120-1", "林溪树", "咖啡杯"])
def test_an_order_is_found(at_desk, unshipped, shop, text_of, asked):
    """By number, buyer or goods."""
    other = OrderFactory(shop=shop, buyer_nick="别人", receiver="别人", lines=[{"title": "毛巾"}])

    page = text_of(at_desk.look("orders", q=asked))

    assert unshipped.number in page
    assert other.number not in page


def test_orders_are_parted_by_state_and_another_shops_are_not_ours(
    at_desk, unshipped, shop, text_of, desk_of
):
    shipped = OrderFactory(shop=shop, in_transit=True)

    page = text_of(at_desk.look("orders", state="paid"))

    assert unshipped.number in page
    assert shipped.number not in page
    other = desk_of(MemberFactory().user)
    assert unshipped.number not in text_of(other.look("orders"))
    assert other.look("order", unshipped.number).status_code == 404


def test_a_tracking_number_leads_to_its_order(at_desk, shop, text_of):
    order = OrderFactory(shop=shop, in_transit=True)

    assert order.number in text_of(at_desk.look("orders", q=order.parcels.get().tracking))


def test_an_order_is_shipped(at_desk, unshipped, now):
    answer = at_desk.post("order", unshipped.number, **SHIPS)

    assert answer.status_code == 302
    unshipped.refresh_from_db()
    parcel = Parcel.objects.get(order=unshipped)
    assert (unshipped.state, unshipped.shipped_at) == (OrderState.SHIPPED, parcel.shipped_at)
    assert (parcel.carrier, parcel.tracking) == ("顺丰速运", "SF1234567890")
    assert parcel.direction == Direction.OUTBOUND


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"tracking": ""}, "请输入快递单号"),
        ({"tracking": "12345678"}, "认不出是哪家快递"),
        ({"tracking": "SF12"}, "认不出是哪家快递"),
        ({"tracking": "SF12", "carrier": "顺丰速运"}, "请输入快递单号"),
    ],
)
def test_a_number_that_cannot_be_ships_nothing(at_desk, unshipped, text_of, filled, sentence):
    answer = at_desk.post("order", unshipped.number, **filled)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert Order.objects.get(pk=unshipped.pk).state == OrderState.PAID


def test_who_may_not_ship_is_told_so(shop, unshipped, desk_of, text_of):
    clerk = desk_of(MemberFactory(shop=shop, permissions=["agree"]).user)

    assert "你没有“寄出商品”权限" in text_of(clerk.look("order", unshipped.number))
    assert clerk.post("order", unshipped.number, **SHIPS).status_code == 403
    assert not Parcel.objects.exists()


def test_an_order_that_is_gone_is_not_shipped_twice(at_desk, unshipped, text_of):
    at_desk.post("order", unshipped.number, **SHIPS)

    answer = at_desk.post("order", unshipped.number, tracking="SF1234567899")

    assert answer.status_code == 409
    assert "订单现在是“待收货”，不能发货" in text_of(answer)
    assert Parcel.objects.count() == 1


# While a refund is asked for ----------------------------------------------------------------------


def test_shipping_stops_while_the_buyer_asks_for_his_money(at_desk, asking, unshipped, text_of):
    """§1.5, Taobao Art. 27: a sentence, a link to the case, and nothing shipped."""
    page = text_of(at_desk.look("order", unshipped.number))
    assert "买家已申请退款，请先不要发货" in page
    assert f"/merchant/cases/{asking.code}/" in page

    answer = at_desk.post("order", unshipped.number, **SHIPS)

    assert answer.status_code == 409
    assert "未经买家同意发货的风险由商家承担" in text_of(answer)
    assert "SF1234567890" in text_of(answer)
    assert not Parcel.objects.exists()


def test_with_the_risk_acknowledged_it_goes_on_and_the_case_keeps_it(
    at_desk, asking, unshipped, merchant
):
    """§1.5, RW-08: who, when, and that he knew; from then on rejecting is blocked."""
    at_desk.post("order", unshipped.number, **SHIPS, acknowledged="on")

    asking.refresh_from_db()
    event = asking.events.last()
    assert (event.step, event.party, event.user) == ("note_shipment", Party.MERCHANT, merchant)
    assert event.details == {"parcel": "顺丰速运 SF1234567890", "acknowledged": True}
    assert asking.shipped_meanwhile_at == event.at
    assert asking.status == Status.PENDING_MERCHANT
    assert Order.objects.get(pk=unshipped.pk).state == OrderState.SHIPPED
    asking = Case.objects.get(pk=asking.pk)
    assert "RW-08" in {each.code for each in asking.warnings() if each.severity == Severity.BLOCK}


def test_a_file_that_says_shipped_is_kept_by_the_case_too(shop, asking, unshipped, merchant):
    """§1.5, RW-08: nobody acknowledged anything, and the flag stands."""
    Order.objects.filter(pk=unshipped.pk).update(number=NUMBER)
    unshipped.lines.update(number=f"{NUMBER}-1", goods_id="754299529443")
    told = {"订单状态": "已发货，待收货", "快递单号": "YT8812345678", "快递公司": "圆通速递"}
    file = SimpleUploadedFile("orders.csv", pinduoduo(told).encode())
    job = jobs.run(jobs.check(jobs.start(shop, merchant, file)))

    asking.refresh_from_db()
    event = asking.events.last()
    assert job.updated == 1
    assert (event.step, event.party) == ("note_shipment", Party.CLOCK)
    assert event.details == {"parcel": "YT8812345678", "acknowledged": False}
    assert "RW-08" in {each.code for each in Case.objects.get(pk=asking.pk).warnings()}


def test_once_the_money_goes_back_nothing_is_shipped(at_desk, asking, unshipped, text_of):
    asking.agree(by=MemberFactory(shop=unshipped.shop).user)

    answer = at_desk.post("order", unshipped.number, **SHIPS, acknowledged="on")

    assert answer.status_code == 409
    assert "商品已全部退款，不能发货" in text_of(answer)


def test_lapsed_time_agrees_before_anything_is_shipped(at_desk, asking, unshipped, now, text_of):
    """D1, S-21: the refund was due; shipping comes too late, whether a sweep ran or not."""
    now.move_to(asking.due_at)

    answer = at_desk.post("order", unshipped.number, **SHIPS, acknowledged="on")

    assert answer.status_code == 409
    asking.refresh_from_db()
    assert asking.status == Status.REFUNDING
    assert not Parcel.objects.exists()


def test_the_rest_of_an_order_ships_when_one_line_was_refunded(at_desk, shop, buyer, merchant):
    half = {"quantity": 1, "paid": Decimal("64.00")}
    order = OrderFactory(shop=shop, buyer=buyer, unshipped=True, lines=[half, half])
    case = Case.apply(order.lines.first(), application_for(order, "refund_unshipped"), by=buyer)
    case.agree(by=merchant)

    assert at_desk.post("order", order.number, **SHIPS).status_code == 302


def test_of_a_line_paid_back_in_part_the_page_says_what_is_left_to_ship(
    at_desk, shop, buyer, merchant, text_of
):
    """G5: one of three pieces was paid back before it was shipped."""
    cups, cloth = (
        {"title": title, "quantity": n, "paid": 64} for title, n in (("杯", 3), ("巾", 1))
    )
    order = OrderFactory(shop=shop, buyer=buyer, unshipped=True, lines=[cups, cloth])
    asked = application_for(order, "refund_unshipped", quantity=1, amount=Decimal("21.33"))
    assert "还要发" not in text_of(at_desk.look("order", order.number))

    Case.apply(order.lines.first(), asked, by=buyer).agree(by=merchant)

    page = text_of(at_desk.look("order", order.number))
    assert page.count("还要发 2 件") == 1
    assert "杯 × 2" in page
    assert "巾 × 1" in page


def test_a_part_of_an_order_is_shipped_from_its_page(at_desk, shop, buyer, text_of):
    """§1.1: choose what goes now; the page and the list then say which part is where."""
    cup, cloth = ({"title": title, "quantity": 1, "paid": 64} for title in ("杯子", "毛巾"))
    order = OrderFactory(shop=shop, buyer=buyer, unshipped=True, lines=[cup, cloth])
    first = order.lines.first()
    assert "这次发哪些商品" in text_of(at_desk.look("order", order.number))

    refused = at_desk.post("order", order.number, **SHIPS)
    assert refused.status_code == 422
    assert "请选择这次要发的商品" in text_of(refused)
    assert at_desk.post("order", order.number, **SHIPS, lines=[first.pk]).status_code == 302

    order.refresh_from_db()
    assert order.state == OrderState.PART
    page = text_of(at_desk.look("order", order.number))
    assert "部分发货" in page
    assert "这次发哪些商品" not in page  # one thing is left, and named
    assert "将发出：毛巾 × 1" in page
    assert order.number in text_of(at_desk.look("orders", state="part"))
    at_desk.post("order", order.number, tracking="SF1234567891")
    order.refresh_from_db()
    assert order.state == OrderState.SHIPPED


def test_the_buyer_sees_which_part_has_left(at_desk, shop, buyer, text_of, client):
    """§1.1 on the buyer's order page."""
    cup, cloth = ({"title": title, "quantity": 1, "paid": 64} for title in ("杯子", "毛巾"))
    order = OrderFactory(shop=shop, buyer=buyer, unshipped=True, lines=[cup, cloth])
    at_desk.post("order", order.number, **SHIPS, lines=[order.lines.first().pk])
    client.force_login(buyer)

    page = text_of(client.get(f"/my/orders/{shop.code}/{order.number}/"))

    assert "部分发货" in page
    assert "包裹里有：杯子 × 1" in page
    assert page.count("申请售后") >= 2


def test_the_shop_lets_a_buyer_claim_again_for_the_same_reason(
    make_case, at_desk, text_of, buyer, now
):
    """T-10: from the page of the case that closed; offered only where a claim is possible at all."""
    case = make_case("agreed", type="exchange")
    now.move_to(case.due_at, tick=False)
    assert "同意买家再次申请" not in text_of(at_desk.look("case", case))
    Policy.objects.update(max_applications_per_line=2)
    assert "同意买家再次申请" in text_of(at_desk.look("case", case))
    assert "可以因“质量问题（肉眼可见）”再申请一次" in text_of(at_desk.look("allow_again", case))
    assert at_desk.send("allow_again", case).status_code == 302
    assert case.consent_wanted is False
    assert "同意买家再次申请？" not in text_of(at_desk.look("case", case))
    assert Case.apply(case.line, application_for(case.order, "exchange"), by=buyer)
