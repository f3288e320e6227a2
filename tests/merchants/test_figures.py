"""经营数据: the merchant's own figures, the cases behind each, and what his tool makes of them (M20)."""

from datetime import date, timedelta
from typing import Any

import pytest

from aftersales.figures import reading, rolling
from aftersales.figures.definitions import FIGURES
from aftersales.models import Plan, Round, Script
from tests.aftersales.figures.past import Past, at, november
from tests.factories import MemberFactory, ShopFactory

MOST_QUERIES = 22


@pytest.fixture
def past(shop, merchant, buyer):
    return Past(shop, buyer)


def tiles(answer: Any) -> dict[str, str]:
    return {tile.key: tile.value for tile in answer.context["tiles"]}


def test_a_merchant_sees_the_figures_of_his_shop(past, at_desk, text_of):
    """S-63: 纠纷退款率, 介入率, 自主完结时长; NEG-57: counted without the platform."""
    november(past)

    answer = at_desk.look("figures")
    page = text_of(answer)

    assert tiles(answer) == {
        "intervention_rate": "12.50",
        "dispute_refund_rate": "12.50",
        "quality_refund_rate": "25.00",
        "refund_rate": "25.00",
        "avg_refund_hours": "64.25",
        "self_refund_hours": "4.50",
        "self_return_hours": "—",
        "self_signed_hours": "—",
        "first_response_hours": "3.00",
        "overdue_rate": "0.00",
        "rejection_rate": "50.00",
        "rejection_intervention_rate": "100.00",
        "rejection_loss_rate": "100.00",
        "negotiation_success_rate": "0.00",
        "orders_30": "8",
        "cases_30": "2",
    }
    for said in ("2026-10-24 – 2026-11-22", "怎么算", "撤回的介入也算", "平台介入率走势"):
        assert said in page


def test_the_change_is_against_the_thirty_days_before(past, at_desk):
    november(past)
    for _number in range(4):
        past.order(at("10-01 12:00"))
    past.case(at("10-02 09:00"), (at("10-03 09:00"), "ask_platform"))
    past.case(at("10-02 09:00"), (at("10-03 09:00"), "agree"), (at("10-03 10:30"), "finish_refund"))
    rolling.roll_up(date(2026, 9, 1), date(2026, 11, 22))

    changes = {tile.key: tile.change for tile in at_desk.look("figures").context["tiles"]}

    assert changes["intervention_rate"] == ("▼", "下降", "12.50", 1)  # from 25.00, for the better
    assert changes["self_refund_hours"] == ("▼", "下降", "21.00", 1)  # from 25.50
    assert changes["orders_30"] == ("▲", "上升", "4", 1)
    assert changes["refund_rate"][1] == "持平"
    assert changes["dispute_refund_rate"] == ("▲", "上升", "12.50", -1)
    assert changes["rejection_rate"] == ("▲", "上升", "50.00", 0)  # neither good nor bad
    assert changes["negotiation_success_rate"] is None


def test_the_list_behind_a_figure_is_what_it_counts(past, at_desk, shop):
    november(past)
    window = reading.Window(date(2026, 11, 22))
    figures = reading.figures_of(shop, window.last)

    for figure in FIGURES:
        for part, measure in figure.measures.items():
            listed = at_desk.look("figure", figure.key, part=part).context["listed"]
            number = figures.tally(measure, window).number
            assert listed.page.paginator.count == number == len(listed.rows), figure.key
            assert listed.heading == measure.label


def test_a_line_behind_a_figure_leads_to_its_case(past, at_desk, text_of):
    november(past)
    answer = at_desk.look("figure", "self_refund_hours")

    (row,) = answer.context["listed"].rows
    assert (row.day, row.took) == ("2026-11-02", "4.50")
    assert row.url in text_of(answer)
    assert at_desk.client.get(row.url).status_code == 200
    assert at_desk.client.get(row.order_url).status_code == 200


