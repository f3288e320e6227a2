"""售后详情 and 退款/售后: where is it, what now, until when, and what if nobody acts."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import strip_tags

from aftersales.enums import Stage, Status
from aftersales.models import Case, Complaint, Offering, Plan, Policy, User
from merchants.showing.record import record_of
from tests.buyers.conftest import Phone
from tests.factories import Desk, OrderFactory, upload

Read = Callable[[HttpResponse], str]

PAGES = [
    *("case", "record", "refund", "accept_plan", "reply", "confirm_agreed", "send_message"),
    *("send_back", "correct_tracking", "report_refusal", "add_evidence", "ask_platform"),
    *("withdraw", "cancel", "record_complaint"),
]


def words_on(answer: HttpResponse) -> list[str]:
    return strip_tags(answer.content.decode()).split()


def two_offers(desk: Desk) -> None:
    """¥45 without a return, or everything back at the shop's cost: as in the prototype."""
    desk.negotiate(
        offers=[
            Offering(Plan.objects.get(code="partial_refund"), Decimal("45.00")),
            Offering(Plan.objects.get(code="return_freight_covered")),
        ]
    )


@pytest.mark.parametrize("name", PAGES)
def test_somebody_elses_case_is_not_there(
    make_case: Callable[..., Case],
    stranger: User,
    merchant: User,
    phone_of: Callable[[User], Phone],
    name: str,
) -> None:
    """Also not for the shop's own people, and not by post."""
    case = make_case("waiting")

    for user in (stranger, merchant):
        assert phone_of(user).look(name, case).status_code == 404
        assert phone_of(user).send(name, case).status_code == 404
    assert case.attempts.count() == 0


@pytest.mark.parametrize("trait", ["", "waiting", "rejected", "under_review", "agreed"])
def test_every_page_opens_in_every_state(
    make_case: Callable[..., Case], at_phone: Phone, trait: str
) -> None:
    case = make_case(trait)
    answers = {name: at_phone.look(name, case).status_code for name in PAGES}
    assert answers == dict.fromkeys(PAGES, 200)


def test_nothing_on_the_page_tells_of_what_the_shop_did_for_itself(
    make_desk: Callable[..., Desk], at_phone: Phone
) -> None:
    """That the shop looks at the risks of a rejection, or hands the case on, is its own business."""
    desk = make_desk()
    before = words_on(at_phone.look("case", desk.case))

    desk.check()

    assert desk.case.events.last().step == "confirm_risks"
    assert words_on(at_phone.look("case", desk.case)) == before


# The hero -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trait", "given", "headline", "until", "otherwise"),
    [
        ("", {}, "等商家处理", "11-25（周三）12:00", "将自动退款 ¥128.00"),
        (
            "",
            {"type": "return_refund"},
            "等商家处理",
            "11-25（周三）12:00",
            "按你的要求同意退货退款",
        ),
        ("waiting", {}, "商家提出了 1 个方案，等你答复", "今天 13:00", "没答复也没关系"),
        ("answered", {}, "已答复，等商家处理", "11-25（周三）12:00", "将自动退款"),
        ("expired", {}, "商家的方案还可以接受，等商家处理", "11-25（周三）12:00", "将自动退款"),
        ("rejected", {}, "商家驳回了你的申请", "11-30（周一）12:00", "逾期售后关闭"),
        (
            *("agreed", {"type": "return_refund"}, "商家同意退货，请寄回"),
            *("11-30（周一）12:00", "逾期未填单号，售后关闭"),
        ),
        (
            *("sent_back", {"type": "return_refund"}, "商家收货后退款"),
            *("12-03（周四）12:00", "将自动退款 ¥128.00"),
        ),
        (
            *("refused_goods", {"type": "return_refund"}, "商家拒绝收货"),
            *("11-30（周一）12:00", "逾期售后关闭"),
        ),
        ("agreed", {}, "退款中，¥128.00 原路退回", "", "到账时间以银行为准"),
    ],
)
def test_the_page_answers_four_questions(
    make_case: Callable[..., Case],
    at_phone: Phone,
    text_of: Read,
    trait: str,
    given: dict[str, str],
    headline: str,
    until: str,
    otherwise: str,
) -> None:
    """S-19, S-48: the remaining time beside the absolute one (D1 to D7, D11, D15)."""
    shown = text_of(at_phone.look("case", make_case(trait, **given)))

    hero = shown.split('class="hero"')[1].split("</section>")[0]
    assert headline in hero
    assert until in hero
    assert otherwise in hero
    assert ("data-until" in hero) is bool(until)


