"""协商话术: filled on the server, sent verbatim, changed only where it may be (NEG-13, SC-01 to SC-24)."""

import re
from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Party
from aftersales.models import Script, StepForm, User
from aftersales.steps import Refused
from tests.aftersales.negotiation.talk import (
    asked,
    messages,
    outcome,
    plan,
    refused,
    script,
    until,
)
from tests.factories import OrderFactory

REFUND, RETURN, PARCEL = "refund_received", "return_refund", "refund_not_received"
PART = ("partial_refund", "45.00")

# A case in which each is said: demand, buyer's reason, the plans it goes with, the rounds.
SAID = {
    "SC-01": (REFUND, "R1", [PART], (1,)),
    "SC-02": (REFUND, "R1", [PART], (1,)),
    "SC-03": (REFUND, "R1", [("return_refund",)], (1,)),
    "SC-04": (REFUND, "R1", [("return_freight_covered",)], (1, 2)),
    "SC-05": (REFUND, "R1", [("invite_evidence",)], (1,)),
    "SC-06": (REFUND, "R3", [("invite_evidence",)], (1,)),
    "SC-07": (REFUND, "R8", [("invite_evidence",)], (1,)),
    "SC-08": ("resend", "R8", [("resend",)], (1, 2)),
    "SC-09": (RETURN, "R9", [("exchange",)], (1,)),
    "SC-10": (REFUND, "R7", [PART, ("return_freight_covered",)], (1, 2)),
    "SC-11": (PARCEL, "N2", [("intercept_refund",)], (1, 2)),
    "SC-12": (PARCEL, "N1", [("wait_until",)], (1, 2)),
    "SC-13": (PARCEL, "N3", [("full_refund_no_return",)], (1, 2)),
    "SC-15": ("back", "R13", [PART], (1, 2)),
    "SC-16": ("back", "R1", [("invite_evidence",)], (1, 2)),
    "SC-17": ("repair", "R18", [("repair",)], (1, 2)),
    "SC-18": (REFUND, "R1", [PART, ("coupon", "10.00")], (1,)),
    "SC-19": (PARCEL, "U3", [("wait_until",), ("coupon", "10.00")], (1,)),
    "SC-20": ("price_difference", "R19", [("full_refund_no_return",)], (1, 2)),
    "SC-21": (REFUND, "R1", [PART], (2,)),
    "SC-22": (REFUND, "R1", [PART], (2,)),
    "SC-23": (REFUND, "R1", [("invite_evidence",)], (2,)),
}
# Never sent in a round: one that no case can reach (RW-18 stops a rejection within the seven days),
# and the words that stand with the rejection itself.
UNSAID = {"SC-14", "SC-24"}
EDITABLE = {"SC-01", "SC-02", "SC-03", "SC-05", "SC-06", "SC-07", "SC-18", "SC-23"}
ALL = [f"SC-{number:02d}" for number in range(1, 25)]


def desk_for(make_desk, shop, buyer, kind, reason):
    if kind == "back":
        return make_desk("sent_back", type=RETURN, reason=reason)
    if reason == "N3":
        return make_desk(type=kind, reason=reason, order=OrderFactory(shop=shop, buyer=buyer))
    return make_desk(type=kind, reason=reason)


def offerings(rows):
    terms = {
        "wait_until": {"until": until(24)},
        "resend": {"items": "杯盖 1 个"},
        "repair": {"days": "5"},
    }
    return [plan(*row, **terms.get(row[0], {})) for row in rows]


def say(desk, code, rows, number, **answers):
    """Send the script in this round, first an ordinary one where it belongs in the second."""
    if number == 2:
        desk.negotiate()
        desk.reply()
        answers |= {"outcome": outcome("amount"), "evidence": {}}
    desk.check()
    given = {"offers": offerings(rows), "script": script(code), "risks": asked(desk.case)}
    desk.case.negotiate(by=desk.merchant, **(given | answers))


CASES = [(code, number) for code, (*_rest, rounds) in SAID.items() for number in rounds]