def test_an_earlier_day_shows_the_thirty_days_to_it(past, at_desk):
    """S-63: recomputable for any past day."""
    november(past)

    answer = at_desk.look("figures", until="2026-11-04")

    assert answer.context["span"] == "2026-10-06 – 2026-11-04"
    assert tiles(answer)["intervention_rate"] == "0.00"
    assert tiles(answer)["orders_30"] == "2"
    assert "until=2026-11-04" in answer.context["tiles"][0].formula.parts[0].url


@pytest.mark.parametrize("until", ["2026-11-30", "2026-02-30", "yesterday", "", "1999-01-01", "\0"])
def test_a_day_that_is_not_counted_shows_the_newest(past, at_desk, until):
    november(past)

    assert at_desk.look("figures", until=until).context["asked"].last == date(2026, 11, 22)


def test_before_the_first_night_the_page_says_so(past, at_desk, text_of):
    answer = at_desk.look("figures")

    assert "还没有统计" in text_of(answer)
    assert at_desk.look("figure", "intervention_rate").status_code == 404


@pytest.mark.parametrize("path", ["figures/", "figures/intervention_rate/"])
def test_another_shops_figures_are_not_to_be_had(past, stranger, client, desk_of, path):
    """Not by its name, and not without a shop."""
    november(past)
    theirs = desk_of(stranger).client.get(f"/merchant/{path}?shop={past.shop.code}")
    assert theirs.status_code == 200
    assert theirs.wsgi_request.shop != past.shop
    if path == "figures/":
        counted = {tile.key: tile.formula.parts[0].number for tile in theirs.context["tiles"]}
        assert counted.pop("orders_30") == 1  # the one order of his own shop
        assert set(counted.values()) == {0}
    else:
        assert theirs.context["listed"].rows == []

    client.force_login(past.buyer)
    assert client.get(f"/merchant/{path}").status_code == 404
    client.logout()
    assert client.get(f"/merchant/{path}").status_code == 302


def test_there_is_no_figure_of_another_name(past, at_desk):
    november(past)

    assert at_desk.look("figure", "happiness").status_code == 404


def test_the_pages_take_few_queries_however_much_there_is(
    past, at_desk, django_assert_max_num_queries
):
    for _number in range(3):
        november(past)
    rolling.roll_up(date(2026, 9, 1), date(2026, 11, 22))
    for url in ("figures/", "figures/refund_rate/", "figures/refund_rate/?part=of"):
        with django_assert_max_num_queries(MOST_QUERIES):
            at_desk.client.get(f"/merchant/{url}")


# What the tool makes of it ------------------------------------------------------------------------


def rejected_before(past, count, *, lost=0, kept=0):
    """Rejections of R1: some taken to the platform, and ruled for the buyer or not."""
    for number in range(count):
        acts = [(at("11-05 09:00"), "negotiate"), (at("11-06 09:00"), "reject")]
        if number < lost + kept:
            acts.append((at("11-07 09:00"), "ask_platform"))
        case = past.case(at("11-04 09:00"), *acts)
        if number < lost + kept:
            case.interventions.create(
                asked_by="buyer",
                reason="照片很清楚",
                came_from="rejected",
                stage="ruled",
                at=at("11-07 09:00"),
                evidence_due_at=at("11-09 09:00"),
                decide_by=at("11-10 09:00"),
                ruled_at=at("11-09 10:00"),
                ruling="full_refund" if number < lost else "deny",
            )
    rolling.catch_up()


def test_from_twenty_rejections_on_the_decision_shows_what_they_led_to(
    past, make_case, at_desk, text_of
):
    rejected_before(past, 20, lost=3, kept=2)
    case = make_case("negotiated")

    page = text_of(at_desk.look("reject", case))

    assert "本店近一年因同样原因驳回 20 单：25.00% 进入平台处理，15.00% 判定支持买家。" in page


def test_below_twenty_rejections_nothing_is_said(past, make_case, at_desk, text_of):
    rejected_before(past, 19, lost=10)

    assert "本店近一年因同样原因" not in text_of(at_desk.look("reject", make_case("negotiated")))


