"""The ruling page question by question (W7): both columns, what is left open, what was ruled before,
and what each side will read (S-23, NEG-55)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.enums import Status
from aftersales.models import Case, Precheck, User
from tests.factories import Desk

pytestmark = pytest.mark.django_db

GROUNDS = "采信 E1：裂纹清晰可见，商家的页面说明不能解释裂纹。"
MERCHANT_PAYS = {"responsible": "merchant", "grounds": GROUNDS, "reason": "DR-22"}


@pytest.fixture
def reviewer(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def deciding(make_desk: Callable[..., Desk], now: Any) -> Callable[..., Case]:
    """A case whose evidence window has closed."""

    def make(trait: str = "under_review", **given: Any) -> Case:
        desk = make_desk(trait, **given)
        now.shift(timedelta(hours=48))
        desk.case.catch_up()
        return desk.case

    return make


def page_of(case: Case) -> str:
    asked = case.last_intervention
    assert asked is not None
    return reverse("admin:rule", args=[asked.pk])


def columns(reviewer: Client, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """Each side's answers, by question."""
    buyer, merchant = reviewer.get(page_of(case)).context["sides"]
    assert [each.question for each in buyer.answers] == [each.question for each in merchant.answers]
    return (
        {each.question: each for each in buyer.answers},
        {each.question: each for each in merchant.answers},
    )


def test_both_sides_answer_the_same_questions_in_the_same_rows(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """S-23, NEG-55: claim, demand, each round, what had to be answered, evidence by its number."""
    case = deciding()
    buyer, merchant = columns(reviewer, case)
    assert ("说明", case.description) in buyer["主张"].items
    assert "驳回说明" in dict(merchant["主张"].items)
    assert "¥128.00" in dict(buyer["要求"].items)["要求"]
    first = case.rounds.order_by("number").first()
    assert first is not None
    offered = dict(merchant["第 1 轮协商"].items)["方案"]
    assert first.offers.filter(party="merchant").last().plan.label in offered
    assert first.get_state_display() in dict(buyer["第 1 轮协商"].items)["结果"]
    rejected = case.events.get(step="reject")
    points = {each["point"]: each["text"] for each in rejected.details["answers"]}
    assert points
    assert points.items() <= dict(merchant["必答与必传"].items).items()
    shown = [shot.name for side in (buyer, merchant) for shot in side["凭证"].shots]
    assert sorted(shown) == [f"E{n}" for n in range(1, case.evidence.count() + 1)]


def test_what_a_side_left_open_is_named(reviewer: Client, deciding: Callable[..., Case]) -> None:
    """NEG-05, NEG-55: a warning that stood at the rejection without a tick, and a proof that was due."""
    case = deciding()
    rejected = case.events.get(step="reject")
    precheck = Precheck.objects.filter(case=case).first()
    assert precheck is not None
    buyer, merchant = columns(reviewer, case)
    ignored = [
        code
        for code in rejected.details["risks"]
        if not any(code in each.ticked for each in case.prechecks.all())
    ]
    named = " ".join(merchant["没有回应的"].open)
    assert [code for code in ignored if code not in named] == []
    slots = case.reason.proofs.filter(required=True)
    filed = set(case.evidence.filter(party="buyer").values_list("slot", flat=True))
    assert [proof.label for proof in slots if proof.code not in filed] == [
        each.removeprefix("没有提交：") for each in buyer["没有回应的"].open
    ]


def test_earlier_rulings_on_the_same_type_and_reason_are_shown(
    reviewer: Client, deciding: Callable[..., Case], staff: User
) -> None:
    """T-20: rule alike on what is alike; this case is none of its own precedents."""
    before, case = deciding(), deciding()
    assert reviewer.get(page_of(case)).context["precedents"].rulings == []
    before.rule(by=staff, ruling="deny", responsible="buyer", grounds=GROUNDS)
    found = reviewer.get(page_of(case))
    known = found.context["precedents"]
    assert [each.case for each in known.rulings] == [before]
    assert known.tally == [(known.rulings[0].get_ruling_display(), 1)]
    assert GROUNDS in found.content.decode()


def test_the_ruling_is_previewed_as_each_side_will_read_it(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """S-23: before it is confirmed, and nobody has been told anything yet."""
    case = deciding()
    given = {"version": case.version, "ruling": "full_refund", **MERCHANT_PAYS}
    seen = reviewer.post(page_of(case), given)
    assert seen.status_code == 200
    buyer, merchant = seen.context["readers"]
    assert GROUNDS in buyer.text
    assert GROUNDS in merchant.text
    assert dict(buyer.items)["退款"] == "¥128.00"
    assert "计入纠纷退款" not in dict(buyer.items)
    assert dict(merchant.items)["计入纠纷退款"] == "是"
    words = seen.content.decode()
    assert "买家会看到" in words
    assert "商家会看到" in words
    case.refresh_from_db()
    assert case.status == Status.PLATFORM_REVIEW
    assert not case.events.filter(step="rule").exists()