def test_the_table_above_speaks_of_every_script(db):
    assert sorted([*SAID, *UNSAID]) == ALL
    assert sorted(Script.objects.values_list("code", flat=True)) == ALL


@pytest.mark.parametrize(("code", "number"), CASES)
def test_each_script_is_filled_and_sent_word_for_word(make_desk, shop, buyer, code, number):
    kind, reason, rows, _rounds = SAID[code]
    desk = desk_for(make_desk, shop, buyer, kind, reason)

    say(desk, code, rows, number)

    party, text = messages(desk.case)[-1]
    assert party == Party.MERCHANT
    assert text == desk.case.rounds.last().text
    assert not re.search(r"[{}]", text)
    assert len(text) <= 400
    words = re.split(r"\{\w+\}", script(code).text_zh)
    assert all(word in text for word in words)
    assert [text for _party, text in messages(desk.case)].count(text) == 1


@pytest.mark.parametrize("code", ALL)
def test_each_script_can_be_filled_in_both_languages(make_desk, code):
    desk = make_desk(type=PARCEL)
    offers = [plan("partial_refund", "45.00"), plan("coupon", "10.00")]

    for language in ("zh-hans", "en"):
        User.objects.filter(pk=desk.buyer.pk).update(language=language)
        desk.case.buyer.refresh_from_db()
        text = desk.case.script_text(script(code), offers)
        template = script(code).text_en if language == "en" else script(code).text_zh
        assert not re.search(r"[{}]", text)
        assert all(word in text for word in re.split(r"\{\w+\}", template))


@pytest.mark.parametrize("code", ALL)
def test_which_scripts_may_be_edited(db, code):
    assert script(code).editable is (code in EDITABLE)


def test_the_placeholders_say_shop_goods_money_parcel_and_time(make_desk):
    case = make_desk(type=PARCEL).case
    parcel = case.order.parcels.get()

    values = case.script_values([plan("coupon", "1234.50")])

    assert values == {
        "buyer": values["buyer"],
        "goods": "青瓷开片手冲咖啡杯",
        "shop": "山岚家居旗舰店",
        "amount": "1,234.50",
        "deadline": "13:00",
        "carrier": "顺丰速运",
        "tracking": parcel.tracking,
    }
    assert "*" in values["buyer"]
    assert values["buyer"] != str(case.buyer)


def test_goods_on_their_way_back_are_named_by_the_returns_number(make_case):
    case = make_case("sent_back", type=RETURN)

    assert case.script_values([])["tracking"] == case.return_tracking


def test_a_script_about_a_coupon_names_the_coupon_not_the_refund(make_desk):
    desk = make_desk("checked")

    say(desk, "SC-18", [PART, ("coupon", "10.00")], 1)

    assert "再补您一张10.00元无门槛券" in messages(desk.case)[-1][1]


def test_words_about_a_compensation_never_name_the_refund_as_that(make_desk):
    """§2.5: no promises outside the plan; nor an amount of a plan that they don't speak of."""
    desk = make_desk("checked", type=PARCEL, reason="U3")
    whole, wait, coupon = ("full_refund_no_return",), ("wait_until",), ("coupon", "10.00")
    for rows in ([whole], [whole, wait]):
        with refused(desk.case, "这段话术需要一个填了金额的方案", field="script"):
            say(desk, "SC-19", rows, 1)
    other = make_desk("checked", reason="R7")
    with refused(other.case, "这段话术需要一个填了金额的方案", field="script"):
        say(other, "SC-10", [("return_freight_covered",), coupon], 1)

    say(desk, "SC-19", [whole, wait, coupon], 1)

    assert "我们另补偿10.00元" in messages(desk.case)[-1][1]


def test_a_script_about_waiting_names_the_time_that_is_promised(make_desk):
    desk = make_desk("checked", type=PARCEL, reason="N1")

    say(desk, "SC-12", [("wait_until",)], 1)

    assert "到11-24 12:00仍无更新" in messages(desk.case)[-1][1]


