"""Answers in the buyer's favour, goods that come back, and talking: through the pages."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from aftersales.enums import Freight, Stage, Status
from aftersales.models import Refund
from tests.factories import ReturnAddressFactory, picture
from tests.merchants.conftest import page_of


def test_agreeing_says_what_it_does_and_for_how_much(make_case, at_desk, text_of):
    """T-03: consequence in words, the amount in the button."""
    page = text_of(at_desk.look("agree", make_case()))

    assert "同意退款 ¥128.00？" in page
    assert "退款将原路退回买家，商品不退回，正在进行的协商同时结束" in page


def test_no_button_leads_to_the_page_that_one_is_on(make_case, at_desk):
    """同意退款 stood twice there, and the first did nothing."""
    case = make_case()
    here = reverse("merchants:agree", args=[case.code])

    assert f'href="{here}"' in at_desk.look("case", case).content.decode()
    page = at_desk.look("agree", case).content.decode()
    assert f'href="{here}"' not in page
    assert reverse("merchants:confirm_risks", args=[case.code]) in page


def test_agreeing_owes_the_refund(make_case, at_desk):
    """T-03."""
    case = make_case()

    answer = at_desk.send("agree", case)

    assert page_of(answer) == reverse("merchants:case", args=[case.code])
    assert case.status == Status.REFUNDING
    assert Refund.objects.get().amount == case.amount
    assert case.events.last().step == "agree"


def test_a_double_click_agrees_once(make_case, at_desk):
    case = make_case()
    click = {"version": case.version, "key": uuid.uuid4().hex}

    at_desk.send("agree", case, **click)
    again = at_desk.send("agree", case, **click)

    assert again.status_code == 302
    assert Refund.objects.count() == 1


def test_a_stale_page_does_not_agree(make_case, at_desk, text_of):
    case = make_case()
    seen = case.version
    at_desk.send("send_message", case, text="您好，方便再拍一张吗？")

    answer = at_desk.send("agree", case, version=seen)

    assert answer.status_code == 409
    assert "此售后单刚刚有更新，请核对后再提交" in text_of(answer)
    assert case.status == Status.PENDING_MERCHANT


def test_who_agrees_too_late_is_told(make_case, at_desk, text_of, now):
    """D2: at the deadline itself the clock was first."""
    case = make_case()
    version = case.version
    now.move_to(case.due_at)

    answer = at_desk.send("agree", case, version=version)

    assert answer.status_code == 409
    assert Refund.objects.count() == 1
    assert case.auto_agreed


def test_a_return_is_agreed_with_its_address(make_case, at_desk, shop):
    """T-04, S-35."""
    case = make_case(type="return_refund")
    address = shop.addresses.get()

    at_desk.send(
        "agree_return", case, address=address.pk, freight=Freight.MERCHANT, message="请保留吊牌"
    )

    assert case.status == Status.AWAITING_BUYER_RETURN
    assert case.return_address == address.shown()
    assert case.messages.get().text == "请保留吊牌"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"address": ""}, "请选择退货地址"),
        ({"address": "999999"}, "请选择列表中的选项"),
        ({"freight": ""}, "请选择退货运费"),
        ({"freight": "buyer"}, "按规则运费由商家承担，不能改由买家承担"),
    ],
)
def test_a_return_is_not_agreed_without(make_case, at_desk, shop, text_of, change, sentence):
    """§1.5: never worse than the rule."""
    case = make_case(type="return_refund")
    said = {"address": shop.addresses.get().pk, "freight": "merchant"}

    answer = at_desk.send("agree_return", case, **said | change)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert case.status == Status.PENDING_MERCHANT


def test_anothers_address_is_none_to_choose(make_case, at_desk):
    case = make_case(type="return_refund")
    foreign = ReturnAddressFactory()

    answer = at_desk.send("agree_return", case, address=foreign.pk, freight="merchant")

    assert answer.status_code == 422
    assert case.status == Status.PENDING_MERCHANT


def test_a_set_aside_address_is_shown_with_its_reason(make_case, at_desk, shop, text_of):
    ReturnAddressFactory(shop=shop, default=False, flagged="多次退件无人签收")

    page = text_of(at_desk.look("agree_return", make_case(type="return_refund")))

    assert "多次退件无人签收" in page


def test_refusing_at_the_door_is_agreed(make_case, at_desk):
    """T-05, T-06, S-03."""
    case = make_case(type="refund_not_received")

    at_desk.send("agree_refusal", case)
    assert case.status == Status.AWAITING_DELIVERY_REFUSAL

    at_desk.send("take_back", case)
    assert case.status == Status.REFUNDING


def test_goods_are_received_and_paid_for(make_case, at_desk, text_of):
    """T-11, S-36."""
    case = make_case("sent_back", type="return_refund")

    assert "确认收货并退款 ¥128.00" in text_of(at_desk.look("confirm_receipt", case))
    at_desk.send("confirm_receipt", case)

    assert case.status == Status.REFUNDING
    assert Refund.objects.get().amount == case.amount


def test_goods_are_refused_only_through_the_tool(make_case, at_desk, text_of):
    """T-12: 拒绝收货 begins with the same check of risks."""
    case = make_case("sent_back", type="return_refund")

    page = text_of(at_desk.look("case", case))
    answer = at_desk.send(
        "refuse_receipt", case, reason="RR-09", statement="少了一只杯子，见视频。"
    )

    assert "拒绝收货</button>" in page
    assert answer.status_code == 422
    assert "驳回前请先与消费者完成两轮协商" in text_of(answer)


def test_the_merchant_asks_the_platform_after_refused_goods(make_case, at_desk, text_of):
    """T-17, S-39; and T-19: takes it back."""
    case = make_case("refused_goods", type="return_refund")

    short = at_desk.send("ask_platform", case, reason="太短")
    at_desk.send("ask_platform", case, reason="退回的商品少件，买家不承认，请平台判定。")
    assert short.status_code == 422
    assert (case.status, case.stage) == (Status.PLATFORM_REVIEW, Stage.EVIDENCE)

    at_desk.send("withdraw", case)
    assert case.status == Status.RETURN_REFUSED


def test_after_a_rejection_one_may_still_agree(make_case, at_desk):
    """T-22."""
    case = make_case("rejected")

    at_desk.send("agree", case)

    assert case.status == Status.REFUNDING


# Talking ------------------------------------------------------------------------------------------


def test_chat_is_kept_as_it_was_said(make_case, at_desk, text_of):
    """S-38."""
    case = make_case()

    answer = at_desk.send("send_message", case, text="您好，<b>方便</b>再拍一张吗？")

    assert answer.status_code == 302
    page = at_desk.look("send_message", case).content.decode()
    assert "&lt;b&gt;方便&lt;/b&gt;" in page
    assert "<b>方便</b>" not in page


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "请写几句，或者附一张图片"),
        ("加我微信聊", "不能包含电话、微信或外部链接：「微信」"),
        ("字" * 501, "最多 500 个字"),
    ],
)
def test_what_may_not_be_said(make_case, at_desk, text_of, text, sentence):
    case = make_case()

    answer = at_desk.send("send_message", case, text=text)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not case.messages.exists()


def test_evidence_is_added_in_the_shops_name(make_case, at_desk):
    """G10."""
    case = make_case()

    at_desk.send("add_evidence", case, proof_added=[picture()], text="打包照片")

    assert case.evidence.filter(party="merchant").count() == 1
    assert case.events.last().step == "add_evidence"


def test_evidence_after_the_window_is_refused(make_case, at_desk, text_of, now):
    """§1.6: late evidence is refused."""
    case = make_case("under_review")
    now.move_to(case.evidence_due_at + timedelta(seconds=1))

    answer = at_desk.send("add_evidence", case, proof_added=[picture()])

    assert answer.status_code in (409, 422)
    assert "举证时间已过" in text_of(answer)
