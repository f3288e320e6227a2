"""What the lists of the admin are called in English: one thing, and many of them."""

import re
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.admin.utils import label_for_field
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.factories import OrderFactory

UNCOUNTED = {"dayfigure"}  # figures have no singular
OWN = "aftersales"
PLAIN = {"sha256"}  # called so in every language


def test_one_of_a_kind_is_called_otherwise_than_many() -> None:
    with translation.override("en"):
        alike = {
            model._meta.model_name
            for model in site._registry
            if model._meta.app_label == OWN
            and str(model._meta.verbose_name) == str(model._meta.verbose_name_plural)
        }
    assert alike == UNCOUNTED


@pytest.mark.django_db
@pytest.mark.parametrize("strange", ["²", "x", "9" * 40, "0"])
def test_what_is_no_number_of_a_row_is_not_found(admin_client: Client, strange: str) -> None:
    for name in ("case", "edition", "servicerequest", "refund", "intervention"):
        url = reverse(f"admin:aftersales_{name}_change", args=[strange])
        assert admin_client.get(url).status_code in (302, 404), url


@pytest.mark.django_db
def test_nothing_is_one_dash_everywhere() -> None:
    assert site.empty_value_display == "—"


@pytest.mark.django_db
def test_no_column_or_filter_is_headed_by_the_name_of_a_field(admin_client: Client) -> None:
    """通知 had TEXT and 以 party."""
    heads: list[Any] = []
    for model, model_admin in site._registry.items():
        if model._meta.app_label != OWN:
            continue
        heads += [label_for_field(name, model, model_admin) for name in model_admin.list_display]
        url = reverse(f"admin:aftersales_{model._meta.model_name}_changelist")
        shown = admin_client.get(url).context
        specs = shown["cl"].filter_specs if "cl" in shown else []
        heads += [spec.title for spec in specs]

    assert len(heads) > 100
    assert {str(head) for head in heads if not re.search(r"[\u4e00-\u9fff]", str(head))} <= PLAIN


@pytest.mark.django_db
def test_an_order_shows_commas_and_a_dash_where_no_money_is_held(admin_client: Client) -> None:
    order = OrderFactory(lines=[{"paid": 1280}])

    page = admin_client.get(reverse("admin:aftersales_order_change", args=[order.pk])).text

    [cell] = re.findall(r'<td class="field-payment">(.*?)</td>', page, re.DOTALL)
    assert re.sub(r"<[^>]*>", "", cell).strip() == "—"
    assert "1,280.00" in page
    assert "1280.00" not in page


@pytest.mark.django_db
def test_the_admin_speaks_as_the_other_pages_do(admin_client: Client) -> None:
    """Its Chinese said 注销, which closes an account, and 以 阶段."""
    listed = admin_client.get(reverse("admin:aftersales_intervention_changelist")).text
    adding = admin_client.get(reverse(f"admin:{OWN}_user_add")).text

    assert "退出登录" in listed
    assert "注销" not in listed
    assert "按阶段" in listed
    assert "过滤器" not in listed
    assert "After you" not in adding


@pytest.mark.django_db
def test_whose_turn_it_is_is_said_from_the_chair_of_staff(
    admin_client: Client, make_case: Any
) -> None:
    """待我处理 stood there for what waits for a shop."""
    case = make_case()
    url = reverse("admin:aftersales_case_changelist")

    listed = admin_client.get(url).text
    assert "待我处理" not in listed
    assert "待商家处理" in listed
    assert case.code in admin_client.get(url, {"turn": "mine"}).text
    assert case.code not in admin_client.get(url, {"turn": "platform"}).text


@pytest.mark.django_db
def test_a_new_row_begins_in_its_first_field(admin_client: Client) -> None:
    """Django goes to the first control of the form; that was the button above it."""
    adding = admin_client.get(reverse(f"admin:{OWN}_reason_add")).text

    form = adding.partition('id="reason_form"')[2]
    assert re.findall(r'<(?:input|select|textarea)[^>]* name="((?!csrf)[^"]*)"', form)[0] == (
        "label_zh"
    )
