"""A figure's own page: its line, its formula with the shop's numbers, and the way to every case (M20)."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.urls import reverse

from aftersales.figures import reading, rolling
from aftersales.figures.definitions import BY_KEY, FIGURES
from aftersales.figures.drawing import levels
from aftersales.models import Case, Round, Script
from tests.aftersales.figures.past import Past, at, november
from tests.factories import ShopFactory

LAST = date(2026, 11, 22)
MOST_QUERIES = 17


@pytest.fixture
def past(shop, merchant, buyer):
    cache.clear()  # what other shops come to is remembered
    return Past(shop, buyer)


def line_of(page: str) -> dict[str, str]:
    """What the drawing says of each day, by the titles of its points."""
    (svg,) = re.findall(r"<svg.*?</svg>", page)
    return dict(re.findall(r"<title>(\d\d-\d\d)：(.*?)</title>", svg))


def table_of(page: str) -> dict[str, str]:
    """The same from the table below it."""
    (course,) = re.findall(r'id="course".*?</section>', page)
    rows = re.findall(r'<th scope="row">(.*?)</th> <td class="num">(.*?)</td>', course)
    told = {day: " ".join(re.sub("<.*?>", " ", cell).split()) for day, cell in rows}
    return {day: value for day, value in told.items() if not value.startswith("—")}


@pytest.mark.parametrize(("days", "first"), [("30", "10-24"), ("90", "08-25")])
def test_line_table_and_rows_say_the_same_on_every_day(past, at_desk, shop, text_of, days, first):
    """S-63: the numbers of the drawing are those of its table and of the database."""
    november(past)

    answer = at_desk.look("figure", "intervention_rate", days=days)
    drawing, page = answer.context["drawing"], text_of(answer)

    assert (len(drawing.points), drawing.points[0].day) == (int(days), first)
    drawn, told = line_of(page), table_of(page)
    assert drawn == {day: f"{value}%" for day, value in told.items()}
    figures = reading.figures_of(shop, LAST)
    for back in range(30):
        day = LAST - timedelta(days=back)
        value = figures.value(BY_KEY["intervention_rate"], reading.Window(day))
        assert told.get(f"{day:%m-%d}") == (None if value is None else str(value))
    assert len(drawn) == 22  # from 11-01 on, when an order was paid
    assert len(drawing.lines) == 21
    assert max(map(Decimal, told.values())) == Decimal("50.00")
    assert [tick.label for tick in drawing.levels] == ["0", "10", "20", "30", "40", "50"]
    assert 'style="' not in page.partition("<main")[2]


def test_every_point_and_every_day_lead_to_as_many_cases(past, at_desk, shop):
    november(past)
    for key in ("intervention_rate", "orders_30", "rejection_loss_rate"):
        figure = BY_KEY[key]
        drawing = at_desk.look("figure", key).context["drawing"]
        figures = reading.figures_of(shop, LAST)
        assert sum(point.counted for point in drawing.points) > 0
        for back in (20, 17, 14, 12, 0):  # 11-02, 11-05, 11-08, 11-10, 11-22
            day, point = LAST - timedelta(days=back), drawing.points[-1 - back]
            url, _hash, place = point.url.partition("#")
            window = at_desk.client.get(url).context
            number = figures.tally(figure.count, reading.Window(day)).number
            assert window["listed"].page.paginator.count == number, (key, day)
            assert window["tile"].formula.parts[0].number == number
            assert place == "behind"
            alone = at_desk.client.get(point.counted_url.partition("#")[0]).context
            assert alone["listed"].page.paginator.count == point.counted, (key, day)
            assert alone["listed_on"] == str(day)


def test_the_cases_behind_a_figure_say_what_became_of_them(past, at_desk, text_of):
    november(past)

    answer = at_desk.look("figure", "intervention_rate")

    rows = answer.context["listed"].rows
    assert rows
    for row in rows:
        status = Case.objects.get(code=row.code).get_status_display()
        assert f"<td>{row.about}</td> <td>{status}</td>" in text_of(answer)


def test_the_formula_has_the_shops_own_numbers(past, at_desk, text_of):
    november(past)
    for key, told in {
        "intervention_rate": "平台介入 1 单 ÷ 付款订单 8 单 = 12.50%",
        "avg_refund_hours": "共 128.50 小时 ÷ 退款成功 2 单 = 64.25 小时",
        "cases_30": "申请售后 2 单 = 2",
        "self_return_hours": "共 0.00 小时 ÷ 退货退款自主完结 0 单 = —",
    }.items():
        page = re.sub(r"<.*?>", "", text_of(at_desk.look("figure", key)))
        assert told in " ".join(page.split())


def test_numbers_by_reason_lead_to_their_cases(past, at_desk):
    november(past)

    rows = at_desk.look("figures").context["reasons"]

    assert sorted([part.number for part in parts] for _label, parts in rows) == [
        [1, 1, 0, 0, 0],
        [1, 1, 1, 1, 1],
    ]
    for label, parts in rows:
        for part in parts:
            listed = at_desk.client.get(part.url.partition("#")[0]).context
            assert listed["listed"].page.paginator.count == part.number
            assert listed["reason"] == label


def test_scripts_plans_and_reasons_lead_to_the_cases_they_were_tried_in(past, at_desk, merchant):
    script = Script.objects.get(code="SC-01")
    for number in range(5):
        Round.objects.create(
            case=past.case(at("11-04 09:00"), (at("11-05 09:00"), "negotiate")),
            number=1,
            user=merchant,
            script=script,
            text="…",
            state="accepted" if number < 2 else "answered",
            sent_at=at("11-05 09:00"),
            due_at=at("11-05 10:00"),
        )
    rolling.catch_up()

    worked = dict(at_desk.look("figures").context["worked"])

    for row in (*worked["话术"], *worked["买家原因"]):
        for part, number in ((row.tried, 5), (row.accepted, 2)):
            answer = at_desk.client.get(part.url)
            assert part.number == answer.context["listed"].page.paginator.count == number
            assert answer.context["row"].rate == "40.00%"
    for missing in (("script", "SC-99"), ("plan", "partial_refund"), ("luck", "SC-01")):
        assert at_desk.look("worked", *missing).status_code == 404


def test_peers_are_the_other_shops_together_and_never_one_alone(past, at_desk, buyer):
    """Of two others the mean is shown; of a single one it would be that shop's own figure."""
    november(past)

    def peer() -> str:
        rolling.roll_up(date(2026, 11, 1), LAST)
        tiles = {tile.key: tile for tile in at_desk.look("figures").context["tiles"]}
        assert tiles["orders_30"].peer == "—"  # the size of a shop is nobody's measure
        return tiles["intervention_rate"].peer

    other = Past(ShopFactory(), buyer)
    for _number in range(3):
        other.order(at("11-01 12:00"))
    other.case(at("11-02 09:00"), (at("11-03 09:00"), "ask_platform"))
    assert peer() == "—"

    Past(ShopFactory(), buyer).order(at("11-01 12:00"))
    assert peer() == "25.00%"  # 1 of 3 + 1; our own 1 of 8 is not in it


