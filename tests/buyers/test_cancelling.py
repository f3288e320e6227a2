"""撤销申请: on a page of its own, with its consequence, and for good (B13, T-02)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from aftersales.enums import Party, RoundState, Stage, Status
from aftersales.models import Case, User
from tests.buyers.conftest import Phone

Read = Callable[[HttpResponse], str]
WARNING = "撤销后，这件商品不能再次申请售后"


def test_cancelling_names_its_consequence_and_its_main_button_leads_back(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-18."""
    case = make_case()

    shown = text_of(at_phone.look("cancel", case))

    assert WARNING in shown
    dock = shown.split('class="dock"')[1].split("</section>")[0]
    back = reverse("buyers:case", args=[case.code])
    assert f'<a class="btn btn-primary" href="{back}">返回</a>' in dock
    case.refresh_from_db()
    assert case.status == Status.PENDING_MERCHANT  # looking changes nothing


@pytest.mark.parametrize(
    ("trait", "ends"),
    [
        ("", ""),
        ("rejected", ""),
        ("waiting", "正在进行的协商同时结束。"),
        ("answered", "正在进行的协商同时结束。"),
        ("under_review", "平台不再判定这一单。"),
    ],
)
def test_it_says_what_else_ends_and_of_nothing_that_is_not(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, trait: str, ends: str
) -> None:
    """S-18."""
    shown = text_of(at_phone.look("cancel", make_case(trait)))

    said = {each for each in ("正在进行的协商", "平台不再判定") if each in shown}
    assert said == ({ends.split("同时")[0].split("这一单")[0]} if ends else set())
    assert ends in shown


@pytest.mark.parametrize(
    ("trait", "kind"),
    [
        ("", "refund_received"),
        ("waiting", "refund_received"),
        ("rejected", "refund_received"),
        ("agreed", "return_refund"),
        ("under_review", "refund_received"),
    ],
)
def test_a_buyer_cancels(
    make_case: Callable[..., Case],
    at_phone: Phone,
    buyer: User,
    text_of: Read,
    trait: str,
    kind: str,
) -> None:
    """T-02, S-18: final; the open round ends, and no clock runs on."""
    case = make_case(trait, type=kind)

    answer = at_phone.send("cancel", case)

    assert answer.status_code == 302
    assert (case.status, case.due_at, case.wake_at) == (Status.CANCELLED, None, None)
    assert case.round_state != RoundState.WAITING
    assert case.stage in ("", Stage.SETTLED)
    event = case.events.last()
    assert (event.step, event.party, event.user) == ("cancel", Party.BUYER, buyer)
    assert "这件商品不能再次申请售后" in text_of(at_phone.look("case", case))


def test_after_cancelling_the_line_cannot_be_applied_for_again(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-18, G2: neither is it offered, nor does a forged form get through."""
    case = make_case()
    at_phone.send("cancel", case)

    answer = at_phone.fill(case.order, "return_refund", **at_phone.answers("return_refund"))

    assert answer.status_code == 409
    assert "你撤销过这件商品的售后，不能再次申请" in text_of(answer)
    assert Case.objects.count() == 1


def test_goods_on_their_way_back_cannot_be_cancelled(
    make_case: Callable[..., Case], at_phone: Phone
) -> None:
    """T-02."""
    case = make_case("sent_back", type="return_refund")

    answer = at_phone.send("cancel", case)

    assert answer.status_code == 409
    assert case.status == Status.AWAITING_MERCHANT_RECEIPT
    assert (
        reverse("buyers:cancel", args=[case.code])
        not in at_phone.look("case", case).content.decode().split('aria-label="更多"')[1]
    )


def test_goods_that_are_back_cannot_be_cancelled_from_a_review_either(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """T-02."""
    case = make_case("refused_goods", type="return_refund")
    at_phone.send("ask_platform", case, reason="寄回的商品是完好的，有打包视频", wants="退款")
    assert case.status == Status.PLATFORM_REVIEW

    answer = at_phone.send("cancel", case)

    assert answer.status_code == 409
    assert "你已经寄回商品，不能撤销" in text_of(answer)
    assert case.status == Status.PLATFORM_REVIEW


def test_time_is_quicker_than_a_late_cancel(
    make_case: Callable[..., Case], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """S-21's other side: the claim was granted already, the cancel finds a refund."""
    case = make_case()
    version = case.version
    now.shift(timedelta(hours=48))

    answer = at_phone.send("cancel", case, version=version)

    assert answer.status_code == 409
    assert "处理时限已过" in text_of(answer)
    assert case.status == Status.REFUNDING


def test_cancelling_twice_is_one_cancel(make_case: Callable[..., Case], at_phone: Phone) -> None:
    case = make_case()

    for _ in range(2):
        assert at_phone.send("cancel", case, key="one-click").status_code == 302

    assert case.events.filter(step="cancel").count() == 1
