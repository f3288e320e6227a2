"""A replacement that is no better: it goes back like goods that never went back before (T-16b).

Found by the oracle (R3), once it walked exchanges and repairs.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from aftersales.enums import Remedy, ScanKind, Stage, Status
from aftersales.logistics import traces
from aftersales.models import Case, Parcel, User
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import DAY, GROUNDS, HOUR, WHY, owed, refused, stored
from tests.aftersales.negotiation.talk import plan, script
from tests.factories import Desk, picture, upload

FOUND: dict[str, Any] = {"responsible": "merchant", "grounds": GROUNDS}
BACK = {"carrier": "中通快递", "tracking": "ZT00005678"}
OUT = {"carrier": "顺丰速运", "tracking": "SF00009998"}
BROKEN = "主板烧毁，原厂已停产这个部件，修不好。"


@pytest.fixture
def disputed(make_case: Callable[..., Case], merchant: User, now: Any) -> Callable[..., Case]:
    """``disputed("repair")``: sent back, sent out again, still wrong, and ready to be ruled; of a
    repair the shop has first said that it cannot be done, and the buyer taken a new one."""

    def make(kind: str) -> Case:
        if kind == "repair":
            case = make_case("taken_in", type=kind)
            case.report_unrepairable(by=merchant, text=BROKEN)
            case.choose_exchange(by=case.buyer)
            case.ship_replacement(by=merchant, carrier="顺丰速运", tracking="SF00009997")
        else:
            case = make_case("shipped_again", type=kind)
        evidence = {"platform": [upload(case.buyer)]}
        case.dispute_arrival(by=case.buyer, reason=WHY, evidence=evidence)
        now.shift(48 * HOUR)
        case.catch_up()
        return case

    return make


def test_a_shop_relents_by_taking_the_replacement_back(
    disputed: Callable[..., Case], merchant: User
) -> None:
    """T-22: what came back the first time cannot be received once more; the replacement can."""
    case = disputed("exchange")
    with refused(case, "商品还没有寄回", by=merchant):
        case.confirm_receipt(by=merchant)
    case.agree_return(by=merchant, address=case.default_address())
    row = stored(case)
    assert (row.status, row.stage) == (Status.AWAITING_BUYER_RETURN, Stage.SETTLED)
    assert (row.return_tracking, row.replacement_shipped_at) == ("", None)
    case.send_back(by=case.buyer, **BACK)
    case.confirm_receipt(by=merchant)
    case.ship_replacement(by=merchant, **OUT)
    case.confirm_arrival(by=case.buyer)
    assert (stored(case).status, owed(case)) == (Status.COMPLETED, [])


def test_a_replacement_that_came_back_is_not_asked_for_again(
    disputed: Callable[..., Case], merchant: User, staff: User, now: Any
) -> None:
    """T-20: the shop refused it, and the platform is asked a second time."""
    case = disputed("exchange")
    case.rule(by=staff, ruling="return_then_refund", **FOUND)
    case.send_back(by=case.buyer, **BACK)
    desk = Desk(case, merchant)
    for _round in range(2):
        desk.negotiate()
        desk.reply()
    desk.reject()
    case.ask_platform(by=case.buyer, reason=WHY)
    now.shift(48 * HOUR)
    case.catch_up()
    with refused(case, "商品已经退回", by=staff):
        case.rule(by=staff, ruling="return_then_refund", **FOUND)
    case.rule(by=staff, ruling="rehandle", **FOUND)
    assert stored(case).status == Status.AWAITING_MERCHANT_RECEIPT
    case.confirm_receipt(by=merchant)
    assert owed(case) == [("微信支付", "128.00")]


def test_goods_that_come_back_by_a_ruling_can_be_refused(
    make_case: Callable[..., Case], merchant: User, staff: User, now: Any
) -> None:
    """T-12, S-61: the tool has its steps for them too, though nobody asked for a return at first."""
    case = make_case("rejected", type="resend")
    case.ask_platform(by=case.buyer, reason=WHY)
    now.shift(48 * HOUR)
    case.catch_up()
    case.rule(by=staff, ruling="return_then_refund", **FOUND)
    case.send_back(by=case.buyer, **BACK)
    desk = Desk(case, merchant)
    for _round in range(2):
        desk.negotiate()
        desk.reply()
    desk.reject()
    assert stored(case).status == Status.RETURN_REFUSED


def test_what_is_resent_besides_leaves_the_replacement_with_the_buyer(
    disputed: Callable[..., Case], staff: User, now: Any
) -> None:
    """T-20: a part was missing, it does not come either, and so the replacement can go back."""
    case = disputed("exchange")
    case.rule(by=staff, ruling="resend", **FOUND)
    case.take_over(by=staff, grounds=GROUNDS)
    now.shift(48 * HOUR)
    case.catch_up()
    case.rule(by=staff, ruling="return_then_refund", **FOUND)
    assert stored(case).status == Status.AWAITING_BUYER_RETURN


def test_a_repair_that_is_ruled_has_not_failed_yet(
    disputed: Callable[..., Case], merchant: User, staff: User
) -> None:
    """T-20, walk 7: the shop gave up on the first goods, not on the ones that come now."""
    case = disputed("repair")
    case.rule(by=staff, ruling="repair", **FOUND)
    case.send_back(by=case.buyer, **BACK)
    case.confirm_receipt(by=merchant)
    with refused(case, "商家没有报告修不好", by=case.buyer):
        case.choose_refund(by=case.buyer)
    case.ship_replacement(by=merchant, **OUT)
    assert stored(case).status == Status.AWAITING_BUYER_RECEIPT


@pytest.fixture
def handled_anew(
    make_desk: Callable[..., Desk], staff: User, now: Any
) -> Callable[[str, str], Case]:
    """``handled_anew("exchange", "return_refund")``: a plan was accepted, and before anything was
    sent the platform took the case over and gave it back to the shop."""

    def make(kind: str, code: str) -> Case:
        desk = make_desk("checked", type=kind)
        desk.negotiate(offers=[plan(code)], script=script("SC-01"))
        case = desk.case
        case.accept_plan(by=case.buyer, offer=case.open_offers()[0])
        case.take_over(by=staff, grounds=GROUNDS)
        now.shift(48 * HOUR)
        case.catch_up()
        case.rule(by=staff, ruling="rehandle", **FOUND)
        assert case.status == Status.PENDING_MERCHANT
        return case

    return make


def test_what_was_agreed_before_does_not_outlive_the_new_beginning(
    handled_anew: Callable[[str, str], Case], now: Any
) -> None:
    """T-08, T-20: silence then means the exchange that was asked for, not the money agreed on."""
    case = handled_anew("exchange", "return_refund")
    assert (case.remedy, case.to_refund, case.return_address) == (Remedy.EXCHANGE, None, None)
    now.shift(48 * HOUR)
    assert expire_all() == (1, 0)
    case = stored(case)
    case.send_back(by=case.buyer, **BACK)
    now.shift(10 * DAY)
    assert expire_all() == (1, 0)
    assert (stored(case).status, owed(case)) == (Status.AWAITING_MERCHANT_SHIP, [])


def test_an_address_agreed_before_does_not_ask_for_goods_that_are_paid_for(
    handled_anew: Callable[[str, str], Case], shop: Any, now: Any
) -> None:
    """T-08, D3: without a valid address the money is owed, and nothing goes back as well."""
    case = handled_anew("return_refund", "return_refund")
    shop.addresses.update(flagged="停用")
    now.shift(48 * HOUR)
    assert expire_all() == (1, 0)
    assert (stored(case).status, owed(case)) == (Status.REFUNDING, [("微信支付", "128.00")])


def test_a_case_that_begins_anew_ends_as_it_was_asked_to(
    disputed: Callable[..., Case], staff: User, merchant: User, now: Any
) -> None:
    """T-08, T-20: silence means exactly the buyer's demand, not what became of it before."""
    case = disputed("repair")
    case.rule(by=staff, ruling="rehandle", **FOUND)
    row = stored(case)
    assert (row.status, row.remedy) == (Status.PENDING_MERCHANT, Remedy.REPAIR)
    now.shift(48 * HOUR)
    assert expire_all() == (1, 0)
    case.send_back(by=case.buyer, **BACK)
    case.confirm_receipt(by=merchant)
    row = stored(case)
    assert row.due_at == row.updated_at + timedelta(days=30)  # D8 of a repair


