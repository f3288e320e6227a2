"""退货: sent back with a number that is checked, and received (T-09, T-11, T-12, D7)."""

from datetime import UTC, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from aftersales.enums import Direction, Party, ScanKind, Status, Turn
from aftersales.logistics import traces
from aftersales.models import Parcel
from tests.aftersales.lifecycle.reading import (
    DAY,
    GROUNDS,
    HOUR,
    WHY,
    assert_moved,
    last,
    owed,
    paid,
    refused,
    stored,
    told,
)
from tests.factories import OrderFactory, upload

CHINA = timezone(timedelta(hours=8))


class Noting:
    """A carrier that knows of nothing, and notes what it was asked about."""

    asked: ClassVar[list[str]] = []

    def trace(self, carrier: str, tracking: str) -> list[traces.Scan]:
        self.asked.append(tracking)
        return []


def return_parcel(case: Any) -> Parcel:
    return Parcel.objects.get(case=case, direction=Direction.RETURN)


def scanned(case: Any, kind: ScanKind, at: Any, signer: str = "") -> None:
    traces.record(return_parcel(case), [traces.Scan(at, kind, str(kind.label), signer)])


def test_a_buyer_files_how_he_sends_it_back(make_case: Any, buyer: Any, merchant: Any) -> None:
    """T-09, S-35: from then on the merchant has ten days (D7)."""
    case = make_case("agreed", type="return_refund")

    case.send_back(by=buyer, carrier=" 中通快递 ", tracking="zt 0000-123456")

    event = assert_moved(
        case,
        "send_back",
        Party.BUYER,
        Status.AWAITING_BUYER_RETURN,
        Status.AWAITING_MERCHANT_RECEIPT,
        buyer,
    )
    assert event.details == {
        "carrier": "中通快递",
        "tracking": "ZT0000123456",
        "collect": False,
    }
    row = stored(case)
    assert (row.return_carrier, row.return_tracking) == ("中通快递", "ZT0000123456")
    assert row.due_at == row.wake_at == row.return_filed_at + 10 * DAY
    assert row.turn == Turn.RECEIVE
    assert return_parcel(case).tracking == "ZT0000123456"
    assert owed(case) == []
    assert told(case) == {merchant.username}


def test_not_before_the_merchant_agreed(make_case: Any, buyer: Any) -> None:
    """S-35: the way back opens with the agreement."""
    case = make_case(type="return_refund")
    with refused(case, "售后单当前状态不能进行此操作", by=buyer):
        case.send_back(by=buyer, carrier="中通快递", tracking="ZT00001234")
    assert stored(case).return_address is None


@pytest.mark.parametrize(
    ("tracking", "sentence"),
    [
        ("", "请输入快递单号"),
        ("1234567", "请输入快递单号"),
        ("A" * 31, "请输入快递单号"),
        ("单号12345678", "请输入快递单号"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "请输入快递单号"),
        ("<script>1</script>", "请输入快递单号"),
    ],
)
def test_a_number_must_look_like_one(
    tracking: str, sentence: str, make_case: Any, buyer: Any
) -> None:
    """T-09: eight to thirty letters and digits."""
    case = make_case("agreed", type="return_refund")
    with refused(case, sentence, by=buyer) as caught:
        case.send_back(by=buyer, carrier="中通快递", tracking=tracking)
    assert list(caught.value.errors) == ["tracking"]


def test_a_carrier_is_named(make_case: Any, buyer: Any) -> None:
    """T-09."""
    case = make_case("agreed", type="return_refund")
    with refused(case, "请选择快递公司", by=buyer) as caught:
        case.send_back(by=buyer, carrier=" ", tracking="ZT00001234")
    assert list(caught.value.errors) == ["carrier"]


def test_the_number_is_not_the_one_it_came_with(make_case: Any, buyer: Any) -> None:
    """T-09: ≠ outbound number."""
    case = make_case("agreed", type="return_refund")
    outbound = case.order.parcels.get().tracking
    with refused(case, "不能与发货单号相同", by=buyer):
        case.send_back(by=buyer, carrier="顺丰速运", tracking=outbound.lower())


def test_a_number_serves_one_case(make_case: Any, buyer: Any) -> None:
    """T-09: not used in another case."""
    other = make_case("sent_back", type="return_refund")
    case = make_case("agreed", type="return_refund")
    with refused(case, "此单号已用于另一笔售后", by=buyer):
        case.send_back(by=buyer, carrier="中通快递", tracking=other.return_tracking)


