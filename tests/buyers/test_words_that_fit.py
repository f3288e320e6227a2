"""Words that fit where the case stands, and promise nothing that can't be."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from aftersales.models import Outcome, User
from tests.buyers.conftest import Phone
from tests.factories import Desk

Read = Callable[[HttpResponse], str]


@pytest.mark.parametrize(
    ("trait", "told"),
    [("waiting", "商家可以再提方案，也可以同意"), ("second_waiting", "商家可以同意，也可以驳回")],
)
def test_who_declines_reads_what_the_shop_may_do_then(
    trait: str, told: str, make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """NEG-45: it rejects after the last round, and offers no more then."""
    assert told in text_of(at_phone.look("reply", make_desk(trait).case))


def test_who_has_agreed_on_nothing_is_not_asked_to_decline_a_plan(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """NEG-46."""
    desk = make_desk("answered")
    agreed = Outcome.objects.get(code="agreed")
    desk.negotiate(outcome=agreed, explanation="电话里谈好了，补发一只新杯子。", offers=[])

    shown = text_of(at_phone.look("reply", desk.case))

    assert "没有谈妥，发送我的答复" in shown
    assert "不提方案，只告诉商家没有谈妥" in shown
    assert "不接受" not in shown.split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize(
    ("trait", "kind", "example"),
    [
        ("rejected", "refund_received", "例如：退款 ¥128.00，不退货"),
        ("refused_goods", "return_refund", "例如：退款 ¥128.00"),
        ("rejected", "exchange", "例如：换货"),
    ],
)
def test_the_example_of_a_wish_is_one_for_the_claim_at_hand(
    trait: str,
    kind: str,
    example: str,
    make_desk: Callable[..., Desk],
    at_phone: Phone,
    text_of: Read,
) -> None:
    """S-40."""
    shown = text_of(at_phone.look("ask_platform", make_desk(trait, type=kind).case))
    assert example in shown
    assert ("不退货" in shown) is (kind == "refund_received")


def hero_of(shown: str) -> str:
    return shown.split('class="hero"')[1].split("</section>")[0]


def test_a_ruling_that_is_late_is_not_expected_in_the_past(
    make_desk: Callable[..., Desk], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """D14: nobody counts down to a moment that is over; that it is late is said."""
    desk = make_desk("under_review")
    now.shift(timedelta(hours=49))
    in_time = hero_of(text_of(at_phone.look("case", desk.case)))
    assert "data-until" in in_time
    assert "结果出来会通知你" in in_time
    now.shift(timedelta(hours=24))

    shown = text_of(at_phone.look("case", desk.case))

    assert "已超过预计的 今天 12:00，平台会尽快判定" in hero_of(shown)
    assert "data-until" not in hero_of(shown)
    assert "预计 今天" not in shown.split('id="progress"')[1]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("exchange", "商家逾期未处理，已按你的要求同意换货，请先寄回"),
        ("resend", "商家逾期未处理，按你的要求达成协议"),
    ],
)
def test_what_time_agreed_to_is_not_called_the_shops_word(
    kind: str,
    told: str,
    make_desk: Callable[..., Desk],
    at_phone: Phone,
    now: Any,
    text_of: Read,
) -> None:
    """S-20, T-08."""
    desk = make_desk(type=kind)
    now.shift(timedelta(hours=48))
    assert told in hero_of(text_of(at_phone.look("case", desk.case)))


def test_who_has_refused_the_parcel_is_not_told_to_refuse_it(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """S-03."""
    desk = make_desk(type="refund_not_received")
    desk.case.agree_refusal(by=desk.merchant)
    assert "派送时当面拒收" in hero_of(text_of(at_phone.look("case", desk.case)))
    at_phone.send("report_refusal", desk.case)
    said = hero_of(text_of(at_phone.look("case", desk.case)))
    assert "不要签收" not in said
    assert "现在不用做什么" in said


def test_what_was_confirmed_as_agreed_can_be_read_afterwards(
    make_desk: Callable[..., Desk], at_phone: Phone, text_of: Read
) -> None:
    """NEG-46: the shop's words to which the buyer said yes."""
    desk = make_desk("answered")
    agreed = Outcome.objects.get(code="agreed")
    desk.negotiate(outcome=agreed, explanation="电话里谈好了，补发一只新杯子。", offers=[])
    at_phone.send("confirm_agreed", desk.case)

    told = dict(at_phone.look("case", desk.case).context["page"].claim)

    assert told["约定内容"] == "电话里谈好了，补发一只新杯子。"


def test_a_deadline_that_moved_is_told_with_where_it_moved_to(
    make_desk: Callable[..., Desk], at_phone: Phone, staff: User, text_of: Read
) -> None:
    """§1.4: in the progress and in the record."""
    desk = make_desk()
    later = desk.case.due_at + timedelta(days=1)
    desk.case.extend(by=staff, until={"due_at": later}, why="机房断电")

    for page in ("case", "record"):
        shown = text_of(at_phone.look(page, desk.case))
        assert "时限延后到 11-26（周四）12:00：机房断电" in shown
