"""先联系商家: buyer and shop talk before any case, and what they agree on becomes the claim."""

import html
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales.enums import CaseType, OrderState, Party, PlanState, Status
from aftersales.models import Case, Conversation, Message, Notice, Plan
from aftersales.notices import delivering
from aftersales.steps import Refused
from tests.factories import MemberFactory, OrderFactory, application_for, picture, upload

ASKED = "杯子有一道裂纹，是质量问题吗？"


def ask_url(order):
    return reverse("buyers:ask", args=[order.shop.code, order.number, 1])


def read(answer):
    return " ".join(html.unescape(answer.content.decode()).split())


def plan(code):
    return Plan.objects.get(code=code)


# Asking


def test_the_order_leads_to_the_seller_before_any_claim(order, buyer, signed_in):
    """S-06, S-46: from the order, from its list and from the application's first page."""
    phone = signed_in(buyer)
    pages = [
        reverse("buyers:orders"),
        reverse("buyers:order", args=[order.shop.code, order.number]),
        reverse("buyers:apply", args=[order.shop.code, order.number, 1]),
    ]

    for page in pages:
        assert ask_url(order) in read(phone.get(page))
    assert "直接申请" in read(phone.get(ask_url(order)))


def test_a_question_reaches_the_shop_with_its_picture(order, line, buyer, merchant, signed_in):
    """S-38, S-46: text and picture; a notice for the shop; unread until it is opened."""
    phone, desk = signed_in(buyer), signed_in(merchant)

    answer = phone.post(
        ask_url(order), {"text": ASKED, "proof_chat": picture(), "key": uuid.uuid4().hex}
    )

    assert answer.status_code == 302
    said = Message.objects.get(line=line)
    assert (said.party, said.text, said.case, said.read_at) == (Party.BUYER, ASKED, None, None)
    assert said.uploads.count() == 1
    assert not Case.objects.exists()
    notice = Notice.objects.get(user=merchant)
    assert notice.text == f"“{line.title}”有新消息：{ASKED}"
    assert "未读" in read(phone.get(ask_url(order)))

    listed = read(desk.get(reverse("merchants:conversations")))
    assert "1 条未读" in listed
    assert '买家咨询 <span data-live="asked">1</span>' in listed
    opened = desk.get(reverse("open_notice", args=[notice.pk]))
    thread = desk.get(opened.url)
    assert ASKED in read(thread)
    token = said.uploads.get().token
    assert token in read(thread)
    shown = desk.get(reverse("file", args=[token]))
    assert shown.status_code == 200
    assert b"".join(shown.streaming_content)
    assert "12:00 已读" in read(phone.get(ask_url(order)))
    assert "条未读" not in read(desk.get(reverse("merchants:conversations")))


def test_the_shop_answers_and_the_buyer_reads(order, line, buyer, merchant, talk, signed_in):
    """S-46: read marks on both sides."""
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    desk, phone = signed_in(merchant), signed_in(buyer)
    thread_url = reverse("merchants:conversation", args=[line.pk])

    desk.post(thread_url, {"text": "是开片工艺，不影响使用。", "key": uuid.uuid4().hex})

    assert "未读" in read(desk.get(thread_url))
    assert "我方：是开片工艺" in read(desk.get(reverse("merchants:conversations")))
    assert "是开片工艺" in read(phone.get(ask_url(order)))
    assert "12:00 已读" in read(desk.get(thread_url))
    assert Notice.objects.get(user=buyer).party == Party.BUYER


def test_a_buyer_without_a_nick_in_the_order_is_named_masked(
    order, line, buyer, merchant, talk, signed_in
):
    order.buyer_nick = ""
    order.save()
    Conversation(line).say(by=buyer, party=Party.BUYER, text=ASKED)
    desk = signed_in(merchant)

    for page in (
        reverse("merchants:conversations"),
        reverse("merchants:conversation", args=[line.pk]),
    ):
        assert "林**树" in read(desk.get(page))


def test_those_with_unread_words_stand_first(shop, buyer, merchant, signed_in, now):
    lines = [OrderFactory(shop=shop, buyer=buyer).lines.get() for _ in range(2)]
    for line in lines:
        Conversation(line).say(by=buyer, party=Party.BUYER, text=ASKED)
        now.shift(timedelta(minutes=1))
    Conversation(lines[1]).read(Party.MERCHANT)

    shown = signed_in(merchant).get(reverse("merchants:conversations")).context["rows"]

    assert [line.pk for line, *_more in shown] == [lines[0].pk, lines[1].pk]


