"""经营数据: the merchant's own figures, the cases behind each, and what his tool makes of them (M20)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from aftersales.figures import reading, rolling
from aftersales.figures.definitions import FIGURES
from aftersales.models import Plan, Round, Script
from tests.aftersales.figures.past import Past, at
from tests.factories import MemberFactory, ShopFactory

MOST_QUERIES = 19


@pytest.fixture
def past(shop, merchant, buyer):
    return Past(shop, buyer)


def lived(past):
    """Eight orders; one of them refunded, one disputed and lost; a return; all in November."""
    for _number in range(6):
        past.order(at("11-10 12:00"))
    past.case(
        at("11-02 09:00"),
        (at("11-02 12:00"), "agree"),
        (at("11-02 13:30"), "finish_refund"),
        order=past.order(at("11-01 12:00")),
    )
    past.case(
        at("11-03 09:00"),
        (at("11-03 12:00"), "negotiate"),
        (at("11-04 12:00"), "reject"),
        (at("11-05 12:00"), "ask_platform"),
        (at("11-08 12:00"), "rule_refund"),
        (at("11-08 13:00"), "finish_refund"),
        order=past.order(at("11-01 12:00")),
        reason="R7",
        dispute_refund=True,
    )
    rolling.catch_up()


def tiles(answer: Any) -> dict[str, str]:
    return {tile.key: tile.value for tile in answer.context["tiles"]}


def test_a_merchant_sees_the_figures_of_his_shop(past, at_desk, text_of):
    """S-63: 纠纷退款率, 介入率, 自主完结时长; NEG-57: counted without the platform."""
    lived(past)

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
    }
    for said in ("2026-10-24 – 2026-11-22", "平台介入率", "怎么算", "撤回的介入也算", "30 天走势"):
        assert said in page


def test_the_change_is_against_the_thirty_days_before(past, at_desk):
    lived(past)
    for _number in range(4):
        past.order(at("10-01 12:00"))
    past.case(at("10-02 09:00"), (at("10-03 09:00"), "ask_platform"))
    past.case(at("10-02 09:00"), (at("10-03 09:00"), "agree"), (at("10-03 10:30"), "finish_refund"))
    rolling.roll_up(date(2026, 9, 1), date(2026, 11, 22))

    changes = {tile.key: tile.change for tile in at_desk.look("figures").context["tiles"]}

    assert changes["intervention_rate"] == ("▼", "下降", "12.50")  # from 25.00
    assert changes["self_refund_hours"] == ("▼", "下降", "21.00")  # from 25.50
    assert changes["orders_30"] == ("▲", "上升", "4")
    assert changes["refund_rate"][1] == "持平"
    assert changes["dispute_refund_rate"] == ("▲", "上升", "12.50")
    assert changes["rejection_rate"][0] == "▲"
    assert changes["negotiation_success_rate"] is None


@pytest.mark.parametrize("part", ["count", "of"])
@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_the_list_behind_a_figure_is_what_it_counts(past, at_desk, shop, figure, part):
    lived(past)
    answer = at_desk.look("figure", figure.key, part=part)
    window = reading.Window(date(2026, 11, 22))

    measure = figure.of if part == "of" and figure.of else figure.count
    number = reading.figures_of(shop, window.last).tally(measure, window).number

    assert answer.context["page_of_rows"].paginator.count == number == len(answer.context["rows"])
    assert answer.context["measure"] == measure


def test_a_line_behind_a_figure_leads_to_its_case(past, at_desk, text_of):
    lived(past)
    answer = at_desk.look("figure", "self_refund_hours")

    (row,) = answer.context["rows"]
    assert (row.day, row.took) == ("2026-11-02", "4.50")
    assert row.url in text_of(answer)
    assert at_desk.client.get(row.url).status_code == 200


def test_an_earlier_day_shows_the_thirty_days_to_it(past, at_desk):
    """S-63: recomputable for any past day."""
    lived(past)

    answer = at_desk.look("figures", until="2026-11-04")

    assert answer.context["span"] == "2026-10-06 – 2026-11-04"
    assert tiles(answer)["intervention_rate"] == "0.00"
    assert tiles(answer)["orders_30"] == "2"
    assert "until=2026-11-04" in answer.context["tiles"][0].parts[0].url


@pytest.mark.parametrize("until", ["2026-11-30", "2026-02-30", "yesterday", "", "1999-01-01", "\0"])
def test_a_day_that_is_not_counted_shows_the_newest(past, at_desk, until):
    lived(past)

    assert at_desk.look("figures", until=until).context["last"] == date(2026, 11, 22)


def test_before_the_first_night_the_page_says_so(past, at_desk, text_of):
    answer = at_desk.look("figures")

    assert "还没有统计" in text_of(answer)
    assert at_desk.look("figure", "intervention_rate").status_code == 404


def test_the_drawing_has_a_line_and_its_table(past, at_desk, text_of):
    """Server-side SVG without script; every point is in the table too."""
    lived(past)
    drawing = at_desk.look("figures", chart="intervention_rate").context["drawing"]

    assert len(drawing.points) == 30
    assert drawing.points[0] == ("11-22", "12.50")
    assert drawing.points[-1] == ("10-24", "—")  # no order was paid yet
    assert drawing.most == "50.00"  # 1 of 2 before the six orders of 11-10
    (line,) = drawing.lines
    assert len(line.split()) == 22  # from 11-01 on
    page = text_of(at_desk.look("figures"))
    assert "<svg" in page
    assert "style=" not in page.partition("<main")[2]


def test_reasons_stand_with_what_became_of_them(past, at_desk):
    lived(past)

    rows = dict(at_desk.look("figures").context["reasons"])

    assert sorted(rows.values()) == [[1, 1, 0, 0, 0], [1, 1, 1, 1, 1]]


@pytest.mark.parametrize("path", ["figures/", "figures/intervention_rate/"])
def test_another_shops_figures_are_not_to_be_had(past, stranger, client, desk_of, path):
    """Not by its name, and not without a shop."""
    lived(past)
    theirs = desk_of(stranger).client.get(f"/merchant/{path}?shop={past.shop.code}")
    assert theirs.status_code == 200
    assert theirs.wsgi_request.shop != past.shop
    for tile in theirs.context.get("tiles", []):
        assert tile.parts[0].number == 0 or tile.key == "orders_30"
    assert not theirs.context.get("rows")

    client.force_login(past.buyer)
    assert client.get(f"/merchant/{path}").status_code == 404
    client.logout()
    assert client.get(f"/merchant/{path}").status_code == 302


def test_there_is_no_figure_of_another_name(past, at_desk):
    lived(past)

    assert at_desk.look("figure", "happiness").status_code == 404


def test_the_pages_take_few_queries_however_much_there_is(
    past, at_desk, django_assert_max_num_queries
):
    for _number in range(3):
        lived(past)
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

    assert [tuple(row) for row in worked["话术"]] == [
        ("SC-01", script.label, 11, "54.55%", "28.01% – 78.73%")
    ]
    assert [tuple(row) for row in worked["方案"]] == [
        ("partial_refund", plan.label, 4, "25.00%", "4.56% – 69.94%")
    ]
    assert [row.code for row in worked["买家原因"]] == ["R1"]

    now.shift(timedelta(days=200))
    rolling.catch_up()
    at_desk.client.force_login(merchant)
    assert dict(at_desk.look("figures").context["worked"])["话术"] == []


# In the browser -----------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1440])
def test_the_figures_are_read_without_a_script_at_both_widths(
    past, merchant, new_page, shoot, width
):
    """S-63: nothing breaks the content security policy, and nothing runs over the edge."""
    lived(past)
    page = new_page(merchant, width=width)
    page.goto(reverse("merchants:figures"))

    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_text("怎么算").first.click()
    page.get_by_text("撤回的介入也算").wait_for()
    page.locator("#chart").select_option("纠纷退款率")
    page.locator("#course").get_by_role("button", name="查看").click()
    page.locator("#course svg[aria-label='纠纷退款率']").wait_for()
    shoot(page, "figures")
    page.get_by_role("link", name="平台介入 1").first.click()
    page.get_by_role("heading", name="平台介入率").wait_for()
    assert page.get_by_role("row").count() == 2


def test_every_member_may_look(past, shop, desk_of):
    """Figures are the shop's; no permission is asked for."""
    lived(past)
    member = MemberFactory(shop=shop, permissions=[])

    assert desk_of(member.user).look("figures").status_code == 200
