"""不支持买家, where the goods are with the shop: it sends them back as they are, or pays for them (T-20)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.enums import Remedy, Status
from aftersales.models import Case, DecisionReason, User
from aftersales.payments import pay_due
from tests.aftersales.lifecycle.reading import DAY, GROUNDS, HOUR, WHY, owed, refused, stored, texts
from tests.factories import upload

DENIED = {"ruling": "deny", "responsible": "buyer", "grounds": GROUNDS}


@pytest.fixture
def refused_return(make_case: Callable[..., Case], now: Any) -> Case:
    """The buyer sent goods back, the shop refused them, and the platform is to rule."""
    case = make_case("refused_goods", type="return_refund")
    case.ask_platform(by=case.buyer, reason=WHY)
    now.shift(48 * HOUR)
    case.catch_up()
    return case


@pytest.fixture
def denied(refused_return: Case, staff: User) -> Case:
    """They were used, as the shop said."""
    refused_return.rule(by=staff, **DENIED)
    return refused_return


def test_the_shop_does_not_keep_both_the_goods_and_the_price(
    denied: Case, merchant: User, buyer: User
) -> None:
    """T-20, as T-25: they go back within D8, both are told so, and then the case is denied."""
    assert (denied.status, denied.remedy) == (Status.AWAITING_MERCHANT_SHIP, Remedy.GIVE_BACK)
    assert denied.due_at == denied.last_intervention.execute_by == denied.at + 72 * HOUR
    told = texts(denied)
    assert "商家收到的商品会原样寄还给你" in told[buyer.username]
    assert "请在时限内把商品原样寄还买家" in told[merchant.username]

    denied.ship_replacement(by=merchant, carrier="顺丰速运", tracking="SF00009999")
    denied.confirm_arrival(by=buyer)

    assert stored(denied).status == Status.CLOSED_PLATFORM_DENIED
    assert not stored(denied).dispute_refund
    assert owed(denied) == []


def test_a_shop_that_does_not_send_them_back_pays_for_them(denied: Case, now: Any) -> None:
    """T-15."""
    now.shift(72 * HOUR)
    denied.catch_up()
    assert stored(denied).status == Status.REFUNDING
    assert owed(denied) == [("微信支付", "128.00")]


def test_goods_still_on_their_way_are_waited_for(
    make_case: Callable[..., Case], staff: User, now: Any
) -> None:
    """D7, D8: the shop has its receipt clock's time to get them, and then its own to send them."""
    case = make_case("sent_back", type="return_refund")
    arrives = case.due_at
    assert arrives is not None
    case.take_over(by=staff, grounds=GROUNDS)
    now.shift(48 * HOUR)
    case.catch_up()
    case.rule(by=staff, **DENIED)
    assert case.due_at == arrives + timedelta(hours=48) + 72 * HOUR


def test_goods_with_the_buyer_stay_with_him(
    make_case: Callable[..., Case], staff: User, now: Any
) -> None:
    case = make_case("rejected", type="return_refund")
    case.ask_platform(by=case.buyer, reason=WHY)
    now.shift(48 * HOUR)
    case.catch_up()
    case.rule(by=staff, **DENIED)
    assert case.status == Status.CLOSED_PLATFORM_DENIED


@pytest.mark.parametrize("late", [False, True])
def test_who_wins_his_appeal_meanwhile_is_paid_once(
    late: bool, denied: Case, buyer: User, second: User, third: User, now: Any
) -> None:
    """T-25: what has not left the shop stays there; and who has been paid for it is not paid again."""
    denied.appeal(by=buyer, reason=WHY, evidence={"appeal": [upload(buyer)]})
    denied.propose_reversal(
        by=second, responsible="merchant", amount=Decimal("128.00"), grounds=GROUNDS
    )
    if late:
        now.shift(4 * DAY)
        denied.catch_up()
        pay_due()
        denied.refresh_from_db()
        with refused(denied, "买家已经得到 ¥128.00 的退款", by=third):
            denied.reverse_ruling(by=third)
    else:
        denied.reverse_ruling(by=third)
        assert (denied.status, denied.remedy) == (Status.REFUNDING, Remedy.REFUND)
    assert owed(denied) == [("微信支付", "128.00")]


def test_where_nothing_came_there_is_nothing_to_send_back(
    refused_return: Case, reviewer: Client, merchant: User
) -> None:
    """RR-09, RR-10: an empty parcel, or none. The reviewer says so, and the case is over; the page
    asks it only where goods are said to be with the shop."""
    asked = refused_return.last_intervention
    assert asked is not None
    url = reverse("admin:rule", args=[asked.pk])
    page = reviewer.get(url).content.decode()
    assert "没有按时寄还的改为退款" in page
    assert 'name="nothing_back"' in page
    reason = DecisionReason.objects.filter(active=True, decisions__contains=["deny"]).first()
    assert reason is not None
    given = DENIED | {
        "version": refused_return.version,
        "key": "one",
        "reason": reason.code,
        "nothing_back": "on",
    }
    assert 'name="nothing_back" value="on"' in reviewer.post(url, given).content.decode()
    assert reviewer.post(url, given | {"confirmed": "1"}).status_code == 302
    assert stored(refused_return).status == Status.CLOSED_PLATFORM_DENIED
    assert "寄还" not in texts(refused_return)[merchant.username]
