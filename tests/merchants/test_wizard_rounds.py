"""Two rounds of negotiation through the pages: plans, scripts, preview, waiting, and the answer."""

import re
import uuid
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales import clock
from aftersales.enums import Party, RoundState, Status
from aftersales.models import CounterOffer, Message, Plan, Round, Window
from aftersales.notices.delivering import text_of as told_of
from tests.factories import picture, upload
from tests.merchants.conftest import page_of

PARTIAL = {"plans": ["partial_refund"], "amount_partial_refund": "45.00", "script": "SC-02"}


def test_round_one_goes_to_the_buyer_verbatim_and_the_wait_begins(make_case, at_desk, text_of):
    """NEG-15, NEG-17, S-69, S-70."""
    case = make_case("checked")

    answer = at_desk.send("negotiate", case, **PARTIAL)

    assert page_of(answer) == reverse("merchants:wait", args=[case.code])
    sent = case.rounds.get()
    assert sent.text == Message.objects.get().text
    assert "愿意退您45.00元" in sent.text
    assert (sent.state, sent.due_at) == (RoundState.WAITING, case.reply_due_at)
    assert case.offers.get().amount == Decimal("45.00")
    page = text_of(at_desk.client.get(answer.url))
    assert "正在等待买家回复" in page
    assert "今天 13:00" in page
    assert "已发送给买家，今天 13:00 前等待回复" in page
    assert sent.text in page


def test_the_button_says_how_long_the_wait_is(make_case, at_desk, text_of):
    page = text_of(at_desk.look("negotiate", make_case("checked")))

    assert "发送给买家，等待 60 分钟" in page


def test_words_of_another_amount_are_shown_as_wrong_and_not_sent(make_case, at_desk, text_of):
    """NEG-13: the words were changed by hand, then the amount; the preview says so before the click."""
    case = make_case("checked")
    typed = PARTIAL | {
        "amount_partial_refund": "12",
        "text": "我们愿意退您15.50元，谢谢",
        "text_was": "我们愿意退您15.50元",
        "script_was": "SC-02",
    }
    wrong = "话术里写的是 15.50 元，方案是 12.00 元，请改成一致"

    shown = at_desk.send("negotiate", case, refresh="1", **typed)
    answer = at_desk.send("negotiate", case, **typed)

    assert wrong in text_of(shown)
    assert answer.status_code == 422
    assert wrong in text_of(answer)
    assert "我们愿意退您15.50元，谢谢" in text_of(answer)
    assert not case.rounds.exists()


