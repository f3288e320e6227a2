"""退货验收: the desk for a scanner, parts and empty parcels, and who may change what (M10, M18)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from aftersales.enums import (
    Direction,
    Party,
    PlanState,
    ScanKind,
    Status,
)
from aftersales.logistics import traces
from aftersales.models import Arrived, Case, Parcel
from aftersales.steps import Refused
from merchants.views import returns
from tests.factories import MemberFactory, ReturnAddressFactory, picture, upload


@pytest.fixture
def back(make_case):
    """Two mugs on their way back; ¥128.00 to be refunded."""
    return make_case("sent_back", type="return_refund")


@pytest.fixture
def agreed(make_case):
    return make_case("agreed", type="return_refund")


# The desk -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scanned", ["{n}", " {n} ", "{low}"])
def test_a_scanned_number_leads_straight_to_what_came(at_desk, back, scanned):
    """M10: one field, the number and Enter."""
    number = back.return_tracking
    answer = at_desk.look("returns", q=scanned.format(n=number, low=number.lower()))

    assert answer.status_code == 302
    assert answer["Location"] == reverse("merchants:receive_part", args=[back.code])


def test_a_list_that_is_cut_says_so(at_desk, back, make_case, text_of, monkeypatch):
    make_case("sent_back", type="return_refund")
    monkeypatch.setattr(returns, "MOST", 1)
    assert "只列出最早到期的 1 件" in text_of(at_desk.look("returns"))
    assert "只列出最近申请的 1 件" in text_of(at_desk.look("returns", q=back.code[:4]))


@pytest.mark.parametrize("by", ["tail", "sender", "order"])
def test_an_unreadable_label_is_looked_up(at_desk, back, text_of, by):
    """M10: by the end of the number, the sender or the order."""
    asked = {
        "tail": back.return_tracking[-4:],
        "sender": back.order.receiver,
        "order": back.order.number,
    }
    page = text_of(at_desk.look("returns", q=asked[by]))

    assert back.return_tracking in page
    assert reverse("merchants:receive_part", args=[back.code]) in page


def test_an_unknown_number_is_said_to_be_unknown(at_desk, back, text_of):
    answer = at_desk.look("returns", q="ZT99999999")

    assert answer.status_code == 200
    assert "没有找到“ZT99999999”" in text_of(answer)
    assert back.return_tracking not in text_of(answer)
    assert "查到的退货" not in text_of(answer)  # no card of nothing


def test_the_desk_lists_what_waits_and_takes_the_keyboard_at_once(at_desk, back, text_of):
    page = text_of(at_desk.look("returns"))

    assert "autofocus" in page
    assert back.return_tracking in page


def test_what_is_refunded_first_by_itself_stands_first(at_desk, make_case, now, text_of):
    """D7: also where its carrier has said that it arrived and nothing is known of the other."""
    later = make_case("sent_back", type="return_refund")
    first = make_case("sent_back", type="return_refund")
    Case.objects.filter(pk=first.pk).update(
        due_at=later.due_at - timedelta(days=1), return_signed_at=later.due_at - timedelta(days=8)
    )

    page = text_of(at_desk.look("returns"))

    assert page.index(first.return_tracking) < page.index(later.return_tracking)


def test_another_shops_returns_are_not_found(desk_of, back, text_of):
    """S-64: what is not ours is a 404, and no hit."""
    other = desk_of(MemberFactory().user)

    assert back.return_tracking not in text_of(other.look("returns", q=back.order.number))
    assert other.look("returns", q=back.return_tracking).status_code == 200
    assert other.look("receive_part", back).status_code == 404


# What came ----------------------------------------------------------------------------------------


def test_a_whole_parcel_is_confirmed_by_one_button(at_desk, back, text_of):
    """M18, T-11."""
    page = text_of(at_desk.look("receive_part", back))
    assert "青瓷开片手冲咖啡杯 × 2" in page
    assert "全部完好，退款 ¥128.00" in page

    at_desk.send("confirm_receipt", back)

    assert back.status == Status.REFUNDING
    assert back.refunds.get().amount == Decimal("128.00")


def part(**filled: Any) -> dict[str, Any]:
    return {
        "received_0": "1",
        "state_0": "intact",
        "note": "只有一只杯子",
        "proof_receipt": picture(),
    } | filled


def test_a_part_is_offered_for_and_refunded_only_when_the_buyer_accepts(
    at_desk, back, buyer, text_of
):
    """M18: a merchant never cuts the amount alone."""
    answer = at_desk.send("receive_part", back, **part(amount="64.00"))

    assert answer.status_code == 302
    assert back.status == Status.AWAITING_MERCHANT_RECEIPT
    assert not back.refunds.exists()
    receipt = back.receipts.get()
    assert receipt.items == [
        {
            "title": "青瓷开片手冲咖啡杯",
            "sku": "300ml 青绿",
            "expected": 2,
            "received": 1,
            "state": "intact",
        }
    ]
    assert back.evidence.get(slot="receipt").party == Party.MERCHANT
    offer = back.offers.get()
    assert (offer.amount, offer.round) == (Decimal("64.00"), None)
    record = text_of(at_desk.look("case", back))
    assert "登记收货问题，提议退款 ¥64.00" in record
    assert "按收到的商品退款" in record
    assert "无需退货" not in record
    assert "青瓷开片手冲咖啡杯：应收 2 件，收到 1 件，完好 只有一只杯子" in record

    back.accept_plan(by=buyer, offer=offer)

    assert (back.status, back.refunds.get().amount) == (Status.REFUNDING, Decimal("64.00"))


def test_the_buyer_sees_what_was_found_and_accepts_from_his_page(back, merchant, client):
    """M18: the receipt, its offer and the way to accept it stand on the buyer's page."""
    at_back = {"arrived": [Arrived(1, "intact")], "evidence": {"receipt": [upload(merchant)]}}
    back.receive_part(by=merchant, amount=Decimal("64.00"), note="少一只", **at_back)
    client.force_login(back.buyer)

    page = client.get(reverse("buyers:case", args=[back.code])).content.decode()

    assert "应收 2 件，收到 1 件，完好" in page
    assert "提议退款 ¥64.00" in page
    assert "按收到的商品退款 ¥64.00" in page
    assert "商品你留着" not in page
    assert reverse("buyers:accept_plan", args=[back.code]) in page


