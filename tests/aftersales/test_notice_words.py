"""What the notices of the lesser steps say: who has to do what, and of how much they speak (§1.4)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.models import Case, DecisionReason, LedgerMood, Notice, Outcome, User
from aftersales.notices.delivering import deliver_due
from aftersales.payments import pay_due
from tests.aftersales.lifecycle.reading import WHY, texts
from tests.factories import Desk, ReturnAddressFactory, upload

TWELVE = Decimal("12.00")


@pytest.fixture
def agreed(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk("agreed", type="return_refund")


@pytest.fixture
def unpaid(make_case: Callable[..., Case], merchant: User) -> Case:
    """Goods on their way back whose freight could not be paid."""
    case = make_case("sent_back", type="return_refund")
    case.claim_freight(by=case.buyer, amount=TWELVE, evidence={"freight": [upload(case.buyer)]})
    case.settle_freight(by=merchant, amount=TWELVE)
    LedgerMood.objects.create(answer="refuse", times=1)
    pay_due()
    case.refresh_from_db()
    return case


def test_goods_sent_after_the_claim_are_told_to_both(
    make_case: Callable[..., Case], merchant: User
) -> None:
    """Taobao Art. 27: at the merchant's cost; a file that says so tells the shop too."""
    case = make_case(type="refund_unshipped")
    case.note_shipment(by=merchant, parcel="顺丰速运 SF0001", acknowledged=True)
    told = texts(case)
    assert set(told) == {"linshu"}
    assert "你申请退款之后，商家发出了" in told["linshu"]
    case.note_shipment(by=None, parcel="顺丰速运 SF0001")
    assert "不能以已发货为由驳回" in texts(case)["xiaochen"]


def test_a_number_filled_in_for_the_buyer_is_told_to_him(agreed: Desk) -> None:
    """T-09."""
    agreed.case.fill_return(by=agreed.merchant, carrier="中通快递", tracking="ZT00001234")
    assert "退货单号 中通快递 ZT00001234" in texts(agreed.case)["linshu"]


def test_a_parcel_sent_collect_and_refused_is_to_be_sent_anew(agreed: Desk) -> None:
    """Taobao Art. 50-51."""
    agreed.case.send_back(by=agreed.buyer, carrier="中通快递", tracking="ZT00001234", collect=True)
    agreed.case.refuse_collect(by=agreed.merchant)
    assert "请改为寄付重新寄回，并填写新的单号" in texts(agreed.case)["linshu"]


@pytest.mark.parametrize(("yes", "sentence"), [(True, "买家同意更换"), (False, "买家不同意更换")])
def test_another_address_is_asked_for_and_answered(
    yes: bool, sentence: str, agreed: Desk, shop: Any
) -> None:
    """Taobao Art. 41: where it would go, and what the buyer said."""
    other = ReturnAddressFactory(shop=shop, detail="新仓库 2 号门", default=False)
    agreed.case.ask_address(by=agreed.merchant, address=other)
    assert "新仓库 2 号门。请答复" in texts(agreed.case)["linshu"]
    agreed.case.answer_address(by=agreed.buyer, agreed=yes)
    assert sentence in texts(agreed.case)["xiaochen"]


def test_freight_is_claimed_and_paid_in_yuan(
    make_case: Callable[..., Case], merchant: User
) -> None:
    """§1.5."""
    case = make_case("sent_back", type="return_refund")
    case.claim_freight(by=case.buyer, amount=TWELVE, evidence={"freight": [upload(case.buyer)]})
    assert "申报了退货运费 ¥12.00" in texts(case)["xiaochen"]
    case.settle_freight(by=merchant, amount=TWELVE)
    assert "商家赔付了" in texts(case)["linshu"]
    assert texts(case)["linshu"].endswith("¥12.00")


def test_a_compensation_that_staff_look_after_is_not_called_a_refund(
    unpaid: Case, staff: User
) -> None:
    """T-24: the goods are still on their way back."""
    unpaid.retry_refund(by=staff)
    assert {text.endswith("的补偿正在重新支付") for text in texts(unpaid).values()} == {True}
    LedgerMood.objects.create(answer="refuse", times=1)
    pay_due()
    unpaid.refresh_from_db()
    unpaid.settle_offline(by=staff, proof="银行转账 回单号 178")
    assert {text.endswith("的补偿已由平台线下付清") for text in texts(unpaid).values()} == {True}


def test_who_may_apply_again_hears_of_it(agreed: Desk, now: Any) -> None:
    """T-10."""
    now.move_to(agreed.case.due_at, tick=False)
    agreed.case.catch_up()
    agreed.case.allow_again(by=agreed.merchant)
    assert "以同样的原因" in texts(agreed.case)["linshu"]


def texts_of(case: Case, step: str) -> dict[str, str]:
    """What each was told of an earlier step, by name."""
    deliver_due()
    told = Notice.objects.filter(case=case, event__step=step)
    return dict(told.values_list("user__username", "text_zh"))


# Until when ---------------------------------------------------------------------------------------