@pytest.mark.parametrize("ruled", ["rehandle", ""])
def test_a_shop_agrees_to_what_was_asked(
    ruled: str, disputed: Callable[..., Case], staff: User, merchant: User
) -> None:
    """T-04, T-22: of a repair that became an exchange, the replacement is repaired."""
    case = disputed("repair")
    if ruled:
        case.rule(by=staff, ruling=ruled, **FOUND)
    case.agree_return(by=merchant, address=case.default_address())
    case.send_back(by=case.buyer, **BACK)
    case.confirm_receipt(by=merchant)
    row = stored(case)
    assert (row.remedy, row.due_at) == (Remedy.REPAIR, row.updated_at + timedelta(days=30))


def test_a_return_that_was_ruled_against_an_exchange_is_refunded(
    make_case: Callable[..., Case], staff: User, merchant: User, now: Any
) -> None:
    """T-04, T-11, T-20: a demand for money stays one, though the platform first had goods sent."""
    case = make_case("rejected", type="return_refund")
    case.ask_platform(by=case.buyer, reason=WHY)
    now.shift(48 * HOUR)
    case.rule(by=staff, ruling="resend", **FOUND)
    case.ship_replacement(by=merchant, **OUT)
    evidence = {"platform": [upload(case.buyer)]}
    case.dispute_arrival(by=case.buyer, reason=WHY, evidence=evidence)
    now.shift(48 * HOUR)
    case.rule(by=staff, ruling="rehandle", **FOUND)
    case.agree_return(by=merchant, address=case.default_address())
    case.send_back(by=case.buyer, **BACK)
    case.confirm_receipt(by=merchant)
    assert stored(case).status == Status.REFUNDING
    assert owed(case) == [("微信支付", "128.00")]