def test_a_better_offer_replaces_the_one_before(at_desk, back):
    at_desk.send("receive_part", back, **part(amount="50.00"))
    at_desk.send("receive_part", back, **part(amount="64.00"))

    assert [(each.amount, each.state) for each in back.offers.all()] == [
        (Decimal("50.00"), PlanState.REPLACED),
        (Decimal("64.00"), PlanState.OPEN),
    ]


def test_an_empty_parcel_is_recorded_and_goes_on_through_the_tool(at_desk, back, text_of):
    """N5 the other way round: nothing is refunded, nothing is refused, the clock runs on."""
    due_at = back.due_at
    at_desk.send("receive_part", back, **part(received_0="0", state_0="missing"))

    assert back.receipts.get().items[0]["received"] == 0
    assert back.events.last().details["empty"] is True
    assert (back.status, back.due_at) == (Status.AWAITING_MERCHANT_RECEIPT, due_at)
    assert not back.offers.exists()
    assert "拒绝收货" in text_of(at_desk.look("case", back))


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"received_0": "3"}, "收到的件数需在 0 到 2 之间"),
        ({"received_0": "-1"}, "收到的件数需在 0 到 2 之间"),
        ({"received_0": ""}, "请填写收到件数"),
        ({"state_0": "fine"}, "请选择列表中的选项"),
        ({"received_0": "2"}, "全部完好的，请直接确认收货"),
        ({"proof_receipt": ""}, "请上传收货照片"),
        ({"amount": "128.00"}, "提议的退款需在 0.01 到 127.99 之间"),
        ({"amount": "0"}, "提议的退款需在 0.01 到 127.99 之间"),
        ({"amount": "64.001"}, "金额最多两位小数"),
    ],
)
def test_what_is_not_right_is_said_and_nothing_typed_is_lost(
    at_desk, back, text_of, filled, sentence
):
    answer = at_desk.send("receive_part", back, **part(**filled))

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "只有一只杯子" in text_of(answer)
    assert not back.receipts.exists()


# The receipt clock --------------------------------------------------------------------------------


@pytest.mark.parametrize("signed_after", [None, timedelta(days=1), timedelta(days=5)])
@pytest.mark.parametrize(
    ("offset", "status"),
    [
        (-1, Status.AWAITING_MERCHANT_RECEIPT),
        (0, Status.REFUNDING),
        (1, Status.REFUNDING),
    ],
)
def test_time_confirms_at_the_earlier_of_two_clocks(make_case, now, signed_after, offset, status):
    """D7, T-13: ten days from filing, or seven from the carrier's signature; -1 s, 0, +1 s."""
    case = make_case("sent_back", type="return_refund")
    filed, passed = case.return_filed_at, timedelta()
    if signed_after is not None:
        now.shift(signed_after)
        passed = signed_after
        scan = traces.Scan(filed + signed_after, ScanKind.SIGNED, "仓库已签收", "仓库")
        traces.record(Parcel.objects.get(case=case), [scan])
    end = timedelta(days=10)
    if signed_after is not None:
        end = min(end, signed_after + timedelta(days=7))
    now.shift(end - passed + timedelta(seconds=offset))
    case.refresh_from_db()
    case.catch_up()

    assert case.status == status