def test_a_notice_that_asks_its_reader_for_something_says_by_when(
    make_desk: Callable[..., Desk],
) -> None:
    """D1, D3, D4, D6, D11, D15: the day is named, for nobody knows on which it is read."""
    desk = make_desk("checked")
    assert texts_of(desk.case, "apply")["xiaochen"].endswith(" · 11-25（周三）12:00 截止")
    desk.negotiate()
    assert texts(desk.case)["linshu"].endswith(" · 11-23（周一）13:00 截止")
    desk.reply()
    desk.negotiate()
    desk.reply()
    desk.reject()
    assert texts(desk.case)["linshu"].endswith(" · 11-30（周一）12:00 截止")
    desk.case.ask_platform(by=desk.buyer, reason=WHY)
    assert texts(desk.case)["xiaochen"].endswith(" · 11-25（周三）12:00 截止")


def test_what_its_reader_only_is_told_has_no_deadline(make_desk: Callable[..., Desk]) -> None:
    """Nor has what was settled before it was delivered."""
    desk = make_desk("checked")
    desk.negotiate()
    desk.reply()
    assert "截止" not in texts(desk.case)["xiaochen"]
    desk.case.agree(by=desk.merchant)
    assert "截止" not in texts(desk.case)["linshu"]
    sent = make_desk("agreed", type="return_refund")
    sent.case.send_back(by=sent.buyer, carrier="中通快递", tracking="ZT00001234")
    assert "截止" not in texts_of(sent.case, "agree_return")["linshu"]


@pytest.mark.parametrize("kind", ["return_refund", "exchange"])
def test_who_waited_for_the_shop_in_vain_is_told_to_send_the_goods_back(
    kind: str, make_case: Callable[..., Case], now: Any
) -> None:
    """T-08, D3, D4."""
    case = make_case(type=kind)
    now.shift(timedelta(hours=48))
    case.catch_up()
    told = texts(case)["linshu"]
    assert "请按售后单里的退货地址寄回并填写快递单号" in told
    assert told.endswith(" · 12-02（周三）12:00 截止")


@pytest.mark.parametrize(
    ("trait", "kind"), [("agreed", "return_refund"), ("rejected", "refund_received")]
)
def test_who_let_his_time_pass_is_told_that_he_may_ask_once_more(
    trait: str, kind: str, make_case: Callable[..., Case], now: Any
) -> None:
    """T-10, T-18: and until when; the shop, which may not, is not told so."""
    case = make_case(trait, type=kind)
    now.shift(timedelta(days=7))
    case.catch_up()
    told = texts(case)
    assert "确有原因没能按时操作的，可以申请重新处理 · 12-07（周一）12:00 截止" in told["linshu"]
    assert "重新处理" not in told["xiaochen"]


@pytest.mark.parametrize("stop", ["", "。"])
def test_a_rejection_names_a_plan_only_where_one_is_open(
    stop: str, make_desk: Callable[..., Desk], now: Any
) -> None:
    """NEG-32, NEG-49: and its explanation ends with one full stop."""
    desk = make_desk("negotiated")
    desk.reject(statement="裂纹是烧制时的开片，不影响使用" + stop)
    told = texts(desk.case)["linshu"]
    assert "接受方案" not in told
    assert "不影响使用”。你可以补充凭证、申请平台介入或撤销申请" in told

    open_still = make_desk("second_waiting")
    now.shift(timedelta(hours=1))
    open_still.case.catch_up()
    open_still.reject()
    assert "你可以接受方案、补充凭证、申请平台介入或撤销申请" in texts(open_still.case)["linshu"]


def test_a_claimed_agreement_is_told_as_one_to_be_confirmed(
    make_desk: Callable[..., Desk], now: Any
) -> None:
    """NEG-46: and once its time is over, no plan is spoken of where there is none."""
    desk = make_desk("answered")
    agreed = Outcome.objects.get(code="agreed")
    desk.negotiate(outcome=agreed, explanation="电话里谈好了，补发一只新杯子。", offers=[])
    told = texts(desk.case)["linshu"]
    assert "商家说已与你协商一致，请确认，没有谈妥就不要确认：电话里谈好了" in told
    now.shift(timedelta(hours=1))
    desk.case.catch_up()
    assert texts(desk.case)["linshu"].endswith("的协商等待时间已到，等商家处理")


def test_a_plan_that_outlives_its_round_is_told_of(
    make_desk: Callable[..., Desk], now: Any
) -> None:
    """NEG-32."""
    desk = make_desk("waiting")
    now.shift(timedelta(hours=1))
    desk.case.catch_up()
    assert "商家的方案在被替换前仍可接受" in texts(desk.case)["linshu"]


def test_a_deadline_that_moved_is_told_with_the_day_it_moved_to(
    make_case: Callable[..., Case], staff: User
) -> None:
    """§1.4."""
    case = make_case()
    later = case.due_at + timedelta(days=1)
    case.extend(by=staff, until={"due_at": later}, why="机房断电")
    assert {text.split(" · ")[1] for text in texts(case).values()} == {"11-26（周四）12:00 截止"}


@pytest.mark.parametrize(("code", "may"), [("DN-04", True), ("DN-05", False)])
def test_who_was_not_heard_is_told_whether_he_may_ask_again(
    code: str, may: bool, make_case: Callable[..., Case], staff: User
) -> None:
    """§1.6, T-19: with something new, and until when."""
    case = make_case("under_review")
    row = DecisionReason.objects.get(code=code)
    case.decline(by=staff, reason=row, grounds="申请里只要求三倍赔偿，不是退款。")
    assert row.closes is not may
    told = texts(case)
    assert ("有新的凭证可以再次申请 · 11-30（周一）12:00 截止" in told["linshu"]) is may
    assert "再次申请" not in told["xiaochen"]
