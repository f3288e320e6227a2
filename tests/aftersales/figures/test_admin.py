"""经营数据 for staff: every shop in one sortable list, a shop's page, and the cases behind it."""

import re
from typing import Any

import pytest
from django.urls import reverse

from aftersales.figures import rolling
from aftersales.models import Shop, User
from tests.aftersales.figures.past import Past, at
from tests.factories import ShopFactory

LIST = "admin:aftersales_dayfigure_changelist"


@pytest.fixture
def shops(past: Past, buyer: User) -> list[Shop]:
    """甲 with an intervention in two orders, 乙 with one in four, 丙 with cases and no orders."""
    made = []
    for name, orders, asked in (("甲", 2, 1), ("乙", 4, 1), ("丙", 0, 1)):
        shop = ShopFactory(name=name)
        told = Past(shop, buyer)
        for _number in range(orders):
            told.order(at("11-01 12:00"))
        for _number in range(asked):
            told.case(
                at("11-02 09:00"),
                (at("11-03 09:00"), "reject"),
                (at("11-04 09:00"), "ask_platform"),
            )
        made.append(shop)
    rolling.catch_up()
    return made


def names(answer: Any) -> list[str]:
    return [row[0] for row in answer.context["rows"]]


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ("", ["甲", "乙", "丙"]),
        ("intervention_rate", ["乙", "甲", "丙"]),
        ("-intervention_rate", ["甲", "乙", "丙"]),
        ("-orders_30", ["乙", "甲"]),
        ("-name", sorted(["甲", "乙", "丙"], reverse=True)),
        ("nonsense", ["乙", "甲", "丙"]),
    ],
)
def test_shops_are_sorted_by_any_figure_those_without_it_last(reviewer, shops, order, wanted):
    """S-63, across shops for staff."""
    answer = reviewer.get(reverse(LIST), {"o": order} if order else {})

    assert names(answer)[: len(wanted)] == wanted


def test_a_shops_page_shows_what_its_merchant_sees(reviewer, shops):
    shop = shops[0]
    row = next(row for row in reviewer.get(reverse(LIST)).context["rows"] if row[0] == "甲")
    assert row[2][:2] == ["2", "50.00"]

    page = reviewer.get(row[1])
    tile = page.context["tiles"][0]
    assert (tile.key, tile.value) == ("intervention_rate", "50.00")

    behind = reviewer.get(tile.formula.parts[0].url)
    (case,) = behind.context["listed"].rows
    theirs = shop.cases.get()
    assert case.code == theirs.code
    assert case.url == reverse("admin:aftersales_case_change", args=[theirs.pk])


def test_without_the_right_to_look_there_is_nothing(client, staff, shops):
    staff.user_permissions.clear()
    client.force_login(User.objects.get(pk=staff.pk))
    shop = reverse("admin:aftersales_dayfigure_shop", args=[shops[0].pk])
    for url in (reverse(LIST), shop, f"{shop}refund_rate/"):
        assert client.get(url).status_code == 403


def test_a_merchant_is_sent_to_the_staffs_door(client, merchant, shops):
    client.force_login(merchant)

    assert client.get(reverse(LIST)).status_code == 302


def test_unknown_shops_and_figures_are_not_there(reviewer, shops):
    shop = reverse("admin:aftersales_dayfigure_shop", args=[shops[0].pk])
    none = reverse("admin:aftersales_dayfigure_shop", args=[10**9])

    assert reviewer.get(none).status_code == 404
    assert reviewer.get(f"{shop}happiness/").status_code == 404
    assert reviewer.post(shop).status_code == 403


def test_the_list_takes_as_many_queries_for_many_shops(
    reviewer, shops, buyer, django_assert_max_num_queries
):
    for number in range(8):
        Past(ShopFactory(name=f"店{number}"), buyer).order(at("11-01 12:00"))
    call = reverse(LIST)
    rolling.roll_up(at("11-01 12:00").date(), at("11-22 12:00").date())

    with django_assert_max_num_queries(10):
        answer = reviewer.get(call)
    assert len(names(answer)) == 11


def test_before_the_first_night_there_is_a_sentence(reviewer, shop):
    assert "还没有统计" in reviewer.get(reverse(LIST)).content.decode()


def test_staff_see_the_drawing_that_the_merchant_sees_and_the_one_of_all_shops(reviewer, shops):
    """One template and one function; all shops together are the sum of theirs."""
    shop = reverse("admin:aftersales_dayfigure_shop", args=[shops[1].pk])

    page = reviewer.get(f"{shop}intervention_rate/", {"days": "90"})
    assert page.context["drawing"].points[-1].told == "25.00%"
    assert "components/figures/line.html" in [each.name for each in page.templates]
    (case,) = page.context["listed"].rows
    assert reviewer.get(case.url).status_code == 200
    assert reviewer.get(case.order_url).status_code == 200

    both = reviewer.get(reverse(LIST)).context["drawing"]
    assert both.points[-1].told == "50.00%"  # three asked, of six orders
    earlier = reviewer.get(reverse(LIST) + both.points[-20].url).context
    assert earlier["asked"].last == at("11-03 12:00").date()


def test_every_column_of_numbers_says_what_it_is_counted_in(reviewer, shops):
    """9.26 of what, 46.00 of what?"""
    page = reviewer.get(reverse(LIST)).content.decode()

    heads = re.findall(r'<th scope="col"[^>]*>\s*<a [^>]*>([^<]*)</a>', page)
    assert heads[:3] == ["店铺", "付款订单", "平台介入率（%）"]
    assert "平均退款时长（小时）" in heads
