"""NEG-56: the same tool serves 换货, 补寄, 维修 and 退差价, with plans that fit the demand."""

import pytest

from aftersales.enums import RoundState, Status
from aftersales.models import Plan
from tests.aftersales.negotiation.talk import messages, plan, refused, whole
from tests.factories import upload

DEMANDS = {
    "exchange": {"exchange", "return_refund", "partial_refund"},
    "resend": {"resend", "partial_refund", "full_refund_no_return"},
    "repair": {"repair", "return_refund", "full_refund_no_return"},
    "price_difference": {"partial_refund", "full_refund_no_return"},
}
FOREIGN = {
    "exchange": "resend",
    "resend": "exchange",
    "repair": "intercept_refund",
    "price_difference": "return_refund",
}


@pytest.mark.parametrize(("kind", "fitting"), DEMANDS.items())
def test_the_page_offers_the_plans_of_the_demand(make_case, at_desk, kind, fitting):
    """NEG-56: filtered by type; those of another demand are not on the page."""
    case = make_case("checked", type=kind)

    form = at_desk.look("negotiate", case).context["form"]

    codes = {card.code for card in form.cards()}
    assert fitting <= codes
    assert FOREIGN[kind] not in codes


def test_what_may_be_done_while_waiting_is_the_demands_own_answer(make_desk, at_desk, text_of):
    """NEG-21, NEG-56: 同意补寄, or once the goods are back 确认收货; it said 同意退款 or 同意退货."""
    for trait, kind, may in (
        ("", "resend", "同意补寄"),
        ("", "exchange", "同意换货"),
        ("sent_back", "return_refund", "确认收货并退款"),
    ):
        desk = make_desk(trait, type=kind)
        desk.check()
        assert f"等待期内仍可随时{may}" in text_of(at_desk.look("negotiate", desk.case))
        desk.negotiate()
        assert f"<li>随时{may}</li>" in text_of(at_desk.look("wait", desk.case))


@pytest.mark.parametrize(("kind", "code"), FOREIGN.items())
def test_a_plan_of_another_demand_is_refused_when_forged(make_desk, at_desk, kind, code):
    """NEG-56, NEG-10: through the page and by a forged step."""
    desk = make_desk("checked", type=kind)
    row = Plan.objects.get(code=code)
    terms = {"resend": {"items": "杯盖 1 个"}}.get(code, {})

    with refused(desk.case, "不适用于本单", field="plans"):
        desk.negotiate(offers=[plan(code, **terms)])
    answer = at_desk.send("negotiate", desk.case, plans=row.code, script="SC-01")

    assert answer.status_code == 422
    assert desk.case.round_number == 0


@pytest.mark.parametrize(
    ("kind", "code", "field", "sentence"),
    [
        ("resend", "resend", "items_resend", "请写明补寄什么、各几件"),
        ("repair", "repair", "days_repair", "请填写几天内修好（1 到 30 天）"),
    ],
)
def test_what_a_plan_asks_for_stands_in_its_card_and_is_demanded(
    make_case, at_desk, text_of, kind, code, field, sentence
):
    """NEG-56: items × quantity of a resend, days of a repair; said with all else that is missing."""
    case = make_case("checked", type=kind)
    form = at_desk.look("negotiate", case).context["form"]
    card = next(card for card in form.cards() if card.code == code)
    assert [each.name for each in card.more] == [field]

    answer = at_desk.send("negotiate", case, plans=code)

    page = text_of(answer)
    assert answer.status_code == 422
    assert sentence in page
    assert "请选择一段话术" in page
    assert case.round_number == 0


def test_an_exchange_names_the_model(make_case, at_desk):
    """NEG-56: SKU."""
    case = make_case("checked", type="exchange")

    form = at_desk.look("negotiate", case).context["form"]
    card = next(card for card in form.cards() if card.code == "exchange")

    assert [each.name for each in card.more] == ["sku_exchange"]


@pytest.mark.parametrize("kind", DEMANDS)
def test_two_rounds_and_only_then_a_rejection(make_desk, at_desk, merchant, kind):
    """NEG-56, NEG-45: the same gates, waits and proofs whatever is demanded."""
    desk = make_desk("checked", type=kind)
    with refused(desk.case, "驳回前请先与消费者完成两轮协商"):
        desk.case.reject(by=merchant, reason=None, statement="")

    desk.negotiate()
    assert desk.case.round_state == RoundState.WAITING
    with refused(desk.case, "请耐心等待消费者回复"):
        desk.case.reject(by=merchant, reason=None, statement="")
    desk.reply()
    desk.negotiate()
    desk.reply()
    page = at_desk.look("reject", desk.case)
    assert page.status_code == 200
    desk.reject()

    assert desk.case.status == Status.REJECTED
    assert "很遗憾这次没能达成一致" in messages(desk.case)[-1][1]
    assert whole(desk.case)


@pytest.mark.parametrize(
    ("kind", "code", "terms", "status"),
    [
        ("exchange", "exchange", {"sku": "300ml 青绿"}, Status.AWAITING_BUYER_RETURN),
        ("repair", "repair", {"days": "7"}, Status.AWAITING_BUYER_RETURN),
        ("resend", "resend", {"items": "杯盖 1 个"}, Status.AWAITING_MERCHANT_SHIP),
        ("exchange", "return_refund", {}, Status.AWAITING_BUYER_RETURN),
        ("resend", "full_refund_no_return", {}, Status.REFUNDING),
    ],
)
def test_an_accepted_plan_does_what_it_says(make_desk, kind, code, terms, status):
    """NEG-56, T-21: one of several that are offered at once."""
    desk = make_desk("checked", type=kind)
    others = [plan("partial_refund", "20.00")]
    desk.negotiate(offers=[plan(code, **terms), *others])
    offer = next(each for each in desk.case.open_offers() if each.plan.code == code)

    desk.case.accept_plan(by=desk.buyer, offer=offer)

    assert desk.case.status == status
    assert not desk.case.open_offers()


def test_the_agreement_claim_works_there_too(make_desk):
    """NEG-56, NEG-46."""
    desk = make_desk("answered", type="exchange")
    form = desk.case.step_form("round_2")
    agreed = next(each for each in form.offered("outcomes") if each.code == "agreed")
    desk.case.negotiate(
        by=desk.merchant,
        outcome=agreed,
        explanation="买家同意留着这只杯子，不换了。",
        evidence={"chat": [upload(desk.merchant)]},
        risks=[each.code for each in desk.case.warnings() if each.ticked],
    )

    desk.case.confirm_agreed(by=desk.buyer)

    assert desk.case.status == Status.CLOSED_AGREED
