"""What the lists of the admin are called in English: one thing, and many of them."""

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from django.utils import translation

UNCOUNTED = {"dayfigure"}  # figures have no singular
OWN = "aftersales"


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
