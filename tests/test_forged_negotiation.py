"""The tool's rules against requests that no page of ours would send: refused, and nothing is changed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.enums import Party, PlanState, Status
from tests.aftersales.negotiation.talk import footprint
from tests.factories import MemberFactory

ROUND = {"plans": ["partial_refund"], "amount_partial_refund": "45.00", "script": "SC-02"}
SECOND = ROUND | {"script": "SC-21", "outcome": "amount"}
NO = {"reason": "RR-05", "statement": "照片里的纹路是开片工艺，不是质量问题。", "declared": "on"}
NOT_NOW = "售后单当前状态不能进行此操作"

# rule, the case, whose page, the step, what is posted, the answer and its sentence
FORGED = [
    ("NEG-01", "", "nobody", "merchants:confirm_risks", {"look": "1"}, 404, ""),
    ("NEG-01", "", "clerk", "merchants:confirm_risks", {"look": "1"}, 403, "驳回"),
    ("NEG-01", "rejected", "merchant", "merchants:confirm_risks", {"look": "1"}, 409, NOT_NOW),
    ("NEG-02", "", "merchant", "merchants:negotiate", ROUND, 422, "请先核实风险提示"),
    ("NEG-04", "", "merchant", "merchants:confirm_risks", {"risks": ["RW-09"]}, 422, "请先确认"),
    ("NEG-06", "checked", "merchant", "merchants:negotiate", ROUND | {"version": 1}, 409, "更新"),
    ("NEG-10", "checked", "merchant", "merchants:negotiate", ROUND | {"script": "SC-24"}, 422, ""),
    ("NEG-10", "checked", "merchant", "merchants:negotiate", ROUND | {"plans": ["x"]}, 422, ""),
    ("NEG-12", "checked", "merchant", "merchants:negotiate", ROUND | {"plans": ["resend"]}, 422, ""),
    ("NEG-17", "waiting", "merchant", "merchants:negotiate", ROUND | {"due_at": "1"}, 409, "请耐心等待消费者回复"),
    ("NEG-20", "waiting", "merchant", "merchants:reject", NO, 409, "请耐心等待消费者回复"),
    ("NEG-21", "waiting", "buyer", "merchants:agree", {}, 404, ""),
    ("NEG-22", "waiting", "clerk", "merchants:send_message", {"text": "好了吗"}, 403, "协商"),
    ("NEG-23", "waiting", "clerk", "merchants:call", {}, 403, "协商"),
    ("NEG-24", "waiting", "merchant", "merchants:improve_offer", {"offer": "1", "amount": "60"}, 422, ""),
    ("NEG-30", "waiting", "buyer", "buyers:reply", {"plan": "coupon"}, 422, ""),
    ("NEG-30", "waiting", "nobody", "buyers:reply", {"plan": "none"}, 404, ""),
    ("NEG-31", "waiting", "buyer", "buyers:accept_plan", {"offer": "999999"}, 422, ""),
    ("NEG-33", "", "buyer", "buyers:reply", {"plan": "none"}, 409, "没有需要答复的协商"),
    ("NEG-40", "negotiated", "merchant", "merchants:negotiate", SECOND, 422, "两轮协商已完成"),
    ("NEG-41", "answered", "merchant", "merchants:negotiate", SECOND | {"outcome": ""}, 422, "请选择第一轮的结果"),
    ("NEG-42", "answered", "merchant", "merchants:negotiate", SECOND | {"outcome": "evidence_quality"}, 422, "请上传"),
    ("NEG-43", "answered", "merchant", "merchants:negotiate", SECOND | {"script": "SC-02"}, 422, ""),
    ("NEG-45", "answered", "merchant", "merchants:reject", NO, 422, "驳回前请先与消费者完成两轮协商"),
    ("NEG-46", "answered", "buyer", "buyers:confirm_agreed", {}, 409, "商家没有请你确认协商结果"),
    ("NEG-46", "answered", "merchant", "buyers:confirm_agreed", {}, 404, ""),
    ("NEG-46", "negotiated", "merchant", "merchants:reject", NO | {"reason": "RR-15"}, 422, "买家还没有确认"),
    ("NEG-47", "negotiated", "merchant", "merchants:reject", NO | {"reason": "RR-07"}, 422, "与买家的申请原因不符"),
    ("NEG-47", "negotiated", "merchant", "merchants:reject", NO, 422, "请上传检测报告或合格证"),
    ("NEG-50", "rejected", "merchant", "merchants:reject", NO, 409, NOT_NOW),
    ("NEG-52", "under_review", "merchant", "merchants:negotiate", ROUND, 409, NOT_NOW),
    ("NEG-52", "under_review", "buyer", "buyers:reply", {"plan": "none"}, 409, NOT_NOW),
    ("NEG-55", "negotiated", "reviewer", "merchants:reject", NO, 404, ""),
]  # fmt: skip


@pytest.fixture
def post(make_desk, shop, merchant, buyer, stranger, staff):
    """Post as one of these people, as a browser would, and give back case and answer."""
    clerk = MemberFactory(shop=shop, permissions=["agree"]).user
    people = {"merchant": merchant, "buyer": buyer, "nobody": stranger, "reviewer": staff}
    people["clerk"] = clerk

    def send(who, name, case, given):
        client = Client()
        client.force_login(people[who])
        hidden = {"version": case.version, "key": "forged"}
        return client.post(reverse(name, args=[case.code]), hidden | given)

    return send


@pytest.mark.parametrize(("rule", "trait", "who", "name", "given", "status", "sentence"), FORGED)
def test_what_no_page_would_send_is_refused(
    make_desk, post, rule, trait, who, name, given, status, sentence
):
    case = make_desk(trait).case
    before = footprint(case)

    answer = post(who, name, case, given)

    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert footprint(case) == before


def test_a_plan_that_a_newer_one_replaced_is_not_taken(make_desk, post):
    """NEG-32: with the number of the old one."""
    desk = make_desk("waiting")
    old = desk.case.open_offers()[0]
    desk.reply()
    desk.negotiate()
    before = footprint(desk.case)

    answer = post("buyer", "buyers:accept_plan", desk.case, {"offer": old.pk})

    assert answer.status_code in (409, 422)
    assert footprint(desk.case) == before


def test_a_plan_still_stands_after_the_wait(make_desk, post, now):
    """NEG-32."""
    desk = make_desk("waiting")
    offer = desk.case.open_offers()[0]
    now.shift(timedelta(hours=3))

    answer = post("buyer", "buyers:accept_plan", desk.case, {"offer": offer.pk})

    desk.case.refresh_from_db()
    offer.refresh_from_db()
    assert answer.status_code == 302
    assert (desk.case.status, offer.state) == (Status.REFUNDING, PlanState.ACCEPTED)


def test_an_amount_on_a_plan_that_has_none_goes_nowhere(make_desk, post):
    """NEG-11."""
    case = make_desk("checked").case
    given = {"plans": ["return_refund"], "script": "SC-03", "amount_return_refund": "1.00"}

    assert post("merchant", "merchants:negotiate", case, given).status_code == 302

    assert case.offers.get().amount is None


def test_words_of_an_uneditable_script_and_another_end_of_the_wait_go_nowhere(make_desk, post):
    """NEG-13, NEG-15, NEG-17: text, time and picture slots are the server's."""
    case = make_desk("checked").case
    given = {"plans": ["return_freight_covered"], "script": "SC-04", "text": "另说一句"}
    given |= {"sent_at": "2020-01-01", "due_at": "2020-01-01", "until": "2020-01-01"}

    assert post("merchant", "merchants:negotiate", case, given).status_code == 302

    sent = case.rounds.get()
    assert sent.text == sent.script.text_zh
    assert sent.due_at - sent.sent_at == timedelta(minutes=60)
    assert case.messages.get(party=Party.MERCHANT).text == sent.text


def test_time_is_quicker_than_a_late_rejection(make_desk, post, now):
    """NEG-51: posted when the handling time is over, it finds the claim granted."""
    desk = make_desk("negotiated")
    now.shift(timedelta(days=3))

    answer = post("merchant", "merchants:reject", desk.case, NO)

    desk.case.refresh_from_db()
    assert answer.status_code == 409
    assert desk.case.status == Status.REFUNDING
    assert not desk.case.events.filter(step="reject").exists()
