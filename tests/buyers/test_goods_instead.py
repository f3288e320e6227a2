"""换货、补寄、维修、退差价 through the buyer's pages: the forms, forged posts, and what came (B6, B18)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse

from aftersales.enums import Status
from aftersales.models import Case, Notice, Outcome, Policy, Shop, User
from aftersales.notices.delivering import deliver_due
from aftersales.payments import pay_due
from tests.buyers.conftest import Phone
from tests.factories import Desk, OrderFactory, upload

Read = Callable[[HttpResponse], str]
STOCK = [{"sku": "青绿", "stock": 3}, {"sku": "月白", "stock": 0}]
OWN: dict[str, dict[str, Any]] = {
    "exchange": {"reason": "R1", "sku": "青绿", "ship": "order"},
    "resend": {"reason": "R8", "item_1": "杯盖", "count_1": 2, "ship": "order"},
    "repair": {"reason": "R18", "fault_since": "2026-11-20", "ship": "order"},
    "price_difference": {"reason": "R19", "reference_price": "50", "amount": "28.00"},
}


def order_of(kind: str, shop: Shop, buyer: User) -> Any:
    traits: dict[str, Any] = {"finished": True} if kind == "repair" else {}
    return OrderFactory(shop=shop, buyer=buyer, lines=[{"stock": STOCK}], **traits)


def filled(at_phone: Phone, kind: str, **more: Any) -> dict[str, Any]:
    given = at_phone.answers(kind, **(OWN[kind] | more))
    if kind != "price_difference" and "amount" not in more:
        given.pop("amount")
    return given


@pytest.mark.parametrize("kind", OWN)
def test_a_claim_is_filled_in_checked_and_submitted(
    kind: str, shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """S-08, S-15, S-16, T-01."""
    order = order_of(kind, shop, buyer)

    assert at_phone.fill(order, kind, **filled(at_phone, kind)).status_code == 302
    shown = text_of(at_phone.review(order, kind))
    assert at_phone.submit(order, kind, key="one").status_code == 302

    case = Case.objects.get()
    assert (case.type, case.status) == (kind, Status.PENDING_MERCHANT)
    told = {
        "exchange": "青绿",
        "resend": "杯盖 × 2",
        "repair": "2026-11-20",
        "price_difference": "¥50.00",
    }[kind]
    assert told in shown
    assert told in text_of(at_phone.look("case", case))


@pytest.mark.parametrize(("kind", "first"), [("exchange", 2), ("resend", 1)])
def test_what_came_is_not_claimed_with_what_is_missing(
    kind: str, first: int, shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """Walk 6 of §1.7, T-15: of two mugs one is missing; what is not sent after is refunded by the
    pieces that the buyer named, so that he is asked for them and all are not presumed."""
    order = order_of(kind, shop, buyer)
    page = at_phone.client.get(at_phone.page("apply_form", order, kind))
    assert page.context["form"]["quantity"].value() == first
    assert ("到期没有补寄的，按这几件退款" in text_of(page)) is (kind == "resend")


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("exchange", {"sku": ""}, "请选择想换的规格"),
        ("exchange", {"sku": "月白"}, "“月白”已经没有库存"),
        ("exchange", {"sku": "红"}, "请选择列表中的选项"),
        ("exchange", {"amount": "10.00"}, "提交的内容与所选售后类型不符"),
        ("exchange", {"item_1": "杯盖"}, "提交的内容与所选售后类型不符"),
        ("exchange", {"ship": "other"}, "请填写收件人的电话"),
        (
            "exchange",
            {"ship": "other", "ship_name": "林", "ship_phone": "abc", "ship_address": "某路 12 号"},
            "请填写收件人的电话",
        ),
        ("resend", {"item_1": ""}, "请填写少了什么"),
        ("resend", {"count_1": "0"}, "每样的件数需在 1 到 999 之间"),
        ("repair", {"fault_since": "昨天"}, "请填写日期，例如 2026-11-23"),
        ("repair", {"fault_since": "2026-12-24"}, "故障日期不能晚于今天"),
        ("price_difference", {"reference_price": ""}, "请填写现在的单价"),
        ("price_difference", {"reference_price": "0"}, "现在的单价需大于 0"),
        ("price_difference", {"reference_price": "-5"}, "现在的单价需大于 0"),
        ("price_difference", {"reference_price": "64"}, "没有差价可退"),
        ("price_difference", {"amount": "28.01"}, "退款金额需在 0.01 到 28.00 之间"),
        ("price_difference", {"reference_url": "javascript:alert(1)"}, "http://"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    kind: str,
    change: dict[str, Any],
    sentence: str,
    shop: Shop,
    buyer: User,
    at_phone: Phone,
    text_of: Read,
) -> None:
    """S-12, S-16, G6: at the form, and so also a forged post."""
    order = order_of(kind, shop, buyer)
    given = filled(at_phone, kind) | change

    answer = at_phone.fill(order, kind, **given)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert given["description"] in text_of(answer)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("price_difference", "每件商品只能申请一次退差价；不影响这件商品的其他售后"),
        ("exchange", "每件商品只能申请一次，请确认后再提交"),
    ],
)
def test_what_can_be_asked_once_is_named(
    kind: str, told: str, shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """G2, S-17: the price difference stands beside the ordinary claim."""
    order = order_of(kind, shop, buyer)
    assert told in text_of(at_phone.client.get(at_phone.page("apply_form", order, kind)))
    at_phone.fill(order, kind, **filled(at_phone, kind))
    assert told in text_of(at_phone.review(order, kind))


@pytest.mark.parametrize("known", [True, False])
def test_another_address_is_asked_for_in_full(
    known: bool, shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """S-16: what it takes is not called optional; the phone fills it in (WCAG 1.3.5)."""
    order = order_of("exchange", shop, buyer)
    if not known:
        type(order).objects.filter(pk=order.pk).update(address="", receiver="")

    shown = text_of(at_phone.client.get(at_phone.page("apply_form", order, "exchange")))

    where = shown.split("寄到哪里")[1].split("退货运费")[0]
    assert "选填" not in where
    assert where.count("必填") == 3
    assert ("换一个地址" in where) is known
    for mark in ('autocomplete="name"', 'autocomplete="tel"', 'type="tel"', "street-address"):
        assert where.count(mark) == 1


def test_an_order_without_an_address_asks_for_one(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    order = order_of("exchange", shop, buyer)
    type(order).objects.filter(pk=order.pk).update(address="", receiver="")
    asked = filled(at_phone, "exchange", ship="other")
    assert at_phone.fill(order, "exchange", **asked).status_code == 422

    there = {"ship_name": "林树", "ship_phone": "13900001111", "ship_address": "文三路 2 号 301"}
    at_phone.fill(order, "exchange", **(filled(at_phone, "exchange", ship="other") | there))
    at_phone.submit(order, "exchange", key="one")

    assert Case.objects.get().ship_to["address"] == "文三路 2 号 301"


def test_the_price_difference_stands_beside_a_running_case(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """G2: the ordinary demands are shut, this one is not, as long as they leave something."""
    case = make_case(amount=Decimal("100.00"))
    shown = text_of(at_phone.client.get(at_phone.page("apply", case.order)))
    assert "这件商品正在售后中" in shown
    assert at_phone.page("apply_form", case.order, "price_difference") in shown
    assert at_phone.page("apply_form", case.order, "exchange") not in shown


def test_guarantee_claims_are_listed_on_their_own(
    shop: Shop, buyer: User, make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-09, S-10: and the orders that can still be claimed for, from which a claim starts."""
    claim, ordinary = make_case(type="repair"), make_case()
    later = OrderFactory(shop=shop, buyer=buyer, finished=True, lines=[{"title": "竹编床头灯"}])

    shown = text_of(at_phone.look("guarantee"))

    assert claim.code in shown
    assert "售后保障维权" in shown
    assert ordinary.code not in shown
    assert "竹编床头灯" in shown
    assert at_phone.page("apply", later) in shown


