"""What goes with a plan, through both sides' pages: its own fields, its words, its results (§2.6)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales.enums import Party, PlanState, RoundState, Status
from tests.buyers.conftest import Phone
from tests.factories import upload

INVITING = {"plans": ["invite_evidence"], "script": "SC-05", "count_invite_evidence": "2"}


def test_an_invitation_stands_before_the_buyer_as_a_request(make_case, at_desk, buyer, text_of):
    """NEG-35, S-62: what is to be photographed and how many, until the round's end; 拍不了 answers."""
    case, phone = make_case("checked"), Phone(buyer)
    at_desk.send("negotiate", case, **INVITING, what_invite_evidence="裂纹近照和整体照")

    page = text_of(phone.look("case", case))
    request = case.requests.get()
    answering = reverse("buyers:answer_request", args=[case.code, request.pk])
    answer = phone.client.post(answering, {"done": "no", "text": "裂纹在内壁，拍不出来"})
    case.refresh_from_db()

    assert "商家请你补充凭证（2 张）" in page
    assert "裂纹近照和整体照" in page
    assert answering in page
    assert request.due_at == case.rounds.get().due_at
    assert answer.status_code == 302
    assert case.round_state == RoundState.ANSWERED
    assert "裂纹在内壁，拍不出来" in text_of(at_desk.look("case", case))


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"what_invite_evidence": ""}, "请写明要拍什么"),
        ({"what_invite_evidence": "加我微信发"}, "话术不能包含电话、微信或外部链接"),
        ({"what_invite_evidence": "近照", "count_invite_evidence": "9"}, "请填写 1 到 5 张"),
    ],
)
def test_an_invitation_that_asks_for_nothing_is_refused(
    make_case, at_desk, text_of, filled, sentence
):
    """NEG-35."""
    case = make_case("checked")

    answer = at_desk.send("negotiate", case, **INVITING | filled)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not case.rounds.exists()
    assert not case.requests.exists()


@pytest.mark.parametrize(
    ("kind", "filled", "sentence"),
    [
        (
            "refund_not_received",
            {"plans": ["intercept_refund"], "enquiry_intercept_refund": "打 13912345678"},
            "拦截单号只有字母、数字和短横线",
        ),
        (
            "resend",
            {"plans": ["resend"], "items_resend": "杯盖，加微信 abc 确认"},
            "话术不能包含电话、微信或外部链接",
        ),
        (
            "refund_received",
            {"plans": ["exchange"], "sku_exchange": "红色 www.example.com"},
            "话术不能包含电话、微信或外部链接",
        ),
    ],
)
def test_the_fields_of_a_plan_keep_to_the_platform(
    make_case, at_desk, text_of, kind, filled, sentence
):
    """NEG-13: no way round the words that are checked."""
    case = make_case("checked", type=kind, **({"reason": "R8"} if kind == "resend" else {}))

    answer = at_desk.send("negotiate", case, script="SC-01", **filled)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not case.rounds.exists()


def test_a_recall_may_name_the_carriers_number(make_case, at_desk, buyer, text_of):
    """§2.6."""
    case = make_case("checked", type="refund_not_received")
    filled = {"plans": ["intercept_refund"], "enquiry_intercept_refund": "LJ20261123-8"}

    at_desk.send("negotiate", case, script="SC-11", **filled)

    assert case.offers.get().terms == {"enquiry": "LJ20261123-8"}
    assert "拦截单号 LJ20261123-8" in text_of(Phone(buyer).look("case", case))


@pytest.mark.parametrize(
    ("plans", "script"), [("return_refund", "SC-02"), ("partial_refund", "SC-03")]
)
def test_words_about_another_plan_are_refused(make_case, at_desk, text_of, plans, script):
    """§2.5: no promises outside the plan; said in the preview, refused when sent."""
    case = make_case("checked")
    given = {"plans": [plans], "script": script, "amount_partial_refund": "45"}

    shown = at_desk.send("negotiate", case, refresh="1", **given)
    sent = at_desk.send("negotiate", case, **given)

    assert shown.context["preview"].refusal.startswith("这段话术说的是")
    assert sent.status_code == 422
    assert "请一并提出这样的方案，或换一段话术" in text_of(sent)
    assert not case.rounds.exists()


def test_words_about_plans_that_cannot_be_are_not_offered(make_case, at_desk):
    """NEG-12, S-61: a visible fault is neither resent nor excused as the wrong model."""
    fault = at_desk.look("negotiate", make_case("checked")).context["form"].fields["script"]
    wrong = at_desk.look(
        "negotiate", make_case("checked", type="return_refund", reason="R9")
    ).context["form"]

    assert not {"SC-08", "SC-09"} & {code for code, _name in fault.choices}
    assert "SC-09" in {code for code, _name in wrong.fields["script"].choices}


