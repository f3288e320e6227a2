"""The reviewers' pages: every step of the stages by its form, and nobody else's hands on them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.enums import AppealState, Stage, Status
from aftersales.models import Appeal, Case, Event, Intervention, Suspension, User
from tests.aftersales.lifecycle.reading import GROUNDS
from tests.factories import MemberFactory, upload

WHAT = "请提供杯底印章和裂纹处的近照。"


@pytest.fixture
def desk(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def send(client: Client, case: Case, step: str, **answers: Any) -> Any:
    case.refresh_from_db()
    given = {"version": case.version, "key": f"{step}{case.version}", **answers}
    return client.post(reverse(f"admin:{step}", args=[case.code]), given)


def ruling_page(case: Case) -> str:
    asked = case.last_intervention
    assert asked is not None
    return reverse("admin:rule", args=[asked.pk])


def test_nobody_is_handed_the_next_case_on_a_side_of_which_he_stands(
    desk: Client, deciding: Callable[..., Case], staff: User
) -> None:
    """T-20: he could not rule in it, and nobody else would be handed it."""
    own, shops = deciding(), deciding()
    Case.objects.filter(pk=own.pk).update(buyer=staff)
    desk.post(reverse("admin:claim_next"))
    assert [each.case for each in Intervention.objects.filter(assignee=staff)] == [shops]

    Intervention.objects.update(assignee=None)
    MemberFactory(shop=shops.shop, user=staff)
    desk.post(reverse("admin:claim_next"))
    assert not Intervention.objects.filter(assignee=staff).exists()


@pytest.mark.parametrize("side", ["buyer", "shop"])
def test_nobody_claims_a_case_on_a_side_of_which_he_stands(
    side: str, desk: Client, deciding: Callable[..., Case], staff: User, text_of: Any
) -> None:
    """T-20: neither from its page nor from the list, which hands him the others."""
    own = deciding()
    if side == "buyer":
        Case.objects.filter(pk=own.pk).update(buyer=staff)
    other = deciding()
    claim = reverse("admin:claim", args=[own.last_intervention.pk])
    if side == "shop":
        MemberFactory(shop=own.shop, user=staff)

    assert claim not in desk.get(ruling_page(own)).content.decode()
    assert "你是本单的买家或商家，不能认领" in text_of(desk.post(claim, follow=True))
    listed = reverse("admin:aftersales_intervention_changelist")
    keys = [each.last_intervention.pk for each in (own, other)]
    answer = desk.post(listed, {"action": "claim", "_selected_action": keys}, follow=True)

    assert "你是本单的买家或商家，不能认领" in text_of(answer)
    claimed = Intervention.objects.filter(assignee=staff).values_list("case", flat=True)
    assert list(claimed) == ([other.pk] if side == "buyer" else [])


def test_more_is_asked_for_from_the_ruling_page(
    desk: Client, deciding: Callable[..., Case]
) -> None:
    """D11: to whom, what; the ruling page leads there and shows what was asked."""
    case = deciding()
    asking = reverse("admin:ask_supplement", args=[case.code])
    assert asking in desk.get(ruling_page(case)).content.decode()
    assert "24 小时" in desk.get(asking).content.decode()
    refused = send(desk, case, "ask_supplement", of="", what=WHAT)
    assert refused.status_code == 422
    assert WHAT in refused.content.decode()
    assert send(desk, case, "ask_supplement", of="both", what=WHAT).status_code == 302
    case.refresh_from_db()
    assert case.stage == Stage.SUPPLEMENT
    shown = desk.get(ruling_page(case)).content.decode()
    assert WHAT in shown
    assert "作出判定" not in shown


def test_who_kept_silent_is_named_to_who_rules(
    desk: Client, deciding: Callable[..., Case], staff: User, buyer: User, now: Any
) -> None:
    """§1.6: a silent side bears it."""
    case = deciding()
    shown = desk.get(ruling_page(case)).content.decode()
    assert "商家在举证期内没有提交新的凭证，不利后果由其承担" in shown
    case.ask_supplement(by=staff, of="buyer", what=WHAT)
    now.shift(timedelta(hours=24))
    case.catch_up()
    shown = desk.get(ruling_page(case)).content.decode()
    assert "买家没有按要求补充凭证，不利后果由其承担" in shown
    assert "商家没有按要求补充凭证" not in shown


def test_an_appeal_that_waits_stands_above_all_and_says_who_may_not_decide_it(
    desk: Client, ruled: Callable[..., Case], second: User, merchant: User
) -> None:
    """T-25: not who made the ruling."""
    case = ruled("full_refund")
    appealed = "判定没有看到我这次提供的检测报告。"
    case.appeal(by=merchant, reason=appealed, evidence={"appeal": [upload(merchant)]})
    own = desk.get(ruling_page(case)).content.decode()
    assert own.index(appealed) < own.index("系统事实")
    assert "判定人不能复核对自己判定的申诉" in own
    desk.force_login(second)
    shown = desk.get(ruling_page(case)).content.decode()
    assert "判定人不能复核" not in shown
    assert reverse("admin:propose_reversal", args=[case.code]) in shown


def test_who_answered_is_not_called_silent(
    desk: Client, make_case: Any, buyer: User, merchant: User, now: Any
) -> None:
    case = make_case("under_review")
    for user in (buyer, merchant):
        case.add_evidence(by=user, evidence={"added": [upload(user)]})
    now.shift(timedelta(hours=48))
    case.catch_up()
    assert "不利后果" not in desk.get(ruling_page(case)).content.decode()


def test_a_ruling_names_its_coded_reason_and_the_freight(
    desk: Client, deciding: Callable[..., Case]
) -> None:
    """T-20: the page asks for the reason; freight that is left open follows the table."""
    case = deciding(type="return_refund")
    given = {
        "ruling": "return_then_refund",
        "responsible": "merchant",
        "grounds": GROUNDS,
        "version": case.version,
        "key": "k1",
    }
    assert "reason" in desk.post(ruling_page(case), given).context["form"].errors
    wrong = desk.post(ruling_page(case), given | {"reason": "DR-16"})
    assert "这个理由不适用于所选的判定" in wrong.content.decode()
    seen = desk.post(ruling_page(case), given | {"reason": "DR-01"}).content.decode()
    assert "DR-01 实物有质量问题，凭证成立" in seen
    assert "发货运费" in seen
    done = desk.post(ruling_page(case), given | {"reason": "DR-01", "confirmed": "1"})
    assert done.status_code == 302
    asked = Intervention.objects.get()
    assert asked.decision_reason is not None
    assert (asked.decision_reason.code, asked.freight_out, asked.freight) == (
        "DR-01",
        "merchant",
        "merchant",
    )
    shown = desk.get(ruling_page(case)).content.decode()
    assert "DR-01" in shown


def test_a_refund_is_kept_from_counting_on_the_page(
    desk: Client, deciding: Callable[..., Case]
) -> None:
    """T-20: whether it counts as 纠纷退款 is said with the ruling, and shown before it is made."""
    case = deciding()
    given = {
        "ruling": "full_refund",
        "responsible": "merchant",
        "grounds": GROUNDS,
        "reason": "DR-01",
        "exempt": "on",
        "version": case.version,
    }
    seen = desk.post(ruling_page(case), given).content.decode()
    assert "不计入商家的纠纷退款率" in seen
    desk.post(ruling_page(case), given | {"confirmed": "1", "key": "k"})
    case.refresh_from_db()
    assert (case.status, case.dispute_refund) == (Status.REFUNDING, False)


def test_suspending_and_resuming_by_their_pages(
    desk: Client, deciding: Callable[..., Case]
) -> None:
    """T-23, D16."""
    case = deciding()
    too_long = send(desk, case, "suspend", because="court", note="受理编号 123456", days=31)
    assert too_long.status_code == 422
    assert "最多中止 30 天" in too_long.content.decode()
    assert send(
        desk, case, "suspend", because="court", note="受理编号 123456", days=10
    ).status_code == (302)
    case.refresh_from_db()
    assert case.suspended
    shown = desk.get(ruling_page(case)).content.decode()
    assert "已中止，到期自动恢复" in shown
    head = shown.partition('<div class="head">')[2][:400]
    assert "已中止" in head
    assert "待判定" not in head
    assert "受理编号 123456" in shown
    assert send(desk, case, "resume").status_code == 302
    case.refresh_from_db()
    assert not case.suspended
    assert Suspension.objects.get().resumed_at is not None


def test_taking_over_and_declining_by_their_pages(desk: Client, make_case: Any) -> None:
    """§1.6: the record page offers to take over; a request may be turned away with a reason."""
    case = make_case("rejected")
    record = reverse("admin:aftersales_case_change", args=[case.pk])
    assert reverse("admin:take_over", args=[case.code]) in desk.get(record).content.decode()
    assert send(desk, case, "take_over", grounds=GROUNDS).status_code == 302
    case.refresh_from_db()
    assert case.status == Status.PLATFORM_REVIEW
    assert send(desk, case, "decline", reason="DR-01", grounds=GROUNDS).status_code == 422
    assert send(desk, case, "decline", reason="DN-07", grounds=GROUNDS).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.stage) == (Status.REJECTED, Stage.DECLINED)
    assert "DN-07" in desk.get(record).content.decode()


def test_an_appeal_is_listed_shown_and_decided_by_two(
    client: Client,
    ruled: Callable[..., Case],
    merchant: User,
    staff: User,
    second: User,
    buyer: User,
) -> None:
    """T-25: the first reviewer may not decide; a second proposes, the first confirms."""
    case = ruled("full_refund")
    reason = "检测报告显示釉面完好，裂纹是撞击造成的。"
    case.appeal(by=merchant, reason=reason, evidence={"appeal": [upload(merchant)]})

    client.force_login(staff)
    assert (
        "判定人不能复核"
        in client.get(reverse("admin:uphold_appeal", args=[case.code])).content.decode()
    )
    assert send(client, case, "uphold_appeal", grounds=GROUNDS).status_code == 422

    client.force_login(second)
    page = client.get(reverse("admin:propose_reversal", args=[case.code])).content.decode()
    assert reason in page
    assert "全额退款，无需退货" in page
    assert "改判后的退款总额" not in page  # nothing is taken back from the buyer
    done = send(client, case, "propose_reversal", responsible="buyer", grounds=GROUNDS)
    assert done.status_code == 302
    assert send(client, case, "reverse_ruling").status_code == 422
    case.refresh_from_db()
    assert case.dispute_refund

    client.force_login(staff)
    assert send(client, case, "reverse_ruling").status_code == 302
    case.refresh_from_db()
    assert (case.stage, case.dispute_refund) == (Stage.FINAL, False)
    assert Appeal.objects.get().state == AppealState.REVERSED
    assert "已改判" in client.get(ruling_page(case)).content.decode()


def test_appeals_have_a_list_of_their_own(
    client: Client, ruled: Callable[..., Case], buyer: User, django_user_model: type[User]
) -> None:
    """D13, T-25: the least time left first."""
    case = ruled("deny")
    case.appeal(by=buyer, reason=GROUNDS, evidence={"appeal": [upload(buyer)]})
    client.force_login(django_user_model.objects.create_superuser("root"))
    listed = client.get(reverse("admin:aftersales_appeal_changelist")).content.decode()
    asked = case.interventions.get()
    assert f'{reverse("admin:rule", args=[asked.pk])}">{case.code}</a>' in listed
    assert "待复核" in listed
    type(asked).objects.update(evidence_cited=[case.evidence.earliest("pk").pk])
    page = client.get(reverse("admin:uphold_appeal", args=[case.code])).content.decode()
    assert "E1" in page[page.index("采信的凭证") :].split("</dd>")[0]
    home = client.get(reverse("admin:index")).content.decode()
    assert "申诉待复核" in home


FORGED: dict[str, dict[str, str]] = {
    "ask_supplement": {"of": "both", "what": WHAT},
    "decline": {"reason": "DN-04", "grounds": GROUNDS},
    "suspend": {"because": "court", "note": GROUNDS, "days": "3"},
    "resume": {},
    "take_over": {"grounds": GROUNDS},
    "uphold_appeal": {"grounds": GROUNDS},
    "propose_reversal": {"responsible": "none", "grounds": GROUNDS},
    "return_reversal": {"grounds": GROUNDS},
    "reverse_ruling": {},
}


@pytest.mark.parametrize("who", ["buyer", "merchant", "stranger"])
def test_the_sides_never_reach_a_reviewers_step(
    who: str,
    client: Client,
    deciding: Callable[..., Case],
    request: pytest.FixtureRequest,
) -> None:
    """T-20: a forged request to a page of the staff is sent to their door, and does nothing."""
    case = deciding()
    client.force_login(request.getfixturevalue(who))
    before = Event.objects.filter(case=case).count()
    for step, given in FORGED.items():
        answer = send(client, case, step, **given)
        assert answer.status_code == 302, step
        assert "/admin/login/" in answer["Location"]
    assert Event.objects.filter(case=case).count() == before


def test_a_shop_finds_no_page_of_a_reviewers_step_in_its_own_part(
    client: Client, deciding: Callable[..., Case], merchant: User
) -> None:
    """T-20: a shop can never set a ruling: there is no address for it to send one to."""
    case = deciding()
    client.force_login(merchant)
    for step in ["rule", *FORGED, "execute_ruling", "close_evidence", "resume_by_default"]:
        answer = client.post(
            f"/merchant/cases/{case.code}/{step}/",
            {"ruling": "deny", "responsible": "buyer", "grounds": GROUNDS, "version": case.version},
        )
        assert answer.status_code == 404, step
    case.refresh_from_db()
    assert (case.status, case.stage) == (Status.PLATFORM_REVIEW, Stage.DECIDING)
