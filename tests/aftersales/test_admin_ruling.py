"""平台判定 in the admin (T-20, S-23, NEG-55): both sides on one page, a preview in words, one ruling."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from aftersales.enums import Freight, Stage, Status
from aftersales.models import Attempt, Case, Event, Evidence, Refund, User
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
    """A case whose evidence window has closed: ``deciding(type="return_refund")``."""

    def make(trait: str = "under_review", **given: Any) -> Case:
        desk = make_desk(trait, **given)
        if desk.case.status != Status.PLATFORM_REVIEW:
            desk.case.ask_platform(by=desk.buyer, reason="商家拒绝收货没有道理，商品完好。")
        now.shift(timedelta(hours=48))
        desk.case.catch_up()
        return desk.case

    return make


def page_of(case: Case) -> str:
    asked = case.last_intervention
    assert asked is not None
    return reverse("admin:rule", args=[asked.pk])


def rule(reviewer: Client, case: Case, **answers: Any) -> Any:
    """Check, see the consequences, confirm: as the two pages are walked through."""
    given = {"version": case.version, "key": f"k{case.version}", **MERCHANT_PAYS, **answers}
    seen = reviewer.post(page_of(case), given)
    assert seen.status_code == 200, seen.content.decode()
    assert "确认后立即生效" in seen.content.decode()
    assert Event.objects.filter(case=case, step="rule").count() == 0
    carried = dict(seen.context["carried"]) | {
        "cited": [value for name, value in seen.context["carried"] if name == "cited"]
    }
    done = reviewer.post(page_of(case), carried | {"confirmed": "1"})
    assert done.status_code == 302, done.content.decode()
    case.refresh_from_db()
    return seen


def test_a_full_refund_goes_out_and_counts_as_a_dispute_refund(
    reviewer: Client, deciding: Callable[..., Case], staff: User
) -> None:
    """S-23, T-20."""
    case = deciding()
    cited = case.evidence.first()
    assert cited is not None
    seen = rule(reviewer, case, ruling="full_refund", cited=[cited.pk])
    words = seen.content.decode()
    assert "微信支付 ¥128.00" in words
    assert "计入商家的纠纷退款率" in words
    assert "不计入" not in words
    assert "E1" in words
    assert case.status == Status.REFUNDING
    assert case.dispute_refund
    assert [refund.amount for refund in Refund.objects.filter(case=case)] == [Decimal("128.00")]
    ruled = case.last_intervention
    assert ruled is not None
    assert (ruled.stage, ruled.ruling, ruled.amount) == (
        Stage.RULED,
        "full_refund",
        Decimal("128.00"),
    )
    assert (ruled.ruled_by, ruled.evidence_cited) == (staff, [cited.pk])
    event = case.events.last()
    assert event is not None
    assert (event.step, event.party, event.user_id) == ("rule", "staff", staff.pk)
    assert event.details["grounds"] == GROUNDS


def test_a_partial_refund_pays_exactly_what_was_ruled(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """T-20: with nobody responsible it is no dispute refund."""
    case = deciding()
    seen = rule(reviewer, case, ruling="partial_refund", amount="60.00", responsible="none")
    assert "不计入商家的纠纷退款率" in seen.content.decode()
    assert case.status == Status.REFUNDING
    assert case.to_refund == Decimal("60.00")
    assert [refund.amount for refund in Refund.objects.filter(case=case)] == [Decimal("60.00")]
    assert not case.dispute_refund


def test_a_return_is_ruled_with_its_address_and_freight_and_pays_nothing_yet(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """T-20: return then refund."""
    case = deciding(type="return_refund")
    seen = rule(reviewer, case, ruling="return_then_refund", freight="merchant")
    assert "文三路 1 号" in seen.content.decode()
    assert case.status == Status.AWAITING_BUYER_RETURN
    assert case.freight == Freight.MERCHANT
    assert case.return_address["detail"] == "文三路 1 号 3 幢"
    assert not Refund.objects.filter(case=case).exists()
    assert case.dispute_refund


def test_a_denial_closes_the_case_and_pays_nothing(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """T-20."""
    case = deciding()
    rule(reviewer, case, ruling="deny", responsible="buyer")
    assert case.status == Status.CLOSED_PLATFORM_DENIED
    assert case.closed_at is not None
    assert not Refund.objects.filter(case=case).exists()
    assert not case.dispute_refund


def test_a_case_sent_back_is_handled_anew_from_the_first_round(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """T-20, NEG-50: re-handling starts the merchant's clock and the rounds again."""
    case = deciding()
    rule(reviewer, case, ruling="rehandle", responsible="none")
    assert case.status == Status.PENDING_MERCHANT
    assert (case.series, case.round_number) == (2, 0)
    assert case.due_at is not None
    assert not case.dispute_refund


