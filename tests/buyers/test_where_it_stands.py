"""The four answers of a case page in every status: where, what now, until when, what otherwise."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from aftersales.enums import PlanState, Status
from aftersales.models import Case, LedgerMood, Offer, Outcome, User
from aftersales.payments import pay_due
from buyers.showing.progress import progress
from tests.buyers.conftest import Phone
from tests.factories import Desk, picture

Read = Callable[[HttpResponse], str]


class Ways:
    """By what real steps a case comes to stand where it is asked about."""

    def __init__(self, desk: Desk, staff: User, now: Any) -> None:
        self.desk, self.case, self.staff, self.now = desk, desk.case, staff, now

    def stay(self) -> None:
        """It stands there already."""

    def refuse_at_the_door(self) -> None:
        self.case.agree_refusal(by=self.desk.merchant)

    def pay(self) -> None:
        pay_due()

    def fail_to_pay(self) -> None:
        LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE, times=1)
        pay_due()

    def find_it_right(self) -> None:
        self.case.confirm_arrival(by=self.desk.buyer)

    def leave(self) -> None:
        self.case.cancel(by=self.desk.buyer)

    def let_it_lapse(self) -> None:
        assert self.case.due_at is not None
        self.now.move_to(self.case.due_at + timedelta(seconds=1))
        self.case.catch_up()

    def ask_the_platform(self) -> None:
        self.now.shift(timedelta(minutes=1))
        self.case.ask_platform(by=self.desk.buyer, reason="商家驳回没有道理，照片拍到了裂纹。")

    def deny(self) -> None:
        self.case.rule(
            by=self.staff, ruling="deny", responsible="buyer", grounds="照片与页面说明一致。"
        )

    def agree_between_them(self) -> None:
        self.claim_agreed()
        self.case.confirm_agreed(by=self.desk.buyer)

    def claim_agreed(self) -> None:
        self.desk.negotiate(
            outcome=Outcome.objects.get(code="agreed"),
            explanation="电话里谈好了，补发一只新杯子。",
            offers=[],
        )


# status: how a case gets there, then the sentence, until when, and what otherwise (copy deck 3.3)
STANDS: dict[Status, tuple[str, str, str, str, str, str]] = {
    Status.PENDING_MERCHANT: (
        *("", "refund_received", "stay"),
        *("等商家处理", "11-25（周三）12:00", "将自动退款 ¥128.00"),
    ),
    Status.REJECTED: (
        *("rejected", "refund_received", "stay"),
        *("商家驳回了你的申请", "截止", "可申请平台介入；逾期售后关闭"),
    ),
    Status.AWAITING_BUYER_RETURN: (
        *("agreed", "return_refund", "stay"),
        *("商家同意退货，请寄回", "截止", "逾期未填单号，售后关闭"),
    ),
    Status.AWAITING_DELIVERY_REFUSAL: (
        *("", "refund_not_received", "refuse_at_the_door"),
        *("商家同意拒收后退款，派送时请拒收", "截止", "包裹退回后自动退款 ¥128.00"),
    ),
    Status.AWAITING_MERCHANT_RECEIPT: (
        *("sent_back", "return_refund", "stay"),
        *("商家收货后退款", "截止", "到期商家仍未确认，将自动退款 ¥128.00"),
    ),
    Status.RETURN_REFUSED: (
        *("refused_goods", "return_refund", "stay"),
        *("商家拒绝收货", "截止", "可申请平台介入；逾期售后关闭"),
    ),
    Status.AWAITING_MERCHANT_SHIP: (
        *("taken_in", "exchange", "stay"),
        *("等商家发出换货", "截止", "到期商家仍未发出，自动退款 ¥128.00"),
    ),
    Status.AWAITING_BUYER_RECEIPT: (
        *("shipped_again", "exchange", "stay"),
        *("商家已发出，请留意收货", "截止", "到期没有提出问题，售后自动完成"),
    ),
    Status.PLATFORM_REVIEW: (
        *("rejected", "refund_received", "ask_the_platform"),
        *("平台处理中，请补充凭证", "11-25（周三）12:01", "预计 11-26（周四）12:01 前出结果"),
    ),
    Status.REFUNDING: (
        *("agreed", "refund_received", "stay"),
        *("退款中，¥128.00 原路退回", "", "到账时间以银行为准"),
    ),
    Status.REFUND_FAILED: (
        *("agreed", "refund_received", "fail_to_pay"),
        *("退款遇到问题，平台正在处理，无需操作", "", "金额不变，仍会原路退回"),
    ),
    Status.REFUNDED: (
        *("agreed", "refund_received", "pay"),
        *("退款成功 ¥128.00", "", "去向见“钱款去向”"),
    ),
    Status.COMPLETED: (
        *("shipped_again", "exchange", "find_it_right"),
        *("换货成功", "", "保修期从现在起重新计算"),
    ),
    Status.CANCELLED: (
        *("", "refund_received", "leave"),
        *("你撤销了申请", "", "这件商品不能再次申请售后"),
    ),
    Status.CLOSED_BUYER_TIMEOUT: (
        *("rejected", "refund_received", "let_it_lapse"),
        *("超过时限，售后已关闭", "", "其他投诉渠道"),
    ),
    Status.CLOSED_PLATFORM_DENIED: (
        *("deciding", "refund_received", "deny"),
        *("平台未支持你的申请", "", "申诉"),
    ),
    Status.CLOSED_AGREED: (
        *("answered", "refund_received", "agree_between_them"),
        *("已与商家协商一致", "", "已按双方的约定结束"),
    ),
}


def test_no_status_is_forgotten() -> None:
    assert set(STANDS) == set(Status)


@pytest.mark.parametrize("status", Status, ids=str)
def test_the_page_says_where_what_until_when_and_what_otherwise(
    make_desk: Callable[..., Desk],
    at_phone: Phone,
    staff: User,
    now: Any,
    text_of: Read,
    status: Status,
) -> None:
    """S-19, S-48, S-49: one sentence, the time with its end, and the consequence, before all else."""
    trait, kind, way, headline, until, otherwise = STANDS[status]
    desk = make_desk("under_review" if trait == "deciding" else trait, type=kind)
    if trait == "deciding":
        now.move_to(desk.case.evidence_due_at + timedelta(seconds=1))
        desk.case.catch_up()
    getattr(Ways(desk, staff, now), way)()
    desk.case.refresh_from_db()
    assert desk.case.status == status

    shown = text_of(at_phone.look("case", desk.case))

    hero = shown.split('class="hero"')[1].split("</section>")[0]
    assert shown.index('class="hero"') < shown.index('class="card-x"')
    assert headline in hero
    assert until in hero
    assert ("data-until" in hero) is bool(until)
    assert otherwise in hero


@pytest.mark.parametrize(
    ("trait", "kind", "told"),
    [
        ("", "refund_received", ["商家同意退款，或与你协商：11-25（周三）12:00 前必须处理完"]),
        ("waiting", "refund_received", ["商家同意退款，或再协商一轮：11-25"]),
        ("second_waiting", "refund_received", ["商家同意退款，或驳回：11-25"]),
        ("negotiated", "exchange", ["商家同意换货，或驳回：11-25"]),
        (
            *("agreed", "exchange"),
            ["商家收货并确认：最晚 12-10（周四）12:00", "商家发出商品：最晚 12-1"],
        ),
        (
            *("rejected", "refund_received"),
            [
                "双方举证：申请后 48 小时，最晚 12-0",
                "平台作出判定：申请后约 72 小时，预计最晚 12-0",
            ],
        ),
        ("shipped_again", "exchange", ["售后完成：最晚 "]),
        ("sent_back", "exchange", ["商家发出商品：最晚 12-"]),
    ],
)
def test_steps_to_come_have_their_latest_times(
    make_case: Callable[..., Case], now: Any, trait: str, kind: str, told: list[str]
) -> None:
    case = make_case(trait, type=kind)

    ahead = [entry for entry in progress(case, case.updated_at) if entry.kind == "next"]

    lines = "\n".join(f"{entry.what}：{entry.sub}" for entry in ahead)
    for line in told:
        assert line in lines


@pytest.mark.parametrize(
    ("trait", "kind", "told"),
    [
        ("waiting", "refund_received", "售后不会关闭，商家会继续协商"),
        ("second_waiting", "refund_received", "商家之后可以同意，也可以驳回"),
        ("second_waiting_goods_back", "return_refund", "商家之后可以确认收货，也可以拒绝收货"),
    ],
)
def test_a_buyer_is_told_what_the_shop_may_do_if_he_does_not_answer(
    make_desk: Callable[..., Desk],
    at_phone: Phone,
    text_of: Read,
    trait: str,
    kind: str,
    told: str,
) -> None:
    """NEG-45: after the last round it does not go on talking."""
    desk = make_desk("sent_back" if "goods" in trait else trait, type=kind)
    if "goods" in trait:
        desk.check()
        desk.negotiate()
        desk.reply()
        desk.negotiate()

    shown = text_of(at_phone.look("case", desk.case))

    assert told in shown.split('class="hero"')[1].split("</section>")[0]


def test_what_is_noted_after_the_end_is_not_where_it_stands(
    make_desk: Callable[..., Desk], at_phone: Phone, staff: User, now: Any, text_of: Read
) -> None:
    """The end stays marked as the end, and keeps its reason."""
    desk = make_desk("rejected")
    Ways(desk, staff, now).let_it_lapse()
    now.shift(timedelta(hours=1))
    at_phone.send("record_complaint", desk.case, channel="12315", filed_on="2026-11-23")

    shown = text_of(at_phone.look("case", desk.case))

    here = re.findall(r'aria-current="step"[^>]*> <b>([^<]+)</b>', shown)
    assert here == ["超过时限，售后已关闭"]
    assert "你没有在时限内申请平台介入" in shown


def test_who_was_turned_down_is_asked_to_confirm_no_more(
    make_desk: Callable[..., Desk], at_phone: Phone, staff: User, now: Any, text_of: Read
) -> None:
    """NEG-46, NEG-49: the claim of an agreement is over with the rejection."""
    desk = make_desk("answered")
    Ways(desk, staff, now).claim_agreed()
    assert "请确认" in text_of(at_phone.look("case", desk.case))
    now.shift(timedelta(minutes=60))
    desk.case.catch_up()
    desk.reject()

    hero = text_of(at_phone.look("case", desk.case)).split('class="hero"')[1]
    assert "商家驳回了你的申请" in hero.split("</section>")[0]
    assert not desk.case.agreement_claimed


def test_who_has_done_his_part_is_told_so_and_has_it_off_his_list(
    make_desk: Callable[..., Desk], at_phone: Phone, staff: User, now: Any, text_of: Read
) -> None:
    """D11: proof filed in the window is said to be there, and may still be added to."""
    desk = make_desk("rejected")
    Ways(desk, staff, now).ask_the_platform()
    assert "等你举证" in text_of(at_phone.look("cases", tab="mine"))
    now.shift(timedelta(hours=1))
    at_phone.send("add_evidence", desk.case, proof_added=picture())

    hero = text_of(at_phone.look("case", desk.case)).split('class="hero"')[1].split("</section>")[0]

    assert "平台处理中，你的凭证已提交" in hero
    assert "请补充凭证" not in hero
    assert "内还可以补充" in hero
    assert desk.case.code not in text_of(at_phone.look("cases", tab="mine"))
    assert desk.case.code in text_of(at_phone.look("cases", tab="open"))


def test_who_answered_the_platforms_request_for_more_is_told_so(
    make_desk: Callable[..., Desk], at_phone: Phone, staff: User, now: Any, text_of: Read
) -> None:
    """§1.6: until then it is his, and what he filed before does not count for it."""
    desk = make_desk("under_review")
    at_phone.send("add_evidence", desk.case, proof_added=picture())
    now.move_to(desk.case.evidence_due_at + timedelta(seconds=1))
    desk.case.catch_up()
    desk.case.ask_supplement(by=staff, of="buyer", what="请补一张杯底的近照。")
    assert "平台请你补充凭证" in text_of(at_phone.look("cases", tab="mine"))
    now.shift(timedelta(hours=1))
    at_phone.send("add_evidence", desk.case, proof_added=picture())

    shown = text_of(at_phone.look("case", desk.case))

    assert "平台处理中，你的凭证已提交" in shown
    assert desk.case.code not in text_of(at_phone.look("cases", tab="mine"))


def test_who_let_his_time_pass_reads_that_he_may_ask_once_more_and_until_when(
    make_desk: Callable[..., Desk], at_phone: Phone, staff: User, now: Any, text_of: Read
) -> None:
    """S-49: then that the platform looks at it, and in the end what it answered."""
    desk = make_desk("rejected")
    Ways(desk, staff, now).let_it_lapse()

    def otherwise() -> str:
        shown = text_of(at_phone.look("case", desk.case))
        return shown.split('class="hero"')[1].split("</section>")[0]

    assert "12-07（周一）12:00 前可以申请重新处理一次" in otherwise()
    at_phone.send("ask_reopen", desk.case, reason="住院了，没有看到驳回的通知。")
    assert "平台正在看你的理由，有结果会通知你" in otherwise()
    desk.case.decline_reopen(by=staff, note="没有住院的凭证。")
    assert "平台没有同意重新处理" in otherwise()


def test_after_the_grace_time_nobody_is_sent_to_ask_again(
    make_desk: Callable[..., Desk], at_phone: Phone, staff: User, now: Any, text_of: Read
) -> None:
    desk = make_desk("rejected")
    Ways(desk, staff, now).let_it_lapse()
    now.shift(timedelta(days=7))
    at_phone.client.force_login(desk.buyer)
    shown = text_of(at_phone.look("case", desk.case))
    assert "申请重新处理" not in shown
    assert "可以联系平台客服或走其他投诉渠道" in shown


def test_a_refusal_at_the_door_that_was_told_waits_for_the_parcel(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """S-03."""
    desk = make_desk(type="refund_not_received")
    desk.case.agree_refusal(by=desk.merchant)
    assert desk.case.code in text_of(at_phone.look("cases", tab="mine"))
    at_phone.send("report_refusal", desk.case)

    assert desk.case.code not in text_of(at_phone.look("cases", tab="mine"))
    assert "已记录拒收，等包裹退回" in text_of(at_phone.look("cases", tab="open"))


# Final acts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "trait", "kind", "consequence"),
    [
        ("cancel", "", "refund_received", "撤销后，这件商品不能再次申请售后"),
        ("accept_plan", "waiting", "refund_received", "接受后立即生效，此商品不能再申请售后"),
        ("confirm_arrival", "shipped_again", "exchange", "不能再次申请普通售后"),
        ("withdraw", "under_review", "refund_received", "撤回后，平台不再判定这一单"),
    ],
)
def test_a_final_act_says_its_consequence_and_going_back_is_the_main_button(
    make_case: Callable[..., Case],
    at_phone: Phone,
    text_of: Read,
    name: str,
    trait: str,
    kind: str,
    consequence: str,
) -> None:
    """S-49: looked at, it does nothing."""
    case = make_case(trait, type=kind)
    offer = next(iter(case.open_offers()), None)
    chosen = {"offer": str(offer.pk)} if offer else {}
    before = case.version

    shown = text_of(at_phone.look(name, case, **chosen))

    dock = shown.split('class="dock"')[1].split("</section>")[0]
    assert consequence in shown
    assert re.search(r'<a class="btn btn-primary"[^>]*>返回</a>', dock)
    assert re.search(r'<button class="btn btn-quiet even"', dock)
    assert dock.count('class="btn') == 2
    case.refresh_from_db()
    assert case.version == before


def test_after_a_rejection_only_a_plan_that_is_open_is_spoken_of(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    case = make_case("rejected")
    Offer.objects.filter(case=case).update(state=PlanState.OPEN)
    shown = text_of(at_phone.look("case", case))
    assert "可以接受之前的方案" in shown
    assert 'form="offers">接受所选方案' in shown, "what can be chosen can be sent"

    Offer.objects.filter(case=case).update(state=PlanState.DECLINED)

    assert "可以补充凭证，或申请平台介入。" in text_of(at_phone.look("case", case))


@pytest.mark.parametrize("name", ["case", "accept_plan", "reply"])
def test_no_plan_is_chosen_for_the_buyer(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, name: str
) -> None:
    shown = text_of(at_phone.look(name, make_case("waiting")))

    radios = re.findall(r'<input [^>]*type="radio"[^>]*>', shown)
    assert radios
    assert not [each for each in radios if re.search(r"\schecked\b", each)]


def test_accepting_without_a_choice_asks_for_one_and_then_shows_what_it_comes_to(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    case = make_case("waiting")
    offer = case.open_offers()[0]

    asked = text_of(at_phone.look("accept_plan", case, choose="1"))

    assert f'<a href="#offer-{offer.pk}">请选择一个方案</a>' in asked
    assert 'id="offers" method="get"' in asked, "choosing leads to the page of the consequence"


@pytest.mark.parametrize("name", ["cancel", "reply", "add_evidence", "send_message"])
def test_help_stands_beside_the_step(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, name: str
) -> None:
    """S-25: the rule in plain words, and the service, on the page itself."""
    shown = text_of(at_phone.look(name, make_case("waiting")))

    assert "客服</a>" in shown.split("<footer>")[1], "always at the same place"
    if name != "send_message":
        assert "规则和帮助" in shown
        assert "联系平台客服" in shown
