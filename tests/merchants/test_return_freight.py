"""退货运费: who pays for the way back, and what it really cost (§1.5)."""

from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales.enums import (
    Freight,
    FreightCover,
    Purpose,
    RefundState,
    Status,
)
from aftersales.models import Case, ReturnAddress
from aftersales.payments import pay_due
from tests.factories import OrderFactory, picture, upload


@pytest.fixture
def sent(shop, buyer, make_case, merchant):
    """``sent("R13", cover=…)``: goods sent back for a reason, under a cover."""

    def make(reason: str, cover: str = FreightCover.NONE, ship_from: str = "") -> Case:
        order = OrderFactory(shop=shop, buyer=buyer, freight_cover=cover, ship_from=ship_from)
        case = make_case(order=order, type="return_refund", reason=reason)
        case.agree_return(by=merchant, address=case.default_address(), freight=str(case.freight))
        case.send_back(by=buyer, carrier="中通快递", tracking=f"ZT{case.pk:011d}")
        return case

    return make


@pytest.mark.parametrize(
    ("reason", "cover", "ship_from", "claims"),
    [
        ("R13", FreightCover.NONE, "", []),
        ("R13", FreightCover.INSURANCE, "", [("insurance", False)]),
        ("R13", FreightCover.MERCHANT_FREE_RETURN, "", [("merchant", False)]),
        ("R1", FreightCover.NONE, "", [("merchant", False)]),
        ("R13", FreightCover.NONE, "浙江杭州", []),
        ("R13", FreightCover.NONE, "广东广州", [("merchant", True)]),
    ],
)
def test_a_claim_is_made_when_the_number_is_filed(sent, reason, cover, ship_from, claims):
    """§1.5, T-09: by the cover, the fault, or an address elsewhere than shown (Taobao Art. 52)."""
    case = sent(reason, cover, ship_from)

    assert [(each.payer, each.difference) for each in case.freight_claims.all()] == claims


def test_the_merchant_pays_what_the_way_back_really_cost(sent, at_desk, client):
    """§1.5: the amount really paid, no formula, from the merchant's own account."""
    case = sent("R1")
    client.force_login(case.buyer)
    url = reverse("buyers:claim_freight", args=[case.code])
    client.post(url, {"key": "k", "amount": "13.50", "proof_freight": picture()})
    assert case.freight_claims.get().paid == Decimal("13.50")

    less = at_desk.send("settle_freight", case, amount="10.00")
    assert less.status_code == 422
    at_desk.send("settle_freight", case, amount="13.50")
    pay_due()

    payout = case.refunds.get()
    assert (payout.amount, payout.purpose, payout.state) == (
        Decimal("13.50"),
        Purpose.FREIGHT,
        RefundState.PAID,
    )
    assert case.freight_claims.get().settled == Decimal("13.50")
    assert case.status == Status.AWAITING_MERCHANT_RECEIPT


def test_what_an_insurer_paid_is_recorded_and_not_paid_again(sent, merchant):
    """§1.5: 运费险 pays the buyer itself."""
    case = sent("R13", FreightCover.INSURANCE)
    slip = {"freight": [upload(case.buyer)]}
    case.claim_freight(by=case.buyer, amount=Decimal("13.50"), evidence=slip)

    case.settle_freight(by=merchant, amount=Decimal("9.00"))

    assert case.freight_claims.get().settled == Decimal("9.00")
    assert not case.refunds.exists()


@pytest.mark.parametrize(
    ("reason", "cover", "ship_from", "told"),
    [
        ("R13", FreightCover.INSURANCE, "", "运费险"),
        ("R13", FreightCover.MERCHANT_FREE_RETURN, "", "退货包运费"),
        ("R1", FreightCover.NONE, "", "由商家付给你"),
        ("R13", FreightCover.NONE, "", "运费由你承担，退款时不退"),
        ("R13", FreightCover.NONE, "广东广州", "多出的部分由商家承担"),
    ],
)
def test_the_return_page_says_who_pays(
    shop, buyer, make_case, merchant, client, reason, cover, ship_from, told
):
    """§1.5."""
    order = OrderFactory(shop=shop, buyer=buyer, freight_cover=cover, ship_from=ship_from)
    case = make_case(order=order, type="return_refund", reason=reason)
    address = ReturnAddress.objects.get(shop=shop)
    case.agree_return(by=merchant, address=address, freight=str(case.freight))
    client.force_login(buyer)

    page = client.get(reverse("buyers:send_back", args=[case.code])).content.decode()

    assert told in page
    assert Freight(case.freight) != Freight.UNDECIDED
