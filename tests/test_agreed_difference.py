"""谈妥退差价: a price difference agreed before any case becomes the fitting claim (S-47)."""

import html
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales.enums import CaseType, Party, Status
from aftersales.models import Case, Plan
from aftersales.steps import Refused


def read(answer):
    return " ".join(html.unescape(answer.content.decode()).split())


def test_an_agreed_price_difference_becomes_the_claim_and_one_click_settles_it(
    order, line, buyer, merchant, talk, signed_in
):
    """S-47: proposed with its amount, accepted, applied for as filled in, agreed at one click; the
    ordinary demands of the line stay open."""
    talk.say(by=buyer, party=Party.BUYER, text="昨天刚买，今天就降价了，能退差价吗？")
    phone, desk = signed_in(buyer), signed_in(merchant)
    thread = reverse("merchants:conversation", args=[line.pk])
    assert "在下面填写金额，0.01 到 127.99 之间" in read(desk.get(thread))
    desk.post(thread, {"propose": "1", "plan": "price_difference", "amount": "20.00"})
    proposal = line.proposals.get()

    url = reverse("buyers:answer_proposal", args=[order.shop.code, order.number, 1, proposal.pk])
    accepted = phone.post(url, {"accept": "1"})
    assert accepted.url.endswith("/apply/price_difference/")
    form = phone.get(accepted.url).context["form"]
    assert (form["reason"].value(), form["amount"].value()) == ("U5", "20.00")
    assert "reference_price" not in form.fields
    names = ("reason", "amount", "quantity", "description", "key", "most")
    phone.post(accepted.url, {name: form[name].value() or "" for name in names})
    review = f"{accepted.url}review/"
    asked = phone.get(review).context
    phone.post(review, {"agreed": "1", "agreement": asked["version"], "key": asked["key"]})

    case = Case.objects.get(line=line)
    assert (case.type, case.amount) == (CaseType.PRICE_DIFFERENCE, Decimal("20.00"))
    assert case.as_agreed()
    click = {"version": case.version, "key": uuid.uuid4().hex}
    desk.post(reverse("merchants:agree", args=[case.code]), click)
    case.refresh_from_db()
    assert (case.status, case.to_refund) == (Status.REFUNDING, Decimal("20.00"))
    assert Case.why_not(line) == ""


def test_no_price_difference_is_proposed_for_all_of_the_price(talk, buyer, merchant, line):
    """S-47, NEG-11: a difference is less than what was paid."""
    talk.say(by=buyer, party=Party.BUYER, text="能退差价吗？")

    plan = Plan.objects.get(code="price_difference")
    with pytest.raises(Refused) as refused:
        talk.propose(by=merchant, plan=plan, amount=Decimal("128.00"))

    assert "amount" in refused.value.errors
    assert not line.proposals.exists()
