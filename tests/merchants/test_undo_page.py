"""撤销 on the page: a toast for ten seconds, on whichever page comes next."""

from datetime import timedelta

from django.urls import reverse

from aftersales.enums import Status
from aftersales.models import Refund
from tests.factories import MemberFactory


def test_who_has_agreed_may_take_it_back(make_case, at_desk, text_of, now):
    case, other = make_case(), make_case()
    at_desk.send("agree", case)
    now.shift(timedelta(seconds=3))

    page = text_of(at_desk.look("case", other))  # 处理下一单
    assert "已同意退款 ¥128.00，<b" in page
    assert ">7</b> 秒后生效" in page
    assert f'action="{reverse("merchants:undo", args=[case.code])}"' in page

    answer = at_desk.send("undo", case)

    assert answer.status_code == 302
    assert case.status == Status.PENDING_MERCHANT
    assert not Refund.objects.exists()
    page = text_of(at_desk.look("case", case))
    assert "已撤销，售后单恢复待处理" in page
    assert "秒后生效" not in page


def test_a_colleague_at_the_same_browser_is_offered_nothing(make_case, at_desk, text_of):
    case = make_case()
    at_desk.send("agree", case)
    kept = at_desk.client.cookies["undo"].value

    at_desk.client.force_login(MemberFactory(shop=case.shop).user)
    assert "秒后生效" not in text_of(at_desk.look("queue"))
    at_desk.client.cookies["undo"] = f"x{kept}"
    assert "秒后生效" not in text_of(at_desk.look("queue"))


def test_after_ten_seconds_there_is_nothing_to_press(make_case, at_desk, text_of, now):
    case = make_case(type="return_refund")
    address = case.default_address()
    at_desk.send("agree_return", case, address=address.pk, freight="merchant", message="请保留吊牌")
    assert "已同意退货，<b" in text_of(at_desk.look("queue"))
    now.shift(timedelta(seconds=10))

    assert "秒后生效" not in text_of(at_desk.look("queue"))
    late = at_desk.send("undo", case)

    assert late.status_code == 409
    assert "已超过可以撤销的时间，同意已经生效" in text_of(late)
    assert case.status == Status.AWAITING_BUYER_RETURN
    assert case.messages.filter(text="请保留吊牌").exists()