def test_goods_that_came_are_confirmed_or_disputed(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, buyer: User
) -> None:
    """T-16, T-16b (B18)."""
    good, bad = make_case("resent", type="resend"), make_case("shipped_again", type="exchange")
    shown = text_of(at_phone.look("case", good))
    assert "商家已发出，请留意收货" in shown
    assert good.parcels.get(direction="replacement").tracking in shown

    assert at_phone.send("confirm_arrival", good).status_code == 302
    without = at_phone.send(
        "dispute_arrival", bad, reason="换来的还是裂的，一模一样。", wants="退款"
    )
    assert without.status_code == 422
    assert "换来的还是裂的，一模一样。" in text_of(without)
    at_phone.send(
        "dispute_arrival",
        bad,
        reason="换来的还是裂的，一模一样。",
        wants="退款",
        proof_platform_kept=upload(buyer).token,
    )

    assert (good.status, bad.status) == (Status.COMPLETED, Status.PLATFORM_REVIEW)


@pytest.mark.parametrize(
    ("step", "status"),
    [("choose_exchange", Status.AWAITING_MERCHANT_SHIP), ("choose_refund", Status.REFUNDING)],
)
def test_after_a_failed_repair_the_buyer_chooses(
    step: str,
    status: str,
    make_case: Callable[..., Case],
    merchant: User,
    at_phone: Phone,
    text_of: Read,
) -> None:
    """Walk 7 of §1.7; before it, a forged choice is refused."""
    case = make_case("taken_in", type="repair")
    assert at_phone.send(step, case).status_code in (409, 422)
    assert case.status == Status.AWAITING_MERCHANT_SHIP
    case.report_unrepairable(by=merchant, text="主板烧毁，这个部件已经停产，修不好。")

    page = text_of(at_phone.look("case", case))
    assert "商家说修不好，请选择换货或退款" in page
    assert "商家发出商品" not in page
    assert "¥128.00" in text_of(at_phone.look(step, case))
    assert at_phone.send(step, case).status_code == 302
    assert case.status == status