def test_a_script_goes_with_a_plan_that_it_speaks_of(make_desk):
    """NEG-13: no promises outside the plan."""
    desk = make_desk("checked")

    with refused(desk.case, "这段话术说的是“部分退款，无需退货”", field="script"):
        say(desk, "SC-02", [("return_refund",)], 1)


def test_a_script_with_an_amount_needs_a_plan_with_one(make_desk):
    desk = make_desk("checked", type=PARCEL, reason="U3")

    with refused(desk.case, "这段话术需要一个填了金额的方案", field="script"):
        say(desk, "SC-19", [("wait_until",)], 1)


def test_a_script_about_a_parcel_needs_a_parcel(make_desk, shop, buyer):
    order = OrderFactory(shop=shop, buyer=buyer, in_transit=True, parcel=False)
    desk = make_desk(type=PARCEL, order=order)

    with pytest.raises(Refused, match="这段话术缺少本单没有的资料"):
        desk.case.script_text(script("SC-11"), [])


@pytest.mark.parametrize("code", ["SC-11", "SC-15", "SC-21", "SC-20", "SC-24"])
def test_a_script_of_another_scenario_or_round_is_refused(make_desk, code):
    desk = make_desk("checked")

    with refused(desk.case, "请选择一段话术", field="script"):
        say(desk, code, [PART], 1)


def test_a_script_switched_off_by_staff_is_refused(make_desk):
    desk = make_desk("checked")
    Script.objects.filter(code="SC-02").update(active=False)

    with refused(desk.case, "请选择一段话术", field="script"):
        say(desk, "SC-02", [PART], 1)


def test_the_language_is_the_buyers_not_the_merchants(make_desk):
    desk = make_desk("checked")
    User.objects.filter(pk=desk.buyer.pk).update(language="en")

    say(desk, "SC-02", [PART], 1)

    assert messages(desk.case)[-1][1].startswith(
        "To spare you a trip to the courier we'd refund ¥45.00 and you keep the goods."
    )


# NEG-13: editing


def test_an_editable_script_may_be_put_in_other_words(make_desk):
    """NEG-13."""
    desk = make_desk("checked")

    say(desk, "SC-02", [PART], 1, text="  您好，{shop}愿意退您{amount}元，{deadline}前有效。 ")

    text = messages(desk.case)[-1][1]
    assert text == "您好，山岚家居旗舰店愿意退您45.00元，13:00前有效。"
    assert desk.case.rounds.get().text == text


def test_a_fixed_script_stays_as_it_is(make_desk):
    """NEG-13."""
    desk = make_desk("checked")

    say(desk, "SC-04", [("return_freight_covered",)], 1, text="随便写点别的")

    assert messages(desk.case)[-1][1] == script("SC-04").text_zh


def test_an_emptied_text_is_the_script(make_desk):
    """NEG-13."""
    desk = make_desk("checked")

    say(desk, "SC-03", [("return_refund",)], 1, text="   ")

    assert messages(desk.case)[-1][1] == script("SC-03").text_zh


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("长" * 401, "最多 400 个字"),
        ("{goods}" * 50, "最多 400 个字"),
        ("您好 {phone}，请看 {secret}", "不认识的变量：phone、secret"),
        ("您的单号是 {amount} 元 {tracking}" + "长" * 390, "最多 400 个字"),
        ("请打 13812345678", "话术不能包含电话、微信或外部链接：「13812345678」"),
        ("加我微信聊", "话术不能包含电话、微信或外部链接：「微信」"),
        ("请看 https://example.com/refund", "「https://example.com/refund」"),
        ("请看 http://example.com", "「http://example.com」"),
    ],
)
def test_what_an_edited_text_must_not_be(make_desk, text, sentence):
    """NEG-13."""
    desk = make_desk("checked")

    with refused(desk.case, sentence, field="text"):
        say(desk, "SC-02", [PART], 1, text=text)


