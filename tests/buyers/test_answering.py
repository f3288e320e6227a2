"""答复商家: accepting one offer, declining all, and saying what one would rather have (B10)."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse

from aftersales import clock
from aftersales.enums import Party, PlanState, RoundState, Status
from aftersales.models import Case, Offering, Outcome, Plan, User
from tests.buyers.conftest import Phone
from tests.factories import Desk, picture

Read = Callable[[HttpResponse], str]


def offered(desk: Desk, *wanted: tuple[str, str]) -> list[Any]:
    """Send a round with these plans; the offers in their order."""
    asked = {"invite_evidence": {"what": "裂纹近照", "count": 1}}
    desk.negotiate(
        offers=[
            Offering(
                Plan.objects.get(code=code),
                Decimal(amount) if amount else None,
                asked.get(code, {}),
            )
            for code, amount in wanted
        ]
    )
    return desk.case.open_offers()


# Accepting ----------------------------------------------------------------------------------------


def test_accepting_asks_once_more_with_amount_way_and_time(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    desk = make_desk("checked")
    [offer] = offered(desk, ("partial_refund", "45.00"))

    shown = text_of(at_phone.look("accept_plan", desk.case, offer=offer.pk))

    assert "¥45.00" in shown
    assert "原路退回（微信支付）" in shown
    assert "接受后立即提交退款" in shown
    assert "接受后立即生效，此商品不能再申请售后" in shown
    desk.case.refresh_from_db()
    assert desk.case.status == Status.PENDING_MERCHANT


def test_accepting_a_partial_refund_pays_exactly_that(
    make_desk: Callable[..., Desk], at_phone: Phone
) -> None:
    """T-21, NEG-31, S-47: the demand itself is kept."""
    desk = make_desk("checked")
    offer, other = offered(desk, ("partial_refund", "45.00"), ("return_freight_covered", ""))

    answer = at_phone.send("accept_plan", desk.case, offer=offer.pk)

    case = desk.case
    assert answer.status_code == 302
    assert (case.status, case.amount, case.to_refund) == (
        Status.REFUNDING,
        Decimal("128.00"),
        Decimal("45.00"),
    )
    assert case.refunds.get().amount == Decimal("45.00")
    event = case.events.last()
    assert (event.step, event.party) == ("accept_plan", Party.BUYER)
    other.refresh_from_db()
    assert other.state == PlanState.DECLINED


def test_what_is_given_besides_is_to_be_taken_first_and_the_page_says_so(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """§2.6, SC-18: a coupon beside the plan; whoever took the plan first lost it unawares."""
    desk = make_desk("checked")
    partial, coupon = offered(desk, ("partial_refund", "45.00"), ("coupon", "10.00"))
    told = "商家另给的“补偿 ¥10.00”要先单独接受，接受这个方案后不能再领。"

    assert told in text_of(at_phone.look("accept_plan", desk.case, offer=partial.pk))
    assert "另给的" not in text_of(at_phone.look("accept_plan", desk.case, offer=coupon.pk))
    at_phone.send("accept_plan", desk.case, offer=coupon.pk)
    assert "另给的" not in text_of(at_phone.look("accept_plan", desk.case, offer=partial.pk))


def test_accepting_a_return_opens_the_way_back(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """T-21 → S3: with address, deadline and who pays."""
    desk = make_desk("checked")
    [offer] = offered(desk, ("return_freight_covered", ""))

    at_phone.send("accept_plan", desk.case, offer=offer.pk)

    assert desk.case.status == Status.AWAITING_BUYER_RETURN
    shown = text_of(at_phone.look("case", desk.case))
    assert "文三路 1 号" in shown
    assert "运费商家承担" in shown


def test_nothing_chosen_is_told_and_nothing_is_chosen_for_him(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    desk = make_desk("checked")
    offered(desk, ("partial_refund", "45.00"), ("return_freight_covered", ""))

    from_case = at_phone.look("accept_plan", desk.case, choose=1)
    posted = at_phone.send("accept_plan", desk.case)

    assert "请选择一个方案" in text_of(from_case)
    assert posted.status_code == 422
    assert "请选择一个方案" in text_of(posted)
    assert desk.case.status == Status.PENDING_MERCHANT


def test_an_offer_stays_open_after_the_window(
    make_desk: Callable[..., Desk], at_phone: Phone, now: Any
) -> None:
    """NEG-32."""
    desk = make_desk("checked")
    [offer] = offered(desk, ("partial_refund", "45.00"))
    now.shift(timedelta(minutes=61))

    at_phone.send("accept_plan", desk.case, offer=offer.pk)

    assert desk.case.status == Status.REFUNDING


def test_a_replaced_offer_cannot_be_accepted(
    make_desk: Callable[..., Desk], at_phone: Phone
) -> None:
    """NEG-32: neither that of the round before, nor that of another's case."""
    desk = make_desk("checked")
    [old] = offered(desk, ("partial_refund", "45.00"))
    desk.reply()
    desk.negotiate()
    foreign = make_desk("waiting").case.open_offers()[0]

    for offer in (old, foreign):
        answer = at_phone.send("accept_plan", desk.case, offer=offer.pk)
        assert answer.status_code == 422
    assert desk.case.status == Status.PENDING_MERCHANT
    assert not desk.case.refunds.exists()