def test_a_promised_repair_names_the_day_it_is_done(make_case, at_desk):
    """SC-17: not the end of the wait for the buyer's answer."""
    case = make_case("checked", type="repair")

    at_desk.send("negotiate", case, plans=["repair"], days_repair="5", script="SC-17")

    assert "预计11-28 12:00前修好寄回" in case.rounds.get().text


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("R1", "evidence_missing"), ("R8", "evidence_described"), ("R8", "evidence_quality")],
)
def test_a_result_that_is_not_about_this_claim_cannot_be_chosen(
    make_case, at_desk, text_of, merchant, reason, outcome
):
    """NEG-41, NEG-42: nor forged, to need fewer proofs."""
    case = make_case("answered", reason=reason)
    page = at_desk.look("negotiate", case).context["form"].fields["outcome"]
    proofs = {
        f"proof_{slot}_kept": [upload(merchant).token] for slot in ("packing", "detail", "shipped")
    }

    forged = at_desk.send(
        "negotiate",
        case,
        outcome=outcome,
        plans=["full_refund_no_return"],
        script="SC-22",
        **proofs,
    )

    assert page.refusals[outcome] == "与本单的情况不符，不可选"
    assert forged.status_code == 422
    assert "与本单的情况不符" in text_of(forged)
    assert case.round_number == 1


def test_a_counter_offer_says_what_is_wanted_and_is_taken_from_the_case_page(
    make_desk, at_desk, buyer, text_of
):
    """§2.6: the same fields as a plan; one click, and what was agreed stands where it is shipped."""
    desk, phone = make_desk("waiting", type="resend", reason="R8"), Phone(buyer)
    empty = phone.send("reply", desk.case, plan="resend", items_resend="")
    phone.send("reply", desk.case, plan="resend", items_resend="杯盖 1 个", text="补一个就好")

    page = text_of(at_desk.look("case", desk.case))
    answer = at_desk.send("accept_counter", desk.case)

    assert empty.status_code == 422
    assert "请写明补寄什么、各几件" in text_of(empty)
    assert "接受买家方案：补寄" in page
    assert "补寄：杯盖 1 个" in page
    assert answer.status_code == 302
    assert desk.case.status == Status.AWAITING_MERCHANT_SHIP
    for shown in (
        at_desk.look("case", desk.case),
        at_desk.look("ship_replacement", desk.case),
        phone.look("case", desk.case),
    ):
        assert "约定内容" in text_of(shown)
        assert "杯盖 1 个" in text_of(shown)


def test_a_coupon_is_paid_out_and_the_buyer_finds_it(make_case, at_desk, buyer, text_of):
    """§2.6: issued at once, no part of the refund."""
    case, phone = make_case("checked"), Phone(buyer)
    plans = ["partial_refund", "coupon"]
    amounts = {"amount_partial_refund": "45", "amount_coupon": "10"}
    at_desk.send("negotiate", case, plans=plans, script="SC-18", **amounts)
    coupon = case.offers.get(plan__code="coupon")

    phone.send("accept_plan", case, offer=coupon.pk)

    coupon.refresh_from_db()
    issued = case.refunds.get()
    assert coupon.state == PlanState.ACCEPTED
    assert (issued.amount, issued.purpose, issued.in_kind) == (Decimal(10), "goodwill", True)
    assert case.status == Status.PENDING_MERCHANT
    assert reverse("buyers:refund", args=[case.code]) in text_of(phone.look("case", case))
    assert "补偿优惠券" in text_of(phone.look("refund", case))


def test_raising_an_offer_says_how_far_and_is_no_one_elses(make_desk, at_desk, text_of, stranger):
    """NEG-24: the range stands beside the field; forged beyond it, or for another's offer, refused."""
    desk, other = make_desk("waiting"), make_desk("waiting")
    offer, theirs = desk.case.open_offers()[0], other.case.open_offers()[0]
    until = desk.case.reply_due_at

    page = text_of(at_desk.look("improve_offer", desk.case))
    whole = at_desk.send("improve_offer", desk.case, offer=offer.pk, amount="128")
    another = at_desk.send("improve_offer", desk.case, offer=theirs.pk, amount="60")

    assert "最多 127.99" in page
    assert whole.status_code == another.status_code == 422
    assert [each.amount for each in desk.case.open_offers()] == [Decimal("45.00")]
    assert desk.case.reply_due_at == until
    assert not desk.case.events.filter(step="improve_offer").exists()


def test_a_reply_in_the_last_second_is_late_and_still_counts(make_desk, at_desk, buyer, now):
    """NEG-34: through the page, in the very second in which the wait is over."""
    desk, phone = make_desk("waiting"), Phone(buyer)
    now.shift(timedelta(minutes=60))

    answer = phone.send("reply", desk.case, plan="none", text="刚看到")

    sent = desk.case.rounds.get()
    assert answer.status_code == 302
    assert (sent.state, sent.late, sent.answer) == (RoundState.ANSWERED, True, "刚看到")
    assert at_desk.look("negotiate", desk.case).status_code == 200
    assert desk.case.messages.filter(party=Party.BUYER).get().text == "刚看到"


def test_who_bears_the_way_back_is_said_before_the_buyers_plan_is_taken(
    make_desk, at_desk, buyer, text_of
):
    """§1.5, Taobao Art. 49: what neither side and no rule says is the merchant's."""
    desk = make_desk("waiting", reason="R20")
    Phone(buyer).send("reply", desk.case, plan="return_refund")

    assert "退货运费：商家承担。" in text_of(at_desk.look("accept_counter", desk.case))
