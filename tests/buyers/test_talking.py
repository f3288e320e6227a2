"""Talking to the shop: what a message does to an open round, and what it must hold."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from aftersales.models import Case
from tests.buyers.conftest import Phone

Read = Callable[[HttpResponse], str]


def test_a_message_reaches_the_shop_and_answers_the_round(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """S-38, NEG-30: any message counts as an answer."""
    case = make_case("waiting")

    answer = at_phone.send("send_message", case, text="裂纹摸得到，不是开片")

    assert answer.status_code == 302
    assert case.round_state == "answered"
    assert case.messages.last().text == "裂纹摸得到，不是开片"
    assert case.events.last().step == "send_message"
    assert "裂纹摸得到，不是开片" in text_of(at_phone.look("send_message", case))


def test_before_he_writes_he_is_told_that_a_message_ends_the_wait(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """NEG-30: and afterwards that the offer still stands."""
    case, told = make_case("waiting"), "发消息也算答复"

    assert told in text_of(at_phone.look("send_message", case))
    at_phone.send("send_message", case, text="能再多退一点吗？")

    assert told not in text_of(at_phone.look("send_message", case))
    shown = text_of(at_phone.look("case", case))
    assert "已答复，等商家处理" in shown
    assert "商家的方案还可以接受；也可以等商家处理。" in shown
    assert "现在不用做什么" not in shown


def test_words_with_evidence_answer_the_round_too_and_the_page_says_so(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """NEG-30."""
    assert "也算答复" in text_of(at_phone.look("add_evidence", make_case("waiting")))
    assert "也算答复" not in text_of(at_phone.look("add_evidence", make_case("answered")))


@pytest.mark.parametrize("trait", ["", "expired", "answered"])
def test_where_no_answer_is_waited_for_a_message_is_just_that(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, trait: str
) -> None:
    assert "发消息也算答复" not in text_of(at_phone.look("send_message", make_case(trait)))


def test_a_message_asks_for_words_or_a_picture(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """Neither is called optional: one of the two is needed."""
    form = text_of(at_phone.look("send_message", make_case())).split("<form", 2)[1]

    assert "文字或图片，至少一样" in form
    assert "最多 3 张" in form
    assert "选填" not in form


@pytest.mark.parametrize(
    ("text", "sentence"), [("  ", "请写几句，或者附一张图片"), ("长" * 501, "最多 500 个字")]
)
def test_an_empty_or_endless_message_is_refused(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read, text: str, sentence: str
) -> None:
    case = make_case()

    answer = at_phone.send("send_message", case, text=text)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not case.messages.exists()


def test_the_same_click_twice_says_it_once(make_case: Callable[..., Case], at_phone: Phone) -> None:
    case = make_case()

    for _ in range(2):
        at_phone.send("send_message", case, text="在吗", key="one-click")

    assert case.messages.count() == 1