def test_goods_that_came_back_are_not_sent_back_twice(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """T-20: the choice stays visible with its reason, and a forged one is refused."""
    case = deciding("refused_goods", type="return_refund")
    shown = reviewer.get(page_of(case)).content.decode()
    assert "商品已经退回，请选择退款或不支持" in shown
    given = {"ruling": "return_then_refund", "freight": "buyer", **MERCHANT_PAYS}
    refused = reviewer.post(page_of(case), given)
    assert refused.status_code == 422
    case.refresh_from_db()
    assert case.status == Status.PLATFORM_REVIEW


def test_nobody_rules_before_the_evidence_window_has_closed(
    reviewer: Client, make_case: Callable[..., Case], now: Any
) -> None:
    """T-20, D11: the page says when it opens; a forged POST changes nothing and is logged."""
    case = make_case("under_review")
    shown = reviewer.get(page_of(case)).content.decode()
    assert "举证中，窗口结束后可以判定" in shown
    assert "作出判定" not in shown
    forged = {"ruling": "full_refund", "confirmed": "1", **MERCHANT_PAYS}
    assert reviewer.post(page_of(case), forged).status_code == 422
    case.refresh_from_db()
    assert case.status == Status.PLATFORM_REVIEW
    assert not Refund.objects.filter(case=case).exists()
    assert "举证时间还没有结束" in Attempt.objects.get(case=case).sentence
    now.shift(timedelta(hours=48))
    assert "作出判定" in reviewer.get(page_of(case)).content.decode()


def test_a_ruling_without_grounds_or_with_too_much_money_is_refused_at_its_field(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """T-20: a written finding is part of a ruling; what was typed is still there."""
    case = deciding()
    refused = reviewer.post(page_of(case), MERCHANT_PAYS | {"ruling": "deny", "grounds": ""})
    assert refused.status_code == 422
    assert "请填写判定依据" in refused.content.decode()
    given = MERCHANT_PAYS | {"ruling": "partial_refund", "amount": "128.00"}
    too_much = reviewer.post(page_of(case), given)
    assert too_much.status_code == 422
    assert "amount" in too_much.context["form"].errors
    assert GROUNDS in too_much.content.decode()
    assert Event.objects.filter(case=case, step="rule").count() == 0


def test_a_page_that_is_out_of_date_is_refused_with_what_was_typed(
    reviewer: Client, deciding: Callable[..., Case], staff: User
) -> None:
    """T-20: 409, nothing changed."""
    case = deciding()
    stale = case.version - 1
    given = {"ruling": "deny", "version": stale, "confirmed": "1", **MERCHANT_PAYS}
    refused = reviewer.post(page_of(case), given)
    assert refused.status_code == 409
    assert GROUNDS in refused.content.decode()
    case.refresh_from_db()
    assert case.status == Status.PLATFORM_REVIEW


def test_a_double_click_on_confirm_rules_and_pays_once(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """T-20, T-24."""
    case = deciding()
    given = {"ruling": "full_refund", "version": case.version, "key": "one", "confirmed": "1"}
    for _click in range(2):
        assert reviewer.post(page_of(case), given | MERCHANT_PAYS).status_code == 302
    assert Refund.objects.filter(case=case).count() == 1
    assert Event.objects.filter(case=case, step="rule").count() == 1


def test_going_back_from_the_preview_keeps_everything(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """T-20: 返回修改."""
    case = deciding()
    back = reviewer.post(page_of(case), MERCHANT_PAYS | {"ruling": "deny", "edit": "1"})
    assert back.status_code == 200
    assert GROUNDS in back.content.decode()
    assert "作出判定" in back.content.decode()


def test_the_ruling_page_shows_what_the_tool_recorded(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """NEG-55: warnings, scripts, waiting times, statement and must-answers, side by side."""
    case = deciding()
    shown = reviewer.get(page_of(case)).content.decode()
    first = case.rounds.first()
    assert first is not None
    assert first.script is not None
    assert first.script.code in shown
    assert escape(first.text) in shown
    assert "分钟后回复" in shown
    assert "照片里的纹路是开片工艺" in shown
    assert "已在附图中逐项说明" in shown
    assert "收到两只杯子都有裂纹" in shown
    assert case.reason.get_burden_display() in shown
    for precheck in case.prechecks.all():
        for warning in precheck.warnings:
            assert warning["code"] in shown
    for evidence in Evidence.objects.filter(case=case).select_related("upload"):
        assert reverse("file", args=[evidence.upload.token]) in shown
    assert "链式校验完整" in shown
    assert "13812345678" not in shown


def test_a_ruled_page_shows_the_ruling_and_no_form(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """S-23: the finding stays readable where it was made."""
    case = deciding()
    rule(reviewer, case, ruling="deny", responsible="buyer")
    shown = reviewer.get(page_of(case)).content.decode()
    assert GROUNDS in shown
    assert "作出判定" not in shown
    again = reviewer.post(page_of(case), MERCHANT_PAYS | {"ruling": "deny", "confirmed": "1"})
    assert again.status_code == 409


def test_a_reviewer_writes_to_both_sides_in_the_platforms_name(
    reviewer: Client, deciding: Callable[..., Case]
) -> None:
    """S-38."""
    case = deciding()
    page = reverse("admin:send_message", args=[case.code])
    assert reviewer.get(page).status_code == 200
    assert reviewer.post(page, {"text": "请等待，明天判定。"}).status_code == 302
    said = case.messages.last()
    assert said is not None
    assert (said.party, said.text) == ("staff", "请等待，明天判定。")


@pytest.mark.parametrize("who", ["buyer", "merchant", "stranger"])
def test_the_parties_never_reach_the_ruling_page(
    who: str, client: Client, deciding: Callable[..., Case], request: pytest.FixtureRequest
) -> None:
    """T-20: not staff: the admin asks them to sign in as somebody else."""
    case = deciding()
    client.force_login(request.getfixturevalue(who))
    given = {"ruling": "full_refund", "confirmed": "1", **MERCHANT_PAYS}
    assert client.post(page_of(case), given).status_code == 302
    case.refresh_from_db()
    assert case.status == Status.PLATFORM_REVIEW


def test_staff_without_the_right_find_no_ruling_page(
    client: Client, deciding: Callable[..., Case], django_user_model: type[User]
) -> None:
    """T-20: ``aftersales.rule`` and nothing less."""
    case = deciding()
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    given = {"ruling": "full_refund", "confirmed": "1", **MERCHANT_PAYS}
    assert client.get(page_of(case)).status_code == 404
    assert client.post(page_of(case), given).status_code == 404
    case.refresh_from_db()
    assert case.status == Status.PLATFORM_REVIEW
