"""双方同意中止: proposed by anybody, in force when both have said yes; and the proof of a court (T-23, D16)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.enums import Party, PlanState, Stage, Status
from aftersales.models import Case, Suspension, SuspensionProposal, User
from aftersales.notices.delivering import text_of
from aftersales.tasks import expire_all
from tests.aftersales.lifecycle.reading import (
    DAY,
    GROUNDS,
    HOUR,
    SECOND,
    last,
    refused,
    stored,
    told,
)
from tests.factories import UserFactory, picture, upload

NOTE = "双方想先自行协商一周。"


def test_staff_propose_and_both_sides_consent(
    make_case: Any, staff: User, buyer: User, merchant: User, now: Any
) -> None:
    """T-23, Taobao Art. 82: the clocks stop with the second yes, not before."""
    case = make_case("under_review")
    due_at, evidence = case.due_at, case.evidence_due_at
    case.propose_suspension(by=staff, note=NOTE, days=7)
    assert told(case) == {buyer.username, merchant.username}
    assert not stored(case).suspended

    case.answer_suspension(by=merchant, agreed=True)
    assert told(case) == {buyer.username}
    assert (stored(case).suspended, stored(case).due_at) == (False, due_at)
    with refused(case, "你已经同意中止，等对方答复", by=merchant):
        case.answer_suspension(by=merchant, agreed=True)
    now.shift(HOUR)
    case.answer_suspension(by=buyer, agreed=True)

    row, stood, said = stored(case), Suspension.objects.get(), SuspensionProposal.objects.get()
    assert row.suspended
    assert row.due_at == row.wake_at == stood.until == row.updated_at + 7 * DAY
    assert (stood.because, stood.note, stood.evidence_left) == (
        "settling",
        NOTE,
        evidence - row.updated_at,
    )
    assert (said.state, said.merchant_at, said.buyer_at) == (
        PlanState.ACCEPTED,
        row.updated_at - HOUR,
        row.updated_at,
    )
    assert last(case).step == "answer_suspension"
    assert told(case) == {merchant.username}
    now.shift(7 * DAY)
    assert expire_all() == (1, 0)
    assert stored(case).evidence_due_at == evidence + 7 * DAY


@pytest.mark.parametrize(("first", "second"), [("buyer", "merchant"), ("merchant", "buyer")])
def test_a_side_that_proposes_has_consented_itself(
    first: str, second: str, make_case: Any, request: pytest.FixtureRequest
) -> None:
    case = make_case("under_review")
    one, other = request.getfixturevalue(first), request.getfixturevalue(second)
    case.propose_suspension(by=one, note=NOTE)
    assert told(case) == {other.username}
    assert case.refusal("answer_suspension", one) == "你已经同意中止，等对方答复"

    case.answer_suspension(by=other, agreed=True)

    row = stored(case)
    assert row.suspended
    assert row.due_at == row.updated_at + 30 * DAY


def test_one_no_ends_it_and_the_platform_goes_on(
    make_case: Any, staff: User, buyer: User, merchant: User
) -> None:
    case = make_case("under_review")
    before = (case.due_at, case.evidence_due_at)
    case.propose_suspension(by=buyer, note=NOTE)
    case.answer_suspension(by=merchant, agreed=False)
    row = stored(case)
    assert (row.suspended, row.due_at, row.evidence_due_at) == (False, *before)
    assert SuspensionProposal.objects.get().state == PlanState.DECLINED
    assert told(case) == {buyer.username}
    with refused(case, "没有等待答复的中止提议", by=merchant):
        case.answer_suspension(by=merchant, agreed=True)
    case.propose_suspension(by=staff, note=NOTE)  # again, by somebody else


def test_there_is_one_proposal_at_a_time_and_it_lapses_with_the_ruling(
    deciding: Callable[..., Case], staff: User, buyer: User, merchant: User
) -> None:
    case = deciding()
    case.propose_suspension(by=buyer, note=NOTE)
    with refused(case, "已有中止提议，请先等双方答复", by=merchant):
        case.propose_suspension(by=merchant, note=NOTE)
    case.rule(by=staff, ruling="deny", responsible="none", grounds=GROUNDS)
    assert case.suspension_proposal is None
    with refused(case, "", by=merchant):
        case.answer_suspension(by=merchant, agreed=True)
    assert not stored(case).suspended


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"note": " "}, "note"),
        ({"note": "好"}, "note"),
        ({"note": NOTE, "days": 0}, "days"),
        ({"note": NOTE, "days": 31}, "days"),
    ],
)
def test_a_proposal_has_a_reason_and_an_end(
    given: dict[str, Any], field: str, make_case: Any, buyer: User
) -> None:
    """D16."""
    case = make_case("under_review")
    with refused(case, "", by=buyer) as caught:
        case.propose_suspension(by=buyer, **given)
    assert list(caught.value.errors) == [field]


def test_staff_never_consent_for_the_sides(deciding: Callable[..., Case], staff: User) -> None:
    """T-23: a written statement of a reviewer is no consent."""
    case = deciding()
    with refused(case, "双方自行协商的，请提议中止", by=staff) as caught:
        case.suspend(by=staff, because="settling", note="双方都同意自行协商。")
    assert list(caught.value.errors) == ["because"]
    case.propose_suspension(by=staff, note=NOTE)
    with refused(case, "你没有权限进行此操作", by=staff):
        case.answer_suspension(by=staff, agreed=True)
    assert not stored(case).suspended


# A court or the police ----------------------------------------------------------------------------


@pytest.mark.parametrize("late", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_without_proof_in_seven_working_days_the_case_goes_on(
    late: timedelta, deciding: Callable[..., Case], staff: User, now: Any
) -> None:
    """D16, Taobao Art. 83: to the end of the seventh working day, in China."""
    case = deciding()  # Wednesday 2026-11-25: the seventh working day is Friday 2026-12-04
    case.suspend(by=staff, because="court", note="买家已向法院起诉。")
    stood = Suspension.objects.get()
    assert stood.proof_by is not None
    assert f"{stood.proof_by + 8 * HOUR:%Y-%m-%d %H:%M}" == "2026-12-05 00:00"
    assert stored(case).due_at == stood.proof_by
    assert stood.until == stood.at + 30 * DAY
    now.shift(stood.proof_by - stood.at + late)
    if late < timedelta():
        assert expire_all() == (0, 0)
        return
    assert expire_all() == (1, 0)
    event = last(case)
    assert (event.step, event.details["unproven"]) == ("resume_by_default", True)
    assert "没有收到受理凭证" in text_of(event, Party.BUYER)[0]
    assert not stored(case).suspended


@pytest.mark.parametrize("who", ["buyer", "merchant", "staff"])
def test_shown_in_time_it_stands_still_to_the_end(
    who: str, deciding: Callable[..., Case], staff: User, request: pytest.FixtureRequest, now: Any
) -> None:
    case = deciding()
    case.suspend(by=staff, because="police", note="买家已向派出所报案。")
    now.shift(2 * DAY)
    by = request.getfixturevalue(who)
    case.prove_suspension(by=by, number="受案 2026-1123", evidence={"acceptance": [upload(by)]})
    stood = Suspension.objects.get()
    assert (stood.proof, stood.proof_by) == ("受案 2026-1123", None)
    assert stored(case).due_at == stood.until
    with refused(case, "这次中止不需要受理凭证", by=by):
        case.prove_suspension(by=by, number="又一个")


def test_a_court_takes_the_place_of_a_proposal(
    deciding: Callable[..., Case], staff: User, buyer: User
) -> None:
    case = deciding()
    case.propose_suspension(by=buyer, note=NOTE)
    case.suspend(by=staff, because="court", note="买家已向法院起诉。", proof="民初 123 号")
    assert SuspensionProposal.objects.get().state == PlanState.REPLACED


# The pages ----------------------------------------------------------------------------------------


def send(client: Client, side: str, name: str, case: Case, **filled: Any) -> Any:
    case.refresh_from_db()
    hidden = {"version": case.version, "key": f"{side}-{name}-{case.version}"}
    answer = client.post(reverse(f"{side}:{name}", args=[case.code]), hidden | filled)
    case.refresh_from_db()
    return answer


def test_each_side_consents_on_its_own_page(
    make_case: Any, staff: User, buyer: User, merchant: User, client: Client
) -> None:
    """T-23: staff's page proposes; the buyer's phone and the shop's case page answer."""
    case = make_case("under_review")
    client.force_login(staff)
    assert send(client, "admin", "propose_suspension", case, note=NOTE, days=7).status_code == 302
    ruling = client.get(reverse("admin:rule", args=[case.last_intervention.pk])).content.decode()
    assert "平台客服提议中止处理 7 天" in ruling
    assert "等买家、商家答复" in ruling

    client.force_login(buyer)
    page = client.get(reverse("buyers:case", args=[case.code])).content.decode()
    assert reverse("buyers:answer_suspension", args=[case.code]) in page
    assert NOTE in page
    assert send(client, "buyers", "answer_suspension", case).status_code == 422
    assert send(client, "buyers", "answer_suspension", case, agreed="yes").status_code == 302
    assert "等商家答复" in client.get(reverse("buyers:case", args=[case.code])).content.decode()

    client.force_login(merchant)
    page = client.get(reverse("merchants:case", args=[case.code])).content.decode()
    assert reverse("merchants:answer_suspension", args=[case.code]) in page
    assert send(client, "merchants", "answer_suspension", case, agreed="yes").status_code == 302
    assert case.suspended
    assert (
        "平台已中止处理" in client.get(reverse("merchants:case", args=[case.code])).content.decode()
    )


