"""退货 and 拒收 from the buyer's side: address, carrier, number, once corrected (B11, S-03)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse

from aftersales.enums import Direction, Party, ScanKind, Status
from aftersales.logistics import traces
from aftersales.logistics.carriers import CARRIERS, guess_carrier, read_tracking
from aftersales.models import Case, Parcel, User
from tests.buyers.conftest import Phone
from tests.factories import OrderFactory, picture

Read = Callable[[HttpResponse], str]


@pytest.fixture
def agreed(make_case: Callable[..., Case]) -> Case:
    """The shop agreed to a return: address and deadline are there."""
    return make_case("agreed", type="return_refund")


def test_the_return_page_has_address_deadline_and_who_pays(
    agreed: Case, at_phone: Phone, text_of: Read
) -> None:
    """S-35, D4: remaining and absolute, and what happens otherwise."""
    shown = text_of(at_phone.look("send_back", agreed))

    assert "陈仓 0571-88880000" in shown
    assert 'data-copy="陈仓 0571-88880000 浙江省杭州市西湖区 文三路 1 号 3 幢"' in shown
    assert "data-until" in shown
    assert "11-30（周一）12:00" in shown
    assert "逾期未填写，售后将关闭" in shown
    assert "运费商家承担" in shown


def test_the_number_starts_the_shops_clock(
    agreed: Case, at_phone: Phone, buyer: User, text_of: Read
) -> None:
    """T-09, S-35, D7: spaces and lower case are understood, the carrier is recognised."""
    answer = at_phone.send("send_back", agreed, tracking=" sf 1234-5678 9012 ")

    assert answer.status_code == 302
    assert (agreed.status, agreed.return_carrier, agreed.return_tracking) == (
        Status.AWAITING_MERCHANT_RECEIPT,
        "顺丰速运",
        "SF123456789012",
    )
    event = agreed.events.last()
    assert (event.step, event.party, event.user) == ("send_back", Party.BUYER, buyer)
    parcel = Parcel.objects.get(case=agreed)
    assert parcel.direction == Direction.RETURN
    shown = text_of(at_phone.look("case", agreed))
    assert "SF123456789012" in shown
    assert "12-03（周四）12:00" in shown


@pytest.mark.parametrize(
    ("number", "carrier", "sentence"),
    [
        ("", "顺丰速运", "请输入快递单号（8–30 位字母和数字）"),
        ("1234", "", "请输入快递单号（8–30 位字母和数字）"),
        ("1234567", "顺丰速运", "请输入快递单号（8–30 位字母和数字）"),
        ("单号一二三四五六", "顺丰速运", "请输入快递单号（8–30 位字母和数字）"),
        ("X" * 31, "顺丰速运", "请输入快递单号（8–30 位字母和数字）"),
        ("12345678", "", "认不出是哪家快递，请选择快递公司"),
        ("SF123456789012", "我家快递", "请选择列表中的选项"),
    ],
)
def test_a_number_that_cannot_be_is_refused_at_its_field(
    agreed: Case, at_phone: Phone, text_of: Read, number: str, carrier: str, sentence: str
) -> None:
    answer = at_phone.send("send_back", agreed, tracking=number, carrier=carrier)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert agreed.status == Status.AWAITING_BUYER_RETURN


def test_the_number_is_not_the_one_the_goods_came_with(
    agreed: Case, at_phone: Phone, text_of: Read
) -> None:
    """T-09."""
    came = agreed.order.parcels.get(direction=Direction.OUTBOUND).tracking

    answer = at_phone.send("send_back", agreed, tracking=came, carrier="顺丰速运")

    assert answer.status_code == 422
    assert "不能与发货单号相同" in text_of(answer)


def test_a_number_brings_back_one_case_only(
    agreed: Case, make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """T-09."""
    other = make_case("sent_back", type="return_refund")

    answer = at_phone.send("send_back", agreed, tracking=other.return_tracking, carrier="中通快递")

    assert answer.status_code == 422
    assert "此单号已用于另一笔售后" in text_of(answer)


def test_after_the_deadline_time_has_closed_it(
    agreed: Case, at_phone: Phone, now: Any, text_of: Read
) -> None:
    """T-10: the page was open; the person is told that time was quicker."""
    version = agreed.version
    now.shift(timedelta(days=7))

    answer = at_phone.send("send_back", agreed, tracking="SF123456789012", version=version)

    assert answer.status_code == 409
    assert "处理时限已过" in text_of(answer)
    assert "SF123456789012" in text_of(answer)
    assert agreed.status == Status.CLOSED_BUYER_TIMEOUT
    assert "你没有在时限内填写退货单号" in text_of(at_phone.look("case", agreed))


def test_a_stale_page_changes_nothing(agreed: Case, at_phone: Phone, text_of: Read) -> None:
    """409 with what was typed, and the new version in the form."""
    answer = at_phone.send(
        "send_back", agreed, tracking="SF123456789012", version=agreed.version - 1
    )

    assert answer.status_code == 409
    assert "此售后单刚刚有更新，请核对后再提交" in text_of(answer)
    assert "SF123456789012" in text_of(answer)
    assert f'value="{agreed.version}"' in text_of(answer)
    assert agreed.status == Status.AWAITING_BUYER_RETURN


def test_the_number_is_corrected_once_and_before_the_first_scan(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """lifecycle 1.5."""
    case = make_case("sent_back", type="return_refund")
    assert "更正（只能改一次）" in text_of(at_phone.look("case", case))

    at_phone.send("correct_tracking", case, tracking="YT1234567890123")
    assert (case.return_carrier, case.return_tracking) == ("圆通速递", "YT1234567890123")
    assert Parcel.objects.get(case=case).tracking == "YT1234567890123"

    again = at_phone.send("correct_tracking", case, tracking="YT1234567890999")
    assert again.status_code == 409
    assert "退货单号已经改过一次，不能再改" in text_of(again)
    assert "只能改一次" not in text_of(at_phone.look("case", case))


def test_a_scanned_parcel_keeps_its_number(
    make_case: Callable[..., Case], at_phone: Phone, now: Any, text_of: Read
) -> None:
    case = make_case("sent_back", type="return_refund")
    parcel = Parcel.objects.get(case=case)
    traces.record(parcel, [traces.Scan(case.return_filed_at, ScanKind.PICKED_UP, "已揽收")])

    answer = at_phone.send("correct_tracking", case, tracking="YT1234567890123")

    assert answer.status_code == 409
    assert "快递已经揽收，不能再改单号" in text_of(answer)
    assert "已揽收" in text_of(at_phone.look("case", case))


@pytest.mark.parametrize("kind", ["refund_received", "return_refund"])
def test_nothing_is_sent_back_before_the_shop_agrees(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, kind: str
) -> None:
    """S-35: no number, no address."""
    case = make_case(type=kind)

    page = at_phone.look("send_back", case)
    answer = at_phone.send("send_back", case, tracking="SF123456789012")

    assert "文三路" not in text_of(page)
    assert answer.status_code == 409
    assert case.status == Status.PENDING_MERCHANT


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("SF1234567890123", "顺丰速运"),
        ("sf 1234 5678 9012", "顺丰速运"),
        ("YT1234567890123", "圆通速递"),
        ("JT1234567890123", "极兔速递"),
        ("JDVA01234567890", "京东快递"),
        ("773012345678901", "申通快递"),
        ("75312345678901", "中通快递"),
        ("432012345678901", "韵达快递"),
        ("EA123456789CN", "EMS"),
        ("12345678", ""),
    ],
)
def test_a_carrier_is_guessed_only_where_it_is_plain(number: str, carrier: str) -> None:
    assert guess_carrier(number) == carrier
    assert carrier in {*CARRIERS, ""}


@pytest.mark.parametrize(
    ("pasted", "number", "carrier"),
    [
        ("顺丰 SF1234567890123", "SF1234567890123", "顺丰速运"),
        ("【中通快递】单号：75312345678901，请查收", "75312345678901", "中通快递"),
        ("韵达 1234567890123", "1234567890123", "韵达快递"),
        ("邮政 9912 3456 7890 1", "9912345678901", "邮政快递包裹"),
        ("\uff33\uff261234567890123 电话13800000001", "SF1234567890123", ""),
        ("12345678 或 87654321", "12345678 或 87654321", ""),
        ("没有单号", "没有单号", ""),
    ],
)
def test_number_and_carrier_are_read_from_what_was_pasted(
    pasted: str, number: str, carrier: str
) -> None:
    """B11: one number, and the carrier where it is named."""
    assert read_tracking(pasted) == (number, carrier)


def test_a_pasted_line_fills_number_and_carrier(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """Looked at while it is typed, and taken as it is read."""
    case = make_case("agreed", type="return_refund")

    looked = text_of(at_phone.send("send_back", case, tracking="韵达 1234567890123", refresh="1"))
    assert 'value="1234567890123"' in looked
    assert '<option value="韵达快递" selected>' in looked
    assert "已自动识别，不对请改" in looked
    assert case.status == Status.AWAITING_BUYER_RETURN

    at_phone.send("send_back", case, tracking="韵达 1234567890123")
    assert (case.return_carrier, case.return_tracking) == ("韵达快递", "1234567890123")


def test_a_new_number_brings_its_own_carrier_but_a_choice_stands(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    case = make_case("agreed", type="return_refund")
    typed = {"tracking": "YT1234567890123", "carrier": "顺丰速运"}

    looked = text_of(at_phone.send("send_back", case, **typed, refresh="1"))
    assert '<option value="圆通速递" selected>' in looked

    at_phone.send("send_back", case, **typed)
    assert case.return_carrier == "顺丰速运"


# Refusing the parcel at the door ------------------------------------------------------------------


def test_a_refused_parcel_is_recorded_and_the_shop_sees_it(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-03."""
    case = make_case(type="refund_not_received")
    assert "包裹已拒签退回" in text_of(at_phone.look("case", case))

    at_phone.send("report_refusal", case, proof_slip=picture())

    event = case.events.last()
    assert (event.step, event.party) == ("report_refusal", Party.BUYER)
    assert case.evidence.get(slot="slip").party == Party.BUYER
    assert case.status == Status.PENDING_MERCHANT