def test_a_number_is_corrected_once(make_case: Any, buyer: Any, merchant: Any) -> None:
    """§1.5: the clock does not start anew."""
    case = make_case("sent_back", type="return_refund")
    before = case.return_tracking
    due_at = stored(case).due_at

    case.correct_tracking(by=buyer, carrier="圆通速递", tracking="YT00009876")

    event = assert_moved(
        case,
        "correct_tracking",
        Party.BUYER,
        Status.AWAITING_MERCHANT_RECEIPT,
        Status.AWAITING_MERCHANT_RECEIPT,
        buyer,
    )
    assert event.details["before"] == before
    row = stored(case)
    assert (row.return_tracking, row.return_corrected, row.due_at) == ("YT00009876", True, due_at)
    assert return_parcel(case).tracking == "YT00009876"
    assert told(case) == {merchant.username}
    with refused(case, "退货单号已经改过一次，不能再改", by=buyer):
        case.correct_tracking(by=buyer, carrier="圆通速递", tracking="YT00005555")


def test_the_carrier_alone_is_corrected(make_case: Any, buyer: Any) -> None:
    """§1.5: the right number of the wrong carrier."""
    case = make_case("sent_back", type="return_refund")
    case.correct_tracking(by=buyer, carrier="圆通速递", tracking=case.return_tracking)
    assert (return_parcel(case).carrier, stored(case).return_carrier) == ("圆通速递", "圆通速递")
    assert stored(case).return_tracking == return_parcel(case).tracking


def test_a_correction_changes_something(make_case: Any, buyer: Any) -> None:
    case = make_case("sent_back", type="return_refund")
    with refused(case, "和现在填写的一样", by=buyer):
        case.correct_tracking(by=buyer, carrier="中通快递", tracking=case.return_tracking)


def test_goods_go_back_a_second_time_by_a_number_of_their_own(
    make_case: Any, buyer: Any, merchant: Any, staff: Any, now: Any
) -> None:
    """T-09: neither the first return's number nor the replacement's, though of the same case."""
    case = make_case("shipped_again", type="exchange")
    case.dispute_arrival(by=buyer, reason=WHY, evidence={"platform": [upload(buyer)]})
    now.shift(48 * HOUR)
    case.catch_up()
    case.rule(by=staff, ruling="return_then_refund", responsible="merchant", grounds=GROUNDS)
    assert case.status == Status.AWAITING_BUYER_RETURN
    for parcel in case.order.parcels.exclude(direction=Direction.OUTBOUND):
        again = parcel.direction == Direction.RETURN
        sentence = "此单号已用于另一个包裹" if again else "不能与发货单号相同"
        with refused(case, sentence, by=buyer):
            case.send_back(by=buyer, carrier="中通快递", tracking=parcel.tracking)


def test_a_scanned_number_stays(make_case: Any, buyer: Any, now: Any) -> None:
    """§1.5: before the first scan only."""
    case = make_case("sent_back", type="return_refund")
    now.shift(HOUR)
    scanned(case, ScanKind.PICKED_UP, stored(case).updated_at + HOUR)
    with refused(case, "快递已经揽收，不能再改单号", by=buyer):
        case.correct_tracking(by=buyer, carrier="圆通速递", tracking="YT00009876")


def test_the_carriers_signature_brings_the_end_forward(
    make_case: Any, now: Any, merchant: Any, buyer: Any
) -> None:
    """D7: seven days from the signature, and never later than ten days from filing."""
    case = make_case("sent_back", type="return_refund")
    signed_at = case.return_filed_at + DAY
    now.shift(DAY)

    scanned(case, ScanKind.SIGNED, signed_at, "门卫")

    assert_moved(
        case,
        "note_delivery",
        Party.CLOCK,
        Status.AWAITING_MERCHANT_RECEIPT,
        Status.AWAITING_MERCHANT_RECEIPT,
    )
    row = stored(case)
    assert row.return_signed_at == signed_at
    assert row.due_at == row.wake_at == signed_at + 7 * DAY
    assert told(case) == {merchant.username, buyer.username}


def test_a_late_signature_does_not_put_it_off(make_case: Any, now: Any) -> None:
    """D7: the earlier of the two."""
    case = make_case("sent_back", type="return_refund")
    now.shift(5 * DAY)
    scanned(case, ScanKind.SIGNED_BY_OTHER, case.return_filed_at + 5 * DAY)
    assert stored(case).due_at == case.return_filed_at + 10 * DAY


def test_a_signature_counts_once(make_case: Any, now: Any) -> None:
    """D7: the same trace read again changes nothing."""
    case = make_case("sent_back", type="return_refund")
    at = case.return_filed_at + DAY
    now.shift(DAY)
    scanned(case, ScanKind.SIGNED, at)
    version = stored(case).version
    scanned(case, ScanKind.SIGNED, at)
    traces.watch()
    assert stored(case).version == version
    with refused(case, "没有新的签收记录", by=None):
        case.note_delivery(by=None)