@pytest.mark.parametrize("side", ["buyers", "merchants"])
def test_a_side_proposes_and_proves_on_its_pages(
    side: str,
    deciding: Callable[..., Case],
    staff: User,
    buyer: User,
    merchant: User,
    client: Client,
) -> None:
    case = deciding()
    client.force_login(buyer if side == "buyers" else merchant)
    page = client.get(reverse(f"{side}:case", args=[case.code])).content.decode()
    assert reverse(f"{side}:propose_suspension", args=[case.code]) in page
    assert send(client, side, "propose_suspension", case, note="好", days=7).status_code == 422
    assert send(client, side, "propose_suspension", case, note=NOTE, days=7).status_code == 302
    party = Party.BUYER if side == "buyers" else Party.MERCHANT
    assert SuspensionProposal.objects.get().party == party

    case.suspend(by=staff, because="court", note="买家已向法院起诉。")
    page = client.get(reverse(f"{side}:case", args=[case.code])).content.decode()
    assert reverse(f"{side}:prove_suspension", args=[case.code]) in page
    given = {"number": "民初 123 号", "proof_acceptance": picture()}
    assert send(client, side, "prove_suspension", case, **given).status_code == 302
    assert Suspension.objects.get().proof == "民初 123 号"
    assert case.evidence.get(slot="acceptance").party == party


@pytest.mark.parametrize("name", ["propose_suspension", "answer_suspension", "prove_suspension"])
def test_a_stranger_finds_nothing(name: str, make_case: Any, client: Client) -> None:
    case = make_case("under_review")
    case.propose_suspension(by=case.buyer, note=NOTE)
    client.force_login(UserFactory())
    for side in ("buyers", "merchants"):
        assert send(client, side, name, case, agreed="yes").status_code == 404
    assert (case.status, case.stage) == (Status.PLATFORM_REVIEW, Stage.EVIDENCE)
    assert not case.suspended
