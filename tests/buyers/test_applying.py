"""申请售后 through its pages, from the choice of a demand to the case."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from aftersales.enums import Freight, Party, Phase, Status
from aftersales.models import Agreement, Case, Order, Policy, Shop, User, Window
from tests.buyers.conftest import Phone
from tests.factories import OrderFactory, picture, upload

Read = Callable[[HttpResponse], str]
WARNING = "维权要求提交后不能修改，每件商品只能申请一次，请确认后再提交"


# Choosing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("traits", "legal"),
    [
        ({"unshipped": True}, {"refund_unshipped"}),
        ({"in_transit": True}, {"refund_not_received"}),
        ({}, {"refund_not_received", "refund_received", "return_refund"}),
    ],
    ids=["G3-unshipped", "G3-S-04-in-transit", "G3-S-05-signed"],
)
def test_only_demands_that_fit_the_order_can_be_chosen(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read, traits: Any, legal: set[str]
) -> None:
    """S-12; the others are named, with the reason."""
    order = OrderFactory(shop=shop, buyer=buyer, **traits)

    shown = text_of(at_phone.client.get(at_phone.page("apply", order)))

    every = ("refund_unshipped", "refund_not_received", "refund_received", "return_refund")
    assert {kind for kind in every if at_phone.page("apply_form", order, kind) in shown} == legal
    assert "不能选的，以及原因" in shown
    assert WARNING in shown  # S-15
    if len(legal) > 1:  # signed for: that nothing came is not what comes to mind first
        places = {kind: shown.index(at_phone.page("apply_form", order, kind)) for kind in legal}
        assert max(places, key=places.__getitem__) == "refund_not_received"


def test_a_signed_order_is_told_to_talk_first(order: Order, at_phone: Phone, text_of: Read) -> None:
    """S-06."""
    assert "先联系商家" in text_of(at_phone.client.get(at_phone.page("apply", order)))


def test_an_ordinary_return_is_not_offered_on_day_eight(
    order: Order, at_phone: Phone, now: Any, text_of: Read
) -> None:
    """S-05, G4."""
    now.shift(timedelta(days=6))

    shown = text_of(at_phone.client.get(at_phone.page("apply", order)))

    assert at_phone.page("apply_form", order, "return_refund") not in shown
    assert "签收已超过 7 天" in shown
    Window.objects.filter(clock="D17").update(minutes=10 * 24 * 60)
    shown = text_of(at_phone.client.get(at_phone.page("apply", order)))
    assert "签收后 10 天内可以申请" in shown


# Filling in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("traits", "kind", "asked", "not_asked"),
    [
        ({"unshipped": True}, "refund_unshipped", {"quantity"}, {"amount", "goods_state"}),
        ({"in_transit": True}, "refund_not_received", {"amount", "goods_state"}, {"quantity"}),
        ({}, "refund_received", {"amount", "quantity"}, {"goods_state"}),
        ({}, "return_refund", {"amount", "quantity"}, {"goods_state"}),
    ],
)
def test_each_demand_asks_its_own_fields(
    shop: Shop,
    buyer: User,
    at_phone: Phone,
    traits: Any,
    kind: str,
    asked: set[str],
    not_asked: set[str],
) -> None:
    """S-16, S-33."""
    order = OrderFactory(shop=shop, buyer=buyer, **traits)

    form = at_phone.client.get(at_phone.page("apply_form", order, kind)).context["form"]

    assert asked | {"reason", "description"} <= set(form.fields)
    assert not not_asked & set(form.fields)


def test_the_amount_is_proposed_and_follows_the_quantity(order: Order, at_phone: Phone) -> None:
    """G6, S-33: the most, until the buyer types his own."""
    page = at_phone.page("apply_form", order, "refund_received")
    first = at_phone.client.get(page).context["form"]
    assert first["amount"].value() == Decimal("128.00")

    answers = {"reason": "R1", "amount": "128.00", "most": "128.00", "refresh": "1"}
    fewer = at_phone.client.post(page, answers | {"quantity": 1})
    own = at_phone.client.post(page, answers | {"quantity": 1, "amount": "50.00"})

    assert fewer.status_code == 200
    assert fewer.context["form"]["amount"].value() == "64.00"
    assert own.context["form"]["amount"].value() == "50.00"
    assert not Case.objects.exists()


def test_how_it_is_worked_out_names_the_pieces_and_the_number_is_asked_once(
    order: Order, at_phone: Phone, text_of: Read
) -> None:
    page = at_phone.page("apply_form", order, "refund_received")

    shown = text_of(at_phone.client.post(page, {"reason": "R1", "quantity": 1, "refresh": "1"}))

    assert "¥64.00（1 件，按实付分摊）" in shown
    assert shown.count('name="quantity"') == 1


def test_the_slots_follow_the_reason_and_keep_what_was_staged(
    order: Order, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """Also without script: the same form, sent with 更新; a chosen file is never lost."""
    page = at_phone.page("apply_form", order, "return_refund")
    token = upload(buyer).token

    seven = {"reason": "R7", "refresh": "1", "quantity": 2, "amount": "128.00"}
    first = at_phone.client.post(page, seven | {"proof_goods_kept": token, "proof_box": picture()})
    slots = first.context["form"].asks_slots
    assert slots
    names = [name for name in slots if first.context["form"].fields[name].kept]
    assert names

    other = at_phone.client.post(page, seven | {"reason": "R13", "proof_goods_kept": token})
    back = dict(other.context["form"].spare)
    assert token in back.values()
    assert "商品完好" in text_of(other)


@pytest.mark.parametrize(
    ("reason", "told"),
    [("R1", "商家承担（质量问题（肉眼可见））"), ("R13", "你承担")],
)
def test_who_bears_the_freight_is_told(
    order: Order, at_phone: Phone, text_of: Read, reason: str, told: str
) -> None:
    page = at_phone.page("apply_form", order, "return_refund")

    shown = text_of(at_phone.client.post(page, {"reason": reason, "refresh": "1"}))

    assert told in shown


# The whole way ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("traits", "kind", "more"),
    [
        ({"unshipped": True}, "refund_unshipped", {}),
        (
            {"in_transit": True},
            "refund_not_received",
            {"reason": "N2", "goods_state": "never_came"},
        ),
        ({}, "refund_received", {}),
        ({}, "return_refund", {}),
    ],
    ids=["T-01-unshipped", "T-01-S-04-not-received", "T-01-received", "T-01-S-07-S-30-return"],
)
def test_a_buyer_applies(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read, traits: Any, kind: str, more: Any
) -> None:
    """S-15, S-19, S-34: fill in, check, agree, submit; the shop's deadline is on the page."""
    order = OrderFactory(shop=shop, buyer=buyer, **traits)

    filled = at_phone.fill(order, kind, **at_phone.answers(kind, **more))
    review = text_of(at_phone.review(order, kind))
    done = at_phone.submit(order, kind)

    assert filled["Location"] == at_phone.page("review", order, kind)
    assert WARNING in review
    assert "¥128.00" in review
    case = Case.objects.get()
    assert done["Location"] == reverse("buyers:case", args=[case.code])
    assert (case.type, case.status, case.amount) == (
        kind,
        Status.PENDING_MERCHANT,
        Decimal("128.00"),
    )
    event = case.events.get()
    assert (event.step, event.party, event.user) == ("apply", Party.BUYER, buyer)
    shown = text_of(at_phone.look("case", case))
    assert "等商家处理" in shown
    assert "11-25（周三）12:00" in shown