def test_after_the_shop_agreed_the_page_asks_to_refuse_and_the_money_follows(
    make_case: Callable[..., Case], at_phone: Phone, merchant: User, text_of: Read
) -> None:
    """S-03, T-05, T-06."""
    case = make_case(type="refund_not_received")
    case.agree_refusal(by=merchant)
    assert "派送时请拒收" in text_of(at_phone.look("case", case))

    at_phone.send("report_refusal", case)
    assert "已记录拒收，等包裹退回" in text_of(at_phone.look("case", case))

    parcel = case.order.parcels.get()
    traces.record(parcel, [traces.Scan(case.updated_at, ScanKind.RETURNED, "已退回发件人")])
    case.refresh_from_db()
    assert case.status == Status.REFUNDING
    assert case.refunds.get().amount == Decimal("128.00")
    assert "拒收的包裹已退回，退款 ¥128.00" in text_of(at_phone.look("case", case))


def test_a_signed_parcel_cannot_have_been_refused(
    make_case: Callable[..., Case], at_phone: Phone, shop: Any, buyer: User, text_of: Read
) -> None:
    order = OrderFactory(shop=shop, buyer=buyer)
    case = make_case(order=order, type="refund_received")

    assert "包裹已签收，不能记录为拒签" in text_of(at_phone.look("report_refusal", case))
    answer = at_phone.send("report_refusal", case)

    assert answer.status_code == 409
    assert case.events.count() == 1


def test_typing_the_number_chooses_the_carrier_without_sending_anything(
    agreed: Case, at_phone: Phone
) -> None:
    answer = at_phone.send("send_back", agreed, tracking="SF123456789012", refresh="1")

    assert answer.status_code == 200
    assert answer.context["form"]["carrier"].value() == "顺丰速运"
    assert agreed.status == Status.AWAITING_BUYER_RETURN
