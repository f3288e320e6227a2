"""正式请求: please add evidence, withdraw, refuse or recall; each with a deadline and an answer."""

import html
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from aftersales import clock
from aftersales.enums import AnswerState, Party, RoundState, Severity, Status
from aftersales.models import Case, CaseRequest, Notice
from aftersales.notices import delivering
from tests.aftersales.negotiation.talk import (
    found,
    last,
    reject_reason,
    set_policy,
    whole,
)
from tests.aftersales.negotiation.talk import refused as refused_in
from tests.factories import picture, upload

DAY = timedelta(hours=24)
WANTED = "请补拍裂纹的近照，连同杯底的标签。"


def read(answer):
    return " ".join(html.unescape(answer.content.decode()).split())


def ask(desk, kind="evidence", text=WANTED, **more):
    given = {"count": 2} if kind == "evidence" else {}
    by = desk.buyer if kind == "recall" else desk.merchant
    desk.case.ask_for(by=by, kind=kind, text=text, **(given | more))
    return desk.case.requests.last()


def answer(desk, asked, **given):
    by = desk.merchant if asked.party == Party.BUYER else desk.buyer
    desk.case.answer_request(by=by, request=asked, **given)
    asked.refresh_from_db()


def coming(make_desk, trait=""):
    return make_desk(trait, type="refund_not_received")


# Asking


def test_a_request_has_a_clock_of_its_own(make_desk):
    """24 hours by default; the case's clock stays where it was."""
    desk = make_desk()
    due = desk.case.due_at

    asked = ask(desk)

    assert asked.due_at == clock.now() + DAY
    assert (asked.state, asked.text, asked.count) == (AnswerState.OPEN, WANTED, 2)
    assert (desk.case.due_at, desk.case.request_due_at) == (due, asked.due_at)
    assert last(desk.case).details["text"] == WANTED
    assert desk.case.round_number == 0
    assert whole(desk.case)


def test_the_buyer_sees_it_in_front_with_its_time(make_desk, buyer, signed_in):
    """S-62: on the case page, in his list of what to answer, and as a notice."""
    desk = make_desk()
    asked = ask(desk)
    delivering.deliver_due()
    phone = signed_in(buyer)

    page = read(phone.get(reverse("buyers:case", args=[desk.case.code])))

    assert "商家请你补充凭证（2 张）" in page
    assert "商家有请求，等你答复" in page
    assert WANTED in page
    assert reverse("buyers:answer_request", args=[desk.case.code, asked.pk]) in page
    assert "等你答复" in page
    assert desk.case.code in str(
        [case for case, _standing in phone.get(reverse("buyers:cases")).context["cases"]]
    )
    assert phone.get(reverse("buyers:cases")).context["tab"] == "mine"
    assert WANTED in Notice.objects.get(user=buyer).text


def test_its_time_is_the_one_that_the_buyer_is_told(make_desk, make_case, buyer, signed_in):
    """On the page, in the progress and in the list, where it stands in the order of its clock."""
    later = make_case("agreed", type="return_refund")
    desk = make_desk()
    ask(desk)
    phone = signed_in(buyer)

    page = " ".join(
        strip_tags(read(phone.get(reverse("buyers:case", args=[desk.case.code])))).split()
    )
    listed = phone.get(reverse("buyers:cases")).context["cases"]

    assert "内答复 · 11-24（周二）12:00 截止" in page
    assert "11-24（周二）12:00 前" in page  # 进度
    assert "11-25（周三）12:00 前商家仍未处理，将自动退款 ¥128.00。" in page
    assert "内商家必须处理" not in page
    assert [case.code for case, _standing in listed] == [desk.case.code, later.code]
    assert listed[0][1].until == clock.now() + DAY


