"""答复验收提议: what the receiving desk offers is accepted, declined and countered like any offer (M18)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from aftersales import telling
from aftersales.consistency.checking import examine
from aftersales.enums import Party, PlanState, Status
from aftersales.models import Arrived, Case, Notice, User
from aftersales.notices.delivering import deliver_due
from aftersales.steps import Refused
from merchants.showing.tool import hint_of
from tests.aftersales.negotiation.talk import plan
from tests.buyers.conftest import Phone
from tests.factories import Desk, picture, upload

Read = Callable[[HttpResponse], str]


@pytest.fixture
def found(make_case: Callable[..., Case], merchant: User) -> Case:
    """One of two mugs came back, and ¥64.00 is offered for it."""
    case = make_case("sent_back", type="return_refund")
    _offer(case, merchant, "64.00")
    return case


def _offer(case: Case, merchant: User, amount: str) -> None:
    case.receive_part(
        by=merchant,
        arrived=[Arrived(1, "intact")],
        amount=Decimal(amount),
        note="少一只",
        evidence={"receipt": [upload(merchant)]},
    )


def test_a_note_on_what_came_back_leads_nobody_off_the_platform(
    make_case: Callable[..., Case], merchant: User
) -> None:
    """NEG-13: the buyer reads it."""
    case = make_case("sent_back", type="return_refund")

    with pytest.raises(Refused, match="「微信」"):
        case.receive_part(
            by=merchant,
            arrived=[Arrived(1, "intact")],
            note="少一只，加微信说",
            evidence={"receipt": [upload(merchant)]},
        )

    assert not case.receipts.exists()


def test_of_goods_that_are_back_no_plan_says_that_the_buyer_keeps_them(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """§2.6: 无需退货 is no news to who has sent it back; said to both sides."""
    desk = make_desk("sent_back", type="return_refund")
    desk.check()
    made = [plan("partial_refund", "64.00"), plan("full_refund_no_return")]
    assert [hint_of(each.plan, desk.case) for each in made] == [
        "商品已寄回，买家接受后立即退款",
        "¥128.00 商品已寄回，买家接受后立即退款",
    ]
    desk.negotiate(offers=made)

    shown = text_of(at_phone.look("case", desk.case))

    assert "按收到的商品退款 ¥64.00" in shown
    assert "全额退款 ¥128.00" in shown
    assert "接受后立即按此金额原路退回，售后结束" in shown
    assert "不用退货" not in shown
    assert "商品你留着" not in shown


def test_the_page_offers_to_accept_to_decline_and_to_counter(
    found: Case, at_phone: Phone, text_of: Read
) -> None:
    shown = text_of(at_phone.look("case", found))

    assert "商家验收后提议退款 ¥64.00，等你答复" in shown
    assert "现在不用做什么" not in shown
    assert "商家验收后提议退款 ¥64.00，等你答复" in text_of(at_phone.look("cases", tab="mine"))
    assert "应收 2 件，收到 1 件，完好" in text_of(at_phone.look("record", found))
    said = dict(telling.said(found.events.last().told, {}))
    assert said["收到的商品"].endswith("应收 2 件，收到 1 件，完好")
    assert "接受这个方案" in shown
    assert "不接受" in shown
    assert reverse("buyers:reply", args=[found.code]) in shown
    assert "我希望的方案不一样，告诉商家" in shown
    asked = text_of(at_phone.look("reply", found))
    assert "按收到的商品退款 ¥64.00" in asked
    assert "不接受，发送我的答复" in asked
    assert "无需退货" not in asked
    only = found.open_offers()[0].pk  # nothing to choose: on to what it comes to
    assert f'{reverse("buyers:accept_plan", args=[found.code])}?offer={only}"' in shown
    assert "接受后立即生效" in text_of(at_phone.look("accept_plan", found, offer=only))


def test_declining_takes_nothing_away_and_is_told_to_the_shop(
    found: Case, at_phone: Phone, merchant: User
) -> None:
    """M18, NEG-30: the claim goes on, with its receipt clock (D7)."""
    due_at = found.due_at
    deliver_due()

    answer = at_phone.send("reply", found, plan="none", text="两只都寄了", proof_reply=picture())

    assert answer.status_code == 302
    assert (found.status, found.due_at) == (Status.AWAITING_MERCHANT_RECEIPT, due_at)
    assert found.offers.get().state == PlanState.DECLINED
    assert not found.refunds.exists()
    event = found.events.last()
    assert (event.step, event.party, event.details["round"]) == ("reply", Party.BUYER, 0)
    assert found.round_state == ""
    assert found.evidence.get(slot="reply").party == Party.BUYER
    deliver_due()
    told = Notice.objects.filter(event=event).get()
    assert told.user == merchant
    assert "买家没有接受验收后的退款提议" in told.text_zh
    assert at_phone.send("accept_plan", found, offer=found.offers.get().pk).status_code == 409


def test_a_counter_is_accepted_by_the_shop_in_one_click(
    found: Case, at_phone: Phone, client: Any, merchant: User
) -> None:
    """M18: ¥100.00 instead of ¥64.00, to the cent."""
    at_phone.send("reply", found, plan="partial_refund", amount="100.00", text="只碎了一点")
    client.force_login(merchant)
    desk = client.get(reverse("merchants:receive_part", args=[found.code])).content.decode()
    page = client.get(reverse("merchants:case", args=[found.code])).content.decode()
    url = reverse("merchants:accept_counter", args=[found.code])
    assert "买家没有接受你的提议，希望：按收到的商品退款 ¥100.00" in desk
    assert "接受买家方案：按收到的商品退款 ¥100.00" in page

    assert "不接受验收后的提议，希望：按收到的商品退款 ¥100.00" in page

    client.post(url, {"version": found.version, "key": "counter"})

    found.refresh_from_db()
    assert (found.status, found.refunds.get().amount) == (Status.REFUNDING, Decimal("100.00"))
    assert [each.state for each in found.offers.order_by("pk")] == [
        PlanState.DECLINED,
        PlanState.ACCEPTED,
    ]
    told = at_phone.look("record", found).content.decode()
    assert "商家接受了你的方案：按收到的商品退款 ¥100.00" in told


def test_a_new_offer_takes_the_place_of_the_counter(
    found: Case, at_phone: Phone, merchant: User
) -> None:
    at_phone.send("reply", found, plan="partial_refund", amount="100.00")
    _offer(found, merchant, "80.00")

    assert [(each.amount, each.state) for each in found.offers.order_by("pk")] == [
        (Decimal("64.00"), PlanState.DECLINED),
        (Decimal("100.00"), PlanState.REPLACED),
        (Decimal("80.00"), PlanState.OPEN),
    ]


def test_what_he_has_not_seen_is_not_declined(
    found: Case, at_phone: Phone, merchant: User, text_of: Read
) -> None:
    """A better offer came while he wrote; his words stay in the form."""
    before = found.offers.get()
    _offer(found, merchant, "80.00")

    answer = at_phone.send("reply", found, plan="none", text="两只都寄了", offer=before.pk)

    assert answer.status_code == 409
    assert "商家已更新方案，请看新的方案" in text_of(answer)
    assert "两只都寄了" in text_of(answer)
    assert found.offers.order_by("pk").last().state == PlanState.OPEN


def test_nothing_offered_is_nothing_to_decline(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    case = make_case("sent_back", type="return_refund")

    answer = at_phone.send("reply", case, plan="none")

    assert answer.status_code == 409
    assert "没有需要答复的协商" in text_of(answer)


@pytest.mark.parametrize("how", ["decline", "accept"])
def test_a_round_that_was_answered_before_stays_as_it_was(
    how: str, make_desk: Callable[..., Any], at_phone: Phone
) -> None:
    """The receiving desk's offer stands outside the rounds; the history of those is not touched."""
    desk = make_desk("sent_back", type="return_refund")
    desk.negotiate()
    desk.reply()
    case = desk.case
    answered = case.last_round.answered_at
    _offer(case, desk.merchant, "64.00")
    offer = case.offers.order_by("pk").last()

    if how == "accept":
        at_phone.send("accept_plan", case, offer=offer.pk)
    else:
        at_phone.send("reply", case, plan="none", offer=offer.pk)

    assert case.last_round.answered_at == answered
    assert case.round_state == case.last_round.state
    assert not examine([case.pk])
