"""What narrows a work list, alone and together; and what it says of itself (M1)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales.enums import ScanKind
from aftersales.models import Case, Evidence, Member, Parcel
from tests.factories import MemberFactory, OrderFactory, upload


def codes(answer):
    return [row.code for row in answer.context["rows"]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"type": "refund_not_received"}, "transit"),
        ({"type": ["refund_not_received", "exchange"]}, "transit"),
        ({"reason": "R1"}, "mug"),
        ({"reason": ["R1", "R2"]}, "mug"),
        ({"ship": "moving"}, "transit"),
        ({"ship": ["signed", "none"]}, "mug"),
        ({"least": "100", "most": "200"}, "mug"),
        ({"least": "¥1,00"}, "mug"),
        ({"most": "99.99"}, "transit"),
        ({"stage": "answered"}, "mug"),
        ({"stage": "first"}, "mug"),
        ({"stage": "new"}, "transit"),
        ({"applied_to": "2026-11-23"}, "mug"),
        ({"applied_from": "2026-11-24"}, "transit"),
        ({"q": "20.00", "most": "50"}, ""),
    ],
)
def test_a_filter_leaves_what_it_asks_for(make_case, at_desk, shop, buyer, now, query, wanted):
    cases = {"mug": make_case("answered").code}
    now.shift(timedelta(hours=12))  # midnight in China
    cheap = OrderFactory(shop=shop, buyer=buyer, in_transit=True, paid=Decimal("20.00"))
    cases["transit"] = make_case(order=cheap, type="refund_not_received").code

    found = codes(at_desk.look("queue", **query))

    assert found == ([cases[wanted]] if wanted else [])


@pytest.mark.parametrize(
    ("state", "hours", "wanted"),
    [
        ("", 1, ["unscanned"]),
        (ScanKind.PICKED_UP, 1, ["moving"]),
        (ScanKind.MOVING, 73, ["moving", "stalled"]),
        (ScanKind.SIGNED_BY_OTHER, 100, ["signed"]),
        (ScanKind.RETURNING, 100, ["refused"]),
    ],
)
def test_a_parcel_is_where_its_last_scan_says(make_case, at_desk, now, state, hours, wanted):
    case = make_case()
    Parcel.objects.update(state=state, last_scan_at=now_of(case) - timedelta(hours=hours))

    found = [
        each
        for each in ("none", "unscanned", "moving", "stalled", "signed", "refused", "back")
        if codes(at_desk.look("queue", ship=each))
    ]

    assert found == wanted


def now_of(case):
    return case.applied_at


def test_what_has_moved_on_stands_no_longer_under_its_rounds(make_case, at_desk, merchant):
    """NEG-45: what is rejected cannot be rejected, nor what lacks a round of its policy; and what is
    agreed to waits for the parcel, whatever the buyer had replied."""
    ready, short = make_case("negotiated"), make_case("negotiated")
    Case.objects.filter(pk=short.pk).update(policy=short.policy | {"min_rounds": 3})
    make_case("rejected")
    agreed = make_case("answered", type="resend")
    agreed.agree_resend(by=merchant)

    assert codes(at_desk.look("queue", tab="all", stage="decide")) == [ready.code]
    answer = at_desk.look("queue", tab="mine", stage="answered")
    assert {*codes(answer)} == {ready.code, short.code}
    chips = {chip.id: chip.n for chip in answer.context["chips"]}
    assert chips["answered"] == 2


def test_a_return_on_its_way_is_told_from_one_that_arrived(make_case, at_desk, now):
    case = make_case("sent_back", type="return_refund")

    assert codes(at_desk.look("queue", tab="receive", ship="back")) == [case.code]
    assert codes(at_desk.look("queue", tab="receive", ship="arrived")) == []


def test_only_those_before_the_platform(make_case, at_desk):
    asked, other = make_case("under_review"), make_case()

    assert codes(at_desk.look("queue", tab="all", platform="yes")) == [asked.code]
    assert codes(at_desk.look("queue", tab="all", platform="no")) == [other.code]


def test_only_those_that_silence_agreed_to(make_case, at_desk, now):
    silent = make_case()
    now.move_to(silent.due_at)
    silent.catch_up()
    other = make_case("agreed")

    assert codes(at_desk.look("queue", tab="all", auto="yes")) == [silent.code]
    assert codes(at_desk.look("queue", tab="all", auto="no")) == [other.code]


def test_claims_after_the_trade_are_told_from_those_before(make_case, at_desk):
    guarantee, other = make_case(type="repair"), make_case()

    assert codes(at_desk.look("queue", phase="aftersale")) == [guarantee.code]
    assert codes(at_desk.look("queue", phase="onsale")) == [other.code]


def test_by_the_day_on_which_it_ended(make_case, at_desk, now):
    case = make_case()
    case.cancel(by=case.buyer)
    days = {"closed_from": "2026-11-23", "closed_to": "2026-11-23"}

    assert codes(at_desk.look("queue", tab="done", **days)) == [case.code]
    assert codes(at_desk.look("queue", tab="done", closed_to="2026-11-22")) == []


def test_what_falls_due_within_two_hours(make_case, at_desk, now):
    early = make_case()
    now.shift(timedelta(hours=46, minutes=1))
    make_case()

    assert codes(at_desk.look("queue", soon="on")) == [early.code]


def test_new_evidence_is_what_the_shop_has_not_opened(make_case, at_desk, now, buyer):
    """The chip's number is the list's length."""
    old, fresh = make_case(), make_case()
    for case in (old, fresh):
        Evidence.objects.filter(case=case).update(at=now_of(case))
        type(case).objects.filter(pk=case.pk).update(merchant_seen_at=now_of(case))
    now.shift(timedelta(minutes=5))
    fresh.add_evidence(by=buyer, evidence={"detail": [upload(buyer)]})

    answer = at_desk.look("queue", unseen="on")

    assert codes(answer) == [fresh.code]
    assert next(chip.n for chip in answer.context["chips"] if chip.here) == 1


def test_by_who_looks_after_it(make_case, at_desk, shop, merchant):
    mine, theirs, nobodys = make_case(), make_case(), make_case()
    colleague = MemberFactory(shop=shop)
    mine.assign(by=merchant, member=Member.objects.get(user=merchant))
    theirs.assign(by=merchant, member=colleague)

    assert codes(at_desk.look("queue", who="me")) == [mine.code]
    assert codes(at_desk.look("queue", who=colleague.pk)) == [theirs.code]
    assert codes(at_desk.look("queue", who="none")) == [nobodys.code]


def test_by_any_of_several_tags_of_this_shop(make_case, at_desk, shop, stranger):
    cases = {name: make_case() for name in ("易碎", "老客", "其他")}
    for name, case in cases.items():
        shop.tags.create(name=name).cases.add(case)
    stranger.memberships.get().shop.tags.create(name="别家")

    assert set(codes(at_desk.look("queue", tag=["易碎", "老客"]))) == {
        cases["易碎"].code,
        cases["老客"].code,
    }
    offered = at_desk.look("queue").context["work"].filter.form["tag"]
    assert [box.data["value"] for box in offered] == ["其他", "易碎", "老客"]


def test_filters_are_taken_together(make_case, at_desk, shop, buyer):
    make_case()
    cheap = OrderFactory(shop=shop, buyer=buyer, paid=Decimal("20.00"), goods_total=Decimal("20"))
    wanted = make_case("answered", order=cheap)

    query = {"type": "refund_received", "stage": "answered", "most": "50", "ship": "signed"}

    assert codes(at_desk.look("queue", **query)) == [wanted.code]


def test_a_menu_says_what_is_chosen_in_it(make_case, at_desk):
    make_case()
    query = {"type": ["exchange", "repair"], "least": "100", "phase": "onsale", "soon": "on"}

    menus = {menu.name: menu.said for menu in at_desk.look("queue", **query).context["menus"]}

    assert menus["类型"] == "换货 +1"
    assert menus["金额"] == "≥ 100"
    assert menus["更多"] == "2 项"
    assert menus["原因"] == ""


@pytest.mark.parametrize(
    "query",
    [
        "?q=%00",
        "?least=1e999&most=x",
        "?tab=%00&type=%00",
        "?reason=%FF",
        "?applied_from=2026-13-45&closed_to=9999-12-31",
        "?who=999999999999999999999",
        "?tag=%27%3B&sort=x&size=x&after=~",
        "?stage=nonsense&ship=x&platform=2&auto=3&phase=4",
    ],
)
def test_nonsense_narrows_nothing_and_breaks_nothing(make_case, at_desk, query):
    make_case()

    assert at_desk.client.get(reverse("merchants:queue") + query).status_code == 200
    assert at_desk.client.get(reverse("merchants:news") + query).status_code in (200, 204)
    assert at_desk.client.get("/merchant/cases/AS%00/").status_code == 404
