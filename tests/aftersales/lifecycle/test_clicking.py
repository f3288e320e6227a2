"""每次点击只算一次: stale pages, double clicks and refused tries (same-state steps included)."""

from collections.abc import Callable
from typing import Any

import pytest

from aftersales.enums import Status
from aftersales.models import Attempt, Case, Event
from aftersales.steps import STEPS, Refused
from tests.aftersales.lifecycle.reading import WHY, last, owed, refused, steps, stored
from tests.factories import upload

STALE = "此售后单刚刚有更新，请核对后再提交。你填写的内容已保留。"


class Click:
    """A step as a page would take it: the trait it is taken from, who, and with what."""

    def __init__(
        self,
        trait: str,
        name: str,
        who: str,
        answers: Callable[[Case, Any], dict[str, Any]],
        **given: Any,
    ) -> None:
        self.trait, self.name, self.who, self.answers, self.given = (
            trait,
            name,
            who,
            answers,
            given,
        )


def nothing(case: Case, desk: Any) -> dict[str, Any]:
    return {}


CLICKS = {
    # state-changing
    "agree": Click("", "agree", "merchant", nothing),
    "agree_return": Click(
        "",
        "agree_return",
        "merchant",
        lambda case, desk: {"address": case.default_address()},
        type="return_refund",
    ),
    "cancel": Click("", "cancel", "buyer", nothing),
    "send_back": Click(
        "agreed",
        "send_back",
        "buyer",
        lambda case, desk: {"carrier": "中通快递", "tracking": "ZT00001234"},
        type="return_refund",
    ),
    "confirm_receipt": Click(
        "sent_back", "confirm_receipt", "merchant", nothing, type="return_refund"
    ),
    "reject": Click("negotiated", "reject", "merchant", lambda case, desk: desk.rejection()),
    "ask_platform": Click("rejected", "ask_platform", "buyer", lambda case, desk: {"reason": WHY}),
    "withdraw": Click("under_review", "withdraw", "buyer", nothing),
    # same-state
    "send_message": Click("", "send_message", "buyer", lambda case, desk: {"text": "请尽快处理"}),
    "add_evidence": Click(
        "",
        "add_evidence",
        "buyer",
        lambda case, desk: {"evidence": {"added": [upload(case.buyer)]}},
    ),
    "reply": Click("waiting", "reply", "buyer", lambda case, desk: {"text": "不接受"}),
    "report_refusal": Click("", "report_refusal", "buyer", nothing, type="refund_not_received"),
    "confirm_risks": Click(
        "",
        "confirm_risks",
        "merchant",
        lambda case, desk: {"risks": [each.code for each in case.warnings() if each.ticked]},
    ),
}


@pytest.fixture
def clicked(make_desk: Any, buyer: Any, merchant: Any) -> Callable[[str], Any]:
    """The case, the person and the answers of a click that is about to be made."""

    def make(name: str) -> tuple[Case, Callable[..., None], Any]:
        click = CLICKS[name]
        desk = make_desk(click.trait, **click.given)
        user = {"buyer": buyer, "merchant": merchant}[click.who]
        answers = click.answers(desk.case, desk)

        def take(case: Case, **more: Any) -> None:
            getattr(case, click.name)(by=user, **(answers | more))

        return desk.case, take, user

    return make


@pytest.mark.parametrize("name", CLICKS)
def test_the_same_click_twice_has_one_effect(name: str, clicked: Any) -> None:
    """§2: the idempotency key of the page; the second answer is the first one's state."""
    case, take, _user = clicked(name)
    take(case, key="one-click", version=case.version)
    first, money, history = stored(case), owed(case), steps(case)
    rows = Event.objects.count(), case.messages.count(), case.evidence.count()

    again = Case.objects.get(pk=case.pk)
    take(again, key="one-click", version=first.version - 1)

    assert (again.version, again.status) == (first.version, first.status)
    assert (owed(case), steps(case)) == (money, history)
    assert (Event.objects.count(), case.messages.count(), case.evidence.count()) == rows
    assert not Attempt.objects.filter(case=case).exists()


@pytest.mark.parametrize("name", [name for name in CLICKS if STEPS[name].versioned])
def test_who_answers_a_page_that_is_out_of_date_is_asked_to_look_again(
    name: str, clicked: Any
) -> None:
    """§1.3: the version that the page was rendered with, not a re-read, decides."""
    case, take, user = clicked(name)
    seen = case.version
    case.send_message(by=case.buyer, text="等一下，我想补充一点")

    with refused(case, STALE, by=user) as caught:
        take(case, version=seen)

    assert caught.value.conflict
    assert last(case).step == "send_message"


@pytest.mark.parametrize("name", [name for name in CLICKS if not STEPS[name].versioned])
def test_what_does_not_answer_the_page_is_taken_although_it_moved_on(
    name: str, clicked: Any
) -> None:
    """A chat message is not lost because the other side was quicker."""
    case, take, _user = clicked(name)
    seen = case.version
    case.record_complaint(by=case.buyer, channel="12315", filed_on=case.applied_at.date())
    take(case, version=seen)
    assert last(case).step == name


def test_a_key_is_not_used_for_another_step(make_case: Any, merchant: Any, buyer: Any) -> None:
    """A page that sends an old key with something else is out of date."""
    case = make_case()
    case.send_message(by=buyer, text="在吗", key="k1")
    with refused(case, STALE, by=merchant):
        case.agree(by=merchant, key="k1")


def test_two_pages_of_one_person_race(make_case: Any, merchant: Any) -> None:
    """Both were rendered at the same version: the second is told, and owes nothing twice."""
    case = make_case()
    mine, other = Case.objects.get(pk=case.pk), Case.objects.get(pk=case.pk)
    mine.agree(by=merchant, version=1, key="a")
    with pytest.raises(Refused, match=STALE):
        other.agree(by=merchant, version=1, key="b")
    assert other.status == Status.REFUNDING  # it shows what is
    assert owed(case) == [("微信支付", "128.00")]


def test_the_copy_of_who_was_refused_is_what_is_stored(make_case: Any, merchant: Any) -> None:
    """Nothing of a refused step's work stays behind in memory."""
    case = make_case("sent_back", type="return_refund")
    with pytest.raises(Refused):
        case.reject(by=merchant)
    other = make_case(type="return_refund", reason="R20")
    with pytest.raises(Refused, match="请选择退货运费由谁承担"):
        other.agree_return(by=merchant, address=other.default_address())
    for row in (case, other):
        assert not row.dirty()
        assert row.version == stored(row).version
        assert row.status == stored(row).status


def test_a_step_that_breaks_leaves_nothing(make_case: Any, merchant: Any) -> None:
    """Whole or not at all: an error is an error, and the case is as it was."""
    case = make_case(type="return_refund")
    before = stored(case)
    with pytest.raises(TypeError):
        case.agree_return(by=merchant, address=case.default_address(), unknown="answer")
    row = stored(case)
    assert (row.version, row.status, row.chain) == (before.version, before.status, before.chain)
    assert steps(case) == ["apply"]
    case.agree_return(by=merchant, address=case.default_address())
    assert steps(case) == ["apply", "agree_return"]