@pytest.mark.parametrize("text", ["打我电话 13812345678", "加微信 shanlan88 聊"])
def test_the_shop_keeps_to_the_platform(line, buyer, merchant, talk, signed_in, text):
    """NEG-13's rule for contacts, also before a case: refused, and what was typed is kept."""
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)

    answer = signed_in(merchant).post(
        reverse("merchants:conversation", args=[line.pk]), {"text": text}
    )

    assert answer.status_code == 422
    assert "不能包含电话、微信或外部链接" in read(answer)
    assert text in read(answer)
    assert line.messages.count() == 1


def test_both_sides_are_asked_for_words_or_a_picture(order, line, buyer, merchant, talk, signed_in):
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)

    for user, url in (
        (buyer, ask_url(order)),
        (merchant, reverse("merchants:conversation", args=[line.pk])),
    ):
        assert "文字或图片，至少一样" in read(signed_in(user).get(url))


@pytest.mark.parametrize(
    ("text", "sentence"), [("  ", "请写几句，或者附一张图片"), ("长" * 501, "最多 500 个字")]
)
def test_nothing_and_too_much_are_refused(order, buyer, signed_in, text, sentence):
    answer = signed_in(buyer).post(ask_url(order), {"text": text})

    assert answer.status_code == 422
    assert sentence in read(answer)
    assert not Message.objects.exists()


def test_a_double_click_says_it_once(order, line, buyer, signed_in):
    phone, key = signed_in(buyer), uuid.uuid4().hex

    for _ in range(2):
        phone.post(ask_url(order), {"text": ASKED, "key": key})

    assert line.messages.count() == 1


def test_nobody_floods_the_other(buyer, line, talk, now):
    """Twenty in ten minutes; then it goes on."""
    for number in range(20):
        talk.say(by=buyer, party=Party.BUYER, text=f"在吗 {number}")

    with pytest.raises(Refused, match="消息发得太快了"):
        talk.say(by=buyer, party=Party.BUYER, text="在吗")
    now.shift(timedelta(minutes=10))
    talk.say(by=buyer, party=Party.BUYER, text="在吗")

    assert line.messages.count() == 21


def test_one_unread_notice_a_thread_is_enough(buyer, merchant, line, talk):
    for _ in range(3):
        talk.say(by=buyer, party=Party.BUYER, text=ASKED)

    assert Notice.objects.filter(user=merchant, line=line).count() == 1


def test_it_is_mailed_with_the_orders_number(buyer, merchant, talk, order, mailoutbox):
    merchant.email = "chen@example.com"
    merchant.save()
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)

    delivering.send_mails()

    [mail] = mailoutbox
    assert mail.subject == f"订单 {order.number} 有新消息"
    assert ASKED in mail.body


def test_it_is_no_business_of_others(order, line, buyer, stranger, talk, signed_in, client):
    talk.say(by=buyer, party=Party.BUYER, text=ASKED, uploads=[upload(buyer)])
    other = signed_in(stranger)
    token = line.messages.get().uploads.get().token

    assert other.get(ask_url(order)).status_code == 404
    assert other.post(ask_url(order), {"text": "x"}).status_code == 404
    thread_url = reverse("merchants:conversation", args=[line.pk])
    assert other.get(thread_url).status_code == 404
    assert other.post(thread_url, {"text": "x"}).status_code == 404
    assert other.get(reverse("file", args=[token])).status_code == 404
    assert signed_in(buyer).get(thread_url).status_code == 404
    assert client.get(ask_url(order)).status_code == 302
    with pytest.raises(Refused, match="你没有权限"):
        talk.say(by=stranger, party=Party.BUYER, text="x")
    with pytest.raises(Refused, match="你没有权限"):
        talk.say(by=buyer, party=Party.MERCHANT, text="x")
    assert line.messages.count() == 1