def test_the_shop_asks_from_its_page(make_desk, merchant, signed_in):
    desk = make_desk()
    url = reverse("merchants:ask_for", args=[desk.case.code])
    at_desk = signed_in(merchant)
    assert url in read(at_desk.get(reverse("merchants:case", args=[desk.case.code])))

    at_desk.post(
        url,
        {
            "kind": "evidence",
            "text": WANTED,
            "count": "2",
            "version": desk.case.version,
            "key": uuid.uuid4().hex,
        },
    )

    assert desk.case.requests.get().count == 2
    assert "等对方答复" in read(at_desk.get(reverse("merchants:case", args=[desk.case.code])))


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"kind": "nonsense"}, "kind", "请选择要提出的请求"),
        ({"kind": "recall"}, "kind", "请选择要提出的请求"),
        ({"kind": "refuse"}, "kind", "包裹不在运输途中"),
        ({"text": "快点"}, "text", "至少 5 个字"),
        ({"text": "请" * 301}, "text", "最多 300 个字"),
        ({"text": "请加微信 shanlan88 发给我"}, "text", "不能包含电话、微信或外部链接"),
        ({"count": None}, "count", "请填写 1 到 5 张"),
        ({"count": 6}, "count", "请填写 1 到 5 张"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_field(
    make_desk, merchant, signed_in, given, field, sentence
):
    """By a forged step and through the page alike, with everything typed still there."""
    desk = make_desk()
    asked = {"kind": "evidence", "text": WANTED, "count": 2} | given

    with refused_in(desk.case, sentence, field=field):
        desk.case.ask_for(by=desk.merchant, **asked)
    page = signed_in(merchant).post(
        reverse("merchants:ask_for", args=[desk.case.code]),
        {name: value for name, value in asked.items() if value is not None},
    )

    assert page.status_code == 422
    assert not desk.case.requests.exists()
    assert asked["text"] in read(page)


def test_the_same_is_not_asked_twice_at_once_nor_again_and_again(make_desk):
    desk = make_desk()
    for _ in range(3):
        asked = ask(desk)
        with refused_in(desk.case, "同样的请求还在等对方答复", field="kind"):
            ask(desk)
        answer(desk, asked, done=False, text="光线不好，拍不清楚")

    with refused_in(desk.case, "同样的请求最多提出 3 次", field="kind"):
        ask(desk)


def test_others_neither_ask_nor_answer(make_desk, stranger, signed_in):
    desk = make_desk()
    asked = ask(desk)

    with refused_in(desk.case, "你没有权限"):
        desk.case.ask_for(by=stranger, kind="evidence", text=WANTED, count=1)
    with refused_in(desk.case, "你没有权限"):
        desk.case.answer_request(by=stranger, request=asked, done=False, text="不想拍了")
    with refused_in(desk.case, "等对方答复"):
        desk.case.answer_request(by=desk.merchant, request=asked, done=False, text="不想拍了")
    url = reverse("buyers:answer_request", args=[desk.case.code, asked.pk])
    assert signed_in(stranger).get(url).status_code == 404
    own = reverse("merchants:answer_request", args=[desk.case.code, asked.pk])
    assert signed_in(desk.merchant).get(own).status_code == 404


# Please add evidence


def test_pictures_answer_a_request_for_evidence(make_desk, buyer, signed_in):
    """NEG-35: through the page; filed as evidence."""
    desk = make_desk()
    asked = ask(desk)
    phone = signed_in(buyer)
    url = reverse("buyers:answer_request", args=[desk.case.code, asked.pk])
    assert WANTED in read(phone.get(url))

    phone.post(url, {"done": "yes", "proof_asked": picture(), "key": uuid.uuid4().hex})

    asked.refresh_from_db()
    assert (asked.state, asked.answered_at) == (AnswerState.DONE, clock.now())
    assert desk.case.evidence.filter(slot="asked", party=Party.BUYER).count() == 1
    assert Case.objects.get(pk=desk.case.pk).request_due_at is None


def test_cannot_photograph_it_is_an_answer_if_it_says_why(make_desk, buyer, signed_in):
    """拍不了 with a reason is valid; without one it is not."""
    desk = make_desk()
    asked = ask(desk)
    phone = signed_in(buyer)
    url = reverse("buyers:answer_request", args=[desk.case.code, asked.pk])

    short = phone.post(url, {"done": "no", "text": "不"})
    nothing = phone.post(url, {"done": "yes"})
    phone.post(url, {"done": "no", "text": "裂纹在内壁，手机拍不出来"})

    assert (short.status_code, nothing.status_code) == (422, 422)
    assert "请说明原因（至少 5 个字）" in read(short)
    assert "请上传凭证；拍不了，请选择“拍不了”并说明原因" in read(nothing)
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == (AnswerState.DECLINED, "裂纹在内壁，手机拍不出来")
    page = read(signed_in(desk.merchant).get(reverse("merchants:case", args=[desk.case.code])))
    assert "裂纹在内壁，手机拍不出来" in page


def test_evidence_filed_elsewhere_answers_it_too(make_desk):
    """NEG-35."""
    desk = make_desk()
    asked = ask(desk)

    desk.case.add_evidence(by=desk.buyer, evidence={"added": [upload(desk.buyer)]})

    asked.refresh_from_db()
    assert asked.state == AnswerState.DONE


def test_an_answer_is_given_once(make_desk):
    desk = make_desk()
    asked = ask(desk)
    answer(desk, asked, done=False, text="光线不好，拍不清楚")

    with refused_in(desk.case, "这个请求已经答复或已结束"):
        desk.case.answer_request(by=desk.buyer, request=asked, done=False, text="还是拍不了呀")


@pytest.mark.parametrize(("counts", "state"), [(True, "answered"), (False, "waiting")])
def test_an_answer_counts_as_the_buyers_word(make_desk, counts, state):
    """NEG-30: as any message does, where the policy has it so."""
    set_policy(any_message_counts=counts)
    desk = make_desk("waiting")
    asked = ask(desk)

    answer(desk, asked, done=False, text="光线不好，拍不清楚")

    assert desk.case.round_state == RoundState(state)


# RW-12 and RR-06


def test_rw_12_speaks_of_what_was_asked_for_and_came(make_desk, now):
    """RW-12, NEG-35: a request of its own counts like an invitation in a round."""
    desk = make_desk()
    now.shift(timedelta(minutes=1))
    asked = ask(desk)
    answer(desk, asked, done=True, evidence={"asked": [upload(desk.buyer)]})

    warning = found(desk.case)["RW-12"]

    assert warning.severity == Severity.CONFIRM
    assert "你 12:01 邀请买家举证，买家已于 12:01 补充 1 份，尚未打开" in warning.facts


def test_rw_12_names_the_reason_why_nothing_can_be_shown(make_desk, now):
    """RW-12: 拍不了 has to be faced before rejecting; a forged rejection is refused."""
    desk = make_desk("checked")
    now.shift(timedelta(minutes=1))
    asked = ask(desk)
    answer(desk, asked, done=False, text="裂纹在内壁，拍不出来")

    assert "拍不了：裂纹在内壁，拍不出来" in found(desk.case)["RW-12"].facts
    with refused_in(desk.case, "拍不了：裂纹在内壁", field="risk_RW-12"):
        desk.negotiate(risks=["RW-09", "RW-11"])


@pytest.mark.parametrize(
    ("happens", "holds"),
    [
        ("nothing asked", False),
        ("open", False),
        ("lapsed", True),
        ("cannot", False),
        ("shown", True),
    ],
)
def test_rr_06_stands_on_a_request_that_had_its_time(make_desk, now, happens, holds):
    """RR-06: neither while it is open nor on 拍不了 with a reason; forged, it is refused."""
    desk = make_desk("negotiated", reason="R3")
    if happens != "nothing asked":
        asked = ask(desk)
    if happens == "lapsed":
        now.shift(DAY)
        desk.case.catch_up()
    elif happens == "cannot":
        answer(desk, asked, done=False, text="颜色在照片里看不出来")
    elif happens == "shown":
        answer(desk, asked, done=True, evidence={"asked": [upload(desk.buyer)]})
    reason = reject_reason("RR-06")

    refusal = desk.case.reject_reason_refusal(reason, desk.case.warnings())
    assert (refusal == "") is holds
    if not holds:
        with refused_in(desk.case, "这个原因与本单的事实不符", field="reason"):
            desk.case.reject(by=desk.merchant, **desk.answers_for(reason))


# Please withdraw


def test_a_withdrawal_is_the_buyers_own_step(make_desk, buyer, signed_in):
    """S-18: not by answering, but on the page that names the consequence; that answers it."""
    desk = make_desk()
    asked = ask(desk, "withdraw", "我们已在聊天里说好，请撤销申请。")
    phone = signed_in(buyer)

    page = read(phone.get(reverse("buyers:answer_request", args=[desk.case.code, asked.pk])))
    assert reverse("buyers:cancel", args=[desk.case.code]) in page
    assert "撤销后这件商品不能再次申请售后" in page
    with refused_in(desk.case, "同意撤销，请到“撤销申请”确认", field="done"):
        desk.case.answer_request(by=buyer, request=asked, done=True)
    desk.case.cancel(by=buyer)

    asked.refresh_from_db()
    assert (asked.state, desk.case.status) == (AnswerState.DONE, Status.CANCELLED)


def test_or_is_declined_with_a_reason(make_desk):
    desk = make_desk("rejected")
    asked = ask(desk, "withdraw", "我们已在聊天里说好，请撤销申请。")

    answer(desk, asked, done=False, text="没有说好，我要退款")

    assert asked.state == AnswerState.DECLINED
    assert desk.case.status == Status.REJECTED


def test_goods_on_their_way_back_are_not_withdrawn(make_desk):
    """T-02."""
    desk = make_desk("sent_back", type="return_refund")

    with refused_in(desk.case, "不能提出这个请求", field="kind"):
        ask(desk, "withdraw", "我们已在聊天里说好，请撤销申请。")


# Please recall, please refuse


def test_the_buyer_asks_to_recall_and_the_shop_answers(make_desk, buyer, merchant, signed_in):
    """Through both sides' pages."""
    desk = coming(make_desk)
    code, phone, at_desk = desk.case.code, signed_in(buyer), signed_in(merchant)
    url = reverse("buyers:ask_for", args=[code])
    assert url in read(phone.get(reverse("buyers:case", args=[code])))

    phone.post(
        url, {"kind": "recall", "text": "不需要了，请拦截退回。", "version": desk.case.version}
    )
    asked = desk.case.requests.get()
    page = read(at_desk.get(reverse("merchants:case", args=[code])))
    assert "请商家拦截包裹" in page
    answer_url = reverse("merchants:answer_request", args=[code, asked.pk])
    assert answer_url in page
    at_desk.post(answer_url, {"done": "yes", "text": "已联系顺丰拦截，查件号 88231。"})

    asked.refresh_from_db()
    assert (asked.party, asked.state) == (Party.BUYER, AnswerState.DONE)
    shown = read(phone.get(reverse("buyers:record", args=[code])))
    assert "商家照办了：请商家拦截包裹" in shown
    assert "查件号 88231" in shown


def test_the_shop_keeps_to_the_platform_in_its_answer(make_desk):
    desk = coming(make_desk)
    asked = ask(desk, "recall", "不需要了，请拦截退回。")

    with refused_in(desk.case, "不能包含电话、微信或外部链接", field="text"):
        desk.case.answer_request(
            by=desk.merchant, request=asked, done=False, text="打 13812345678 问快递"
        )


def test_the_shop_asks_to_refuse_the_parcel(make_desk):
    desk = coming(make_desk)
    asked = ask(desk, "refuse", "包裹还在路上，派送时请直接拒收。")

    answer(desk, asked, done=True)

    assert asked.state == AnswerState.DONE


def test_a_parcel_that_has_arrived_is_neither_recalled_nor_refused(make_desk):
    desk = make_desk()

    for kind in ("recall", "refuse"):
        with refused_in(desk.case, "包裹不在运输途中", field="kind"):
            ask(desk, kind, "请把包裹退回去，谢谢。")


def test_the_history_tells_of_it_on_both_sides(make_desk, buyer, merchant, signed_in, now):
    desk = make_desk()
    ask(desk)
    now.shift(DAY)
    desk.case.catch_up()

    shop = read(signed_in(merchant).get(reverse("merchants:case", args=[desk.case.code])))
    mine = read(signed_in(buyer).get(reverse("buyers:record", args=[desk.case.code])))

    assert "提出请求：请买家补充凭证" in shop
    assert "请求逾期未答复：请买家补充凭证" in shop
    assert "商家提出请求：请买家补充凭证" in mine
    assert "请求逾期未答复：请买家补充凭证" in mine


def test_one_open_request_of_a_kind_is_all_the_database_takes(make_desk):
    desk = make_desk()
    ask(desk)

    assert CaseRequest.objects.filter(case=desk.case, state=AnswerState.OPEN).count() == 1