@pytest.mark.parametrize(
    ("code", "rows", "text", "found"),
    [
        ("SC-02", [PART], "我们愿意退您15.50元，商品您留着", "15.50"),
        ("SC-02", [PART], "We refund ￥15.5 and you keep it", "15.5"),
        ("SC-02", [PART, ("return_refund",)], "退您 50 元，退货退128.00元", "50"),
        ("SC-01", [PART], "先退您1,045.00块可以吗", "1,045.00"),
        ("SC-02", [PART], "退您五十元，商品您留着", "50.00"),
        ("SC-02", [PART], "退您肆拾伍元伍角整，商品您留着", "45.50"),
        ("SC-02", [PART], "退您45块5毛，商品您留着", "45.50"),
        ("SC-01", [PART], "那就一百二十块钱，您看行吗", "120.00"),
        ("SC-02", [PART], "We refund 50 yuan and you keep it", "50"),
        ("SC-02", [PART], "We refund RMB 50 and you keep it", "50"),
    ],
)
def test_an_edited_text_names_no_other_money_than_is_offered(make_desk, code, rows, text, found):
    """NEG-13: no promises outside the plan; the amount was changed after the words were."""
    desk = make_desk("checked")

    with refused(desk.case, f"话术里写的是 {found} 元，方案是 45.00 元", field="text"):
        say(desk, code, rows, 1, text=text)

    assert not messages(desk.case)


@pytest.mark.parametrize(
    ("code", "rows", "text"),
    [
        ("SC-02", [PART], "原价128元，我们退您45元，留着用"),
        ("SC-02", [PART, ("coupon", "10.00")], "退您45.00元，再补10元券"),
        ("SC-01", [PART, ("coupon", "10.00")], "再补您10元券可以吗"),
        ("SC-01", [PART, ("return_refund",)], "退货可以全退128元"),
        ("SC-03", [("return_refund",)], "寄回的10元运费我们承担"),
        ("SC-02", [PART], "留着用吧，明天 12:30 前回复我们，2 件都可以"),
        ("SC-02", [PART], "退您四十五元，您留着用"),
        ("SC-02", [PART], "咱们一块想办法，坏了两块也退您几十元"),
        ("SC-02", [PART], "45元0分，含十二元素检测，三十分钟内到账"),
        ("SC-02", [PART], "退您45元十分抱歉，四十五元一分不少，45元5分钟到账"),
    ],
)
def test_an_edited_text_may_speak_of_other_money_too(make_desk, code, rows, text):
    """NEG-13."""
    desk = make_desk("checked")

    say(desk, code, rows, 1, text=text)

    assert messages(desk.case)[-1][1] == text


def test_four_hundred_characters_are_allowed(make_desk):
    """NEG-13."""
    desk = make_desk("checked")

    say(desk, "SC-02", [PART], 1, text="长" * 400)

    assert messages(desk.case)[-1][1] == "长" * 400


def test_a_placeholder_without_a_value_is_refused(make_desk):
    """NEG-13."""
    desk = make_desk("checked")

    with refused(desk.case, "话术里有没填上的变量", field="text"):
        say(desk, "SC-03", [("return_refund",)], 1, text="退您{amount}元")


def test_braces_in_the_goods_name_are_no_placeholders(make_desk, shop, buyer):
    """NEG-13."""
    order = OrderFactory(shop=shop, buyer=buyer, lines=[{"title": "杯子{amount}"}])
    desk = make_desk("checked", order=order)

    say(desk, "SC-01", [PART], 1)

    assert "杯子{amount}" in messages(desk.case)[-1][1]


def test_every_script_offered_goes_with_a_plan_offered_beside_it(db):
    for form in StepForm.objects.exclude(step="reject"):
        beside = {each.code for each in form.offered("plans")}
        for row in form.offered("scripts"):
            meant = {each.code for each in row.plans.all()}
            assert not meant or meant & beside, (form, row)


def test_words_sent_stay_as_they_were_sent(make_desk, now):
    desk = make_desk("checked")
    say(desk, "SC-03", [("return_refund",)], 1)
    before = messages(desk.case)

    Script.objects.filter(code="SC-03").update(text_zh="换了说法")
    now.shift(timedelta(days=1))

    assert messages(desk.case) == before
    assert clock.now() > desk.case.rounds.get().sent_at