def test_every_parcel_has_its_turn_with_the_carrier(make_case: Any, settings: Any) -> None:
    """D7: however many are under way, nobody's signature waits for ever."""
    settings.CARRIER = f"{__name__}.Noting"
    for _number in range(2):
        make_case("sent_back", type="return_refund")
    numbers = list(Parcel.objects.order_by("pk").values_list("tracking", flat=True))
    assert len(numbers) == 4

    assert [traces.watch(limit=3) for _sweep in range(4)] == [3, 1, 3, 1]
    assert Noting.asked == numbers * 2


def test_scans_are_kept_in_the_order_of_their_time_wherever_the_clock_hangs(
    make_case: Any, now: Any
) -> None:
    """A carrier tells local time, another UTC: the newest scan is the newest."""
    case = make_case("sent_back", type="return_refund")
    filed = case.return_filed_at
    first = traces.Scan(filed + HOUR, ScanKind.PICKED_UP, "已揽收")
    second = traces.Scan((filed + 2 * HOUR).astimezone(CHINA), ScanKind.MOVING, "运输中")
    third = traces.Scan(filed + 3 * HOUR, ScanKind.DELIVERING, "派送中")
    parcel = return_parcel(case)

    traces.record(parcel, [third, second, first])
    traces.record(parcel, [second._replace(at=second.at.astimezone(UTC))])

    parcel.refresh_from_db()
    assert [line["kind"] for line in parcel.trace] == ["picked_up", "moving", "delivering"]
    assert parcel.state == ScanKind.DELIVERING
    assert (parcel.first_scan_at, parcel.last_scan_at) == (first.at, third.at)


@pytest.mark.parametrize("accepted", ["100.00", None], ids=["agreed amount", "applied amount"])
def test_a_merchant_confirms_the_goods_and_the_money_goes_back(
    accepted: str | None, make_case: Any, merchant: Any, buyer: Any
) -> None:
    """T-11, S-36: no refund of a return case before that."""
    given = {"amount": Decimal(accepted)} if accepted else {}
    case = make_case("sent_back", type="return_refund", **given)

    case.confirm_receipt(by=merchant)

    assert_moved(
        case,
        "confirm_receipt",
        Party.MERCHANT,
        Status.AWAITING_MERCHANT_RECEIPT,
        Status.REFUNDING,
        merchant,
    )
    assert told(case) == {buyer.username}
    assert paid(case) == [("微信支付", accepted or "128.00")]
    assert stored(case).status == Status.REFUNDED


def test_a_return_is_not_paid_before_it_was_received(make_case: Any, merchant: Any) -> None:
    """S-36: neither by agreeing, nor while the goods travel."""
    for trait in ("", "agreed", "sent_back"):
        case = make_case(trait, type="return_refund")
        assert owed(case) == []
        for name in ("agree", "take_back", "settle_offline"):
            assert case.refusal(name, merchant)


def test_goods_that_are_not_right_are_refused_with_proof(
    make_desk: Any, merchant: Any, buyer: Any
) -> None:
    """T-12: T-07 on goods that came back; the buyer has seven days (D6)."""
    desk = make_desk("refused_goods", type="return_refund")
    event = assert_moved(
        desk.case,
        "refuse_receipt",
        Party.MERCHANT,
        Status.AWAITING_MERCHANT_RECEIPT,
        Status.RETURN_REFUSED,
        merchant,
    )
    assert event.details["reason"]
    row = stored(desk.case)
    assert row.due_at == row.wake_at == row.updated_at + 7 * DAY
    assert row.series == 2
    assert owed(desk.case) == []
    assert told(desk.case) == {buyer.username}


def test_a_request_is_rejected_after_two_rounds(make_case: Any, merchant: Any, buyer: Any) -> None:
    """T-07, S-81: 已驳回, and the buyer has seven days (D6)."""
    case = make_case("rejected")
    assert_moved(case, "reject", Party.MERCHANT, Status.PENDING_MERCHANT, Status.REJECTED, merchant)
    row = stored(case)
    assert row.due_at == row.wake_at == row.updated_at + 7 * DAY
    assert row.turn == Turn.REPLY
    assert told(case) == {buyer.username}


def test_two_cases_of_an_order_each_have_their_parcel(
    make_case: Any, buyer: Any, merchant: Any, shop: Any, now: Any
) -> None:
    """A signature for one return does not move the other."""
    order = OrderFactory(shop=shop, buyer=buyer)
    case = make_case("sent_back", type="return_refund", order=order)
    other = make_case("sent_back", type="return_refund")
    now.shift(DAY)
    scanned(case, ScanKind.SIGNED, case.return_filed_at + DAY)
    assert last(case).step == "note_delivery"
    assert last(other).step == "send_back"