def test_rejections_for_another_reason_or_in_another_shop_are_not_similar(
    past, make_case, at_desk, text_of, buyer
):
    rejected_before(past, 15)
    rejected_before(Past(ShopFactory(), buyer), 15)
    for _number in range(10):
        past.case(at("11-04 09:00"), (at("11-06 09:00"), "reject"), reason="R13")
    rolling.roll_up(date(2026, 11, 1), date(2026, 11, 22))

    assert "本店近一年因同样原因" not in text_of(at_desk.look("reject", make_case("negotiated")))


def talked(past, user, script, accepted, refused):
    """Rounds with a script, each in a case of its own, some of them accepted."""
    Round.objects.bulk_create(
        Round(
            case=past.case(at("11-04 09:00"), (at("11-05 09:00"), "negotiate")),
            number=1,
            user=user,
            script=script,
            text="…",
            state="accepted" if number < accepted else "answered",
            sent_at=at("11-05 09:00"),
            due_at=at("11-05 10:00"),
        )
        for number in range(accepted + refused)
    )


def offered(past, user, plan, accepted, refused):
    talked(past, user, None, 0, accepted + refused)
    for number, sent in enumerate(Round.objects.order_by("-pk")[: accepted + refused]):
        sent.case.offers.create(
            round=sent,
            party="merchant",
            plan=plan,
            state="accepted" if number < accepted else "declined",
            at=at("11-05 09:00"),
        )


def shown(at_desk, case):
    form = at_desk.look("negotiate", case).context["form"]
    return [each.code for each in form.scripts], [each.code for each in form.plans]


def test_what_was_accepted_more_often_stands_first_once_it_is_proven(
    past, make_case, at_desk, merchant
):
    """From 30 cases on; the others keep their places."""
    case = make_case("checked")
    scripts, plans = shown(at_desk, case)
    first, second = (Script.objects.get(code=code) for code in scripts[:2])
    talked(past, merchant, first, 10, 20)
    talked(past, merchant, second, 28, 1)
    assert shown(at_desk, case)[0] == scripts  # 29 cases of the second prove nothing yet

    talked(past, merchant, second, 1, 0)
    assert shown(at_desk, case)[0] == [second.code, first.code, *scripts[2:]]

    offered(past, merchant, Plan.objects.get(code=plans[0]), 3, 27)
    offered(past, merchant, Plan.objects.get(code=plans[-1]), 25, 5)
    assert shown(at_desk, case)[1] == [plans[-1], *plans[1:-1], plans[0]]


def test_the_page_says_how_often_scripts_and_plans_were_accepted(past, at_desk, merchant, now):
    """With the count and the interval after Wilson; open rounds and those of long ago are left out."""
    script, plan = Script.objects.get(code="SC-01"), Plan.objects.get(code="partial_refund")
    talked(past, merchant, script, 7, 5)
    offered(past, merchant, plan, 1, 3)
    Round.objects.filter(pk=Round.objects.earliest("pk").pk).update(state="waiting")
    rolling.catch_up()

    worked = dict(at_desk.look("figures").context["worked"])

    (row,) = worked["话术"]
    assert row == ("SC-01", script.label, *row[2:4], "54.55%", "28.01% – 78.73%")
    assert (row.accepted.number, row.tried.number) == (6, 11)
    (row,) = worked["方案"]
    assert row == ("partial_refund", plan.label, *row[2:4], "25.00%", "4.56% – 69.94%")
    assert (row.accepted.number, row.tried.number) == (1, 4)
    assert [row.code for row in worked["买家原因"]] == ["R1"]

    now.shift(timedelta(days=200))
    rolling.catch_up()
    at_desk.client.force_login(merchant)
    assert dict(at_desk.look("figures").context["worked"])["话术"] == []


def test_every_member_may_look(past, shop, desk_of):
    """Figures are the shop's; no permission is asked for."""
    november(past)
    member = MemberFactory(shop=shop, permissions=[])

    assert desk_of(member.user).look("figures").status_code == 200