# Numbers, addresses, freight ----------------------------------------------------------------------


def test_the_shop_fills_in_a_number_that_the_buyer_did_not(at_desk, agreed, text_of):
    """T-09, §1.5: tmall returngoods.refill."""
    at_desk.send("fill_return", agreed, tracking="SF1234567890")

    assert (agreed.status, agreed.return_carrier) == (Status.AWAITING_MERCHANT_RECEIPT, "顺丰速运")
    assert Parcel.objects.get(case=agreed).direction == Direction.RETURN
    again = at_desk.send("fill_return", agreed, tracking="SF1234567899")
    assert again.status_code in (409, 422)
    assert "买家已经填写了退货单号，不能再代填" in text_of(again)


@pytest.mark.parametrize(
    ("whose", "why"),
    [("outbound", "不能与发货单号相同"), ("another case", "此单号已用于另一笔售后")],
)
def test_a_used_number_is_refused_to_the_shop_too(at_desk, agreed, make_case, text_of, whose, why):
    """T-09."""
    taken = agreed.order.parcels.get().tracking
    if whose == "another case":
        taken = make_case("sent_back", type="return_refund").return_tracking

    answer = at_desk.send("fill_return", agreed, tracking=taken, carrier="顺丰速运")

    assert answer.status_code == 422
    assert agreed.status == Status.AWAITING_BUYER_RETURN
    assert why in text_of(answer)


@pytest.mark.parametrize("says", ["yes", "no"])
def test_an_agreed_address_changes_only_with_the_buyers_yes(at_desk, agreed, shop, client, says):
    """Taobao Art. 41: a step with a request, and the buyer's answer; D4 is not moved."""
    other = ReturnAddressFactory(shop=shop, detail="新仓 9 号", default=False)
    before, due_at = agreed.return_address, agreed.due_at
    at_desk.send("ask_address", agreed, address=other.pk)
    assert (agreed.return_address, agreed.address_asked) == (before, other.shown())
    client.force_login(agreed.buyer)
    url = reverse("buyers:answer_address", args=[agreed.code])
    assert "新仓 9 号" in client.get(url).content.decode()

    client.post(url, {"version": agreed.version, "key": "k", "agreed": says})

    agreed.refresh_from_db()
    assert agreed.return_address == (other.shown() if says == "yes" else before)
    assert (agreed.address_asked, agreed.due_at) == (None, due_at)


def test_an_unanswered_request_falls_away_when_the_goods_are_sent(at_desk, agreed, shop):
    other = ReturnAddressFactory(shop=shop, detail="新仓 9 号", default=False)
    before = agreed.return_address
    at_desk.send("ask_address", agreed, address=other.pk)

    agreed.send_back(by=agreed.buyer, carrier="中通快递", tracking="ZT12345678901")

    assert (agreed.return_address, agreed.address_asked) == (before, None)


def test_freight_collect_without_consent_may_be_refused(at_desk, agreed, text_of):
    """§1.5, Taobao Art. 50-51: the case waits for the buyer again, with a clock of its own."""
    agreed.send_back(by=agreed.buyer, carrier="中通快递", tracking="ZT12345678901", collect=True)
    assert "买家用到付寄回，你没有同意过" in text_of(at_desk.look("receive_part", agreed))

    at_desk.send("refuse_collect", agreed)

    assert (agreed.status, agreed.return_tracking) == (Status.AWAITING_BUYER_RETURN, "")
    assert agreed.due_at > agreed.updated_at
    agreed.send_back(by=agreed.buyer, carrier="中通快递", tracking="ZT12345678902")
    assert agreed.status == Status.AWAITING_MERCHANT_RECEIPT


def test_freight_collect_with_consent_may_not(merchant, make_case):
    """§1.5."""
    case = make_case(type="return_refund")
    case.agree_return(
        by=merchant, address=case.default_address(), freight=str(case.freight), collect=True
    )
    case.send_back(by=case.buyer, carrier="中通快递", tracking="ZT12345678901", collect=True)

    with pytest.raises(Refused, match="这件退货不是未经同意的到付件"):
        case.refuse_collect(by=merchant)
    assert not case.freight_claims.exists()


def test_what_the_desk_offers_is_none_of_the_plans_to_raise(make_desk, at_desk, merchant):
    """NEG-24: it is replaced at the desk; among a round's plans it was shown, and refused."""
    desk = make_desk("sent_back", type="return_refund")
    desk.negotiate()
    plan = desk.case.open_offers()[0]
    desk.case.receive_part(
        by=merchant,
        arrived=[Arrived(1, "intact")],
        amount=Decimal("64.00"),
        evidence={"receipt": [upload(merchant)]},
    )

    form = at_desk.look("improve_offer", desk.case).context["form"]

    assert [key for key, _label in form.fields["offer"].choices] == [str(plan.pk)]