def test_several_plans_go_together(make_case, at_desk):
    """NEG-10, S-62."""
    case = make_case("checked")

    at_desk.send("negotiate", case, **PARTIAL | {"plans": ["partial_refund", "return_refund"]})

    assert {offer.plan.code for offer in case.offers.all()} == {"partial_refund", "return_refund"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"plans": []}, "请选择至少一个方案"),
        ({"script": ""}, "请选择一段话术"),
        ({"amount_partial_refund": ""}, "退款金额需在 0.01 到 127.99 之间"),
        ({"amount_partial_refund": "128"}, "退款金额需在 0.01 到 127.99 之间"),
        ({"amount_partial_refund": "0"}, "退款金额需在 0.01 到 127.99 之间"),
        ({"amount_partial_refund": "4.555"}, "金额最多两位小数"),
        ({"plans": ["intercept_refund"]}, "列表中的选项"),
        ({"text": "加我微信", "text_was": ""}, "话术不能包含电话、微信或外部链接：「微信」"),
        ({"text": "请打 13912345678"}, "话术不能包含电话、微信或外部链接：「13912345678」"),
        ({"text": "多" * 401}, "最多 400 个字"),
        ({"text": "您好 {phone}"}, "不认识的变量：phone"),
        ({"plans": ["coupon"], "amount_coupon": "5", "script": "SC-01"}, "质量问题不能只给优惠券"),
    ],
    ids=[
        "NEG-10-plan",
        "NEG-10-script",
        "NEG-11-none",
        "NEG-11-all",
        "NEG-11-zero",
        "NEG-11-places",
        "NEG-12",
        "NEG-13-chat",
        "NEG-13-phone",
        "NEG-13-length",
        "NEG-13-variable",
        "coupon-alone",
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(make_case, at_desk, text_of, change, sentence):
    case = make_case("checked")

    answer = at_desk.send("negotiate", case, **PARTIAL | change)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Round.objects.exists()
    assert not Message.objects.exists()


def test_a_return_is_not_offered_without_an_address(make_case, at_desk, text_of, shop):
    """RW-17, NEG-12."""
    case = make_case("checked")
    shop.addresses.all().delete()

    page = text_of(at_desk.look("negotiate", case))

    assert "请先设置有效的退货地址" in page
    assert 'value="return_refund"' not in page


def test_the_preview_fills_the_script_and_sends_nothing(make_case, at_desk, text_of):
    """NEG-13, S-68: filled on the server, shown as the buyer will read it."""
    case = make_case("checked")

    answer = at_desk.send("negotiate", case, refresh="1", **PARTIAL)

    page = text_of(answer)
    assert answer.status_code == 200
    assert "我们愿意退您45.00元" in answer.context["form"]["text"].value()
    assert "我们愿意退您45.00元" in answer.context["preview"].text
    assert "部分退款，无需退货 ¥45.00" in page
    assert not Round.objects.exists()


def test_the_preview_says_what_and_when_as_it_will_be_sent(make_case, at_desk):
    """NEG-13, D15 in working hours: the amount of the plan spoken of, and the end of the wait."""
    Window.objects.filter(clock="D15").update(minutes=420, works_from="10:00", works_until="18:00")
    case = make_case("checked")
    both = PARTIAL | {"plans": ["partial_refund", "coupon"], "amount_coupon": "5"}
    edited = {"text": "再补您{amount}元", "text_was": "…", "script_was": "SC-18"}
    said = both | {"script": "SC-18"} | edited

    preview = at_desk.send("negotiate", case, refresh="1", **said).context["preview"]
    at_desk.send("negotiate", case, **said)

    assert preview.text == case.rounds.get().text == "再补您5.00元"
    assert preview.until == "11-24 11:00"
    assert case.reply_due_at == clock.now() + timedelta(hours=23)


def test_a_changed_amount_changes_a_text_that_nobody_edited(make_case, at_desk):
    case = make_case("checked")
    page = at_desk.send("negotiate", case, refresh="1", **PARTIAL)
    form = page.context["form"]
    filled = {name: form.data[name] for name in ("text", "text_was", "script_was")}

    at_desk.send("negotiate", case, **PARTIAL | filled | {"amount_partial_refund": "60"})

    assert "愿意退您60.00元" in case.rounds.get().text


def test_an_edited_text_is_sent_as_edited_where_the_script_allows_it(make_case, at_desk):
    """NEG-13."""
    case = make_case("checked")

    at_desk.send("negotiate", case, **PARTIAL, text="您好，退您 {amount} 元可以吗？")

    assert case.rounds.get().text == "您好，退您 45.00 元可以吗？"


def test_a_fixed_script_stays_as_it_is(make_case, at_desk):
    """NEG-13: SC-04 can't be edited."""
    case = make_case("checked")

    at_desk.send(
        "negotiate", case, plans=["return_freight_covered"], script="SC-04", text="随便改改"
    )

    assert case.rounds.get().text.startswith("质量问题由我们负责")


def test_each_control_names_what_is_wrong_with_it(make_case, at_desk):
    """Whoever hears the page is told at the control: every id that is named is there, once."""
    first, second = make_case("checked"), make_case("answered")
    bad = {"plans": ["partial_refund"], "amount_partial_refund": "128", "script": "", "text": ""}

    for case, said in [(first, bad), (first, {"plans": []}), (second, bad | {"outcome": ""})]:
        page = at_desk.send("negotiate", case, **said).content.decode()

        ids = Counter(re.findall(r'\bid="([^"]+)"', page))
        named = " ".join(re.findall(r'aria-describedby="([^"]+)"', page)).split()
        assert [each for each in named if ids[each] != 1] == []
        wrong = "id_plans" if not said["plans"] else "id_amount_partial_refund"
        assert f"{wrong}_error" in named
        assert "id_script_error" in named


def test_a_picture_may_go_along(make_case, at_desk):
    """NEG-14."""
    case = make_case("checked")

    at_desk.send("negotiate", case, **PARTIAL, proof_round=[picture()])

    assert case.evidence.filter(party="merchant", slot="round").count() == 1


def test_a_mistake_never_loses_a_picture(make_case, at_desk, text_of):
    case = make_case("checked")

    answer = at_desk.send("negotiate", case, **PARTIAL | {"script": ""}, proof_round=[picture()])

    assert answer.status_code == 422
    assert answer.context["form"].fields["proof_round"].files[0].value in text_of(answer)


def test_a_double_click_sends_one_round(make_case, at_desk):
    """NEG-16, S-69."""
    case = make_case("checked")
    click = {"version": case.version, "key": uuid.uuid4().hex}

    first = at_desk.send("negotiate", case, **PARTIAL | click)
    second = at_desk.send("negotiate", case, **PARTIAL | click)

    assert page_of(first) == page_of(second) == reverse("merchants:wait", args=[case.code])
    assert Round.objects.count() == Message.objects.count() == 1
    assert not case.attempts.exists()


# Waiting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reject", "negotiate", "confirm_risks"])
def test_a_forged_post_is_told_to_wait(make_case, at_desk, text_of, name):
    """NEG-20, S-71, S-72: 409, nothing changed, the attempt logged."""
    case = make_case("waiting")
    version, events = case.version, case.events.count()

    answer = at_desk.send(name, case, reason="RR-05", statement="不存在质量问题，无需退款。")

    assert answer.status_code == 409
    assert "请耐心等待消费者回复" in text_of(answer)
    assert (case.status, case.version) == (Status.PENDING_MERCHANT, version)
    assert case.events.count() == events
    assert case.attempts.get().sentence == "请耐心等待消费者回复"


def test_the_wait_page_says_what_goes_and_what_does_not(make_case, at_desk, text_of):
    """NEG-17, NEG-20 to NEG-24, S-70, S-72, S-73."""
    page = text_of(at_desk.look("wait", make_case("waiting")))

    for said in ("随时同意退款", "发消息补充说明", "获取虚拟号码", "提高退款金额"):
        assert said in page
    assert 'id="why-entry"' in page
    assert 'aria-disabled="true"' in page
    assert "买家未读" in page


def test_agreeing_stays_possible_while_waiting(make_case, at_desk):
    """NEG-21."""
    case = make_case("waiting")

    at_desk.send("agree", case)

    assert case.status == Status.REFUNDING
    assert case.rounds.get().state == RoundState.CLOSED


def test_a_message_does_not_touch_the_wait(make_case, at_desk):
    """NEG-22."""
    case = make_case("waiting")
    until = case.reply_due_at

    at_desk.send("send_message", case, text="补充一下：杯子是手工上釉的。")

    assert (case.reply_due_at, case.round_state) == (until, RoundState.WAITING)
    assert case.round_number == 1


def test_an_offer_is_only_raised(make_case, at_desk, text_of):
    """NEG-24: and the wait goes on as it was."""
    case = make_case("waiting")
    until, offer = case.reply_due_at, case.open_offers()[0]

    lower = at_desk.send("improve_offer", case, offer=offer.pk, amount="40")
    higher = at_desk.send("improve_offer", case, offer=offer.pk, amount="60")
    assert "金额已提高，买家会收到通知" in text_of(at_desk.look("case", case))

    assert lower.status_code == 422
    assert "只能提高金额" in text_of(lower)
    assert higher.status_code == 302
    assert case.reply_due_at == until
    assert [each.amount for each in case.open_offers()] == [Decimal("60.00")]


def test_the_polled_wait_leads_on_when_the_buyer_has_answered(make_desk, at_desk):
    desk = make_desk("waiting")
    url = reverse("merchants:wait", args=[desk.case.code])
    assert at_desk.client.get(url, headers={"HX-Request": "true"}).status_code == 200

    desk.reply("不要")

    polled = at_desk.client.get(url, headers={"HX-Request": "true"})
    assert polled.headers["HX-Redirect"] == reverse("merchants:negotiate", args=[desk.case.code])


def test_no_reply_by_the_end_opens_round_two(make_case, at_desk, text_of, now):
    """NEG-33, NEG-40, S-74."""
    case = make_case("waiting")
    now.shift(timedelta(minutes=60))

    answer = at_desk.look("wait", case)

    assert page_of(answer) == reverse("merchants:negotiate", args=[case.code])
    assert "未回复，可以进行下一步" in text_of(at_desk.client.get(answer.url))


# The answer, and round two ------------------------------------------------------------------------


@pytest.fixture
def countered(make_desk):
    desk = make_desk("waiting")
    partial = Plan.objects.get(code="partial_refund")
    desk.case.reply(
        by=desk.buyer, text="退 80 我就留着", counter=CounterOffer(partial, Decimal(80))
    )
    return desk.case


def test_the_buyers_answer_stands_on_top_with_the_gap(countered, at_desk, text_of):
    """S-75."""
    page = text_of(at_desk.look("negotiate", countered))

    assert "买家 12:00 回复：都不接受，希望：部分退款，无需退货 ¥80.00" in page
    assert "退 80 我就留着" in page
    assert "接受买家方案，退款 ¥80.00" in page
    assert "与你的出价相差 ¥35.00" in page


def test_one_click_takes_the_buyers_offer(countered, at_desk):
    """§2.6: as an accepted plan; toast and notice name it with its amount."""
    at_desk.send("accept_counter", countered)
    page = at_desk.look("case", countered).content.decode()

    assert countered.status == Status.REFUNDING
    assert countered.to_refund == Decimal("80.00")
    taken = countered.events.last()
    assert taken.step == "accept_counter"
    assert "接受买家方案：部分退款，无需退货 ¥80.00：退款中" in page
    assert told_of(taken, Party.BUYER)[0].endswith("提出的方案：部分退款，无需退货 ¥80.00")


def test_without_a_reply_agreed_is_not_selectable(make_case, at_desk, text_of):
    """NEG-41."""
    case = make_case("expired")

    page = at_desk.look("negotiate", case)
    forged = at_desk.send(
        "negotiate", case, outcome="agreed", explanation="谈好了谈好了谈好了谈好了"
    )

    assert page.context["form"].fields["outcome"].refusals["agreed"] == "买家没有回复，不可选"
    assert "买家没有回复，不可选" in text_of(page)
    assert forged.status_code == 422
    assert case.round_number == 1


def test_the_outcome_names_its_proofs(make_case, at_desk, text_of):
    """NEG-42, S-76: chosen, the slots appear; empty, they are refused by name."""
    case = make_case("answered")
    chosen = {"outcome": "evidence_quality", "plans": ["partial_refund"]}
    chosen |= {"amount_partial_refund": "60", "script": "SC-21"}

    shown = at_desk.send("negotiate", case, refresh="1", **chosen)
    answer = at_desk.send("negotiate", case, **chosen)

    slots = [slot.name for slot in shown.context["form"].slots()]
    assert shown.status_code == 200
    assert slots
    assert answer.status_code == 422
    for slot in answer.context["form"].slots():
        assert f"请上传{slot.label}（1–3 张）" in text_of(answer)
    assert case.round_number == 1


def test_round_two_goes_out_with_its_proofs(make_case, at_desk, merchant):
    """NEG-43, S-77: a new window, and the script as the platform wrote it."""
    case = make_case("answered")
    form = at_desk.send("negotiate", case, refresh="1", outcome="evidence_quality").context["form"]
    proofs = {f"{slot.name}_kept": [upload(merchant).token] for slot in form.slots()}

    answer = at_desk.send(
        "negotiate",
        case,
        outcome="evidence_quality",
        plans=["partial_refund"],
        amount_partial_refund="60",
        script="SC-21",
        text="我改一改",
        **proofs,
    )

    assert page_of(answer) == reverse("merchants:wait", args=[case.code])
    sent = case.rounds.get(number=2)
    assert sent.text.startswith("您提的金额我们认真算过了，目前能做到60.00元")
    assert sent.outcome.code == "evidence_quality"
    assert case.evidence.filter(party="merchant").count() == len(proofs)
    assert case.round_state == RoundState.WAITING


def test_the_monitoring_notice_stands_on_round_two(make_case, at_desk, text_of):
    """NEG-44."""
    page = text_of(at_desk.look("negotiate", make_case("answered")))

    assert "经核实为商家责任的，计入纠纷退款率；无效或虚假凭证，直接判责" in page


def test_an_agreement_asks_the_buyer_to_confirm(make_case, at_desk, merchant):
    """NEG-46."""
    case = make_case("answered")
    form = at_desk.send("negotiate", case, refresh="1", outcome="agreed").context["form"]
    proofs = {f"{slot.name}_kept": [upload(merchant).token] for slot in form.slots()}

    at_desk.send(
        "negotiate",
        case,
        outcome="agreed",
        explanation="买家同意留用，我们补寄一只杯垫。",
        **proofs,
    )

    assert case.agreement_claimed
    assert case.round_state == RoundState.WAITING