def test_what_happens_if_nothing_is_shipped_is_said(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, now: Any
) -> None:
    """T-15, D8: before it happens, and after."""
    case = make_case("agreed", type="resend")
    assert "到期商家仍未发出，自动退款 ¥128.00" in text_of(at_phone.look("case", case))
    now.shift(timedelta(hours=72))
    assert "退款中，¥128.00 原路退回" in text_of(at_phone.look("case", case))


def test_who_gives_up_a_price_difference_gives_up_nothing_else(
    make_case: Callable[..., Case], make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """Walk 8, S-17, S-18: the ordinary claim for the goods stays open, and no page denies it."""
    case = make_case("waiting", type="price_difference")
    offer = case.open_offers()[0]
    for name, given in (("cancel", {}), ("accept_plan", {"offer": str(offer.pk)})):
        shown = text_of(at_phone.look(name, case, **given))
        assert "这件商品不能再次申请退差价" in shown
        assert "不能再申请售后" not in shown
    at_phone.send("cancel", case)

    assert "这件商品不能再次申请退差价。" in text_of(at_phone.look("case", case))
    assert not Case.why_not(case.line)

    desk = make_desk("answered", type="price_difference")
    agreed = Outcome.objects.get(code="agreed")
    desk.negotiate(outcome=agreed, explanation="聊天里谈好了，补偿一张优惠券。", offers=())
    for name in ("case", "confirm_agreed"):
        shown = text_of(at_phone.look(name, desk.case))
        assert "这件商品不能再次申请退差价" in shown
        assert "不能再次申请售后" not in shown


def test_a_price_difference_proposes_nothing_before_the_present_price_is_known(
    shop: Shop, buyer: User, at_phone: Phone
) -> None:
    """S-16: then the difference itself; an amount of the buyer's own stays."""
    order = order_of("price_difference", shop, buyer)
    url = at_phone.look("apply_form", shop.code, order.number, 1, "price_difference")
    form = url.context["form"]
    assert (form["amount"].value(), form["most"].value()) == (None, "")

    def typed(**given: str) -> Any:
        filled = {"reason": "R19", "refresh": "1", "amount": "", "most": ""} | given
        return at_phone.fill(order, "price_difference", **filled).context["form"]

    shown = typed(reference_price="50")
    assert (shown["amount"].value(), shown["most"].value()) == ("28.00", "28.00")
    later = typed(reference_price="60", amount="28.00", most="28.00")
    assert later["amount"].value() == "8.00"
    none = typed(reference_price="64")
    assert none["amount"].value() == ""
    own = typed(reference_price="50", amount="5.00", most="8.00")
    assert own["amount"].value() == "5.00"


def test_who_lets_the_time_to_send_back_pass_learns_that_the_shop_must_agree(
    make_case: Callable[..., Case], buyer: User, at_phone: Phone, now: Any, text_of: Read
) -> None:
    """T-10: at the reason, and the rest of the form is kept."""
    Policy.objects.update(max_applications_per_line=2)
    case = make_case("agreed", type="exchange")
    now.move_to(case.due_at, tick=False)
    given = filled(at_phone, "exchange") | {"sku": "月白 大号"}
    answer = at_phone.fill(case.order, "exchange", **given)
    assert answer.status_code == 422
    assert "再次申请需要商家同意，请先联系商家" in text_of(answer)
    assert "月白 大号" in text_of(answer)


def test_a_choice_that_was_not_made_is_no_silence_of_the_shop(
    make_case: Callable[..., Case], merchant: User, at_phone: Phone, text_of: Read, now: Any
) -> None:
    """Walk 7 of §1.7, T-15: the shop said in time that it cannot be repaired; then time refunds."""
    case = make_case("taken_in", type="repair")
    case.report_unrepairable(by=merchant, text="主板烧毁，这个部件已经停产，修不好。")
    now.move_to(case.due_at, tick=False)
    case.catch_up()
    deliver_due()

    assert (case.status, case.to_refund, case.auto_agreed) == (
        Status.REFUNDING,
        Decimal("128.00"),
        False,
    )
    at_phone.client.force_login(case.buyer)  # the session of a month ago is over
    shown = text_of(at_phone.look("case", case))
    assert "逾期没有选择，改为退款 ¥128.00" in shown
    assert "商家逾期" not in shown
    told = Notice.objects.filter(case=case, kind="refund_unshipped_remedy")
    words = "“青瓷开片手冲咖啡杯”修不好，到期没有选择换货或退款，改为退款 ¥128.00"
    assert {each.text_zh for each in told} == {words}
    assert {each.user for each in told} == {case.buyer, merchant}


def test_an_exchange_is_called_so_all_the_way(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """T-04, T-09, S-40: no refund is spoken of where goods were asked for."""
    case = make_case("agreed", type="exchange")
    deliver_due()
    told = Notice.objects.get(case=case, kind="agree_return")
    assert told.text_zh.startswith("商家同意换货，请按售后单里的退货地址寄回")
    at_phone.send("send_back", case, carrier="中通快递", tracking="ZT7500000001")
    assert "单号已提交，商家收货后换货" in text_of(at_phone.look("case", case))

    other = make_case("rejected", type="exchange")
    assert at_phone.look("ask_platform", other).context["form"]["wants"].value() == "换货"


def test_a_difference_is_not_offered_where_all_that_was_paid_is_claimed(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-12, S-32, walk 8: neither while the claim runs nor when it has brought all of it back."""
    case = make_case("agreed")
    for _ in range(2):
        form = at_phone.look("apply_form", case.shop.code, case.order.number, 1, "price_difference")
        assert "现在没有差价可退" in text_of(form)
        given = filled(at_phone, "price_difference")
        assert at_phone.fill(case.order, "price_difference", **given).status_code == 409
        pay_due()