def test_a_member_without_the_permission_reads_and_does_not_write(
    shop, line, buyer, talk, signed_in
):
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    member = MemberFactory(shop=shop, permissions=["receive"])
    desk, url = signed_in(member.user), reverse("merchants:conversation", args=[line.pk])

    assert ASKED in read(desk.get(url))
    assert desk.post(url, {"text": "您好"}).status_code == 403
    with pytest.raises(Refused, match="协商与沟通"):
        talk.propose(by=member.user, plan=plan("return_refund"))


# Agreeing


def propose(talk, merchant, code="partial_refund", amount="45.00", **more):
    amount = Decimal(amount) if amount else None
    said = talk.propose(by=merchant, plan=plan(code), amount=amount, **more)
    return said.proposal


def test_what_is_proposed_and_what_is_said_are_one_amount(line, merchant, talk):
    """S-47, NEG-13's rule for promises, also before a case."""
    with pytest.raises(Refused, match=r"话术里写的是 50 元，方案是 45\.00 元") as refused:
        propose(talk, merchant, text="退您50元可以吗？")

    assert "text" in refused.value.errors
    assert not line.proposals.exists()
    propose(talk, merchant, text="原价128元，退您45元可以吗？")
    assert line.proposals.count() == 1


def test_only_plans_that_fit_the_order_can_be_proposed(
    line, order, buyer, merchant, talk, signed_in
):
    """S-47, NEG-12: a parcel on its way is not returned; refused also when forged."""
    order.state, order.signed_at = OrderState.SHIPPED, None
    order.save()
    talk = Conversation(line)
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)

    open_to = {found.code for found, refusal in talk.plans() if not refusal}
    answer = signed_in(merchant).post(
        reverse("merchants:conversation", args=[line.pk]),
        {"propose": "1", "plan": "return_refund"},
    )

    assert "full_refund_no_return" in open_to
    assert not open_to & {"return_refund", "partial_refund"}
    assert answer.status_code == 422
    assert "还没有签收" in read(answer)
    assert not line.proposals.exists()


@pytest.mark.parametrize("amount", [None, "0.00", "128.00", "128.01", "45.001"])
def test_part_of_it_is_less_than_all_of_it(talk, buyer, merchant, line, amount):
    """NEG-11's limits hold here too."""
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)

    with pytest.raises(Refused) as refused:
        propose(talk, merchant, amount=amount)

    assert "amount" in refused.value.errors
    assert not line.proposals.exists()


def test_an_amount_typed_for_another_plan_is_no_part_of_this_one(
    line, buyer, merchant, talk, signed_in
):
    """S-47: he changed his mind, and the field is hidden with the plan that asked for it."""
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    filled = {"propose": "1", "plan": "return_refund", "amount": "45.00"}

    answer = signed_in(merchant).post(reverse("merchants:conversation", args=[line.pk]), filled)

    assert answer.status_code == 302
    assert line.proposals.get().amount is None


def test_a_newer_plan_replaces_the_older(talk, buyer, merchant, line):
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    first = propose(talk, merchant, amount="30.00")
    propose(talk, merchant, amount="45.00")

    assert [each.state for each in line.proposals.all()] == [PlanState.REPLACED, PlanState.OPEN]
    with pytest.raises(Refused, match="这个方案已失效"):
        talk.answer(first, by=buyer, accept=True)


def test_what_is_agreed_becomes_the_claim_and_one_click_settles_it(
    order, line, buyer, merchant, talk, signed_in
):
    """S-47: plan → accept → the form filled in with type, amount and U5 → the shop agrees at once."""
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    phone, desk = signed_in(buyer), signed_in(merchant)
    desk.post(
        reverse("merchants:conversation", args=[line.pk]),
        {"propose": "1", "plan": "partial_refund", "amount": "45.00", "key": uuid.uuid4().hex},
    )
    proposal = line.proposals.get()
    assert "部分退款，无需退货 ¥45.00" in read(phone.get(ask_url(order)))

    url = reverse("buyers:answer_proposal", args=[order.shop.code, order.number, 1, proposal.pk])
    accepted = phone.post(url, {"accept": "1"})

    proposal.refresh_from_db()
    assert (proposal.state, proposal.type) == (PlanState.ACCEPTED, CaseType.REFUND_RECEIVED)
    assert accepted.url.endswith("/apply/refund_received/")
    form = phone.get(accepted.url).context["form"]
    assert form["reason"].value() == "U5"
    assert form["amount"].value() == "45.00"
    assert "部分退款，无需退货 ¥45.00" in form["description"].value()

    names = ("reason", "amount", "quantity", "description", "key", "most")
    filled = {name: form[name].value() or "" for name in names}
    assert phone.post(accepted.url, filled).status_code == 302
    review = f"{accepted.url}review/"
    key = phone.get(review).context["key"]
    version = phone.get(review).context["version"]
    phone.post(review, {"agreed": "1", "agreement": version, "key": key})
    case = Case.objects.get(line=line)
    assert (case.amount, case.reason.code) == (Decimal("45.00"), "U5")
    assert case.as_agreed()

    page = desk.get(reverse("merchants:case", args=[case.code]))
    assert "聊天里已谈妥" in read(page)
    assert "按谈妥的同意，退款 ¥45.00" in read(page)
    desk.post(
        reverse("merchants:agree", args=[case.code]),
        {"version": case.version, "key": uuid.uuid4().hex},
    )
    case.refresh_from_db()
    assert case.status == Status.REFUNDING
    assert case.to_refund == Decimal("45.00")