def test_a_shop_that_never_answers_ends_in_the_buyers_favour(
    make_case: Callable[..., Case], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """S-01, S-20, T-08: and the page says why, with no sweep having run."""
    case = make_case()
    now.shift(timedelta(hours=48))

    shown = text_of(at_phone.look("case", case))

    assert "退款中，¥128.00 原路退回" in shown
    assert "商家逾期未处理，按你的要求达成协议" in shown
    case.refresh_from_db()
    assert case.refunds.get().amount == Decimal("128.00")


# The shop's offers --------------------------------------------------------------------------------


def test_the_shops_offers_stand_with_their_consequences_and_nothing_is_chosen(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """NEG-30: both answers are in the dock."""
    desk = make_desk("checked")
    two_offers(desk)

    page = at_phone.look("case", desk.case)
    shown = text_of(page)

    assert "商家提出了 2 个方案，等你答复" in shown
    assert "退款 ¥45.00，不用退货" in shown
    assert "退货后退全款 ¥128.00" in shown
    assert "此商品不能再申请售后" in shown
    assert "运费商家承担" in shown
    assert "checked" not in shown.split('id="offers"')[1].split("</form>")[0]
    dock = shown.split('class="dock"')[1].split("</section>")[0]
    assert "都不接受" in dock
    assert "接受所选方案" in dock
    assert dock.count("btn ") == 2


def test_opening_the_page_marks_the_round_as_read(
    make_case: Callable[..., Case], at_phone: Phone, now: Any
) -> None:
    case = make_case("waiting")
    sent = case.rounds.get()
    assert sent.read_at is None

    now.shift(timedelta(minutes=7))
    at_phone.look("case", case)
    now.shift(timedelta(minutes=7))
    at_phone.look("case", case)

    sent.refresh_from_db()
    assert sent.read_at - sent.sent_at == timedelta(minutes=7)
    assert not case.events.filter(step="read").exists()


def test_the_page_renews_itself_only_when_something_happened(
    make_desk: Callable[..., Desk], at_phone: Phone
) -> None:
    desk = make_desk("waiting")
    url = reverse("buyers:case", args=[desk.case.code])

    def ask(version: int) -> HttpResponse:
        return at_phone.client.get(url, {"seen": version}, headers={"HX-Request": "true"})

    same = ask(desk.case.version)
    other = ask(desk.case.version - 1)

    assert (same.status_code, "HX-Refresh" in same) == (204, False)
    assert (other.status_code, other["HX-Refresh"]) == (204, "true")


def test_no_return_address_is_shown_before_it_is_agreed(
    make_desk: Callable[..., Desk], at_phone: Phone, merchant: User, text_of: Read
) -> None:
    """S-35: not with the offer, not on the return page; after the agreement both have it."""
    desk = make_desk("checked", type="return_refund")
    two_offers(desk)

    def shown() -> str:
        return "".join(text_of(at_phone.look(name, desk.case)) for name in PAGES)

    assert "文三路 1 号" not in shown()
    desk.case.agree_return(by=merchant, address=desk.case.default_address())
    assert "文三路 1 号" in text_of(at_phone.look("case", desk.case))
    assert "文三路 1 号" in text_of(at_phone.look("send_back", desk.case))


def test_a_rejection_shows_reason_statement_answers_proofs_and_the_ways_on(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-22, S-81."""
    case = make_case("rejected")
    event = case.events.get(step="reject")

    shown = text_of(at_phone.look("case", case))

    assert event.details["reason"] in shown
    assert event.details["statement"] in shown
    assert all(each["text"] in shown for each in event.details["answers"])
    proofs = case.evidence.filter(version=event.version)
    assert proofs.exists()
    assert all(proof.upload.token in shown for proof in proofs)
    for verb in ("add_evidence", "ask_platform", "cancel"):
        assert reverse(f"buyers:{verb}", args=[case.code]) in shown


def test_the_progress_shows_past_present_and_future_with_latest_times(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    case = make_case(type="return_refund")

    shown = text_of(at_phone.look("case", case))
    steps = shown.split('aria-labelledby="progress"')[1].split("</section>")[0]

    assert "你申请了退款 ¥128.00" in steps
    assert steps.count('class="now"') == 1
    assert "11-25（周三）12:00 前必须处理完" in steps
    assert "最晚 12-02（周三）12:00 前填写单号" in steps
    assert "最晚 12-12（周六）12:00，逾期自动退款" in steps


def test_what_the_shop_files_in_a_review_is_hidden_until_its_window_closes(
    make_desk: Callable[..., Desk], at_phone: Phone, merchant: User, now: Any, text_of: Read
) -> None:
    """lifecycle 1.6."""
    desk = make_desk("under_review")
    theirs = upload(merchant)
    now.shift(timedelta(minutes=1))
    desk.case.add_evidence(by=merchant, evidence={"added": [theirs]}, as_party="merchant")

    assert theirs.token not in text_of(at_phone.look("record", desk.case))
    now.shift(timedelta(hours=48))
    assert theirs.token in text_of(at_phone.look("record", desk.case))


# The list -----------------------------------------------------------------------------------------


def test_cases_are_listed_by_whose_turn_it_is(
    make_case: Callable[..., Case], at_phone: Phone, buyer: User, now: Any
) -> None:
    """S-48."""
    mine = {make_case(trait).code for trait in ("waiting", "rejected")}
    before_the_platform = make_case("rejected")
    now.shift(timedelta(minutes=1))
    before_the_platform.ask_platform(by=buyer, reason="商家驳回没有道理，照片拍到了裂纹。")
    mine.add(before_the_platform.code)
    mine.add(make_case("agreed", type="return_refund").code)
    going = {make_case(trait).code for trait in ("", "answered", "agreed")}
    ended = make_case()
    ended.cancel(by=buyer)

    def listed(tab: str) -> set[str]:
        return {case.code for case, _ in at_phone.look("cases", tab=tab).context["cases"]}

    assert (listed("mine"), listed("open"), listed("done")) == (mine, going, {ended.code})


@pytest.mark.parametrize(
    ("status", "badge", "reason"),
    [
        (Status.REFUNDED, "售后成功", "退款成功 ¥128.00"),
        (Status.CLOSED_AGREED, "售后成功", "已与商家协商一致"),
        (Status.CANCELLED, "售后失败", "这件商品不能再次申请售后"),
        (Status.CLOSED_BUYER_TIMEOUT, "售后失败", "超过时限，售后已关闭"),
        (Status.CLOSED_PLATFORM_DENIED, "售后失败", "平台未支持你的申请"),
    ],
)
def test_an_ended_case_is_plainly_success_or_failure(
    make_case: Callable[..., Case],
    at_phone: Phone,
    text_of: Read,
    status: Status,
    badge: str,
    reason: str,
) -> None:
    """S-49."""
    case = make_case()
    Case.objects.filter(pk=case.pk).update(status=status, due_at=None, wake_at=None)

    for page in (at_phone.look("cases", tab="done"), at_phone.look("case", case)):
        assert reason in text_of(page)
    assert badge in text_of(at_phone.look("cases", tab="done"))


# Help and other channels --------------------------------------------------------------------------


def test_help_and_the_platforms_service_are_one_tap_away(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-25, S-39."""
    shown = text_of(at_phone.look("case", make_case()))

    assert f'href="{reverse("help")}?for=buyer"' in shown
    assert f'href="{reverse("help")}#service"' in shown


def test_other_channels_are_named_always(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-24, S-41."""
    shown = text_of(at_phone.look("record_complaint", make_case()))

    for channel in ("12315", "黑猫投诉", "消费者协会", "行业协会", "法院"):
        assert channel in shown


def test_a_complaint_made_outside_is_recorded_on_the_case(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-24."""
    case = make_case("rejected")

    at_phone.send(
        *("record_complaint", case),
        **{"channel": "12315", "number": "A-77", "filed_on": "2026-11-22", "wants": "退全款"},
    )
    future = at_phone.send("record_complaint", case, channel="12315", filed_on="2026-11-24")

    complaint = Complaint.objects.get()
    assert (complaint.channel, complaint.number, complaint.party) == ("12315", "A-77", "buyer")
    assert case.events.last().step == "record_complaint"
    assert "投诉日期不能晚于今天" in text_of(future)
    assert "A-77" in text_of(at_phone.look("record_complaint", case))
    assert "登记了外部投诉：12315" in text_of(at_phone.look("record", case))
    assert "登记外部投诉：12315 A-77" in [entry.what for entry in record_of(case)]


def test_the_early_ask_for_the_platform_opens_with_the_policy(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, now: Any
) -> None:
    """D10 is off by default: the page says so, with the time that helps instead."""
    closed = make_case()
    shown = text_of(at_phone.look("ask_platform", closed))
    assert "商家还没有处理，暂不能申请平台介入" in shown
    assert "11-25（周三）12:00 前商家仍未处理，将自动退款 ¥128.00" in shown

    policy = Policy.current()
    policy.allow_early_intervention = True
    policy.save()
    early = make_case()
    now.shift(timedelta(hours=24))
    at_phone.send(
        *("ask_platform", early),
        reason="商家说要我自己承担，不讲道理",
        wants="退全款",
    )

    assert (early.status, early.stage) == (Status.PLATFORM_REVIEW, Stage.EVIDENCE)


@pytest.mark.postgres
def test_a_long_case_asks_the_database_no_more_often(
    make_case: Callable[..., Case], at_phone: Phone, django_assert_max_num_queries: Any
) -> None:
    for case in (make_case(), make_case("answered")):
        at_phone.look("case", case.code)  # what is news is read

        with django_assert_max_num_queries(6):
            assert at_phone.look("case", case.code).status_code == 200


def test_a_list_of_cases_takes_few_queries(
    make_case: Callable[..., Case], at_phone: Phone, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        make_case("waiting")
    OrderFactory(buyer=at_phone.user)

    with django_assert_max_num_queries(20):
        at_phone.look("cases", tab="mine")