def test_accepting_twice_pays_once(make_desk: Callable[..., Desk], at_phone: Phone) -> None:
    desk = make_desk("checked")
    [offer] = offered(desk, ("partial_refund", "45.00"))

    for _ in range(2):
        answer = at_phone.send("accept_plan", desk.case, offer=offer.pk, key="one-click")
        assert answer.status_code == 302
    again = at_phone.send("accept_plan", desk.case, offer=offer.pk)

    assert again.status_code == 409
    assert desk.case.refunds.count() == 1


def test_an_old_offer_may_be_taken_after_a_rejection(
    make_desk: Callable[..., Desk], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """S-22, NEG-32: the second round lapsed, the shop rejected, and its offer still stands."""
    desk = make_desk("second_waiting")
    now.shift(timedelta(minutes=61))
    desk.case.catch_up()
    desk.reject()
    [offer] = desk.case.open_offers()
    shown = text_of(at_phone.look("case", desk.case))
    assert "接受商家之前的方案" in shown

    at_phone.send("accept_plan", desk.case, offer=offer.pk)

    assert desk.case.status == Status.REFUNDING
    assert desk.case.refunds.get().amount == offer.amount


def test_waiting_a_while_after_a_rejection_ends_no_claim(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """§2.6, T-21: the shop has to answer again; the page said that no claim is left."""
    desk = make_desk("checked", type="refund_not_received", reason="N2")
    until = (clock.now() + timedelta(hours=24)).isoformat()
    for _number in range(2):
        plan = Plan.objects.get(code="wait_until")
        desk.negotiate(offers=[Offering(plan, None, {"until": until})])
        desk.case.send_message(by=desk.buyer, text="我再想想")
    desk.reject()
    [offer] = desk.case.open_offers()

    shown = text_of(at_phone.look("accept_plan", desk.case, offer=offer.pk))

    assert "接受后立即生效，你的申请继续有效" in shown
    assert "此商品不能再申请售后" not in shown


def test_an_invitation_is_no_plan_that_a_rejected_buyer_could_accept(
    make_desk: Callable[..., Desk], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """NEG-35: what RR-06 asks for before; the page spoke of plans to accept, and led to none."""
    desk = make_desk("answered")
    offered(desk, ("invite_evidence", ""))
    now.shift(timedelta(minutes=61))
    desk.case.catch_up()
    assert "商家的方案还可以接受" not in text_of(at_phone.look("case", desk.case))
    desk.reject()

    shown = text_of(at_phone.look("case", desk.case))

    assert "可以补充凭证，或申请平台介入。" in shown
    assert "商家请你补充凭证，去补充" in shown
    assert "之前的方案" not in shown


# Declining ----------------------------------------------------------------------------------------


def test_declining_needs_no_words(make_case: Callable[..., Case], at_phone: Phone) -> None:
    """NEG-31: the window ends, the case stays open."""
    case = make_case("waiting")

    answer = at_phone.send("reply", case, plan="none")

    assert answer.status_code == 302
    assert (case.status, case.round_state) == (Status.PENDING_MERCHANT, RoundState.ANSWERED)
    assert case.messages.last().text == "都不接受"
    assert not case.open_offers()


def test_a_counter_offer_stands_with_words_and_pictures(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """NEG-30: type, amount, text and evidence; the shop can take it with one click."""
    case = make_case("waiting")

    at_phone.send(
        *("reply", case),
        **{
            "plan": "partial_refund",
            "amount": "¥80.00",
            "text": "退 80 我可以留着",
            "proof_reply": picture(),
        },
    )

    counter = case.open_counter()
    assert counter is not None
    assert (counter.plan.code, counter.amount) == ("partial_refund", Decimal("80.00"))
    assert case.evidence.filter(slot="reply", party=Party.BUYER).count() == 1
    shown = text_of(at_phone.look("case", case))
    assert "你希望的方案：部分退款，无需退货 ¥80.00" in shown


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"plan": "partial_refund"}, "请填写希望的金额"),
        ({"plan": "partial_refund", "amount": "128.01"}, "希望的金额不能超过申请金额 ¥128.00"),
        ({"plan": "partial_refund", "amount": "0"}, "退款金额需在 0.01 到 128.00 之间"),
        ({"plan": "partial_refund", "amount": "44.99"}, "商家已经提出退款 ¥45.00，直接接受即可"),
        ({"plan": "partial_refund", "amount": "45.00"}, "商家已经提出退款 ¥45.00，直接接受即可"),
        ({"plan": "coupon"}, "请选择列表中的选项"),
        ({"plan": "none", "text": "长" * 501}, "最多 500 个字"),
    ],
)
def test_a_counter_offer_that_cannot_be_is_refused_and_kept_as_typed(
    make_case: Callable[..., Case],
    at_phone: Phone,
    text_of: Read,
    filled: dict[str, str],
    sentence: str,
) -> None:
    case = make_case("waiting")

    answer = at_phone.send("reply", case, **({"text": "请看照片"} | filled))

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert case.round_state == RoundState.WAITING
    if "text" not in filled:
        assert "请看照片" in text_of(answer)


