"""Two hands on one case in the same moment: exactly one effect, and the loser is told."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from aftersales import clock
from aftersales.enums import RoundState, Status
from aftersales.models import Case, Draft, Script
from aftersales.steps import Refused
from aftersales.tasks import expire_all
from tests.aftersales.negotiation.talk import D15, steps, whole, yuan
from tests.factories import MemberFactory
from tests.races.at_once import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TIMES = 4  # a race is run more than once
DONE = ""


def race(*clicks: Callable[[], Any]) -> list[str]:
    """Let all of them go at once; what each was told: nothing when it was done."""

    def told(click: Callable[[], Any]) -> str:
        try:
            click()
        except Refused as refused:
            return refused.sentence
        return DONE

    found = at_once(*[partial(told, click) for click in clicks])
    return [each if isinstance(each, str) else repr(each) for each in found]


def click(case: Case, name: str, **answers: Any) -> Callable[[], Any]:
    """A step from a page of its own: the case as this page has read it."""
    own = Case.objects.get(pk=case.pk)
    return lambda: getattr(own, name)(**answers)


def one_won(told: list[str], *, sentences: tuple[str, ...] = ("刚刚有更新", "当前状态")) -> bool:
    lost = [sentence for sentence in told if sentence != DONE]
    return len(lost) == len(told) - 1 and all(
        any(part in sentence for part in sentences) for sentence in lost
    )


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


@pytest.mark.parametrize("versioned", [True, False])
def test_two_agreements_in_one_moment_pay_once(make_desk, shop, versioned):
    colleague = MemberFactory(shop=shop).user
    for _ in range(TIMES):
        desk = make_desk()
        page = {"version": desk.case.version} if versioned else {}

        told = race(
            click(desk.case, "agree", by=desk.merchant, key="one", **page),
            click(desk.case, "agree", by=colleague, key="two", **page),
        )

        assert one_won(told), told
        case = fresh(desk.case)
        assert case.status == Status.REFUNDING
        assert [refund.amount for refund in case.refunds.all()] == [yuan("128.00")]
        assert steps(case) == ["apply", "agree"]
        assert case.attempts.count() == 1
        assert whole(case)


def test_agreeing_and_cancelling_have_one_winner(make_desk):
    for _ in range(TIMES):
        desk = make_desk("waiting")

        told = race(
            click(desk.case, "agree", by=desk.merchant),
            click(desk.case, "cancel", by=desk.buyer),
        )

        assert one_won(told), told
        case = fresh(desk.case)
        agreed = case.status == Status.REFUNDING
        assert case.status in (Status.REFUNDING, Status.CANCELLED)
        assert case.refunds.count() == int(agreed)
        assert steps(case)[-1] == ("agree" if agreed else "cancel")
        assert case.reply_due_at is None
        assert whole(case)


def test_accept_agree_pays_once(make_desk):
    for _ in range(TIMES):
        desk = make_desk("waiting")

        told = race(
            click(desk.case, "accept_plan", by=desk.buyer, offer=desk.case.offers.get()),
            click(desk.case, "agree", by=desk.merchant),
        )

        assert one_won(told), told
        case = fresh(desk.case)
        assert case.status == Status.REFUNDING
        assert case.refunds.count() == 1
        assert case.refunds.get().amount == case.to_refund
        assert whole(case)


def test_accept_improve_never_pays_less_than_what_stands(make_desk):
    for _ in range(TIMES):
        desk = make_desk("waiting")
        offer = desk.case.offers.get()

        race(
            click(desk.case, "accept_plan", by=desk.buyer, offer=desk.case.offers.get()),
            click(desk.case, "improve_offer", by=desk.merchant, offer=offer, amount=yuan("60.00")),
        )

        case = fresh(desk.case)
        accepted = [each.amount for each in case.offers.filter(state="accepted")]
        assert accepted == [each.amount for each in case.refunds.all()]
        assert len(accepted) + len(case.open_offers()) == 1
        assert whole(case)


def test_a_reply_as_the_wait_ends_is_late_and_counts(make_desk, now):
    for _ in range(TIMES):
        desk = make_desk("waiting")
        now.shift(desk.case.reply_due_at - clock.now())

        told = race(click(desk.case, "reply", by=desk.buyer, text="不接受"), expire_all)

        assert told == [DONE, DONE]
        case = fresh(desk.case)
        assert steps(case)[-2:] == ["stop_waiting", "reply"]
        sent = case.rounds.get()
        assert (sent.state, sent.late) == (RoundState.ANSWERED, True)
        assert case.wake_at == case.due_at
        assert whole(case)


def test_reject_expiry_of_the_handling_time(make_desk, now):
    for _ in range(TIMES):
        desk = make_desk("negotiated")
        answers = desk.rejection()
        now.shift(desk.case.due_at - clock.now())

        told = race(click(desk.case, "reject", by=desk.merchant, **answers), expire_all)

        assert told[1] == DONE
        assert told[0] in ("处理时限已过，已按规则自动处理", "售后单当前状态不能进行此操作")
        case = fresh(desk.case)
        assert case.status == Status.REFUNDING
        assert steps(case).count("agree_by_default") == 1
        assert case.refunds.count() == 1
        assert whole(case)


def test_three_sweeps_at_once_take_each_case_once(make_desk, now):
    desks = [make_desk() for _ in range(6)]
    now.shift(timedelta(days=3))

    assert race(expire_all, expire_all, expire_all) == [DONE] * 3

    for desk in desks:
        case = fresh(desk.case)
        assert steps(case) == ["apply", "agree_by_default"]
        assert case.refunds.count() == 1
        assert whole(case)


@pytest.mark.parametrize("versioned", [True, False])
def test_two_rejections_in_one_moment_are_one(make_desk, shop, versioned):
    colleague = MemberFactory(shop=shop).user
    for _ in range(TIMES):
        desk = make_desk("negotiated")
        answers = desk.rejection()
        page = {"version": desk.case.version} if versioned else {}

        told = race(
            click(desk.case, "reject", by=desk.merchant, key="one", **page, **answers),
            click(desk.case, "reject", by=colleague, key="two", **page, **answers),
        )

        assert one_won(told), told
        case = fresh(desk.case)
        assert case.status == Status.REJECTED
        assert steps(case).count("reject") == 1
        assert case.evidence.filter(version=case.version).count() == len(answers["evidence"])
        assert whole(case)


def round_for(desk: Any) -> dict[str, Any]:
    offers = desk.offers()
    return {
        "by": desk.merchant,
        "offers": offers,
        "script": Script.objects.get(code="SC-02"),
        "risks": [each.code for each in desk.case.warnings() if each.ticked],
    }


def test_round_round_with_the_same_key_is_one_click(make_desk):
    for _ in range(TIMES):
        desk = make_desk("checked")
        given = round_for(desk) | {"version": desk.case.version, "key": "AS-1"}

        told = race(*[click(desk.case, "negotiate", **given) for _ in range(3)])

        assert told == [DONE] * 3
        case = fresh(desk.case)
        assert case.rounds.count() == case.offers.count() == case.messages.count() == 1
        assert not case.attempts.exists()
        assert whole(case)


@pytest.mark.parametrize("versioned", [True, False])
def test_round_round_with_different_keys_is_one_round(make_desk, versioned):
    for _ in range(TIMES):
        desk = make_desk("checked")
        given = round_for(desk)
        if versioned:
            given["version"] = desk.case.version

        told = race(
            click(desk.case, "negotiate", key="one", **given),
            click(desk.case, "negotiate", key="two", **given),
        )

        assert one_won(told, sentences=("刚刚有更新", "请耐心等待消费者回复")), told
        case = fresh(desk.case)
        assert (case.round_number, case.rounds.count(), case.messages.count()) == (1, 1, 1)
        assert case.reply_due_at == clock.now() + D15
        assert whole(case)


def test_a_reply_and_the_next_round_have_one_winner(make_desk, now):
    """The merchant goes on after silence while the buyer answers at last: one after the other."""
    for _ in range(TIMES):
        desk = make_desk("expired")
        given = round_for(desk) | {
            "script": Script.objects.get(code="SC-22"),
            "outcome": desk.outcome(desk.case.step_form("round_2")),
        }
        first = desk.case.rounds.get()

        told = race(
            click(desk.case, "reply", by=desk.buyer, text="不接受", round=first),
            click(desk.case, "negotiate", version=desk.case.version, **given),
        )

        assert one_won(told, sentences=("刚刚有更新", "商家已发起新一轮协商")), told
        case = fresh(desk.case)
        assert case.round_state in (RoundState.ANSWERED, RoundState.WAITING)
        assert whole(case)


@pytest.fixture
def make_decidable(make_desk, now):
    def make():
        desk = make_desk("under_review")
        now.shift(timedelta(hours=48))
        desk.case.catch_up()
        return desk

    return make


RULING = {
    "ruling": "full_refund",
    "responsible": "merchant",
    "grounds": "照片清楚地拍到裂纹，商品页没有说明。",
}


def test_a_ruling_and_a_cancelling_have_one_winner(make_decidable, staff):
    for _ in range(TIMES):
        desk = make_decidable()

        told = race(
            click(desk.case, "rule", by=staff, **RULING),
            click(desk.case, "cancel", by=desk.buyer),
        )

        assert one_won(told), told
        case = fresh(desk.case)
        ruled = case.status == Status.REFUNDING
        assert case.status in (Status.REFUNDING, Status.CANCELLED)
        assert case.refunds.count() == int(ruled)
        asked = case.interventions.get()
        assert asked.stage == case.stage == ("ruled" if ruled else "settled")
        assert bool(asked.ruling) is ruled
        assert whole(case)


def test_a_ruling_and_a_withdrawing_have_one_winner(make_decidable, staff):
    for _ in range(TIMES):
        desk = make_decidable()

        told = race(
            click(desk.case, "rule", by=staff, **RULING),
            click(desk.case, "withdraw", by=desk.buyer),
        )

        assert one_won(told), told
        case = fresh(desk.case)
        assert case.status in (Status.REFUNDING, Status.REJECTED)
        assert case.refunds.count() == int(case.status == Status.REFUNDING)
        assert whole(case)


def test_the_same_message_twice_with_the_same_key_is_sent_once(make_desk):
    for _ in range(TIMES):
        desk = make_desk("waiting")

        told = race(
            *[
                click(desk.case, "send_message", by=desk.buyer, text="在吗？", key="m-1")
                for _ in range(3)
            ]
        )

        assert told == [DONE] * 3
        case = fresh(desk.case)
        assert [each.text for each in case.messages.all()].count("在吗？") == 1
        assert steps(case).count("send_message") == 1
        assert whole(case)


def test_two_people_talking_at_once_are_both_heard(make_desk):
    desk = make_desk("waiting")

    told = race(
        click(desk.case, "send_message", by=desk.buyer, text="在吗？", key="m-1"),
        click(desk.case, "send_message", by=desk.merchant, text="在的", key="m-2"),
    )

    assert told == [DONE, DONE]
    case = fresh(desk.case)
    assert {"在吗？", "在的"} <= {each.text for each in case.messages.all()}
    assert whole(case)


def test_two_cases_file_the_same_number(make_desk):
    """T-09: of two returns that name one parcel in the same moment, one is told."""
    for turn in range(TIMES):
        one = make_desk("agreed", type="return_refund").case
        two = make_desk("agreed", type="return_refund").case
        filed = {"carrier": "中通快递", "tracking": f"ZT9000000{turn:04d}"}

        told = race(
            click(one, "send_back", by=one.buyer, **filed),
            click(two, "send_back", by=two.buyer, **filed),
        )

        assert one_won(told, sentences=("此单号已用于另一笔售后",)), told
        assert {fresh(one).status, fresh(two).status} == {
            Status.AWAITING_BUYER_RETURN,
            Status.AWAITING_MERCHANT_RECEIPT,
        }


def test_a_draft_is_kept_in_one_tab_while_another_forgets_it(buyer):
    typed, many = QueryDict("text=不要"), range(50)

    told = race(
        lambda: [Draft.keep("/page/", buyer, typed) for _ in many],
        lambda: [Draft.keep("/page/", buyer, typed) for _ in many],
        lambda: [Draft.forget("/page/", buyer) for _ in many],
    )

    assert told == [DONE] * 3
    assert Draft.objects.count() <= 1


def test_a_tag_is_put_on_one_case_while_it_goes_from_another(make_case, merchant):
    """A tag that no case wears is deleted; whoever puts it on in that moment is not told of it."""

    def on_and_off(case: Case) -> list[int]:
        page, seen = Client(raise_request_exception=False), []
        page.cookies = SimpleCookie(cookies)
        for _ in range(12):
            seen.append(page.post(reverse("merchants:add_tag", args=[case.code]), {"name": "急"}))
            for tag in case.tags.all():
                seen.append(page.post(reverse("merchants:drop_tag", args=[case.code, tag.pk])))
        return [answer.status_code for answer in seen]

    client = Client()
    client.force_login(merchant)
    cookies = {name: each.value for name, each in client.cookies.items()}
    cases = [make_case(), make_case()]

    told = at_once(*[partial(on_and_off, case) for case in cases])

    assert [set(each) for each in told] == [{302}, {302}], told
