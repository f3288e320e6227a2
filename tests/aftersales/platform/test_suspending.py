"""中止与恢复: the clocks stand still, only staff move the case, and it ends by itself (T-23, D16)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aftersales.enums import AnswerState, Party, Stage, Status
from aftersales.models import Case, Intervention, Suspension, User
from aftersales.rules.visibility import sees_content
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import (
    DAY,
    GROUNDS,
    HOUR,
    SECOND,
    assert_moved,
    last,
    refused,
    stored,
    told,
)
from tests.factories import upload

NOTE = "买家已向杭州互联网法院起诉。"
PROOF = "(2026) 浙 0192 民初 123 号"


def test_the_clocks_stand_still_and_go_on_with_what_was_left(
    make_case: Any, staff: User, buyer: User, merchant: User, now: Any
) -> None:
    """T-23: 30 hours of evidence and 54 of deciding are left, before and after."""
    case = make_case("under_review")
    now.shift(18 * HOUR)

    case.suspend(by=staff, because="court", note=NOTE, proof=PROOF)

    event = assert_moved(
        case, "suspend", Party.STAFF, Status.PLATFORM_REVIEW, Status.PLATFORM_REVIEW, staff
    )
    row = stored(case)
    assert row.suspended
    assert row.due_at == row.wake_at == event.at + 30 * DAY
    assert row.evidence_due_at is None
    assert told(case) == {buyer.username, merchant.username}

    now.shift(10 * DAY)
    assert expire_all() == (0, 0)
    case.resume(by=staff)

    row, asked, stood = stored(case), Intervention.objects.get(), Suspension.objects.get()
    assert not row.suspended
    assert row.evidence_due_at == row.wake_at == asked.evidence_due_at == row.updated_at + 30 * HOUR
    assert row.due_at == asked.decide_by == row.updated_at + 54 * HOUR
    assert stood.resumed_at == row.updated_at
    assert row.stage == Stage.EVIDENCE
    case.add_evidence(by=buyer, evidence={"added": [upload(buyer)]})


def test_what_a_side_was_asked_for_waits_with_the_case(
    deciding: Callable[..., Case], staff: User, buyer: User, merchant: User, now: Any
) -> None:
    """T-23: a formal request, which nobody can answer meanwhile, keeps the 18 hours it had left."""
    case = deciding()
    case.ask_for(by=merchant, kind="withdraw", text="我们已在聊天里说好，请撤销申请。")
    now.shift(6 * HOUR)
    case.suspend(by=staff, because="court", note=NOTE, proof=PROOF)
    now.shift(10 * DAY)
    case.resume(by=staff)

    row, asked = stored(case), case.requests.get()
    assert (asked.state, asked.due_at) == (AnswerState.OPEN, row.updated_at + 18 * HOUR)
    assert row.request_due_at == row.wake_at == asked.due_at
    case.answer_request(by=buyer, request=asked, done=False, text="没有说好，不撤销。")
    assert case.requests.get().state == AnswerState.DECLINED


def test_a_supplement_goes_on_with_what_was_left(
    deciding: Callable[..., Case], staff: User, now: Any
) -> None:
    """T-23, D11: its own row says so; the first window stays as it was."""
    case = deciding()
    first = Intervention.objects.get().evidence_due_at
    case.ask_supplement(by=staff, of="buyer", what="请补拍裂纹的近照。")
    now.shift(6 * HOUR)
    case.suspend(by=staff, because="court", note=NOTE, proof=PROOF)
    now.shift(10 * DAY)
    case.resume(by=staff)

    row = stored(case)
    assert row.evidence_due_at == row.updated_at + 18 * HOUR
    assert row.last_supplement.due_at == row.evidence_due_at
    assert Intervention.objects.get().evidence_due_at == first


@pytest.mark.parametrize("late", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_a_suspension_ends_by_itself(
    late: timedelta, deciding: Callable[..., Case], staff: User, now: Any
) -> None:
    """D16, T-23: 30 days at most, to the second."""
    case = deciding()
    case.suspend(by=staff, because="court", note="杭州互联网法院", proof=PROOF)
    now.shift(30 * DAY + late)
    if late < timedelta():
        assert expire_all() == (0, 0)
        assert stored(case).suspended
        return
    assert expire_all() == (1, 0)
    event = last(case)
    assert (event.step, event.party) == ("resume_by_default", Party.CLOCK)
    row = stored(case)
    assert (row.suspended, row.status, row.stage) == (
        False,
        Status.PLATFORM_REVIEW,
        Stage.DECIDING,
    )
    assert row.due_at == row.updated_at + 24 * HOUR  # of the 72 hours, 48 had gone
    assert row.wake_at is None


@pytest.mark.parametrize("days", [0, -1, 31])
def test_a_suspension_is_thirty_days_at_most(
    days: int, deciding: Callable[..., Case], staff: User
) -> None:
    """D16."""
    case = deciding()
    with refused(case, "最多中止 30 天", by=staff) as caught:
        case.suspend(by=staff, because="police", note=NOTE, days=days)
    assert list(caught.value.errors) == ["days"]


def test_a_shorter_suspension_ends_sooner(
    deciding: Callable[..., Case], staff: User, now: Any
) -> None:
    case = deciding()
    case.suspend(by=staff, because="court", note=NOTE, proof=PROOF, days=7)
    now.shift(7 * DAY)
    assert expire_all() == (1, 0)
    assert not stored(case).suspended


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"because": "holiday", "note": NOTE}, "because"),
        ({"because": "court", "note": " "}, "note"),
        ({"because": "court", "note": "有"}, "note"),
    ],
)
def test_a_suspension_has_a_proof(
    given: dict[str, str], field: str, deciding: Callable[..., Case], staff: User
) -> None:
    """T-23: both agree, or a court's or the police's acceptance is shown."""
    case = deciding()
    with refused(case, "", by=staff) as caught:
        case.suspend(by=staff, **given)
    assert list(caught.value.errors) == [field]


def test_meanwhile_only_staff_move_the_case(
    make_case: Any, staff: User, buyer: User, merchant: User
) -> None:
    """T-23: the sides may still talk, and record a complaint outside."""
    case = make_case("under_review")
    case.suspend(by=staff, because="court", note=NOTE, proof=PROOF)
    for user in (buyer, merchant):
        with refused(case, "平台已中止处理这一单", by=user) as caught:
            case.add_evidence(by=user, evidence={"added": [upload(user)]})
        assert caught.value.conflict
        case.send_message(by=user, text="我们在谈")
    for name in ("withdraw", "cancel", "accept_plan"):
        assert case.refusal(name, buyer) == "平台已中止处理这一单，恢复后再操作"
    assert case.may("record_complaint", buyer)
    for name, answers in {
        "rule": {"ruling": "deny", "responsible": "none", "grounds": GROUNDS},
        "suspend": {"because": "court", "note": NOTE},
        "ask_supplement": {"of": "", "what": "请补充近照"},
    }.items():
        with refused(case, "请先恢复处理", by=staff):
            getattr(case, name)(by=staff, **answers)


def test_what_was_hidden_stays_hidden_meanwhile(make_case: Any, staff: User, buyer: User) -> None:
    """§1.6: a suspension does not end the evidence window."""
    case = make_case("under_review")
    case.add_evidence(by=buyer, evidence={"added": [upload(buyer)]})
    case.suspend(by=staff, because="court", note=NOTE, proof=PROOF)
    new = case.evidence.last()
    assert new is not None
    assert not sees_content(new, case, Party.MERCHANT)


def test_a_suspended_case_is_never_overdue(
    deciding: Callable[..., Case], staff: User, client: Any, now: Any
) -> None:
    """D14, T-23: the platform's own target stands still with the other clocks."""
    case = deciding()
    case.suspend(by=staff, because="court", note=NOTE, proof=PROOF)
    now.shift(20 * DAY)
    client.force_login(staff)
    late = client.get("/admin/aftersales/intervention/?overdue=yes")
    assert late.context["cl"].result_count == 0
    assert "已中止" in client.get("/admin/aftersales/intervention/").content.decode()


def test_only_what_is_suspended_is_resumed(deciding: Callable[..., Case], staff: User) -> None:
    case = deciding()
    with refused(case, "这一单没有中止", by=staff):
        case.resume(by=staff)