def test_the_agreement_is_not_ticked_for_the_buyer_and_is_demanded(
    order: Order, at_phone: Phone, text_of: Read
) -> None:
    """S-11, G9: version and time are kept with the case."""
    at_phone.fill(order, "refund_received", **at_phone.answers("refund_received"))
    page = at_phone.review(order, "refund_received")
    agreement = Agreement.objects.get(version=Policy.current().agreement_version)
    assert agreement.text_zh.splitlines()[0] in page.content.decode()
    assert "checked" not in page.content.decode().split('name="agreed"')[1].split(">")[0]

    refused = at_phone.submit(order, "refund_received", agreed=False)

    assert refused.status_code == 422
    assert text_of(refused).count("请阅读并同意维权协议") == 2  # above, and at the tick
    assert not Case.objects.exists()

    at_phone.submit(order, "refund_received")
    case = Case.objects.get()
    assert case.agreement_version == agreement.version
    assert case.agreement_at == case.applied_at


def test_going_back_from_the_review_loses_nothing(
    order: Order, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """修改 leads to the same form with everything in it, pictures too."""
    answers = at_phone.answers("refund_received", amount="99.00", description="杯口裂了，割手。")
    at_phone.fill(order, "refund_received", **answers)

    form = at_phone.client.get(at_phone.page("apply_form", order, "refund_received")).context[
        "form"
    ]

    assert form["amount"].value() == "99.00"
    assert form["description"].value() == "杯口裂了，割手。"
    assert not form.errors
    assert all(form.fields[name].kept for name in form.asks_slots if form.fields[name].required)


def test_one_click_twice_is_one_case(order: Order, at_phone: Phone) -> None:
    answers = at_phone.answers("refund_received")
    at_phone.fill(order, "refund_received", **answers)

    first = at_phone.submit(order, "refund_received", key=answers["key"])
    second = at_phone.submit(order, "refund_received", key=answers["key"])

    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1


def test_without_script_the_files_come_with_the_form(order: Order, at_phone: Phone) -> None:
    answers = at_phone.answers("refund_received")
    staged = [name for name in answers if name.endswith("_kept")]
    for name in staged:
        answers.pop(name)
        answers[name.removesuffix("_kept")] = picture()

    assert at_phone.fill(order, "refund_received", **answers).status_code == 302
    at_phone.submit(order, "refund_received")

    assert Case.objects.get().evidence.count() == len(staged) > 0


def test_a_claim_after_the_trade_succeeded_is_marked(
    shop: Shop, buyer: User, at_phone: Phone, text_of: Read
) -> None:
    """S-08, S-10: 售后保障维权."""
    order = OrderFactory(shop=shop, buyer=buyer, finished=True)
    at_phone.fill(order, "return_refund", **at_phone.answers("return_refund"))
    at_phone.submit(order, "return_refund")

    case = Case.objects.get()

    assert case.phase == Phase.AFTERSALE
    assert "售后保障维权" in text_of(at_phone.look("cases"))


def test_a_no_reason_return_is_at_the_buyers_cost(order: Order, at_phone: Phone) -> None:
    answers = at_phone.answers("return_refund", "R13")
    refused = at_phone.fill(order, "return_refund", **answers)
    assert "七天无理由退货需要商品完好" in refused.content.decode()

    at_phone.fill(order, "return_refund", **answers, goods_intact="on")
    at_phone.submit(order, "return_refund")

    case = Case.objects.get()
    assert (case.goods_intact, case.freight) == (True, Freight.BUYER)
