"""平台介入 from the buyer's side: asking, proving, withdrawing, and reading the ruling (B14)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from aftersales.enums import Party, Ruling, Stage, Status
from aftersales.models import Case, User
from tests.buyers.conftest import Phone
from tests.factories import picture

Read = Callable[[HttpResponse], str]
REASON = "商家说是开片工艺，可是裂纹用手摸得到，水会渗出来。"


@pytest.mark.parametrize(
    ("trait", "kind"), [("rejected", "refund_received"), ("refused_goods", "return_refund")]
)
def test_a_buyer_asks_the_platform_after_a_no(
    make_case: Callable[..., Case],
    at_phone: Phone,
    buyer: User,
    text_of: Read,
    trait: str,
    kind: str,
) -> None:
    """T-17, S-22, S-39, S-40, D11: why, what is wanted, proofs; and what comes then."""
    case = make_case(trait, type=kind)
    page = text_of(at_phone.look("ask_platform", case))
    assert "48 小时内" in page
    assert "11-25（周三）12:00" in page
    assert "预计 72 小时内" in page
    assert "11-26（周四）12:00" in page

    at_phone.send(
        *("ask_platform", case),
        **{"reason": REASON, "wants": "退全款，不退货", "proof_platform": picture()},
    )

    assert (case.status, case.stage) == (Status.PLATFORM_REVIEW, Stage.EVIDENCE)
    asked = case.interventions.get()
    assert (asked.asked_by, asked.reason, asked.wants) == (Party.BUYER, REASON, "退全款，不退货")
    assert case.evidence.filter(slot="platform").count() == 1
    event = case.events.last()
    assert (event.step, event.user) == ("ask_platform", buyer)
    shown = text_of(at_phone.look("case", case))
    assert REASON in shown
    assert "预计 11-26（周四）12:00 前出结果" in shown


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"reason": ""}, "请说明申请介入的理由"),
        ({"reason": "不讲理"}, "理由需 10 到 500 个字"),
        ({"reason": "长" * 501}, "最多 500 个字"),
        ({"wants": ""}, "请写明你希望的结果"),
    ],
)
def test_a_request_without_reason_or_wish_is_refused(
    make_case: Callable[..., Case],
    at_phone: Phone,
    text_of: Read,
    filled: dict[str, str],
    sentence: str,
) -> None:
    """S-40."""
    case = make_case("rejected")

    answer = at_phone.send("ask_platform", case, **({"reason": REASON, "wants": "退款"} | filled))

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert case.status == Status.REJECTED


@pytest.mark.parametrize("trait", ["", "waiting", "agreed", "under_review"])
def test_where_the_platform_cannot_be_asked_a_forged_request_is_refused(
    make_case: Callable[..., Case], at_phone: Phone, trait: str
) -> None:
    case = make_case(trait)
    before = (case.status, case.version)

    answer = at_phone.send("ask_platform", case, reason=REASON, wants="退款")

    assert answer.status_code == 409
    assert (case.status, case.version) == before


def test_after_the_period_to_answer_a_rejection_it_is_closed(
    make_case: Callable[..., Case], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """T-18, D6."""
    case = make_case("rejected")
    version = case.version
    now.shift(timedelta(days=7))

    answer = at_phone.send("ask_platform", case, reason=REASON, wants="退款", version=version)

    assert answer.status_code == 409
    assert "处理时限已过" in text_of(answer)
    assert case.status == Status.CLOSED_BUYER_TIMEOUT
    shown = text_of(at_phone.look("case", case))
    assert "商家驳回后，你没有在时限内申请平台介入" in shown
    assert reverse("buyers:record_complaint", args=[case.code]) in shown


def test_evidence_is_taken_until_the_window_closes(
    make_case: Callable[..., Case], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """D11, lifecycle 1.6: late evidence is refused."""
    case = make_case("under_review")
    at_phone.send("add_evidence", case, proof_added=picture(), text="渗水的视频截图")
    assert case.evidence.filter(slot="added").count() == 1

    now.shift(timedelta(hours=48))
    late = at_phone.send("add_evidence", case, proof_added=picture())

    assert late.status_code == 409
    assert case.evidence.filter(slot="added").count() == 1
    assert "举证已结束，平台正在判定" in text_of(at_phone.look("case", case))


def test_a_buyer_withdraws_his_request(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """T-19: back to where it was, with the time that was left."""
    case = make_case("under_review")
    assert "撤回后，平台不再判定这一单" in text_of(at_phone.look("withdraw", case))

    at_phone.send("withdraw", case)

    assert (case.status, case.stage) == (Status.REJECTED, Stage.WITHDRAWN)
    assert case.due_at is not None
    assert "商家驳回了你的申请" in text_of(at_phone.look("case", case))


def test_what_the_shop_asked_the_shop_withdraws(
    make_case: Callable[..., Case], at_phone: Phone, merchant: User, text_of: Read
) -> None:
    case = make_case("refused_goods", type="return_refund")
    case.ask_platform(by=merchant, reason="退回的商品有使用痕迹，请平台判定。")

    answer = at_phone.send("withdraw", case)

    assert answer.status_code == 409
    assert "只有申请介入的一方可以撤回" in text_of(answer)
    assert case.status == Status.PLATFORM_REVIEW


@pytest.mark.parametrize(
    ("ruling", "headline"),
    [
        (Ruling.FULL_REFUND, "退款中，¥128.00 原路退回"),
        (Ruling.DENY, "平台未支持你的申请"),
        (Ruling.RETURN_THEN_REFUND, "平台判定退货退款，请寄回"),
    ],
)
def test_the_ruling_and_its_grounds_are_on_the_page(
    make_case: Callable[..., Case],
    at_phone: Phone,
    staff: User,
    now: Any,
    text_of: Read,
    ruling: Ruling,
    headline: str,
) -> None:
    """T-20, S-23: and other channels are named after it (S-24)."""
    case = make_case("under_review")
    now.shift(timedelta(hours=48))
    case.catch_up()
    case.rule(
        by=staff,
        ruling=ruling,
        responsible="buyer" if ruling == Ruling.DENY else "merchant",
        grounds="照片可见贯穿裂纹，商家的说明不成立。",
        freight="merchant" if ruling == Ruling.RETURN_THEN_REFUND else "",
    )

    shown = text_of(at_phone.look("case", case))

    assert headline in shown
    assert str(ruling.label) in shown
    assert "照片可见贯穿裂纹，商家的说明不成立。" in shown
    assert reverse("buyers:record_complaint", args=[case.code]) in shown