def test_a_signature_read_late_leaves_the_time_to_look_again(
    make_case: Callable[..., Case], staff: User, now: Any
) -> None:
    """D7, T-20: the parcel was signed for while the platform looked; the shop's seven days count
    from its being told to look again."""
    case = make_case("refused_goods", type="return_refund")
    case.ask_platform(by=case.buyer, reason=WHY)
    now.shift(20 * DAY)
    case.rule(by=staff, ruling="rehandle", **FOUND)
    until = stored(case).due_at
    assert until == stored(case).updated_at + 7 * DAY
    signed_at = case.return_filed_at + 5 * DAY
    parcel = Parcel.objects.get(tracking=case.return_tracking)
    traces.record(parcel, [traces.Scan(signed_at, ScanKind.SIGNED, "已签收")])
    row = stored(case)
    assert (row.status, row.return_signed_at) == (Status.AWAITING_MERCHANT_RECEIPT, signed_at)
    assert row.due_at == until


def test_a_dispute_taken_back_leaves_the_time_to_look(
    make_case: Callable[..., Case], now: Any
) -> None:
    """D9, T-19: signed for before the buyer took his request back; that is no reason to end it."""
    case = make_case("shipped_again", type="exchange")
    out = Parcel.objects.get(case=case, tracking__startswith="SF")
    evidence = {"platform": [upload(case.buyer)]}
    case.dispute_arrival(by=case.buyer, reason=WHY, evidence=evidence)
    signed_at = stored(case).updated_at + DAY
    now.shift(9 * DAY)
    case.withdraw(by=case.buyer)
    traces.record(out, [traces.Scan(signed_at, ScanKind.SIGNED, "已签收")])
    row = stored(case)
    assert (row.status, row.replacement_signed_at) == (Status.AWAITING_BUYER_RECEIPT, signed_at)
    assert row.due_at == row.updated_at + 7 * DAY
    assert expire_all() == (0, 0)


def test_the_freight_of_each_way_back_is_claimed_by_itself(
    disputed: Callable[..., Case], staff: User, merchant: User, client: Any, now: Any
) -> None:
    """§1.5, T-09: the replacement goes back as well, and whose fault it was bears that too."""
    case = disputed("exchange")
    case.rule(by=staff, ruling="return_then_refund", **FOUND)
    case.send_back(by=case.buyer, **BACK)
    assert [claim.payer for claim in case.freight_claims.all()] == ["merchant", "merchant"]

    client.force_login(case.buyer)
    url = reverse("buyers:claim_freight", args=[case.code])
    for key, amount in (("a", "11.00"), ("b", "13.50")):
        assert "寄回的那一次" in client.get(url).text
        now.shift(HOUR)
        client.post(url, {"key": key, "amount": amount, "proof_freight": picture()})
    page = client.get(reverse("buyers:case", args=[case.code])).text
    assert "¥11.00" in page
    assert "¥13.50" in page
    assert url not in page

    client.force_login(merchant)
    url = reverse("merchants:settle_freight", args=[case.code])
    for key, amount, other in (("c", "11.00", "13.50"), ("d", "13.50", "11.00")):
        page = client.get(url)
        assert f"¥{amount}" in page.text
        assert f"¥{other}" not in page.text
        assert len(page.context["slips"]) == 1  # of this way alone
        client.post(url, {"key": key, "amount": amount})
    assert [str(claim.settled) for claim in case.freight_claims.all()] == ["11.00", "13.50"]
    assert [amount for _route, amount in owed(case)] == ["11.00", "13.50"]