def test_what_a_plan_asks_for_stands_in_its_card_and_counts_only_with_it(
    make_case: Callable[..., Case], at_phone: Phone
) -> None:
    """§2.6: an amount typed before he changed his mind does not stop him, and comes back."""
    case = make_case("waiting")
    html = at_phone.look("reply", case).content.decode()
    for code, name in (("partial_refund", "amount"), ("exchange", "sku_exchange")):
        [card] = [part for part in html.split('class="opt"') if f'value="{code}"' in part[:400]]
        assert re.search(rf'class="more">.*name="{name}"', card, re.DOTALL), code
        assert html.count(f'name="{name}"') == 1

    refused = at_phone.send("reply", case, plan="none", amount="8o", text="长" * 501)
    assert 'value="8o"' in refused.content.decode()
    assert list(refused.context["form"].errors) == ["text"]
    at_phone.send("reply", case, plan="none", amount="80", text="请看照片")
    assert case.round_state == RoundState.ANSWERED
    assert case.open_counter() is None


def test_an_answer_to_a_round_that_was_followed_by_another_is_a_conflict(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """The page showed round 1; round 2 is out meanwhile: 409, and the words are kept."""
    desk = make_desk("waiting")
    first = desk.case.rounds.get()
    desk.reply()
    desk.negotiate()

    answer = at_phone.send("reply", desk.case, plan="none", round=first.pk, text="不行")

    assert answer.status_code == 409
    assert "商家已发起新一轮协商，请看新的方案" in text_of(answer)
    assert "不行" in text_of(answer)
    assert desk.case.round_state == RoundState.WAITING


def test_a_late_answer_still_counts(
    make_case: Callable[..., Case], at_phone: Phone, now: Any
) -> None:
    """NEG-34."""
    case = make_case("waiting")
    now.shift(timedelta(minutes=90))

    at_phone.send("reply", case, plan="none", text="刚看到，不接受")

    assert case.round_state == RoundState.ANSWERED
    assert case.rounds.get().late


def test_without_an_open_round_there_is_nothing_to_answer(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    case = make_case()

    assert "没有需要答复的协商" in text_of(at_phone.look("reply", case))
    answer = at_phone.send("reply", case, plan="none", text="不接受")

    assert answer.status_code == 409
    assert case.attempts.get().step == "reply"
    assert not case.messages.exists()


# Evidence that was asked for, and an agreement that is claimed ------------------------------------


def test_evidence_that_the_shop_asked_for_is_an_answer(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """S-62, NEG-35."""
    desk = make_desk("checked")
    offered(desk, ("invite_evidence", ""))
    assert "商家请你补充凭证" in text_of(at_phone.look("case", desk.case))
    assert desk.case.last_round.text in text_of(at_phone.look("add_evidence", desk.case))

    at_phone.send("add_evidence", desk.case, proof_added=picture(), text="补一张近照")

    assert desk.case.round_state == RoundState.ANSWERED
    assert desk.case.evidence.filter(slot="added", party=Party.BUYER).count() == 1


def test_evidence_without_a_picture_is_refused(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    case = make_case()

    answer = at_phone.send("add_evidence", case, text="没有照片")

    assert answer.status_code == 422
    assert "请上传凭证" in text_of(answer)
    assert case.events.count() == 1


@pytest.fixture
def claimed(make_desk: Callable[..., Desk]) -> Case:
    """The shop says in round 2 that both have agreed."""
    desk = make_desk("answered")
    desk.negotiate(
        outcome=Outcome.objects.get(code="agreed"),
        explanation="电话里谈好了，补发一只新杯子。",
        offers=[],
        script=None,
    )
    return desk.case


def test_the_buyer_confirms_what_was_agreed(
    claimed: Case, at_phone: Phone, buyer: User, text_of: Read
) -> None:
    """NEG-46: the page says what it ends; the case closes as agreed."""
    assert "商家说已与你协商一致，请确认" in text_of(at_phone.look("case", claimed))
    assert "没有谈妥就不要确认" in text_of(at_phone.look("confirm_agreed", claimed))

    at_phone.send("confirm_agreed", claimed)

    assert claimed.status == Status.CLOSED_AGREED
    event = claimed.events.last()
    assert (event.step, event.user) == ("confirm_agreed", buyer)


def test_who_has_written_already_may_still_say_that_nothing_was_agreed(
    claimed: Case, at_phone: Phone, buyer: User, text_of: Read
) -> None:
    """NEG-46: a message is an answer too; the button 没有谈妥 beside it was refused."""
    claimed.send_message(by=buyer, text="我再看看")
    assert "没有谈妥" in text_of(at_phone.look("case", claimed))
    assert "没有需要答复的协商" not in text_of(at_phone.look("reply", claimed))

    at_phone.send("reply", claimed, plan="none", text="没有谈妥，我要退款")

    assert not claimed.agreement_claimed
    assert claimed.round_state == RoundState.ANSWERED
    assert "请确认" not in text_of(at_phone.look("case", claimed))


def test_nothing_to_confirm_where_nothing_was_claimed(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    case = make_case("waiting")

    answer = at_phone.send("confirm_agreed", case)

    assert answer.status_code == 409
    assert "商家没有请你确认协商结果" in text_of(answer)
    assert case.status == Status.PENDING_MERCHANT