@pytest.mark.parametrize(
    ("traits", "code", "kind", "amount"),
    [
        ({"unshipped": True}, "full_refund_no_return", "refund_unshipped", "128.00"),
        ({"in_transit": True}, "full_refund_no_return", "refund_not_received", "128.00"),
        ({}, "full_refund_no_return", "refund_received", "128.00"),
        ({}, "return_refund", "return_refund", "128.00"),
        ({}, "return_freight_covered", "return_refund", "128.00"),
    ],
)
def test_every_plan_leads_to_its_demand(
    shop, buyer, merchant, signed_in, traits, code, kind, amount
):
    """S-47: the fitting type and amount by the order's state."""
    order = OrderFactory(shop=shop, buyer=buyer, **traits)
    line = order.lines.get()
    talk = Conversation(line)
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    proposal = propose(talk, merchant, code, None)

    url = reverse("buyers:answer_proposal", args=[shop.code, order.number, 1, proposal.pk])
    answer = signed_in(buyer).post(url, {"accept": "1"})

    proposal.refresh_from_db()
    assert (proposal.type, proposal.amount) == (kind, Decimal(amount))
    assert answer.url.endswith(f"/apply/{kind}/")
    assert not Case.objects.exists()


def test_declining_is_said_and_leads_nowhere(order, line, buyer, merchant, talk, signed_in):
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    proposal = propose(talk, merchant)

    url = reverse("buyers:answer_proposal", args=[order.shop.code, order.number, 1, proposal.pk])
    signed_in(buyer).post(url, {"decline": "1"})

    proposal.refresh_from_db()
    assert proposal.state == PlanState.DECLINED
    assert line.messages.last().text == "不接受：部分退款，无需退货 ¥45.00"


def test_what_no_longer_fits_is_not_accepted(order, line, buyer, merchant, talk, signed_in, now):
    """S-47, S-05: the order has moved on since."""
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    proposal = propose(talk, merchant, "return_refund", None)
    now.shift(timedelta(days=10))

    url = reverse("buyers:answer_proposal", args=[order.shop.code, order.number, 1, proposal.pk])
    answer = signed_in(buyer).post(url, {"accept": "1"})

    assert answer.status_code == 409
    assert "签收已超过 7 天" in read(answer)
    proposal.refresh_from_db()
    assert proposal.state == PlanState.OPEN


def test_only_the_buyer_accepts(talk, buyer, merchant, stranger):
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    proposal = propose(talk, merchant)

    for user in (merchant, stranger):
        with pytest.raises(Refused, match="你没有权限"):
            talk.answer(proposal, by=user, accept=True)


def test_a_claim_that_is_not_what_was_agreed_is_shown_as_such(
    order, line, buyer, merchant, talk, signed_in
):
    """S-47: the shop sees both, and nothing is agreed at one click."""
    talk.say(by=buyer, party=Party.BUYER, text=ASKED)
    talk.answer(propose(talk, merchant), by=buyer, accept=True)
    case = Case.apply(line, application_for(order), by=buyer)

    page = read(signed_in(merchant).get(reverse("merchants:case", args=[case.code])))

    assert not case.as_agreed()
    assert "聊天里谈妥的与申请不同，请核对" in page
    assert "按谈妥的同意" not in page