def test_no_number_and_a_single_number_draw_without_a_line(past, at_desk, text_of):
    past.order(at("11-22 12:00"))
    rolling.catch_up()

    lonely = at_desk.look("figure", "intervention_rate")
    assert lonely.context["drawing"].lines == []
    assert line_of(text_of(lonely)) == {"11-22": "0.00%"}
    nothing = text_of(at_desk.look("figure", "avg_refund_hours"))
    assert "这段时间没有可算的数据" in nothing
    assert "<svg" not in nothing
    for key in ("overdue_rate", "orders_30", "cases_30"):
        assert at_desk.look("figure", key, days="90").status_code == 200


@pytest.mark.parametrize(
    ("most", "whole", "wanted"),
    [
        ("0", True, "0 1"),
        ("0", False, "0 0.01"),
        ("1", True, "0 1"),
        ("7", True, "0 2 4 6 8"),
        ("0.42", False, "0 0.1 0.2 0.3 0.4 0.5"),
        ("12.50", False, "0 5 10 15"),
        ("100.00", False, "0 20 40 60 80 100"),
        ("1203", True, "0 500 1000 1500"),
    ],
)
def test_the_axis_has_round_numbers_and_room_for_the_most(most, whole, wanted):
    found = levels(Decimal(most), whole=whole)

    assert [f"{each.normalize():f}" for each in found] == wanted.split()


def test_nonsense_in_the_address_is_as_if_it_were_not_there(past, at_desk):
    november(past)
    url = reverse("merchants:figure", args=["intervention_rate"])
    plain = at_desk.client.get(url).context

    for asked in ("days=45", "days=x", "on=2026-11-30", "on=%00", "part=none", "page=99"):
        found = at_desk.client.get(f"{url}?{asked}").context
        assert found["listed"].rows == plain["listed"].rows, asked
        assert found["drawing"] == plain["drawing"], asked


def test_a_page_takes_few_queries_whatever_it_draws(past, at_desk, django_assert_max_num_queries):
    for _number in range(3):
        november(past)
    rolling.roll_up(date(2026, 9, 1), LAST)
    for figure in FIGURES[:2]:
        with django_assert_max_num_queries(MOST_QUERIES):
            at_desk.look("figure", figure.key, days="90", part="of")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_figure_is_read_and_followed_to_its_case_without_a_script(
    past, merchant, new_page, shoot
):
    """S-63: nothing breaks the content security policy, and nothing runs over the edge."""
    november(past)
    page = new_page(merchant)
    page.goto(reverse("merchants:figures"))
    page.locator("#chart").select_option("纠纷退款率")
    page.locator("#course").get_by_role("button", name="查看").click()
    page.get_by_role("group", name="纠纷退款率").wait_for()
    shoot(page, "figures")
    page.get_by_role("link", name="平台介入率").first.click()
    page.get_by_role("heading", name="平台介入 1").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    shoot(page, "figure")
    page.get_by_text("表格形式").click()
    page.get_by_role("row", name="11-05").get_by_role("link", name="1", exact=True).click()
    page.get_by_text("看全部 30 天").wait_for()
    assert page.locator("#behind").get_by_role("row").count() == 2
